//! The authorizer: roles and bindings, found by whom they apply to.

use super::access::Access;
use super::binding::{Binding, Subject};
use super::objects::RbacObjects;
use super::rule::Rule;
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::go_format::quote;
use tollgate_api::{UserInfo, Value, status};

/// The group whose users may do everything, whatever roles there are.
pub const PRIVILEGED_GROUP: &str = "system:masters";

/// The answer to a question, with upstream's reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// Whether it is allowed; if not, another authorizer could still allow it.
    pub allowed: bool,
    /// `RBAC: allowed by …`; on refusal empty, unless a binding gives a role that does not exist.
    pub reason: String,
}

/// All roles and bindings of a cluster, ready to answer.
#[derive(Debug, Clone, Default)]
pub struct Rbac {
    /// The rules of every role.
    roles: Vec<Vec<Rule>>,
    /// Those of the cluster by name, then the others by namespace and name.
    bindings: Vec<Bound>,
    of_cluster: Subjects,
    of_namespace: BTreeMap<CompactString, Subjects>,
}

#[derive(Debug, Clone)]
struct Bound {
    binding: Binding,
    /// The place of the role in `roles`; none if there is no such role.
    role: Option<usize>,
}

/// The places of bindings by whom they apply to.
#[derive(Debug, Clone, Default)]
struct Subjects {
    users: BTreeMap<CompactString, Vec<usize>>,
    groups: BTreeMap<CompactString, Vec<usize>>,
}

impl Rbac {
    /// Reads roles and bindings in any order; other objects are left out.
    pub fn from_objects<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut all = RbacObjects::default();
        for object in objects {
            all.add(object);
        }
        all.build()
    }

    /// Whether `user` may do it.
    pub fn allows(&self, user: &UserInfo, access: &Access<'_>) -> bool {
        is_privileged(user)
            || self
                .places(user, access.namespace())
                .filter_map(|place| self.bindings.get(place))
                .any(|bound| self.gives(bound, access))
    }

    /// Whether `user` may do it, and why. Of several grants the first is named: those of the cluster come first,
    /// then names decide.
    pub fn authorize(&self, user: &UserInfo, access: &Access<'_>) -> Decision {
        if is_privileged(user) {
            return Decision {
                allowed: true,
                reason: String::new(),
            };
        }
        let mut errors: Vec<String> = Vec::new();
        for bound in self.applying(user, access.namespace()) {
            if self.gives(bound, access) {
                return Decision {
                    allowed: true,
                    reason: format!("RBAC: allowed by {}", bound.binding.describe(user)),
                };
            }
            errors.extend(bound.missing_role());
        }
        let reason = if errors.is_empty() {
            String::new()
        } else {
            format!("RBAC: {}", status::aggregate(&errors))
        };
        Decision {
            allowed: false,
            reason,
        }
    }

    /// Every rule that applies to `user` in `namespace` (or, if that is empty, in the whole cluster), with the
    /// binding that gives it.
    pub fn rules_of(
        &self,
        user: &UserInfo,
        namespace: &str,
    ) -> impl Iterator<Item = (&Binding, &Rule)> {
        self.applying(user, namespace).flat_map(|bound| {
            let rules = bound.role.and_then(|role| self.roles.get(role));
            let rules = rules.into_iter().flatten();
            rules.map(|rule| (&bound.binding, rule))
        })
    }

    pub(super) fn add_rules(&mut self, rules: Vec<Rule>) -> usize {
        self.roles.push(rules);
        self.roles.len().saturating_sub(1)
    }

    pub(super) fn add_binding(&mut self, binding: Binding, role: Option<usize>) {
        let place = self.bindings.len();
        let index = if binding.namespace.is_empty() {
            &mut self.of_cluster
        } else {
            self.of_namespace
                .entry(binding.namespace.clone())
                .or_default()
        };
        for subject in &binding.subjects {
            let places = match subject {
                Subject::User(name) | Subject::ServiceAccount { user: name, .. } => {
                    index.users.entry(name.clone()).or_default()
                }
                Subject::Group(name) => index.groups.entry(name.clone()).or_default(),
            };
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        self.bindings.push(Bound { binding, role });
    }

    fn gives(&self, bound: &Bound, access: &Access<'_>) -> bool {
        let rules = bound.role.and_then(|role| self.roles.get(role));
        rules.is_some_and(|rules| rules.iter().any(|rule| rule.allows(access)))
    }

    /// The places of the bindings that apply to `user`, in no particular order, some perhaps twice.
    fn places<'s>(
        &'s self,
        user: &'s UserInfo,
        namespace: &str,
    ) -> impl Iterator<Item = usize> + use<'s> {
        let of_namespace = self.of_namespace.get(namespace);
        let indexes = std::iter::once(&self.of_cluster).chain(of_namespace);
        indexes.flat_map(move |index| {
            let of_user = index.users.get(&user.name);
            let of_groups = user
                .groups
                .iter()
                .filter_map(|group| index.groups.get(group));
            of_user.into_iter().chain(of_groups).flatten().copied()
        })
    }

    /// The bindings that apply to `user`, each once, in their order.
    fn applying(&self, user: &UserInfo, namespace: &str) -> impl Iterator<Item = &Bound> {
        let mut places: Vec<usize> = self.places(user, namespace).collect();
        places.sort_unstable();
        places.dedup();
        places
            .into_iter()
            .filter_map(|place| self.bindings.get(place))
    }
}

impl Bound {
    /// What upstream says about a role that is given but does not exist.
    fn missing_role(&self) -> Option<String> {
        let Binding {
            role_kind,
            role_name,
            ..
        } = &self.binding;
        let resource = match (self.role, role_kind.as_str()) {
            (Some(_), _) => return None,
            (None, "Role") => "role",
            (None, "ClusterRole") => "clusterrole",
            (None, other) => {
                return Some(format!("unsupported role reference kind: {}", quote(other)));
            }
        };
        Some(format!(
            "{resource}.rbac.authorization.k8s.io {} not found",
            quote(role_name)
        ))
    }
}

fn is_privileged(user: &UserInfo) -> bool {
    user.groups.iter().any(|group| group == PRIVILEGED_GROUP)
}
