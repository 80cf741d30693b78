use super::*;
use tollgate_api::{GroupVersionKind, Value, json};

/// The refusal of a document, and what is left of it.
fn decoded(text: &str) -> (Option<String>, Value) {
    let mut object = json::from_str(text).unwrap();
    let kind = GroupVersionKind::of(&object);
    let problems = decode(&kind, &mut object);
    (
        refusal(&kind, &problems).map(|status| status.message),
        object,
    )
}

#[track_caller]
fn check(text: &str, why: &str) {
    let message = decoded(text).0.unwrap_or_default();
    assert_eq!(message.split_once(": ").map_or("", |(_, why)| why), why);
}

fn pod(spec: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p"}},"spec":{spec}}}"#)
}

#[test]
fn unknown_and_duplicate_fields_are_reported_in_the_order_of_the_document() {
    check(
        &pod(r#"{"containers":[{"imag":"x","resources":{"limit":{}}}],"foo":1}"#),
        "strict decoding error: unknown field \"spec.containers[0].imag\", unknown field \
         \"spec.containers[0].resources.limit\", unknown field \"spec.foo\"",
    );
    check(
        r#"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","a":"2"}}"#,
        "strict decoding error: duplicate field \"data.a\"",
    );
    check(
        &pod(r#"{"foo":1,"nodeName":"a","containers":[],"nodeName":"b","bar":1}"#),
        "strict decoding error: unknown field \"spec.foo\", duplicate field \"spec.nodeName\", \
         unknown field \"spec.bar\"",
    );
}

#[test]
fn wrong_types_are_reported_in_the_words_of_the_decoder() {
    check(
        &pod(r#"{"containers":"x"}"#),
        "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
    );
    check(
        &pod(r#"{"containers":[{"image":1}]}"#),
        "json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string",
    );
    check(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":99999999999}}"#,
        "json: cannot unmarshal number 99999999999 into Go struct field DeploymentSpec.spec.replicas of type int32",
    );
    check(
        r#"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":1}}"#,
        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
    );
    check(
        r#"{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","spec":{"minAvailable":{}}}"#,
        "json: cannot unmarshal object into Go struct field PodDisruptionBudgetSpec.spec.minAvailable of type int32",
    );
    check(
        &pod(r#"{"containers":[{"imagePullPolicy":1}]}"#),
        "json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type \
         v1.PullPolicy",
    );
    check(
        &pod(r#"{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}"#),
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
    check(
        r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"!"}}"#,
        "illegal base64 data at input byte 0",
    );
}

#[test]
fn what_is_left_is_typed() {
    let (_, left) = decoded(&pod(
        r#"{"nodeName":null,"foo":1,"containers":[null,{"name":"c"}],"hostPID":"x"}"#,
    ));
    assert_eq!(
        left.get("spec").unwrap().to_string(),
        r#"{"containers":[{},{"name":"c"}]}"#
    );
    let (_, left) =
        decoded(r#"{"apiVersion":"v1","kind":"ConfigMap","data":{"b":"1","a":"1","b":"2"}}"#);
    assert_eq!(
        left.get("data").unwrap().to_string(),
        r#"{"a":"1","b":"2"}"#
    );
}

#[test]
fn of_a_custom_object_only_the_metadata_is_known() {
    let text = r#"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"x":null},"metadata":{"name":"w","foo":1}}"#;
    let (why, left) = decoded(text);
    assert!(why.unwrap().ends_with("unknown field \"metadata.foo\""));
    assert!(
        left.get("spec")
            .unwrap()
            .as_object()
            .unwrap()
            .get_or_null("x")
            .is_some()
    );
}

#[test]
fn legacy_kinds_are_known() {
    for (version, kind, plural) in [
        ("extensions/v1beta1", "Deployment", "deployments"),
        ("policy/v1beta1", "PodSecurityPolicy", "podsecuritypolicies"),
        ("batch/v1beta1", "CronJob", "cronjobs"),
        ("v1", "Pod", "pods"),
        ("apps/v1", "Deployment", "deployments"),
        ("v1", "Endpoints", "endpoints"),
    ] {
        let kind = GroupVersionKind::new(version, kind);
        assert_eq!(
            resource_of(&kind).map(|resource| resource.plural),
            Some(plural),
            "{kind:?}"
        );
        assert!(type_of(&kind).is_some(), "{kind:?}");
    }
    assert!(
        !resource_of(&GroupVersionKind::new("v1", "Namespace"))
            .unwrap()
            .namespaced
    );
    assert_eq!(guess_plural("Policy"), "policies");
}

#[test]
fn fields_of_inlined_structs_are_found() {
    let pod = type_of(&GroupVersionKind::new("v1", "Pod")).unwrap();
    assert!(pod.field("kind").is_some());
    let ShapeRef::Struct(spec) = pod.field("spec").unwrap().shape() else {
        panic!()
    };
    let ShapeRef::List(volumes) = spec.field("volumes").unwrap().shape() else {
        panic!()
    };
    let ShapeRef::Struct(volume) = volumes.shape() else {
        panic!()
    };
    assert!(volume.field("hostPath").is_some());
    assert_eq!(spec.field("volumes").unwrap().patch_merge_key, "name");
}

#[test]
fn lists_and_maps_say_how_they_merge() {
    let pod = type_of(&GroupVersionKind::new("v1", "Pod")).unwrap();
    let ShapeRef::Struct(spec) = pod.field("spec").unwrap().shape() else {
        panic!("a pod's spec is a struct");
    };
    let containers = spec.field("containers").unwrap();
    assert_eq!(containers.list_type(), ListType::Map);
    assert_eq!(containers.list_map_keys, ["name"]);
    assert_eq!(
        spec.field("tolerations").unwrap().list_type(),
        ListType::Atomic
    );
    assert!(spec.field("nodeSelector").unwrap().is_atomic());
    let ShapeRef::List(container) = containers.shape() else {
        panic!("containers are a list");
    };
    let ShapeRef::Struct(container) = container.shape() else {
        panic!("a container is a struct");
    };
    let ports = container.field("ports").unwrap();
    // A strategic merge patch knows a single key only.
    assert_eq!(ports.patch_merge_key, "containerPort");
    assert_eq!(ports.list_map_keys, ["containerPort", "protocol"]);
    let ShapeRef::List(port) = ports.shape() else {
        panic!("ports are a list");
    };
    let ShapeRef::Struct(port) = port.shape() else {
        panic!("a port is a struct");
    };
    assert_eq!(port.field("protocol").unwrap().key_default, "\"TCP\"");
    let ShapeRef::Struct(metadata) = pod.field("metadata").unwrap().shape() else {
        panic!("metadata is a struct");
    };
    assert_eq!(
        metadata.field("finalizers").unwrap().list_type(),
        ListType::Set
    );
    let claim = type_of(&GroupVersionKind::new("v1", "PersistentVolumeClaim")).unwrap();
    let ShapeRef::Struct(spec) = claim.field("spec").unwrap().shape() else {
        panic!("a claim's spec is a struct");
    };
    let ShapeRef::Struct(selector) = spec.field("selector").unwrap().shape() else {
        panic!("a selector is a struct");
    };
    assert!(selector.is_atomic());
}

#[test]
fn the_keys_of_every_list_are_fields_of_its_members() {
    let (mut keyed, mut open) = (0, vec![]);
    for resource in resources() {
        open.extend(type_of(&GroupVersionKind {
            group: resource.group.into(),
            version: resource.version.into(),
            kind: resource.kind.into(),
        }));
    }
    let mut seen = std::collections::BTreeSet::new();
    while let Some(of) = open.pop() {
        if !seen.insert(of.name()) {
            continue;
        }
        for field in of.fields_in_json_order() {
            let mut shape = field.shape();
            while let ShapeRef::List(inner) | ShapeRef::Map(inner) = shape {
                shape = inner.shape();
            }
            if let ShapeRef::Struct(inner) = shape {
                open.push(inner);
                for key in field.list_map_keys {
                    assert!(
                        inner.field(key).is_some(),
                        "{}.{}: {key}",
                        of.name(),
                        field.name
                    );
                    keyed += 1;
                }
            }
        }
    }
    assert!(keyed > 60, "{keyed}");
}

fn canonical(text: &str) -> String {
    let mut object = json::from_str(text).unwrap();
    let kind = GroupVersionKind::of(&object);
    assert!(decode_canonical(&kind, &mut object).is_empty());
    object.to_string()
}

#[test]
fn what_means_the_same_becomes_one() {
    assert_eq!(
        canonical(
            r#"{"kind":"Event","apiVersion":"v1","metadata":{"creationTimestamp":"2026-01-01T02:00:00.5+02:00"},
            "firstTimestamp":"0001-01-01T00:00:00Z","eventTime":"2026-01-01T00:00:00.000001Z","count":1.0}"#
        ),
        r#"{"kind":"Event","apiVersion":"v1","metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"},"eventTime":"2026-01-01T00:00:00.000001Z","count":1}"#
    );
}

#[test]
fn amounts_of_every_kind_become_canonical() {
    // Every field that holds an amount, or a map or list of them, is found by its shape.
    let mut fields = 0;
    for resource in resources() {
        let kind = GroupVersionKind::new(&resource_version(resource), resource.kind);
        let Some(of) = type_of(&kind) else { continue };
        fields += amounts(&kind, of, &mut Vec::new());
    }
    assert!(fields > 100, "{fields}");
}

fn resource_version(resource: &Resource) -> String {
    if resource.group.is_empty() {
        resource.version.to_owned()
    } else {
        format!("{}/{}", resource.group, resource.version)
    }
}

/// Decodes an object of the kind for each field of amounts below a type; how many there are.
fn amounts(kind: &GroupVersionKind, of: StructType, path: &mut Vec<(String, u8)>) -> usize {
    let mut found = 0;
    if path.len() > 7 {
        return 0;
    }
    for field in of.fields_in_json_order() {
        let (mut shape, mut wrap) = (field.shape(), 0_u8);
        loop {
            match shape {
                ShapeRef::List(inner) => (shape, wrap) = (inner.shape(), wrap * 3 + 1),
                ShapeRef::Map(inner) => (shape, wrap) = (inner.shape(), wrap * 3 + 2),
                _ => break,
            }
        }
        path.push((field.name.to_owned(), wrap));
        match shape {
            ShapeRef::Quantity => {
                let build = |amount: &str| {
                    let mut value: Value = amount.into();
                    for (name, wrap) in path.iter().rev() {
                        let mut left = *wrap;
                        while left > 0 {
                            value = match left % 3 {
                                1 => vec![value].into(),
                                _ => [("k", value)].into_iter().collect(),
                            };
                            left /= 3;
                        }
                        value = [(name.clone(), value)].into_iter().collect();
                    }
                    value
                };
                let mut object = build("1024Mi");
                let problems = decode_canonical(kind, &mut object);
                assert!(problems.is_empty(), "{kind:?} {path:?}: {problems:?}");
                assert_eq!(object, build("1Gi"), "{kind:?} {path:?}");
                found += 1;
            }
            ShapeRef::Struct(below) => found += amounts(kind, below, path),
            _ => {}
        }
        path.pop();
    }
    found
}
