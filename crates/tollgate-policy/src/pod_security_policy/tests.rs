//! What holds for every policy and every pod, and what a refusal tells.

use super::*;
use proptest::prelude::*;
use tollgate_api::{Attributes, GroupResource, Operation, UserInfo, Value, json};

/// Keys at which some control looks, so that random trees reach the controls.
const KEYS: &[&str] = &[
    "add",
    "allowPrivilegeEscalation",
    "allowedCSIDrivers",
    "allowedCapabilities",
    "allowedFlexVolumes",
    "allowedHostPaths",
    "allowedProcMountTypes",
    "allowedRuntimeClassNames",
    "allowedUnsafeSysctls",
    "annotations",
    "apparmor.security.beta.kubernetes.io/allowedProfileNames",
    "apparmor.security.beta.kubernetes.io/defaultProfileName",
    "capabilities",
    "container.apparmor.security.beta.kubernetes.io/c",
    "container.seccomp.security.alpha.kubernetes.io/c",
    "containers",
    "csi",
    "defaultAddCapabilities",
    "defaultAllowPrivilegeEscalation",
    "defaultRuntimeClassName",
    "driver",
    "drop",
    "emptyDir",
    "ephemeralContainers",
    "flexVolume",
    "forbiddenSysctls",
    "fsGroup",
    "hostNetwork",
    "hostPath",
    "hostPort",
    "hostPorts",
    "initContainers",
    "level",
    "localhostProfile",
    "max",
    "metadata",
    "min",
    "name",
    "path",
    "pathPrefix",
    "ports",
    "privileged",
    "procMount",
    "projected",
    "ranges",
    "readOnly",
    "readOnlyRootFilesystem",
    "requiredDropCapabilities",
    "rule",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "runtimeClass",
    "runtimeClassName",
    "seLinux",
    "seLinuxOptions",
    "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
    "seccomp.security.alpha.kubernetes.io/defaultProfileName",
    "seccomp.security.alpha.kubernetes.io/pod",
    "seccompProfile",
    "secret",
    "securityContext",
    "sources",
    "spec",
    "supplementalGroups",
    "sysctls",
    "type",
    "volumeMounts",
    "volumes",
];

const TEXTS: &[&str] = &[
    "",
    "*",
    "/",
    "/a",
    "/a/b",
    "ALL",
    "KILL",
    "Localhost",
    "MayRunAs",
    "MustRunAs",
    "MustRunAsNonRoot",
    "RunAsAny",
    "RuntimeDefault",
    "Unmasked",
    "c",
    "hostPath",
    "kernel.*",
    "kernel.sem",
    "localhost/a",
    "runtime/default",
    "runtime/default,localhost/a",
    "s0:c1,c2",
    "secret",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..70_000).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

/// A tree that knows the keys but not where they belong.
fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(6, 60, 6, |inner| {
        let key = prop::sample::select(KEYS);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6).prop_map(Value::from_iter),
        ]
    })
}

/// Half of the members of an object of good shape, of which some are random trees.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    members
        .into_iter()
        .map(|(key, value)| {
            let value = prop_oneof![
                4 => value.prop_map(Some),
                4 => Just(None),
                1 => leaf().prop_map(Some),
            ];
            (Just(key), value)
        })
        .collect::<Vec<_>>()
        .prop_map(|members| {
            let set = members.into_iter();
            set.filter_map(|(key, value)| Some((key, value?))).collect()
        })
        .boxed()
}

fn text(texts: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(texts).prop_map(Value::from).boxed()
}

fn list(member: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(member, 0..3)
        .prop_map(Value::Array)
        .boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn id() -> BoxedStrategy<Value> {
    (0_i64..20).prop_map(Value::from).boxed()
}

fn rule(rules: &'static [&'static str]) -> BoxedStrategy<Value> {
    let range = (0_i64..10, 0_i64..10)
        .prop_map(|(min, length)| Value::from_iter([("min", min), ("max", min + length)]));
    let ranges = prop::collection::vec(range, 1..3).prop_map(Value::Array);
    (prop::sample::select(rules), ranges)
        .prop_map(|(rule, ranges)| {
            Value::from_iter([("rule", Value::from(rule)), ("ranges", ranges)])
        })
        .boxed()
}

