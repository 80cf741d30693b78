//! One test per rule of RBAC.

use super::*;
use tollgate_api::{UserInfo, Value, json};

const API: &str = r#""apiVersion":"rbac.authorization.k8s.io/v1""#;

fn objects(texts: &[&str]) -> Vec<Value> {
    texts
        .iter()
        .map(|text| json::from_str(&text.replacen('{', &format!("{{{API},"), 1)).unwrap())
        .collect()
}

fn rbac(texts: &[&str]) -> Rbac {
    Rbac::from_objects(&objects(texts))
}

fn user(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo {
        name: name.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        ..UserInfo::default()
    }
}

/// `verb group/resource[/subresource] [name]`, a core resource as `/pods`.
fn access<'a>(text: &'a str, namespace: &'a str) -> Access<'a> {
    let mut words = text.split(' ');
    let (verb, what) = (words.next().unwrap(), words.next().unwrap());
    let mut parts = what.split('/');
    Access::Resource(ResourceAccess {
        verb,
        group: parts.next().unwrap(),
        resource: parts.next().unwrap(),
        subresource: parts.next().unwrap_or_default(),
        namespace,
        name: words.next().unwrap_or_default(),
        field_selector: "",
    })
}

/// Judges one rule, given to the whole cluster.
#[track_caller]
fn check_rule(rule: &str, allowed: &[&str], refused: &[&str]) {
    let role = format!(r#"{{"kind":"ClusterRole","metadata":{{"name":"r"}},"rules":[{rule}]}}"#);
    let rbac = rbac(&[
        &role,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
    ]);
    let sam = user("sam", &[]);
    for text in allowed {
        assert!(rbac.allows(&sam, &access(text, "ns")), "{text}");
        assert!(rbac.authorize(&sam, &access(text, "ns")).allowed, "{text}");
    }
    for text in refused {
        assert!(!rbac.allows(&sam, &access(text, "ns")), "{text}");
        assert_eq!(
            rbac.authorize(&sam, &access(text, "ns")),
            Decision::default()
        );
    }
}

#[test]
fn verbs_groups_and_resources_must_all_match() {
    check_rule(
        r#"{"apiGroups":["","apps"],"resources":["pods","deployments"],"verbs":["get","list"]}"#,
        &["get /pods", "list apps/deployments", "get /pods a"],
        &[
            "watch /pods",
            "get batch/jobs",
            "get /pods/log",
            "get policy/pods",
        ],
    );
}

#[test]
fn a_star_is_everything() {
    check_rule(
        r#"{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}"#,
        &[
            "get /pods",
            "use policy/podsecuritypolicies x",
            "get /pods/log",
        ],
        &[],
    );
    check_rule(
        r#"{"apiGroups":["*"],"resources":["pods"],"verbs":["get"]}"#,
        &["get /pods", "get metrics.k8s.io/pods"],
        &["get /nodes"],
    );
}

#[test]
fn subresources_are_named_with_or_without_their_resource() {
    check_rule(
        r#"{"apiGroups":["apps"],"resources":["deployments/scale"],"verbs":["get"]}"#,
        &["get apps/deployments/scale"],
        &["get apps/deployments", "get apps/replicasets/scale"],
    );
    check_rule(
        r#"{"apiGroups":["apps"],"resources":["*/scale"],"verbs":["get"]}"#,
        &["get apps/deployments/scale", "get apps/replicasets/scale"],
        &[
            "get apps/deployments",
            "get apps/deployments/status",
            "get /x/scale",
        ],
    );
    check_rule(
        r#"{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}"#,
        &["get /pods"],
        &["get /pods/log"],
    );
}

#[test]
fn names_restrict_to_objects_and_a_list_has_no_name() {
    check_rule(
        r#"{"apiGroups":[""],"resources":["pods"],"resourceNames":["a","b"],"verbs":["get","list"]}"#,
        &["get /pods a", "get /pods b"],
        &["get /pods c", "list /pods"],
    );
}

#[test]
fn a_rule_without_verbs_groups_or_resources_allows_nothing() {
    check_rule(
        r#"{"apiGroups":[""],"resources":["pods"]}"#,
        &[],
        &["get /pods"],
    );
    check_rule(
        r#"{"resources":["pods"],"verbs":["*"]}"#,
        &[],
        &["get /pods"],
    );
    check_rule(r#"{"apiGroups":["*"],"verbs":["*"]}"#, &[], &["get /pods"]);
}

#[test]
fn paths_match_whole_or_by_their_beginning() {
    let rbac = rbac(&[
        r#"{"kind":"ClusterRole","metadata":{"name":"r"},
            "rules":[{"nonResourceURLs":["/healthz","/logs/*"],"verbs":["get"]}]}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"Group","name":"g"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"b","namespace":"ns"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
    ]);
    let ask = |verb, path, user: &UserInfo| rbac.allows(user, &Access::NonResource { verb, path });
    let member = user("sam", &["g"]);
    assert!(ask("get", "/healthz", &member));
    assert!(ask("get", "/logs/a/b", &member));
    assert!(ask("get", "/logs/", &member));
    assert!(!ask("get", "/logs", &member));
    assert!(!ask("get", "/healthz/etcd", &member));
    assert!(!ask("post", "/healthz", &member));
    // A path is in no namespace.
    assert!(!ask("get", "/healthz", &user("sam", &[])));
}

#[test]
fn a_role_binding_counts_in_its_namespace_only() {
    let rbac = rbac(&[
        r#"{"kind":"Role","metadata":{"name":"r","namespace":"sar"},
            "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"b","namespace":"sar"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"Role","name":"r"}}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"b","namespace":"other"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"Role","name":"r"}}"#,
    ]);
    let sam = user("sam", &[]);
    assert!(!rbac.allows(&user("max", &[]), &access("get /pods", "sar")));
    assert!(!rbac.allows(&sam, &access("get /pods", "")));
    assert_eq!(
        rbac.authorize(&sam, &access("get /pods", "sar")).reason,
        r#"RBAC: allowed by RoleBinding "b/sar" of Role "r" to User "sam""#
    );
    // The Role of that name is in another namespace.
    assert_eq!(
        rbac.authorize(&sam, &access("get /pods", "other")),
        Decision {
            allowed: false,
            reason: r#"RBAC: role.rbac.authorization.k8s.io "r" not found"#.to_owned()
        }
    );
}

#[test]
fn service_accounts_are_users_and_members_of_groups() {
    let rbac = rbac(&[
        r#"{"kind":"ClusterRole","metadata":{"name":"r"},
            "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"own","namespace":"a"},
            "subjects":[{"kind":"ServiceAccount","name":"web"}],"roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"all","namespace":"b"},
            "subjects":[{"kind":"Group","name":"system:serviceaccounts:a"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"nobody"},
            "subjects":[{"kind":"ServiceAccount","name":"db"}],"roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"named"},
            "subjects":[{"kind":"ServiceAccount","name":"log","namespace":"c"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
    ]);
    let web = UserInfo::service_account("a", "web");
    assert!(rbac.allows(&web, &access("get /pods", "a")));
    assert!(rbac.allows(&web, &access("get /pods", "b")));
    assert!(!rbac.allows(&web, &access("get /pods", "c")));
    // A subject of a ClusterRoleBinding without a namespace is nobody.
    assert!(!rbac.allows(
        &UserInfo::service_account("a", "db"),
        &access("get /pods", "b1")
    ));
    let log = UserInfo::service_account("c", "log");
    assert_eq!(
        rbac.authorize(&log, &access("get /pods", "")).reason,
        r#"RBAC: allowed by ClusterRoleBinding "named" of ClusterRole "r" to ServiceAccount "log/c""#
    );
}

#[test]
fn masters_may_do_everything_without_any_role() {
    let root = user("root", &["system:masters"]);
    let decision = rbac(&[]).authorize(&root, &access("delete /nodes", ""));
    assert_eq!((decision.allowed, decision.reason.as_str()), (true, ""));
    assert!(rbac(&[]).allows(
        &root,
        &Access::NonResource {
            verb: "get",
            path: "/x"
        }
    ));
}

#[test]
fn aggregated_roles_have_the_rules_of_the_roles_they_select() {
    let rbac = rbac(&[
        r#"{"kind":"ClusterRole","metadata":{"name":"edit","labels":{"to-admin":"true"}},
            "rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}],
            "aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to-edit":"true"}}]}}"#,
        r#"{"kind":"ClusterRole","metadata":{"name":"admin","labels":{"to-edit":"true"}},
            "aggregationRule":{"clusterRoleSelectors":[
                {"matchExpressions":[{"key":"to-admin","operator":"Exists"}]}]}}"#,
        r#"{"kind":"ClusterRole","metadata":{"name":"pods","labels":{"to-edit":"true"}},
            "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#,
        r#"{"kind":"ClusterRole","metadata":{"name":"nodes","labels":{"to-admin":"true"}},
            "rules":[{"apiGroups":[""],"resources":["nodes"],"verbs":["get"]}]}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"admin"}}"#,
    ]);
    let sam = user("sam", &[]);
    // Through `edit`, though the two select each other; what is written in an aggregated role does not count.
    assert!(rbac.allows(&sam, &access("get /pods", "ns")));
    assert!(rbac.allows(&sam, &access("get /nodes", "")));
    assert!(!rbac.allows(&sam, &access("get /secrets", "ns")));
    assert_eq!(rbac.rules_of(&sam, "ns").count(), 2);
}

