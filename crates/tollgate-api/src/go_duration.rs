//! Durations as Go writes them: `1h0m0s`, `90s`, `1.5h`.

use crate::go_format::quote;

/// Reads a duration as Go writes it: `1h30m`.
pub fn nanoseconds(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut sum = 0_i128;
    while !rest.is_empty() {
        let number_end = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let dots = number.matches('.').count();
        if dots > 1 || number.len() <= dots {
            return Err(invalid());
        }
        let unit_end = tail
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit: i128 = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote(unit),
                    quote(text)
                ));
            }
        };
        let amount = scaled(number, unit).ok_or_else(invalid)?;
        sum = sum.saturating_add(amount);
        rest = tail;
    }
    let nanos = i64::try_from(sum).map_err(|_| invalid())?;
    Ok(if is_negative {
        nanos.saturating_neg()
    } else {
        nanos
    })
}

/// A number with or without a fraction, in a unit.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut amount = whole.checked_mul(unit)?;
    let mut part = unit;
    for digit in fraction.bytes() {
        part /= 10;
        amount = amount.checked_add(part.checked_mul(i128::from(digit.wrapping_sub(b'0')))?)?;
    }
    Some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_the_words_of_go() {
        assert_eq!(nanoseconds("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(nanoseconds("-1.5s"), Ok(-1_500_000_000));
        assert_eq!(nanoseconds("0"), Ok(0));
        let refused = [
            ("invalid", "time: invalid duration \"invalid\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
        ];
        for (text, why) in refused {
            assert_eq!(nanoseconds(text), Err(why.to_owned()));
        }
    }
}
