//! serviceaccount-controller: every namespace has the account `default`.
//!
//! Upstream: `pkg/controller/serviceaccount/serviceaccounts_controller.go`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::namespaces;
use crate::resources::{NAMESPACES, SERVICE_ACCOUNTS};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::status::Reason;

const DEFAULT: &str = "default";

/// The controller.
#[derive(Debug)]
pub struct ServiceAccounts;

impl Controller for ServiceAccounts {
    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("service-account-controller")
    }

    fn component(&self) -> &'static str {
        "service-account-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&NAMESPACES, &SERVICE_ACCOUNTS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if change.is_of(&NAMESPACES) {
            queue.add(Key::new("", &object.meta.name));
        } else if change.new.is_none() && object.meta.name == DEFAULT {
            queue.add(Key::new("", &object.meta.namespace));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(ensure(context, &key.name))
    }
}

async fn ensure(context: &Context, namespace: &str) -> Outcome {
    let is_there = context
        .cache
        .get(&SERVICE_ACCOUNTS, namespace, DEFAULT)
        .is_some();
    if is_there || !namespaces::is_active(&context.cache, namespace)? {
        return Ok(Requeue::No);
    }
    let mut account = Value::object();
    let metadata = account.child_mut("metadata");
    metadata.set("name", DEFAULT);
    metadata.set("namespace", namespace);
    let created = context.create(&SERVICE_ACCOUNTS, namespace, account).await;
    match created {
        Err(status) if status.reason != Reason::AlreadyExists => namespaces::unless_it_ends(status),
        _ => Ok(Requeue::No),
    }
}