#[test]
fn selectors_know_four_operators() {
    let check = |expression: &str, expected: &[&str]| {
        let role = format!(
            r#"{{"kind":"ClusterRole","metadata":{{"name":"all"}},"aggregationRule":
                {{"clusterRoleSelectors":[{{"matchExpressions":[{expression}]}}]}}}}"#
        );
        let rbac = rbac(&[
            &role,
            r#"{"kind":"ClusterRole","metadata":{"name":"a","labels":{"l":"a"}},
                "rules":[{"apiGroups":[""],"resources":["a"],"verbs":["get"]}]}"#,
            r#"{"kind":"ClusterRole","metadata":{"name":"b","labels":{"l":"b"}},
                "rules":[{"apiGroups":[""],"resources":["b"],"verbs":["get"]}]}"#,
            r#"{"kind":"ClusterRole","metadata":{"name":"c"},
                "rules":[{"apiGroups":[""],"resources":["c"],"verbs":["get"]}]}"#,
            r#"{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"User","name":"sam"}],
                "roleRef":{"kind":"ClusterRole","name":"all"}}"#,
        ]);
        let sam = user("sam", &[]);
        let resources = rbac
            .rules_of(&sam, "")
            .flat_map(|(_, rule)| rule.resources.clone());
        assert_eq!(resources.collect::<Vec<_>>(), expected, "{expression}");
    };
    check(r#"{"key":"l","operator":"In","values":["a"]}"#, &["a"]);
    check(
        r#"{"key":"l","operator":"NotIn","values":["a"]}"#,
        &["b", "c"],
    );
    check(r#"{"key":"l","operator":"Exists"}"#, &["a", "b"]);
    check(r#"{"key":"l","operator":"DoesNotExist"}"#, &["c"]);
    check(r#"{"key":"l","operator":"Near"}"#, &[]);
}

#[test]
fn missing_roles_are_named_once_each() {
    let rbac = rbac(&[
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"a"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"x"}}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"x"}}"#,
        r#"{"kind":"RoleBinding","metadata":{"name":"c","namespace":"ns"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"Group","name":"x"}}"#,
    ]);
    let decision = rbac.authorize(&user("sam", &[]), &access("get /pods", "ns"));
    assert_eq!(
        decision.reason,
        r#"RBAC: [clusterrole.rbac.authorization.k8s.io "x" not found, unsupported role reference kind: "Group"]"#
    );
}

