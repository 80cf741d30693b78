//! clusterrole-aggregation-controller: a ClusterRole that selects others has their rules.
//!
//! Upstream: `pkg/controller/clusterroleaggregation`. Roles may select roles that select others, so all are looked at
//! together, and each is written once.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::gone;
use crate::resources::CLUSTER_ROLES;
use futures_util::future::join_all;
use std::sync::Arc;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};
use tollgate_policy::rbac::{Outdated, outdated};

/// The controller.
#[derive(Debug)]
pub struct ClusterRoleAggregation;

impl Controller for ClusterRoleAggregation {
    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("clusterrole-aggregation-controller")
    }

    fn component(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&CLUSTER_ROLES])
    }

    fn concerns(&self, _: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        queue.add(Key::default());
    }

    fn reconcile<'a>(&'a self, context: &'a Context, _: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(aggregate(context))
    }
}

async fn aggregate(context: &Context) -> Outcome {
    let roles = context.cache.list(&CLUSTER_ROLES, "");
    let roles: Result<Vec<Value>, Status> = roles.iter().map(|role| role.object()).collect();
    let written = outdated(roles?);
    let written = written.iter().map(|role| write(context, role));
    let results: Result<Vec<()>, Status> = join_all(written).await.into_iter().collect();
    results.map(|_| Requeue::No)
}

async fn write(context: &Context, wanted: &Outdated) -> Result<(), Status> {
    let role: Option<Arc<Cached>> = context.cache.get(&CLUSTER_ROLES, "", &wanted.name);
    let Some(role) = role else {
        return Ok(());
    };
    let mut role = role.object()?;
    role.set("rules", Value::Array(wanted.rules.clone()));
    gone::passed_over(context.update(&CLUSTER_ROLES, "", role).await)
}
