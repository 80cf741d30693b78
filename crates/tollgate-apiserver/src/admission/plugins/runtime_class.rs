//! RuntimeClass: the overhead of a runtime, and where it runs.

use super::request_name;
use crate::admission::mutate::apply_runtime_class;
use crate::admission::{Plugin, Review};
use crate::storage::Key;
use tollgate_api::{Operation, Status, Value};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct RuntimeClass;

impl Plugin for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create || !review.is_core("pods") {
            return Ok(());
        }
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let Some(name) = spec.str("runtimeClassName") else {
            return Ok(());
        };
        if let Some(why) = request_name::refusal(name) {
            return Err(Status::plain(why));
        }
        let key = Key::new("node.k8s.io", "runtimeclasses", "", name);
        let Some(class) = review.prepared.object(review.snapshot, &key) else {
            let why = format!("pod rejected: RuntimeClass \"{name}\" not found");
            return Err(review.forbidden(Some(object), why));
        };
        let defined = class.at(&["overhead", "podFixed"]);
        if let (Some(defined), Some(given)) = (defined, spec.get("overhead"))
            && defined != given
        {
            let why = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
            return Err(review.forbidden(Some(object), why));
        }
        if let Some(why) = selector_conflict(&class, spec) {
            return Err(review.forbidden(Some(object), why));
        }
        apply_runtime_class(object, |_| Some(&class));
        Ok(())
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let Some(pod) = review.attributes.object else {
            return Ok(());
        };
        if review.attributes.operation != Operation::Create || !review.is_core("pods") {
            return Ok(());
        }
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let has_class = !spec.str_or_empty("runtimeClassName").is_empty();
        if !has_class && spec.get("overhead").is_some() {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return Err(review.forbidden(None, why));
        }
        Ok(())
    }
}

/// Where the pod wants another node than its runtime.
fn selector_conflict(class: &Value, spec: &Value) -> Option<String> {
    let scheduling = class.get("scheduling")?;
    let mut selectors = scheduling.str_entries("nodeSelector");
    selectors.find_map(|(key, wanted)| {
        let found = spec.get("nodeSelector")?.str(key)?;
        (found != wanted).then(|| {
            format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {found}"
            )
        })
    })
}
