//! Laws that hold for the defaults of every kind, on trees that look like objects as much as not at all.

use super::{KINDS, set_defaults};
use crate::strategy;
use proptest::prelude::*;
use tollgate_api::json::from_str;
use tollgate_api::{GroupVersionKind, Release, Value};

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

fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(7, 96, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            // Keys may come twice.
            4 => prop::collection::vec((prop::sample::select(KEYS), inner), 0..6).prop_map(|entries| {
                let mut object = tollgate_api::Object::new();
                for (key, value) in entries {
                    object.push(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// An object of which the pod spec, wherever the kind has it, is likely to be reached.
fn pod_like() -> impl Strategy<Value = Value> {
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

/// Whether defaulting twice is defaulting once, for every kind.
fn check_idempotent(object: &Value) -> Result<(), TestCaseError> {
    for kind in KINDS {
        let mut once = object.clone();
        (kind.set_defaults)(&mut once);
        let mut twice = once.clone();
        (kind.set_defaults)(&mut twice);
        // Compared as text: a float that is no number does not equal itself.
        prop_assert_eq!(once.to_string(), twice.to_string(), "{}", kind.kind);
    }
    Ok(())
}

proptest! {
    #[test]
    fn defaulting_is_idempotent_on_any_tree(object in tree()) {
        check_idempotent(&object)?;
    }

    #[test]
    fn defaulting_is_idempotent_on_pods_and_templates(object in pod_like()) {
        check_idempotent(&object)?;
    }

    #[test]
    fn preparing_any_tree_does_not_panic(mut object in prop_oneof![tree(), pod_like()]) {
        for minor in [20, 24, 30, 36] {
            strategy::pod::prepare_for_create(&mut object, Release::minor(minor));
        }
    }
}

#[test]
fn a_kind_is_found_by_group_and_version() {
    let replicas = |api_version: &str| {
        let mut object = from_str(r#"{"spec":{}}"#).unwrap();
        set_defaults(
            &GroupVersionKind::new(api_version, "HorizontalPodAutoscaler"),
            &mut object,
        );
        object
            .get("spec")
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        replicas("autoscaling/v1"),
        ["minReplicas", "targetCPUUtilizationPercentage"]
    );
    assert_eq!(replicas("autoscaling/v2"), ["minReplicas", "metrics"]);
    assert_eq!(replicas("example.com/v1"), [""; 0]);
}

#[test]
fn the_legacy_group_has_defaults_of_its_own() {
    let deployment = r#"{"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}"#;
    let mut deployment = from_str(deployment).unwrap();
    set_defaults(
        &GroupVersionKind::new("extensions/v1beta1", "Deployment"),
        &mut deployment,
    );
    let spec = deployment.get("spec").unwrap();
    assert_eq!(
        spec.at(&["selector", "matchLabels", "app"])
            .unwrap()
            .as_str(),
        Some("web")
    );
    assert_eq!(
        spec.at(&["strategy", "rollingUpdate", "maxSurge"])
            .unwrap()
            .as_i64(),
        Some(1)
    );
    assert_eq!(
        spec.int("progressDeadlineSeconds"),
        Some(i64::from(i32::MAX))
    );
}

#[test]
fn every_kind_is_listed_once() {
    for (index, kind) in KINDS.iter().enumerate() {
        let again = KINDS.iter().skip(index + 1).find(|other| {
            (other.group, other.version, other.kind) == (kind.group, kind.version, kind.kind)
        });
        assert!(again.is_none(), "{again:?}");
    }
}
