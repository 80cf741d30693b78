//! The rules that the recorded sequences do not reach.

use super::entries::{Entries, read};
use super::*;
use crate::patch::field_set::{Path, PathElement, Set};
use crate::patch::{CustomSchema, Schema};
use tollgate_api::json::from_str;
use tollgate_api::{GroupVersionKind, Timestamp, Value};
use tollgate_objects::schema::type_of;

pub(super) fn pod() -> GroupVersionKind {
    GroupVersionKind::new("v1", "Pod")
}

pub(super) fn request<'r>(kind: &'r GroupVersionKind, manager: &'r str) -> Request<'r> {
    Request {
        kind,
        schema: type_of(kind).map_or(Schema::Deduced, Schema::BuiltIn),
        manager,
        subresource: "",
        resets: Resets::Nothing,
        now: Timestamp::from_unix_seconds(86_400),
        versions: &NoOtherVersions,
    }
}

pub(super) fn entries(object: &Value) -> Entries {
    read(object).unwrap()
}

#[test]
fn a_manager_without_a_name_is_unknown_and_a_user_agent_names_one() {
    let kind = GroupVersionKind::new("v1", "ConfigMap");
    let mut object = from_str(
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}"#,
    )
    .unwrap();
    updated(None, &mut object, &request(&kind, ""));
    let managed = &object.get("metadata").unwrap().items("managedFields")[0];
    assert_eq!(managed.str("manager"), Some("unknown"));
    assert_eq!(managed.str("time"), Some("1970-01-02T00:00:00Z"));
    assert_eq!(manager_of("kubectl/v1.36 (linux) x/y"), "kubectl");
    assert_eq!(manager_of("a\u{7}b\u{e9}"), "ab\u{e9}");
    assert_eq!(manager_of(&"\u{e9}".repeat(100)).len(), 128);
    assert_eq!(manager_of(""), "");
}

#[test]
fn a_write_that_changes_only_times_is_the_same() {
    let object = |time: &str, value: &str| {
        from_str(&format!(
            r#"{{"metadata":{{"name":"a","managedFields":[{{"manager":"m","time":"{time}"}}]}},"data":"{value}"}}"#
        ))
        .unwrap()
    };
    assert!(same_but_for_times(&object("1", "x"), &object("2", "x")));
    assert!(!same_but_for_times(&object("1", "x"), &object("1", "y")));
    let mut renamed = object("2", "x");
    renamed
        .get_mut("metadata")
        .unwrap()
        .items_mut("managedFields")[0]
        .set("manager", "n");
    assert!(!same_but_for_times(&object("1", "x"), &renamed));
    let bare = from_str(r#"{"metadata":{"name":"a"}}"#).unwrap();
    assert!(!same_but_for_times(&bare, &bare));
}

#[test]
fn a_subresource_manages_only_what_it_can_write() {
    let filtered = |resets: &Resets, fields: &str| {
        let set = Set::from_fields(&from_str(fields).unwrap()).unwrap();
        tollgate_api::json::to_string(&resets.filter(set).to_fields())
    };
    let all = r#"{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:image":{},"f:resources":{"f:limits":{}}}},"f:ephemeralContainers":{"k:{\"name\":\"e\"}":{"f:image":{}}}},"f:status":{"f:phase":{}}}"#;
    for (subresource, left) in [
        (
            "",
            r#"{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:image":{},"f:resources":{"f:limits":{}}}},"f:ephemeralContainers":{"k:{\"name\":\"e\"}":{"f:image":{}}}}}"#,
        ),
        (
            "status",
            r#"{"f:metadata":{"f:labels":{"f:a":{}}},"f:status":{"f:phase":{}}}"#,
        ),
        (
            "resize",
            r#"{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:resources":{"f:limits":{}}}}}}"#,
        ),
        (
            "ephemeralcontainers",
            r#"{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:ephemeralContainers":{"k:{\"name\":\"e\"}":{"f:image":{}}}}}"#,
        ),
    ] {
        assert_eq!(
            filtered(&Resets::of(&pod(), subresource, true), all),
            left,
            "{subresource}"
        );
    }
    let claim = GroupVersionKind::new("resource.k8s.io/v1", "ResourceClaim");
    assert_eq!(
        filtered(&Resets::of(&claim, "status", true), all),
        r#"{"f:status":{"f:phase":{}}}"#
    );
    assert_eq!(filtered(&Resets::of_custom("", false), all), all);
}

/// A kind whose field `spec.old` became `spec.new`.
#[derive(Debug)]
struct Renamed;

impl Versions for Renamed {
    fn convert(&self, object: &Value, api_version: &str) -> Option<(Value, Schema<'_>)> {
        let (from, to) = match api_version {
            "t.io/v1" => ("old", "new"),
            "t.io/v1beta1" => ("new", "old"),
            _ => return None,
        };
        let mut object = object.clone();
        object.set("apiVersion", api_version);
        if let Some(value) = object.get_mut("spec").and_then(|spec| spec.remove(from)) {
            object.child_mut("spec").set(to, value);
        }
        Some((object, Schema::Deduced))
    }
}

#[test]
fn managers_of_another_version_follow_and_those_of_a_version_that_is_gone_go() {
    let kind = GroupVersionKind::new("t.io/v1", "T");
    let live = from_str(
        r#"{"apiVersion":"t.io/v1","kind":"T","metadata":{"name":"a","managedFields":[
            {"manager":"x","operation":"Apply","apiVersion":"t.io/v1beta1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:old":{},"f:same":{}}}},
            {"manager":"y","operation":"Update","apiVersion":"t.io/v1alpha1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:older":{}}}}]},
            "spec":{"new":"1","same":"1"}}"#,
    )
    .unwrap();
    let request = Request {
        versions: &Renamed,
        ..request(&kind, "z")
    };
    let mut new = live.clone();
    new.child_mut("spec").set("new", "2");
    updated(Some(&live), &mut new, &request);
    let texts: Vec<String> = entries(&new)
        .values()
        .map(|entry| {
            format!(
                "{} {}",
                entry.manager,
                tollgate_api::json::to_string(&entry.fields.to_fields())
            )
        })
        .collect();
    assert_eq!(
        texts,
        [
            r#"x {"f:spec":{"f:same":{}}}"#,
            r#"z {"f:spec":{"f:new":{}}}"#
        ]
    );

    // The one who applied at the older version applies at the newer and leaves a field out: it goes.
    let applied = from_str(
        r#"{"apiVersion":"t.io/v1","kind":"T","metadata":{"name":"a"},"spec":{"same":"1"}}"#,
    )
    .unwrap();
    let request = Request {
        manager: "x",
        ..request
    };
    let object = apply(Some(&live), &applied, false, &request).unwrap();
    assert_eq!(
        object.get("spec"),
        from_str(r#"{"same":"1"}"#).ok().as_ref()
    );
    assert_eq!(object.str("apiVersion"), Some("t.io/v1"));
}

