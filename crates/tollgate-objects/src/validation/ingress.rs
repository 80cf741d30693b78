//! `ValidateIngress` and its updates.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::workload::metadata_update;
use super::{Options, ip, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The old way to name a class.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
/// What no path may have in it.
const FORBIDDEN_IN_PATHS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const NO_ADDRESS: &str = "must be a DNS name, not an IP address";

/// Validates an Ingress that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate(object, errors);
    let annotation = object
        .at(&["metadata", "annotations", CLASS_ANNOTATION])
        .and_then(Value::as_str);
    let class = child(object, "spec").str("ingressClassName");
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let path = Path::root("annotations");
        let why = "must match `ingressClassName` when both are specified";
        errors.push(Error::invalid(
            &path.child(CLASS_ANNOTATION),
            annotation,
            why,
        ));
    }
}

fn validate(object: &Value, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let rules = spec.items("rules");
    if rules.is_empty() && spec.get("defaultBackend").is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(Error::invalid(&path, child(spec, "rules").clone(), why));
    }
    if let Some(backend) = spec.get("defaultBackend") {
        validate_backend(backend, &path.child("defaultBackend"), errors);
    }
    let rules_path = path.child("rules");
    for (place, rule) in rules.iter().enumerate() {
        validate_rule(rule, &rules_path.index(place), errors);
    }
    validate_tls(spec, &path.child("tls"), errors);
    if let Some(class) = spec.str("ingressClassName") {
        let messages = names::dns1123_subdomain(class);
        invalid_each(messages, class, &path.child("ingressClassName"), errors);
    }
}

fn host_messages(host: &str) -> Vec<String> {
    if host.contains('*') {
        names::wildcard_dns1123_subdomain(host)
    } else {
        names::dns1123_subdomain(host)
    }
}

fn validate_rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let host = rule.str_or_empty("host");
    if !host.is_empty() {
        let path = path.child("host");
        if ip::Address::parse(host).is_some() {
            errors.push(Error::invalid(&path, host, NO_ADDRESS));
        }
        invalid_each(host_messages(host), host, &path, errors);
    }
    let Some(http) = rule.get("http") else {
        return;
    };
    let path = path.child("http");
    let path = path.child("paths");
    let paths = http.items("paths");
    if paths.is_empty() {
        errors.push(Error::required(&path, ""));
    }
    for (place, entry) in paths.iter().enumerate() {
        validate_path(entry, &path.index(place), errors);
    }
}

fn validate_path(entry: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(sort) = entry.str("pathType") else {
        let why = "pathType must be specified";
        errors.push(Error::required(&path.child("pathType"), why));
        return;
    };
    let text = entry.str_or_empty("path");
    let text_path = path.child("path");
    let absolute = "must be an absolute path";
    match sort {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.push(Error::invalid(&text_path, text, absolute));
            }
            for part in FORBIDDEN_IN_PATHS {
                if text.contains(part) {
                    let why = format!("must not contain '{part}'");
                    errors.push(Error::invalid(&text_path, text, why));
                }
            }
            for end in ["/..", "/."] {
                if text.ends_with(end) {
                    let why = format!("cannot end with '{end}'");
                    errors.push(Error::invalid(&text_path, text, why));
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.push(Error::invalid(&text_path, text, absolute));
            }
        }
        _ => fields::word(entry, "pathType", &PATH_TYPES, path, errors),
    }
    validate_backend(child(entry, "backend"), &path.child("backend"), errors);
}

fn validate_backend(backend: &Value, path: &Path<'_>, errors: &mut Errors) {
    match (backend.get("service"), backend.get("resource")) {
        (Some(_), Some(_)) => {
            let why = "cannot set both resource and service backends";
            errors.push(Error::invalid(path, "", why));
        }
        (None, Some(resource)) => object_reference(resource, &path.child("resource"), errors),
        (Some(service), None) => validate_service(service, path, errors),
        (None, None) => {
            let why = "resource or service backend is required";
            errors.push(Error::invalid(path, "", why));
        }
    }
}

fn validate_service(service: &Value, backend: &Path<'_>, errors: &mut Errors) {
    let path = backend.child("service");
    fields::required_name(service, "name", names::dns1123_label, &path, errors);
    let port = child(service, "port");
    let name = port.str_or_empty("name");
    let number = port.int("number").unwrap_or_default();
    let path = path.child("port");
    match (name.is_empty(), number) {
        (true, 0) => {
            let why = "port name or number is required";
            errors.push(Error::required(backend, why));
        }
        (true, number) => numbers::port(number, &path.child("number"), errors),
        (false, 0) => invalid_each(names::port_name(name), name, &path.child("name"), errors),
        (false, _) => {
            let why = "cannot set both port name & port number";
            errors.push(Error::invalid(backend, "", why));
        }
    }
}

/// `validateIngressTypedLocalObjectReference`
pub(super) fn object_reference(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(group) = reference.str("apiGroup") {
        let messages = names::dns1123_subdomain(group);
        invalid_each(messages, group, &path.child("apiGroup"), errors);
    }
    for field in ["kind", "name"] {
        fields::required_name(reference, field, names::path_segment, path, errors);
    }
}

fn validate_tls(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (place, entry) in spec.items("tls").iter().enumerate() {
        let path = path.index(place);
        let hosts = path.child("hosts");
        for (place, host) in entry.items("hosts").iter().enumerate() {
            let host = host.as_str().unwrap_or_default();
            invalid_each(host_messages(host), host, &hosts.index(place), errors);
        }
        fields::name_if_any(entry, "secretName", names::dns1123_subdomain, &path, errors);
    }
}

/// Validates what an Ingress becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate(new, errors);
}

/// Validates an update of an Ingress's status: where its load balancer is.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let status = Path::root("status");
    let path = status.child("loadBalancer");
    let path = path.child("ingress");
    let balancer = new.at(&["status", "loadBalancer"]).unwrap_or(&Value::Null);
    for (place, point) in balancer.items("ingress").iter().enumerate() {
        let path = path.index(place);
        let address = point.str_or_empty("ip");
        if !address.is_empty() {
            ip::validate(address, &path.child("ip"), errors);
        }
        let host = point.str_or_empty("hostname");
        if !host.is_empty() {
            let path = path.child("hostname");
            invalid_each(names::dns1123_subdomain(host), host, &path, errors);
            if ip::Address::parse(host).is_some() {
                errors.push(Error::invalid(&path, host, NO_ADDRESS));
            }
        }
    }
}
