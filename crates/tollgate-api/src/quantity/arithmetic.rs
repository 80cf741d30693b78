//! Sums, differences and comparisons, exact in every size.

use super::decimal::Decimal;
use super::{Amount, Quantity};
use std::borrow::Cow;
use std::cmp::Ordering;

impl Amount {
    fn to_decimal(&self) -> Cow<'_, Decimal> {
        match self {
            Self::Small(small) => Cow::Owned(Decimal::from(*small)),
            Self::Large(decimal) => Cow::Borrowed(decimal),
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(left), Self::Small(right)) => left.compare(*right),
            _ => self.to_decimal().compare(&other.to_decimal()),
        }
    }

    fn add(&mut self, other: &Self) {
        if let (Self::Small(left), Self::Small(right)) = (&*self, other)
            && let Some(sum) = left.checked_add(*right)
        {
            *self = Self::Small(sum);
            return;
        }
        let mut sum = self.to_decimal().into_owned();
        sum.add(&other.to_decimal());
        *self = Self::Large(Box::new(sum));
    }

    fn neg(&mut self) {
        match self {
            Self::Small(small) => *small = small.negated(),
            Self::Large(decimal) => decimal.negative = !decimal.negative,
        }
    }
}

impl Quantity {
    /// Which is larger, whatever the formats.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.amount.compare(&other.amount)
    }

    /// Adds; zero takes the other operand's format.
    pub fn add(&mut self, other: &Self) {
        self.text.clear();
        if self.is_zero() {
            self.format = other.format;
        }
        self.amount.add(&other.amount);
    }

    /// Subtracts; zero takes the other operand's format.
    pub fn sub(&mut self, other: &Self) {
        self.text.clear();
        if self.is_zero() {
            self.format = other.format;
        }
        let mut negated = other.amount.clone();
        negated.neg();
        self.amount.add(&negated);
    }

    /// Rounds to thousandths, away from zero (`RoundUp`): what API defaulting does to every resource list.
    pub fn round_up_to_milli(&mut self) {
        match &mut self.amount {
            Amount::Small(small) if small.scale >= -3 => {}
            Amount::Small(small) => {
                *small = small.rounded_up(-3);
                self.text.clear();
            }
            Amount::Large(decimal) => {
                decimal.round_up(3);
                self.text.clear();
            }
        }
    }

    /// Turns the sign.
    pub fn neg(&mut self) {
        self.text.clear();
        self.amount.neg();
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}
