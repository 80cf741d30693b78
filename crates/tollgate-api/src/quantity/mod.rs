//! Amounts: `100m`, `1.5Gi`, `12e6`. Follows `k8s.io/apimachinery/pkg/api/resource.Quantity`, 1.36.

use crate::value::Value;
use std::cmp::Ordering;
use std::fmt;

/// The family of suffixes an amount was written with, kept through arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `Ki`, `Mi`, …
    BinarySi,
    /// `m`, `k`, `M`, … and no suffix
    DecimalSi,
    /// `e3`, `E-3`
    DecimalExponent,
}

/// An exact amount and the format it prints in.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    // Interim: nano units.
    nano: i128,
    format: Format,
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

impl Default for Quantity {
    fn default() -> Self {
        Self {
            nano: 0,
            format: Format::DecimalSi,
        }
    }
}

impl Quantity {
    /// Reads an amount (`ParseQuantity`).
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        let end = text
            .find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-'))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (scale, format): (i128, _) = match suffix {
            "" => (1_000_000_000, Format::DecimalSi),
            "n" => (1, Format::DecimalSi),
            "u" => (1_000, Format::DecimalSi),
            "m" => (1_000_000, Format::DecimalSi),
            "k" => (1_000_000_000_000, Format::DecimalSi),
            "M" => (1_000_000_000_000_000, Format::DecimalSi),
            "G" => (1_000_000_000_000_000_000, Format::DecimalSi),
            "Ki" => (1_000_000_000 << 10, Format::BinarySi),
            "Mi" => (1_000_000_000 << 20, Format::BinarySi),
            "Gi" => (1_000_000_000 << 30, Format::BinarySi),
            "Ti" => (1_000_000_000 << 40, Format::BinarySi),
            _ => return Err(ParseQuantityError::Suffix),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole: i128 = whole.parse().map_err(|_| ParseQuantityError::FormatWrong)?;
        let digits: i128 = if fraction.is_empty() {
            0
        } else {
            fraction
                .parse()
                .map_err(|_| ParseQuantityError::FormatWrong)?
        };
        let nano = whole * scale
            + digits * scale / 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        Ok(Self { nano, format })
    }

    /// Reads an amount as it stands in an object (`UnmarshalJSON`): text with spaces trimmed, a number, or `null`, which is 0.
    pub fn from_value(value: &Value) -> Result<Self, ParseQuantityError> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::String(text) => Self::parse(text.trim()),
            other => Self::parse(&other.to_string()),
        }
    }

    /// A whole amount.
    pub fn new(value: i64, format: Format) -> Self {
        Self {
            nano: i128::from(value) * 1_000_000_000,
            format,
        }
    }

    /// A whole amount without suffix: what counts print as.
    pub fn from_int(value: i64) -> Self {
        Self::new(value, Format::DecimalSi)
    }

    /// An amount in thousandths.
    pub fn new_milli(value: i64, format: Format) -> Self {
        Self {
            nano: i128::from(value) * 1_000_000,
            format,
        }
    }

    /// The format it prints in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        self.nano.signum() as i32
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.nano == 0
    }

    /// Which is larger, whatever the formats.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }

    /// Adds; zero takes the other operand's format.
    pub fn add(&mut self, other: &Self) {
        if self.nano == 0 {
            self.format = other.format;
        }
        self.nano += other.nano;
    }

    /// Subtracts; zero takes the other operand's format.
    pub fn sub(&mut self, other: &Self) {
        if self.nano == 0 {
            self.format = other.format;
        }
        self.nano -= other.nano;
    }

    /// Turns the sign.
    pub fn neg(&mut self) {
        self.nano = -self.nano;
    }

    /// The amount as the nearest float (`AsApproximateFloat64`): for percentages and bars, never for decisions.
    pub fn approximate(&self) -> f64 {
        self.nano as f64 / 1e9
    }

    /// The whole amount, rounded up; wraps as upstream's does.
    pub fn value(&self) -> i64 {
        (self.nano + 999_999_999).div_euclid(1_000_000_000) as i64
    }

    /// The amount in thousandths, rounded up; wraps as upstream's does.
    pub fn milli_value(&self) -> i64 {
        (self.nano + 999_999).div_euclid(1_000_000) as i64
    }
}

/// Prints the canonical form (`String()`).
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.format == Format::BinarySi {
            let whole = self.value();
            for (shift, suffix) in [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")] {
                if whole != 0 && whole % (1 << shift) == 0 {
                    return write!(f, "{}{suffix}", whole >> shift);
                }
            }
            return write!(f, "{whole}");
        }
        for (scale, suffix) in [
            (1_000_000_000_000_000_000, "G"),
            (1_000_000_000_000_000, "M"),
            (1_000_000_000_000, "k"),
            (1_000_000_000, ""),
            (1_000_000, "m"),
            (1000, "u"),
        ] {
            if self.nano % scale == 0 && (self.nano != 0 || suffix.is_empty()) {
                return write!(f, "{}{suffix}", self.nano / scale);
            }
        }
        write!(f, "{}n", self.nano)
    }
}
