//! The ways to be allowed to act in another name, and what each asks for.

use super::{Authorizer, Wanted, forbidden};
use crate::auth::authenticate::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED};
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::go_format::quote;
use tollgate_api::{Status, UserInfo, field, names, status};
use tollgate_policy::rbac::{Access, PRIVILEGED_GROUP, ResourceAccess};

const NODE_PREFIX: &str = "system:node:";
const ACCOUNT_PREFIX: &str = "system:serviceaccount:";
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
const GROUP: &str = "authentication.k8s.io";
/// From so many values on, a narrow right to all of them is looked for first.
const MANY: usize = 4;

/// One way, named for whose name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// That of the node on which the asking service account's pod runs.
    AssociatedNode,
    /// That of any node.
    ArbitraryNode,
    /// That of a service account.
    ServiceAccount,
    /// That of anybody else.
    UserInfo,
    /// The old way: any name, for everything.
    Legacy,
}

impl Mode {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 5] = [
        Self::AssociatedNode,
        Self::ArbitraryNode,
        Self::ServiceAccount,
        Self::UserInfo,
        Self::Legacy,
    ];

    /// The verb on the name; none for the old way, whose verb is `impersonate`.
    pub(super) const fn identity_verb(self) -> Option<&'static str> {
        match self {
            Self::AssociatedNode => Some("impersonate:associated-node"),
            Self::ArbitraryNode => Some("impersonate:arbitrary-node"),
            Self::ServiceAccount => Some("impersonate:serviceaccount"),
            Self::UserInfo => Some("impersonate:user-info"),
            Self::Legacy => None,
        }
    }

    /// What stands before the verb of the request itself; none for the old way, which does not look at it.
    pub(super) const fn action_prefix(self) -> Option<&'static str> {
        match self {
            Self::AssociatedNode => Some("impersonate-on:associated-node:"),
            Self::ArbitraryNode => Some("impersonate-on:arbitrary-node:"),
            Self::ServiceAccount => Some("impersonate-on:serviceaccount:"),
            Self::UserInfo => Some("impersonate-on:user-info:"),
            Self::Legacy => None,
        }
    }

    /// Whether this way leads to `wanted` at all.
    pub(super) fn applies(self, requestor: &UserInfo, wanted: &Wanted) -> bool {
        let node = node_name(&wanted.name);
        let account = account_name(&wanted.name);
        match self {
            Self::AssociatedNode => {
                let own = requestor.extra.get(NODE_NAME).map(Vec::as_slice);
                let own = own.and_then(|values| match values {
                    [one] => Some(one.as_str()),
                    _ => None,
                });
                wanted.is_only_a_name()
                    && node.is_some()
                    && own == node
                    && account_name(&requestor.name).is_some()
            }
            Self::ArbitraryNode => wanted.is_only_a_name() && node.is_some(),
            Self::ServiceAccount => wanted.is_only_a_name() && account.is_some(),
            Self::UserInfo => node.is_none() && account.is_none(),
            Self::Legacy => true,
        }
    }

    /// As whom the requestor is judged: pods of one account on different nodes are the same.
    pub(super) fn requestor(self, requestor: &UserInfo) -> UserInfo {
        let mut requestor = requestor.clone();
        if self == Self::AssociatedNode {
            let keys = requestor.extra.keys().cloned().collect();
            let key = "authentication.kubernetes.io/associated-node-keys";
            requestor.extra = BTreeMap::from([(CompactString::from(key), keys)]);
        }
        requestor
    }
}

/// The checks on a name with all that belongs to it.
pub(super) struct Check<'a> {
    pub(super) authorizer: &'a Authorizer,
    pub(super) mode: Mode,
    pub(super) requestor: &'a UserInfo,
}

