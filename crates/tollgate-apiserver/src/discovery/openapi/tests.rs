//! The documents against what a real server lists, and against each other.

use super::gnostic::{self, Form, Message};
use super::schemas::references;
use super::*;
use crate::resources::{
    Conversion, CustomOrigin, Group, Origin, Resource, Subresource, Verbs, Version, built_in,
    unpack,
};
use flate2::read::GzDecoder;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::Arc;
use tollgate_api::{GroupResource, GroupVersionKind};
use tollgate_objects::schema::discovery;

const RELEASE: Release = Release::minor(36);

fn unpacked(document: &Document) -> Vec<u8> {
    assert!(document.is_gzip);
    let mut text = Vec::new();
    GzDecoder::new(&*document.body)
        .read_to_end(&mut text)
        .unwrap();
    text
}

fn tree(document: &Document) -> Value {
    json::from_slice(&unpacked(document)).unwrap()
}

fn v3(catalog: &Catalog, path: &str) -> Value {
    tree(&v3_document(catalog, RELEASE, path).unwrap().unwrap())
}

#[derive(Debug)]
struct Gizmos;

impl CustomOrigin for Gizmos {
    fn openapi_schema(&self) -> Option<Value> {
        json::from_str(
            r#"{"type":"object","properties":{"spec":{"type":"object","required":["size"],"properties":{
                "size":{"type":"integer","minimum":1},
                "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
                "note":{"type":"string","nullable":true},
                "rest":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}}}}}}"#,
        )
        .ok()
    }
}

/// What is built in, and a custom resource.
fn with_gizmos() -> Catalog {
    with_custom(Arc::new(Gizmos))
}

fn with_custom(origin: Arc<dyn CustomOrigin>) -> Catalog {
    let mut groups = built_in().unwrap().groups().to_vec();
    let kind = GroupVersionKind::new("k.example.com/v1", "Gizmo");
    let verbs = Verbs::ALL;
    let gizmos = Resource {
        list_kind: "GizmoList".into(),
        group_resource: GroupResource::new("k.example.com", "gizmos"),
        singular: "gizmo".into(),
        namespaced: true,
        verbs,
        short_names: Vec::new(),
        categories: Vec::new(),
        storage_version_hash: "".into(),
        subresources: vec![Subresource {
            name: "status".into(),
            kind: kind.clone(),
            names_its_group: false,
            verbs: Verbs::named(["get", "patch", "update"]),
        }],
        storage: GroupResource::new("k.example.com", "gizmos"),
        storage_kind: kind.clone(),
        conversion: Conversion::None,
        origin: Origin::Custom(origin),
        kind,
    };
    groups.push(Group {
        name: "k.example.com".into(),
        versions: vec![Version {
            name: "v1".into(),
            resources: vec![Arc::new(gizmos)],
        }],
    });
    Catalog::new(groups)
}

#[test]
fn the_index_lists_what_a_real_server_lists() {
    let recorded = unpack(discovery::PACKED_1_36).unwrap();
    let expected = recorded.at(&["nonResource", "/openapi/v3 paths"]).unwrap();
    let expected: BTreeSet<&str> = expected
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let index = v3_index(&built_in().unwrap(), RELEASE, &mut Tags::default()).unwrap();
    let index = json::from_slice(&index.body).unwrap();
    let mut got: BTreeSet<&str> = index.entries("paths").map(|(path, _)| path).collect();
    assert!(
        got.remove("apis/policy/v1beta1"),
        "served by this server alone"
    );
    assert_eq!(got, expected);
}

#[test]
fn the_index_tells_the_tag_of_each_document() {
    let catalog = built_in().unwrap();
    let index = json::from_slice(
        &v3_index(&catalog, RELEASE, &mut Tags::default())
            .unwrap()
            .body,
    )
    .unwrap();
    let address = index
        .at(&["paths", "apis/apps/v1", "serverRelativeURL"])
        .unwrap();
    let document = v3_document(&catalog, RELEASE, "apis/apps/v1")
        .unwrap()
        .unwrap();
    let expected = format!("/openapi/v3/apis/apps/v1?hash={}", document.etag);
    assert_eq!(address.as_str(), Some(expected.as_str()));
    assert_eq!(Document::plain(unpacked(&document)).etag, document.etag);
    assert!(
        v3_document(&catalog, RELEASE, "apis/nope/v1")
            .unwrap()
            .is_none()
    );
}

