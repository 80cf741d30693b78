//! Requests that reach through to a node: logs, commands, ports and proxies.
//!
//! What a node does is behind [`NodeAgent`]; here is only how clients speak. Commands run over websockets or SPDY, ports are
//! forwarded over SPDY, which newer clients put into a websocket, logs are plain bodies, and proxies pass HTTP on.

mod bytes_io;
mod command;
mod handshake;
mod log;
mod port_forward;
mod proxy;
mod session;
mod spdy_command;
#[cfg(test)]
mod tests;
mod tunnel;
mod websocket_command;

use super::head::Head;
use super::request_info::RequestInfo;
use super::respond::HttpAnswer;
use super::service::Service;
use crate::verbs::Call;
use crate::verbs::subresources::target;
use hyper::body::Incoming;
use std::sync::Arc;
use tollgate_api::Status;
use tollgate_api::node_agent::{AgentError, NodeAgent};

/// Whether a request is one of those that reach through to a node.
pub(super) fn is_connect(info: &RequestInfo) -> bool {
    let (resource, subresource) = (info.resource.as_str(), info.subresource.as_str());
    info.group.is_empty()
        && match subresource {
            "log" | "exec" | "attach" | "portforward" => resource == "pods",
            "proxy" => matches!(resource, "pods" | "services" | "nodes"),
            _ => false,
        }
}

/// Answers such a request.
pub(super) async fn answer(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
    body: Incoming,
) -> Result<HttpAnswer, Status> {
    match call.subresource {
        "log" => log::answer(service, call, head).await,
        "proxy" => proxy::answer(service, call, head, body).await,
        "portforward" => session::forward_ports(service, call, head).await,
        _ => session::run_command(service, call, head).await,
    }
}

/// The agent, if the node can be reached.
async fn agent_of(service: &Service, node: &str) -> Result<Arc<dyn NodeAgent>, AgentError> {
    let agent = service
        .node_agent
        .as_ref()
        .ok_or_else(|| target::no_agent(node))?;
    agent.reach(node).await?;
    Ok(Arc::clone(agent))
}
