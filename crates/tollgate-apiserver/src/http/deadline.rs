//! How long a request may take: what the server allows, and less if the client says so in `?timeout=`.

use super::body::AnswerBody;
use super::query::Query;
use super::request_info::RequestInfo;
use super::respond::{self, HttpAnswer};
use crate::error;
use std::time::Duration;
use tollgate_api::{Status, duration};

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
    match duration::parse(text) {
        // None, a negative one and more than there is are what the server allows.
        Ok(nanos) => Ok(Some(
            u64::try_from(nanos)
                .ok()
                .filter(|nanos| *nanos > 0)
                .map_or(most, |nanos| Duration::from_nanos(nanos).min(most)),
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
