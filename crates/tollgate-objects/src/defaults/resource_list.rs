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
        if !amount.as_str().is_some_and(is_plain) {
            rewrite(amount, Quantity::round_up_to_milli);
        }
    }
}

/// Writes the amount under `key` in canonical form, as decoding and encoding does; there is no rounding outside
/// resource lists.
pub(super) fn canonicalize(owner: &mut Value, key: &str) {
    if let Some(amount) = owner.get_mut(key) {
        rewrite(amount, |_| ());
    }
}

/// Whether an amount is canonical at a glance, and whole or in thousandths: most are, and need no arithmetic.
fn is_plain(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((number, suffix)) = text.split_at_checked(digits) else {
        return false;
    };
    // Four digits times 1024^4 fit 64 bits with room.
    if !matches!(digits, 1..=4) || number.starts_with('0') {
        return false;
    }
    match suffix {
        "" | "m" | "k" | "M" | "G" | "T" => !number.ends_with("000"),
        // A multiple of 1024 has a larger suffix.
        "Ki" | "Mi" | "Gi" | "Ti" => !matches!(
            number,
            "1024" | "2048" | "3072" | "4096" | "5120" | "6144" | "7168" | "8192" | "9216"
        ),
        _ => false,
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

    #[test]
    fn what_looks_plain_is_canonical() {
        for number in 0..=9999 {
            for suffix in [
                "", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "n", "u", "E", "e3",
            ] {
                let text = format!("{number}{suffix}");
                if is_plain(&text) {
                    let mut quantity = Quantity::parse(&text).unwrap();
                    quantity.round_up_to_milli();
                    assert_eq!(quantity.to_string(), text);
                }
            }
        }
        for text in [
            "", "m", "01", "+1", "1.", "1 ", "12345", "1000m", "1024Mi", "\u{e9}",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
