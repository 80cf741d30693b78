//! Trees for property tests, of few keys and values, so that a patch often meets what it patches.

use proptest::prelude::*;
use tollgate_api::{Number, Object, Value};

const KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "uid",
    "name",
    "spec",
    "containers",
    "env",
    "value",
    "ports",
    "containerPort",
    "protocol",
    "volumes",
    "emptyDir",
    "args",
    "image",
    "tolerations",
    "key",
    "resources",
    "limits",
    "cpu",
    "alien",
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$setElementOrder/finalizers",
    "$setElementOrder/env",
    "$deleteFromPrimitiveList/finalizers",
    "0",
    "-",
];

const TEXTS: &[&str] = &[
    "", "a", "b", "c", "delete", "replace", "merge", "TCP", "name", "80",
];

/// Any tree, with keys of pods and directives of strategic merge patches among its keys.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..3).prop_map(Value::from),
        Just(Value::Number(Number::Float(1.0))),
        Just(Value::Number(Number::Float(0.5))),
        proptest::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Object> {
    prop::collection::vec((proptest::sample::select(KEYS), inner), 0..5)
        .prop_map(|entries| entries.into_iter().collect())
}
