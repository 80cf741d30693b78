//! What a node may do.

use super::index::{NodeIndex, Sort};
use super::node_of;
use crate::auth::rbac::bootstrap;
use std::sync::LazyLock;
use tollgate_api::UserInfo;
use tollgate_api::go_format::quote;
use tollgate_policy::rbac::{Access, Decision, RbacKind, ResourceAccess, Rule};

/// What every node may do, as the role `system:node` of a fresh cluster has it. What became of that role since does not
/// matter.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut objects = bootstrap::objects().into_iter();
    let role = objects.find(|(kind, object)| {
        let name = object
            .at(&["metadata", "name"])
            .and_then(|name| name.as_str());
        *kind == RbacKind::ClusterRole && name == Some("system:node")
    });
    role.map(|(_, role)| role.items("rules").iter().map(Rule::read).collect())
        .unwrap_or_default()
});

/// The namespace of the leases by which nodes show that they live.
const LEASES: &str = "kube-node-lease";

impl NodeIndex {
    /// Whether a node may do it; no opinion on whoever is no node.
    pub(in crate::auth) fn authorize(&self, user: &UserInfo, access: &Access<'_>) -> Decision {
        let Some(node) = node_of(user) else {
            return Decision::default();
        };
        let answer = if node.is_empty() {
            Err(format!("unknown node for user {}", quote(&user.name)))
        } else if let Access::Resource(access) = access
            && let Some(answer) = self.judge(node, access)
        {
            answer
        } else if RULES.iter().any(|rule| rule.allows(access)) {
            Ok(())
        } else {
            Err(String::new())
        };
        Decision {
            allowed: answer.is_ok(),
            reason: answer.err().unwrap_or_default(),
        }
    }

    /// The answer for resources that are not the same to all nodes; none for others.
    fn judge(&self, node: &str, access: &ResourceAccess<'_>) -> Option<Result<(), String>> {
        Some(match (access.group, access.resource) {
            ("", "secrets") => self.read(node, Sort::Secret, access),
            ("", "configmaps") => self.read(node, Sort::ConfigMap, access),
            ("", "persistentvolumeclaims") if access.subresource == "status" => {
                if !matches!(access.verb, "update" | "patch") {
                    return Some(refuse("can only get/update/patch this type"));
                }
                self.related(node, Sort::Claim, access)
            }
            ("", "persistentvolumeclaims") => self.get(node, Sort::Claim, access),
            ("", "persistentvolumes") => self.get(node, Sort::Volume, access),
            ("resource.k8s.io", "resourceclaims") => self.get(node, Sort::ResourceClaim, access),
            ("storage.k8s.io", "volumeattachments") => self.get(node, Sort::Attachment, access),
            ("", "serviceaccounts") => self.account(node, access),
            ("coordination.k8s.io", "leases") => lease(node, access),
            ("storage.k8s.io", "csinodes") => csi_node(node, access),
            ("resource.k8s.io", "resourceslices") => self.slice(node, access),
            ("", "nodes") => node_object(node, access),
            ("", "pods") => self.pod(node, access),
            _ => return None,
        })
    }

    fn related(&self, node: &str, sort: Sort, access: &ResourceAccess<'_>) -> Result<(), String> {
        if access.name.is_empty() {
            return refuse("No Object name found");
        }
        if self.needs(node, sort, access.namespace, access.name) {
            return Ok(());
        }
        Err(format!(
            "no relationship found between node '{node}' and this object"
        ))
    }

    fn get(&self, node: &str, sort: Sort, access: &ResourceAccess<'_>) -> Result<(), String> {
        if access.verb != "get" {
            return refuse("can only get individual resources of this type");
        }
        if !access.subresource.is_empty() {
            return refuse("cannot get subresource");
        }
        self.related(node, sort, access)
    }

