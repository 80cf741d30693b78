//! Environment variables: `ValidateEnv`, `ValidateEnvFrom`.

use super::field_ref;
use crate::validation::object_meta::invalid_each;
use crate::validation::paths::no_backsteps;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const ONE_ONLY: &str = "may not have more than one field specified at a time";

/// Fields of the pod that a variable can show, sorted.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Validates `env`.
pub(super) fn validate(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, variable) in container.items("env").iter().enumerate() {
        let path = path.index(index);
        let name = variable.str_or_empty("name");
        let name_path = path.child("name");
        if name.is_empty() {
            errors.push(Error::required(&name_path, ""));
        } else {
            invalid_each(names::environment_variable(name), name, &name_path, errors);
        }
        if let Some(source) = variable.get("valueFrom") {
            value_from(variable, source, &path.child("valueFrom"), errors);
        }
    }
}

fn value_from(variable: &Value, source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut sources = 0_usize;
    for (key, validate) in SOURCES {
        if let Some(source) = source.get(key) {
            sources = sources.saturating_add(1);
            validate(source, &path.child(key), errors);
        }
    }
    let why = match sources {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if !variable.str_or_empty("value").is_empty() => {
            "may not be specified when `value` is not empty"
        }
        1 => return,
        _ => ONE_ONLY,
    };
    errors.push(Error::invalid(path, "", why));
}

type Validate = fn(&Value, &Path<'_>, &mut Errors);

const SOURCES: &[(&str, Validate)] = &[
    ("fieldRef", |source, path, errors| {
        field_ref::object_field(source, FIELDS, path, errors);
    }),
    ("resourceFieldRef", |source, path, errors| {
        field_ref::resource_field(source, false, path, errors);
    }),
    ("configMapKeyRef", key_ref),
    ("secretKeyRef", key_ref),
    ("fileKeyRef", file_key_ref),
];

fn key_ref(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = source.str_or_empty("name");
    let name_path = path.child("name");
    invalid_each(names::dns1123_subdomain(name), name, &name_path, errors);
    let key = source.str_or_empty("key");
    let path = path.child("key");
    if key.is_empty() {
        errors.push(Error::required(&path, ""));
    } else {
        invalid_each(names::config_map_key(key), key, &path, errors);
    }
}

fn file_key_ref(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let key = source.str_or_empty("key");
    let key_path = path.child("key");
    if key.is_empty() {
        errors.push(Error::required(&key_path, ""));
    } else {
        invalid_each(names::environment_variable(key), key, &key_path, errors);
    }
    let volume = source.str_or_empty("volumeName");
    let volume_path = path.child("volumeName");
    if volume.is_empty() {
        errors.push(Error::required(&volume_path, ""));
    } else {
        invalid_each(names::dns1123_label(volume), volume, &volume_path, errors);
    }
    let file = source.str_or_empty("path");
    let path = path.child("path");
    if file.is_empty() {
        errors.push(Error::required(&path, ""));
    } else {
        no_backsteps(file, &path, errors);
    }
}

/// Validates `envFrom`. Upstream reports a wrong number of sources at the list, not at its member.
pub(super) fn validate_from(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, from) in container.items("envFrom").iter().enumerate() {
        let own_path = path.index(index);
        let prefix = from.str_or_empty("prefix");
        if !prefix.is_empty() {
            let path = own_path.child("prefix");
            invalid_each(names::environment_variable(prefix), prefix, &path, errors);
        }
        let mut sources = 0_usize;
        for key in ["configMapRef", "secretRef"] {
            if let Some(source) = from.get(key) {
                sources = sources.saturating_add(1);
                whole_object(source, &own_path.child(key).child("name"), errors);
            }
        }
        let why = match sources {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => ONE_ONLY,
        };
        errors.push(Error::invalid(path, "", why));
    }
}

fn whole_object(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = source.str_or_empty("name");
    if name.is_empty() {
        errors.push(Error::required(path, ""));
    } else {
        // Upstream takes the name for a prefix, so that it may end in a dash.
        invalid_each(
            crate::validation::object_meta::prefix_rule(name, names::dns1123_subdomain),
            name,
            path,
            errors,
        );
    }
}
