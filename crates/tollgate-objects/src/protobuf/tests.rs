use super::*;
use crate::encode::ListMeta;
use crate::{arbitrary, encode as text};
use proptest::prelude::*;
use tollgate_api::json::from_str;

fn json(kind: &GroupVersionKind, object: &Value) -> String {
    let mut out = Vec::new();
    text::json(kind, object, &mut out);
    String::from_utf8(out).unwrap()
}

/// Without the nulls of Go's absent lists and times, which protobuf does not write.
fn without_nulls(mut value: Value) -> Value {
    fn clean(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(clean),
            Value::Object(object) => {
                object.retain(|_, member| !member.is_null());
                object.iter_mut().for_each(|(_, member)| clean(member));
            }
            _ => {}
        }
    }
    clean(&mut value);
    value
}

#[test]
fn a_frame_of_a_watch_is_a_length_and_a_bare_event() {
    let frame = watch_frame("ADDED", b"body");
    assert_eq!(frame, b"\0\0\0\x0f\x0a\x05ADDED\x12\x06\x0a\x04body");
}

#[test]
fn a_list_of_messages_is_the_list_of_objects() {
    let kind = GroupVersionKind::new("v1", "ConfigMapList");
    let object = from_str(
        r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"c","remainingItemCount":3},
        "items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"},"data":{"k":"v"}}]}"#,
    )
    .unwrap();
    let of = type_of(&GroupVersionKind::new("v1", "ConfigMap")).unwrap();
    let items: Vec<_> = object
        .items("items")
        .iter()
        .map(|item| encode_raw(of, item))
        .collect();
    let meta = ListMeta {
        resource_version: "7",
        continue_token: "c",
        remaining_item_count: Some(3),
    };
    assert_eq!(list(&kind, &meta, &items), encode(&kind, &object).unwrap());
}

