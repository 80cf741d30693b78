//! The roles and bindings every server starts with, and what becomes of them on later starts.

use flate2::read::GzDecoder;
use std::io::Read as _;
use tollgate_api::{Object, Value, json};
use tollgate_policy::rbac::{RbacKind, Rule, uncovered};

/// As a fresh 1.36 server had them: lists by resource.
const PACKED: &[u8] = include_bytes!("../../../data/rbac-bootstrap-1.36.json.gz");
/// On an object that says `false` here, a start changes nothing.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// What must be done so that an object is as a start wants it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reconciled {
    /// Nothing.
    Keep,
    /// The object must be created.
    Create(Value),
    /// The stored object must be replaced by this one, which has its metadata.
    Update(Value),
    /// The stored object must be deleted and this one created: a binding's `roleRef` cannot change.
    Recreate(Value),
}

/// All of them with kind, name and (for namespaced kinds) namespace in the object, in the order in which they are
/// to be created. The namespaces they are in must exist before.
pub fn objects() -> Vec<(RbacKind, Value)> {
    let mut text = String::new();
    // What is packed here is part of the program; a test holds that it can be read.
    let _ = GzDecoder::new(PACKED).read_to_string(&mut text);
    let lists = json::from_str(&text).unwrap_or(Value::Null);
    let of_kind = |kind: RbacKind| {
        let objects = lists.items(kind.resource()).iter();
        objects.map(move |object| (kind, typed(kind, object)))
    };
    RbacKind::ALL.into_iter().flat_map(of_kind).collect()
}

fn typed(kind: RbacKind, object: &Value) -> Value {
    let mut typed = Object::new();
    typed.insert("kind", kind.as_str());
    typed.insert("apiVersion", "rbac.authorization.k8s.io/v1");
    for (key, value) in object.as_object().into_iter().flat_map(Object::iter) {
        typed.push(key, value.clone());
    }
    Value::from(typed)
}

/// What to do so that `existing` has at least what `expected` has. Nothing is ever taken away, but for a
/// `roleRef` that differs and an `aggregationRule` that is not wanted.
pub fn reconcile(kind: RbacKind, expected: &Value, existing: Option<&Value>) -> Reconciled {
    let Some(existing) = existing else {
        return Reconciled::Create(expected.clone());
    };
    let annotations = existing.at(&["metadata", "annotations"]);
    if annotations.and_then(|all| all.str(AUTO_UPDATE)) == Some("false") {
        return Reconciled::Keep;
    }
    let mut changed = existing.clone();
    match kind {
        RbacKind::ClusterRole | RbacKind::Role => reconcile_rules(expected, existing, &mut changed),
        RbacKind::ClusterRoleBinding | RbacKind::RoleBinding => {
            if expected.get("roleRef") != existing.get("roleRef") {
                return Reconciled::Recreate(expected.clone());
            }
            append_missing(expected, "subjects", &mut changed);
        }
    }
    for key in ["annotations", "labels"] {
        add_entries(expected, key, &mut changed);
    }
    if changed == *existing {
        Reconciled::Keep
    } else {
        Reconciled::Update(changed)
    }
}

fn reconcile_rules(expected: &Value, existing: &Value, changed: &mut Value) {
    let aggregation = expected.get("aggregationRule");
    if let Some(aggregation) = aggregation {
        // The rules are gathered by aggregation, so only the selectors count.
        append_missing(
            aggregation,
            "clusterRoleSelectors",
            changed.child_mut("aggregationRule"),
        );
        return;
    }
    changed.remove("aggregationRule");
    let read = |role: &Value| -> Vec<Rule> { role.items("rules").iter().map(Rule::read).collect() };
    let held = read(existing);
    let held: Vec<&Rule> = held.iter().collect();
    let missing = uncovered(&held, &read(expected));
    let mut rules = existing.items("rules").to_vec();
    rules.extend(missing.iter().map(written));
    if !missing.is_empty() {
        changed.set("rules", Value::Array(rules));
    }
}

/// Appends to the list under `key` the members that only `expected` has.
fn append_missing(expected: &Value, key: &'static str, changed: &mut Value) {
    let mut list = changed.items(key).to_vec();
    let before = list.len();
    for wanted in expected.items(key) {
        if !list.contains(wanted) {
            list.push(wanted.clone());
        }
    }
    if list.len() > before {
        changed.set(key, Value::Array(list));
    }
}

/// Adds the labels or annotations that only `expected` has.
fn add_entries(expected: &Value, key: &'static str, changed: &mut Value) {
    let metadata = expected.get("metadata").unwrap_or(&Value::Null);
    for (name, value) in metadata.str_entries(key) {
        let entries = changed.child_mut("metadata").child_mut(key);
        if entries.get(name).is_none() {
            entries.set(name, value);
        }
    }
}

