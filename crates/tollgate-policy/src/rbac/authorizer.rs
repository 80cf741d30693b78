//! The authorizer: roles and bindings, found by whom they apply to.

use super::access::Access;
use super::aggregate::read_rules;
use super::binding::{Binding, Subject};
use super::kind::RbacKind;
use super::objects::RbacObjects;
use super::rule::Rule;
use compact_str::CompactString;
use imbl::OrdMap;
use std::sync::Arc;
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

type ByName<T> = OrdMap<CompactString, T>;
type Rules = Arc<Vec<Rule>>;

/// All roles and bindings of a cluster, ready to answer.
///
/// The maps are persistent: a clone costs a few pointers, and a change copies only the path to it. So one copy can
/// follow a store while any number of requests are judged by older ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rbac {
    cluster_roles: ByName<Rules>,
    /// By namespace.
    roles: ByName<ByName<Rules>>,
    /// By namespace and name; the namespace of those of the cluster is empty.
    bindings: OrdMap<(CompactString, CompactString), Arc<Binding>>,
    /// By namespace; those of the cluster under the empty one.
    subjects: ByName<Subjects>,
}

/// Bindings by whom they apply to; each list is sorted by the names of the bindings.
#[derive(Debug, Clone, Default, PartialEq)]
struct Subjects {
    users: ByName<Vec<Arc<Binding>>>,
    groups: ByName<Vec<Arc<Binding>>>,
}

impl Subjects {
    fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    fn index_of<'s, 'n>(
        &'s mut self,
        subject: &'n Subject,
    ) -> (&'s mut ByName<Vec<Arc<Binding>>>, &'n CompactString) {
        match subject {
            Subject::User(name) | Subject::ServiceAccount { user: name, .. } => {
                (&mut self.users, name)
            }
            Subject::Group(name) => (&mut self.groups, name),
        }
    }

    fn add(&mut self, binding: &Arc<Binding>) {
        for subject in &binding.subjects {
            let (index, name) = self.index_of(subject);
            let bindings = index.entry(name.clone()).or_default();
            // A binding may name somebody twice.
            if let Err(place) = position(bindings, &binding.name) {
                bindings.insert(place, Arc::clone(binding));
            }
        }
    }

    fn remove(&mut self, binding: &Binding) {
        for subject in &binding.subjects {
            let (index, name) = self.index_of(subject);
            let Some(bindings) = index.get_mut(name) else {
                continue;
            };
            if let Ok(place) = position(bindings, &binding.name) {
                bindings.remove(place);
            }
            if bindings.is_empty() {
                index.remove(name);
            }
        }
    }

    /// The bindings that apply to `user`, in no particular order, some perhaps twice.
    fn of<'s>(&'s self, user: &UserInfo) -> impl Iterator<Item = &'s Arc<Binding>> {
        let of_user = self.users.get(&user.name);
        let groups = user.groups.iter();
        let of_groups = groups.filter_map(|group| self.groups.get(group));
        of_user.into_iter().chain(of_groups).flatten()
    }
}

fn position(bindings: &[Arc<Binding>], name: &str) -> Result<usize, usize> {
    bindings.binary_search_by(|binding| binding.name.as_str().cmp(name))
}

