//! What a pod shares with its node: ports, and namespaces beside a user namespace of its own.

use super::{Scope, visit_containers};
use tollgate_api::field::{Error, Errors, Path};

const NOT_WITH_USER_NAMESPACE: &str = "when `hostUsers` is false";

/// In the network of the node a port is the same on both sides: `validatePodHostNetworkDeps`.
pub(super) fn host_ports(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    if !scope.host_network() {
        return;
    }
    // The port of a template may be left open; it is filled in when a pod is made of it.
    let is_pod = scope.metadata.is_some();
    for (index, container) in scope.spec.items("containers").iter().enumerate() {
        let path = path.index(index);
        let path = path.child("ports");
        for (index, port) in container.items("ports").iter().enumerate() {
            let host_port = port.int("hostPort").unwrap_or_default();
            let container_port = port.int("containerPort").unwrap_or_default();
            if (is_pod || host_port != 0) && host_port != container_port {
                errors.push(Error::invalid(
                    &path.index(index).child("hostPort"),
                    host_port,
                    "must match `containerPort` when `hostNetwork` is true",
                ));
            }
        }
    }
}

/// A user namespace of its own goes with no other namespace of the node: `validateHostUsers`.
pub(super) fn host_users(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    if scope.host_users() {
        return;
    }
    // The fields print as upstream spells them here.
    for (field, printed) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if scope.spec.bool(field) == Some(true) {
            errors.push(Error::forbidden(
                &path.child(printed),
                NOT_WITH_USER_NAMESPACE,
            ));
        }
    }
    visit_containers(scope.spec, path, |container, path| {
        if !container.items("volumeDevices").is_empty() {
            errors.push(Error::forbidden(
                &path.child("volumeDevices"),
                NOT_WITH_USER_NAMESPACE,
            ));
        }
    });
}
