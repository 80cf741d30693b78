//! Streams into pods: what must be so before one is opened, and what goes on in it.

use super::command::{Action, Command};
use super::handshake::{self, Transport};
use super::port_forward::{self, Forwarding};
use super::{agent_of, spdy_command, tunnel, websocket_command};
use crate::http::respond::{self, HttpAnswer};
use crate::http::{head::Head, service::Service};
use crate::verbs::Call;
use crate::verbs::subresources::{connect, target};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tollgate_api::node_agent::AgentError;
use tollgate_api::{Status, Value};

/// How commands are spoken of over websockets.
const OVER_WEBSOCKET: [&str; 2] = [websocket_command::V5, websocket_command::V4];
/// How they are spoken of over SPDY.
const OVER_SPDY: [&str; 1] = [websocket_command::V4];
/// How ports are forwarded in SPDY inside a websocket.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// How they are forwarded in SPDY.
const PORT_FORWARD: &str = "portforward.k8s.io";

/// A connection that is no longer HTTP's.
pub(super) type Io = TokioIo<Upgraded>;

/// `pods/exec` and `pods/attach`.
pub(super) async fn run_command(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
) -> Result<HttpAnswer, Status> {
    let is_exec = call.subresource == "exec";
    let mut options = command_options(head, is_exec);
    connect::admit(call, &mut options).await?;
    connect::demand_create(call)?;
    let placed = target::container(call, options.str_or_empty("container"))?;
    let placed = target::demand_host(placed, call.name)?;
    let transport = handshake::wanted(head)?;
    let agent = match agent_of(service, placed.pod().node).await {
        Ok(agent) => agent,
        Err(error) => return refused(error),
    };
    if let Err(why) = target::check_runs(&placed) {
        return Ok(respond::text(500, why.into_bytes()));
    }
    let is_on = |key: &str| options.bool(key) == Some(true);
    let tty = is_on("tty");
    let command = Command {
        agent,
        placed,
        action: if is_exec {
            let words = options.items("command").iter().filter_map(Value::as_str);
            Action::Exec(words.map(str::to_owned).collect())
        } else {
            Action::Attach
        },
        tty,
        stdin: is_on("stdin"),
        stdout: is_on("stdout"),
        // A terminal has one output.
        stderr: is_on("stderr") && !tty,
    };
    if !(command.stdin || command.stdout || command.stderr) {
        let why = "you must specify at least 1 of stdin, stdout, stderr";
        return Ok(respond::text(400, why.as_bytes().to_vec()));
    }
    match transport {
        Transport::WebSocket => open(service, head, transport, &OVER_WEBSOCKET, |io, protocol| {
            websocket_command::serve(io, protocol == websocket_command::V5, command)
        }),
        Transport::Spdy => open(service, head, transport, &OVER_SPDY, |io, _| {
            spdy_command::serve(io, command)
        }),
    }
}

/// `pods/portforward`.
pub(super) async fn forward_ports(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
) -> Result<HttpAnswer, Status> {
    let mut options = port_options(head)?;
    connect::admit(call, &mut options).await?;
    connect::demand_create(call)?;
    let placed = target::demand_host(target::pod(call, call.name)?, call.name)?;
    let transport = handshake::wanted(head)?;
    let agent = match agent_of(service, placed.pod().node).await {
        Ok(agent) => agent,
        Err(error) => return refused(error),
    };
    let forwarding = Arc::new(Forwarding { agent, placed });
    match transport {
        Transport::WebSocket => open(service, head, transport, &[TUNNEL], |io, _| async {
            port_forward::serve(tunnel::start(io).await, forwarding).await;
        }),
        Transport::Spdy => open(service, head, transport, &[PORT_FORWARD], |io, _| {
            port_forward::serve(io, forwarding)
        }),
    }
}

fn command_options(head: &Head, is_exec: bool) -> Value {
    let query = &head.query;
    let mut options = Value::object();
    let kind = if is_exec {
        "PodExecOptions"
    } else {
        "PodAttachOptions"
    };
    options.set("kind", kind);
    options.set("apiVersion", "v1");
    for key in ["stdin", "stdout", "stderr", "tty"] {
        if query.flag(key) {
            options.set(key, true);
        }
    }
    if let Some(container) = query.first("container").filter(|name| !name.is_empty()) {
        options.set("container", container);
    }
    if is_exec {
        let words: Vec<Value> = query.all("command").map(Value::from).collect();
        let none = words.is_empty();
        options.set("command", if none { Value::Null } else { words.into() });
    }
    options
}

fn port_options(head: &Head) -> Result<Value, Status> {
    let mut ports = Vec::new();
    for text in head.query.all("ports") {
        for text in text.split(',').filter(|text| !text.is_empty()) {
            let port: i32 = text.parse().map_err(|_| {
                let quoted = tollgate_api::go_format::quote(text);
                Status::bad_request(format!(
                    "strconv.ParseInt: parsing {quoted}: invalid syntax"
                ))
            })?;
            ports.push(Value::from(i64::from(port)));
        }
    }
    let mut options = Value::object();
    options.set("kind", "PodPortForwardOptions");
    options.set("apiVersion", "v1");
    if !ports.is_empty() {
        options.set("ports", Value::Array(ports));
    }
    Ok(options)
}

/// What a kubelet refuses before it takes a connection over, it refuses as plain text.
fn refused(error: AgentError) -> Result<HttpAnswer, Status> {
    match error {
        AgentError::Refused { code, message } => Ok(respond::text(code, message.into_bytes())),
        AgentError::Unreachable(_) => Err(target::unreachable(&error)),
    }
}

/// Agrees on a protocol, and lets the session begin once the client has read that.
fn open<F: Future<Output = ()> + Send + 'static>(
    service: &Service,
    head: &Head,
    transport: Transport,
    spoken: &[&'static str],
    session: impl FnOnce(Io, &'static str) -> F + Send + 'static,
) -> Result<HttpAnswer, Status> {
    let protocol = match handshake::choose(head, transport, spoken) {
        Ok(protocol) => protocol,
        Err(answer) => return Ok(*answer),
    };
    let Some(upgrade) = head.upgrade.clone() else {
        let why = "unable to upgrade: this version of HTTP cannot be left";
        return Err(Status::bad_request(why));
    };
    let Ok(permit) = Arc::clone(&service.sessions).try_acquire_owned() else {
        let why = "too many streams into pods are open";
        return Err(crate::error::service_unavailable(why));
    };
    let mut stopping = service.stopping.subscribe();
    let ending = head.ending.take();
    tokio::spawn(async move {
        // A client that goes away before it is let in needs nothing more.
        if let Ok(upgraded) = upgrade.await {
            tokio::select! {
                () = session(TokioIo::new(upgraded), protocol) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        }
        drop(permit);
        ending.close().await;
    });
    Ok(handshake::accepted(head, transport, protocol))
}
