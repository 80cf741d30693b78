//! Who may be whom.

use super::*;
use crate::auth::authorize::Mode as AuthorizationMode;
use crate::auth::rbac::RbacIndex;
use crate::storage::{Event, Key, Mark, Record};
use std::sync::Arc;
use tollgate_policy::rbac::RbacKind;

const PODS: Access<'static> = Access::Resource(ResourceAccess {
    verb: "list",
    group: "",
    resource: "pods",
    subresource: "",
    namespace: "m",
    name: "",
    field_selector: "",
});

/// A server on which `bot` of the namespace `m` has these rules everywhere.
fn impersonator(rules: &str) -> Impersonator {
    let index = RbacIndex::default();
    let role = format!(r#"{{"rules":[{rules}]}}"#);
    let binding = r#"{"roleRef":{"kind":"ClusterRole","name":"r"},
        "subjects":[{"kind":"ServiceAccount","namespace":"m","name":"bot"}]}"#;
    for (kind, name, text) in [
        (RbacKind::ClusterRole, "r", role.as_str()),
        (RbacKind::ClusterRoleBinding, "b", binding),
    ] {
        let key = Key::new(RbacKind::GROUP, kind.resource(), "", name);
        let record = Arc::new(Record {
            value: text.to_owned().into(),
            revision: 1,
            created: 1,
            mark: Mark::default(),
        });
        index.apply(&Event::new(1, key, None, Some(record)));
    }
    let modes = vec![AuthorizationMode::Rbac];
    Impersonator::new(Authorizer::new(modes, Arc::new(index)))
}

fn bot() -> UserInfo {
    UserInfo::service_account("m", "bot")
}

fn admin() -> UserInfo {
    UserInfo {
        name: "admin".into(),
        groups: vec!["system:masters".into(), "system:authenticated".into()],
        ..UserInfo::default()
    }
}

/// `name`, then `group=…`, `uid=…` or `key=value` of an extra.
fn wanted(text: &str) -> Wanted {
    let mut words = text.split(' ');
    let mut headers = vec![("Impersonate-User".to_owned(), words.next().unwrap())];
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        let header = match key {
            "group" => "Impersonate-Group".to_owned(),
            "uid" => "Impersonate-Uid".to_owned(),
            key => format!("Impersonate-Extra-{key}"),
        };
        headers.push((header, value));
    }
    let headers = headers.iter().map(|(name, value)| (name.as_str(), *value));
    Wanted::from_headers(headers).unwrap().unwrap()
}

#[track_caller]
fn check(who: &UserInfo, text: &str, groups: &[&str], constraint: Option<&str>) -> UserInfo {
    let result = impersonator("")
        .impersonate(who, &wanted(text), &PODS)
        .unwrap();
    assert_eq!(result.user.groups, groups);
    assert_eq!(result.constraint, constraint);
    result.user
}

#[test]
fn an_administrator_may_be_anybody_with_the_groups_that_belong_to_them() {
    let narrow = Some("impersonate:user-info");
    check(&admin(), "jane", &["system:authenticated"], narrow);
    let groups = ["devs", "ops", "system:authenticated"];
    let user = check(
        &admin(),
        "jane group=devs group=ops scopes=a",
        &groups,
        None,
    );
    assert_eq!(user.extra["scopes"], ["a"]);
    let user = check(&admin(), "jane uid=u-1", &["system:authenticated"], narrow);
    assert_eq!(user.uid, "u-1");
    let groups = [
        "system:serviceaccounts",
        "system:serviceaccounts:ns",
        "system:authenticated",
    ];
    let account = "system:serviceaccount:ns:bot";
    check(
        &admin(),
        account,
        &groups,
        Some("impersonate:serviceaccount"),
    );
    let groups = ["devs", "system:authenticated"];
    check(&admin(), &format!("{account} group=devs"), &groups, None);
    let groups = ["system:nodes", "system:authenticated"];
    check(
        &admin(),
        "system:node:n",
        &groups,
        Some("impersonate:arbitrary-node"),
    );
    check(
        &admin(),
        "system:anonymous",
        &["system:unauthenticated"],
        narrow,
    );
    check(
        &admin(),
        "jane group=system:unauthenticated",
        &["system:unauthenticated"],
        narrow,
    );
    check(
        &admin(),
        "jane group=system:masters",
        &["system:masters", "system:authenticated"],
        None,
    );
    // No name of an account, so the name of a user.
    check(
        &admin(),
        "system:serviceaccount:x",
        &["system:authenticated"],
        narrow,
    );
}

#[track_caller]
fn refused(rules: &str, text: &str, message: &str) {
    let result = impersonator(rules).impersonate(&bot(), &wanted(text), &PODS);
    assert_eq!(result.unwrap_err().message, message);
}