#[test]
fn tags_that_are_known_are_those_that_are_found_out() {
    let mut tags = Tags::default();
    let (before, after) = (built_in().unwrap(), with_gizmos());
    v3_index(&before, RELEASE, &mut tags).unwrap();
    // As if one resource of `apps` were another now.
    let known = tags.0.get_mut("apis/apps/v1").unwrap();
    known.0.pop();
    let core = tags.0.get_mut("api/v1").unwrap();
    core.0 = after.version("", "v1").unwrap().resources.clone();
    core.1 = "known".into();
    let index = v3_index(&after, RELEASE, &mut tags).unwrap();
    let index = json::from_slice(&index.body).unwrap();
    let fresh = v3_index(&after, RELEASE, &mut Tags::default()).unwrap();
    let fresh = json::from_slice(&fresh.body).unwrap();
    for (path, address) in fresh.entries("paths") {
        let got = index.at(&["paths", path]).unwrap();
        if path == "api/v1" {
            let expected = Some("/openapi/v3/api/v1?hash=known");
            assert_eq!(got.str("serverRelativeURL"), expected);
        } else {
            assert_eq!(got, address, "{path}");
        }
    }
    v3_index(&before, RELEASE, &mut tags).unwrap();
    assert!(!tags.0.contains_key("apis/k.example.com/v1"));
}

#[test]
fn every_reference_of_every_document_leads_somewhere() {
    let catalog = with_gizmos();
    let mut documents: Vec<(String, Value, &str)> = Section::all(&catalog)
        .into_iter()
        .map(|section| {
            (
                section.path(),
                v3(&catalog, &section.path()),
                "#/components/schemas/",
            )
        })
        .collect();
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    documents.push(("v2".to_owned(), whole, "#/definitions/"));
    for (path, document, prefix) in documents {
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(
            path == "v2" || found.iter().all(|name| name.starts_with(prefix)),
            "{path}"
        );
        for name in found {
            let keys: Vec<&str> = name.trim_start_matches("#/").split('/').collect();
            assert!(document.at(&keys).is_some(), "{path}: {name}");
        }
    }
}

#[test]
fn every_kind_of_the_catalog_is_in_the_documents() {
    let catalog = with_gizmos();
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let says = |document: &Value, key: &[&str], kind: &GroupVersionKind| {
        let entries = document.at(key).unwrap().as_object().unwrap().iter();
        entries.into_iter().any(|(_, schema)| {
            schema
                .items("x-kubernetes-group-version-kind")
                .iter()
                .any(|said| {
                    said.str("group") == Some(&kind.group)
                        && said.str("version") == Some(&kind.version)
                        && said.str("kind") == Some(&kind.kind)
                })
        })
    };
    for group in catalog.groups() {
        for version in &group.versions {
            let section = Section::Version(group, version);
            let part = v3(&catalog, &section.path());
            for resource in &version.resources {
                let kind = &resource.kind;
                assert!(says(&part, &["components", "schemas"], kind), "{kind:?}");
                assert!(says(&whole, &["definitions"], kind), "{kind:?}");
            }
        }
    }
}

#[test]
fn paths_have_the_operations_of_a_real_server() {
    let core = v3(&built_in().unwrap(), "api/v1");
    let methods = |path: &str| -> Vec<String> {
        let item = core.at(&["paths", path]).unwrap().as_object().unwrap();
        let mut keys: Vec<String> = item.keys().map(str::to_owned).collect();
        keys.sort();
        keys
    };
    assert_eq!(
        methods("/api/v1/namespaces/{namespace}/limitranges"),
        ["delete", "get", "parameters", "post"]
    );
    assert_eq!(
        methods("/api/v1/namespaces/{namespace}/pods/{name}"),
        ["delete", "get", "parameters", "patch", "put"]
    );
    assert_eq!(methods("/api/v1/namespaces"), ["get", "parameters", "post"]);
    assert_eq!(methods("/api/v1/pods"), ["get"]);
    let patch = core
        .at(&[
            "paths",
            "/api/v1/namespaces/{namespace}/pods/{name}",
            "patch",
        ])
        .unwrap();
    assert_eq!(patch.str("operationId"), Some("patchCoreV1NamespacedPod"));
    assert_eq!(patch.str("x-kubernetes-action"), Some("patch"));
    let parameters = patch.items("parameters").iter();
    let names: Vec<&str> = parameters
        .filter_map(|parameter| parameter.str("name"))
        .collect();
    assert_eq!(
        names,
        ["dryRun", "fieldManager", "fieldValidation", "force"]
    );
}

