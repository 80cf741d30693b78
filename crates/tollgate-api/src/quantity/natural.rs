//! Natural numbers of any length, in limbs of 18 decimal digits.
//!
//! Decimal limbs make everything a quantity needs linear in its digits: reading, printing, and moving the decimal
//! point. No operation here is quadratic, so a long amount costs no more than reading its text.

use std::cmp::Ordering;
use std::fmt;

/// Decimal digits of one limb.
const LIMB_DIGITS: usize = 18;
const LIMB_BASE: u64 = 1_000_000_000_000_000_000;

/// `10^exponent`, 0 where it does not fit (from 20 on).
pub(super) const fn power_of_ten(exponent: usize) -> u64 {
    let mut power: u64 = 1;
    let mut count = 0_usize;
    while count < exponent {
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return 0,
        }
        count = count.saturating_add(1);
    }
    power
}

/// A natural number. Invariant: the last limb, the most significant, is not 0; zero has no limbs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Natural {
    limbs: Vec<u64>,
}

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        Self::trimmed(vec![value % LIMB_BASE, value / LIMB_BASE])
    }
}

/// `value / LIMB_BASE` and `value % LIMB_BASE`. Every value here is a product of a limb and a `u64` plus a carry, so
/// the quotient fits a limb again.
fn split(value: u128) -> (u64, u64) {
    const BASE: u128 = LIMB_BASE as u128;
    (
        u64::try_from(value / BASE).unwrap_or(u64::MAX),
        u64::try_from(value % BASE).unwrap_or(0),
    )
}

impl Natural {
    fn trimmed(mut limbs: Vec<u64>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self { limbs }
    }

    /// The number that the ASCII digits of `text` spell; other bytes (a sign, a point) are passed over.
    pub(super) fn from_digits(text: &[u8]) -> Self {
        let mut limbs = Vec::with_capacity((text.len() / LIMB_DIGITS).saturating_add(1));
        let mut limb: u64 = 0;
        let mut unit: u64 = 1;
        for byte in text.iter().rev().filter(|byte| byte.is_ascii_digit()) {
            let digit = u64::from(byte.wrapping_sub(b'0'));
            limb = limb.wrapping_add(digit.wrapping_mul(unit));
            unit = unit.wrapping_mul(10);
            if unit == LIMB_BASE {
                limbs.push(limb);
                limb = 0;
                unit = 1;
            }
        }
        limbs.push(limb);
        Self::trimmed(limbs)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// The count of decimal digits; zero has none.
    pub(super) fn digits(&self) -> usize {
        let Some((last, lower)) = self.limbs.split_last() else {
            return 0;
        };
        let digits = usize::try_from(last.ilog10()).unwrap_or(0);
        lower
            .len()
            .saturating_mul(LIMB_DIGITS)
            .saturating_add(digits)
            .saturating_add(1)
    }

    /// The count of zeros at the end of the decimal form.
    pub(super) fn trailing_zeros(&self) -> usize {
        let whole = self.limbs.iter().take_while(|limb| **limb == 0).count();
        let Some(mut limb) = self.limbs.get(whole).copied() else {
            return 0;
        };
        let mut zeros = whole.saturating_mul(LIMB_DIGITS);
        while limb % 10 == 0 {
            limb /= 10;
            zeros = zeros.saturating_add(1);
        }
        zeros
    }

    /// The number, if it fits.
    pub(super) fn to_u64(&self) -> Option<u64> {
        match *self.limbs.as_slice() {
            [] => Some(0),
            [low] => Some(low),
            [low, high] => high.checked_mul(LIMB_BASE)?.checked_add(low),
            _ => None,
        }
    }

    /// The number modulo `2^64`.
    pub(super) fn low_bits(&self) -> u64 {
        self.limbs.iter().rev().fold(0, |bits: u64, limb| {
            bits.wrapping_mul(LIMB_BASE).wrapping_add(*limb)
        })
    }

    /// The nearest float, or nearly.
    pub(super) fn approximate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an approximation is asked for")]
        self.limbs
            .iter()
            .rev()
            .fold(0.0, |sum, limb| sum * LIMB_BASE as f64 + *limb as f64)
    }

