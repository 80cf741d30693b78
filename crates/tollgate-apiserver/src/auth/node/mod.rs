//! The authorizer of nodes: what a kubelet needs for the pods that are bound to its node, and no more.

mod authorize;
mod index;
mod references;

pub use index::NodeIndex;
pub(crate) use references::{config_maps, secrets};

use tollgate_api::UserInfo;

/// The group of nodes.
const NODES: &str = "system:nodes";
/// What the name of a node's user begins with.
const PREFIX: &str = "system:node:";

/// The name of the node that a user is, empty if it does not say; none if it is no node.
pub fn node_of(user: &UserInfo) -> Option<&str> {
    let name = user.name.strip_prefix(PREFIX)?;
    user.groups
        .iter()
        .any(|group| group == NODES)
        .then_some(name)
}

#[cfg(test)]
mod tests;
