//! Seccomp profiles of pods up to 1.26: the annotations and the fields that replaced them are kept in step
//! (`applySeccompVersionSkew`).

use super::{CONTAINER_LISTS, object_mut};
use tollgate_api::seccomp::{
    CONTAINER_ANNOTATION_PREFIX, POD_ANNOTATION, annotation_for_field, field_for_annotation,
};
use tollgate_api::{Object, Value};

/// Whichever of the two is missing follows the other, for the pod and for each container.
pub(super) fn synchronize(pod: &mut Value) {
    let mut annotations = match pod.at(&["metadata", "annotations"]) {
        None => Object::new(),
        Some(Value::Object(annotations)) => annotations.clone(),
        Some(_) => return,
    };
    let before = annotations.len();
    let Some(spec) = pod
        .get_mut("spec")
        .filter(|spec| spec.as_object().is_some())
    else {
        return;
    };
    synchronize_context(spec, POD_ANNOTATION, &mut annotations);
    for list in CONTAINER_LISTS {
        for container in spec.items_mut(list) {
            let name = container.str_or_empty("name");
            let key = format!("{CONTAINER_ANNOTATION_PREFIX}{name}");
            synchronize_context(container, &key, &mut annotations);
        }
    }
    if annotations.len() > before
        && let Some(metadata) = object_mut(pod, "metadata")
    {
        metadata.set("annotations", annotations);
    }
}

/// Keeps the security context of `owner` and the annotation `key` in step. If both say something, both stay.
fn synchronize_context(owner: &mut Value, key: &str, annotations: &mut Object) {
    if owner.as_object().is_none() {
        return;
    }
    let field = owner.at(&["securityContext", "seccompProfile"]);
    match (field, annotations.get(key).and_then(Value::as_str)) {
        (Some(field), None) => {
            let annotation = annotation_for_field(field);
            if !annotation.is_empty() {
                annotations.insert(key, &*annotation);
            }
        }
        (None, Some(annotation)) => {
            if let Some(field) = field_for_annotation(annotation)
                && let Some(context) = object_mut(owner, "securityContext")
            {
                context.set("seccompProfile", field);
            }
        }
        _ => {}
    }
}
