//! Nobody may grant what they do not have: the checks on roles and bindings that are created or changed.

use crate::auth::authorize::{Authorizer, everything, is_privileged};
use crate::error;
use tollgate_api::go_format::quote;
use tollgate_api::{GroupResource, Status, UserInfo, Value, status};
use tollgate_policy::rbac::{Access, Rbac, RbacKind, ResourceAccess, Rule};
use tollgate_policy::rbac::{describe_missing, uncovered};

/// A request that creates or changes a role or a binding.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// What it creates or changes.
    pub kind: RbacKind,
    /// The namespace of the request; empty for the kinds of the cluster.
    pub namespace: &'a str,
    /// The name in the request's path; empty where a collection is posted to.
    pub name: &'a str,
    /// The object as it would be stored, defaulted.
    pub new: &'a Value,
    /// The object as it is stored; none if it is created.
    pub old: Option<&'a Value>,
}

/// Whether `user` may make this grant. Belongs behind mutating admission and before validation.
pub fn check(authorizer: &Authorizer, user: &UserInfo, grant: &Grant<'_>) -> Result<(), Status> {
    let changes_nothing = |old| only_ownership_differs(grant.new, old);
    if is_privileged(user) || grant.old.is_some_and(changes_nothing) {
        return Ok(());
    }
    let check = Check {
        authorizer,
        rbac: &authorizer.rbac().current(),
        user,
        grant,
    };
    match grant.kind {
        RbacKind::ClusterRole | RbacKind::Role => check.role(),
        RbacKind::ClusterRoleBinding | RbacKind::RoleBinding => check.binding(),
    }
}

struct Check<'a> {
    authorizer: &'a Authorizer,
    rbac: &'a Rbac,
    user: &'a UserInfo,
    grant: &'a Grant<'a>,
}

impl Check<'_> {
    fn role(&self) -> Result<(), Status> {
        let grant = self.grant;
        if self.may(
            "escalate",
            RbacKind::GROUP,
            grant.kind.resource(),
            grant.name,
        ) {
            return Ok(());
        }
        let rules: Vec<Rule> = grant.new.items("rules").iter().map(Rule::read).collect();
        self.must_hold(&rules)?;
        let aggregates = |role: &Value| {
            let rule = role.get("aggregationRule");
            rule.is_some_and(|rule| !rule.items("clusterRoleSelectors").is_empty())
        };
        let is_aggregated = aggregates(grant.new) || grant.old.is_some_and(aggregates);
        if grant.kind == RbacKind::ClusterRole && is_aggregated {
            // It can gather anything.
            self.must_hold(&everything()).map_err(|_| {
                self.refusal("must have cluster-admin privileges to use the aggregationRule")
            })?;
        }
        Ok(())
    }

    fn binding(&self) -> Result<(), Status> {
        let role = self.grant.new.get("roleRef").unwrap_or(&Value::Null);
        let (kind, name) = (role.str_or_empty("kind"), role.str_or_empty("name"));
        let resource = match kind {
            "ClusterRole" => RbacKind::ClusterRole.resource(),
            "Role" => RbacKind::Role.resource(),
            other => {
                let why = format!("unsupported role reference kind: {}", quote(other));
                return Err(Status::plain(why));
            }
        };
        if self.may("bind", role.str_or_empty("apiGroup"), resource, name) {
            return Ok(());
        }
        if name.is_empty() {
            return Err(Status::bad_request("Name parameter required."));
        }
        match self.rbac.rules_of_role(kind, self.grant.namespace, name) {
            Some(rules) => self.must_hold(rules),
            // Upstream looks for the role under the request's resource.
            None => Err(error::not_found(&self.resource(), name)),
        }
    }

    /// Whether the user has been given a verb that lifts the checks.
    fn may(&self, verb: &str, group: &str, resource: &str, name: &str) -> bool {
        let access = Access::Resource(ResourceAccess {
            verb,
            group,
            resource,
            subresource: "",
            namespace: self.grant.namespace,
            name,
            field_selector: "",
        });
        self.authorizer.authorize(self.user, &access).allowed
    }

    fn must_hold(&self, rules: &[Rule]) -> Result<(), Status> {
        let namespace = self.grant.namespace;
        let held: Vec<&Rule> = self
            .rbac
            .rules_of(self.user, namespace)
            .map(|(_, rule)| rule)
            .collect();
        let missing = uncovered(&held, rules);
        if missing.is_empty() {
            return Ok(());
        }
        let groups: Vec<String> = self.user.groups.iter().map(|group| quote(group)).collect();
        let mut why = format!(
            "user {} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
            quote(&self.user.name),
            groups.join(" "),
            describe_missing(&missing)
        );
        let errors = self.rbac.errors_of(self.user, namespace);
        if !errors.is_empty() {
            why.push_str("; resolution errors: [");
            why.push_str(&status::aggregate(&errors));
            why.push(']');
        }
        Err(self.refusal(&why))
    }

    fn resource(&self) -> GroupResource {
        GroupResource::new(RbacKind::GROUP, self.grant.kind.resource())
    }

    fn refusal(&self, why: &str) -> Status {
        let metadata = self.grant.new.get("metadata").unwrap_or(&Value::Null);
        Status::forbidden(&self.resource(), metadata.str_or_empty("name"), why)
    }
}

