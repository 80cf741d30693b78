//! The order in which upstream looks at a pod spec: `ValidatePodSpec`.

use super::volumes::Volumes;
use super::{
    Scope, affinity, container, dns, ephemeral_containers, host_names, host_namespaces,
    init_containers, operating_system, pod_resources, resource_claims, resources, scheduling,
    security_context, tolerations, topology_spread, windows_options,
};
use crate::validation::numbers::in_range;
use crate::validation::object_meta::{NameRule, invalid_each, labels};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::names;

/// Validates the spec at `path`.
pub(super) fn validate(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let spec = scope.spec;
    if scope.grace_period().is_none() {
        errors.push(Error::required(
            &path.child("terminationGracePeriodSeconds"),
            "",
        ));
    }
    let volumes = Volumes::validate(scope, &path.child("volumes"), errors);
    resource_claims::validate(scope, &path.child("resourceClaims"), errors);
    container::validate_all(scope, &volumes, &path.child("containers"), errors);
    init_containers::validate(scope, &volumes, &path.child("initContainers"), errors);
    ephemeral_containers::validate(scope, &volumes, &path.child("ephemeralContainers"), errors);
    pod_resources::validate(scope, path, errors);
    host_namespaces::host_ports(scope, &path.child("containers"), errors);
    restart_policy(scope, &path.child("restartPolicy"), errors);
    dns::policy(spec, &path.child("dnsPolicy"), errors);
    labels(spec, "nodeSelector", &path.child("nodeSelector"), errors);
    security_context::validate(spec, &path.child("securityContext"), errors);
    affinity::validate(spec, &path.child("affinity"), errors);
    dns::config(spec, &path.child("dnsConfig"), errors);
    scheduling::readiness_gates(spec, &path.child("readinessGates"), errors);
    scheduling::scheduling_gates(spec, &path.child("schedulingGates"), errors);
    topology_spread::validate(spec, &path.child("topologySpreadConstraints"), errors);
    windows_options::host_process(scope, path, errors);
    host_namespaces::host_users(scope, path, errors);
    host_names::hostname_override(scope, &path.child("hostnameOverride"), errors);
    name(
        scope,
        "serviceAccountName",
        names::dns1123_subdomain,
        path,
        errors,
    );
    name(scope, "nodeName", names::dns1123_subdomain, path, errors);
    if let Some(value) = spec.int("activeDeadlineSeconds") {
        let path = path.child("activeDeadlineSeconds");
        in_range(value, 1, i64::from(i32::MAX), &path, errors);
    }
    name(scope, "hostname", names::dns1123_label, path, errors);
    name(scope, "subdomain", names::dns1123_label, path, errors);
    tolerations::validate(
        spec.items("tolerations"),
        &path.child("tolerations"),
        errors,
    );
    host_names::aliases(spec, &path.child("hostAliases"), errors);
    name(
        scope,
        "priorityClassName",
        names::dns1123_subdomain,
        path,
        errors,
    );
    scheduling::runtime_class(spec, &path.child("runtimeClassName"), errors);
    scheduling::preemption_policy(spec, &path.child("preemptionPolicy"), errors);
    resources::overhead(scope, &path.child("overhead"), errors);
    operating_system::validate(scope, path, errors);
    host_names::environment_files(spec, path, errors);
}

/// A field that holds a name or nothing.
fn name(
    scope: Scope<'_>,
    field: &'static str,
    rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = scope.spec.str_or_empty(field);
    if !name.is_empty() {
        invalid_each(rule(name), name, &path.child(field), errors);
    }
}

fn restart_policy(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    match scope.spec.str_or_empty("restartPolicy") {
        "Always" | "OnFailure" | "Never" => {}
        "" => errors.push(Error::required(path, "")),
        other => errors.push(Error::not_supported(
            path,
            other,
            &["Always", "OnFailure", "Never"],
        )),
    }
}
