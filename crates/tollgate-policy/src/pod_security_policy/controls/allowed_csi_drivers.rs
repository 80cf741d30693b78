//! Inline CSI volumes: which drivers a pod may use.
//!
//! Fields: spec.volumes[*].csi.driver
//! Allowed: any driver; or those that `allowedCSIDrivers` lists
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::spec_field;
use super::example;
use super::volumes::{at_volume, field_of};
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::Error;

pub(super) const CONTROL: Control = Control {
    id: "allowedCSIDrivers",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which drivers of inline CSI volumes pods may use",
    fields: &["spec.volumes[*].csi.driver"],
    allowed: "any driver if the list is empty, else those in it",
    since: "1.14",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["allowedCSIDrivers:", "- name: secrets.example.com"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: data", "  csi:", "    driver: disks.example.com",
        ],
    ),
    passing: example!(
        spec: ["allowedCSIDrivers:", "- name: secrets.example.com"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: data", "  csi:", "    driver: secrets.example.com",
        ],
    ),
};

/// `spec.allowedCSIDrivers`
#[derive(Debug, Clone)]
pub(in super::super) struct AllowedCsiDrivers {
    names: Vec<CompactString>,
}

impl AllowedCsiDrivers {
    pub(super) fn read(spec: &Value) -> Self {
        let entries = spec.items(CONTROL.id).iter();
        Self {
            names: entries
                .map(|entry| entry.str_or_empty("name").into())
                .collect(),
        }
    }

    pub(super) fn validate(&self, source: &Value, index: usize, findings: &mut Findings) {
        let driver = source.str_or_empty("driver");
        if self.names.is_empty() || self.names.iter().any(|name| name == driver) {
            return;
        }
        findings.add(|| Finding {
            control: CONTROL.id,
            error: at_volume(index, |path| {
                let source = path.child("csi");
                let detail = "Inline CSI driver is not allowed to be used";
                Error::invalid(&source.child("driver"), driver, detail)
            }),
            fields: vec![field_of(index, &["csi", "driver"])],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: format!("use one of the drivers `{}`", self.names.join("`, `")),
        });
    }
}
