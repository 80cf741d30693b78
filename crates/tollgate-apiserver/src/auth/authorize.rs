//! Whether a user may do something: the authorizers of `--authorization-mode`, one after another.

use super::node::{NodeIndex, node_of};
use super::rbac::RbacIndex;
use std::sync::Arc;
use tollgate_api::go_format::quote;
use tollgate_api::{GroupResource, Status, UserInfo};
use tollgate_policy::rbac::{Access, Decision, PRIVILEGED_GROUP, Rule};

/// One of the values of `--authorization-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Roles and bindings.
    Rbac,
    /// Everybody may do everything.
    AlwaysAllow,
    /// Nobody but `system:masters` may do anything.
    AlwaysDeny,
    /// Grants nodes what the pods on them need.
    Node,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rbac, Self::AlwaysAllow, Self::AlwaysDeny, Self::Node];

    /// The mode as the flag spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rbac => "RBAC",
            Self::AlwaysAllow => "AlwaysAllow",
            Self::AlwaysDeny => "AlwaysDeny",
            Self::Node => "Node",
        }
    }

    /// The mode that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// All rules that apply to a user, as `kubectl auth can-i --list` shows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleList {
    /// In the order of the authorizers and bindings.
    pub rules: Vec<Rule>,
    /// What could not be found out.
    pub errors: Vec<String>,
    /// Whether there are rights that no rule shows.
    pub is_incomplete: bool,
}

/// Judges requests: members of `system:masters` may do everything, for others the modes are asked in their order.
#[derive(Debug, Clone)]
pub struct Authorizer {
    modes: Vec<Mode>,
    rbac: Arc<RbacIndex>,
    nodes: Option<Arc<NodeIndex>>,
}

impl Authorizer {
    /// An authorizer of these modes; without any, nothing is allowed.
    pub fn new(modes: Vec<Mode>, rbac: Arc<RbacIndex>) -> Self {
        Self {
            modes,
            rbac,
            nodes: None,
        }
    }

    /// The same with what it takes to judge nodes; without, nobody has an opinion on them.
    #[must_use]
    pub fn with_nodes(self, nodes: Arc<NodeIndex>) -> Self {
        Self {
            nodes: Some(nodes),
            ..self
        }
    }

    /// The roles and bindings it judges by.
    pub fn rbac(&self) -> &RbacIndex {
        &self.rbac
    }

    /// Whether `user` may do it; the reasons of those that do not allow it are put together, a line each.
    pub fn authorize(&self, user: &UserInfo, access: &Access<'_>) -> Decision {
        if is_privileged(user) {
            return allowed();
        }
        let mut reasons: Vec<String> = Vec::new();
        for mode in &self.modes {
            let decision = match mode {
                Mode::Rbac => self.rbac.current().authorize(user, access),
                Mode::AlwaysAllow => allowed(),
                Mode::AlwaysDeny => Decision {
                    allowed: false,
                    reason: "Everything is forbidden.".to_owned(),
                },
                Mode::Node => self
                    .nodes
                    .as_ref()
                    .map_or_else(Decision::default, |nodes| nodes.authorize(user, access)),
            };
            if decision.allowed {
                return decision;
            }
            if !decision.reason.is_empty() {
                reasons.push(decision.reason);
            }
        }
        Decision {
            allowed: false,
            reason: reasons.join("\n"),
        }
    }

    /// Nothing if `user` may do it, else the 403 that says so.
    pub fn check(&self, user: &UserInfo, access: &Access<'_>) -> Result<(), Status> {
        let decision = self.authorize(user, access);
        if decision.allowed {
            return Ok(());
        }
        Err(forbidden(user, access, &decision.reason))
    }

    /// The rules that apply to `user` in `namespace`. The short cut of `system:masters` is no rule.
    pub fn rules_of(&self, user: &UserInfo, namespace: &str) -> RuleList {
        let mut list = RuleList::default();
        for mode in &self.modes {
            match mode {
                Mode::Rbac => {
                    let rbac = self.rbac.current();
                    let rules = rbac.rules_of(user, namespace);
                    list.rules.extend(rules.map(|(_, rule)| rule.clone()));
                    let errors = rbac.errors_of(user, namespace);
                    if !errors.is_empty() {
                        list.errors.push(tollgate_api::status::aggregate(&errors));
                    }
                }
                Mode::AlwaysAllow => list.rules.extend(everything()),
                Mode::AlwaysDeny => {}
                Mode::Node => {
                    if node_of(user).is_some() {
                        let error = "node authorizer does not support user rule resolution";
                        list.errors.push(error.to_owned());
                        list.is_incomplete = true;
                    }
                }
            }
        }
        list
    }
}

fn allowed() -> Decision {
    Decision {
        allowed: true,
        reason: String::new(),
    }
}

