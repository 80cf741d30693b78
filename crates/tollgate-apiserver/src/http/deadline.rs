//! How long a request may take: what its client says, at most what the server allows.

use super::connect;
use super::query::Query;
use super::request_info::RequestInfo;
use crate::error;
use std::time::Duration;
use tollgate_api::{Status, go_duration};

/// What a request may take whose client says nothing, or asks for more.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a request may take; `None` for watches and streams, which end otherwise.
pub(super) fn of(info: &RequestInfo, query: &Query) -> Result<Option<Duration>, Status> {
    if info.verb == "watch" || connect::is_connect(info) {
        return Ok(None);
    }
    let text = query.text("timeout");
    if text.is_empty() {
        return Ok(Some(REQUEST_TIMEOUT));
    }
    let asked = go_duration::nanoseconds(text).map_err(|why| {
        Status::bad_request(format!(
            "invalid timeout specified in the request URL - {why}"
        ))
    })?;
    let asked = Duration::from_nanos(u64::try_from(asked).unwrap_or_default());
    let is_less = !asked.is_zero() && asked < REQUEST_TIMEOUT;
    Ok(Some(if is_less { asked } else { REQUEST_TIMEOUT }))
}

/// What becomes of work that may take so long.
pub(super) async fn within<T>(
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    match deadline {
        None => work.await,
        Some(deadline) => tokio::time::timeout(deadline, work)
            .await
            .unwrap_or_else(|_| Err(error::timeout())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(path: &str, query: &str) -> Result<Option<Duration>, String> {
        let query = Query::parse(query);
        of(&RequestInfo::new("GET", path, &query), &query).map_err(|status| status.message)
    }

    #[test]
    fn clients_may_ask_for_less_time_than_the_server_allows() {
        let pods = "/api/v1/pods";
        let minute = Ok(Some(Duration::from_mins(1)));
        for whole in ["", "timeout=", "timeout=0s", "timeout=3m", "timeout=-5s"] {
            assert_eq!(deadline(pods, whole), minute, "{whole}");
        }
        let asked = Ok(Some(Duration::from_millis(1500)));
        assert_eq!(deadline(pods, "timeout=1.5s"), asked);
        assert_eq!(deadline("/version", "timeout=1.5s"), asked);
        let why =
            "invalid timeout specified in the request URL - time: invalid duration \"invalid\"";
        assert_eq!(deadline(pods, "timeout=invalid"), Err(why.to_owned()));
    }

    #[test]
    fn watches_and_streams_have_no_deadline() {
        assert_eq!(deadline("/api/v1/pods", "watch=1&timeout=1s"), Ok(None));
        let log = "/api/v1/namespaces/a/pods/b/log";
        assert_eq!(deadline(log, "timeout=x"), Ok(None));
    }

    #[tokio::test]
    async fn work_beyond_its_deadline_is_given_up() {
        let never = std::future::pending::<Result<(), Status>>();
        let given_up = within(Some(Duration::ZERO), never).await;
        assert_eq!(given_up.unwrap_err().code, 504);
        assert_eq!(within(None, async { Ok(1) }).await, Ok(1));
    }
}
