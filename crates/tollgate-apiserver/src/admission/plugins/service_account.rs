//! ServiceAccount: every pod has an account that exists, and its token.

use crate::admission::mutate::apply_service_account;
use crate::admission::{Plugin, Review};
use crate::storage::Key;
use tollgate_api::{Operation, Status, Value};

const MIRROR: &str = "kubernetes.io/config.mirror";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct ServiceAccount;

impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create
            || !review.is_core("pods")
            || object.at(&["metadata", "annotations", MIRROR]).is_some()
        {
            return Ok(());
        }
        let namespace = review.attributes.namespace;
        let spec = object.get("spec");
        let name = match spec.map_or("", |spec| spec.str_or_empty("serviceAccountName")) {
            "" => "default",
            name => name,
        };
        let key = Key::new("", "serviceaccounts", namespace, name);
        let Some(account) = review.prepared.object(review.snapshot, &key) else {
            let why = format!(
                "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
            );
            return Err(review.forbidden(Some(object), why));
        };
        let minor = u32::from(review.release.minor_number());
        apply_service_account(object, minor, &review.environment.suffix(), |_| {
            Some(&account)
        });
        Ok(())
    }
}
