//! Probes and handlers: `validateProbe`, `validateHandler`.

use super::Scope;
use crate::validation::numbers::{nonnegative, port, port_or_name};
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The handlers of probes, in upstream's order.
const OF_PROBES: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];
/// The handlers of lifecycle hooks, in upstream's order.
pub(super) const OF_HOOKS: &[&str] = &["exec", "httpGet", "tcpSocket", "sleep"];

/// Validates the three probes of a container.
pub(super) fn validate_all(
    container: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get(name) else {
            continue;
        };
        let path = path.child(name);
        validate(probe, scope, &path, errors);
        if name == "readinessProbe" {
            if let Some(seconds) = probe.int("terminationGracePeriodSeconds") {
                errors.push(Error::invalid(
                    &path.child("terminationGracePeriodSeconds"),
                    seconds,
                    "must not be set for readinessProbes",
                ));
            }
            continue;
        }
        let threshold = probe.int("successThreshold").unwrap_or_default();
        if threshold != 1 {
            let path = path.child("successThreshold");
            errors.push(Error::invalid(&path, threshold, "must be 1"));
        }
    }
}

fn validate(probe: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    handler(probe, OF_PROBES, scope, path, errors);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        nonnegative(probe, field, path, errors);
    }
    let grace_period = probe.int("terminationGracePeriodSeconds");
    if let Some(seconds) = grace_period.filter(|seconds| *seconds <= 0) {
        errors.push(Error::invalid(
            &path.child("terminationGracePeriodSeconds"),
            seconds,
            "must be greater than 0",
        ));
    }
}

/// Validates that `holder` has one of the handlers.
pub(super) fn handler(
    holder: &Value,
    handlers: &[&'static str],
    scope: Scope<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let mut found = false;
    for name in handlers {
        let Some(action) = holder.get(name) else {
            continue;
        };
        let path = path.child(name);
        if found {
            errors.push(Error::forbidden(
                &path,
                "may not specify more than 1 handler type",
            ));
            continue;
        }
        found = true;
        match *name {
            "exec" if action.items("command").is_empty() => {
                errors.push(Error::required(&path.child("command"), ""));
            }
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" => port_or_name(action.get("port"), &path.child("port"), errors),
            "grpc" => {
                let number = action.int("port").unwrap_or_default();
                port(number, &path.child("port"), errors);
            }
            "sleep" => sleep(action, scope, &path, errors),
            _ => {}
        }
    }
    if !found {
        errors.push(Error::required(path, "must specify a handler type"));
    }
}

fn http_get(action: &Value, path: &Path<'_>, errors: &mut Errors) {
    if action.str_or_empty("path").is_empty() {
        errors.push(Error::required(&path.child("path"), ""));
    }
    port_or_name(action.get("port"), &path.child("port"), errors);
    let scheme = action.str_or_empty("scheme");
    if !matches!(scheme, "HTTP" | "HTTPS") {
        errors.push(Error::not_supported(
            &path.child("scheme"),
            scheme,
            &["HTTP", "HTTPS"],
        ));
    }
    let path = path.child("httpHeaders");
    for header in action.items("httpHeaders") {
        let name = header.str_or_empty("name");
        invalid_each(names::http_header(name), name, &path, errors);
    }
}

fn sleep(action: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let seconds = action.int("seconds").unwrap_or_default();
    if let Some(grace_period) = scope.grace_period()
        && (seconds < 0 || seconds > grace_period)
    {
        errors.push(Error::invalid(
            path,
            seconds,
            format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace_period})"
            ),
        ));
    }
}
