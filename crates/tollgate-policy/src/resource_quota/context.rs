//! What quotas need to know besides the request and the quotas.

use super::evaluators::{DeviceClasses, ExtensionsKeys, Others};
use std::fmt;
use tollgate_api::{Release, Timestamp};

/// What the answer depends on besides the objects: all of it given, nothing looked up.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time: pods that outlive their deletion stop counting.
    pub now: Timestamp,
    /// The release whose wording is used.
    pub release: Release,
    /// The device classes of the cluster.
    pub device_classes: &'a DeviceClasses,
    /// The other objects of the cluster, where a claim for devices must look at them.
    pub others: &'a dyn Others,
    /// What keys of the group `extensions` count.
    pub extensions_keys: ExtensionsKeys,
}

impl Context<'static> {
    /// The newest rules, no device classes and no other objects.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            release: Release::default(),
            device_classes: DeviceClasses::NONE,
            others: &(),
            extensions_keys: ExtensionsKeys::default(),
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now)
            .field("release", &self.release)
            .field("device_classes", &self.device_classes)
            .field("extensions_keys", &self.extensions_keys)
            .finish_non_exhaustive()
    }
}
