//! `pods/log`: what a container wrote, as a plain body.

use super::agent_of;
use crate::http::body::AnswerBody;
use crate::http::ending::Ending;
use crate::http::options::log_options;
use crate::http::respond::{self, HttpAnswer};
use crate::http::{head::Head, service::Service, waiting};
use crate::verbs::Call;
use crate::verbs::subresources::{check_log_options, target};
use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::{Response, StatusCode};
use tollgate_api::Status;
use tollgate_api::node_agent::Stream;

/// Pieces of a log that wait for the client to read them.
const PIECES_MAX: usize = 4;

/// Answers with the log.
pub(super) async fn answer(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
) -> Result<HttpAnswer, Status> {
    let (options, stream) = log_options(&head.query)?;
    check_log_options(call.name, &options, stream)?;
    let Some(placed) = target::container(call, head.query.text("container"))? else {
        let mut answer = Response::new(AnswerBody::Whole(None));
        *answer.status_mut() = StatusCode::NO_CONTENT;
        return Ok(answer);
    };
    let refused = |error| target::log_refused(&placed, error);
    let agent = agent_of(service, placed.pod().node)
        .await
        .map_err(refused)?;
    target::check_has_log(&placed, &options)?;
    let log = agent.logs(placed.container(), &options).await;
    let log = log.map_err(refused)?;
    let limit = options
        .limit_bytes
        .map_or(u64::MAX, |limit| u64::try_from(limit).unwrap_or_default());
    let (sender, receiver) = waiting::queue(PIECES_MAX);
    let mut stopping = service.stopping.subscribe();
    tokio::spawn(async move {
        tokio::select! {
            () = send(log, limit, &sender) => {}
            () = sender.closed() => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    });
    Ok(respond::answer(
        200,
        "text/plain",
        AnswerBody::Stream(receiver, Ending::default()),
    ))
}

/// Sends the log up to its limit.
async fn send(mut log: Stream<Bytes>, mut left: u64, to: &waiting::Sender) {
    while left > 0
        && let Some(mut piece) = log.next().await
    {
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left = left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if !piece.is_empty() && !to.send(piece).await {
            return;
        }
    }
}
