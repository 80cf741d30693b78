//! Long lists in every form: the pieces together are the list, and no piece is larger than one may be.

use super::super::negotiate::{Form, Media, MetaVersion, Shape};
use super::super::table::Look;
use super::super::{render, table};
use super::{AnswerBody, PIECE_BYTES};
use crate::resources::built_in;
use crate::storage::{Key, Record};
use crate::table::IncludeObject;
use crate::verbs::Listing;
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Timestamp, Value, json};

/// How many pods the list has.
const PODS: usize = 5_000;
/// More than any of them takes in any form.
const POD_BYTES_MAX: usize = 4 * 1024;

fn listing(count: usize) -> Listing {
    let catalog = built_in().unwrap();
    let resource = Arc::clone(catalog.resource("", "v1", "pods").unwrap());
    let items = (0..count).map(|number| {
        let name = format!("p{number:05}");
        let text = format!(
            r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"a","uid":"{number}"}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}},"status":{{"phase":"Running"}}}}"#
        );
        let record = Record {
            value: text.into(),
            revision: 7,
            created: 7,
            mark: crate::storage::Mark::default(),
        };
        (Key::new("", "pods", "a", &name), Arc::new(record))
    });
    Listing {
        items: items.collect(),
        resource,
        revision: 9,
        continue_token: "more".to_owned(),
        remaining: Some(3),
    }
}

/// The whole of a long list, of which no part was ever larger than a piece.
#[track_caller]
fn whole(media: Media, shape: Shape) -> Vec<u8> {
    let form = Form {
        media,
        shape,
        pretty: false,
    };
    let look = Look {
        include: IncludeObject::Object,
        now: Timestamp::from_unix_seconds(1_768_478_400),
    };
    let listing = listing(PODS);
    let body = match shape {
        Shape::Object => render::list(listing, form).unwrap(),
        _ => table::of_list(listing, form, &look).unwrap(),
    };
    let AnswerBody::Pieces(pieces) = body else {
        panic!("a long list is written in pieces");
    };
    let mut whole = Vec::new();
    let mut count = 0;
    for piece in pieces {
        assert!(piece.len() < PIECE_BYTES + POD_BYTES_MAX, "{}", piece.len());
        whole.extend_from_slice(&piece);
        count += 1;
    }
    assert!(count > 2, "{count} pieces");
    whole
}

fn names<'v>(items: &'v [Value], under: &[&str]) -> Vec<&'v str> {
    let names = items.iter().map(|item| item.at(under).unwrap());
    names.map(|name| name.as_str().unwrap()).collect()
}

#[track_caller]
fn check(list: &Value, items: &str, under: &[&str]) {
    let found = names(list.items(items), under);
    let expected: Vec<String> = (0..PODS).map(|number| format!("p{number:05}")).collect();
    assert_eq!(found, expected);
    let metadata = list.get("metadata").unwrap();
    assert_eq!(metadata.str("resourceVersion"), Some("9"));
    assert_eq!(metadata.str("continue"), Some("more"));
    assert_eq!(metadata.int("remainingItemCount"), Some(3));
}

#[test]
fn long_lists_of_json_are_written_in_pieces() {
    let name = ["metadata", "name"];
    let list = json::from_slice(&whole(Media::Json, Shape::Object)).unwrap();
    check(&list, "items", &name);
    let partial = Shape::PartialList(MetaVersion::V1);
    let list = json::from_slice(&whole(Media::Json, partial)).unwrap();
    check(&list, "items", &name);
    let rows = Shape::Table(MetaVersion::V1);
    let list = json::from_slice(&whole(Media::Json, rows)).unwrap();
    check(&list, "rows", &["object", "metadata", "name"]);
    assert!(!list.items("columnDefinitions").is_empty());
}

#[test]
fn long_lists_of_protobuf_are_written_in_pieces_that_are_the_list() {
    let bytes = whole(Media::Protobuf, Shape::Object);
    let (kind, list) = tollgate_objects::protobuf::decode(&bytes).unwrap();
    assert_eq!(kind, GroupVersionKind::new("v1", "PodList"));
    check(&list, "items", &["metadata", "name"]);
    // Byte for byte what the list would be that is written at once.
    let again = tollgate_objects::protobuf::encode(&kind, &list).unwrap();
    assert!(again == bytes);
    for version in [MetaVersion::V1, MetaVersion::V1Beta1] {
        let bytes = whole(Media::Protobuf, Shape::PartialList(version));
        let (kind, list) = tollgate_objects::protobuf::decode(&bytes).unwrap();
        assert_eq!(kind.version, version.name());
        check(&list, "items", &["metadata", "name"]);
        let again = tollgate_objects::protobuf::encode(&kind, &list).unwrap();
        assert!(again == bytes);
    }
}

#[test]
fn short_lists_are_whole() {
    for media in [Media::Json, Media::Protobuf] {
        for shape in [Shape::Object, Shape::PartialList(MetaVersion::V1)] {
            let form = Form {
                media,
                shape,
                pretty: false,
            };
            let look = Look {
                include: IncludeObject::Object,
                now: Timestamp::from_unix_seconds(0),
            };
            for count in [0, 2] {
                let body = table::of_list(listing(count), form, &look).unwrap();
                assert!(matches!(body, AnswerBody::Whole(Some(_))), "{form:?}");
            }
        }
    }
}
