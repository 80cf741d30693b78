//! Deletes what is in a namespace and counts what stays.

use crate::context::Context;
use crate::resources::PODS;
use std::collections::BTreeMap;
use tollgate_api::client::{
    Deletion, GroupVersionResource, Propagation, Selection, ServedResource, Stored, Target, Verb,
};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Timestamp, Value};

/// After which time objects that finalizers hold are looked at again.
const FINALIZERS_SECONDS: i64 = 15;

/// How much of the content is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Left {
    /// Nothing.
    #[default]
    Nothing,
    /// Something, for about that many seconds.
    For(i64),
}

/// What a round of deletions found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many objects remain, by `resource.group`.
    pub(super) remaining: BTreeMap<String, usize>,
    /// How many objects a finalizer holds.
    pub(super) finalizers: BTreeMap<String, usize>,
    /// What could not be deleted.
    pub(super) failures: Vec<Status>,
    /// How much is left.
    pub(super) left: Left,
}

/// Deletes all content: pods first, the rest when no pod is left, so that nothing that a pod needs goes before it.
pub(super) async fn delete_all(context: &Context, namespace: &str, object: &Value) -> Found {
    let mut found = Found::default();
    let began = object
        .at(&["metadata", "deletionTimestamp"])
        .and_then(Value::as_str);
    let began = began.and_then(Timestamp::parse).unwrap_or(context.now);
    let elapsed = context
        .now
        .unix_seconds()
        .saturating_sub(began.unix_seconds());
    let mut resources = context.resources();
    resources.retain(|resource| resource.namespaced && resource.verbs.contains(&"delete"));
    let is_pods = |served: &ServedResource| served.resource == PODS;
    let (pods, others): (Vec<ServedResource>, Vec<ServedResource>) =
        resources.into_iter().partition(is_pods);
    for resource in &pods {
        delete_resource(context, namespace, resource, elapsed, &mut found).await;
    }
    if !found.remaining.is_empty() || !found.failures.is_empty() {
        return found;
    }
    for resource in &others {
        delete_resource(context, namespace, resource, elapsed, &mut found).await;
    }
    found
}

/// Deletes the objects of one resource.
async fn delete_resource(
    context: &Context,
    namespace: &str,
    served: &ServedResource,
    elapsed: i64,
    found: &mut Found,
) {
    let resource = &served.resource;
    let left = match try_delete(context, namespace, served).await {
        Ok(left) => left,
        // Its definition went meanwhile, and its objects with it.
        Err(status) if status.reason == Reason::NotFound => return,
        Err(status) => return found.failures.push(status),
    };
    match judge(resource, namespace, &left, elapsed, found) {
        Ok(left) => found.left = found.left.max(left),
        Err(status) => found.failures.push(status),
    }
}

async fn try_delete(
    context: &Context,
    namespace: &str,
    served: &ServedResource,
) -> Result<Vec<Value>, Status> {
    let resource = &served.resource;
    let background = Deletion {
        propagation: Some(Propagation::Background),
        ..Deletion::default()
    };
    if served.verbs.contains(&"deletecollection") {
        let target = Target::collection(resource, namespace);
        let verb = Verb::DeleteCollection(Selection::default(), background);
        context.call(target, verb).await?;
    } else if served.verbs.contains(&"list") {
        for item in context
            .list(resource, namespace, Selection::default())
            .await?
        {
            let item = item.parse()?;
            let name = item.at(&["metadata", "name"]).and_then(Value::as_str);
            let name = name.unwrap_or_default();
            let deleted = context.delete(resource, namespace, name, background.clone());
            match deleted.await {
                Err(status) if status.reason != Reason::NotFound => return Err(status),
                _ => {}
            }
        }
    }
    if !served.verbs.contains(&"list") {
        return Ok(Vec::new());
    }
    let left = context
        .list(resource, namespace, Selection::default())
        .await?;
    left.iter().map(Stored::parse).collect()
}

/// Counts what is left of a resource, and says for how long it may be.
fn judge(
    resource: &GroupVersionResource,
    namespace: &str,
    left: &[Value],
    elapsed: i64,
    found: &mut Found,
) -> Result<Left, Status> {
    if left.is_empty() {
        return Ok(Left::Nothing);
    }
    let name = format!("{}.{}", resource.resource, resource.group);
    found.remaining.insert(name, left.len());
    let mut is_held = false;
    for object in left {
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        for finalizer in metadata
            .items("finalizers")
            .iter()
            .filter_map(Value::as_str)
        {
            is_held = true;
            let count = found.finalizers.entry(finalizer.to_owned()).or_default();
            *count = count.saturating_add(1);
        }
    }
    let grace = left.iter().filter_map(|object| grace_of(resource, object));
    let grace = grace.max().filter(|grace| elapsed < *grace);
    match grace {
        Some(seconds) => Ok(Left::For(seconds)),
        None if is_held => Ok(Left::For(FINALIZERS_SECONDS)),
        None => Err(Status::plain(format!(
            "unexpected items still remain in namespace: {namespace} for gvr: {}/{}, Resource={}",
            resource.group, resource.version, resource.resource
        ))),
    }
}

/// How long a pod that has not ended has to end.
fn grace_of(resource: &GroupVersionResource, object: &Value) -> Option<i64> {
    let phase = object.at(&["status", "phase"]).and_then(Value::as_str);
    if *resource != PODS || matches!(phase, Some("Succeeded" | "Failed")) {
        return None;
    }
    object
        .at(&["spec", "terminationGracePeriodSeconds"])
        .and_then(Value::as_i64)
        .filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::CONFIG_MAPS;
    use tollgate_api::json;

    fn value(text: &str) -> Value {
        json::from_str(text).unwrap()
    }

    #[test]
    fn pods_are_waited_for_as_long_as_they_have_to_end() {
        let pods = [
            value(r#"{"spec":{"terminationGracePeriodSeconds":30}}"#),
            value(r#"{"spec":{"terminationGracePeriodSeconds":90},"status":{"phase":"Failed"}}"#),
        ];
        let mut found = Found::default();
        let left = judge(&PODS, "n", &pods, 3, &mut found).unwrap();
        assert_eq!(left, Left::For(30));
        assert_eq!(found.remaining["pods."], 2);
        let late = judge(&PODS, "n", &pods, 30, &mut found).unwrap_err();
        assert_eq!(
            late.message,
            "unexpected items still remain in namespace: n for gvr: /v1, Resource=pods"
        );
    }

    #[test]
    fn finalizers_are_counted_and_given_some_time() {
        let held = value(r#"{"metadata":{"finalizers":["a/b","c/d"]}}"#);
        let objects = [held.clone(), held, value("{}")];
        let mut found = Found::default();
        let left = judge(&CONFIG_MAPS, "n", &objects, 0, &mut found).unwrap();
        assert_eq!(left, Left::For(FINALIZERS_SECONDS));
        assert_eq!(found.finalizers["a/b"], 2);
        assert_eq!(found.remaining["configmaps."], 3);
    }
}
