//! The canonical form: as large a suffix as loses nothing, no fraction.

use super::decimal::Decimal;
use super::natural::{Natural, power_of_ten};
use super::small::Small;
use super::{Amount, Format, Quantity};
use std::cmp::Ordering;
use std::fmt;

/// The longest number, in digits, that is searched for factors of 1024; longer ones print decimally. Only sums of
/// binary amounts with astronomical decimal ones are that long.
const BINARY_DIGITS_MAX: i64 = 12_000;

/// Prints the canonical form (`String()`), or the input where upstream keeps that.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() {
            return f.write_str(&self.text);
        }
        if self.is_zero() {
            return f.write_str("0");
        }
        if self.format == Format::BinarySi
            && self.reaches_a_kibi()
            && let Some(result) = write_binary(f, &self.amount)
        {
            return result;
        }
        match &self.amount {
            Amount::Small(small) => match small_decimal(*small) {
                Some((value, exponent)) => {
                    write!(f, "{value}")?;
                    write_decimal_suffix(f, i64::from(exponent), self.format)
                }
                None => write_large_decimal(f, &Decimal::from(*small), self.format),
            },
            Amount::Large(decimal) => write_large_decimal(f, decimal, self.format),
        }
    }
}

impl Quantity {
    /// Whether the amount is large enough for a binary suffix, in either direction.
    fn reaches_a_kibi(&self) -> bool {
        let bound = |value| Amount::Small(Small { value, scale: 0 });
        self.amount.compare(&bound(1024)) != Ordering::Less
            || self.amount.compare(&bound(-1024)) != Ordering::Greater
    }
}

/// Writes `amount` with a binary suffix; does nothing if it has a fraction, which prints decimally.
fn write_binary(f: &mut fmt::Formatter<'_>, amount: &Amount) -> Option<fmt::Result> {
    let (mut number, negative, exponent) = match amount {
        Amount::Small(small) => {
            let whole = small.whole()?;
            if whole.scale == 0 {
                return Some(write_small_binary(f, whole.value));
            }
            let number = Natural::from(whole.value.unsigned_abs());
            (number, whole.value < 0, i64::from(whole.scale))
        }
        Amount::Large(decimal) => {
            decimal.is_whole().then_some(())?;
            let number = decimal.mantissa.clone();
            (number, decimal.negative, decimal.exponent())
        }
    };
    let shift = usize::try_from(exponent.unsigned_abs()).ok()?;
    let digits = i64::try_from(number.digits()).unwrap_or(i64::MAX);
    if digits.saturating_add(exponent) > BINARY_DIGITS_MAX {
        return None;
    }
    if exponent < 0 {
        number.shift_down(shift);
    } else {
        number.shift_up(shift);
    }
    let times = remove_binary_factors(&mut number);
    let sign = if negative { "-" } else { "" };
    Some(write!(f, "{sign}{number}{}", binary_suffix(times)))
}

fn write_small_binary(f: &mut fmt::Formatter<'_>, value: i64) -> fmt::Result {
    // The lowest number keeps its factors upstream, because it cannot be made positive.
    let times = match value {
        i64::MIN => 0,
        _ => value.trailing_zeros() / 10,
    };
    write!(
        f,
        "{}{}",
        value >> times.wrapping_mul(10),
        binary_suffix(times)
    )
}

/// Divides by 1024 as often as that leaves no remainder, and returns how often.
fn remove_binary_factors(number: &mut Natural) -> u32 {
    // Several factors at a time, as long as there are as many.
    let mut times = 0_u32;
    for factors in [5_u32, 1] {
        let divisor = 1_u64.wrapping_shl(factors.wrapping_mul(10));
        while number.low_bits().is_multiple_of(divisor) && !number.is_zero() {
            number.divide(divisor);
            times = times.saturating_add(factors);
        }
    }
    times
}

/// The suffix for `1024^times`; beyond `Ei` there is none, and upstream prints none.
const fn binary_suffix(times: u32) -> &'static str {
    match times {
        1 => "Ki",
        2 => "Mi",
        3 => "Gi",
        4 => "Ti",
        5 => "Pi",
        6 => "Ei",
        _ => "",
    }
}

/// The number and power of ten that `small` prints as, if the number fits.
fn small_decimal(small: Small) -> Option<(i64, i32)> {
    let mut value = small.value;
    let mut exponent = small.scale;
    while value != 0 && value % 10 == 0 {
        value /= 10;
        exponent = exponent.wrapping_add(1);
    }
    let excess = exponent.rem_euclid(3);
    let power = power_of_ten(usize::try_from(excess).ok()?);
    let value = value.checked_mul(i64::try_from(power).ok()?)?;
    Some((value, exponent.wrapping_sub(excess)))
}

fn write_large_decimal(
    f: &mut fmt::Formatter<'_>,
    decimal: &Decimal,
    format: Format,
) -> fmt::Result {
    let zeros = decimal.mantissa.trailing_zeros();
    let exponent = decimal
        .exponent()
        .saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX));
    let excess = exponent.rem_euclid(3);
    if decimal.negative {
        f.write_str("-")?;
    }
    let mut number = decimal.mantissa.clone();
    number.shift_down(zeros);
    number.shift_up(usize::try_from(excess).unwrap_or(0));
    write!(f, "{number}")?;
    write_decimal_suffix(f, exponent.saturating_sub(excess), format)
}

/// Writes the suffix for `10^exponent`. Where the decimal suffixes end, upstream writes none, and neither do we:
/// `1000E` prints as `1`.
fn write_decimal_suffix(f: &mut fmt::Formatter<'_>, exponent: i64, format: Format) -> fmt::Result {
    if matches!(format, Format::DecimalExponent | Format::Unset) {
        return match exponent {
            0 => Ok(()),
            _ => write!(f, "e{exponent}"),
        };
    }
    f.write_str(match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => "",
    })
}
