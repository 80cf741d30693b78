//! Ports of all containers together: the same port twice, the same name twice.

use tollgate_api::Value;
use tollgate_api::field::Path;
use tollgate_api::go_format::quote;

pub(super) fn collect(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let mut ports: Vec<Port<'_>> = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (container, entry) in spec.items(list).iter().enumerate() {
            for (index, port) in entry.items("ports").iter().enumerate() {
                let port = Port {
                    value: port,
                    list,
                    container,
                    index,
                };
                port.warn(&ports, path, warnings);
                ports.push(port);
            }
        }
    }
    names(spec, path, warnings);
}

/// A port and its place in the pod.
struct Port<'v> {
    value: &'v Value,
    list: &'static str,
    container: usize,
    index: usize,
}

impl Port<'_> {
    fn place(&self, path: &Path<'_>) -> String {
        let path = path.child(self.list);
        let path = path.index(self.container);
        path.child("ports").index(self.index).to_string()
    }

    fn number(&self, field: &str) -> i64 {
        self.value.int(field).unwrap_or_default()
    }

    fn warn(&self, others: &[Self], path: &Path<'_>, warnings: &mut Vec<String>) {
        let address = self.value.str_or_empty("hostIP");
        let host_port = self.number("hostPort");
        if !address.is_empty() && host_port == 0 {
            warnings.push(format!(
                "{}: hostIP set without hostPort: {}",
                self.place(path),
                self.printed()
            ));
        }
        for other in others {
            if self.number("containerPort") != other.number("containerPort")
                || self.value.str_or_empty("protocol") != other.value.str_or_empty("protocol")
            {
                continue;
            }
            let other_address = other.value.str_or_empty("hostIP");
            let other_host_port = other.number("hostPort");
            let sort = if address == other_address && host_port == other_host_port {
                "duplicate"
            } else if host_port == 0 || other_host_port == 0 {
                "overlapping"
            } else if host_port == other_host_port && address.is_empty() != other_address.is_empty()
            {
                "dangerously ambiguous"
            } else {
                continue;
            };
            warnings.push(format!(
                "{}: {sort} port definition with {}",
                self.place(path),
                other.place(path)
            ));
        }
    }

    /// As Go's `%+v` prints the struct.
    fn printed(&self) -> String {
        format!(
            "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
            self.value.str_or_empty("name"),
            self.number("hostPort"),
            self.number("containerPort"),
            self.value.str_or_empty("protocol"),
            self.value.str_or_empty("hostIP")
        )
    }
}

/// Names of ports of sidecars and containers. Upstream stops at the first init container that is no sidecar.
fn names(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let is_sidecar = |init: &Value| init.str_or_empty("restartPolicy") == "Always";
    let sidecars = spec.items("initContainers");
    let sidecars_only = sidecars.iter().all(is_sidecar);
    let mut names: Vec<(&str, Port<'_>)> = Vec::new();
    for list in ["initContainers", "containers"] {
        if list == "containers" && !sidecars_only {
            return;
        }
        for (container, entry) in spec.items(list).iter().enumerate() {
            if list == "initContainers" && !is_sidecar(entry) {
                return;
            }
            for (index, port) in entry.items("ports").iter().enumerate() {
                let name = port.str_or_empty("name");
                if name.is_empty() {
                    continue;
                }
                let port = Port {
                    value: port,
                    list,
                    container,
                    index,
                };
                match names.iter().find(|(other, _)| *other == name) {
                    Some((_, other)) => {
                        let other = other.place(path);
                        warnings.push(format!(
                            "{}: duplicate port name {} with {other}, services and probes that select ports by name will use {other}",
                            port.place(path),
                            quote(name)
                        ));
                    }
                    None => names.push((name, port)),
                }
            }
        }
    }
}