/// A rule as objects write it, in upstream's order of fields.
pub(crate) fn written(rule: &Rule) -> Value {
    let lists = [
        ("verbs", &rule.verbs),
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
    ];
    let mut written = Object::new();
    for (key, texts) in lists {
        if !texts.is_empty() {
            let texts = texts.iter().map(|text| Value::string(text.clone()));
            written.push(key, Value::Array(texts.collect()));
        }
    }
    Value::from(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use tollgate_api::json;
    use tollgate_policy::rbac::outdated;

    const PACKED: &[u8] = include_bytes!("../../../data/rbac-aggregated-1.36.json.gz");

    fn name_of(role: &Value) -> &str {
        role.get("metadata").unwrap().str_or_empty("name")
    }

    #[test]
    fn the_default_roles_get_the_rules_the_controller_gave_them() {
        let mut text = String::new();
        GzDecoder::new(PACKED).read_to_string(&mut text).unwrap();
        let expected = json::from_str(&text).unwrap();
        let roles = objects().into_iter();
        let roles = roles.filter(|(kind, _)| *kind == RbacKind::ClusterRole);
        let outdated = outdated(roles.map(|(_, role)| role).collect());
        let names: Vec<&str> = outdated.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["admin", "edit", "view"]);
        for role in outdated {
            let mut roles = expected.items("clusterroles").iter();
            let expected = roles.find(|other| name_of(other) == role.name).unwrap();
            assert_eq!(role.rules, expected.items("rules"), "{}", role.name);
        }
    }

    fn find(kind: RbacKind, name: &str) -> Value {
        let mut all = objects().into_iter();
        let found = all.find(|(of, object)| {
            *of == kind && object.at(&["metadata", "name"]).unwrap().as_str() == Some(name)
        });
        found.unwrap().1
    }

    #[test]
    fn everything_a_fresh_server_has_is_there() {
        let count = |kind| objects().iter().filter(|(of, _)| *of == kind).count();
        assert_eq!(RbacKind::ALL.map(count), [69, 50, 7, 7]);
        let admin = find(RbacKind::ClusterRole, "cluster-admin");
        assert_eq!(
            admin.str("apiVersion"),
            Some("rbac.authorization.k8s.io/v1")
        );
        assert_eq!(admin.items("rules").len(), 2);
        for (kind, object) in objects() {
            let namespaced = matches!(kind, RbacKind::Role | RbacKind::RoleBinding);
            let namespace = object.at(&["metadata", "namespace"]);
            assert_eq!(namespace.is_some(), namespaced);
        }
    }

    #[test]
    fn a_second_start_changes_nothing() {
        for (kind, object) in objects() {
            assert_eq!(reconcile(kind, &object, Some(&object)), Reconciled::Keep);
            assert_eq!(
                reconcile(kind, &object, None),
                Reconciled::Create(object.clone())
            );
        }
    }

    #[test]
    fn missing_permissions_and_labels_come_back_and_extra_ones_stay() {
        let expected = find(RbacKind::ClusterRole, "system:basic-user");
        let mut existing = expected.clone();
        existing.child_mut("metadata").remove("labels");
        existing.child_mut("metadata").set("uid", "u");
        let extra = r#"[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]"#;
        existing.set("rules", json::from_str(extra).unwrap());
        let Reconciled::Update(changed) =
            reconcile(RbacKind::ClusterRole, &expected, Some(&existing))
        else {
            panic!("not updated");
        };
        assert_eq!(
            changed.at(&["metadata", "uid"]).unwrap().as_str(),
            Some("u")
        );
        assert_eq!(
            changed.at(&["metadata", "labels"]),
            expected.at(&["metadata", "labels"])
        );
        assert_eq!(changed.items("rules")[0].items("verbs").len(), 1);
        assert!(changed.items("rules").len() > 1);
        assert_eq!(
            reconcile(RbacKind::ClusterRole, &expected, Some(&changed)),
            Reconciled::Keep
        );
        let metadata = existing.child_mut("metadata");
        metadata.child_mut("annotations").set(AUTO_UPDATE, "false");
        assert_eq!(
            reconcile(RbacKind::ClusterRole, &expected, Some(&existing)),
            Reconciled::Keep
        );
    }

    #[test]
    fn an_aggregated_role_keeps_its_gathered_rules() {
        let expected = find(RbacKind::ClusterRole, "view");
        let mut existing = expected.clone();
        let rules = r#"[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]"#;
        existing.set("rules", json::from_str(rules).unwrap());
        let result = reconcile(RbacKind::ClusterRole, &expected, Some(&existing));
        assert_eq!(result, Reconciled::Keep);
        existing.remove("aggregationRule");
        let result = reconcile(RbacKind::ClusterRole, &expected, Some(&existing));
        let Reconciled::Update(changed) = result else {
            panic!("not updated");
        };
        assert_eq!(
            changed.get("aggregationRule"),
            expected.get("aggregationRule")
        );
        assert_eq!(changed.items("rules").len(), 1);
    }

    #[test]
    fn a_binding_of_another_role_is_made_anew_and_a_lost_subject_comes_back() {
        let expected = find(RbacKind::ClusterRoleBinding, "cluster-admin");
        let mut existing = expected.clone();
        existing.set("subjects", Value::Array(Vec::new()));
        let kind = RbacKind::ClusterRoleBinding;
        let Reconciled::Update(changed) = reconcile(kind, &expected, Some(&existing)) else {
            panic!("not updated");
        };
        assert_eq!(changed.items("subjects"), expected.items("subjects"));
        existing.child_mut("roleRef").set("name", "view");
        let result = reconcile(kind, &expected, Some(&existing));
        assert_eq!(result, Reconciled::Recreate(expected));
    }
}