    fn read(&self, node: &str, sort: Sort, access: &ResourceAccess<'_>) -> Result<(), String> {
        if !matches!(access.verb, "get" | "list" | "watch") {
            return refuse("can only read resources of this type");
        }
        if !access.subresource.is_empty() {
            return refuse("cannot read subresource");
        }
        if access.namespace.is_empty() {
            return refuse("can only read namespaced object of this type");
        }
        self.related(node, sort, access)
    }

    fn account(&self, node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
        if access.verb == "get" && access.subresource.is_empty() {
            return self.read(node, Sort::ServiceAccount, access);
        }
        if access.verb != "create" || access.name.is_empty() {
            return refuse("can only create tokens for individual service accounts");
        }
        if access.subresource != "token" {
            return refuse("can only create token subresource of serviceaccount");
        }
        self.related(node, Sort::ServiceAccount, access)
    }

    fn slice(&self, node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
        if !access.subresource.is_empty() {
            return refuse("cannot authorize ResourceSlice subresources");
        }
        match access.verb {
            // NodeRestriction looks at what is created.
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(node, Sort::Slice, access),
            "watch" | "list" | "deletecollection" => {
                if selects(access, "spec.nodeName", node) {
                    return Ok(());
                }
                refuse(
                    "can only list/watch/deletecollection resourceslices with nodeName field selector",
                )
            }
            _ => refuse(
                "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
            ),
        }
    }

    fn pod(&self, node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
        match (access.subresource, access.verb) {
            ("", "get") => self.get(node, Sort::Pod, access),
            ("", "list" | "watch") => {
                if selects(access, "spec.nodeName", node) {
                    return Ok(());
                }
                if !access.name.is_empty() {
                    return self.related(node, Sort::Pod, access);
                }
                refuse("can only list/watch pods with spec.nodeName field selector")
            }
            // NodeRestriction looks at which pods.
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => {
                Ok(())
            }
            _ => refuse(""),
        }
    }
}

fn refuse(why: &str) -> Result<(), String> {
    Err(why.to_owned())
}

/// Whether the request is about objects alone that have this value in this field.
fn selects(access: &ResourceAccess<'_>, field: &str, value: &str) -> bool {
    access.field_selector.split(',').any(|term| {
        let rest = term
            .strip_prefix(field)
            .and_then(|rest| rest.strip_prefix('='));
        rest.is_some_and(|rest| rest.strip_prefix('=').unwrap_or(rest) == value)
    })
}

fn lease(node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
    if !matches!(
        access.verb,
        "get" | "create" | "update" | "patch" | "delete"
    ) {
        return refuse("can only get, create, update, patch, or delete a node lease");
    }
    if access.namespace != LEASES {
        let namespace = quote(LEASES);
        return Err(format!(
            "can only access leases in the {namespace} system namespace"
        ));
    }
    // What is to be created has its name in the body, where NodeRestriction looks at it.
    if access.verb != "create" && access.name != node {
        return refuse("can only access node lease with the same name as the requesting node");
    }
    Ok(())
}

fn csi_node(node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
    if !matches!(
        access.verb,
        "get" | "create" | "update" | "patch" | "delete"
    ) {
        return refuse("can only get, create, update, patch, or delete a CSINode");
    }
    if !access.subresource.is_empty() {
        return refuse("cannot authorize CSINode subresources");
    }
    if access.verb != "create" && access.name != node {
        return refuse("can only access CSINode with the same name as the requesting node");
    }
    Ok(())
}

fn node_object(node: &str, access: &ResourceAccess<'_>) -> Result<(), String> {
    match (access.subresource, access.verb) {
        // NodeRestriction looks at which node.
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
        ("", "get" | "list" | "watch") if access.name == node => Ok(()),
        ("", "get" | "list" | "watch") if access.name.is_empty() => Err(format!(
            "node '{node}' cannot read all nodes, only its own Node object"
        )),
        ("", "get" | "list" | "watch") => Err(format!(
            "node '{node}' cannot read '{}', only its own Node object",
            access.name
        )),
        _ => refuse(""),
    }
}