#[test]
fn the_first_grant_by_order_is_named() {
    let role = r#"{"kind":"ClusterRole","metadata":{"name":"r"},
        "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#;
    let rbac = rbac(&[
        role,
        r#"{"kind":"RoleBinding","metadata":{"name":"a","namespace":"ns"},"subjects":[{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"kind":"ClusterRoleBinding","metadata":{"name":"z"},
            "subjects":[{"kind":"Group","name":"g"},{"kind":"User","name":"sam"}],
            "roleRef":{"kind":"ClusterRole","name":"r"}}"#,
    ]);
    assert_eq!(
        rbac.authorize(&user("sam", &["g"]), &access("get /pods", "ns"))
            .reason,
        r#"RBAC: allowed by ClusterRoleBinding "z" of ClusterRole "r" to Group "g""#
    );
}

#[test]
fn objects_of_other_groups_and_wrong_shapes_are_left_out() {
    let strange = [
        r#"{"apiVersion":"example.com/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},
            "subjects":[{"kind":"User","name":"sam"}],"roleRef":{"kind":"ClusterRole","name":"r"}}"#,
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":5,"rules":{"a":1}}"#,
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","subjects":[1,null],"roleRef":[]}"#,
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","aggregationRule":{}}"#,
        "5",
    ];
    let objects: Vec<Value> = strange
        .iter()
        .map(|text| json::from_str(text).unwrap())
        .collect();
    let rbac = Rbac::from_objects(&objects);
    assert_eq!(
        rbac.authorize(&user("sam", &[]), &access("get /pods", "")),
        Decision::default()
    );
}