impl Rbac {
    /// Reads roles and bindings in any order; other objects are left out. Aggregated roles get their rules.
    pub fn from_objects<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut all = RbacObjects::default();
        for object in objects {
            all.add(object);
        }
        all.build()
    }

    /// Takes in an object that is new or changed. A role has the rules that are written in it, aggregated or not; a
    /// namespaced kind without a namespace is left out.
    pub fn put(&mut self, kind: RbacKind, namespace: &str, name: &str, object: &Value) {
        match kind {
            RbacKind::ClusterRole | RbacKind::Role => {
                self.put_rules(kind, namespace, name, read_rules(object));
            }
            RbacKind::ClusterRoleBinding => self.put_binding(Binding::read(object, "", name)),
            RbacKind::RoleBinding if !namespace.is_empty() => {
                self.put_binding(Binding::read(object, namespace, name));
            }
            RbacKind::RoleBinding => {}
        }
    }

    /// Forgets an object that is gone; nothing happens if it was never there.
    pub fn remove(&mut self, kind: RbacKind, namespace: &str, name: &str) {
        match kind {
            RbacKind::ClusterRole => {
                self.cluster_roles.remove(name);
            }
            RbacKind::Role => {
                let Some(roles) = self.roles.get_mut(namespace) else {
                    return;
                };
                roles.remove(name);
                if roles.is_empty() {
                    self.roles.remove(namespace);
                }
            }
            RbacKind::ClusterRoleBinding => self.remove_binding("", name),
            RbacKind::RoleBinding if !namespace.is_empty() => self.remove_binding(namespace, name),
            RbacKind::RoleBinding => {}
        }
    }

    /// Sets the rules of a role.
    pub(super) fn put_rules(
        &mut self,
        kind: RbacKind,
        namespace: &str,
        name: &str,
        rules: Vec<Rule>,
    ) {
        let rules = Arc::new(rules);
        if kind == RbacKind::ClusterRole {
            self.cluster_roles.insert(name.into(), rules);
        } else if !namespace.is_empty() {
            let roles = self.roles.entry(namespace.into()).or_default();
            roles.insert(name.into(), rules);
        }
    }

    pub(super) fn put_binding(&mut self, binding: Binding) {
        self.remove_binding(&binding.namespace, &binding.name);
        let binding = Arc::new(binding);
        if !binding.subjects.is_empty() {
            let subjects = self.subjects.entry(binding.namespace.clone());
            subjects.or_default().add(&binding);
        }
        let key = (binding.namespace.clone(), binding.name.clone());
        self.bindings.insert(key, binding);
    }

    fn remove_binding(&mut self, namespace: &str, name: &str) {
        let Some(binding) = self.bindings.remove(&(namespace.into(), name.into())) else {
            return;
        };
        if let Some(subjects) = self.subjects.get_mut(namespace) {
            subjects.remove(&binding);
            if subjects.is_empty() {
                self.subjects.remove(namespace);
            }
        }
    }

    /// Whether `user` may do it.
    pub fn allows(&self, user: &UserInfo, access: &Access<'_>) -> bool {
        is_privileged(user)
            || self
                .subjects_in(access.namespace())
                .flat_map(|subjects| subjects.of(user))
                .any(|binding| self.gives(binding, access))
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
        let bindings = self.bindings_of(user, access.namespace());
        if let Some(binding) = bindings.iter().find(|binding| self.gives(binding, access)) {
            return Decision {
                allowed: true,
                reason: format!("RBAC: allowed by {}", binding.describe(user)),
            };
        }
        let errors: Vec<String> = bindings
            .iter()
            .filter_map(|binding| self.missing_role(binding))
            .collect();
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
        self.bindings_of(user, namespace)
            .into_iter()
            .flat_map(|binding| {
                let rules = self.rules_given(binding).unwrap_or_default();
                rules.iter().map(move |rule| (binding, rule))
            })
    }

    /// What upstream says of the roles that are given to `user` but do not exist, each time one is given.
    pub fn errors_of(&self, user: &UserInfo, namespace: &str) -> Vec<String> {
        let bindings = self.bindings_of(user, namespace);
        let missing = bindings.iter().map(|binding| self.missing_role(binding));
        missing.flatten().collect()
    }

    /// The rules of the role that a `roleRef` names, as seen from a binding in `namespace`; none if there is none.
    pub fn rules_of_role(&self, kind: &str, namespace: &str, name: &str) -> Option<&[Rule]> {
        let rules = match kind {
            "ClusterRole" => self.cluster_roles.get(name),
            "Role" => self.roles.get(namespace)?.get(name),
            _ => None,
        };
        rules.map(|rules| rules.as_slice())
    }

    fn rules_given(&self, binding: &Binding) -> Option<&[Rule]> {
        self.rules_of_role(&binding.role_kind, &binding.namespace, &binding.role_name)
    }

    fn gives(&self, binding: &Binding, access: &Access<'_>) -> bool {
        let rules = self.rules_given(binding).unwrap_or_default();
        rules.iter().any(|rule| rule.allows(access))
    }

    fn subjects_in(&self, namespace: &str) -> impl Iterator<Item = &Subjects> {
        let of_namespace = (!namespace.is_empty()).then(|| self.subjects.get(namespace));
        let of_cluster = self.subjects.get("");
        of_cluster.into_iter().chain(of_namespace.flatten())
    }

    /// The bindings that apply to `user`, each once, in their order.
    fn bindings_of<'s>(&'s self, user: &UserInfo, namespace: &str) -> Vec<&'s Binding> {
        let mut all: Vec<&Binding> = Vec::new();
        for subjects in self.subjects_in(namespace) {
            let mut some: Vec<&Binding> = subjects.of(user).map(Arc::as_ref).collect();
            some.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            some.dedup_by(|a, b| a.name == b.name);
            all.append(&mut some);
        }
        all
    }

    /// What upstream says about a role that is given but does not exist.
    fn missing_role(&self, binding: &Binding) -> Option<String> {
        if self.rules_given(binding).is_some() {
            return None;
        }
        let resource = match binding.role_kind.as_str() {
            "Role" => "role",
            "ClusterRole" => "clusterrole",
            other => return Some(format!("unsupported role reference kind: {}", quote(other))),
        };
        Some(format!(
            "{resource}.rbac.authorization.k8s.io {} not found",
            quote(&binding.role_name)
        ))
    }
}

fn is_privileged(user: &UserInfo) -> bool {
    user.groups.iter().any(|group| group == PRIVILEGED_GROUP)
}
