use super::*;
use crate::arbitrary;
use crate::schema::{ShapeRef, resources};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tollgate_api::json::from_str;

fn written(text: &str) -> String {
    let object = from_str(text).unwrap();
    let mut out = Vec::new();
    json(&GroupVersionKind::of(&object), &object, &mut out);
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(written(text), expected);
    // What was written is in order and stays as it is.
    assert_eq!(written(expected), expected);
}

#[test]
fn fields_stand_in_the_declared_order_and_maps_are_sorted() {
    check(
        r#"{"data":{"b":"2","a":"1"},"metadata":{"labels":{"y":"","x":"1"},"name":"n"},"apiVersion":"v1","kind":"ConfigMap"}"#,
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","labels":{"x":"1","y":""}},"data":{"a":"1","b":"2"}}"#,
    );
}

#[test]
fn structs_are_written_though_nothing_is_in_them() {
    check(
        r#"{"kind":"Deployment","apiVersion":"apps/v1"}"#,
        r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"strategy":{}},"status":{}}"#,
    );
}

#[test]
fn zero_values_are_left_out_only_where_the_type_says_so() {
    check(
        r#"{"kind":"Service","apiVersion":"v1","spec":{"ports":[{"port":0,"nodePort":0,"name":""}],"publishNotReadyAddresses":false,"sessionAffinityConfig":{}},"status":{}}"#,
        r#"{"kind":"Service","apiVersion":"v1","metadata":{},"spec":{"ports":[{"port":0,"targetPort":0}],"sessionAffinityConfig":{}},"status":{"loadBalancer":{}}}"#,
    );
    check(
        r#"{"kind":"Event","apiVersion":"v1","involvedObject":{},"firstTimestamp":"0001-01-01T00:00:00Z"}"#,
        r#"{"kind":"Event","apiVersion":"v1","metadata":{},"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,"eventTime":null,"reportingComponent":"","reportingInstance":""}"#,
    );
}

#[test]
fn a_value_of_the_wrong_type_counts_as_absent() {
    check(
        r#"{"kind":"ConfigMap","apiVersion":"v1","data":[1],"immutable":"x","metadata":7}"#,
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{}}"#,
    );
}

#[test]
fn of_custom_objects_all_keys_are_sorted() {
    check(
        r#"{"kind":"Widget","apiVersion":"example.com/v1","spec":{"b":1.50,"a":[{"d":null,"c":"<"}]},"metadata":{"name":"w","annotations":{}}}"#,
        r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"annotations":{},"name":"w"},"spec":{"a":[{"c":"\u003c","d":null}],"b":1.5}}"#,
    );
}

#[test]
fn raw_objects_keep_their_order() {
    check(
        r#"{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"managedFields":[{"fieldsV1":{"f:z":{},"f:a":{}}}]},"data":{"z":1,"a":[]},"revision":3}"#,
        r#"{"kind":"ControllerRevision","apiVersion":"apps/v1","metadata":{"managedFields":[{"fieldsV1":{"f:z":{},"f:a":{}}}]},"data":{"z":1,"a":[]},"revision":3}"#,
    );
}

/// Looks at every type that can be reached from `shape`.
fn check_silence(shape: ShapeRef, seen: &mut BTreeSet<&'static str>) {
    let of = match shape {
        ShapeRef::List(inner) | ShapeRef::Map(inner) => return check_silence(inner.shape(), seen),
        ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _) => of,
        _ => return,
    };
    if !seen.insert(of.name()) {
        return;
    }
    for field in of.fields_in_json_order() {
        let mut out = b"{".to_vec();
        typed::in_style(&mut out, Empty::Kept, |out, style| {
            typed::field(out, field, None, style);
        });
        assert_eq!(
            out.len() == 1,
            field.is_silent(),
            "{} {}",
            of.name(),
            field.name
        );
        check_silence(field.shape(), seen);
    }
}

#[test]
fn the_table_knows_which_fields_say_nothing() {
    let mut seen = BTreeSet::new();
    for resource in resources() {
        let kind = GroupVersionKind {
            group: resource.group.into(),
            version: resource.version.into(),
            kind: resource.kind.into(),
        };
        if let Some(of) = type_of(&kind) {
            check_silence(ShapeRef::Struct(of), &mut seen);
        }
    }
    assert!(seen.len() > 500, "{}", seen.len());
}

fn recorded(text: &str) -> String {
    let object = from_str(text).unwrap();
    let mut out = Vec::new();
    record(&GroupVersionKind::of(&object), &object, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_has_no_resource_version() {
    for object in [
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","uid":"u","resourceVersion":"1","creationTimestamp":"2026-01-01T00:00:00Z"}}"#,
        r#"{"metadata":{"generation":2,"resourceVersion":"1","name":"p"},"kind":"Pod","apiVersion":"v1","spec":{"containers":[{}]}}"#,
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"1"}}"#,
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1","name":"w","uid":"u"},"spec":{"resourceVersion":"x"}}"#,
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1"}}"#,
    ] {
        let mut without = from_str(object).unwrap();
        without
            .get_mut("metadata")
            .unwrap()
            .remove("resourceVersion");
        let expected = written(&without.to_string());
        assert_eq!(recorded(object), expected);
        assert_eq!(recorded(&without.to_string()), expected);
    }
}

#[test]
fn a_store_forgets_empty_lists_except_of_kinds_that_are_kept_as_json() {
    let role =
        r#"{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{},"rules":[]}"#;
    assert_eq!(written(role), role);
    assert_eq!(recorded(role), role.replace("[]", "null"));
    let definition = recorded(
        r#"{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","spec":{"versions":[]}}"#,
    );
    assert!(definition.contains(r#""versions":[]"#));
}

#[test]
fn a_list_is_its_head_its_items_and_its_tail() {
    let kind = GroupVersionKind::new("v1", "PodList");
    let meta = ListMeta {
        resource_version: "7",
        continue_token: "t",
        remaining_item_count: Some(0),
    };
    let mut out = Vec::new();
    list_head(&kind, false, &meta, &mut out);
    out.push(b'{');
    let item = br#"{"kind":"Pod","apiVersion":"v1","metadata":{}}"#;
    out.extend_from_slice(without_type(&GroupVersionKind::new("v1", "Pod"), item));
    list_tail(&kind, false, &meta, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"t","remainingItemCount":0},"items":[{"metadata":{}}]}"#
    );
}

proptest! {
    #[test]
    fn what_was_written_is_written_again(kind in arbitrary::kind(), tree in arbitrary::tree()) {
        let write = |object: &Value| {
            let mut out = Vec::new();
            json(&kind, object, &mut out);
            String::from_utf8(out).unwrap()
        };
        // What is read has no `-0`.
        let read = from_str(&write(&tree)).unwrap();
        let text = write(&read);
        prop_assert_eq!(write(&from_str(&text).unwrap()), text);
    }

    #[test]
    fn any_order_of_fields_gives_the_same_text((kind, tree) in arbitrary::typed()) {
        let write = |object: &Value| {
            let mut out = Vec::new();
            json(&kind, object, &mut out);
            String::from_utf8(out).unwrap()
        };
        let text = write(&tree);
        prop_assert_eq!(write(&from_str(&text).unwrap()), text);
    }
}