#[test]
fn a_refusal_speaks_of_the_first_way_that_leads_there() {
    let on = |mode: &str| {
        format!(
            r#"pods is forbidden: User "system:serviceaccount:m:bot" cannot impersonate-on:{mode}:list resource "pods" in API group "" in the namespace "m""#
        )
    };
    refused("", "alice", &on("user-info"));
    refused("", "alice group=devs uid=7", &on("user-info"));
    refused("", "system:serviceaccount:m:other", &on("serviceaccount"));
    refused("", "system:node:n", &on("arbitrary-node"));
    // No narrow way leads to an account with other groups.
    refused(
        "",
        "system:serviceaccount:m:other group=devs",
        r#"serviceaccounts "other" is forbidden: User "system:serviceaccount:m:bot" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "m""#,
    );
    // The right to the action is there, the right to the name is not.
    refused(
        r#"{"apiGroups":[""],"resources":["pods"],"verbs":["impersonate-on:user-info:list"]}"#,
        "alice",
        r#"users.authentication.k8s.io "alice" is forbidden: User "system:serviceaccount:m:bot" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope"#,
    );
}

#[test]
fn a_narrow_right_is_one_to_the_action_and_one_to_the_name() {
    let rules = r#"{"apiGroups":[""],"resources":["pods"],"verbs":["impersonate-on:user-info:list"]},
        {"apiGroups":["authentication.k8s.io"],"resources":["users","groups","userextras/acme.io/p"],"verbs":["impersonate:user-info"]}"#;
    let server = impersonator(rules);
    let ask = |text: &str| server.impersonate(&bot(), &wanted(text), &PODS);
    assert_eq!(
        ask("alice").unwrap().constraint,
        Some("impersonate:user-info")
    );
    assert!(ask("alice group=devs").is_ok());
    let message = |text: &str| ask(text).unwrap_err().message;
    assert!(
        message("alice group=system:masters").ends_with(
            "at the cluster scope: impersonating the system:masters group is not allowed"
        )
    );
    assert!(message("alice scopes=a").ends_with(
        r#"not allowed: extra.key: Invalid value: "scopes": must be a domain-prefixed path (such as "acme.io/foo")"#
    ));
    assert!(message("alice uid=7").starts_with("uids.authentication.k8s.io \"7\" is forbidden"));
    let delete = Access::Resource(ResourceAccess {
        verb: "delete",
        resource: "pods",
        namespace: "m",
        name: "p",
        ..ResourceAccess::default()
    });
    let other = server.impersonate(&bot(), &wanted("alice"), &delete);
    assert!(
        other
            .unwrap_err()
            .message
            .contains("cannot impersonate-on:user-info:delete")
    );
}

#[test]
fn whoever_used_the_old_way_is_refused_in_its_words() {
    let rules = r#"{"apiGroups":[""],"resources":["users"],"resourceNames":["alice"],"verbs":["impersonate"]}"#;
    let server = impersonator(rules);
    let ask = |text: &str| server.impersonate(&bot(), &wanted(text), &PODS);
    let message = |text: &str| ask(text).unwrap_err().message;
    assert!(message("eve").contains("impersonate-on:user-info:list"));
    assert_eq!(ask("alice").unwrap().constraint, None);
    assert_eq!(
        message("eve"),
        r#"users "eve" is forbidden: User "system:serviceaccount:m:bot" cannot impersonate resource "users" in API group "" at the cluster scope"#
    );
}

#[test]
fn a_pod_may_be_the_node_it_runs_on() {
    let rules = r#"{"apiGroups":[""],"resources":["pods"],"verbs":["impersonate-on:associated-node:list"]},
        {"apiGroups":["authentication.k8s.io"],"resources":["nodes"],"verbs":["impersonate:associated-node"]}"#;
    let mut pod = bot();
    let key = "authentication.kubernetes.io/node-name";
    pod.extra.insert(key.into(), vec!["n1".into()]);
    let server = impersonator(rules);
    let ask = |text: &str| server.impersonate(&pod, &wanted(text), &PODS);
    let node = ask("system:node:n1").unwrap();
    assert_eq!(node.user.name, "system:node:n1");
    assert_eq!(node.user.groups, ["system:nodes", "system:authenticated"]);
    assert!(node.user.extra.is_empty());
    assert!(ask("system:node:n2").is_err());
}

#[test]
fn a_path_that_is_no_resource_is_named_as_one() {
    let version = Access::NonResource {
        verb: "get",
        path: "/version",
    };
    let result = impersonator("").impersonate(&bot(), &wanted("alice"), &version);
    assert_eq!(
        result.unwrap_err().message,
        r#"forbidden: User "system:serviceaccount:m:bot" cannot impersonate-on:user-info:get path "/version""#
    );
}
