//! What go-yaml takes for a timestamp. Nothing becomes of it but text; a text that claims to be one and is none is an
//! error.

/// Whether `text` is a date, or a date and a time: `2001-1-2`, `2001-01-02t3:04:05.6+07:00`, `2001-01-02 3:04:05`.
pub(super) fn is_timestamp(text: &str) -> bool {
    read_date(text).is_some_and(|rest| {
        if rest.is_empty() {
            return true;
        }
        if let Some(time) = rest.strip_prefix(['T', 't']) {
            return read_time(time).is_some_and(is_zone);
        }
        rest.strip_prefix(' ').and_then(read_time) == Some("")
    })
}

/// What follows the date.
fn read_date(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    let year: u32 = digits(year)?;
    let (month, rest) = read_number(rest.strip_prefix('-')?)?;
    let (day, rest) = read_number(rest.strip_prefix('-')?)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

/// What follows the time and its fraction.
fn read_time(text: &str) -> Option<&str> {
    let (hour, rest) = read_number(text)?;
    let (minute, rest) = read_number(rest.strip_prefix(':')?)?;
    let (second, rest) = read_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else {
        return Some(rest);
    };
    let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < fraction.len()).then_some(after)
}

fn is_zone(text: &str) -> bool {
    let offset = |text: &str| {
        let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
        if hours.len() != 2 || minutes.len() != 2 {
            return None;
        }
        Some(digits(hours)? <= 24 && digits(minutes)? < 60)
    };
    text == "Z" || offset(text) == Some(true)
}

/// A number of one or two digits and what follows it.
fn read_number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(length)?;
    Some((digits(number)?, rest))
}

fn digits(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_what_kubectl_takes_for_such() {
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2000-02-29",
            "2001-01-01T00:00:00Z",
            "2001-01-01t1:2:3.5+02:00",
            "2001-01-01 12:30:45",
            "2001-01-01 1:2:3,5",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2001",
            "2001-01",
            "201-01-01",
            "2001-13-01",
            "2001-00-01",
            "2001-02-30",
            "1900-02-29",
            "2001-01-01 -x",
            "2001-01-01 12:30",
            "2001-01-01 24:00:00",
            "2001-01-01T00:00:00",
            "2001-01-01T00:00:00.Z",
            "2001-01-01 12:30:45 +1",
            "2001-01-01T00:00:00+1:00",
            "\u{e9}\u{e9}-01-01",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