/// Without what is said for people.
fn undescribed(schema: &Value) -> Value {
    match schema {
        Value::Object(entries) => entries
            .iter()
            .filter(|(key, value)| *key != "description" || value.as_str().is_none())
            .map(|(key, value)| (key.to_owned(), undescribed(value)))
            .collect(),
        Value::Array(items) => Value::Array(items.iter().map(undescribed).collect()),
        other => other.clone(),
    }
}

#[test]
fn every_schema_and_every_property_is_described() {
    let catalog = built_in().unwrap();
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let definitions = whole.get("definitions").unwrap().as_object().unwrap();
    let mut missing = Vec::new();
    for (name, definition) in definitions.iter() {
        let is_described = |of: &Value| !of.str_or_empty("description").is_empty();
        let properties = definition.entries("properties");
        let properties = properties.filter(|(_, property)| !is_described(property));
        missing.extend(properties.map(|(property, _)| format!("{name}.{property}")));
        missing.extend((!is_described(definition)).then(|| name.to_owned()));
    }
    assert_eq!(missing, [] as [&str; 0]);
    let metadata = "io.k8s.api.core.v1.LimitRange";
    assert_eq!(
        definitions
            .get(metadata)
            .unwrap()
            .at(&["properties", "metadata", "description"]),
        Some(&"Standard object's metadata.".into())
    );
}

