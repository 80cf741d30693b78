//! The objects of a fresh cluster, which a server makes for itself before it answers anybody, and keeps as they must be.

mod api_services;
mod availability;
mod basics;
mod flow_control;
mod flow_schemas;
mod identity;
mod keeper;
mod metrics_reader;
mod reached;
mod roles;
#[cfg(test)]
mod tests;
mod wanted;

pub use basics::NAMESPACES;

use crate::environment::Environment;
use crate::error;
use crate::health::Health;
use crate::resources::Catalog;
use crate::storage::{RevisionError, Snapshot, Store, Write};
use crate::verbs::Api;
use std::net::SocketAddr;
use std::sync::Arc;
use tollgate_api::Status;
use wanted::{Wanted, Writer};

/// What a server says of itself in objects.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The address and port under which clients reach it.
    pub reached: SocketAddr,
    /// The name of the machine.
    pub hostname: String,
    /// Who may certify clients (PEM).
    pub client_authorities: String,
    /// Versions that are served but not told of.
    pub unannounced: Vec<(&'static str, &'static str)>,
}

/// Makes what is missing and sets right what is the server's own, all in one transaction.
pub async fn fill(
    store: &dyn Store,
    environment: &dyn Environment,
    catalog: &Catalog,
    surroundings: &Surroundings,
) -> Result<(), Status> {
    let writer = Writer::new(environment, catalog);
    let mut wanted = basics::objects(&writer.now)?;
    wanted.extend(reached::objects(surroundings.reached)?);
    wanted.extend(identity::objects(surroundings, &writer));
    wanted.extend(metrics_reader::objects(catalog)?);
    let flows = flow_control::objects(&writer.now)?;
    let roles = roles::objects();
    let mut decide = |head: &Snapshot| {
        let mut writes: Vec<Write> = wanted
            .iter()
            .filter_map(|wanted| writer.settle(head, wanted))
            .collect();
        writes.extend(flow_control::settle(&writer, head, &flows));
        for (kind, object) in &roles {
            writes.extend(roles::settle(&writer, head, *kind, object));
        }
        writes.extend(identity::expired(&writer, head, &surroundings.hostname));
        writes.extend(api_services::settle_all(
            &writer,
            head,
            &surroundings.unannounced,
        ));
        writes
    };
    let receipt = store
        .transact(&mut decide)
        .map_err(|error| error::unwritable(&error))?;
    receipt
        .durable()
        .await
        .map_err(|error| error::unwritable(&error))?;
    Ok(())
}

/// What is over once [`fill`] has succeeded, by the names of health.
pub const FILLED: [&str; 9] = [
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    // An address is taken in the transaction that writes its service: there is never one to repair.
    "poststarthook/start-service-ip-repair-controllers",
    "autoregister-completion",
];

/// Keeps these objects as they must be while the server runs.
pub fn follow(
    api: &Arc<Api>,
    surroundings: &Surroundings,
    health: &mut Health,
) -> Result<(), RevisionError> {
    keeper::start(api, surroundings, health)
}