#[test]
fn fields_of_what_became_atomic_are_managed_as_a_whole() {
    let kind = GroupVersionKind::new("t.io/v1", "T");
    let schema = from_str(
        r#"{"type":"object","properties":{"spec":{"type":"object","properties":{
            "list":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"}}}},
            "map":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}}}}}}"#,
    )
    .unwrap();
    let schema = CustomSchema::new(&schema, false);
    let live = from_str(
        r#"{"apiVersion":"t.io/v1","kind":"T","metadata":{"name":"a","managedFields":[{"manager":"x","operation":"Apply","apiVersion":"t.io/v1","fieldsType":"FieldsV1",
            "fieldsV1":{"f:spec":{"f:list":{"k:{\"id\":\"1\"}":{".":{},"f:id":{}}},"f:map":{"f:a":{}}}}}]},"spec":{"list":[{"id":"1"}],"map":{"a":"1"}}}"#,
    )
    .unwrap();
    let mut new = live.clone();
    updated(
        Some(&live),
        &mut new,
        &Request {
            schema: Schema::Custom(&schema),
            ..request(&kind, "y")
        },
    );
    let entry = entries(&new).into_values().next().unwrap();
    assert_eq!(
        tollgate_api::json::to_string(&entry.fields.to_fields()),
        r#"{"f:spec":{"f:list":{},"f:map":{}}}"#
    );
}

#[test]
fn a_write_of_the_scale_takes_the_replicas() {
    let path: Path = vec![PathElement::field("spec"), PathElement::field("replicas")];
    let replicas = |version: &str| (version == "apps/v1").then(|| path.clone());
    let mut parent = from_str(
        r#"{"metadata":{"managedFields":[
            {"manager":"a","operation":"Apply","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:paused":{},"f:replicas":{}}}},
            {"manager":"gone","operation":"Update","apiVersion":"apps/v0","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]}}"#,
    )
    .unwrap();
    let mut scale = from_str(
        r#"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{},"spec":{"replicas":1}}"#,
    )
    .unwrap();
    scale_from_parent(&parent, &mut scale, &replicas);
    let of_scale = entries(&scale);
    assert_eq!(of_scale.len(), 1);
    assert!(
        of_scale
            .values()
            .all(|entry| entry.api_version == "autoscaling/v1" && entry.fields.has(&path))
    );

    let kind = GroupVersionKind::new("autoscaling/v1", "Scale");
    let mut new = scale.clone();
    new.child_mut("spec").set("replicas", 2_i64);
    let request = Request {
        subresource: "scale",
        ..request(&kind, "hpa")
    };
    updated(Some(&scale), &mut new, &request);
    scale_to_parent(&mut parent, &new, "apps/v1", &replicas);
    let texts: Vec<String> = entries(&parent)
        .values()
        .map(|entry| {
            let fields = tollgate_api::json::to_string(&entry.fields.to_fields());
            format!(
                "{} {} {} {fields}",
                entry.manager, entry.api_version, entry.subresource
            )
        })
        .collect();
    assert_eq!(
        texts,
        [
            r#"a apps/v1  {"f:spec":{"f:paused":{}}}"#,
            r#"hpa apps/v1 scale {"f:spec":{"f:replicas":{}}}"#
        ]
    );
}

#[test]
fn broken_managed_fields_are_no_reason_to_refuse_an_update_but_one_to_refuse_an_apply() {
    let kind = GroupVersionKind::new("v1", "ConfigMap");
    let live = from_str(
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[{"manager":"x","operation":"Twist"}]}}"#,
    )
    .unwrap();
    let mut new = live.clone();
    updated(Some(&live), &mut new, &request(&kind, "y"));
    assert_eq!(new.at(&["metadata", "managedFields"]), None);
    let applied =
        from_str(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#).unwrap();
    let status = apply(Some(&live), &applied, false, &request(&kind, "y"))
        .unwrap_err()
        .status();
    assert_eq!(status.code, 500);
    assert_eq!(
        status.message,
        "failed to decode managed fields: operation must be `Apply` or `Update`"
    );
}
