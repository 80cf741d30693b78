//! The laws of managed fields.

use super::unit::{entries, pod, request};
use super::*;
use crate::patch::arbitrary::value as any_value;
use crate::patch::field_set::{PathElement, Set};
use crate::patch::typed::members::members;
use crate::patch::typed::node::{Node, tree};
use crate::patch::typed::validate::misfits;
use crate::patch::{CustomSchema, Schema};
use proptest::prelude::*;
use tollgate_api::Value;
use tollgate_api::json::from_str;
use tollgate_objects::schema::type_of;

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