/// Whether the change is one that the garbage collector makes: owners and finalizers, and the account of who set them.
fn only_ownership_differs(new: &Value, old: &Value) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        for key in ["kind", "apiVersion"] {
            object.remove(key);
        }
        // The store keeps no revision inside of objects.
        for key in [
            "ownerReferences",
            "finalizers",
            "managedFields",
            "resourceVersion",
        ] {
            object.child_mut("metadata").remove(key);
        }
        object
    };
    bare(new) == bare(old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::authorize::Mode;
    use crate::auth::rbac::{RbacIndex, bootstrap};
    use crate::storage::{Event, Key, Mark, Record};
    use std::sync::Arc;
    use tollgate_api::json;

    const MANAGER: &str = r#"{"metadata":{"name":"manager"},"rules":[
        {"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["get","create","update","patch"]},
        {"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}"#;
    const EVE: &str = r#"[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"eve"}]"#;

    fn put(index: &RbacIndex, kind: RbacKind, namespace: &str, name: &str, text: &str) {
        let key = Key::new(RbacKind::GROUP, kind.resource(), namespace, name);
        let record = Arc::new(Record {
            value: text.to_owned().into(),
            revision: 1,
            created: 1,
            mark: Mark::default(),
        });
        index.apply(&Event::new(1, key, None, Some(record)));
    }

    fn authorizer() -> Authorizer {
        let index = RbacIndex::default();
        for (kind, object) in bootstrap::objects() {
            let metadata = object.get("metadata").unwrap();
            let [namespace, name] = ["namespace", "name"].map(|key| metadata.str_or_empty(key));
            put(&index, kind, namespace, name, &json::to_string(&object));
        }
        put(&index, RbacKind::Role, "ns", "manager", MANAGER);
        let binding =
            format!(r#"{{"roleRef":{{"kind":"Role","name":"manager"}},"subjects":{EVE}}}"#);
        put(&index, RbacKind::RoleBinding, "ns", "m", &binding);
        Authorizer::new(vec![Mode::Rbac], Arc::new(index))
    }

    fn eve() -> UserInfo {
        UserInfo {
            name: "eve".into(),
            groups: vec!["system:authenticated".into()],
            ..UserInfo::default()
        }
    }

    /// Eve's request in the namespace `ns`; the message of the refusal, or nothing.
    fn ask(authorizer: &Authorizer, kind: RbacKind, new: &str, old: Option<&str>) -> String {
        let parse = |text: &str| json::from_str(text).unwrap();
        let (new, old) = (parse(new), old.map(parse));
        let is_of_cluster = matches!(kind, RbacKind::ClusterRole | RbacKind::ClusterRoleBinding);
        let grant = Grant {
            kind,
            namespace: if is_of_cluster { "" } else { "ns" },
            name: "",
            new: &new,
            old: old.as_ref(),
        };
        let result = check(authorizer, &eve(), &grant);
        result.map_or_else(|status| status.message, |()| String::new())
    }

    fn role(rules: &str) -> String {
        format!(r#"{{"metadata":{{"name":"more"}},"rules":{rules}}}"#)
    }

    fn binding(kind: &str, name: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"x"}},"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"{kind}","name":"{name}"}},
            "subjects":{EVE}}}"#
        )
    }

    #[test]
    fn a_role_within_ones_rights_is_fine_and_one_beyond_is_refused_with_what_is_missing() {
        let authorizer = authorizer();
        let ask = |rules: &str| ask(&authorizer, RbacKind::Role, &role(rules), None);
        assert_eq!(
            ask(r#"[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]"#),
            ""
        );
        assert_eq!(
            ask(
                r#"[{"apiGroups":[""],"resources":["configmaps","pods"],"verbs":["get","list"]},
                    {"apiGroups":["apps"],"resources":["*"],"verbs":["*"]}]"#
            ),
            "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"eve\" (groups=[\"system:authenticated\"]) is \
             attempting to grant RBAC permissions not currently held:\n\
             {APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"list\"]}\n\
             {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}\n\
             {APIGroups:[\"apps\"], Resources:[\"*\"], Verbs:[\"*\"]}"
        );
    }

    #[test]
    fn a_binding_grants_what_its_role_holds() {
        let authorizer = authorizer();
        let ask = |kind: &str, name: &str| {
            ask(
                &authorizer,
                RbacKind::RoleBinding,
                &binding(kind, name),
                None,
            )
        };
        assert_eq!(ask("Role", "manager"), "");
        assert!(ask("ClusterRole", "cluster-admin").ends_with(
            "not currently held:\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n\
             {NonResourceURLs:[\"*\"], Verbs:[\"*\"]}"
        ));
        assert!(ask("ClusterRole", "system:node-proxier").ends_with(
            "{APIGroups:[\"events.k8s.io\"], Resources:[\"events\"], Verbs:[\"create\" \"patch\" \"update\"]}\n\
             {APIGroups:[\"networking.k8s.io\"], Resources:[\"servicecidrs\"], Verbs:[\"list\" \"watch\"]}"
        ));
        assert_eq!(
            ask("Role", "none"),
            "rolebindings.rbac.authorization.k8s.io \"none\" not found"
        );
        assert_eq!(
            ask("Nope", "x"),
            "unsupported role reference kind: \"Nope\""
        );
    }

    #[test]
    fn the_verbs_escalate_and_bind_lift_the_checks() {
        let authorizer = authorizer();
        let more = MANAGER.replace(
            r#""rules":["#,
            r#""rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"],"verbs":["escalate","bind"]},"#,
        );
        put(authorizer.rbac(), RbacKind::Role, "ns", "manager", &more);
        let secrets = role(r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]"#);
        assert_eq!(ask(&authorizer, RbacKind::Role, &secrets, None), "");
        let none = binding("Role", "none");
        assert_eq!(ask(&authorizer, RbacKind::RoleBinding, &none, None), "");
        let admin = binding("ClusterRole", "cluster-admin");
        assert_ne!(ask(&authorizer, RbacKind::RoleBinding, &admin, None), "");
    }

    #[test]
    fn owners_and_finalizers_may_change_whatever_the_role_holds() {
        let authorizer = authorizer();
        let secrets = role(r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]"#);
        let owned = secrets.replace(
            r#""name":"more""#,
            r#""name":"more","finalizers":["x"],"resourceVersion":"7""#,
        );
        let labelled = secrets.replace(r#""name":"more""#, r#""name":"more","labels":{"a":"b"}"#);
        let kind = RbacKind::Role;
        assert_eq!(ask(&authorizer, kind, &owned, Some(&secrets)), "");
        assert_ne!(ask(&authorizer, kind, &labelled, Some(&secrets)), "");
    }

    #[test]
    fn aggregation_needs_the_rights_of_an_administrator() {
        let sum = r#"{"metadata":{"name":"sum"},"aggregationRule":{"clusterRoleSelectors":[{}]}}"#;
        assert_eq!(
            ask(&authorizer(), RbacKind::ClusterRole, sum, None),
            "clusterroles.rbac.authorization.k8s.io \"sum\" is forbidden: must have cluster-admin privileges to use the \
             aggregationRule"
        );
    }

    #[test]
    fn roles_that_are_given_but_do_not_exist_are_named_behind() {
        let authorizer = authorizer();
        let lost =
            format!(r#"{{"roleRef":{{"kind":"ClusterRole","name":"gone"}},"subjects":{EVE}}}"#);
        put(authorizer.rbac(), RbacKind::RoleBinding, "ns", "l", &lost);
        let secrets = role(r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]"#);
        let message = ask(&authorizer, RbacKind::Role, &secrets, None);
        assert!(message.ends_with(
            "Verbs:[\"get\"]}; resolution errors: [clusterrole.rbac.authorization.k8s.io \"gone\" not found]"
        ));
    }
}