const CAPABILITIES: &[&str] = &["ALL", "KILL", "MKNOD", "*"];
const PROFILES: &[&str] = &[
    "",
    "*",
    "runtime/default",
    "docker/default",
    "localhost/a",
    "runtime/default,localhost/a",
];
const GROUP_RULES: &[&str] = &["RunAsAny", "MayRunAs", "MustRunAs"];

fn policy() -> impl Strategy<Value = Value> {
    let options = object(vec![
        ("level", text(&["s0", "s0:c1,c2"])),
        ("user", text(&["u"])),
    ]);
    let se_linux = options.prop_map(|options| {
        Value::from_iter([
            ("rule", Value::from("MustRunAs")),
            ("seLinuxOptions", options),
        ])
    });
    let open = || text(&["RunAsAny"]).prop_map(|rule| Value::from_iter([("rule", rule)]));
    let required = (
        prop_oneof![open(), rule(&["RunAsAny", "MustRunAs", "MustRunAsNonRoot"])],
        prop_oneof![open(), rule(GROUP_RULES)],
        prop_oneof![open(), rule(GROUP_RULES)],
        prop_oneof![open(), se_linux],
    );
    let optional = object(vec![
        ("runAsGroup", rule(GROUP_RULES)),
        ("privileged", flag()),
        ("allowPrivilegeEscalation", flag()),
        ("defaultAllowPrivilegeEscalation", flag()),
        ("readOnlyRootFilesystem", flag()),
        ("defaultAddCapabilities", list(text(CAPABILITIES))),
        ("requiredDropCapabilities", list(text(CAPABILITIES))),
        ("allowedCapabilities", list(text(CAPABILITIES))),
        ("volumes", list(text(&["*", "hostPath", "secret"]))),
        (
            "runtimeClass",
            object(vec![
                ("allowedRuntimeClassNames", list(text(&["*", "a"]))),
                ("defaultRuntimeClassName", text(&["a", "b"])),
            ]),
        ),
    ]);
    let annotations = object(vec![
        (
            "apparmor.security.beta.kubernetes.io/allowedProfileNames",
            text(PROFILES),
        ),
        (
            "apparmor.security.beta.kubernetes.io/defaultProfileName",
            text(PROFILES),
        ),
        (
            "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
            text(PROFILES),
        ),
        (
            "seccomp.security.alpha.kubernetes.io/defaultProfileName",
            text(PROFILES),
        ),
    ]);
    (required, optional, annotations).prop_map(|(required, mut spec, annotations)| {
        spec.set("runAsUser", required.0);
        spec.set("fsGroup", required.1);
        spec.set("supplementalGroups", required.2);
        spec.set("seLinux", required.3);
        let metadata = Value::from_iter([("name", "p".into()), ("annotations", annotations)]);
        Value::from_iter([("metadata", metadata), ("spec", spec)])
    })
}

fn container() -> BoxedStrategy<Value> {
    let capabilities = object(vec![
        ("add", list(text(CAPABILITIES))),
        ("drop", list(text(CAPABILITIES))),
    ]);
    let context = object(vec![
        ("privileged", flag()),
        ("runAsUser", id()),
        ("runAsGroup", id()),
        ("runAsNonRoot", flag()),
        ("readOnlyRootFilesystem", flag()),
        ("allowPrivilegeEscalation", flag()),
        ("capabilities", capabilities),
        (
            "seccompProfile",
            object(vec![("type", text(&["RuntimeDefault", "Unconfined"]))]),
        ),
        (
            "seLinuxOptions",
            object(vec![("level", text(&["s0", "s0:c2,c1"]))]),
        ),
    ]);
    object(vec![
        ("name", text(&["a", "b"])),
        ("securityContext", context),
    ])
}