/// The rules of somebody who may do everything.
pub(super) fn everything() -> [Rule; 2] {
    let star = || vec!["*".into()];
    let resources = Rule {
        verbs: star(),
        api_groups: star(),
        resources: star(),
        ..Rule::default()
    };
    let paths = Rule {
        verbs: star(),
        non_resource_urls: star(),
        ..Rule::default()
    };
    [resources, paths]
}

/// Whether `user` is in the group that may do everything.
pub(super) fn is_privileged(user: &UserInfo) -> bool {
    user.groups.iter().any(|group| group == PRIVILEGED_GROUP)
}

/// The 403 of a request that no authorizer allows: `pods "p" is forbidden: User "u" cannot get resource "pods/log" in
/// API group "" in the namespace "x"`, and the reason if there is one.
pub fn forbidden(user: &UserInfo, access: &Access<'_>, reason: &str) -> Status {
    let mut why = escape_html(&denial(user, access));
    if !reason.is_empty() {
        why.push_str(": ");
        why.push_str(reason);
    }
    match access {
        Access::Resource(access) => {
            let resource = GroupResource::new(access.group, access.resource);
            Status::forbidden(&resource, access.name, why)
        }
        Access::NonResource { .. } => Status::forbidden(&GroupResource::default(), "", why),
    }
}

fn denial(user: &UserInfo, access: &Access<'_>) -> String {
    let user = quote(&user.name);
    let access = match access {
        Access::Resource(access) => access,
        Access::NonResource { verb, path } => {
            return format!("User {user} cannot {verb} path {}", quote(path));
        }
    };
    let mut resource = access.resource.to_owned();
    if !access.subresource.is_empty() {
        resource.push('/');
        resource.push_str(access.subresource);
    }
    let scope = if access.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {}", quote(access.namespace))
    };
    format!(
        "User {user} cannot {} resource {} in API group {} {scope}",
        access.verb,
        quote(&resource),
        quote(access.group)
    )
}

/// Upstream keeps a refusal from looking like a page to a browser.
fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policy::rbac::ResourceAccess;

    fn user(name: &str, groups: &[&str]) -> UserInfo {
        UserInfo {
            name: name.into(),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            ..UserInfo::default()
        }
    }

    /// `verb group/resource[/subresource] name namespace`, `-` where there is none.
    fn access(text: &'static str) -> Access<'static> {
        let words: Vec<&str> = text.split(' ').collect();
        let parts: Vec<&str> = words[1].split('/').collect();
        let some = |text: &'static str| if text == "-" { "" } else { text };
        Access::Resource(ResourceAccess {
            verb: words[0],
            group: parts[0],
            resource: parts[1],
            subresource: parts.get(2).copied().unwrap_or_default(),
            name: some(words[2]),
            namespace: some(words[3]),
            field_selector: "",
        })
    }

    #[test]
    fn refusals_read_as_upstreams() {
        let jane = user("jane", &[]);
        let cases = [
            (
                "get /pods/log p authn",
                r#"pods "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "authn""#,
            ),
            (
                "list apps/deployments - -",
                r#"deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope"#,
            ),
            (
                "delete /namespaces authn authn",
                r#"namespaces "authn" is forbidden: User "jane" cannot delete resource "namespaces" in API group "" in the namespace "authn""#,
            ),
        ];
        for (text, message) in cases {
            let status = forbidden(&jane, &access(text), "");
            assert_eq!(status.message, message);
            assert_eq!(status.code, 403);
        }
        let path = Access::NonResource {
            verb: "get",
            path: "/a<b>&",
        };
        let status = forbidden(&jane, &path, "why");
        let message = r#"forbidden: User "jane" cannot get path "/a&lt;b&gt;&amp;": why"#;
        assert_eq!(status.message, message);
        assert_eq!(status.details, Some(Box::default()));
    }

    #[test]
    fn modes_are_asked_in_turn_and_masters_need_none() {
        let access = access("get /pods p ns");
        let ask = |modes: &[Mode], groups: &[&str]| {
            let authorizer = Authorizer::new(modes.to_vec(), Arc::default());
            authorizer.authorize(&user("u", groups), &access)
        };
        assert!(!ask(&[Mode::Rbac], &[]).allowed);
        assert!(ask(&[Mode::AlwaysDeny, Mode::Rbac], &["system:masters"]).allowed);
        assert!(ask(&[Mode::AlwaysDeny, Mode::AlwaysAllow], &[]).allowed);
        let denied = ask(&[Mode::Node, Mode::AlwaysDeny], &[]);
        assert_eq!(denied.reason, "Everything is forbidden.");
        assert!(!ask(&[], &[]).allowed);
    }

    #[test]
    fn modes_are_spelt_as_the_flag_spells_them() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(Mode::parse("rbac"), None);
    }
}
