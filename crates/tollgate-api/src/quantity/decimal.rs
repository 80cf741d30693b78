//! The unbounded form of an amount: upstream's `inf.Dec`, which stands in where 64 bits do not suffice.

use super::natural::{Natural, power_of_ten};
use super::small::Small;
use std::cmp::Ordering;

/// How many digits an addition may create beyond those of its operands. Upstream would write out the whole
/// number, gigabytes for `1e2147483647 + 1`; here the smaller operand vanishes instead when it is that far below.
const ALIGN_DIGITS_MAX: i64 = 10_000;

/// `± mantissa × 10^(zeros - scale)`
///
/// Upstream keeps `unscaled × 10^-scale`; `unscaled` is `mantissa × 10^zeros` here, so that large exponents cost
/// nothing. The scale does not change the amount but decides how it wraps around in 64 bits.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) mantissa: Natural,
    pub(super) zeros: i64,
    pub(super) scale: i32,
}

impl From<Small> for Decimal {
    fn from(small: Small) -> Self {
        Self {
            negative: small.value < 0,
            mantissa: Natural::from(small.value.unsigned_abs()),
            zeros: 0,
            scale: small.scale.wrapping_neg(),
        }
    }
}

impl Decimal {
    pub(super) fn sign(&self) -> i32 {
        match (self.mantissa.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The power of ten that the mantissa is multiplied with.
    pub(super) fn exponent(&self) -> i64 {
        self.zeros.saturating_sub(i64::from(self.scale))
    }

    /// Rounds to `scale` decimal places, away from zero.
    pub(super) fn round_up(&mut self, scale: i32) {
        let shift = i64::from(scale).saturating_add(self.exponent());
        self.scale = scale;
        self.zeros = shift.max(0);
        if shift < 0 {
            let cut = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
            if self.mantissa.shift_down(cut) {
                self.mantissa.add(&Natural::from(1));
            }
        }
    }

    /// Whether the amount has no fraction.
    pub(super) fn is_whole(&self) -> bool {
        let zeros = i64::try_from(self.mantissa.trailing_zeros()).unwrap_or(i64::MAX);
        self.mantissa.is_zero() || self.exponent().saturating_add(zeros) >= 0
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = self.sign();
        let by_sign = sign.cmp(&other.sign());
        if by_sign != Ordering::Equal || sign == 0 {
            return by_sign;
        }
        let by_magnitude = self.compare_magnitude(other);
        if sign < 0 {
            by_magnitude.reverse()
        } else {
            by_magnitude
        }
    }

    /// Compares two amounts that are not 0, whatever their signs.
    pub(super) fn compare_magnitude(&self, other: &Self) -> Ordering {
        let by_digits = self.magnitude_digits().cmp(&other.magnitude_digits());
        by_digits.then_with(|| {
            if self.exponent() == other.exponent() {
                return self.mantissa.compare(&other.mantissa);
            }
            // As many digits before the point: the exponents differ by no more than the mantissas' lengths.
            let (left, right) = aligned(self, other);
            left.compare(&right)
        })
    }

    /// Digits before the decimal point; negative for zeros after it.
    fn magnitude_digits(&self) -> i64 {
        let digits = i64::try_from(self.mantissa.digits()).unwrap_or(i64::MAX);
        digits.saturating_add(self.exponent())
    }

    pub(super) fn add(&mut self, other: &Self) {
        let scale = self.scale.max(other.scale);
        let exponent = self.exponent().min(other.exponent());
        let replaced = self.mantissa.is_zero() || self.vanishes_in(other);
        if replaced || other.mantissa.is_zero() || other.vanishes_in(self) {
            if replaced {
                self.clone_from(other);
            }
            self.zeros = self.exponent().saturating_add(i64::from(scale));
            self.scale = scale;
            return;
        }
        let (mut left, right) = aligned(self, other);
        if self.negative == other.negative {
            left.add(&right);
        } else {
            self.negative = (left.compare(&right) == Ordering::Less) == self.positive();
            left = left.difference(&right);
        }
        self.mantissa = left;
        self.scale = scale;
        self.zeros = exponent.saturating_add(i64::from(scale));
    }

    fn positive(&self) -> bool {
        !self.negative
    }

    /// Whether this amount is too far below `other` to be written out in one number with it.
    fn vanishes_in(&self, other: &Self) -> bool {
        let distance = other.exponent().saturating_sub(self.exponent());
        let digits = i64::try_from(self.mantissa.digits()).unwrap_or(i64::MAX);
        distance > ALIGN_DIGITS_MAX.max(digits) && !other.mantissa.is_zero()
    }

    /// The amount in units of `10^-places`, as upstream rounds it and wraps it around: up where there is a
    /// remainder, which for negative amounts is not away from zero.
    pub(super) fn scaled(&self, places: i32) -> i64 {
        let distance = i64::from(self.scale).saturating_sub(i64::from(places));
        let bits = self.low_bits();
        let Ok(down) = usize::try_from(distance) else {
            // Go turns a float beyond 64 bits into the lowest number.
            let up = usize::try_from(distance.unsigned_abs()).unwrap_or(20);
            let power = i64::try_from(power_of_ten(up.min(20)))
                .ok()
                .filter(|power| *power != 0);
            return bits.wrapping_mul(power.unwrap_or(i64::MIN));
        };
        if down == 0 {
            return bits;
        }
        if down < 19 && self.is_below_max() {
            let power = i64::try_from(power_of_ten(down)).unwrap_or(i64::MAX);
            let quotient = bits.checked_div(power).unwrap_or(0);
            let inexact = bits.checked_rem(power).unwrap_or(0) != 0;
            return quotient.wrapping_add(i64::from(inexact));
        }
        self.divided(distance)
    }

    /// `unscaled ÷ 10^places`, rounded down and wrapped around, plus 1 if there was a remainder.
    fn divided(&self, places: i64) -> i64 {
        let mut quotient = Self {
            zeros: self.zeros.saturating_sub(places).max(0),
            ..self.clone()
        };
        let cut = places.saturating_sub(self.zeros).max(0);
        let inexact = quotient
            .mantissa
            .shift_down(usize::try_from(cut).unwrap_or(usize::MAX));
        if inexact && self.negative {
            // Rounded down, which is away from zero here, and the 1 for the remainder cancel out.
            return quotient.low_bits();
        }
        quotient.low_bits().wrapping_add(i64::from(inexact))
    }

    /// Whether `unscaled` is less than the largest number of 64 bits.
    fn is_below_max(&self) -> bool {
        if self.negative || self.mantissa.is_zero() {
            return true;
        }
        let power = power_of_ten(usize::try_from(self.zeros).unwrap_or(20).min(20));
        let unscaled = self
            .mantissa
            .to_u64()
            .and_then(|mantissa| mantissa.checked_mul(power));
        unscaled.is_some_and(|unscaled| unscaled != 0 && unscaled < i64::MAX.unsigned_abs())
    }

    /// `unscaled` in 64 bits, wrapped around.
    fn low_bits(&self) -> i64 {
        // 10^64 is a multiple of 2^64.
        let zeros = u32::try_from(self.zeros.clamp(0, 64)).unwrap_or(64);
        let bits = self
            .mantissa
            .low_bits()
            .wrapping_mul(10_u64.wrapping_pow(zeros));
        let bits = bits.cast_signed();
        if self.negative {
            bits.wrapping_neg()
        } else {
            bits
        }
    }
}

/// Both mantissas at the lower of both exponents.
fn aligned(left: &Decimal, right: &Decimal) -> (Natural, Natural) {
    let distance = left.exponent().saturating_sub(right.exponent());
    let shift = usize::try_from(distance.unsigned_abs()).unwrap_or(0);
    let (mut left, mut right) = (left.mantissa.clone(), right.mantissa.clone());
    if distance > 0 {
        left.shift_up(shift);
    } else {
        right.shift_up(shift);
    }
    (left, right)
}
