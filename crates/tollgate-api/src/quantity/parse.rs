//! Reading amounts, with upstream's fast path and its idea of what is well-formed.

use super::decimal::Decimal;
use super::natural::Natural;
use super::small::Small;
use super::{Amount, Format, ParseQuantityError, Quantity};
use crate::value::Value;
use compact_str::CompactString;
use std::cmp::Ordering;

/// Digits that 64 bits hold in any case.
const FAST_DIGITS_MAX: usize = 18;
/// Digits of an amount that is read at once.
const PLAIN_DIGITS_MAX: usize = 4;
/// Decimal places of the smallest amount; finer ones round up to it.
const NANO_PLACES: i32 = 9;

impl Quantity {
    /// Reads an amount (`ParseQuantity`).
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        if let Some(plain) = Self::plain(text) {
            return Ok(plain);
        }
        if text.is_empty() {
            return Err(ParseQuantityError::FormatWrong);
        }
        let parts = Parts::scan(text.as_bytes())?;
        let suffix = Suffix::interpret(parts.suffix).ok_or(ParseQuantityError::Suffix)?;
        if let Some((small, keeps_text)) = parts.small(suffix) {
            return Ok(Self {
                amount: Amount::Small(small),
                format: suffix.format(),
                text: if keeps_text {
                    CompactString::new(text)
                } else {
                    CompactString::const_new("")
                },
            });
        }
        parts.large(suffix)
    }

    /// The amount, if it is of the sort that nearly all objects hold: up to four digits and a usual suffix.
    #[inline]
    fn plain(text: &str) -> Option<Self> {
        let mut value = 0_i64;
        let mut digits = 0_usize;
        for byte in text.as_bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            digits = digits.saturating_add(1);
            if digits > PLAIN_DIGITS_MAX {
                return None;
            }
        }
        let (_, suffix) = text.as_bytes().split_at_checked(digits)?;
        let (format, scale, factor) = match suffix {
            b"" => (Format::DecimalSi, 0, 1),
            b"m" => (Format::DecimalSi, -3, 1),
            b"Ki" => (Format::BinarySi, 0, 1 << 10),
            b"Mi" => (Format::BinarySi, 0, 1 << 20),
            b"Gi" => (Format::BinarySi, 0, 1 << 30),
            _ => return None,
        };
        // What is not canonical needs a closer look: zeros in front, or more than belong to the suffix.
        if digits == 0 || text.starts_with('0') || value % 1000 == 0 {
            return None;
        }
        let keeps_text = factor == 1 || value & 7 != 0;
        Some(Self {
            amount: Amount::Small(Small {
                value: value.wrapping_mul(factor),
                scale,
            }),
            format,
            text: CompactString::new(if keeps_text { text } else { "" }),
        })
    }

    /// Reads an amount as it stands in an object: text with spaces trimmed, a number, or `null`, which is 0.
    pub fn from_value(value: &Value) -> Result<Self, ParseQuantityError> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::String(text) => Self::parse(text.trim()),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => Err(ParseQuantityError::FormatWrong),
        }
    }

    /// Reads an amount from one JSON token (`UnmarshalJSON`). Escapes in a string are not undone.
    pub fn from_json(token: &str) -> Result<Self, ParseQuantityError> {
        if token == "null" {
            return Ok(Self::default());
        }
        let quoted = token
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Self::parse(quoted.unwrap_or(token).trim())
    }
}

/// What a text consists of.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    /// All that stands before the suffix: sign, digits, point.
    number: &'a [u8],
    /// Digits before the point without leading zeros; one if there are none.
    whole_digits: usize,
    fraction_digits: usize,
    /// The number without its point; meaningless beyond [`FAST_DIGITS_MAX`] digits.
    value: u64,
    /// Whether there is a digit other than leading zeros before the point.
    has_whole: bool,
    suffix: &'a [u8],
}

/// The length of the digits that `text` starts with; appends them to `value`.
fn take_digits(text: &[u8], value: &mut u64) -> usize {
    let mut digits = 0_usize;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        digits = digits.saturating_add(1);
    }
    digits
}

fn split_at(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    text.split_at_checked(at).unwrap_or((text, &[]))
}

impl<'a> Parts<'a> {
    fn scan(text: &'a [u8]) -> Result<Self, ParseQuantityError> {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let zeros = unsigned.iter().take_while(|byte| **byte == b'0').count();
        let (_, rest) = split_at(unsigned, zeros);
        let mut value = 0;
        let whole_digits = take_digits(rest, &mut value);
        let (_, mut rest) = split_at(rest, whole_digits);
        let mut fraction_digits = 0;
        if let [b'.', fraction @ ..] = rest {
            fraction_digits = take_digits(fraction, &mut value);
            (_, rest) = split_at(fraction, fraction_digits);
        }
        if !is_suffix_like(rest) {
            return Err(ParseQuantityError::FormatWrong);
        }
        let (number, suffix) = split_at(text, text.len().saturating_sub(rest.len()));
        Ok(Self {
            negative,
            number,
            whole_digits: whole_digits.max(1),
            fraction_digits,
            value,
            has_whole: whole_digits > 0,
            suffix,
        })
    }