impl Check<'_> {
    /// The user that `wanted` becomes, if every part of it is allowed.
    pub(super) fn user(&self, wanted: &Wanted) -> Result<UserInfo, Status> {
        let mut user = UserInfo {
            name: wanted.name.clone(),
            uid: wanted.uid.clone(),
            groups: wanted.groups.clone(),
            extra: wanted.extra.clone(),
        };
        self.check_name(&mut user)?;
        if !wanted.uid.is_empty() {
            self.check(self.access(GROUP, "uids", &wanted.uid))?;
        }
        self.check_groups(&wanted.groups)?;
        self.check_extra(&wanted.extra)?;
        let has = |user: &UserInfo, group| user.groups.iter().any(|other| other == group);
        let group = if user.name == ANONYMOUS {
            UNAUTHENTICATED
        } else {
            AUTHENTICATED
        };
        if !has(&user, UNAUTHENTICATED) && !has(&user, group) {
            user.groups.push(group.into());
        }
        Ok(user)
    }

    /// Nodes and accounts are in the groups that all of them are in, unless others are asked for.
    fn check_name(&self, user: &mut UserInfo) -> Result<(), Status> {
        let name = user.name.clone();
        let mut access = self.access(self.name_group(), "users", &name);
        if self.is_narrow()
            && let Some(node) = node_name(&name)
        {
            access.resource = "nodes";
            access.name = if self.mode == Mode::AssociatedNode {
                "*"
            } else {
                node
            };
            user.groups = vec!["system:nodes".into()];
        }
        if let Some((namespace, account)) = account_name(&name) {
            access.resource = "serviceaccounts";
            access.namespace = namespace;
            access.name = account;
            if user.groups.is_empty() {
                user.groups = UserInfo::service_account(namespace, account).groups;
                // It comes back at the end.
                user.groups.retain(|group| group != AUTHENTICATED);
            }
        }
        self.check(access)
    }

    fn check_groups(&self, groups: &[CompactString]) -> Result<(), Status> {
        let mut access = self.access(self.name_group(), "groups", "");
        if self.is_narrow() {
            let is_wanted = |wanted: &str| groups.iter().any(|group| group == wanted);
            if is_wanted("") {
                let why = "impersonating the empty string group is not allowed";
                return Err(self.refusal(access, why));
            }
            if is_wanted(PRIVILEGED_GROUP) {
                access.name = PRIVILEGED_GROUP;
                let why = "impersonating the system:masters group is not allowed";
                return Err(self.refusal(access, why));
            }
            let all = ResourceAccess {
                name: "*",
                ..access
            };
            if groups.len() >= MANY && self.check(all).is_ok() {
                return Ok(());
            }
        }
        groups.iter().try_for_each(|group| {
            self.check(ResourceAccess {
                name: group,
                ..access
            })
        })
    }

    fn check_extra(
        &self,
        extra: &BTreeMap<CompactString, Vec<CompactString>>,
    ) -> Result<(), Status> {
        let access = self.access(GROUP, "userextras", "");
        if self.is_narrow() {
            for (key, values) in extra {
                validate_extra(key, values).map_err(|why| self.refusal(access, &why))?;
            }
            let values = extra.values().map(Vec::len).sum::<usize>();
            let all = ResourceAccess {
                subresource: "*",
                name: "*",
                ..access
            };
            if extra.len().max(values) >= MANY && self.check(all).is_ok() {
                return Ok(());
            }
        }
        for (key, values) in extra {
            for value in values {
                self.check(ResourceAccess {
                    subresource: key,
                    name: value,
                    ..access
                })?;
            }
        }
        Ok(())
    }

    fn is_narrow(&self) -> bool {
        self.mode != Mode::Legacy
    }

    /// The API group of names and groups, which the old way counts to the core.
    fn name_group(&self) -> &'static str {
        if self.is_narrow() { GROUP } else { "" }
    }

    fn access<'n>(
        &self,
        group: &'static str,
        resource: &'static str,
        name: &'n str,
    ) -> ResourceAccess<'n> {
        ResourceAccess {
            verb: self.mode.identity_verb().unwrap_or("impersonate"),
            group,
            resource,
            name,
            ..ResourceAccess::default()
        }
    }

    fn check(&self, access: ResourceAccess<'_>) -> Result<(), Status> {
        self.authorizer
            .check(self.requestor, &Access::Resource(access))
    }

    fn refusal(&self, access: ResourceAccess<'_>, why: &str) -> Status {
        forbidden(self.requestor, &Access::Resource(access), why)
    }
}

/// Why an extra is not to be had in a narrow way.
fn validate_extra(key: &str, values: &[CompactString]) -> Result<(), String> {
    if key.is_empty() {
        return Err("impersonating the empty string key in extra is not allowed".to_owned());
    }
    let errors = domain_prefixed_path(key);
    if !errors.is_empty() {
        return Err(format!(
            "impersonating an invalid key in extra is not allowed: {}",
            status::aggregate(&errors)
        ));
    }
    if key.chars().any(char::is_uppercase) {
        return Err(format!(
            "impersonating a non-lowercase key in extra is not allowed: {}",
            quote(key)
        ));
    }
    if values.iter().any(CompactString::is_empty) {
        return Err("impersonating the empty string value in extra is not allowed".to_owned());
    }
    Ok(())
}

/// What is wrong with a key that must be a domain, a slash and a path.
fn domain_prefixed_path(key: &str) -> field::Errors {
    let extra = field::Path::root("extra");
    let path = extra.child("key");
    let parts = key.split_once('/');
    let Some((domain, rest)) =
        parts.filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return vec![field::Error::invalid(&path, key, why)];
    };
    let mut errors: field::Errors = names::dns1123_subdomain(domain)
        .into_iter()
        .map(|why| field::Error::invalid(&path, domain, why))
        .collect();
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(is_allowed) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        errors.push(field::Error::invalid(&path, rest, why));
    }
    errors
}

/// The node whose user is called so.
fn node_name(user: &str) -> Option<&str> {
    let name = user.strip_prefix(NODE_PREFIX)?;
    names::dns1123_subdomain(name).is_empty().then_some(name)
}

/// Namespace and name of the service account whose user is called so.
fn account_name(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(ACCOUNT_PREFIX)?.split_once(':')?;
    let is_good =
        names::dns1123_label(namespace).is_empty() && names::dns1123_subdomain(name).is_empty();
    is_good.then_some((namespace, name))
}
