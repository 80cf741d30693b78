//! Trees for property tests: they look like objects as much as not at all.

use proptest::prelude::*;
use tollgate_api::{Object, Value};

/// Field names that some kind's defaults look at, and some that none does.
const KEYS: &[&str] = &[
    "accessModes",
    "alien",
    "apiVersion",
    "appArmorProfile",
    "azureDisk",
    "backoffLimitPerIndex",
    "behavior",
    "completions",
    "configMap",
    "containerPort",
    "containers",
    "cpu",
    "downwardAPI",
    "emptyDir",
    "env",
    "ephemeral",
    "ephemeralContainers",
    "exactly",
    "fieldRef",
    "firstAvailable",
    "grpc",
    "hard",
    "hostNetwork",
    "hostPath",
    "hostPort",
    "httpGet",
    "hugepages-2Mi",
    "image",
    "imagePullPolicy",
    "initContainers",
    "items",
    "jobTemplate",
    "kind",
    "labels",
    "lifecycle",
    "limits",
    "livenessProbe",
    "memory",
    "metadata",
    "metrics",
    "name",
    "overhead",
    "parallelism",
    "periodSeconds",
    "podFailurePolicy",
    "ports",
    "postStart",
    "projected",
    "protocol",
    "requests",
    "resourceFieldRef",
    "resources",
    "restartPolicy",
    "rollingUpdate",
    "rules",
    "scaleUp",
    "securityContext",
    "selector",
    "serviceAccountToken",
    "sizeLimit",
    "sources",
    "spec",
    "status",
    "strategy",
    "subjects",
    "template",
    "type",
    "updateStrategy",
    "valueFrom",
    "volumeClaimTemplate",
    "volumeClaimTemplates",
    "volumes",
    "webhooks",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "0",
            "1",
            "+2",
            "0.5",
            "1n",
            "1e3",
            "1.5Gi",
            "9999999999Ei",
            "Always",
            "RollingUpdate",
            "ClientIP",
            "a:latest",
            "nginx@sha256:x",
            "unconfined",
            "User",
        ])
        .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ]
}

/// Any tree, made of names and values that mean something to somebody.
pub(crate) fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(7, 96, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            // Keys may come twice.
            4 => prop::collection::vec((prop::sample::select(KEYS), inner), 0..6).prop_map(|entries| {
                let mut object = Object::new();
                for (key, value) in entries {
                    object.push(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// An object of which the pod spec, wherever the kind has it, is likely to be reached.
pub(crate) fn pod_like() -> impl Strategy<Value = Value> {
    let list = || prop::collection::vec(tree(), 0..3).prop_map(Value::Array);
    let labels = prop_oneof![Just(Value::Null), tree()];
    (list(), list(), list(), tree(), any::<bool>(), labels).prop_map(
        |(containers, init, volumes, resources, network, labels)| {
            let mut spec = Value::object();
            spec.set("containers", containers);
            spec.set("initContainers", init);
            spec.set("volumes", volumes);
            spec.set("resources", resources);
            spec.set("hostNetwork", network);
            let mut template = Value::object();
            template.child_mut("metadata").set("labels", labels);
            template.set("spec", spec.clone());
            let mut job_spec = Value::object();
            job_spec.set("template", template.clone());
            spec.set("template", template.clone());
            spec.child_mut("jobTemplate").set("spec", job_spec);
            let mut object = Value::object();
            object.set("spec", spec);
            object.set("template", template);
            object
        },
    )
}