fn pod() -> impl Strategy<Value = Value> {
    let context = object(vec![
        ("runAsUser", id()),
        ("runAsGroup", id()),
        ("runAsNonRoot", flag()),
        ("fsGroup", id()),
        ("supplementalGroups", list(id())),
        (
            "seccompProfile",
            object(vec![("type", text(&["RuntimeDefault", "Unconfined"]))]),
        ),
        (
            "seLinuxOptions",
            object(vec![("level", text(&["s0", "s0:c2,c1"]))]),
        ),
    ]);
    let spec = object(vec![
        ("initContainers", list(container())),
        ("containers", list(container())),
        ("securityContext", context),
        ("runtimeClassName", text(&["a", "b"])),
    ]);
    let annotations = object(vec![
        ("seccomp.security.alpha.kubernetes.io/pod", text(PROFILES)),
        (
            "container.apparmor.security.beta.kubernetes.io/a",
            text(PROFILES),
        ),
    ]);
    object(vec![
        ("metadata", object(vec![("annotations", annotations)])),
        ("spec", spec),
    ])
}

fn create<'a>(resource: &'a GroupResource, pod: Option<&'a Value>) -> Attributes<'a> {
    Attributes {
        operation: Operation::Create,
        resource,
        subresource: "",
        namespace: "ns",
        name: "",
        user: None,
        object: pod,
        old_object: None,
        dry_run: false,
    }
}

fn everybody(_: &UserInfo, _: &str, _: &str, _: &str) -> bool {
    true
}

/// Whatever a policy fills in, it fills in once, and what it then admits it also lets pass.
fn check_once(policy: &Value, pod: &Value) -> Result<(), TestCaseError> {
    let Ok(prepared) = PodSecurityPolicy::from_object(policy) else {
        return Ok(());
    };
    let mut filled = pod.clone();
    for edit in prepared.defaults(pod) {
        edit.apply(&mut filled);
    }
    prop_assert_eq!(prepared.defaults(&filled), vec![]);
    prop_assert_eq!(
        prepared.allows(&filled),
        prepared.validate(&filled).is_empty()
    );

    let policies = PodSecurityPolicies::from_objects([policy]);
    let context = Context {
        authorizer: &everybody,
        wording: Wording::Documented,
    };
    let pods = GroupResource::new("", "pods");
    let user = UserInfo::default();
    let mut admitted = pod.clone();
    let attributes = Attributes {
        user: Some(&user),
        ..create(&pods, None)
    };
    match policies.admit(&attributes, &mut admitted, &context) {
        Ok(_) => {
            let attributes = Attributes {
                object: Some(&admitted),
                ..attributes
            };
            prop_assert!(policies.validate(&attributes, &context).is_ok());
        }
        Err(refusal) => {
            prop_assert!(!refusal.violations.is_empty());
            prop_assert_eq!(&admitted, pod);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_tree_makes_it_panic(policy in tree(), other in policy(), pod in tree(), old in tree()) {
        check_once(&policy, &pod)?;
        check_once(&other, &pod)?;
        let policies = PodSecurityPolicies::from_objects([&policy, &other]);
        let context = Context { authorizer: &everybody, wording: Wording::Prefixed };
        let pods = GroupResource::new("", "pods");
        let update = Attributes {
            operation: Operation::Update,
            old_object: Some(&old),
            ..create(&pods, Some(&pod))
        };
        let _ = policies.validate(&update, &context);
    }

    #[test]
    fn a_filled_pod_stays_as_it_is(policy in policy(), pod in pod()) {
        check_once(&policy, &pod)?;
    }
}

const POD: &str = r#"{"metadata":{"name":"web"},"spec":{"serviceAccountName":"default",
    "containers":[{"name":"web","securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}]}}"#;

fn open_policy(name: &str, more: &str) -> Value {
    let text = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"runAsUser":{{"rule":"RunAsAny"}},
            "fsGroup":{{"rule":"RunAsAny"}},"supplementalGroups":{{"rule":"RunAsAny"}},
            "seLinux":{{"rule":"RunAsAny"}}{more}}}}}"#
    );
    json::from_str(&text).unwrap()
}

