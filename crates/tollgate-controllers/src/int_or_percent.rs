//! Numbers that may be written as a share of another: `2` or `25%`.

use tollgate_api::Value;

/// The number, or that share of `total`; none if it is neither.
pub(crate) fn scaled(value: &Value, total: i64, round_up: bool) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = total.saturating_mul(percent);
    let whole = product.div_euclid(100);
    let more = round_up && product.rem_euclid(100) > 0;
    Some(whole.saturating_add(i64::from(more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_as_asked() {
        for (value, round_up, expected) in [
            (Value::from(3_i64), true, Some(3)),
            (Value::from("25%"), true, Some(3)),
            (Value::from("25%"), false, Some(2)),
            (Value::from("100%"), true, Some(10)),
            (Value::from("0%"), true, Some(0)),
            (Value::from("25"), true, None),
            (Value::from("a%"), true, None),
            (Value::Null, true, None),
        ] {
            assert_eq!(scaled(&value, 10, round_up), expected, "{value:?}");
        }
    }
}
