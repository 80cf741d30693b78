//! Numbers as Go's JSON reader hands them to Kubernetes: `int64` where it fits, else `float64`.

use std::fmt;

/// A JSON number.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A number without fraction or exponent that fits 64 bits.
    Int(i64),
    /// Any other number; never infinite or NaN when it comes from a document.
    Float(f64),
}

impl Number {
    /// The integer this number is; a float counts if it has no fraction and fits.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Float(value) => {
                // 2^63 is exactly representable; anything at or beyond it does not fit.
                let fits =
                    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "checked to be whole and to fit"
                )]
                (fits && value.fract() == 0.0).then_some(value as i64)
            }
        }
    }

    /// The nearest floating point number.
    pub fn as_f64(self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "the nearest float is what is asked for"
            )]
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (a, b) => a.as_f64() == b.as_f64(),
        }
    }
}

/// Prints as Go's `encoding/json` does.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => {
                let magnitude = value.abs();
                if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
                    let text = format!("{value:e}");
                    // Go writes `1e+21` and `1e-7`.
                    match text.split_once('e') {
                        Some((digits, exponent)) if !exponent.starts_with('-') => {
                            write!(f, "{digits}e+{exponent}")
                        }
                        _ => f.write_str(&text),
                    }
                } else {
                    write!(f, "{value}")
                }
            }
        }
    }
}
