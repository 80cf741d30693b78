//! Schedules of CronJobs: five fields, or a name such as `@daily`, in the syntax of upstream's parser and with its words
//! for what is none.

use crate::duration;
use crate::go_format::quote;
use compact_str::CompactString;

/// When something is to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The time zone that the text itself names.
    pub zone: Option<CompactString>,
    /// The times.
    pub when: When,
}

/// The times of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// At the beginning of every minute that the fields name.
    Fields(Fields),
    /// That many seconds after the last time.
    Every(i64),
}

/// Sets of numbers, a bit each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 23.
    pub hours: u64,
    /// 1 to 31.
    pub days: u64,
    /// 1 to 12.
    pub months: u64,
    /// 0 to 6, from Sunday.
    pub weekdays: u64,
    /// Whether days of the month or of the week are all meant: then both have to match, else one of them is enough.
    pub days_are_free: bool,
}

/// What a field of a schedule may be.
struct Bounds {
    min: u64,
    max: u64,
    /// Names of the numbers from `min`.
    names: &'static [&'static str],
}

const fn numbers(min: u64, max: u64) -> Bounds {
    Bounds {
        min,
        max,
        names: &[],
    }
}

const MINUTES: Bounds = numbers(0, 59);
const HOURS: Bounds = numbers(0, 23);
const DAYS: Bounds = numbers(1, 31);
const MONTHS: Bounds = Bounds {
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
    ..numbers(1, 12)
};
const WEEKDAYS: Bounds = Bounds {
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ..numbers(0, 6)
};

/// What names stand for.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Schedule {
    /// Reads a schedule; `is_zone` knows time zones.
    ///
    /// ```
    /// use tollgate_api::schedule::Schedule;
    /// assert!(Schedule::parse("*/5 8-18 * * mon-fri", |_| true).is_ok());
    /// let why = Schedule::parse("* * *", |_| true).unwrap_err();
    /// assert_eq!(why, "expected exactly 5 fields, found 3: [* * *]");
    /// ```
    pub fn parse(text: &str, is_zone: impl Fn(&str) -> bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let (zone, text) = split_zone(text, is_zone)?;
        let when = if text.starts_with('@') {
            named(text)?
        } else {
            When::Fields(Fields::parse(text)?)
        };
        Ok(Self {
            zone: zone.map(CompactString::new),
            when,
        })
    }
}

/// The zone of `TZ=<zone> …` and the schedule after it.
fn split_zone(text: &str, is_zone: impl Fn(&str) -> bool) -> Result<(Option<&str>, &str), String> {
    let named = ["TZ=", "CRON_TZ="]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let Some(named) = named else {
        return Ok((None, text));
    };
    // Without a schedule behind it, upstream takes all of it for the zone.
    let (zone, rest) = named.split_once(' ').unwrap_or((named, ""));
    if zone.is_empty() || zone == "Local" || is_zone(zone) {
        Ok((Some(zone), rest.trim()))
    } else {
        Err(format!(
            "provided bad location {zone}: unknown time zone {zone}"
        ))
    }
}

fn named(text: &str) -> Result<When, String> {
    if let Some((_, fields)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Fields::parse(fields).map(When::Fields);
    }
    let Some(interval) = text.strip_prefix("@every ") else {
        return Err(format!("unrecognized descriptor: {text}"));
    };
    let nanos = duration::parse(interval)
        .map_err(|why| format!("failed to parse duration {text}: {why}"))?;
    // Less than a second is a second, and what is beyond whole seconds is dropped.
    Ok(When::Every((nanos / 1_000_000_000).max(1)))
}

impl Fields {
    fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!(
                "expected exactly 5 fields, found {}: [{}]",
                fields.len(),
                fields.join(" ")
            ));
        };
        let (minutes, _) = field(minutes, &MINUTES)?;
        let (hours, _) = field(hours, &HOURS)?;
        let (days, all_days) = field(days, &DAYS)?;
        let (months, _) = field(months, &MONTHS)?;
        let (weekdays, all_weekdays) = field(weekdays, &WEEKDAYS)?;
        Ok(Self {
            minutes,
            hours,
            days,
            months,
            weekdays,
            days_are_free: all_days || all_weekdays,
        })
    }
}

/// The numbers of a field, and whether it says that any will do.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut bits = 0;
    let mut any = false;
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (more, is_any) = range(part, bounds)?;
        bits |= more;
        any |= is_any;
    }
    Ok((bits, any))
}

