//! Amounts: `100m`, `1.5Gi`, `12e6`. Follows `k8s.io/apimachinery/pkg/api/resource.Quantity`, 1.36.
//!
//! Amounts are exact. Nearly all of them are 64 bits and a power of ten; what does not fit moves to decimal digits of
//! any length. Where upstream wraps around, keeps an input's text or drops a suffix, this does the same.

#![deny(clippy::arithmetic_side_effects)]

mod arithmetic;
mod decimal;
mod format;
mod natural;
mod parse;
mod small;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]
mod tests;

use compact_str::CompactString;
use decimal::Decimal;
use small::Small;

/// The family of suffixes an amount was written with, kept through arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// No format yet: JSON `null` and an amount that nothing was added to. Always 0.
    #[default]
    Unset,
    /// `Ki`, `Mi`, …
    BinarySi,
    /// `m`, `k`, `M`, … and no suffix
    DecimalSi,
    /// `e3`, `E-3`
    DecimalExponent,
}

impl Format {
    /// Upstream's name of the format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "",
            Self::BinarySi => "BinarySI",
            Self::DecimalSi => "DecimalSI",
            Self::DecimalExponent => "DecimalExponent",
        }
    }
}

/// An exact amount and the format it prints in.
///
/// Equality and order are those of the amounts: `1Ki` equals `1024`.
#[derive(Debug, Clone, Default)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// What the amount was written as, where that is what it prints as; else empty.
    text: CompactString,
}

/// An amount in one of two forms. Which one it is in shows only where 64 bits overflow.
#[derive(Debug, Clone)]
enum Amount {
    Small(Small),
    // Boxed, because it is rare and three times as large.
    Large(Box<Decimal>),
}

/// Why a text is no amount; prints upstream's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// Not of the form number plus suffix.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    FormatWrong,
    /// The number cannot be read.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// The suffix is unknown.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

impl Default for Amount {
    fn default() -> Self {
        Self::Small(Small::default())
    }
}

impl Quantity {
    /// A whole amount.
    pub fn new(value: i64, format: Format) -> Self {
        Self::small(Small { value, scale: 0 }, format)
    }

    /// A whole amount without suffix: what counts print as.
    pub fn from_int(value: i64) -> Self {
        Self::new(value, Format::DecimalSi)
    }

    /// An amount in thousandths.
    pub fn new_milli(value: i64, format: Format) -> Self {
        Self::small(Small { value, scale: -3 }, format)
    }

    fn small(small: Small, format: Format) -> Self {
        Self {
            amount: Amount::Small(small),
            format,
            text: CompactString::const_new(""),
        }
    }

    /// The format it prints in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match &self.amount {
            Amount::Small(small) => {
                i32::from(small.value > 0).wrapping_sub((small.value < 0).into())
            }
            Amount::Large(decimal) => decimal.sign(),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.sign() == 0
    }

    /// The whole amount, rounded up; wraps as upstream's does.
    pub fn value(&self) -> i64 {
        self.scaled(0)
    }

    /// The amount in thousandths, rounded up; wraps as upstream's does.
    pub fn milli_value(&self) -> i64 {
        self.scaled(3)
    }

    fn scaled(&self, places: i32) -> i64 {
        match &self.amount {
            Amount::Small(small) => small.scaled(places.wrapping_neg()),
            Amount::Large(decimal) => decimal.scaled(places),
        }
    }

    /// The amount as the nearest float (`AsApproximateFloat64`): for percentages and bars, never for decisions.
    pub fn approximate(&self) -> f64 {
        let (base, exponent) = match &self.amount {
            #[expect(clippy::cast_precision_loss, reason = "an approximation is asked for")]
            Amount::Small(small) => (small.value as f64, i64::from(small.scale)),
            Amount::Large(decimal) => {
                let magnitude = decimal.mantissa.approximate();
                let base = if decimal.negative {
                    -magnitude
                } else {
                    magnitude
                };
                (base, decimal.exponent())
            }
        };
        // Beyond these exponents every float is infinite or 0.
        let exponent = i32::try_from(exponent.clamp(-20_000, 20_000)).unwrap_or(0);
        if exponent < 0 {
            base / 10_f64.powi(exponent.wrapping_neg())
        } else {
            base * 10_f64.powi(exponent)
        }
    }
}
