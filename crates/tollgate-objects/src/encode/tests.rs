use super::*;
use crate::arbitrary;
use proptest::prelude::*;
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

fn spliced(text: &str) -> String {
    let object = from_str(text).unwrap();
    let kind = GroupVersionKind::of(&object);
    let (mut kept, mut out) = (Vec::new(), Vec::new());
    let place = record(&kind, &object, &mut kept).unwrap();
    splice(&kept, place, Revision(42), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_gets_its_resource_version_where_it_belongs() {
    for object in [
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","uid":"u","resourceVersion":"1","creationTimestamp":"2026-01-01T00:00:00Z"}}"#,
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","resourceVersion":"1"}}"#,
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"1","generation":2}}"#,
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"1"}}"#,
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1"}}"#,
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1","name":"w","uid":"u"}}"#,
        r#"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1","name":"w"}}"#,
    ] {
        let expected = written(&object.replace(r#""1""#, r#""42""#));
        assert_eq!(spliced(object), expected);
        let without = object
            .replace(r#""resourceVersion":"1","#, "")
            .replace(r#","resourceVersion":"1""#, "");
        if without != object {
            assert_eq!(spliced(&without), expected);
        }
    }
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
