//! Pods and pod templates: `ValidatePodCreate`, `ValidatePodTemplateSpec`.
//!
//! The pod must have its defaults and must have been prepared for creation; what is missing then is an error. One topic,
//! one file; `spec` says in which order upstream looks.

mod affinity;
mod annotations;
mod container;
mod container_security_context;
mod dns;
mod env;
mod ephemeral_containers;
mod field_ref;
mod host_names;
mod host_namespaces;
mod init_containers;
mod lifecycle;
mod mounts;
pub(super) mod node_selector;
mod operating_system;
mod pod_resources;
mod ports;
mod probes;
mod profiles;
mod resize;
mod resource_claims;
pub(super) mod resources;
mod restart_policy;
mod scheduling;
mod security_context;
mod spec;
mod status;
mod sysctls;
pub(super) mod tolerations;
mod topology_spread;
mod update;
mod visit;
pub(super) mod volumes;
mod windows_options;

use super::{Options, object_meta};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

pub(super) use status::validate_status_update;
pub use update::validate_update;
pub(super) use visit::visit_containers;

/// What a rule must know besides the part it looks at.
#[derive(Clone, Copy)]
struct Scope<'v> {
    options: &'v Options,
    /// The whole pod spec.
    spec: &'v Value,
    /// The metadata of a pod; none for a template.
    metadata: Option<&'v Value>,
}

impl Scope<'_> {
    fn host_users(&self) -> bool {
        self.spec.bool("hostUsers") != Some(false)
    }

    fn host_network(&self) -> bool {
        self.spec.bool("hostNetwork") == Some(true)
    }

    /// The grace period; the conversion of pods, unlike that of templates, makes 1 of negative ones.
    fn grace_period(&self) -> Option<i64> {
        let seconds = self.spec.int("terminationGracePeriodSeconds");
        seconds.map(|seconds| match self.metadata {
            Some(_) if seconds < 0 => 1,
            _ => seconds,
        })
    }

    fn operating_system(&self) -> Option<&str> {
        self.spec.get("os").map(|os| os.str_or_empty("name"))
    }
}

/// Validates a pod that is to be created.
pub fn validate_create(pod: &Value, options: &Options, errors: &mut Errors) {
    let metadata = pod.get("metadata").unwrap_or(&Value::Null);
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let metadata_path = Path::root("metadata");
    let path = Path::root("spec");
    object_meta::validate(
        metadata,
        true,
        names::dns1123_subdomain,
        &metadata_path,
        errors,
    );
    annotations::validate(metadata, spec, &metadata_path.child("annotations"), errors);
    let scope = Scope {
        options,
        spec,
        metadata: Some(metadata),
    };
    spec::validate(scope, &path, errors);
    tokens_without_account(spec, &path, errors);
    for list in ["containers", "initContainers"] {
        let path = path.child(list);
        for (index, container) in spec.items(list).iter().enumerate() {
            container::image_for_pod(container, &path.index(index), errors);
        }
    }
    if !spec.items("ephemeralContainers").is_empty() {
        errors.push(Error::forbidden(
            &path.child("ephemeralContainers"),
            "cannot be set on create",
        ));
    }
    if !spec.str_or_empty("nodeName").is_empty() && !spec.items("schedulingGates").is_empty() {
        errors.push(Error::forbidden(
            &path.child("nodeName"),
            "cannot be set until all schedulingGates have been cleared",
        ));
    }
    annotations::match_fields(metadata, spec, &path, errors);
}

/// Validates what a pod becomes by an update through `subresource`, if that is one that changes a part of the spec.
pub(super) fn validate_subresource_update(
    subresource: &str,
    new: &Value,
    old: &Value,
    options: &Options,
) -> Option<Errors> {
    let mut errors = Errors::new();
    match subresource {
        "ephemeralcontainers" => {
            update::validate_ephemeral_containers_update(new, old, options, &mut errors);
        }
        "resize" => resize::validate(new, old, options, &mut errors),
        _ => return None,
    }
    Some(errors)
}

/// Validates the pod template at `path`; an absent one is empty.
pub fn validate_template(
    template: &Value,
    path: &Path<'_>,
    options: &Options,
    errors: &mut Errors,
) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    let spec = template.get("spec").unwrap_or(&Value::Null);
    validate_template_metadata(template, path, errors);
    let scope = Scope {
        options,
        spec,
        metadata: None,
    };
    let path = path.child("spec");
    spec::validate(scope, &path, errors);
    annotations::match_fields(metadata, spec, &path, errors);
    if !spec.items("ephemeralContainers").is_empty() {
        errors.push(Error::forbidden(
            &path.child("ephemeralContainers"),
            "ephemeral containers not allowed in pod template",
        ));
    }
}

/// Validates labels and annotations of the pod template at `path`.
pub fn validate_template_metadata(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let annotations_path = path.child("annotations");
    object_meta::labels(metadata, "labels", &path.child("labels"), errors);
    object_meta::annotations(metadata, &annotations_path, errors);
    annotations::validate(metadata, spec, &annotations_path, errors);
}

/// A token needs an account; the ServiceAccount plugin sets the name on a server.
fn tokens_without_account(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !spec.str_or_empty("serviceAccountName").is_empty() {
        return;
    }
    let path = path.child("volumes");
    for (index, volume) in spec.items("volumes").iter().enumerate() {
        let Some(projected) = volume.get("projected") else {
            continue;
        };
        let path = path.index(index);
        let path = path.child("projected.sources");
        for (index, source) in projected.items("sources").iter().enumerate() {
            if source.get("serviceAccountToken").is_some() {
                errors.push(Error::forbidden(
                    &path.index(index).child("serviceAccountToken"),
                    "must not be specified when serviceAccountName is not set",
                ));
            }
        }
    }
}