#[test]
fn lists_of_partial_metadata_have_their_numbers() {
    for version in ["v1", "v1beta1"] {
        let kind = GroupVersionKind::new(
            &format!("meta.k8s.io/{version}"),
            "PartialObjectMetadataList",
        );
        let object =
            from_str(r#"{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}"#)
                .unwrap();
        let of = type_of(&GroupVersionKind::new(
            "meta.k8s.io/v1",
            "PartialObjectMetadata",
        ))
        .unwrap();
        let items: Vec<_> = object
            .items("items")
            .iter()
            .map(|item| encode_raw(of, item))
            .collect();
        let meta = ListMeta {
            resource_version: "7",
            ..ListMeta::default()
        };
        assert_eq!(list(&kind, &meta, &items), encode(&kind, &object).unwrap());
    }
}

#[test]
fn verbs_of_a_resource_are_a_message_of_their_own() {
    let kind = GroupVersionKind::new("v1", "APIResourceList");
    let text = r#"{"groupVersion":"v1","resources":[{"name":"pods","singularName":"pod",
        "namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]}]}"#;
    let object = from_str(text).unwrap();
    let bytes = encode(&kind, &object).unwrap();
    let verbs = b"\x22\x0b\x0a\x03get\x0a\x04list";
    assert!(bytes.windows(verbs.len()).any(|window| window == verbs));
    let (_, read) = decode(&bytes).unwrap();
    assert_eq!(read.get("resources"), object.get("resources"));
}

fn wrapped(raw: &[u8]) -> Vec<u8> {
    body(&GroupVersionKind::new("apps/v1", "Deployment"), raw)
}

#[track_caller]
fn check(bytes: &[u8], why: &str) {
    assert_eq!(decode(bytes).unwrap_err().to_string(), why);
}

#[test]
fn what_is_no_object_is_refused_in_the_words_of_upstream() {
    check(b"", "empty data");
    check(
        b"{}",
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
    check(b"k8s\0", "Object 'Kind' is missing");
    check(&wrapped(b"\x12\x7f"), "unexpected EOF");
    check(&wrapped(b"\x12\x02\x08"), "unexpected EOF");
    check(
        &wrapped(b"\x0c"),
        "proto: Deployment: wiretype end group for non-group",
    );
    check(
        &wrapped(b"\x02\x00"),
        "proto: Deployment: illegal tag 0 (wire type 2)",
    );
    check(&wrapped(b"\x8f\x01"), "proto: illegal wireType 7");
    check(
        &wrapped(b"\x08\x01"),
        "proto: wrong wireType = 0 for field Metadata",
    );
    check(
        &wrapped(b"\x12\x02\x0a\x00"),
        "proto: wrong wireType = 2 for field Replicas",
    );
    check(&wrapped(&[0xff; 12]), "proto: integer overflow");
    check(
        &wrapped(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        "proto: negative length found during unmarshaling",
    );
    check(
        &body(&GroupVersionKind::new("example.com/v1", "Widget"), b""),
        "no kind \"Widget\" is registered for version \"example.com/v1\"",
    );
}

#[test]
fn fields_may_come_in_any_order_and_twice_and_unknown_ones_are_skipped() {
    // spec.paused, an unknown group, spec.replicas twice, metadata at last.
    let raw = b"\x12\x02\x38\x01\xf3\x3f\x08\x01\xf4\x3f\x12\x04\x08\x01\x08\x03\x0a\x03\x0a\x01a";
    let (_, object) = decode(&wrapped(raw)).unwrap();
    assert_eq!(
        object.to_string(),
        r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a"},"spec":{"replicas":3,"paused":true}}"#
    );
}

#[test]
fn numbers_of_a_list_may_be_packed() {
    let of = type_of(&GroupVersionKind::new("v1", "Pod")).unwrap();
    // spec.securityContext.supplementalGroups
    let object = decode_raw(of, b"\x12\x07\x72\x05\x22\x03\x01\xac\x02").unwrap();
    let groups = object.at(&["spec", "securityContext"]).unwrap();
    assert_eq!(groups.to_string(), r#"{"supplementalGroups":[1,300]}"#);
}

#[test]
fn messages_within_messages_end_somewhere() {
    let of = type_of(&GroupVersionKind::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
    ));
    // `not` within `not`, the innermost first.
    let mut schema = Writer::new(0);
    for _ in 0..10_000 {
        let before = schema.written();
        schema.varint(before as u64);
        schema.tag(28, writer::WireType::Bytes);
    }
    let version = |out: &mut Writer| {
        out.message(4, |out| out.message(1, |out| out.bytes(&schema.finish())));
    };
    let mut out = Writer::new(0);
    out.message(2, |out| out.message(7, version));
    assert_eq!(decode_raw(of.unwrap(), &out.finish()), Err(Error::TooDeep));
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written((kind, object) in arbitrary::typed()) {
        let bytes = encode(&kind, &object).unwrap();
        let (read_kind, read) = decode(&bytes).unwrap();
        prop_assert_eq!(&read_kind, &kind);
        let text = json(&kind, &object);
        prop_assert_eq!(json(&kind, &read), text.clone());
        prop_assert_eq!(&read, &without_nulls(from_str(&text).unwrap()));
        prop_assert_eq!(encode(&kind, &read).unwrap(), bytes);
    }

    #[test]
    fn any_tree_can_be_written_and_read(kind in arbitrary::kind(), object in arbitrary::tree()) {
        if let Some(bytes) = encode(&kind, &object) {
            prop_assert!(decode(&bytes).is_ok());
        }
    }

    #[test]
    fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in arbitrary::kind()) {
        let _ = decode(&bytes);
        let _ = decode(&body(&kind, &bytes));
    }

    #[test]
    fn no_damage_makes_a_panic((kind, object) in arbitrary::typed(), place in any::<usize>(), with in any::<u8>()) {
        let mut bytes = encode(&kind, &object).unwrap();
        let place = place % bytes.len();
        bytes[place] = with;
        let _ = decode(&bytes);
        bytes.truncate(place);
        let _ = decode(&bytes);
    }
}
