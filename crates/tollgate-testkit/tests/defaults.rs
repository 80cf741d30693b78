//! Defaulting against objects as real servers stored them (`data/defaults-*.jsonl.gz`).

use anyhow::{Result, anyhow};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tollgate_api::{GroupVersionKind, Release, Value, json};
use tollgate_objects::{conversion, defaults, strategy};
use tollgate_policy::priority::PriorityClasses;
use tollgate_testkit::encoding::encode;

/// What is not defaulting's, by kind (empty: every kind): who sets it and where. `*` is any member of a list.
const MASKS: &[(&str, &str, &[&[&str]])] = &[
    (
        "",
        "the registry",
        &[
            &["metadata", "uid"],
            &["metadata", "resourceVersion"],
            &["metadata", "creationTimestamp"],
            &["metadata", "generation"],
            &["metadata", "namespace"],
        ],
    ),
    (
        "Pod",
        "the admission plugins ServiceAccount and DefaultTolerationSeconds",
        &[
            &["spec", "serviceAccountName"],
            &["spec", "serviceAccount"],
            &["spec", "tolerations"],
        ],
    ),
    (
        "Pod",
        "the clock",
        &[
            &["status", "conditions", "*", "lastTransitionTime"],
            &["status", "conditions", "*", "lastProbeTime"],
        ],
    ),
    (
        "Node",
        "the admission plugin TaintNodesByCondition",
        &[&["spec", "taints"]],
    ),
    (
        "Service",
        "the allocator of addresses",
        &[
            &["spec", "clusterIPs"],
            &["spec", "ipFamilies"],
            &["spec", "ipFamilyPolicy"],
        ],
    ),
    (
        "PersistentVolumeClaim",
        "the admission plugin StorageObjectInUseProtection",
        &[&["metadata", "finalizers"]],
    ),
    (
        "PersistentVolumeClaim",
        "the strategy: `dataSource` and `dataSourceRef` in step",
        &[&["spec", "dataSource"], &["spec", "dataSourceRef"]],
    ),
    (
        "PersistentVolume",
        "the admission plugin StorageObjectInUseProtection, the clock",
        &[
            &["metadata", "finalizers"],
            &["status", "lastPhaseTransitionTime"],
        ],
    ),
    (
        "VolumeAttributesClass",
        "the admission plugin StorageObjectInUseProtection",
        &[&["metadata", "finalizers"]],
    ),
    (
        "Secret",
        "conversion: `stringData` becomes `data`",
        &[&["data"], &["stringData"]],
    ),
    ("Namespace", "the strategy", &[&["spec", "finalizers"]]),
    (
        "StatefulSet",
        "the strategy: behind a disabled gate",
        &[&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]],
    ),
    (
        "DaemonSet",
        "conversion",
        &[&[
            "metadata",
            "annotations",
            "deprecated.daemonset.template.generation",
        ]],
    ),
    (
        "Job",
        "the strategy: labels and selector of the uid",
        &[
            &["spec", "selector"],
            &["metadata", "labels"],
            &["spec", "template", "metadata", "labels"],
        ],
    ),
    (
        "ResourceSlice",
        "the clock",
        &[&["spec", "devices", "*", "taints", "*", "timeAdded"]],
    ),
    (
        "CertificateSigningRequest",
        "the strategy: who asks",
        &[
            &["spec", "username"],
            &["spec", "groups"],
            &["spec", "extra"],
        ],
    ),
    (
        "CustomResourceDefinition",
        "the strategy",
        &[&["status"], &["spec", "preserveUnknownFields"]],
    ),
    (
        "Widget",
        "the schema of the custom resource",
        &[&["spec", "size"]],
    ),
];

/// The objects that servers of 1.36 and 1.24 (for what is gone since) stored.
fn cases() -> Result<Vec<Value>> {
    let mut text = String::new();
    for file in ["defaults-1.36.jsonl.gz", "defaults-1.24.jsonl.gz"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("data")
            .join(file);
        GzDecoder::new(File::open(path)?).read_to_string(&mut text)?;
    }
    let cases = text.lines().map(json::from_str).collect::<Result<_, _>>();
    Ok(cases?)
}

/// Removes what stands at `path`.
fn mask(value: &mut Value, path: &[&str]) {
    match path {
        [] => {}
        ["*", rest @ ..] => {
            for item in value.as_array_mut().into_iter().flatten() {
                mask(item, rest);
            }
        }
        [key] => {
            value.remove(key);
        }
        [key, rest @ ..] => {
            if let Some(child) = value.get_mut(key) {
                mask(child, rest);
            }
        }
    }
}

/// Removes the volume of the account's token and its mounts, which the admission plugin ServiceAccount adds.
fn mask_token(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    let is_token = |member: &Value| member.str_or_empty("name").starts_with("kube-api-access-");
    let forget = |owner: &mut Value, list: &str| {
        if let Some(members) = owner.get_mut(list).and_then(Value::as_array_mut) {
            members.retain(|member| !is_token(member));
        }
    };
    forget(spec, "volumes");
    for container in spec.items_mut("containers") {
        forget(container, "volumeMounts");
    }
}

/// The object as it is stored, as far as this project's functions know.
fn store(object: &mut Value, classes: &PriorityClasses) -> Result<()> {
    let kind = GroupVersionKind::of(object);
    defaults::set_defaults(&kind, object);
    conversion::convert(&kind, object);
    if object.str("kind") == Some("Pod") {
        classes
            .admit(object)
            .map_err(|violation| anyhow!(violation.message))?;
        strategy::pod::prepare_for_create(object, Release::default());
    }
    Ok(())
}

/// How the object differs from the stored one; whatever `MASKS` names aside.
fn difference(mut got: Value, mut stored: Value) -> Option<String> {
    let kind = got.str_or_empty("kind").to_owned();
    for object in [&mut got, &mut stored] {
        for (_, _, paths) in MASKS
            .iter()
            .filter(|(of, _, _)| of.is_empty() || *of == kind)
        {
            for path in *paths {
                mask(object, path);
            }
        }
        mask_token(object);
        encode(object);
        // What is left of metadata that was masked.
        if object.at(&["metadata", "annotations"]) == Some(&Value::object()) {
            mask(object, &["metadata", "annotations"]);
        }
    }
    (got != stored).then(|| format!("   got {got}\nstored {stored}"))
}

#[test]
fn defaults_are_those_of_a_real_server() {
    let cases = cases().unwrap();
    let classes: Vec<Value> = cases
        .iter()
        .filter_map(|case| case.get("stored"))
        .filter(|object| object.str("kind") == Some("PriorityClass"))
        .cloned()
        .collect();
    let classes = PriorityClasses::new(&classes).with_system_classes();
    let differences: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let mut got = case.get("in").unwrap().clone();
            store(&mut got, &classes).unwrap();
            let difference = difference(got, case.get("stored").unwrap().clone())?;
            Some(format!("{}\n{difference}", case.str_or_empty("case")))
        })
        .collect();
    let (failed, all) = (differences.len(), cases.len());
    assert!(
        failed == 0,
        "{failed} of {all} differ\n{}",
        differences.join("\n")
    );
}