#[test]
fn schemas_say_what_a_real_server_says() {
    let catalog = built_in().unwrap();
    let core = v3(&catalog, "api/v1");
    let schema = |name: &str| {
        let schema = core.at(&["components", "schemas", name]);
        schema.unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(
        schema("io.k8s.api.core.v1.LimitRangeSpec").to_string(),
        r##"{"description":"LimitRangeSpec defines a min/max usage limit for resources that match on kind.","type":"object","required":["limits"],"properties":{"limits":{"description":"Limits is the list of LimitRangeItem objects that are enforced.","type":"array","items":{"default":{},"allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.LimitRangeItem"}]},"x-kubernetes-list-type":"atomic"}}}"##
    );
    assert_eq!(
        undescribed(schema("io.k8s.apimachinery.pkg.util.intstr.IntOrString")).to_string(),
        r#"{"format":"int-or-string","oneOf":[{"type":"integer"},{"type":"string"}]}"#
    );
    let containers = core.at(&[
        "components",
        "schemas",
        "io.k8s.api.core.v1.PodSpec",
        "properties",
        "containers",
    ]);
    assert_eq!(
        undescribed(containers.unwrap()).to_string(),
        r##"{"type":"array","items":{"default":{},"allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.Container"}]},"x-kubernetes-list-map-keys":["name"],"x-kubernetes-list-type":"map","x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}"##
    );
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let definition = |name: &str| {
        let definition = whole.at(&["definitions", name]);
        undescribed(definition.unwrap()).to_string()
    };
    assert_eq!(
        definition("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        r#"{"type":"string","format":"int-or-string"}"#
    );
    assert_eq!(
        definition("io.k8s.api.core.v1.LimitRange"),
        r##"{"type":"object","properties":{"apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"$ref":"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},"spec":{"$ref":"#/definitions/io.k8s.api.core.v1.LimitRangeSpec"}},"x-kubernetes-group-version-kind":[{"group":"","kind":"LimitRange","version":"v1"}]}"##
    );
    let policy = whole.at(&[
        "definitions",
        "io.k8s.api.policy.v1beta1.PodSecurityPolicySpec",
        "required",
    ]);
    assert_eq!(
        policy.unwrap().to_string(),
        r#"["seLinux","runAsUser","supplementalGroups","fsGroup"]"#
    );
}

#[test]
fn custom_resources_have_the_schema_of_their_definition() {
    let catalog = with_gizmos();
    let part = v3(&catalog, "apis/k.example.com/v1");
    let gizmo = part
        .at(&["components", "schemas", "com.example.k.v1.Gizmo"])
        .unwrap();
    assert_eq!(
        gizmo.at(&["properties", "metadata"]).unwrap().to_string(),
        r##"{"description":"Standard object's metadata.","allOf":[{"$ref":"#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]}"##
    );
    assert_eq!(
        gizmo
            .at(&["properties", "spec", "properties", "size", "minimum"])
            .unwrap()
            .as_i64(),
        Some(1)
    );
    let path = "/apis/k.example.com/v1/namespaces/{namespace}/gizmos/{name}/status";
    assert!(part.at(&["paths", path, "patch"]).is_some());
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let spec = whole
        .at(&[
            "definitions",
            "com.example.k.v1.Gizmo",
            "properties",
            "spec",
            "properties",
        ])
        .unwrap();
    assert_eq!(
        spec.get("port").unwrap().to_string(),
        r#"{"x-kubernetes-int-or-string":true}"#
    );
    assert_eq!(spec.get("note").unwrap().to_string(), "{}");
    assert_eq!(
        spec.get("rest").unwrap().to_string(),
        r#"{"x-kubernetes-preserve-unknown-fields":true}"#
    );
}

#[test]
fn a_kind_that_may_have_any_fields_names_none_to_old_clients() {
    #[derive(Debug)]
    struct Anything;
    impl CustomOrigin for Anything {
        fn openapi_schema(&self) -> Option<Value> {
            let text = r#"{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}}"#;
            json::from_str(text).ok()
        }
    }
    let catalog = with_custom(Arc::new(Anything));
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let kind = whole
        .at(&["definitions", "com.example.k.v1.Gizmo"])
        .unwrap();
    assert_eq!(kind.str("type"), Some("object"));
    assert_eq!(kind.as_object().unwrap().len(), 2);
    let part = v3(&catalog, "apis/k.example.com/v1");
    let kind = part.at(&["components", "schemas", "com.example.k.v1.Gizmo"]);
    assert!(kind.unwrap().at(&["properties", "a"]).is_some());
}

/// A field of a message: its number, and what it holds.
enum Wire<'b> {
    Number(u64),
    Double(f64),
    Bytes(&'b [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            return number;
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u32, Wire<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let wire = match tag & 7 {
            0 => Wire::Number(varint(&mut bytes)),
            1 => {
                let (double, rest) = bytes.split_at(8);
                bytes = rest;
                Wire::Double(f64::from_le_bytes(double.try_into().unwrap()))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                let (inner, rest) = bytes.split_at(length);
                bytes = rest;
                Wire::Bytes(inner)
            }
            other => panic!("wire type {other}"),
        };
        all.push((u32::try_from(tag >> 3).unwrap(), wire));
    }
    all
}

fn inner<'b>(wire: &Wire<'b>) -> &'b [u8] {
    match wire {
        Wire::Bytes(bytes) => bytes,
        _ => panic!("no bytes"),
    }
}

fn text(wire: &Wire<'_>) -> Value {
    std::str::from_utf8(inner(wire)).unwrap().into()
}

fn any(wire: &Wire<'_>) -> Value {
    let [(2, yaml)] = &fields(inner(wire))[..] else {
        panic!("no YAML alone");
    };
    json::from_slice(inner(yaml)).unwrap()
}

fn named(wire: &Wire<'_>, read: impl Fn(&Wire<'_>) -> Value) -> (String, Value) {
    let [(1, name), (2, value)] = &fields(inner(wire))[..] else {
        panic!("no name and value");
    };
    (text(name).as_str().unwrap().to_owned(), read(value))
}

fn append(object: &mut Value, key: &'static str, value: Value) {
    let mut items = object.items(key).to_vec();
    items.push(value);
    object.set(key, Value::Array(items));
}

