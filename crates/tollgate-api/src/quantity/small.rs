//! The fast form of an amount: 64 bits times a power of ten (upstream's `int64Amount`).

use super::natural::power_of_ten;
use std::cmp::Ordering;

/// `value × 10^scale`
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Small {
    pub(super) value: i64,
    pub(super) scale: i32,
}

/// `value × 10^exponent`, if it fits.
fn scaled_up(value: i64, exponent: u32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    let power = power_of_ten(usize::try_from(exponent).ok()?.min(20));
    value.checked_mul(i64::try_from(power).ok().filter(|power| *power != 0)?)
}

/// `value ÷ 10^exponent`, rounded away from zero, and whether that was exact.
fn scaled_down(value: i64, exponent: u32) -> (i64, bool) {
    let power = power_of_ten(usize::try_from(exponent).unwrap_or(20).min(20));
    let Some(power) = i64::try_from(power).ok().filter(|power| *power != 0) else {
        return (value.signum(), value == 0);
    };
    let quotient = value.checked_div(power).unwrap_or(0);
    if value.checked_rem(power) == Some(0) {
        (quotient, true)
    } else {
        // A remainder means that the power is at least 10: the quotient has room.
        (quotient.saturating_add(value.signum()), false)
    }
}

impl Small {
    /// The amount in units of `10^scale`, rounded away from zero. Where it does not fit 64 bits, it wraps around as
    /// upstream does, which is 0 for the exponents that upstream multiplies step by step.
    pub(super) fn scaled(self, scale: i32) -> i64 {
        let exponent = self.scale.abs_diff(scale);
        if self.scale < scale {
            return scaled_down(self.value, exponent).0;
        }
        scaled_up(self.value, exponent).unwrap_or_else(|| match exponent {
            1 | 2 | 3 | 6 | 9 if self.value != i64::MIN => {
                self.value.wrapping_mul(10_i64.wrapping_pow(exponent))
            }
            _ => 0,
        })
    }

    /// The amount as a whole number, unless it has a fraction. A scale above 0 stays.
    pub(super) fn whole(self) -> Option<Self> {
        if self.scale >= 0 {
            return Some(self);
        }
        let (value, exact) = scaled_down(self.value, self.scale.unsigned_abs());
        exact.then_some(Self { value, scale: 0 })
    }

    /// The amount in a scale of at least `scale`, rounded away from zero.
    pub(super) fn rounded_up(self, scale: i32) -> Self {
        if self.scale >= scale {
            return self;
        }
        let (value, _) = scaled_down(self.value, self.scale.abs_diff(scale));
        Self { value, scale }
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        let distance = usize::try_from(self.scale.abs_diff(other.scale)).unwrap_or(usize::MAX);
        match self.scale.cmp(&other.scale) {
            Ordering::Equal => self.value.cmp(&other.value),
            Ordering::Greater => compare_scaled(self.value, distance, other.value),
            Ordering::Less => compare_scaled(other.value, distance, self.value).reverse(),
        }
    }

    /// The sum, if it fits; a sum with zero keeps the other's scale.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        if other.value == 0 {
            return Some(self);
        }
        if self.value == 0 {
            return Some(other);
        }
        let (high, low) = if self.scale >= other.scale {
            (self, other)
        } else {
            (other, self)
        };
        let aligned = scaled_up(high.value, high.scale.abs_diff(low.scale))?;
        Some(Self {
            value: aligned.checked_add(low.value)?,
            scale: low.scale,
        })
    }

    /// The amount with its sign turned; the lowest number stays itself, as upstream.
    pub(super) fn negated(self) -> Self {
        Self {
            value: self.value.wrapping_neg(),
            scale: self.scale,
        }
    }
}

/// Compares `high × 10^distance` with `low`.
fn compare_scaled(high: i64, distance: usize, low: i64) -> Ordering {
    if distance > 18 && high != 0 {
        // 10^19 is more than 64 bits hold.
        return high.cmp(&0);
    }
    let power = i128::from(power_of_ten(distance.min(18)));
    i128::from(high).wrapping_mul(power).cmp(&i128::from(low))
}
