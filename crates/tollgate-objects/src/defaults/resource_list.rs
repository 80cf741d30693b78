//! Resource lists: `limits`, `requests`, `capacity`, `overhead`.

use compact_str::{CompactString, format_compact};
use tollgate_api::{Quantity, Value};

/// Rounds the amounts of the list under `key` up to thousandths and writes them in canonical form
/// (`SetDefaults_ResourceList`).
pub(super) fn set_defaults(owner: &mut Value, key: &str) {
    let Some(list) = owner.get_mut(key).and_then(Value::as_object_mut) else {
        return;
    };
    for (_, amount) in list.iter_mut() {
        rewrite(amount, |quantity| Some(round_up_to_milli(quantity)));
    }
}

/// Writes the amount under `key` in canonical form, as decoding and encoding does; there is no rounding outside
/// resource lists.
pub(super) fn canonicalize(owner: &mut Value, key: &str) {
    if let Some(amount) = owner.get_mut(key) {
        rewrite(amount, |_| None);
    }
}

/// Rewrites an amount in canonical form, of another value if `change` gives one. What is no amount stays: decoding
/// reports it.
fn rewrite(amount: &mut Value, change: impl Fn(&Quantity) -> Option<Quantity>) {
    let Ok(quantity) = Quantity::from_value(amount) else {
        return;
    };
    let canonical: CompactString = match change(&quantity) {
        Some(changed) => format_compact!("{changed}"),
        None => format_compact!("{quantity}"),
    };
    if amount.as_str() != Some(&canonical) {
        *amount = Value::String(canonical);
    }
}

fn round_up_to_milli(quantity: &Quantity) -> Quantity {
    // Beyond this thousandths do not fit 64 bits.
    const VALUE_MAX: u64 = 9_223_372_036_854_774;
    if quantity.value().unsigned_abs() > VALUE_MAX {
        return quantity.clone();
    }
    let milli = Quantity::new_milli(quantity.milli_value(), quantity.format());
    if milli.compare(quantity).is_eq() {
        quantity.clone()
    } else {
        milli
    }
}
