//! The containers of a pod, each with its role, its behaviour and its status.

use super::behaviour::Behaviour;
use super::container::{ContainerStatus, Role};
use tollgate_api::Value;

/// A container of a pod, with all that is known of it.
#[derive(Debug)]
pub(crate) struct Member<'p> {
    pub(crate) container: &'p Value,
    pub(crate) list: &'static str,
    pub(crate) role: Role,
    pub(crate) behaviour: Behaviour,
    pub(crate) status: ContainerStatus,
}

impl Member<'_> {
    pub(crate) fn name(&self) -> &str {
        self.container.str_or_empty("name")
    }
}

/// The containers of a pod, init containers first, ephemeral ones last.
pub(crate) fn members(pod: &Value) -> Vec<Member<'_>> {
    const LISTS: &[(&str, &str)] = &[
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ];
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let stored = pod.get("status").unwrap_or(&Value::Null);
    let not_yet = match spec.items("initContainers") {
        [] => "ContainerCreating",
        _ => "PodInitializing",
    };
    let mut members = Vec::new();
    for (list, statuses) in LISTS {
        for (place, container) in spec.items(list).iter().enumerate() {
            let role = match *list {
                "initContainers" if container.str("restartPolicy") == Some("Always") => {
                    Role::Sidecar
                }
                "initContainers" => Role::Init { first: place == 0 },
                "containers" => Role::Regular,
                _ => Role::Ephemeral,
            };
            let known = stored
                .items(statuses)
                .iter()
                .find(|known| known.get("name") == container.get("name"));
            members.push(Member {
                container,
                list,
                role,
                behaviour: Behaviour::of(pod, container, role),
                status: known.map_or_else(|| ContainerStatus::new(not_yet), ContainerStatus::read),
            });
        }
    }
    members
}
