//! When a schedule is due, in its time zone.
//!
//! As upstream's library has it: an hour that the clocks skip has no times, and one that they show twice has its times
//! twice.

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _,
};
use chrono_tz::Tz;
use tollgate_api::Timestamp;
use tollgate_api::schedule::{Fields, Schedule, When};

/// How many years to look ahead before a schedule is said to be never due: 31 February.
const YEARS_MAX: i32 = 5;

/// A schedule in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clockwork {
    when: When,
    zone: Tz,
}

/// The time zone of a name.
pub(super) fn zone(name: &str) -> Option<Tz> {
    match name {
        "" | "Local" => Some(Tz::UTC),
        name => name.parse().ok(),
    }
}

impl Clockwork {
    /// Reads a schedule; `zone_name` is that of the CronJob, if it has one.
    pub(super) fn new(text: &str, zone_name: Option<&str>) -> Result<Self, String> {
        let schedule = Schedule::parse(text, |name| zone(name).is_some())?;
        // A zone in the text itself counts: such a text cannot have another beside it.
        let name = schedule.zone.as_deref().or(zone_name);
        Ok(Self {
            when: schedule.when,
            zone: name.and_then(zone).unwrap_or(Tz::UTC),
        })
    }

    /// The first time after a moment.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Every(seconds) => Some(Timestamp::from_unix_seconds(
                after.unix_seconds().saturating_add(*seconds),
            )),
            When::Fields(fields) => {
                let second = after.unix_seconds().checked_add(1)?;
                let start = self.zone.timestamp_opt(second, 0).single()?;
                let found = search(fields, start)?;
                Some(Timestamp::from_unix_seconds(found.timestamp()))
            }
        }
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits.checked_shr(number).unwrap_or_default() & 1 == 1
}

fn is_day(fields: &Fields, date: NaiveDate) -> bool {
    let day = has(fields.days, date.day());
    let weekday = has(fields.weekdays, date.weekday().num_days_from_sunday());
    if fields.days_are_free {
        day && weekday
    } else {
        day || weekday
    }
}

/// The first moment of a day; the clocks may skip midnight.
fn beginning(date: NaiveDate, zone: Tz) -> Option<DateTime<Tz>> {
    let midnight = date.and_time(NaiveTime::MIN);
    (0..=24).find_map(|quarters| {
        let time = midnight.checked_add_signed(TimeDelta::minutes(quarters * 15))?;
        zone.from_local_datetime(&time).earliest()
    })
}

/// The first minute that all fields name, from `start` on.
fn search(fields: &Fields, start: DateTime<Tz>) -> Option<DateTime<Tz>> {
    let zone = start.timezone();
    let last_year = start.year().saturating_add(YEARS_MAX);
    let into_minute = i64::from(start.second());
    // A minute that has begun is over.
    let mut time = if into_minute == 0 {
        start
    } else {
        start.checked_add_signed(TimeDelta::seconds(60_i64.saturating_sub(into_minute)))?
    };
    while time.year() <= last_year {
        let date = time.date_naive();
        if !has(fields.months, date.month()) {
            let first = date
                .with_day(1)?
                .checked_add_months(chrono::Months::new(1))?;
            time = beginning(first, zone)?;
        } else if !is_day(fields, date) {
            time = beginning(date.checked_add_days(Days::new(1))?, zone)?;
        } else if !has(fields.hours, time.hour()) {
            let left = 60_i64.saturating_sub(i64::from(time.minute()));
            time = time.checked_add_signed(TimeDelta::minutes(left))?;
        } else if !has(fields.minutes, time.minute()) {
            time = time.checked_add_signed(TimeDelta::minutes(1))?;
        } else {
            return Some(time);
        }
    }
    None
}

