//! `proxy`: HTTP that goes on to a pod, one of a service's pods, or a node.

use super::agent_of;
use super::bytes_io::dial;
use crate::auth::impersonate::Wanted;
use crate::error;
use crate::http::body::AnswerBody;
use crate::http::ending::Ending;
use crate::http::respond::{self, HttpAnswer};
use crate::http::{head::Head, service::Service};
use crate::verbs::Call;
use crate::verbs::subresources::proxy::{Destination, destination};
use crate::verbs::subresources::{connect, target};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tollgate_api::node_agent::{AgentError, NodeAgent};
use tollgate_api::{Status, Value};

/// Headers that are about one connection, besides those that `Connection` names.
const OF_CONNECTION: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Passes the request on and gives back what is answered.
pub(super) async fn answer(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
    body: Incoming,
) -> Result<HttpAnswer, Status> {
    let (base, tail) = split_path(head.uri.path(), call.resource.namespaced);
    let mut options = proxy_options(call, tail);
    connect::admit(call, &mut options).await?;
    let to = destination(call)?;
    let upgrades = head.headers.contains_key(UPGRADE) && head.upgrade.is_some();
    if tail.is_empty() && !upgrades {
        return Ok(to_folder(head));
    }
    let unreachable = |error: AgentError| target::service_unreachable(&error);
    let agent = agent_of(service, to.node()).await.map_err(unreachable)?;
    if to.is_kubelet
        && !upgrades
        && let Some(answer) = of_kubelet(&*agent, head, to.node(), tail).await?
    {
        return Ok(answer);
    }
    let io = dial(&agent, to.target(), to.port)
        .await
        .map_err(unreachable)?;
    let broken = |error: hyper::Error| {
        error::service_unavailable(format!("error trying to reach service: {error}"))
    };
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(io));
    let (mut sender, connection) = handshake.await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    let request = request(head, &to, tail, upgrades, body)?;
    let mut response = sender.send_request(request).await.map_err(broken)?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switched(service, head, &mut response);
    }
    let (mut parts, body) = response.into_parts();
    remove_connection_headers(&mut parts.headers);
    rewrite_location(&mut parts.headers, base, &to.host);
    let body = AnswerBody::Relayed(body, Ending::default());
    Ok(Response::from_parts(parts, body))
}

/// What the node's agent has to say to whoever reads the kubelet's API, if it does.
async fn of_kubelet(
    agent: &dyn NodeAgent,
    head: &Head,
    node: &str,
    path: &str,
) -> Result<Option<HttpAnswer>, Status> {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let Some(path) = crate::http::query::decode(path, false) else {
        return Ok(None);
    };
    let answer = agent.kubelet(node, &path).await;
    let answer = answer.map_err(|error| target::service_unreachable(&error))?;
    Ok(answer.map(|answer| respond::answer(answer.code, answer.media, answer.body.to_vec())))
}

/// The path up to the proxy and what is behind it.
fn split_path(path: &str, namespaced: bool) -> (&str, &str) {
    // `/api/v1/namespaces/NS/RESOURCE/NAME/proxy` or `/api/v1/nodes/NAME/proxy`
    let parts = if namespaced { 7 } else { 5 };
    let end = path.match_indices('/').nth(parts);
    end.and_then(|(end, _)| path.split_at_checked(end))
        .unwrap_or((path, ""))
}

fn proxy_options(call: &Call<'_>, tail: &str) -> Value {
    let kind = match call.resource.plural() {
        "pods" => "PodProxyOptions",
        "services" => "ServiceProxyOptions",
        _ => "NodeProxyOptions",
    };
    let mut options = Value::object();
    options.set("kind", kind);
    options.set("apiVersion", "v1");
    if let Some(path) = crate::http::query::decode(tail, false).filter(|path| !path.is_empty()) {
        options.set("path", path);
    }
    options
}

/// Sends the client to where relative links mean what their author meant.
fn to_folder(head: &Head) -> HttpAnswer {
    let mut answer = Response::new(AnswerBody::Whole(None));
    *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let query = head.uri.query().map(|query| format!("?{query}"));
    let location = format!("{}/{}", head.uri.path(), query.unwrap_or_default());
    set(answer.headers_mut(), LOCATION, &location);
    answer
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// The request as it goes on: without who asks, and without what is about the connection to us.
fn request(
    head: &Head,
    to: &Destination,
    tail: &str,
    upgrades: bool,
    body: Incoming,
) -> Result<Request<Incoming>, Status> {
    let mut headers = head.headers.clone();
    let protocol = headers.get(UPGRADE).cloned().filter(|_| upgrades);
    remove_connection_headers(&mut headers);
    headers.remove(AUTHORIZATION);
    let impersonation: Vec<HeaderName> = headers
        .keys()
        .filter(|name| Wanted::is_header(name.as_str()))
        .cloned()
        .collect();
    for name in impersonation {
        headers.remove(name);
    }
    if let Some(protocol) = protocol {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, protocol);
    }
    let host = head.headers.get(HOST).cloned();
    let authority = head.uri.authority().map(|host| host.as_str().to_owned());
    let host = host.or_else(|| HeaderValue::from_str(&authority?).ok());
    if let Some(host) = host {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    set(
        &mut headers,
        HeaderName::from_static("x-forwarded-proto"),
        "https",
    );
    set(
        &mut headers,
        HeaderName::from_static("x-forwarded-uri"),
        head.uri.path(),
    );
    set(&mut headers, HOST, &to.host);
    let path = if tail.is_empty() { "/" } else { tail };
    let query = head.uri.query().map(|query| format!("?{query}"));
    let uri = format!("{path}{}", query.unwrap_or_default());
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri.parse().map_err(|error| {
        Status::bad_request(format!("the path behind the proxy cannot be read: {error}"))
    })?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn remove_connection_headers(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // How long a body is, says nobody twice.
    let has_encoding = headers.contains_key(TRANSFER_ENCODING);
    for name in named.into_iter().chain(OF_CONNECTION) {
        headers.remove(name);
    }
    if has_encoding {
        headers.remove(CONTENT_LENGTH);
    }
}

/// Redirections inside the server behind the proxy stay behind it.
fn rewrite_location(headers: &mut HeaderMap, base: &str, host: &str) {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(location) = location else {
        return;
    };
    let path = location
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_prefix(host))
        .unwrap_or(location);
    if !path.starts_with('/') || path.starts_with("//") || path.starts_with(base) {
        return;
    }
    let rewritten = format!("{base}{path}");
    set(headers, LOCATION, &rewritten);
}

/// Both sides speak something else than HTTP from now on.
fn switched(
    service: &Service,
    head: &Head,
    response: &mut Response<Incoming>,
) -> Result<HttpAnswer, Status> {
    let theirs = hyper::upgrade::on(&mut *response);
    let Some(ours) = head.upgrade.clone() else {
        let why = "unable to upgrade: this version of HTTP cannot be left";
        return Err(Status::bad_request(why));
    };
    let Ok(permit) = Arc::clone(&service.sessions).try_acquire_owned() else {
        let why = "too many streams into pods are open";
        return Err(error::service_unavailable(why));
    };
    let mut stopping = service.stopping.subscribe();
    let ending = head.ending.take();
    tokio::spawn(async move {
        if let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) {
            let (mut ours, mut theirs) = (TokioIo::new(ours), TokioIo::new(theirs));
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut ours, &mut theirs) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        }
        drop(permit);
        ending.close().await;
    });
    let mut answer = Response::new(AnswerBody::Whole(None));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    Ok(answer)
}
