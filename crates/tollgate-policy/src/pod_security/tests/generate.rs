//! Generated pods: well-formed ones that set whatever checks read, and trees with the right words in wrong places.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate_api::{Object, Value, json};

/// A field that may be absent, with one of these values, each as JSON.
fn field(
    key: &'static str,
    values: &'static [&'static str],
) -> BoxedStrategy<Option<(&'static str, Value)>> {
    of(select(values))
        .prop_map(move |value| Some((key, json::from_str(value?).unwrap())))
        .boxed()
}

/// A field that may be absent, with a generated value.
fn of_value(
    key: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<Option<(&'static str, Value)>> {
    of(value).prop_map(move |value| Some((key, value?))).boxed()
}

fn object(
    fields: Vec<BoxedStrategy<Option<(&'static str, Value)>>>,
) -> impl Strategy<Value = Value> {
    fields.prop_map(|fields| fields.into_iter().flatten().collect())
}

fn list(of: impl Strategy<Value = Value>, max: usize) -> impl Strategy<Value = Value> {
    vec(of, 0..=max).prop_map(Value::Array)
}

const ROOT: &[&str] = &["true", "false", "null"];
const USERS: &[&str] = &["0", "1000"];
const PROFILES: &[&str] = &[
    r#"{"type":"RuntimeDefault"}"#,
    r#"{"type":"Localhost"}"#,
    r#"{"type":"Unconfined"}"#,
    "{}",
];
const SE_LINUX: &[&str] = &[
    r#"{"type":"container_t"}"#,
    r#"{"type":"container_engine_t"}"#,
    r#"{"type":"spc_t","user":"u"}"#,
    r#"{"role":"r"}"#,
    "{}",
];

fn pod_context() -> impl Strategy<Value = Value> {
    object(vec![
        field("runAsNonRoot", ROOT),
        field("runAsUser", USERS),
        field("seccompProfile", PROFILES),
        field("appArmorProfile", PROFILES),
        field("seLinuxOptions", SE_LINUX),
        field(
            "windowsOptions",
            &[r#"{"hostProcess":true}"#, r#"{"hostProcess":false}"#],
        ),
        of_value(
            "sysctls",
            list(
                object(vec![field(
                    "name",
                    &[
                        r#""kernel.sem""#,
                        r#""kernel.shm_rmid_forced""#,
                        r#""net.ipv4.tcp_rmem""#,
                        r#""net.ipv4.tcp_notsent_lowat""#,
                    ],
                )]),
                2,
            ),
        ),
    ])
}

fn container_context() -> impl Strategy<Value = Value> {
    let capability = || select(&["ALL", "CHOWN", "NET_BIND_SERVICE", "SYS_ADMIN", ""][..]);
    let capabilities = || list(capability().prop_map(Value::from), 2);
    object(vec![
        field("privileged", &["true", "false"]),
        field("allowPrivilegeEscalation", &["true", "false"]),
        field("procMount", &[r#""Default""#, r#""Unmasked""#, r#""""#]),
        field("runAsNonRoot", ROOT),
        field("runAsUser", USERS),
        field("seccompProfile", PROFILES),
        field("appArmorProfile", PROFILES),
        field("seLinuxOptions", SE_LINUX),
        field("windowsOptions", &[r#"{"hostProcess":true}"#]),
        of_value(
            "capabilities",
            object(vec![
                of_value("add", capabilities()),
                of_value("drop", capabilities()),
            ]),
        ),
    ])
}

fn container() -> impl Strategy<Value = Value> {
    let port = object(vec![
        field("containerPort", &["80"]),
        field("hostPort", &["0", "80", "443"]),
    ]);
    object(vec![
        field("name", &[r#""app""#, r#""proxy""#, r#""a\"b""#]),
        field("image", &[r#""registry.example/app:1""#]),
        of_value("securityContext", container_context()),
        of_value("ports", list(port, 2)),
        field(
            "livenessProbe",
            &[r#"{"httpGet":{"host":"h"}}"#, r#"{"tcpSocket":{"port":1}}"#],
        ),
        field(
            "lifecycle",
            &[
                r#"{"preStop":{"tcpSocket":{"host":"g"}}}"#,
                r#"{"postStart":{}}"#,
            ],
        ),
    ])
}

/// A volume of one type: validation refuses more.
fn volume() -> impl Strategy<Value = Value> {
    let source = select(&["emptyDir", "configMap", "hostPath", "nfs", "image", "csi"][..]);
    (select(&["data", "logs"][..]), source).prop_map(|(name, source)| {
        let mut volume = Value::object();
        volume.set("name", name);
        volume.set(source, Value::object());
        volume
    })
}

fn annotations() -> impl Strategy<Value = Value> {
    object(vec![
        field(
            "container.apparmor.security.beta.kubernetes.io/app",
            &[r#""unconfined""#, r#""localhost/x""#],
        ),
        field(
            "container.apparmor.security.beta.kubernetes.io/other",
            &[r#""unconfined""#],
        ),
        field(
            "seccomp.security.alpha.kubernetes.io/pod",
            &[r#""unconfined""#, r#""docker/default""#],
        ),
        field(
            "container.seccomp.security.alpha.kubernetes.io/app",
            &[r#""unconfined""#],
        ),
        field(
            "container.seccomp.security.alpha.kubernetes.io/absent",
            &[r#""unconfined""#],
        ),
    ])
}

/// A pod as validation could let it through. Not of Windows, whose pods must leave most of these fields unset.
pub(super) fn pod() -> impl Strategy<Value = Value> {
    object(vec![
        of_value(
            "metadata",
            object(vec![
                field("name", &[r#""web""#]),
                of_value("annotations", annotations()),
            ]),
        ),
        of_value(
            "spec",
            object(vec![
                of_value("initContainers", list(container(), 2)),
                of_value("containers", list(container(), 3)),
                of_value("ephemeralContainers", list(container(), 1)),
                of_value("volumes", list(volume(), 3)),
                of_value("securityContext", pod_context()),
                field("hostNetwork", &["true", "false"]),
                field("hostPID", &["true", "false"]),
                field("hostIPC", &["true", "false"]),
                field("hostUsers", &["true", "false"]),
                field("os", &[r#"{"name":"linux"}"#]),
            ]),
        ),
    ])
}

/// The words that have a meaning somewhere.
const WORDS: &[&str] = &[
    "metadata",
    "name",
    "labels",
    "annotations",
    "ownerReferences",
    "controller",
    "uid",
    "spec",
    "template",
    "jobTemplate",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "volumes",
    "securityContext",
    "seccompProfile",
    "appArmorProfile",
    "type",
    "capabilities",
    "add",
    "drop",
    "ports",
    "hostPort",
    "livenessProbe",
    "httpGet",
    "host",
    "lifecycle",
    "preStop",
    "sysctls",
    "seLinuxOptions",
    "windowsOptions",
    "hostProcess",
    "procMount",
    "runAsUser",
    "runAsNonRoot",
    "hostPath",
    "nfs",
    "os",
    "hostUsers",
    "hostNetwork",
    "runtimeClassName",
    "kind",
    "apiVersion",
    "defaults",
    "exemptions",
    "usernames",
    "enforce",
    "pod-security.kubernetes.io/enforce",
    "container.apparmor.security.beta.kubernetes.io/app",
    "seccomp.security.alpha.kubernetes.io/pod",
];

/// Any tree of these words.
pub(super) fn tree() -> impl Strategy<Value = Value> {
    let word = || select(WORDS);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("numbers only", |number| number.is_finite())
            .prop_map(Value::from),
        word().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 128, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            // Pushed, not inserted: a document may have a key twice.
            vec((word(), inner), 0..8).prop_map(|fields| {
                let mut object = Object::new();
                for (key, value) in fields {
                    object.push(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}