#[track_caller]
fn refusal(policies: &[Value], usable: &str) -> Refusal {
    let usable = |_: &UserInfo, _: &str, _: &str, policy: &str| policy == usable;
    let context = Context {
        authorizer: &usable,
        wording: Wording::Documented,
    };
    let policies = PodSecurityPolicies::from_objects(policies);
    let pods = GroupResource::new("", "pods");
    let mut pod = json::from_str(POD).unwrap();
    *policies
        .admit(&create(&pods, None), &mut pod, &context)
        .unwrap_err()
}

#[test]
fn places_are_those_of_the_pod_as_it_was_written() {
    let policy = open_policy(
        "a",
        r#","defaultAddCapabilities":["CHOWN"],"requiredDropCapabilities":["KILL"]"#,
    );
    let refusal = refusal(&[policy], "a");
    let violation = &refusal.violations[0];
    // With the default it would be the second of the list.
    assert_eq!(
        violation.fields[0].to_string(),
        "spec.containers[0].securityContext.capabilities.add[0]"
    );
    assert_eq!(violation.policy.as_ref().unwrap().name, "a");
}

#[test]
fn who_may_use_nothing_is_told_what_would_do() {
    let fits = open_policy("fits", r#","allowedCapabilities":["*"]"#);
    let refusal = refusal(&[fits, open_policy("strict", "")], "none");
    assert_eq!(
        refusal.status.message,
        r#"pods "web" is forbidden: unable to validate against any pod security policy: []"#
    );
    let [violation] = refusal.violations.as_slice() else {
        panic!("{refusal:?}")
    };
    assert_eq!(violation.control, "use");
    assert_eq!(
        violation.help.as_deref(),
        Some(
            "let `system:serviceaccount:ns:default` `use` the PodSecurityPolicy `fits`, which allows this pod"
        )
    );
}

#[test]
fn a_volume_of_no_known_type_is_dumped_as_go_does() {
    let policy = PodSecurityPolicy::from_object(&open_policy("a", r#","volumes":["*"]"#)).unwrap();
    let pod = json::from_str(r#"{"spec":{"volumes":[{"name":"v","image":{}}]}}"#).unwrap();
    let findings = policy.validate(&pod);
    let text = findings[0].error.to_string();
    let start = r#"spec.volumes[0]: Invalid value: "": unknown volume type for volume: core.Volume{Name:"v", VolumeSource:core.VolumeSource{HostPath:(*core.HostPathVolumeSource)(nil), EmptyDir:"#;
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.ends_with("Ephemeral:(*core.EphemeralVolumeSource)(nil)}}"),
        "{text}"
    );
}

#[test]
fn both_wordings_are_known_by_release() {
    use tollgate_api::Release;
    assert_eq!(Wording::of(Release::minor(19)), Wording::Documented);
    assert_eq!(Wording::of(Release::minor(20)), Wording::Prefixed);
    assert_eq!(Wording::of(Release::minor(24)), Wording::Prefixed);
    assert_eq!(Wording::of(Release::default()), Wording::Documented);
}

#[test]
fn controls_have_names_of_their_own_and_examples_of_both_kinds() {
    let mut ids: Vec<&str> = CONTROLS.iter().map(|control| control.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for control in CONTROLS {
        for example in [control.failing, control.passing] {
            assert!(
                example.contains("kind: PodSecurityPolicy"),
                "{}",
                control.id
            );
            assert!(example.contains("kind: RoleBinding"), "{}", control.id);
        }
        assert_ne!(control.failing, control.passing, "{}", control.id);
    }
}
