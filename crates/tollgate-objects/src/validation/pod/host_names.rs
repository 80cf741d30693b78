//! Names of the pod and of other hosts, and files that variables come from.

use super::{Scope, visit_containers};
use crate::validation::ip;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The longest name that Linux gives a host, in bytes.
const HOSTNAME_BYTES_MAX: usize = 64;

/// Validates `hostnameOverride`: `validatePodHostName`.
pub(super) fn hostname_override(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let Some(name) = scope.spec.str("hostnameOverride") else {
        return;
    };
    if scope.spec.bool("setHostnameAsFQDN") == Some(true) {
        errors.push(Error::forbidden(
            path,
            "may not be specified when setHostnameAsFQDN is true",
        ));
    }
    if scope.host_network() {
        errors.push(Error::forbidden(
            path,
            "may not be specified when hostNetwork is true",
        ));
    }
    if name.len() > HOSTNAME_BYTES_MAX {
        errors.push(Error::too_long(path, HOSTNAME_BYTES_MAX));
    }
    invalid_each(names::dns1123_subdomain(name), name, path, errors);
}

/// Validates `hostAliases`.
pub(super) fn aliases(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, alias) in spec.items("hostAliases").iter().enumerate() {
        let path = path.index(index);
        ip::validate(alias.str_or_empty("ip"), &path.child("ip"), errors);
        let path = path.child("hostnames");
        for (index, name) in alias.items("hostnames").iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            let messages = names::dns1123_subdomain(name);
            invalid_each(messages, name, &path.index(index), errors);
        }
    }
}

/// A file with variables must lie in an `emptyDir`: `validateFileKeyRefVolumes`.
pub(super) fn environment_files(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    visit_containers(spec, path, |container, path| {
        let path = path.child("env");
        for (index, variable) in container.items("env").iter().enumerate() {
            let Some(file) = variable.at(&["valueFrom", "fileKeyRef"]) else {
                continue;
            };
            let path = path.index(index);
            let path = path.child("valueFrom.fileKeyRef.volumeName");
            let name = file.str_or_empty("volumeName");
            // Upstream collects volumes by name, so that the last one counts.
            let volumes = spec.items("volumes").iter().rev();
            match { volumes }.find(|volume| volume.str_or_empty("name") == name) {
                None => errors.push(Error::not_found(&path, name)),
                Some(volume) if volume.get("emptyDir").is_none() => errors.push(Error::invalid(
                    &path,
                    name,
                    "referenced volume must be of type emptyDir",
                )),
                Some(_) => {}
            }
        }
    });
}
