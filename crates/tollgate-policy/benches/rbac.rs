//! What it costs to ask whether a user may do something, and to follow a change of roles and bindings.
//!
//! The cluster has 1,000 namespaces with a role and ten bindings each, and fifty roles that everybody has.

use divan::{Bencher, black_box};
use tollgate_api::{UserInfo, Value, json};
use tollgate_policy::rbac::{Access, Rbac, RbacKind, ResourceAccess};

fn main() {
    divan::main();
}

fn parse(text: &str) -> Value {
    json::from_str(text).unwrap_or_default()
}

fn binding(kind: &str, role: &str, subject_kind: &str, subject: &str) -> Value {
    parse(&format!(
        r#"{{"subjects":[{{"kind":"{subject_kind}","name":"{subject}"}}],"roleRef":{{"kind":"{kind}","name":"{role}"}}}}"#
    ))
}

fn cluster() -> Rbac {
    let mut rbac = Rbac::default();
    for number in 0..50 {
        let name = format!("role-{number}");
        let role = parse(&format!(
            r#"{{"rules":[{{"apiGroups":["group-{number}"],"resources":["things"],"verbs":["get","list","watch"]}}]}}"#
        ));
        rbac.put(RbacKind::ClusterRole, "", &name, &role);
        let all = binding("ClusterRole", &name, "Group", "system:authenticated");
        rbac.put(RbacKind::ClusterRoleBinding, "", &name, &all);
    }
    let role = parse(
        r#"{"rules":[{"apiGroups":["","apps"],"resources":["pods","deployments"],"verbs":["get","list"]}]}"#,
    );
    for namespace in 0..1_000 {
        let namespace = format!("team-{namespace}");
        rbac.put(RbacKind::Role, &namespace, "reader", &role);
        for user in 0..10 {
            let user = format!("user-{user}");
            let one = binding("Role", "reader", "User", &user);
            rbac.put(RbacKind::RoleBinding, &namespace, &user, &one);
        }
    }
    rbac
}

fn user() -> UserInfo {
    UserInfo {
        name: "user-3".into(),
        groups: vec!["system:authenticated".into()],
        ..UserInfo::default()
    }
}

const fn access(verb: &'static str) -> Access<'static> {
    Access::Resource(ResourceAccess {
        verb,
        group: "",
        resource: "pods",
        subresource: "",
        namespace: "team-500",
        name: "",
        field_selector: "",
    })
}

#[divan::bench]
fn allowed(bencher: Bencher<'_, '_>) {
    let (rbac, user) = (cluster(), user());
    bencher.bench(|| rbac.authorize(black_box(&user), &access("list")));
}

#[divan::bench]
fn refused(bencher: Bencher<'_, '_>) {
    let (rbac, user) = (cluster(), user());
    bencher.bench(|| rbac.authorize(black_box(&user), &access("delete")));
}

#[divan::bench]
fn one_change_beside_a_reader(bencher: Bencher<'_, '_>) {
    let rbac = cluster();
    let change = binding("Role", "reader", "User", "somebody");
    bencher.bench(|| {
        let mut next = rbac.clone();
        next.put(
            RbacKind::RoleBinding,
            "team-500",
            "user-3",
            black_box(&change),
        );
        next
    });
}
