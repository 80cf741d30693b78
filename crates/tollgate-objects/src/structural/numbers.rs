//! Bounds of numbers, as Go compares and prints them.

use tollgate_api::Number;

/// A float as Go's `%v` prints it.
pub(super) fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value}")
}

/// The bound as it is held against a number: whole for whole numbers.
pub(super) fn bound_for(number: Number, bound: f64) -> f64 {
    match number {
        Number::Int(_) => bound.trunc(),
        Number::Float(_) => bound,
    }
}

/// Whether a number is a multiple of another.
pub(super) fn is_multiple(number: Number, of: f64) -> bool {
    if let (Number::Int(value), Some(of)) = (number, Number::Float(of).as_i64()) {
        return of == 0 || value.checked_rem(of).is_none_or(|rest| rest == 0);
    }
    let value = number.as_f64();
    let times = if of < 1.0 {
        (1.0 / of) * value
    } else {
        value / of
    };
    let nearest = times.round();
    (times - nearest).abs() <= f64::EPSILON * nearest.abs().max(1.0)
}