/// A time as Go's RFC 3339 in a zone.
pub(super) fn in_zone(time: Timestamp, zone: Tz) -> String {
    let Some(local) = zone.timestamp_opt(time.unix_seconds(), 0).single() else {
        return time.to_string();
    };
    let wall = Timestamp::from_unix_seconds(local.naive_local().and_utc().timestamp());
    let text = wall.to_string();
    let offset = local
        .naive_local()
        .signed_duration_since(local.naive_utc())
        .num_minutes();
    if offset == 0 {
        return text;
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs();
    let wall = text.trim_end_matches('Z');
    format!("{wall}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A time in UTC as mails write it: `Thu, 15 Jan 2026 12:00:00 +0000`.
pub(super) fn as_mail(time: Timestamp) -> String {
    const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let Some(utc) = Tz::UTC.timestamp_opt(time.unix_seconds(), 0).single() else {
        return time.to_string();
    };
    let name = |names: &'static [&'static str], place: u32| {
        let place = usize::try_from(place).unwrap_or_default();
        names.get(place).copied().unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        name(&WEEKDAYS, utc.weekday().num_days_from_sunday()),
        utc.day(),
        name(&MONTHS, utc.month0()),
        utc.year(),
        utc.hour(),
        utc.minute(),
        utc.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &str, zone_name: Option<&str>, after: &str, expected: &[&str]) {
        let clockwork = Clockwork::new(schedule, zone_name).unwrap();
        let mut time = Timestamp::parse(after).unwrap();
        for expected in expected {
            time = clockwork.next(time).unwrap();
            assert_eq!(Some(time), Timestamp::parse(expected), "{schedule} {time}");
        }
    }

    #[test]
    fn fields_name_minutes() {
        check(
            "* * * * *",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-15T12:01:00Z"],
        );
        check(
            "* * * * *",
            None,
            "2026-01-15T11:59:59Z",
            &["2026-01-15T12:00:00Z"],
        );
        check(
            "*/15 9-10 * * *",
            None,
            "2026-01-15T10:30:30Z",
            &["2026-01-15T10:45:00Z", "2026-01-16T09:00:00Z"],
        );
        check(
            "0 0 1 1 *",
            None,
            "2026-01-15T12:00:00Z",
            &["2027-01-01T00:00:00Z"],
        );
        check(
            "0 0 29 2 *",
            None,
            "2026-01-15T12:00:00Z",
            &["2028-02-29T00:00:00Z"],
        );
        check(
            "0 12 * * mon",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-19T12:00:00Z"],
        );
        check(
            "0 0 20 * fri",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-16T00:00:00Z", "2026-01-20T00:00:00Z"],
        );
        check(
            "0 0 * * fri",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-16T00:00:00Z", "2026-01-23T00:00:00Z"],
        );
        check(
            "@every 90s",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-15T12:01:30Z"],
        );
    }

    #[test]
    fn a_day_that_never_comes_is_never_due() {
        let never = Clockwork::new("59 23 31 2 *", None).unwrap();
        assert_eq!(
            never.next(Timestamp::parse("2026-01-15T12:00:00Z").unwrap()),
            None
        );
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let berlin = Some("Europe/Berlin");
        check(
            "30 8 * * *",
            berlin,
            "2026-01-15T12:00:00Z",
            &["2026-01-16T07:30:00Z"],
        );
        check(
            "30 8 * * *",
            berlin,
            "2026-07-15T12:00:00Z",
            &["2026-07-16T06:30:00Z"],
        );
        check(
            "TZ=Asia/Kolkata 30 8 * * *",
            None,
            "2026-01-15T12:00:00Z",
            &["2026-01-16T03:00:00Z"],
        );
        assert_eq!(
            Clockwork::new("* * * * *", Some("Nowhere/At-All"))
                .unwrap()
                .zone,
            Tz::UTC
        );
        assert!(Clockwork::new("TZ=Nowhere * * * * *", None).is_err());
    }

    #[test]
    fn hours_that_clocks_skip_have_no_times_and_those_shown_twice_have_two() {
        let berlin = Some("Europe/Berlin");
        // The clocks go from 2:00 to 3:00 on 29 March and from 3:00 to 2:00 on 25 October.
        check(
            "30 2 * * *",
            berlin,
            "2026-03-28T12:00:00Z",
            &["2026-03-30T00:30:00Z"],
        );
        check(
            "30 2 * * *",
            berlin,
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
        );
        // In Beirut they skip midnight.
        check(
            "0 0 * * *",
            Some("Asia/Beirut"),
            "2026-03-28T12:00:00Z",
            &["2026-03-29T21:00:00Z"],
        );
        check(
            "0 1 * * *",
            Some("Asia/Beirut"),
            "2026-03-28T12:00:00Z",
            &["2026-03-28T22:00:00Z"],
        );
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        let time = Timestamp::parse("2026-01-05T07:08:09Z").unwrap();
        assert_eq!(in_zone(time, Tz::UTC), "2026-01-05T07:08:09Z");
        assert_eq!(
            in_zone(time, zone("Asia/Kolkata").unwrap()),
            "2026-01-05T12:38:09+05:30"
        );
        assert_eq!(
            in_zone(time, zone("America/New_York").unwrap()),
            "2026-01-05T02:08:09-05:00"
        );
        assert_eq!(as_mail(time), "Mon, 05 Jan 2026 07:08:09 +0000");
    }
}
