//! How long a request may take: what the server allows, and less if the client says so in `?timeout=`.

use super::body::AnswerBody;
use super::query::Query;
use super::request_info::RequestInfo;
use super::respond::{self, HttpAnswer};
use crate::error;
use std::time::Duration;
use tollgate_api::Status;
use tollgate_api::go_format::quote;

/// How long the request may take; none for what goes on until somebody ends it, which has no deadline.
pub(super) fn limit(
    info: &RequestInfo,
    query: &Query,
    most: Duration,
) -> Result<Option<Duration>, Status> {
    if info.is_long_running() {
        return Ok(None);
    }
    let text = query.text("timeout");
    if text.is_empty() {
        return Ok(Some(most));
    }
    match parse_duration(text) {
        // None and more than there is are what the server allows.
        Ok(wanted) => Ok(Some(
            wanted
                .filter(|wanted| !wanted.is_zero())
                .map_or(most, |wanted| wanted.min(most)),
        )),
        Err(why) => Err(Status::bad_request(format!(
            "invalid timeout specified in the request URL - {why}"
        ))),
    }
}

/// The answer to a request that took too long. Upstream writes it where no form was chosen: a `Status` without its
/// kind, of which Go's server guesses that it is text.
pub(super) fn exceeded() -> (Status, HttpAnswer) {
    let status = error::timeout();
    let mut object = error::status_object(&status);
    for key in ["kind", "apiVersion"] {
        object.remove(key);
    }
    let mut text = object.to_string().into_bytes();
    text.push(b'\n');
    let body: AnswerBody = text.into();
    (
        status,
        respond::answer(504, "text/plain; charset=utf-8", body),
    )
}

/// The units of Go's durations, in nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];
/// The longest that Go knows.
const NANOS_MAX: f64 = 9_223_372_036_854_775_807.0;

/// Reads `1h2m3.5s` as Go's `time.ParseDuration` does; none is a negative one. The error is Go's.
pub fn parse_duration(text: &str) -> Result<Option<Duration>, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(Some(Duration::ZERO));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let is_number = |c: char| c == '.' || c.is_ascii_digit();
        let end = rest.find(|c: char| !is_number(c)).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let amount: f64 = number.parse().map_err(|_| invalid())?;
        let end = after.find(is_number).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let Some((_, size)) = UNITS.iter().find(|(known, _)| *known == unit) else {
            return Err(format!(
                "time: unknown unit {} in duration {}",
                quote(unit),
                quote(text)
            ));
        };
        nanos += amount * size;
        if nanos > NANOS_MAX {
            return Err(invalid());
        }
        rest = after;
    }
    if negative {
        return Ok(None);
    }
    Ok(Some(Duration::from_secs_f64(nanos / 1e9)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_of(path: &str, query: &str) -> Result<Option<Duration>, String> {
        let query = Query::parse(query);
        let info = RequestInfo::new("GET", path, &query);
        limit(&info, &query, Duration::from_mins(1)).map_err(|status| status.message)
    }

    #[test]
    fn a_client_may_take_less_time_but_never_more() {
        let seconds = |query: &str| limit_of("/api/v1/pods", query).unwrap().unwrap();
        assert_eq!(seconds(""), Duration::from_mins(1));
        assert_eq!(seconds("timeout=2s"), Duration::from_secs(2));
        assert_eq!(seconds("timeout=1.5s"), Duration::from_millis(1500));
        assert_eq!(seconds("timeout=1h"), Duration::from_mins(1));
        assert_eq!(seconds("timeout=0s"), Duration::from_mins(1));
        assert_eq!(seconds("timeout=-3s"), Duration::from_mins(1));
    }

    #[test]
    fn what_goes_on_has_no_deadline() {
        assert_eq!(limit_of("/api/v1/pods", "watch=1&timeout=1s"), Ok(None));
        assert_eq!(limit_of("/api/v1/pods", "watch=1&timeout=x"), Ok(None));
    }

    #[test]
    fn what_is_no_duration_is_refused_in_gos_words() {
        let refusal = |text: &str| limit_of("/version", &format!("timeout={text}")).unwrap_err();
        let prefix = "invalid timeout specified in the request URL - time: ";
        for (text, why) in [
            ("abc", "invalid duration \"abc\""),
            ("5", "missing unit in duration \"5\""),
            ("5x", "unknown unit \"x\" in duration \"5x\""),
            ("1s2", "missing unit in duration \"1s2\""),
            ("-", "invalid duration \"-\""),
            (".s", "invalid duration \".s\""),
            ("99999999h", "invalid duration \"99999999h\""),
        ] {
            assert_eq!(refusal(text), format!("{prefix}{why}"));
        }
    }
}
