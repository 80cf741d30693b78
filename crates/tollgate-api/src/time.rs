//! Points in time as objects write them: `2026-01-15T12:00:00Z` (RFC 3339).

use std::fmt;

/// A point in time. There is no "now" here: whoever needs it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Seconds since 1970, in UTC.
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// The point that lies `seconds` behind the beginning of 1970.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// The point `nanos` after that second; a fraction of a second or more is cut to less than one.
    pub const fn from_unix(seconds: i64, nanos: u32) -> Self {
        let nanos = if nanos < 1_000_000_000 {
            nanos
        } else {
            999_999_999
        };
        Self { seconds, nanos }
    }

    /// The fraction of the second in nanoseconds.
    pub const fn subsecond_nanos(self) -> u32 {
        self.nanos
    }

    /// Seconds since the beginning of 1970, without the fraction.
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// The point `seconds` later, at most the end of time.
    #[must_use]
    pub const fn saturating_add_seconds(self, seconds: i64) -> Self {
        Self {
            seconds: self.seconds.saturating_add(seconds),
            nanos: self.nanos,
        }
    }

    /// The text with six digits of a second, as `MicroTime` is written.
    ///
    /// ```
    /// use tollgate_api::Timestamp;
    /// let point = Timestamp::from_unix(1, 1_234_000);
    /// assert_eq!(point.to_micro_time(), "1970-01-01T00:00:01.001234Z");
    /// ```
    pub fn to_micro_time(self) -> String {
        let mut text = self.to_string();
        text.truncate(text.len().saturating_sub(1));
        format!("{text}.{:06}Z", self.nanos / 1_000)
    }

    /// Reads RFC 3339: a date, `T`, a time with or without a fraction, `Z` or an offset such as `+02:00`.
    ///
    /// ```
    /// use tollgate_api::Timestamp;
    /// let noon = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
    /// assert_eq!(Timestamp::parse("2026-01-15T14:00:00+02:00"), Some(noon));
    /// assert_eq!(Timestamp::parse("yesterday"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let year = reader.digits(4)?;
        reader.byte(b'-')?;
        let month = reader.digits(2)?;
        reader.byte(b'-')?;
        let day = reader.digits(2)?;
        reader.byte(b'T')?;
        let hour = reader.digits(2)?;
        reader.byte(b':')?;
        let minute = reader.digits(2)?;
        reader.byte(b':')?;
        let second = reader.digits(2)?;
        let nanos = reader.fraction()?;
        let offset_minutes = reader.offset()?;
        let fits = (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && reader.0.is_empty();
        let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute;
        fits.then_some(Self {
            seconds: (minutes - offset_minutes) * 60 + second,
            nanos,
        })
    }
}

/// Prints as objects hold it: in UTC, to the second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.seconds.div_euclid(86_400);
        let second = self.seconds.rem_euclid(86_400);
        let (year, month, day) = date_of(days);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3_600,
            second / 60 % 60,
            second % 60
        )
    }
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then_some(())
    }

    fn digit(&mut self) -> Option<i64> {
        let byte = self.next()?;
        byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// A fraction of a second in nanoseconds; digits beyond are dropped, as upstream drops them.
    fn fraction(&mut self) -> Option<u32> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        self.byte(b'.')?;
        let mut nanos = 0;
        let mut weight = 100_000_000;
        let mut digits = 0;
        while self.0.first().is_some_and(u8::is_ascii_digit) {
            nanos += u32::try_from(self.digit()?).ok()? * weight;
            weight /= 10;
            digits += 1;
        }
        (digits > 0).then_some(nanos)
    }

    fn offset(&mut self) -> Option<i64> {
        let sign = match self.next()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.digits(2)?;
        self.byte(b':')?;
        let minutes = self.digits(2)?;
        (hours <= 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is the
/// last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<i64>) {
        assert_eq!(Timestamp::parse(text).map(Timestamp::unix_seconds), seconds);
    }

    #[test]
    fn reads_dates_offsets_and_fractions() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2000-02-29T23:59:59Z", Some(951_868_799));
        check("2026-01-15T12:00:00+05:30", Some(1_768_458_600));
        check("1969-12-31T23:59:59.5Z", Some(-1));
        assert!(
            Timestamp::parse("2026-01-15T12:00:00.5Z") > Timestamp::parse("2026-01-15T12:00:00Z")
        );
    }

    #[test]
    fn refuses_what_is_no_point_in_time() {
        for text in [
            "",
            "2026-01-15",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-15T24:00:00Z",
            "2026-01-15T12:00:00",
            "2026-01-15T12:00:00.Z",
            "2026-01-15T12:00:00Zz",
            "2026-01-15 12:00:00Z",
            "\u{661}026-01-15T12:00:00Z",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn printed_points_read_back(seconds in -62_135_596_800_i64..253_402_300_800) {
            let point = Timestamp::from_unix_seconds(seconds);
            prop_assert_eq!(Timestamp::parse(&point.to_string()), Some(point));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = Timestamp::parse(&text);
        }
    }
}
