//! What all containers have in common, and regular containers: `validateContainerCommon`, `validateContainers`.

use super::volumes::Volumes;
use super::{
    Scope, container_security_context, env, lifecycle, mounts, ports, probes, resources,
    restart_policy,
};
use crate::validation::object_meta::invalid_each;
use crate::validation::repeats::Repeats;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates the regular containers.
pub(super) fn validate_all(
    scope: Scope<'_>,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let containers = scope.spec.items("containers");
    if containers.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let mut repeats = Repeats::new(containers, |entry| entry.str_or_empty("name"));
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(container, scope, volumes, &path, errors);
        let name = container.str_or_empty("name");
        if repeats.next() {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
        lifecycle::validate(container, scope, &path.child("lifecycle"), errors);
        probes::validate_all(container, scope, &path, errors);
        restart_policy::validate(container, &path, errors);
    }
    ports::host_port_conflicts(containers, path, errors);
}

/// The names of containers, in order; `""` where there is none.
pub(super) fn names_of(containers: &[Value]) -> impl Iterator<Item = &str> {
    containers
        .iter()
        .map(|container| container.str_or_empty("name"))
}

/// Validates what every container has, whatever its sort.
pub(super) fn common(
    container: &Value,
    scope: Scope<'_>,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = container.str_or_empty("name");
    let name_path = path.child("name");
    if name.is_empty() {
        errors.push(Error::required(&name_path, ""));
    } else {
        invalid_each(names::dns1123_label(name), name, &name_path, errors);
    }
    if container.str_or_empty("image").is_empty() {
        errors.push(Error::required(&path.child("image"), ""));
    }
    termination_message_policy(container, &path.child("terminationMessagePolicy"), errors);
    ports::validate(container.items("ports"), &path.child("ports"), errors);
    env::validate(container, &path.child("env"), errors);
    env::validate_from(container, &path.child("envFrom"), errors);
    mounts::validate(container, volumes, &path.child("volumeMounts"), errors);
    mounts::validate_devices(container, volumes, &path.child("volumeDevices"), errors);
    pull_policy(
        container.str_or_empty("imagePullPolicy"),
        &path.child("imagePullPolicy"),
        errors,
    );
    resources::validate_container(container, scope, &path.child("resources"), errors);
    resize_policy(container, scope, &path.child("resizePolicy"), errors);
    container_security_context::validate(container, scope, &path.child("securityContext"), errors);
}

fn termination_message_policy(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    match container.str_or_empty("terminationMessagePolicy") {
        "File" | "FallbackToLogsOnError" => {}
        "" => errors.push(Error::required(path, "")),
        other => errors.push(Error::not_supported(
            path,
            other,
            &["File", "FallbackToLogsOnError"],
        )),
    }
}

/// When an image is pulled; for containers and image volumes.
pub(super) fn pull_policy(policy: &str, path: &Path<'_>, errors: &mut Errors) {
    match policy {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errors.push(Error::required(path, "")),
        other => errors.push(Error::not_supported(
            path,
            other,
            &["Always", "IfNotPresent", "Never"],
        )),
    }
}

fn resize_policy(container: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let policies = container.items("resizePolicy");
    let never = scope.spec.str_or_empty("restartPolicy") == "Never";
    for (index, policy) in policies.iter().enumerate() {
        let resource = policy.str_or_empty("resourceName");
        let seen = |other: &Value| other.str_or_empty("resourceName") == resource;
        if policies.iter().take(index).any(seen) {
            errors.push(Error::duplicate(&path.index(index), resource));
        }
        match resource {
            "cpu" | "memory" => {}
            "" => errors.push(Error::required(path, "")),
            _ => errors.push(Error::not_supported(path, resource, &["cpu", "memory"])),
        }
        let restart = policy.str_or_empty("restartPolicy");
        match restart {
            "NotRequired" | "RestartContainer" => {}
            "" => errors.push(Error::required(path, "")),
            _ => errors.push(Error::not_supported(
                path,
                restart,
                &["NotRequired", "RestartContainer"],
            )),
        }
        if never && restart != "NotRequired" {
            errors.push(Error::invalid(
                path,
                restart,
                "must be 'NotRequired' when pod `restartPolicy` is 'Never'",
            ));
        }
    }
}

/// A pod, unlike a template, must not have spaces around an image.
pub(super) fn image_for_pod(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let image = container.str_or_empty("image");
    if image.trim().len() != image.len() {
        errors.push(Error::invalid(
            &path.child("image"),
            image,
            "must not have leading or trailing whitespace",
        ));
    }
}