#[test]
fn a_changed_or_removed_object_counts_at_once() {
    let parse = |text| json::from_str(text).unwrap();
    let role = parse(r#"{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#);
    let binding = parse(
        r#"{"subjects":[{"kind":"User","name":"sam"},{"kind":"User","name":"sam"}],"roleRef":{"kind":"Role","name":"r"}}"#,
    );
    let sam = user("sam", &[]);
    let mut rbac = Rbac::default();
    rbac.put(RbacKind::RoleBinding, "ns", "b", &binding);
    assert_eq!(
        rbac.authorize(&sam, &access("get /pods", "ns")).reason,
        r#"RBAC: role.rbac.authorization.k8s.io "r" not found"#
    );
    rbac.put(RbacKind::Role, "ns", "r", &role);
    let before = rbac.clone();
    assert!(rbac.allows(&sam, &access("get /pods", "ns")));
    rbac.put(RbacKind::Role, "ns", "r", &Value::object());
    assert!(!rbac.allows(&sam, &access("get /pods", "ns")));
    assert!(before.allows(&sam, &access("get /pods", "ns")));
    rbac.put(RbacKind::Role, "ns", "r", &role);
    rbac.remove(RbacKind::RoleBinding, "ns", "b");
    assert!(!rbac.allows(&sam, &access("get /pods", "ns")));
    rbac.remove(RbacKind::Role, "ns", "r");
    assert_eq!(rbac, Rbac::default());
}

#[test]
fn a_written_role_has_the_rules_that_are_written_even_if_it_aggregates() {
    let role = json::from_str(
        r#"{"aggregationRule":{"clusterRoleSelectors":[{}]},
        "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"#,
    )
    .unwrap();
    let mut rbac = Rbac::default();
    rbac.put(RbacKind::ClusterRole, "", "r", &role);
    assert_eq!(rbac.rules_of_role("ClusterRole", "", "r").unwrap().len(), 1);
}

#[test]
fn aggregation_follows_selectors_then_names_and_takes_each_rule_once() {
    let roles = objects(&[
        r#"{"kind":"ClusterRole","metadata":{"name":"a","labels":{"to":"x"}},"rules":[{"verbs":["a"]},{"verbs":["b"]}]}"#,
        r#"{"kind":"ClusterRole","metadata":{"name":"b","labels":{"to":"y"}},"rules":[{"verbs":["c"]},{"verbs":["b"]}]}"#,
        r#"{"kind":"ClusterRole","metadata":{"name":"sum","labels":{"to":"x"}},"rules":[{"verbs":["old"]}],
            "aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to":"y"}},{"matchLabels":{"to":"x"}}]}}"#,
    ]);
    let rules = aggregated_rules(&roles[2], &roles).unwrap();
    let verbs: Vec<&str> = rules
        .iter()
        .filter_map(|rule| rule.items("verbs")[0].as_str())
        .collect();
    assert_eq!(verbs, ["c", "b", "a"]);
    assert_eq!(aggregated_rules(&roles[0], &roles), None);
}

mod incremental {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Key = (RbacKind, &'static str, &'static str);

    fn key() -> impl Strategy<Value = Key> {
        let kind = prop::sample::select(RbacKind::ALL.to_vec());
        let namespace = prop::sample::select(vec!["a", "b"]);
        let name = prop::sample::select(vec!["x", "y", "z"]);
        (kind, namespace, name).prop_map(|(kind, namespace, name)| match kind {
            RbacKind::ClusterRole | RbacKind::ClusterRoleBinding => (kind, "", name),
            RbacKind::Role | RbacKind::RoleBinding => (kind, namespace, name),
        })
    }

    fn object() -> impl Strategy<Value = Value> {
        let subject = prop_oneof![
            Just(r#"{"kind":"User","name":"sam"}"#),
            Just(r#"{"kind":"Group","name":"g"}"#),
            Just(r#"{"kind":"ServiceAccount","name":"s"}"#),
            Just("5"),
        ];
        let role = prop_oneof![
            Just(r#"{"kind":"Role","name":"x"}"#),
            Just(r#"{"kind":"ClusterRole","name":"y"}"#),
        ];
        (prop::collection::vec(subject, 0..4), role, 0..3_u8).prop_map(|(subjects, role, verb)| {
            let text = format!(
                r#"{{"subjects":[{}],"roleRef":{role},"rules":[{{"verbs":["{verb}"]}}]}}"#,
                subjects.join(",")
            );
            json::from_str(&text).unwrap()
        })
    }

    proptest! {
        #[test]
        fn an_index_that_followed_every_change_equals_one_that_is_built_anew(
            changes in prop::collection::vec((key(), prop::option::of(object())), 0..40),
        ) {
            let mut followed = Rbac::default();
            let mut state: BTreeMap<Key, Value> = BTreeMap::new();
            for ((kind, namespace, name), object) in changes {
                if let Some(object) = object {
                    followed.put(kind, namespace, name, &object);
                    state.insert((kind, namespace, name), object);
                } else {
                    followed.remove(kind, namespace, name);
                    state.remove(&(kind, namespace, name));
                }
            }
            let mut built = Rbac::default();
            for ((kind, namespace, name), object) in &state {
                built.put(*kind, namespace, name, object);
            }
            prop_assert_eq!(followed, built);
        }
    }
}