/// Reads `*`, `5`, `1-5`, `*/2`, `mon-fri/2`.
fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut parts = text.split('/');
    let range = parts.next().unwrap_or_default();
    let step = parts.next();
    let too_many_slashes = parts.next().is_some();
    let mut ends = range.split('-');
    let low = ends.next().unwrap_or_default();
    let high = ends.next();
    let is_star = matches!(low, "*" | "?");
    let (start, mut end) = if is_star {
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(low, bounds)?;
        let end = match high {
            None => start,
            Some(_) if ends.next().is_some() => return Err(format!("too many hyphens: {text}")),
            Some(high) => number_or_name(high, bounds)?,
        };
        (start, end)
    };
    let mut step_size = 1;
    if too_many_slashes {
        return Err(format!("too many slashes: {text}"));
    }
    if let Some(step) = step {
        step_size = number(step)?;
        if high.is_none() {
            end = bounds.max;
        }
    }
    let (min, max) = (bounds.min, bounds.max);
    if start < min {
        Err(format!(
            "beginning of range ({start}) below minimum ({min}): {text}"
        ))
    } else if end > max {
        Err(format!(
            "end of range ({end}) above maximum ({max}): {text}"
        ))
    } else if start > end {
        Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {text}"
        ))
    } else if step_size == 0 {
        Err(format!("step of range should be a positive number: {text}"))
    } else {
        let mut bits = 0_u64;
        let mut place = start;
        while place <= end {
            bits |= 1_u64
                .checked_shl(u32::try_from(place).unwrap_or(u32::MAX))
                .unwrap_or(0);
            place = place.saturating_add(step_size);
        }
        Ok((bits, is_star && step_size == 1))
    }
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let lower = text.to_lowercase();
    let found = (bounds.min..)
        .zip(bounds.names)
        .find(|(_, name)| **name == lower);
    found.map_or_else(|| number(text), |(number, _)| Ok(number))
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let failed = |why: &str| {
        let shown = quote(text);
        Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {shown}: {why}"
        ))
    };
    if !is_number {
        return failed("invalid syntax");
    }
    match text.parse::<i64>() {
        Err(_) => failed("value out of range"),
        Ok(number) => u64::try_from(number)
            .map_err(|_| format!("negative number ({number}) not allowed: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Schedule, String> {
        Schedule::parse(text, |zone| zone == "Europe/Berlin")
    }

    #[test]
    fn good_schedules_are_good() {
        for text in [
            "* * * * *",
            "0/5 1-3,7 ? JAN-mar Mon",
            "@daily",
            "@every 1h30m",
            "TZ=Europe/Berlin 0 0 1 1 0",
            "*/15 * * * 0-6/2",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn fields_are_sets_of_numbers() {
        let Ok(Schedule {
            when: When::Fields(fields),
            zone,
        }) = parse("0/20 1-3,7 ? JAN-mar Mon")
        else {
            panic!("five fields are fields");
        };
        assert_eq!(zone, None);
        assert_eq!(fields.minutes, 1 | 1 << 20 | 1 << 40);
        assert_eq!(fields.hours, 0b1000_1110);
        assert_eq!(fields.days, 0xffff_fffe);
        assert_eq!(fields.months, 0b1110);
        assert_eq!(fields.weekdays, 0b10);
        assert!(fields.days_are_free);
        for (text, expected) in [
            ("0 0 1 * 1", false),
            ("0 0 */2 * 1", false),
            ("0 0 */1 * 1", true),
        ] {
            let Ok(Schedule {
                when: When::Fields(fields),
                ..
            }) = parse(text)
            else {
                panic!("five fields are fields");
            };
            assert_eq!(fields.days_are_free, expected, "{text}");
        }
    }

    #[test]
    fn intervals_are_whole_seconds() {
        for (text, expected) in [
            ("@every 1h30m", 5400),
            ("@every 1.5s", 1),
            ("@every 2.75m", 165),
            ("@every 10ms", 1),
            ("@every 0", 1),
            ("@every -5m", 1),
        ] {
            assert_eq!(parse(text).unwrap().when, When::Every(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_parser() {
        for (text, expected) in [
            ("", "empty spec string"),
            ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "5-3 * * * *",
                "beginning of range (5) beyond end of range (3): 5-3",
            ),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            (
                "a * * * *",
                "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax",
            ),
            ("@often", "unrecognized descriptor: @often"),
            (
                "@every 5",
                "failed to parse duration @every 5: time: missing unit in duration \"5\"",
            ),
            (
                "@every 9999999999h",
                "failed to parse duration @every 9999999999h: time: invalid duration \"9999999999h\"",
            ),
            (
                "TZ=Nowhere * * * * *",
                "provided bad location Nowhere: unknown time zone Nowhere",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }
}
