//! Numbers that are written as such or as a share of something: `3`, `25%`.

use tollgate_api::Value;

/// The number that `value` means of `total`; none if it is neither a number nor a percentage.
pub(crate) fn scaled(value: &Value, total: i64, rounds_up: bool) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = percent.saturating_mul(total);
    let whole = product.div_euclid(100);
    let has_rest = product.rem_euclid(100) > 0;
    Some(whole.saturating_add(i64::from(rounds_up && has_rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_as_asked() {
        for (value, total, up, down) in [
            (Value::from(3), 10, Some(3), Some(3)),
            (Value::from("25%"), 10, Some(3), Some(2)),
            (Value::from("25%"), 4, Some(1), Some(1)),
            (Value::from("1%"), 2, Some(1), Some(0)),
            (Value::from("0%"), 2, Some(0), Some(0)),
            (Value::from("150%"), 3, Some(5), Some(4)),
            (Value::from("x"), 3, None, None),
            (Value::Null, 3, None, None),
        ] {
            assert_eq!(scaled(&value, total, true), up, "{value:?} of {total}");
            assert_eq!(scaled(&value, total, false), down, "{value:?} of {total}");
        }
    }
}
