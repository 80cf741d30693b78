//! How a client asks to speak something else than HTTP on its connection, and how it is told that it may.

use crate::http::body::AnswerBody;
use crate::http::head::Head;
use crate::http::respond::HttpAnswer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Response, StatusCode};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tollgate_api::Status;
use tollgate_api::go_format::{list, quote};

/// What a client of SPDY wants to speak inside it.
const STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");
/// What it could have wanted.
const ACCEPTED_PROTOCOLS: HeaderName =
    HeaderName::from_static("x-accepted-stream-protocol-versions");
/// What the answer to a websocket's key is made with.
const WEBSOCKET_ID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How a client wants to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// As a websocket.
    WebSocket,
    /// In SPDY/3.1.
    Spdy,
}

/// Which way a client wants to go on.
pub(super) fn wanted(head: &Head) -> Result<Transport, Status> {
    let is_upgrade = words(head, &CONNECTION)
        .iter()
        .any(|word| word.eq_ignore_ascii_case("upgrade"));
    if !is_upgrade {
        return Err(Status::bad_request("Upgrade request required"));
    }
    let to = words(head, &UPGRADE);
    if to.iter().any(|to| to.eq_ignore_ascii_case("websocket")) {
        return websocket(head);
    }
    if to.iter().any(|to| to.eq_ignore_ascii_case("SPDY/3.1")) {
        return Ok(Transport::Spdy);
    }
    Err(Status::bad_request(format!(
        "unable to upgrade: the connection can go on as websocket or SPDY/3.1, not as {}",
        list(&to)
    )))
}

fn websocket(head: &Head) -> Result<Transport, Status> {
    let is_known = words(head, &SEC_WEBSOCKET_VERSION) == ["13"];
    let has_key = head.headers.contains_key(SEC_WEBSOCKET_KEY);
    if head.method == Method::GET && is_known && has_key {
        return Ok(Transport::WebSocket);
    }
    let why = "unable to upgrade: a websocket is opened by GET, with a key and version 13";
    Err(Status::bad_request(why))
}

/// The words of a header that may stand there more than once.
fn words<'h>(head: &'h Head, name: &HeaderName) -> Vec<&'h str> {
    let values = head.headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let words = texts.flat_map(|text| text.split(',')).map(str::trim);
    words.filter(|word| !word.is_empty()).collect()
}

/// The first protocol of the client's that is spoken here; else the answer that says which are.
pub(super) fn choose<'p>(
    head: &Head,
    transport: Transport,
    spoken: &[&'p str],
) -> Result<&'p str, Box<HttpAnswer>> {
    let name = match transport {
        Transport::WebSocket => &SEC_WEBSOCKET_PROTOCOL,
        Transport::Spdy => &STREAM_PROTOCOL,
    };
    let offered = words(head, name);
    let chosen = offered
        .iter()
        .find_map(|offered| spoken.iter().find(|known| *known == offered));
    if let Some(chosen) = chosen {
        return Ok(chosen);
    }
    let offered: Vec<String> = offered.iter().map(|offered| quote(offered)).collect();
    let text = format!(
        "unable to upgrade: unable to negotiate protocol: client supports {}, server accepts {}",
        list(&offered),
        list(spoken)
    );
    let mut answer = crate::http::respond::text(403, text.into_bytes());
    for known in spoken {
        if let Ok(known) = HeaderValue::from_str(known) {
            answer.headers_mut().append(ACCEPTED_PROTOCOLS, known);
        }
    }
    Err(Box::new(answer))
}

/// The answer after which the connection is no longer HTTP's.
pub(super) fn accepted(head: &Head, transport: Transport, protocol: &str) -> HttpAnswer {
    let mut answer = Response::new(AnswerBody::Whole(None));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    match transport {
        Transport::Spdy => {
            set(UPGRADE, "SPDY/3.1");
            set(STREAM_PROTOCOL, protocol);
        }
        Transport::WebSocket => {
            set(UPGRADE, "websocket");
            set(SEC_WEBSOCKET_PROTOCOL, protocol);
            let mut text = Vec::new();
            if let Some(key) = head.headers.get(SEC_WEBSOCKET_KEY) {
                text.extend_from_slice(key.as_bytes());
            }
            text.extend_from_slice(WEBSOCKET_ID.as_bytes());
            let accept = digest(&SHA1_FOR_LEGACY_USE_ONLY, &text);
            set(SEC_WEBSOCKET_ACCEPT, &STANDARD.encode(accept));
        }
    }
    answer
}
