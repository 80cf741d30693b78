//! The rules that the recorded sequences do not reach, and the laws.

use super::entries::{Entries, read};
use super::*;
use crate::patch::arbitrary::value as any_value;
use crate::patch::field_set::{Path, PathElement, Set};
use crate::patch::typed::members::members;
use crate::patch::typed::node::{Node, tree};
use crate::patch::typed::validate::misfits;
use crate::patch::{CustomSchema, Schema};
use proptest::prelude::*;
use tollgate_api::json::from_str;
use tollgate_api::{GroupVersionKind, Timestamp, Value};
use tollgate_objects::schema::type_of;

fn pod() -> GroupVersionKind {
    GroupVersionKind::new("v1", "Pod")
}

fn request<'r>(kind: &'r GroupVersionKind, manager: &'r str) -> Request<'r> {
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

fn entries(object: &Value) -> Entries {
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
            r#"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:resources":{"f:limits":{}}}}}}"#,
        ),
        (
            "ephemeralcontainers",
            r#"{"f:spec":{"f:ephemeralContainers":{"k:{\"name\":\"e\"}":{"f:image":{}}}}}"#,
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

fn any_pod() -> impl Strategy<Value = Value> {
    any_value().prop_map(|mut value| {
        if value.as_object().is_none() {
            value = Value::object();
        }
        value.as_object_mut().unwrap().drop_duplicates();
        value.set("apiVersion", "v1");
        value.set("kind", "Pod");
        value
    })
}

/// A pod that fits its type.
fn sound_pod() -> impl Strategy<Value = Value> {
    let labels = prop::collection::btree_map("[a-c]", "[a-b]", 0..3);
    let container = (
        "[a-c]",
        proptest::option::of("[x-z]"),
        prop::collection::btree_map("[A-C]", "[0-1]", 0..3),
    );
    let containers = prop::collection::vec(container, 0..3);
    (labels, containers).prop_map(|(labels, containers)| {
        let mut names = std::collections::BTreeSet::new();
        let containers: Vec<Value> = containers
            .into_iter()
            .filter(|(name, _, _)| names.insert(name.clone()))
            .map(|(name, image, env)| {
                let env = env.into_iter().map(|(name, value)| {
                    [("name", name), ("value", value)]
                        .into_iter()
                        .collect::<Value>()
                });
                let mut container: Value = [("name", name)].into_iter().collect();
                if let Some(image) = image {
                    container.set("image", image);
                }
                container.set("env", env.collect::<Vec<Value>>());
                container
            })
            .collect();
        let mut pod =
            from_str(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}"#).unwrap();
        pod.child_mut("metadata")
            .set("labels", labels.into_iter().collect::<Value>());
        pod.child_mut("spec").set("containers", containers);
        pod
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn nothing_panics(live in any_pod(), applied in any_pod(), force in any::<bool>()) {
        let kind = pod();
        for schema in [Schema::BuiltIn(type_of(&kind).unwrap()), Schema::Deduced] {
            let request = Request { schema, ..request(&kind, "m") };
            let mut new = applied.clone();
            updated(Some(&live), &mut new, &request);
            updated(None, &mut new, &request);
            let _ = apply(Some(&live), &applied, force, &request);
            let _ = apply(None, &applied, force, &request);
        }
    }

    #[test]
    fn any_json_is_a_structural_schema(schema in any_value(), object in any_pod()) {
        let schema = CustomSchema::new(&schema, false);
        let kind = pod();
        let request = Request { schema: Schema::Custom(&schema), ..request(&kind, "m") };
        let _ = apply(None, &object, false, &request);
    }

    #[test]
    fn who_applies_manages_every_leaf_and_nobody_loses_by_agreeing(first in sound_pod(), second in sound_pod()) {
        let kind = pod();
        let schema = Schema::BuiltIn(type_of(&kind).unwrap());
        let live = apply(None, &first, false, &request(&kind, "first")).unwrap();
        let forced = apply(Some(&live), &second, true, &request(&kind, "second")).unwrap();
        let own = entries(&forced).into_values().find(|entry| entry.manager == "second");
        let fields = own.map(|own| own.fields).unwrap_or_default();
        for path in members(&second, schema.sent()).paths() {
            let is_meta = path.first() == Some(&PathElement::field("apiVersion"))
                || path.first() == Some(&PathElement::field("kind"))
                || path.get(1) == Some(&PathElement::field("name"));
            prop_assert_eq!(fields.has(&path), !is_meta, "{:?}", path);
        }
        // What is applied is there, and fits.
        prop_assert!(misfits(&forced, schema.sent(), false).is_empty());
        let again = apply(Some(&forced), &second, false, &request(&kind, "second")).unwrap();
        let held = |object: &Value| tree(Node::Value(object), schema.held());
        prop_assert_eq!(held(&again), held(&forced));
        // Without force either nothing is lost or all conflicts are about what the first manages.
        match apply(Some(&live), &second, false, &request(&kind, "second")) {
            Ok(object) => {
                let mine = entries(&object).into_values().find(|entry| entry.manager == "first");
                prop_assert_eq!(
                    mine.map(|entry| entry.fields),
                    entries(&live).into_values().next().map(|entry| entry.fields)
                );
            }
            Err(ApplyError::Conflicts(conflicts)) => {
                let owned = entries(&live).into_values().next().unwrap().fields;
                for conflict in conflicts {
                    prop_assert!(owned.has(&conflict.path));
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn an_update_that_changes_nothing_changes_no_manager(object in sound_pod(), other in sound_pod()) {
        let kind = pod();
        let mut live = object;
        updated(None, &mut live, &request(&kind, "a"));
        let mut same = live.clone();
        updated(Some(&live), &mut same, &request(&kind, "b"));
        prop_assert_eq!(&same, &live);
        // No field is managed by two who update.
        let mut new = other;
        updated(Some(&live), &mut new, &request(&kind, "b"));
        let all: Vec<Set> = entries(&new).into_values().map(|entry| entry.fields).collect();
        for (place, one) in all.iter().enumerate() {
            for two in all.iter().skip(place + 1) {
                prop_assert!(one.intersection(two).is_empty());
            }
        }
    }
}
