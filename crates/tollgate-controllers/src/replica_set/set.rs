//! What a set asks for and what its status says.

use crate::driver::Cached;
use std::sync::Arc;
use tollgate_api::{Status, Value};

/// A set.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) cached: Arc<Cached>,
    pub(super) object: Value,
    pub(super) replicas: usize,
    pub(super) min_ready_seconds: i64,
    pub(super) selector: Value,
    pub(super) template: Value,
    /// The status without the generation it is about.
    pub(super) status: Value,
    pub(super) observed_generation: i64,
}

impl Set {
    /// Reads a set; `selector` finds its label selector.
    pub(super) fn new(cached: &Arc<Cached>, selector: fn(&Value) -> Value) -> Result<Self, Status> {
        let object = cached.object()?;
        let spec = object.get("spec").unwrap_or(&Value::Null);
        // One that says nothing asks for one, but a server has written that down.
        let replicas = spec.int("replicas").unwrap_or(1);
        let mut status = object.get("status").cloned().unwrap_or_else(Value::object);
        let observed = status.remove("observedGeneration");
        Ok(Self {
            replicas: usize::try_from(replicas).unwrap_or_default(),
            min_ready_seconds: spec.int("minReadySeconds").unwrap_or_default(),
            selector: selector(&object),
            template: spec.get("template").cloned().unwrap_or_default(),
            observed_generation: observed
                .as_ref()
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            status,
            cached: Arc::clone(cached),
            object,
        })
    }
}

/// The selector of a ReplicaSet.
pub(super) fn label_selector(object: &Value) -> Value {
    let selector = object.at(&["spec", "selector"]);
    selector.cloned().unwrap_or_default()
}

/// The selector of a ReplicationController, which is a map; an empty one selects nothing.
pub(super) fn map_selector(object: &Value) -> Value {
    let selector = object.at(&["spec", "selector"]);
    match selector.filter(|selector| selector.as_object().is_some_and(|map| !map.is_empty())) {
        Some(selector) => Value::from_iter([("matchLabels", selector.clone())]),
        None => Value::Null,
    }
}
