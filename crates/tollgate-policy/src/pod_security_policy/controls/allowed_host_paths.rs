//! Host paths: which parts of its node's file system a pod may mount.
//!
//! Fields: spec.volumes[*].hostPath.path, spec.{initContainers,containers,ephemeralContainers}[*].volumeMounts[*].readOnly
//! Allowed: any path; or a path below a prefix of `allowedHostPaths`, mounted read-only where the prefix says so
//! Mutates: no
//! Upstream: podsecuritypolicy/util, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, Pod, spec_field};
use super::example;
use super::volumes::{at_volume, field_of};
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};

pub(super) const CONTROL: Control = Control {
    id: "allowedHostPaths",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which parts of the file system of their node pods may mount",
    fields: &[
        "spec.volumes[*].hostPath.path",
        "spec.initContainers[*].volumeMounts[*].readOnly",
        "spec.containers[*].volumeMounts[*].readOnly",
        "spec.ephemeralContainers[*].volumeMounts[*].readOnly",
    ],
    allowed: "any path if the list is empty; else paths equal to or below a `pathPrefix`, mounted read-only if \
              every prefix that fits says `readOnly: true`",
    since: "1.7; readOnly since 1.11",
    upstream: "pkg/security/podsecuritypolicy/util",
    failing: example!(
        spec: ["allowedHostPaths:", "- pathPrefix: /var/log", "  readOnly: true"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  volumeMounts:", "  - name: logs", "    mountPath: /logs",
            "volumes:", "- name: logs", "  hostPath:", "    path: /var/log/web",
        ],
    ),
    passing: example!(
        spec: ["allowedHostPaths:", "- pathPrefix: /var/log", "  readOnly: true"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  volumeMounts:", "  - name: logs", "    mountPath: /logs", "    readOnly: true",
            "volumes:", "- name: logs", "  hostPath:", "    path: /var/log/web",
        ],
    ),
};

/// `spec.allowedHostPaths`
#[derive(Debug, Clone)]
pub(in super::super) struct AllowedHostPaths {
    prefixes: Vec<Prefix>,
}

#[derive(Debug, Clone)]
struct Prefix {
    path: CompactString,
    read_only: bool,
}

enum Verdict {
    Refused,
    ReadOnly,
    Allowed,
}

impl AllowedHostPaths {
    pub(super) fn read(spec: &Value) -> Self {
        let read = |entry: &Value| Prefix {
            path: entry.str_or_empty("pathPrefix").into(),
            read_only: entry.bool("readOnly") == Some(true),
        };
        Self {
            prefixes: spec.items(CONTROL.id).iter().map(read).collect(),
        }
    }

    pub(super) fn validate(
        &self,
        pod: &Pod<'_>,
        volume: &str,
        source: &Value,
        index: usize,
        findings: &mut Findings,
    ) {
        let path = source.str_or_empty("path");
        match self.judge(path) {
            Verdict::Allowed => {}
            Verdict::Refused => findings.add(|| self.not_allowed(path, index)),
            Verdict::ReadOnly => {
                for container in pod.containers() {
                    check_mounts(&container, volume, findings);
                }
            }
        }
    }

    fn judge(&self, path: &str) -> Verdict {
        if self.prefixes.is_empty() {
            return Verdict::Allowed;
        }
        let mut verdict = Verdict::Refused;
        for prefix in &self.prefixes {
            if is_below(path, &prefix.path) {
                if !prefix.read_only {
                    return Verdict::Allowed;
                }
                verdict = Verdict::ReadOnly;
            }
        }
        verdict
    }

    fn not_allowed(&self, path: &str, index: usize) -> Finding {
        let prefixes: Vec<&str> = self.prefixes.iter().map(|prefix| &*prefix.path).collect();
        Finding {
            control: CONTROL.id,
            // Upstream's path names a field that volumes do not have.
            error: at_volume(index, |volume| {
                let source = volume.child("hostPath");
                Error::invalid(
                    &source.child("pathPrefix"),
                    path,
                    "is not allowed to be used",
                )
            }),
            fields: vec![field_of(index, &["hostPath", "path"])],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: format!("use a path below `{}`", prefixes.join("`, `")),
        }
    }
}

/// All mounts of `volume` must be read-only.
fn check_mounts(container: &Container<'_>, volume: &str, findings: &mut Findings) {
    for (index, mount) in container.value.items("volumeMounts").iter().enumerate() {
        if mount.str_or_empty("name") != volume || mount.bool("readOnly") == Some(true) {
            continue;
        }
        let at_field = |path: &Path<'_>, make: &dyn Fn(&Path<'_>) -> Finding| {
            let mounts = path.child("volumeMounts");
            let mount = mounts.index(index);
            make(&mount.child("readOnly"))
        };
        findings.add(|| {
            container.at(|path| {
                at_field(path, &|field| Finding {
                    control: CONTROL.id,
                    error: Error::invalid(field, false, "must be read-only"),
                    fields: vec![field.to_owned()],
                    policy_fields: vec![spec_field(CONTROL.id)],
                    help: "set `readOnly` of the mount to true".to_owned(),
                })
            })
        });
    }
}

/// Whether `path` is `prefix` or lies below it; a slash at the end of either means nothing.
fn is_below(path: &str, prefix: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    match path.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_at_a_step_of_the_path() {
        assert!(is_below("/foo", "/foo/"));
        assert!(is_below("/foo/", "/foo"));
        assert!(is_below("/foo/bar", "/foo"));
        assert!(!is_below("/foobar", "/foo"));
        assert!(!is_below("/fo", "/foo"));
        assert!(is_below("/any", "/"));
        assert!(!is_below("any", "/foo"));
    }
}
