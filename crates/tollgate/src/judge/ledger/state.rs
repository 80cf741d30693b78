//! What the ledger keeps, and the requests it asks quotas about.

use super::foresee::{AUTOSCALER, Autoscaler};
use super::namespace::NamespaceLedger;
use crate::diagnostics::ObjectRef;
use crate::judge::chain::Request;
use crate::judge::object::Charge;
use crate::judge::settings::Settings;
use crate::judge::world::World;
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_policy::resource_quota::{Context, DeviceClasses};

/// The quotas of the cluster while objects are let in.
#[derive(Debug)]
pub struct Ledger<'w> {
    pub(super) settings: &'w Settings,
    pub(super) world: &'w World,
    pub(super) device_classes: DeviceClasses,
    pub(super) namespaces: BTreeMap<CompactString, NamespaceLedger>,
    pub(super) autoscalers: Vec<Autoscaler>,
}

impl<'w> Ledger<'w> {
    /// The quotas of `world`, with nothing in the namespaces but what their `status.used` says.
    pub fn new(settings: &'w Settings, world: &'w World) -> Self {
        let device_classes = DeviceClasses::of(world.device_classes.iter());
        let mut namespaces = BTreeMap::new();
        if settings.plugins.resource_quota {
            let context = Context {
                device_classes: &device_classes,
                release: settings.release,
                ..Context::at(settings.now)
            };
            for (name, namespace) in world.namespaces() {
                if !namespace.quotas.is_empty() {
                    namespaces.insert(
                        name.into(),
                        NamespaceLedger::new(&namespace.quotas, &context),
                    );
                }
            }
        }
        Self {
            settings,
            world,
            device_classes,
            namespaces,
            autoscalers: Vec::new(),
        }
    }
}

impl Ledger<'_> {
    /// Whether the ledger of this run counts an object, so that its charges have to be kept.
    pub fn wants(settings: &Settings, world: &World, reference: &ObjectRef) -> bool {
        let has_quotas = || !world.namespace(&reference.namespace).quotas.is_empty();
        reference.kind == AUTOSCALER
            || settings.plugins.resource_quota
                && (!settings.limited_resources.is_empty() || has_quotas())
    }
}

/// How quotas count here.
pub(super) fn context<'a>(settings: &Settings, device_classes: &'a DeviceClasses) -> Context<'a> {
    Context {
        release: settings.release,
        device_classes,
        ..Context::at(settings.now)
    }
}

/// The request that creates what is charged, under the name that one of them has.
pub(super) fn request<'a>(
    settings: &'a Settings,
    world: &'a World,
    reference: &'a ObjectRef,
    charge: &'a Charge,
    name: &'a str,
) -> Request<'a> {
    Request {
        settings,
        world,
        user: &charge.user,
        resource: &charge.resource,
        namespace: &reference.namespace,
        name,
        written_at: None,
    }
}