    /// Multiplies by `factor`.
    pub(super) fn multiply(&mut self, factor: u64) {
        let mut carry = 0_u64;
        for limb in &mut self.limbs {
            let product = u128::from(*limb)
                .wrapping_mul(u128::from(factor))
                .wrapping_add(u128::from(carry));
            (carry, *limb) = split(product);
        }
        while carry != 0 {
            self.limbs.push(carry % LIMB_BASE);
            carry /= LIMB_BASE;
        }
        *self = Self::trimmed(std::mem::take(&mut self.limbs));
    }

    /// Divides by `divisor` and returns the remainder; by 0 it does nothing.
    pub(super) fn divide(&mut self, divisor: u64) -> u64 {
        if divisor == 0 {
            return 0;
        }
        let mut remainder = 0_u64;
        for limb in self.limbs.iter_mut().rev() {
            let part = u128::from(remainder)
                .wrapping_mul(u128::from(LIMB_BASE))
                .wrapping_add(u128::from(*limb));
            let divisor = u128::from(divisor);
            // The quotient fits because the remainder so far is less than the divisor.
            *limb = u64::try_from(part.checked_div(divisor).unwrap_or(0)).unwrap_or(u64::MAX);
            remainder = u64::try_from(part.checked_rem(divisor).unwrap_or(0)).unwrap_or(0);
        }
        *self = Self::trimmed(std::mem::take(&mut self.limbs));
        remainder
    }

    /// Multiplies by `10^exponent`.
    pub(super) fn shift_up(&mut self, exponent: usize) {
        if self.is_zero() {
            return;
        }
        self.multiply(power_of_ten(exponent % LIMB_DIGITS));
        let whole = exponent / LIMB_DIGITS;
        self.limbs
            .splice(0..0, std::iter::repeat_n(0, whole))
            .for_each(drop);
    }

    /// Divides by `10^exponent` and returns whether anything but zeros was cut off.
    pub(super) fn shift_down(&mut self, exponent: usize) -> bool {
        let whole = (exponent / LIMB_DIGITS).min(self.limbs.len());
        let lost = self.limbs.drain(..whole).any(|limb| limb != 0);
        self.divide(power_of_ten(exponent % LIMB_DIGITS)) != 0 || lost
    }

    /// Adds `other`.
    pub(super) fn add(&mut self, other: &Self) {
        if self.limbs.len() < other.limbs.len() {
            self.limbs.resize(other.limbs.len(), 0);
        }
        let mut carry = 0_u64;
        let others = other.limbs.iter().copied().chain(std::iter::repeat(0));
        for (limb, other) in self.limbs.iter_mut().zip(others) {
            let sum = limb.wrapping_add(other).wrapping_add(carry);
            carry = u64::from(sum >= LIMB_BASE);
            *limb = sum % LIMB_BASE;
        }
        if carry != 0 {
            self.limbs.push(carry);
        }
    }

    /// The distance to `other`.
    pub(super) fn difference(&self, other: &Self) -> Self {
        let (large, small) = if self.compare(other) == Ordering::Less {
            (other, self)
        } else {
            (self, other)
        };
        let mut borrow = 0_u64;
        let smalls = small.limbs.iter().copied().chain(std::iter::repeat(0));
        let limbs = large.limbs.iter().zip(smalls).map(|(large, small)| {
            let taken = small.wrapping_add(borrow);
            borrow = u64::from(*large < taken);
            large
                .wrapping_add(LIMB_BASE.wrapping_mul(borrow))
                .wrapping_sub(taken)
        });
        Self::trimmed(limbs.collect())
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.limbs.len().cmp(&other.limbs.len());
        by_length.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

impl fmt::Display for Natural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, lower)) = self.limbs.split_last() else {
            return f.write_str("0");
        };
        write!(f, "{last}")?;
        lower
            .iter()
            .rev()
            .try_for_each(|limb| write!(f, "{limb:018}"))
    }
}
