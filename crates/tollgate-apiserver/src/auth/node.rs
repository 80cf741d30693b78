//! The authorizer of nodes: a kubelet may do what the role `system:node` says, and of some kinds only what is its own.
//!
//! Upstream lets a node read the Secrets, ConfigMaps, claims and volumes of the pods that are bound to it. The nodes that
//! are simulated here read none, so no node may.

use tollgate_api::UserInfo;
use tollgate_policy::rbac::{Access, Decision, Rbac, ResourceAccess};

const GROUP: &str = "system:nodes";
const NAME_PREFIX: &str = "system:node:";
const ROLE: &str = "system:node";
const LEASE_NAMESPACE: &str = "kube-node-lease";

/// The node that a user is the kubelet of.
pub(super) fn node_of(user: &UserInfo) -> Option<&str> {
    let is_node = user.groups.iter().any(|group| group == GROUP);
    user.name
        .strip_prefix(NAME_PREFIX)
        .filter(|node| is_node && !node.is_empty())
}

/// What the mode says of a request; nothing to those that are no nodes.
pub(super) fn authorize(rbac: &Rbac, user: &UserInfo, access: &Access<'_>) -> Decision {
    let (Some(node), Access::Resource(wanted)) = (node_of(user), access) else {
        return Decision::default();
    };
    if let Some(reason) = refusal(node, wanted) {
        return Decision {
            allowed: false,
            reason,
        };
    }
    let rules = rbac
        .rules_of_role("ClusterRole", "", ROLE)
        .unwrap_or_default();
    Decision {
        allowed: rules.iter().any(|rule| rule.allows(access)),
        reason: String::new(),
    }
}

/// Why a node may not do it, though its role may say so.
fn refusal(node: &str, access: &ResourceAccess<'_>) -> Option<String> {
    let is_read = matches!(access.verb, "get" | "list" | "watch");
    let unrelated = || format!("no relationship found between node '{node}' and this object");
    match (access.group, access.resource) {
        ("", "secrets" | "configmaps") if !is_read => {
            Some("can only read resources of this type".to_owned())
        }
        ("", "secrets" | "configmaps") if access.namespace.is_empty() => {
            Some("can only read namespaced object of this type".to_owned())
        }
        ("", "secrets" | "configmaps" | "persistentvolumeclaims" | "persistentvolumes")
        | ("storage.k8s.io", "volumeattachments")
        | ("resource.k8s.io", "resourceclaims") => Some(unrelated()),
        ("", "serviceaccounts") if access.subresource == "token" => Some(unrelated()),
        ("", "nodes") if access.verb == "get" && access.name != node => Some(format!(
            "node '{node}' cannot read '{}', only its own Node object",
            access.name
        )),
        ("coordination.k8s.io", "leases") => lease_refusal(node, access),
        ("storage.k8s.io", "csinodes") if access.verb != "create" && access.name != node => {
            Some("can only access CSINode with the same name as the requesting node".to_owned())
        }
        _ => None,
    }
}

fn lease_refusal(node: &str, access: &ResourceAccess<'_>) -> Option<String> {
    let verbs = ["get", "create", "update", "patch", "delete"];
    if !verbs.contains(&access.verb) {
        return Some("can only get, create, update, patch, or delete a node lease".to_owned());
    }
    if access.namespace != LEASE_NAMESPACE {
        return Some(format!(
            "can only access leases in the \"{LEASE_NAMESPACE}\" system namespace"
        ));
    }
    if access.verb != "create" && access.name != node {
        return Some(
            "can only access node lease with the same name as the requesting node".to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::rbac::bootstrap;

    fn ask(user: &str, verb: &str, path: &str) -> Decision {
        let objects = bootstrap::objects();
        let rbac = Rbac::from_objects(objects.iter().map(|(_, object)| object));
        let user = UserInfo {
            name: user.into(),
            groups: vec![GROUP.into()],
            ..UserInfo::default()
        };
        let parts: Vec<&str> = path.split('/').collect();
        let access = Access::Resource(ResourceAccess {
            verb,
            group: parts[0],
            resource: parts[1],
            subresource: parts[2],
            namespace: parts[3],
            name: parts[4],
        });
        authorize(&rbac, &user, &access)
    }

    #[test]
    fn a_node_may_write_what_is_its_own() {
        for (verb, path) in [
            ("create", "/nodes///"),
            ("patch", "/nodes/status//n"),
            ("update", "/pods/status/ns/p"),
            ("delete", "/pods//ns/p"),
            ("create", "/events//ns/"),
            ("patch", "coordination.k8s.io/leases//kube-node-lease/n"),
            ("create", "coordination.k8s.io/leases//kube-node-lease/"),
            ("get", "/nodes///n"),
        ] {
            assert!(ask("system:node:n", verb, path).allowed, "{verb} {path}");
        }
        assert!(!ask("jane", "update", "/pods/status/ns/p").allowed);
        assert!(!ask("system:node:", "update", "/pods/status/ns/p").allowed);
    }

    #[test]
    fn a_node_may_not_touch_what_is_others() {
        for (verb, path, reason) in [
            ("delete", "apps/deployments//ns/d", ""),
            (
                "get",
                "/nodes///m",
                "node 'n' cannot read 'm', only its own Node object",
            ),
            (
                "get",
                "/secrets//ns/s",
                "no relationship found between node 'n' and this object",
            ),
            (
                "list",
                "/secrets///",
                "can only read namespaced object of this type",
            ),
            (
                "update",
                "coordination.k8s.io/leases//kube-node-lease/m",
                "can only access node lease with the same name as the requesting node",
            ),
            (
                "get",
                "coordination.k8s.io/leases//default/n",
                "can only access leases in the \"kube-node-lease\" system namespace",
            ),
        ] {
            let decision = ask("system:node:n", verb, path);
            assert!(!decision.allowed, "{verb} {path}");
            assert_eq!(decision.reason, reason);
        }
    }
}