fn message(bytes: &[u8], of: &Message) -> Value {
    let mut object = Value::object();
    for (number, wire) in fields(bytes) {
        if of.extensions > 0 && number == of.extensions {
            let (name, value) = named(&wire, any);
            object.set(name, value);
            continue;
        }
        let known = of.fields.iter().find(|(_, known, _)| *known == number);
        let (key, _, form) = known.unwrap_or_else(|| panic!("no field {number}"));
        let value = match form {
            Form::Text => text(&wire),
            Form::Any => any(&wire),
            Form::Flag | Form::Integer => match (form, &wire) {
                (Form::Flag, Wire::Number(number)) => (*number == 1).into(),
                (_, Wire::Number(number)) => number.cast_signed().into(),
                _ => panic!("{key} is no number"),
            },
            Form::Double => match wire {
                #[expect(clippy::cast_possible_truncation, reason = "it has no fraction")]
                Wire::Double(double) if double.fract() == 0.0 => (double as i64).into(),
                Wire::Double(double) => double.into(),
                _ => panic!("{key} is no double"),
            },
            Form::Texts => {
                append(&mut object, key, text(&wire));
                continue;
            }
            Form::Anys => {
                append(&mut object, key, any(&wire));
                continue;
            }
            Form::Many(inside) => {
                append(&mut object, key, message(inner(&wire), inside));
                continue;
            }
            Form::One(inside) if key.starts_with('(') => return message(inner(&wire), inside),
            Form::One(inside) => message(inner(&wire), inside),
            Form::Wrapped(inside) => message(inner(&fields(inner(&wire))[0].1), inside),
            Form::WrappedTexts => text(&fields(inner(&wire))[0].1),
            Form::Named(inside) => fields(inner(&wire))
                .iter()
                .map(|(_, entry)| named(entry, |value| message(inner(value), inside)))
                .collect(),
            Form::SchemaOrFlag => match &fields(inner(&wire))[0] {
                (2, Wire::Number(number)) => (*number == 1).into(),
                (_, schema) => message(inner(schema), &gnostic::SCHEMA),
            },
        };
        object.set(*key, value);
    }
    object
}

#[test]
fn the_protobuf_form_says_what_the_json_form_says() {
    let catalog = with_gizmos();
    let whole = tree(&v2_json(&catalog, RELEASE).unwrap());
    let bytes = unpacked(&v2_protobuf(&catalog, RELEASE).unwrap());
    let mut seen = BTreeSet::new();
    for (number, wire) in fields(&bytes) {
        seen.insert(number);
        let (key, entry, of) = match number {
            gnostic::number::SWAGGER => {
                assert_eq!(text(&wire).as_str(), Some("2.0"));
                continue;
            }
            gnostic::number::PATHS => ("paths", gnostic::number::PATH, &gnostic::PATH_ITEM),
            gnostic::number::DEFINITIONS => {
                ("definitions", gnostic::number::NAMED, &gnostic::SCHEMA)
            }
            gnostic::number::PARAMETERS => {
                ("parameters", gnostic::number::NAMED, &gnostic::PARAMETER)
            }
            _ => continue,
        };
        let expected = whole.get(key).unwrap().as_object().unwrap();
        let entries = fields(inner(&wire));
        assert_eq!(entries.len(), expected.len(), "{key}");
        for (found, entry_wire) in entries {
            assert_eq!(found, entry);
            let (name, got) = named(&entry_wire, |value| message(inner(value), of));
            assert_eq!(Some(&got), expected.get(&name), "{key} {name}");
        }
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [1, 2, 8, 9, 10, 12, 13]
    );
}

#[test]
fn kept_documents_are_small() {
    let catalog = built_in().unwrap();
    let sizes = [
        v2_json(&catalog, RELEASE).unwrap(),
        v2_protobuf(&catalog, RELEASE).unwrap(),
        v3_document(&catalog, RELEASE, "api/v1").unwrap().unwrap(),
    ];
    for document in sizes {
        let plain = unpacked(&document).len();
        let kept = document.body.len();
        assert!(kept * 8 < plain, "{kept} bytes for {plain}");
    }
}
