//! What PodSecurityPolicy costs a pod of three containers, where three policies are there and the last one fits.

use divan::{Bencher, black_box};
use tollgate_api::{Attributes, GroupResource, Operation, UserInfo, Value, json};
use tollgate_policy::pod_security_policy::{Context, PodSecurityPolicies, Wording};

fn main() {
    divan::main();
}

fn tree(text: &str) -> Value {
    json::from_str(text).unwrap_or_default()
}

fn policies() -> PodSecurityPolicies {
    let policy = |name: &str, spec: &str| {
        tree(&format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"seLinux":{{"rule":"RunAsAny"}},
            "supplementalGroups":{{"rule":"RunAsAny"}},"fsGroup":{{"rule":"RunAsAny"}},"volumes":["emptyDir","configMap"],{spec}}}}}"#
        ))
    };
    let non_root = r#""runAsUser":{"rule":"MustRunAsNonRoot"}"#;
    let any = r#""runAsUser":{"rule":"RunAsAny"}"#;
    PodSecurityPolicies::from_objects(&[
        policy(
            "a-strict",
            &format!(
                r#"{non_root},"readOnlyRootFilesystem":true,"requiredDropCapabilities":["ALL"]"#
            ),
        ),
        policy(
            "b-drops",
            &format!(r#"{non_root},"requiredDropCapabilities":["NET_RAW"]"#),
        ),
        policy(
            "c-open",
            &format!(
                r#"{any},"hostPorts":[{{"min":8000,"max":9000}}],"allowPrivilegeEscalation":true"#
            ),
        ),
    ])
}

fn pod(volume: &str) -> Value {
    let container = |name| {
        format!(
            r#"{{"name":"{name}","image":"app:1","ports":[{{"containerPort":8080,"hostPort":8080}}],
            "securityContext":{{"runAsUser":1000,"capabilities":{{"drop":["NET_RAW"]}}}}}}"#
        )
    };
    let containers = ["web", "proxy", "logs"].map(container).join(",");
    tree(&format!(
        r#"{{"metadata":{{"name":"web-0","namespace":"shop"}},"spec":{{"volumes":[{{"name":"data","{volume}":{{}}}}],
        "containers":[{containers}]}}}}"#
    ))
}

/// `emptyDir` is allowed by the last policy, `nfs` by none.
#[divan::bench(args = ["emptyDir", "nfs"])]
fn admit(bencher: Bencher<'_, '_>, volume: &str) {
    let (policies, pod) = (policies(), pod(volume));
    let may_use = |_: &UserInfo, _: &str, _: &str, _: &str| true;
    let context = Context {
        authorizer: &may_use,
        wording: Wording::Documented,
    };
    let user = UserInfo {
        name: "alice".into(),
        ..UserInfo::default()
    };
    let pods = GroupResource::new("", "pods");
    let attributes = Attributes {
        operation: Operation::Create,
        resource: &pods,
        subresource: "",
        namespace: "shop",
        name: "web-0",
        user: Some(&user),
        object: None,
        old_object: None,
        dry_run: false,
    };
    let admitted = policies
        .admit(&attributes, &mut pod.clone(), &context)
        .is_ok();
    assert_eq!(admitted, volume == "emptyDir");
    bencher
        .with_inputs(|| pod.clone())
        .bench_local_values(|mut pod| {
            let admitted = policies
                .admit(black_box(&attributes), &mut pod, &context)
                .is_ok();
            (admitted, pod)
        });
}
