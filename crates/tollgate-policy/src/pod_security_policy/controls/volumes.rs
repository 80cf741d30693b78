//! Volumes: which types of volume a pod may use.
//!
//! Fields: spec.volumes[*]
//! Allowed: the types that the policy's `volumes` lists; `*` is every type
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, podsecuritypolicy/util, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Pod, spec_field};
use super::volume_types::{type_of, unknown_volume};
use super::{AllowedCsiDrivers, AllowedFlexVolumes, AllowedHostPaths, example};
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{Error, FieldPath, Path, Segment};

pub(super) const CONTROL: Control = Control {
    id: "volumes",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which types of volume pods may use",
    fields: &["spec.volumes[*]"],
    allowed: "the types in the list, `*` for all, none without the list; `secret` also allows the projected \
              volume with a service account's token",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        rules: [
            "volumes:", "- configMap", "- emptyDir", "- projected", "- secret",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "supplementalGroups:", "  rule: RunAsAny",
        ],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: logs", "  hostPath:", "    path: /var/log",
        ],
    ),
    passing: example!(
        rules: [
            "volumes:", "- configMap", "- emptyDir", "- projected", "- secret",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "supplementalGroups:", "  rule: RunAsAny",
        ],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: logs", "  emptyDir: {}",
        ],
    ),
};

/// `spec.volumes`, `spec.allowedHostPaths`, `spec.allowedFlexVolumes`, `spec.allowedCSIDrivers`
#[derive(Debug, Clone)]
pub(in super::super) struct Volumes {
    allowed: Vec<CompactString>,
    allow_all: bool,
    host_paths: AllowedHostPaths,
    flex_drivers: AllowedFlexVolumes,
    csi_drivers: AllowedCsiDrivers,
}

impl Volumes {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let names = spec.items(CONTROL.id).iter().filter_map(Value::as_str);
        let allowed: Vec<CompactString> = names.map(Into::into).collect();
        Self {
            allow_all: allowed.iter().any(|name| name == "*"),
            allowed,
            host_paths: AllowedHostPaths::read(spec),
            flex_drivers: AllowedFlexVolumes::read(spec),
            csi_drivers: AllowedCsiDrivers::read(spec),
        }
    }

    /// Every volume in turn: its type, then what the type has rules for.
    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        for (index, volume) in pod.spec.items("volumes").iter().enumerate() {
            let Some((type_, source)) = type_of(volume) else {
                findings.add(|| unknown(volume, index));
                continue;
            };
            if !self.allows(type_, source) {
                findings.add(|| self.not_allowed(type_, index));
                continue;
            }
            match type_ {
                "hostPath" => {
                    let name = volume.str_or_empty("name");
                    self.host_paths.validate(pod, name, source, index, findings);
                }
                "flexVolume" => self.flex_drivers.validate(source, index, findings),
                "csi" => self.csi_drivers.validate(source, index, findings),
                _ => {}
            }
        }
    }

    fn allows(&self, type_: &str, source: &Value) -> bool {
        let listed = |type_: &str| self.allowed.iter().any(|name| name == type_);
        self.allow_all
            || listed(type_)
            || (type_ == "projected" && listed("secret") && is_token_volume(source))
    }

    fn not_allowed(&self, type_: &str, index: usize) -> Finding {
        let help = match self.allowed.as_slice() {
            [] => "remove the volume: the policy allows none".to_owned(),
            listed => format!("use a volume of another type: `{}`", listed.join("`, `")),
        };
        let detail = format!("{type_} volumes are not allowed to be used");
        Finding {
            control: CONTROL.id,
            error: at_volume(index, |path| Error::invalid(path, type_, detail)),
            fields: vec![field_of(index, &[])],
            policy_fields: vec![spec_field(CONTROL.id)],
            help,
        }
    }
}

fn unknown(volume: &Value, index: usize) -> Finding {
    let detail = unknown_volume(volume.str_or_empty("name"));
    Finding {
        control: CONTROL.id,
        error: at_volume(index, |path| Error::invalid(path, "", detail)),
        fields: vec![field_of(index, &[])],
        policy_fields: vec![spec_field(CONTROL.id)],
        help: "use a volume of a type that PodSecurityPolicy knows".to_owned(),
    }
}

/// Whether a projected volume is like the one that the ServiceAccount plugin mounts: token, root certificate and
/// namespace, nothing else.
fn is_token_volume(projected: &Value) -> bool {
    projected.items("sources").iter().all(|source| {
        let part = |key| source.get(key).filter(|part| part.as_object().is_some());
        let (token, config_map, downward) = (
            part("serviceAccountToken"),
            part("configMap"),
            part("downwardAPI"),
        );
        let is_known = token.is_some() || config_map.is_some() || downward.is_some();
        is_known
            && token.is_none_or(|token| {
                token.str_or_empty("path") == "token" && token.str_or_empty("audience").is_empty()
            })
            && config_map.is_none_or(|map| map.str_or_empty("name") == "kube-root-ca.crt")
            && downward.is_none_or(|downward| downward.items("items").iter().all(is_namespace))
    })
}

fn is_namespace(item: &Value) -> bool {
    let reference = item.get("fieldRef").unwrap_or(&Value::Null);
    item.str_or_empty("path") == "namespace"
        && reference.str_or_empty("apiVersion") == "v1"
        && reference.str_or_empty("fieldPath") == "metadata.namespace"
}

/// Hands the address of a volume to `make`.
pub(super) fn at_volume<T>(index: usize, make: impl FnOnce(&Path<'_>) -> T) -> T {
    let spec = Path::root("spec");
    let volumes = spec.child("volumes");
    make(&volumes.index(index))
}

/// The real place of a field of a volume.
pub(super) fn field_of(index: usize, fields: &[&str]) -> FieldPath {
    let steps = fields.iter().map(|field| Segment::Field((*field).into()));
    at_volume(index, |path| {
        FieldPath(path.to_owned().0.into_iter().chain(steps).collect())
    })
}