    /// The amount, if upstream's fast path takes it, and whether that keeps the text as canonical.
    fn small(&self, suffix: Suffix) -> Option<(Small, bool)> {
        let (scale, value, keeps_text) = match suffix {
            Suffix::Binary(exponent) => {
                // Room for the digits that the suffix stands for.
                let room = 14_usize.checked_sub((exponent.wrapping_mul(3) / 10) as usize)?;
                if self.fraction_digits > 0 || self.whole_digits > room {
                    return None;
                }
                let value = self.value.checked_mul(1_u64.wrapping_shl(exponent))?;
                (0, value, self.value & 7 != 0)
            }
            Suffix::Decimal(exponent) | Suffix::Exponent(exponent) => {
                let digits = self.whole_digits.saturating_add(self.fraction_digits);
                if digits > FAST_DIGITS_MAX {
                    return None;
                }
                let scale = exponent.wrapping_sub(i32::try_from(self.fraction_digits).ok()?);
                if scale < NANO_PLACES.wrapping_neg() {
                    return None;
                }
                // Kept if there are no three zeros to move into the suffix and no zero in front. The latter also
                // leaves `value` without digits that do not count.
                let canonical =
                    scale % 3 == 0 && self.has_whole && !self.value.is_multiple_of(1000);
                (scale, self.value, canonical)
            }
        };
        let value = i64::try_from(value).ok()?;
        let value = if self.negative {
            value.wrapping_neg()
        } else {
            value
        };
        Some((Small { value, scale }, keeps_text))
    }

    /// The amount in the unbounded form.
    #[cold]
    fn large(&self, suffix: Suffix) -> Result<Quantity, ParseQuantityError> {
        if !self.number.iter().any(u8::is_ascii_digit) {
            return Err(ParseQuantityError::Numeric);
        }
        let places = i64::try_from(self.fraction_digits).unwrap_or(i64::MAX);
        let mut format = suffix.format();
        let mut mantissa = Natural::from_digits(self.number);
        let places = match suffix {
            Suffix::Binary(exponent) => {
                mantissa.multiply(1_u64.wrapping_shl(exponent));
                places
            }
            Suffix::Decimal(exponent) | Suffix::Exponent(exponent) => {
                places.saturating_sub(i64::from(exponent))
            }
        };
        // The places may exceed 32 bits: the zeros take what the scale cannot express.
        let scale = i32::try_from(places.max(i64::from(i32::MIN))).unwrap_or(i32::MAX);
        let mut decimal = Decimal {
            negative: false,
            zeros: i64::from(scale).saturating_sub(places),
            mantissa,
            scale,
        };
        if decimal.sign() != 0 {
            decimal.round_up(NANO_PLACES);
        }
        if format == Format::BinarySi {
            let bound = |value| Decimal::from(Small { value, scale: 0 });
            let max = bound(i64::MAX);
            if decimal.compare(&max) == Ordering::Greater {
                decimal = max;
            } else if decimal.sign() > 0 && decimal.compare(&bound(1)) == Ordering::Less {
                format = Format::DecimalSi;
            }
        }
        decimal.negative = self.negative;
        Ok(Quantity {
            amount: Amount::Large(Box::new(decimal)),
            format,
            text: CompactString::const_new(""),
        })
    }
}

/// Whether `text` is letters of suffixes, then perhaps a sign, then perhaps digits.
fn is_suffix_like(text: &[u8]) -> bool {
    let letters = text
        .iter()
        .take_while(|byte| b"eEinumkKMGTP".contains(byte))
        .count();
    let (_, rest) = split_at(text, letters);
    let digits = match rest {
        [b'+' | b'-', digits @ ..] => digits,
        _ => rest,
    };
    digits.iter().all(u8::is_ascii_digit)
}

/// What a number is multiplied with.
#[derive(Debug, Clone, Copy)]
enum Suffix {
    /// `10^n`, written as a letter
    Decimal(i32),
    /// `10^n`, written as an exponent
    Exponent(i32),
    /// `2^n`
    Binary(u32),
}

impl Suffix {
    fn interpret(suffix: &[u8]) -> Option<Self> {
        Some(match suffix {
            b"" => Self::Decimal(0),
            b"n" => Self::Decimal(-9),
            b"u" => Self::Decimal(-6),
            b"m" => Self::Decimal(-3),
            b"k" => Self::Decimal(3),
            b"M" => Self::Decimal(6),
            b"G" => Self::Decimal(9),
            b"T" => Self::Decimal(12),
            b"P" => Self::Decimal(15),
            b"E" => Self::Decimal(18),
            b"Ki" => Self::Binary(10),
            b"Mi" => Self::Binary(20),
            b"Gi" => Self::Binary(30),
            b"Ti" => Self::Binary(40),
            b"Pi" => Self::Binary(50),
            b"Ei" => Self::Binary(60),
            [b'e' | b'E', exponent @ ..] => {
                let exponent: i64 = std::str::from_utf8(exponent).ok()?.parse().ok()?;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "upstream cuts exponents to 32 bits: `1e4294967296` is 1"
                )]
                Self::Exponent(exponent as i32)
            }
            _ => return None,
        })
    }

    fn format(self) -> Format {
        match self {
            Self::Decimal(_) => Format::DecimalSi,
            Self::Exponent(_) => Format::DecimalExponent,
            Self::Binary(_) => Format::BinarySi,
        }
    }
}
