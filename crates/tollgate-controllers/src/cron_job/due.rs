//! Which run of a CronJob is due, and when the next one is.

use super::clockwork::Clockwork;
use std::time::Duration;
use tollgate_api::Timestamp;

/// Clocks differ a little: who looks a moment too early would have to look again.
const LATE: Duration = Duration::from_millis(100);
/// How many missed runs are many.
const MANY: i64 = 100;

/// What a run depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The last run; the beginning of the CronJob if there was none.
    pub(super) earliest: Timestamp,
    /// How many seconds late a run may begin.
    pub(super) deadline: Option<i64>,
    pub(super) now: Timestamp,
}

/// How many runs were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    None,
    Few,
    Many,
}

/// The latest run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) time: Option<Timestamp>,
    pub(super) missed: Missed,
}

/// A schedule that is never due, or too often.
pub(super) const TOO_SHORT: &str = "time difference between two schedules is less than 1 second";

/// Finds the latest run that is due since `earliest`.
fn latest(clockwork: &Clockwork, earliest: Timestamp, now: Timestamp) -> Result<Due, &'static str> {
    let first = clockwork.next(earliest).ok_or(TOO_SHORT)?;
    let second = clockwork.next(first).ok_or(TOO_SHORT)?;
    if now < first || now < second {
        return Ok(Due {
            time: (now >= first).then_some(first),
            missed: Missed::None,
        });
    }
    let gap = second.unix_seconds().saturating_sub(first.unix_seconds());
    if gap < 1 {
        return Err(TOO_SHORT);
    }
    // From the gap between the first two, a guess: so years of missed runs are not walked through one by one.
    let passed = now.unix_seconds().saturating_sub(first.unix_seconds());
    let count = (passed / gap).saturating_add(1);
    let skipped = count.saturating_sub(2).saturating_mul(gap);
    let mut time = None;
    let mut candidate = clockwork.next(first.saturating_add_seconds(skipped));
    while let Some(due) = candidate.filter(|due| *due <= now) {
        time = Some(due);
        candidate = clockwork.next(due);
    }
    let missed = if count > MANY {
        Missed::Many
    } else {
        Missed::Few
    };
    Ok(Due { time, missed })
}

/// The run that is to begin now.
pub(super) fn due(clockwork: &Clockwork, times: Times) -> Result<Due, &'static str> {
    let limit = times
        .deadline
        .map(|deadline| times.now.saturating_add_seconds(deadline.saturating_neg()));
    let earliest = limit.map_or(times.earliest, |limit| limit.max(times.earliest));
    latest(clockwork, earliest, times.now)
}

/// How long to wait for the next run; none if there will be none.
pub(super) fn wait(clockwork: &Clockwork, times: Times) -> Option<Duration> {
    let base = match latest(clockwork, times.earliest, times.now) {
        Ok(Due {
            time: Some(time), ..
        }) => time,
        Ok(Due {
            missed: Missed::None,
            ..
        }) => times.earliest,
        Ok(_) | Err(_) => times.now,
    };
    let next = clockwork.next(base)?;
    Some(crate::moment::until(next, times.now).saturating_add(LATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-01-15T{text}Z")).unwrap()
    }

    fn times(earliest: &str, deadline: Option<i64>, now: &str) -> Times {
        Times {
            earliest: at(earliest),
            deadline,
            now: at(now),
        }
    }

    #[test]
    fn the_latest_run_is_due_and_missed_ones_are_counted() {
        let hourly = Clockwork::new("0 * * * *", None).unwrap();
        let minutely = Clockwork::new("* * * * *", None).unwrap();
        let uneven = Clockwork::new("30 6-16/4 * * 1-5", None).unwrap();
        for (clockwork, times, time, missed) in [
            (
                &hourly,
                times("09:30:00", None, "09:59:59"),
                None,
                Missed::None,
            ),
            (
                &hourly,
                times("09:30:00", None, "10:00:00"),
                Some("10:00:00"),
                Missed::None,
            ),
            (
                &hourly,
                times("09:30:00", None, "10:59:00"),
                Some("10:00:00"),
                Missed::None,
            ),
            (
                &hourly,
                times("09:30:00", None, "12:10:00"),
                Some("12:00:00"),
                Missed::Few,
            ),
            (
                &hourly,
                times("09:30:00", Some(600), "12:11:00"),
                None,
                Missed::None,
            ),
            (
                &hourly,
                times("09:30:00", Some(660), "12:10:00"),
                Some("12:00:00"),
                Missed::None,
            ),
            (
                &minutely,
                times("09:30:00", None, "11:09:30"),
                Some("11:09:00"),
                Missed::Few,
            ),
            (
                &minutely,
                times("09:30:00", None, "11:11:30"),
                Some("11:11:00"),
                Missed::Many,
            ),
            (
                &uneven,
                times("00:00:00", None, "15:00:00"),
                Some("14:30:00"),
                Missed::Few,
            ),
        ] {
            let expected = Due {
                time: time.map(at),
                missed,
            };
            assert_eq!(due(clockwork, times), Ok(expected), "{times:?}");
        }
        let never = Clockwork::new("59 23 31 2 *", None).unwrap();
        assert_eq!(
            due(&never, times("09:30:00", None, "10:00:00")),
            Err(TOO_SHORT)
        );
    }

    #[test]
    fn the_next_run_is_waited_for() {
        let hourly = Clockwork::new("0 * * * *", None).unwrap();
        for (earliest, now, minutes) in [
            ("09:30:00", "09:40:00", 20),
            ("09:30:00", "10:00:00", 60),
            ("09:30:00", "12:10:00", 50),
            ("10:00:00", "10:00:00", 60),
        ] {
            let expected = Duration::from_secs(minutes * 60) + LATE;
            assert_eq!(
                wait(&hourly, times(earliest, None, now)),
                Some(expected),
                "{now}"
            );
        }
        let never = Clockwork::new("59 23 31 2 *", None).unwrap();
        assert_eq!(wait(&never, times("09:30:00", None, "10:00:00")), None);
    }
}
