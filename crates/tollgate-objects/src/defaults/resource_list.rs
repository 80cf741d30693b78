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
        rewrite(amount, Quantity::round_up_to_milli);
    }
}

/// Writes the amount under `key` in canonical form, as decoding and encoding does; there is no rounding outside
/// resource lists.
pub(super) fn canonicalize(owner: &mut Value, key: &str) {
    if let Some(amount) = owner.get_mut(key) {
        rewrite(amount, |_| ());
    }
}

/// Changes an amount and writes it in canonical form. What is no amount stays: decoding reports it.
fn rewrite(amount: &mut Value, change: impl Fn(&mut Quantity)) {
    let Ok(mut quantity) = Quantity::from_value(amount) else {
        return;
    };
    change(&mut quantity);
    let canonical: CompactString = format_compact!("{quantity}");
    if amount.as_str() != Some(&canonical) {
        *amount = Value::String(canonical);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn rounds_up_and_prints_canonically() {
        let mut owner = from_str(
            r#"{"limits":{"a":"0.50","b":1,"c":"1n","d":null,"e":"+2","f":"x","g":"1.5Gi","h":"0.1Ki",
            "i":"-1u","j":"9300000000000000.0001","k":"1e3"},"size":"1n"}"#,
        )
        .unwrap();
        set_defaults(&mut owner, "limits");
        set_defaults(&mut owner, "size");
        canonicalize(&mut owner, "size");
        canonicalize(&mut owner, "absent");
        let expected = r#"{"limits":{"a":"500m","b":"1","c":"1m","d":"0","e":"+2","f":"x","g":"1536Mi","h":"102400m",
            "i":"-1m","j":"9300000000000000001m","k":"1e3"},"size":"1n"}"#;
        assert_eq!(owner, from_str(expected).unwrap());
    }
}
