//! What 1.24 changes on a pod that is about to be created, where policies of that release can see it: seccomp
//! profiles are kept in step between annotations and fields, and `procMount` is what the feature gate allows.

use tollgate_api::seccomp::{
    CONTAINER_ANNOTATION_PREFIX, POD_ANNOTATION, annotation_for_field, field_for_annotation,
};
use tollgate_api::value::CompactString;
use tollgate_api::{Object, Value};

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
const PROFILE: &str = "seccompProfile";

/// Prepares a pod for its creation as 1.24 does.
///
/// Feature gates stand as they are by default there: `ProcMountType` is off, so that a mount type which somebody set
/// becomes `Default` (and not unset, which would change objects that are stored already).
pub fn prepare_for_create(pod: &mut Value) {
    let mut annotations = Annotations::take(pod);
    if let Some(spec) = pod
        .get_mut("spec")
        .filter(|spec| spec.as_object().is_some())
    {
        sync_profile(spec, POD_ANNOTATION, &mut annotations);
        for list in CONTAINERS {
            for container in spec.items_mut(list) {
                reset_proc_mount(container);
                let name = container.str_or_empty("name");
                let key = format!("{CONTAINER_ANNOTATION_PREFIX}{name}");
                sync_profile(container, &key, &mut annotations);
            }
        }
    }
    annotations.put_back(pod);
}

fn reset_proc_mount(container: &mut Value) {
    if let Some(context) = container.get_mut("securityContext")
        && context.str("procMount").is_some()
    {
        context.set("procMount", "Default");
    }
}

/// Keeps the profile of `holder` (the pod's spec or a container) and the annotation `key` in step. Whichever is set
/// decides; if both are, both stay.
fn sync_profile(holder: &mut Value, key: &str, annotations: &mut Annotations) {
    if holder.as_object().is_none() {
        return;
    }
    let field = holder
        .at(&["securityContext", PROFILE])
        .filter(|field| field.as_object().is_some());
    match (field, annotations.text(key)) {
        (Some(field), None) => {
            let annotation = annotation_for_field(field);
            if !annotation.is_empty() {
                annotations.set(key, &annotation);
            }
        }
        (None, Some(annotation)) => {
            if let Some(field) = field_for_annotation(annotation) {
                holder.child_mut("securityContext").set(PROFILE, field);
            }
        }
        _ => {}
    }
}

/// The annotations of a pod, out of the pod while its spec changes.
struct Annotations {
    entries: Object,
    changed: bool,
}

impl Annotations {
    fn take(pod: &mut Value) -> Self {
        let entries = pod
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
            .and_then(Value::as_object_mut);
        Self {
            entries: entries.map(std::mem::take).unwrap_or_default(),
            changed: false,
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.entries.get(key)?.as_str()
    }

    fn set(&mut self, key: &str, text: &str) {
        self.entries.insert(CompactString::new(key), text);
        self.changed = true;
    }

    fn put_back(self, pod: &mut Value) {
        let place = pod
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
            .and_then(Value::as_object_mut);
        match place {
            Some(place) => *place = self.entries,
            None if self.changed => {
                let metadata = pod.child_mut("metadata");
                metadata.set("annotations", self.entries);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pod: &str, prepared: &str) {
        let mut pod = tollgate_api::json::from_str(pod).unwrap();
        prepare_for_create(&mut pod);
        assert_eq!(
            pod,
            tollgate_api::json::from_str(prepared).unwrap(),
            "{pod}"
        );
    }

    #[test]
    fn the_annotation_follows_the_field() {
        check(
            r#"{"spec":{"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}}}"#,
            r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"runtime/default"}},
                "spec":{"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}}}"#,
        );
    }

    #[test]
    fn the_field_follows_the_annotation() {
        check(
            r#"{"metadata":{"annotations":{"container.seccomp.security.alpha.kubernetes.io/c":"localhost/a"}},
                "spec":{"containers":[{"name":"c"}]}}"#,
            r#"{"metadata":{"annotations":{"container.seccomp.security.alpha.kubernetes.io/c":"localhost/a"}},
                "spec":{"containers":[{"name":"c","securityContext":{
                    "seccompProfile":{"type":"Localhost","localhostProfile":"a"}}}]}}"#,
        );
    }

    #[test]
    fn a_mount_type_becomes_the_default_and_nothing_is_made_up() {
        check(
            r#"{"spec":{"containers":[{"securityContext":{"procMount":"Unmasked"}},{}]}}"#,
            r#"{"spec":{"containers":[{"securityContext":{"procMount":"Default"}},{}]}}"#,
        );
        check(
            r#"{"metadata":{"annotations":{"a":"b"}}}"#,
            r#"{"metadata":{"annotations":{"a":"b"}}}"#,
        );
        check("{}", "{}");
    }
}
