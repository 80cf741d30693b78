//! Flex volumes: which drivers a pod may use.
//!
//! Fields: spec.volumes[*].flexVolume.driver
//! Allowed: any driver; or those that `allowedFlexVolumes` lists
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
    id: "allowedFlexVolumes",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which drivers of flex volumes pods may use",
    fields: &["spec.volumes[*].flexVolume.driver"],
    allowed: "any driver if the list is empty, else those in it",
    since: "1.8",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["allowedFlexVolumes:", "- driver: example/lvm"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: data", "  flexVolume:", "    driver: example/cifs",
        ],
    ),
    passing: example!(
        spec: ["allowedFlexVolumes:", "- driver: example/lvm"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "volumes:", "- name: data", "  flexVolume:", "    driver: example/lvm",
        ],
    ),
};

/// `spec.allowedFlexVolumes`
#[derive(Debug, Clone)]
pub(in super::super) struct AllowedFlexVolumes {
    drivers: Vec<CompactString>,
}

impl AllowedFlexVolumes {
    pub(super) fn read(spec: &Value) -> Self {
        let entries = spec.items(CONTROL.id).iter();
        Self {
            drivers: entries
                .map(|entry| entry.str_or_empty("driver").into())
                .collect(),
        }
    }

    pub(super) fn validate(&self, source: &Value, index: usize, findings: &mut Findings) {
        let driver = source.str_or_empty("driver");
        if self.drivers.is_empty() || self.drivers.iter().any(|name| name == driver) {
            return;
        }
        findings.add(|| Finding {
            control: CONTROL.id,
            error: at_volume(index, |path| {
                let detail = "Flexvolume driver is not allowed to be used";
                Error::invalid(&path.child("driver"), driver, detail)
            }),
            fields: vec![field_of(index, &["flexVolume", "driver"])],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: format!("use one of the drivers `{}`", self.drivers.join("`, `")),
        });
    }
}
