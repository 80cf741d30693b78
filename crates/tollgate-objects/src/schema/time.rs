//! RFC 3339 times, only to tell whether Go could parse them, and Go's words if not.

use tollgate_api::go_format::quote;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Go's error for a text that is no such time.
pub(super) fn problem(text: &str, micro: bool) -> Option<String> {
    let layout = if micro { MICRO_LAYOUT } else { LAYOUT };
    let (rest, wanted) = match parse(text, micro) {
        Ok(()) => return None,
        Err(Failure::Shape { at, wanted }) => (text.get(at..).unwrap_or_default(), wanted),
        Err(Failure::Range(what)) => {
            return Some(format!("parsing time {}: {what} out of range", quote(text)));
        }
        Err(Failure::Extra(at)) => {
            let extra = text.get(at..).unwrap_or_default();
            return Some(format!(
                "parsing time {}: extra text: {}",
                quote(text),
                quote(extra)
            ));
        }
    };
    Some(format!(
        "parsing time {} as {}: cannot parse {} as {}",
        quote(text),
        quote(layout),
        quote(rest),
        quote(wanted)
    ))
}

enum Failure {
    Shape { at: usize, wanted: &'static str },
    Range(&'static str),
    Extra(usize),
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Cursor<'_> {
    fn digits(&mut self, count: usize, wanted: &'static str) -> Result<u32, Failure> {
        let shape = Failure::Shape {
            at: self.at,
            wanted,
        };
        let digits = self.text.get(self.at..self.at + count);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or(shape)?;
        self.at += count;
        Ok(number)
    }

    fn byte(&mut self, expected: u8, wanted: &'static str) -> Result<(), Failure> {
        if self.peek() == Some(expected) {
            self.at += 1;
            return Ok(());
        }
        Err(Failure::Shape {
            at: self.at,
            wanted,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

fn parse(text: &str, micro: bool) -> Result<(), Failure> {
    let mut cursor = Cursor { text, at: 0 };
    let year = cursor.digits(4, "2006")?;
    cursor.byte(b'-', "-")?;
    let month = cursor.digits(2, "01")?;
    check(month, 1..=12, "month")?;
    cursor.byte(b'-', "-")?;
    let day = cursor.digits(2, "02")?;
    cursor.byte(b'T', "T")?;
    check(cursor.digits(2, "15")?, 0..=23, "hour")?;
    cursor.byte(b':', ":")?;
    check(cursor.digits(2, "04")?, 0..=59, "minute")?;
    cursor.byte(b':', ":")?;
    check(cursor.digits(2, "05")?, 0..=59, "second")?;
    if micro {
        cursor.byte(b'.', ".000000")?;
        cursor.digits(6, ".000000")?;
    } else if matches!(cursor.peek(), Some(b'.' | b',')) {
        cursor.at += 1;
        let start = cursor.at;
        while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            cursor.at += 1;
        }
        if cursor.at == start {
            return Err(Failure::Shape {
                at: start - 1,
                wanted: "Z07:00",
            });
        }
    }
    zone(&mut cursor)?;
    if cursor.at < text.len() {
        return Err(Failure::Extra(cursor.at));
    }
    check(day, 1..=days_of(year, month), "day")
}

fn zone(cursor: &mut Cursor<'_>) -> Result<(), Failure> {
    let at = cursor.at;
    let shape = |_| Failure::Shape {
        at,
        wanted: "Z07:00",
    };
    match cursor.peek() {
        Some(b'Z') => {
            cursor.at += 1;
            Ok(())
        }
        Some(b'+' | b'-') => {
            cursor.at += 1;
            let hours = cursor.digits(2, "Z07:00").map_err(shape)?;
            cursor.byte(b':', "Z07:00").map_err(shape)?;
            let minutes = cursor.digits(2, "Z07:00").map_err(shape)?;
            check(hours, 0..=24, "time zone offset hour")?;
            check(minutes, 0..=60, "time zone offset minute")
        }
        _ => Err(Failure::Shape {
            at,
            wanted: "Z07:00",
        }),
    }
}

fn check(
    number: u32,
    range: std::ops::RangeInclusive<u32>,
    what: &'static str,
) -> Result<(), Failure> {
    if range.contains(&number) {
        Ok(())
    } else {
        Err(Failure::Range(what))
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_go_accepts() {
        for good in [
            "2026-11-20T10:11:12Z",
            "2024-02-29T00:00:00+01:00",
            "2026-11-20T10:11:12.5Z",
        ] {
            assert_eq!(problem(good, false), None, "{good}");
        }
        assert_eq!(problem("2026-11-20T10:11:12.000001Z", true), None);
    }

    #[test]
    fn refuses_in_the_words_of_go() {
        let text = |bad: &str| problem(bad, false).unwrap();
        assert_eq!(
            text("no"),
            "parsing time \"no\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"no\" as \"2006\""
        );
        assert_eq!(
            text("2026-13-01T00:00:00Z"),
            "parsing time \"2026-13-01T00:00:00Z\": month out of range"
        );
        assert_eq!(
            text("2026-02-30T00:00:00Z"),
            "parsing time \"2026-02-30T00:00:00Z\": day out of range"
        );
        assert!(text("2026-02-20").ends_with("cannot parse \"\" as \"T\""));
        assert!(
            problem("2026-11-20T10:11:12Z", true)
                .unwrap()
                .ends_with("cannot parse \"Z\" as \".000000\"")
        );
    }
}
