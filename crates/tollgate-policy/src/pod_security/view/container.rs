//! A container as the checks see it.

use super::signals::Signals;
use super::{NOTHING, each_field, security_context};
use crate::pod_security::checks::host_probes_and_host_lifecycle;
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

/// Which list of a pod a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerList {
    /// `initContainers`
    Init,
    /// `containers`
    Regular,
    /// `ephemeralContainers`
    Ephemeral,
}

impl ContainerList {
    /// The field of the pod's spec.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Regular => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// One container of a pod, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct ContainerView<'a> {
    /// Its name.
    pub name: &'a str,
    /// The list it stands in.
    pub list: ContainerList,
    /// Its place in that list.
    pub index: usize,
    /// The container itself.
    pub value: &'a Value,
    /// Its security context; `null` if it has none.
    pub security_context: &'a Value,
    /// What it shows.
    pub signals: Signals,
}

impl<'a> ContainerView<'a> {
    /// A container that is not there.
    pub(super) const ABSENT: ContainerView<'static> = ContainerView {
        name: "",
        list: ContainerList::Regular,
        index: 0,
        value: &NOTHING,
        security_context: &NOTHING,
        signals: Signals::NONE,
    };

    /// Looks at a container once.
    pub(super) fn new(list: ContainerList, index: usize, value: &'a Value) -> Self {
        let mut name = "";
        let mut security_context = &NOTHING;
        let mut ports: &[Value] = &[];
        let mut handlers = [&NOTHING; 4];
        let [liveness, readiness, startup, lifecycle] = &mut handlers;
        each_field(value, |key, field| match key {
            "name" => name = field.as_str().unwrap_or_default(),
            "securityContext" => security_context = field,
            "ports" => ports = field.as_array().unwrap_or_default(),
            "livenessProbe" => *liveness = field,
            "readinessProbe" => *readiness = field,
            "startupProbe" => *startup = field,
            "lifecycle" => *lifecycle = field,
            _ => {}
        });
        let host_port = ports.iter().any(|port| host_port(port).is_some());
        let handler_host = host_probes_and_host_lifecycle::names_a_host(handlers);
        Self {
            name,
            list,
            index,
            value,
            security_context,
            signals: security_context::of_container(security_context)
                | Signals::HOST_PORT.when(host_port)
                | Signals::HANDLER_HOST.when(handler_host),
        }
    }

    /// The address of the field `name` of this container; the name may have dots.
    pub fn field(&self, name: &str) -> FieldPath {
        self.with_path(|path| path.child(name).to_owned())
    }

    /// Calls `then` with the address of this container.
    pub fn with_path<T>(&self, then: impl FnOnce(&Path<'_>) -> T) -> T {
        let spec = Path::root("spec");
        let list = spec.child(self.list.field());
        then(&list.index(self.index))
    }
}

/// The port of the node that a container's port opens.
pub(crate) fn host_port(port: &Value) -> Option<i64> {
    port.int("hostPort").filter(|number| *number != 0)
}
