//! References to fields of the pod and to resources of a container, in variables and in files.

use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names};

/// Resources that can be referred to, sorted.
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// What a number of bytes can be divided by.
const BYTE_DIVISORS: &[&str] = &[
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
];

/// Validates a `fieldRef`; `supported` are the fields that are allowed here, sorted.
pub(super) fn object_field(
    reference: &Value,
    supported: &[&str],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let version = reference.str_or_empty("apiVersion");
    let field = reference.str_or_empty("fieldPath");
    let field_path = path.child("fieldPath");
    if version.is_empty() {
        errors.push(Error::required(&path.child("apiVersion"), ""));
        return;
    }
    if field.is_empty() {
        errors.push(Error::required(&field_path, ""));
        return;
    }
    let subscripted = split_subscript(field);
    if let Some(why) = conversion_error(version, field, subscripted) {
        errors.push(Error::invalid(
            &field_path,
            field,
            format!("error converting fieldPath: {why}"),
        ));
        return;
    }
    match subscripted {
        Some(("metadata.annotations", key)) => {
            let key = key.to_lowercase();
            invalid_each(names::qualified_name(&key), &key, path, errors);
        }
        Some((_, key)) => invalid_each(names::qualified_name(key), key, path, errors),
        None => {
            // What very old clients send.
            let field = if field == "spec.host" {
                "spec.nodeName"
            } else {
                field
            };
            if !supported.contains(&field) {
                errors.push(Error::not_supported(&field_path, field, supported));
            }
        }
    }
}

/// Splits `metadata.labels['key']`.
fn split_subscript(field: &str) -> Option<(&str, &str)> {
    field
        .strip_suffix("']")?
        .split_once("['")
        .filter(|(name, _)| !name.is_empty())
}

/// Why the field cannot be told from this version of the API.
fn conversion_error(
    version: &str,
    field: &str,
    subscripted: Option<(&str, &str)>,
) -> Option<String> {
    if version != "v1" {
        return Some(format!("unsupported pod version: {version}"));
    }
    if let Some((name, _)) = subscripted {
        return (!matches!(name, "metadata.annotations" | "metadata.labels"))
            .then(|| format!("field label does not support subscript: {field}"));
    }
    let known = matches!(
        field,
        "metadata.annotations"
            | "metadata.labels"
            | "metadata.name"
            | "metadata.namespace"
            | "metadata.uid"
            | "spec.nodeName"
            | "spec.restartPolicy"
            | "spec.serviceAccountName"
            | "spec.schedulerName"
            | "status.phase"
            | "status.hostIP"
            | "status.hostIPs"
            | "status.podIP"
            | "status.podIPs"
            | "spec.host"
    );
    (!known).then(|| format!("field label not supported: {field}"))
}

/// Validates a `resourceFieldRef`; in a volume the container must be named.
pub(super) fn resource_field(
    reference: &Value,
    in_volume: bool,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let resource = reference.str_or_empty("resource");
    let huge_pages = ["limits.hugepages-", "requests.hugepages-"]
        .into_iter()
        .any(|prefix| resource.starts_with(prefix));
    if in_volume && reference.str_or_empty("containerName").is_empty() {
        errors.push(Error::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(Error::required(&path.child("resource"), ""));
    } else if !RESOURCES.contains(&resource) && !huge_pages {
        errors.push(Error::not_supported(
            &path.child("resource"),
            resource,
            RESOURCES,
        ));
    }
    let divisor = reference
        .get("divisor")
        .and_then(|divisor| Quantity::from_value(divisor).ok())
        .filter(|divisor| !divisor.is_zero());
    if let Some(divisor) = divisor
        && let Some(why) = divisor_error(resource, huge_pages, &divisor.to_string())
    {
        errors.push(Error::invalid(&path.child("divisor"), resource, why));
    }
}

fn divisor_error(resource: &str, huge_pages: bool, divisor: &str) -> Option<String> {
    let sort = match resource {
        "limits.cpu" | "requests.cpu" => {
            return (!matches!(divisor, "1m" | "1")).then(|| {
                "only divisor's values 1m and 1 are supported with the cpu resource".to_owned()
            });
        }
        "limits.memory" | "requests.memory" => "memory",
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => "local ephemeral storage",
        _ if huge_pages => "hugepages",
        _ => return None,
    };
    (!BYTE_DIVISORS.contains(&divisor)).then(|| {
        format!(
            "only divisor's values {} are supported with the {sort} resource",
            BYTE_DIVISORS.join(", ")
        )
    })
}
