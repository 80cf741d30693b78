//! Volumes that a server in the network holds.

use super::{required, required_list};
use crate::validation::numbers::in_range;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const LUN_MAX: i64 = 255;
const TENANT_BYTES_MAX: usize = 64;

pub(super) fn nfs(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "server", path, errors);
    required(source, "path", path, errors);
    let folder = source.str_or_empty("path");
    if !folder.starts_with('/') {
        errors.push(Error::invalid(
            &path.child("path"),
            folder,
            "must be an absolute path",
        ));
    }
}

/// `endpointsNamespace`, which only a PersistentVolume can have.
pub(super) fn endpoints_namespace(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(namespace) = source.str("endpointsNamespace") else {
        return;
    };
    let path = path.child("endpointsNamespace");
    if namespace.is_empty() {
        let why = "if the endpointnamespace is set, it must be a valid namespace name";
        errors.push(Error::invalid(&path, "", why));
    } else {
        invalid_each(names::dns1123_label(namespace), namespace, &path, errors);
    }
}

pub(super) fn glusterfs(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "endpoints", path, errors);
    required(source, "path", path, errors);
}

pub(super) fn rbd(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required_list(source, "monitors", path, errors);
    required(source, "image", path, errors);
}

pub(super) fn cephfs(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required_list(source, "monitors", path, errors);
}

pub(super) fn fc(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let names = source.items("targetWWNs");
    let ids = source.items("wwids");
    let names_path = path.child("targetWWNs");
    if names.is_empty() && ids.is_empty() {
        errors.push(Error::required(
            &names_path,
            "must specify either targetWWNs or wwids, but not both",
        ));
    }
    if names.is_empty() {
        return;
    }
    if !ids.is_empty() {
        errors.push(Error::invalid(
            &names_path,
            names.to_vec(),
            "targetWWNs and wwids can not be specified simultaneously",
        ));
    }
    match source.int("lun") {
        None => errors.push(Error::required(
            &path.child("lun"),
            "lun is required if targetWWNs is specified",
        )),
        Some(lun) => in_range(lun, 0, LUN_MAX, &path.child("lun"), errors),
    }
}

pub(super) fn quobyte(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    const REGISTRY: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = source.str_or_empty("registry");
    if registry.is_empty() {
        errors.push(Error::required(&path.child("registry"), REGISTRY));
    } else if source.str_or_empty("tenant").len() > TENANT_BYTES_MAX {
        errors.push(Error::required(
            &path.child("tenant"),
            "must be a UUID and may not exceed a length of 64 characters",
        ));
    } else {
        for pair in registry.split(',') {
            if !is_host_and_port(pair) {
                let path = path.child("registry");
                errors.push(Error::invalid(&path, registry, REGISTRY));
            }
        }
    }
    required(source, "volume", path, errors);
}

/// Whether Go's `net.SplitHostPort` takes it.
fn is_host_and_port(pair: &str) -> bool {
    let Some((host, port)) = pair.rsplit_once(':') else {
        return false;
    };
    let no_brackets = |text: &str| !text.contains(['[', ']']);
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(no_brackets) && no_brackets(port);
    }
    !host.contains(':') && no_brackets(host) && no_brackets(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_ports() {
        for pair in ["a:1", "[::1]:80", ":", "a:"] {
            assert!(is_host_and_port(pair), "{pair}");
        }
        for pair in ["a", "::1:80", "[::1]", "[::1:80", "a]:1", "[a]b:1"] {
            assert!(!is_host_and_port(pair), "{pair}");
        }
    }
}
