//! Schedules of five fields or by name, with what the parser of upstream's choice says of those that are none.

use super::is_time_zone;
use tollgate_api::go_format::quote;

/// What a field of a schedule may be.
struct Bounds {
    min: u64,
    max: u64,
    /// Names of the numbers from `min`.
    names: &'static [&'static str],
}

const FIELDS: [Bounds; 5] = [
    Bounds {
        min: 0,
        max: 59,
        names: &[],
    },
    Bounds {
        min: 0,
        max: 23,
        names: &[],
    },
    Bounds {
        min: 1,
        max: 31,
        names: &[],
    },
    Bounds {
        min: 1,
        max: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Bounds {
        min: 0,
        max: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Checks that a text is a schedule.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let text = without_zone(text)?;
    if text.starts_with('@') {
        return check_descriptor(text);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "expected exactly {} fields, found {}: [{}]",
            FIELDS.len(),
            fields.len(),
            fields.join(" ")
        ));
    }
    for (field, bounds) in fields.iter().zip(&FIELDS) {
        for range in field.split(',').filter(|range| !range.is_empty()) {
            check_range(range, bounds)?;
        }
    }
    Ok(())
}

/// The schedule after `TZ=<zone>`.
fn without_zone(text: &str) -> Result<&str, String> {
    let named = ["TZ=", "CRON_TZ="]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let Some(named) = named else {
        return Ok(text);
    };
    // Without a schedule behind it, upstream takes all of it for the zone.
    let (zone, rest) = named.split_once(' ').unwrap_or((named, ""));
    if zone.is_empty() || zone == "Local" || is_time_zone(zone) {
        Ok(rest.trim())
    } else {
        Err(format!(
            "provided bad location {zone}: unknown time zone {zone}"
        ))
    }
}

fn check_descriptor(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 7] = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if KNOWN.contains(&text) {
        return Ok(());
    }
    let Some(duration) = text.strip_prefix("@every ") else {
        return Err(format!("unrecognized descriptor: {text}"));
    };
    check_duration(duration).map_err(|why| format!("failed to parse duration {text}: {why}"))
}

/// Checks a duration as Go writes it: `1h30m`.
fn check_duration(text: &str) -> Result<(), String> {
    let invalid = || Err(format!("time: invalid duration {}", quote(text)));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(());
    }
    if rest.is_empty() {
        return invalid();
    }
    while !rest.is_empty() {
        let number_end = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let dots = number.matches('.').count();
        if dots > 1 || number.len() <= dots {
            return invalid();
        }
        let unit_end = tail
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" => {}
            _ => {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote(unit),
                    quote(text)
                ));
            }
        }
        rest = tail;
    }
    Ok(())
}

/// Checks `*`, `5`, `1-5`, `*/2`, `mon-fri/2`.
fn check_range(text: &str, bounds: &Bounds) -> Result<(), String> {
    let mut parts = text.split('/');
    let range = parts.next().unwrap_or_default();
    let step = parts.next();
    let too_many_slashes = parts.next().is_some();
    let mut ends = range.split('-');
    let low = ends.next().unwrap_or_default();
    let high = ends.next();
    let (start, mut end) = if matches!(low, "*" | "?") {
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
        Ok(())
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
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_parser() {
        for (text, expected) in [
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
                "TZ=Nowhere * * * * *",
                "provided bad location Nowhere: unknown time zone Nowhere",
            ),
        ] {
            assert_eq!(check(text), Err(expected.to_owned()), "{text}");
        }
    }
}
