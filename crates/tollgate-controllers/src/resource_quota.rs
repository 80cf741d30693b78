//! resourcequota-controller: heals the status of a quota that somebody else has written.
//!
//! Upstream: `pkg/controller/resourcequota`, which counts what is there again and again. Here the server counts: what a
//! request costs is written with the request. So nothing has to be counted from time to time, and a status is only
//! wrong if somebody wrote it. A status that is written without `hard` is counted anew in the very transaction.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::gone;
use crate::resources::RESOURCE_QUOTAS;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};

/// The controller.
#[derive(Debug)]
pub struct ResourceQuotas;

impl Controller for ResourceQuotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("resourcequota-controller")
    }

    fn component(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&RESOURCE_QUOTAS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(new) = change.new else {
            return;
        };
        let is_foreign = change
            .old
            .is_none_or(|old| is_foreign(old, new).unwrap_or(true));
        if is_foreign {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(heal(context, key))
    }
}

/// What comes last in a stored quota.
const USED: &str = r#""used":{"#;

/// Whether anybody but the server, which changes `status.used` and nothing else, may have written the status.
fn is_foreign(old: &Cached, new: &Cached) -> Result<bool, Status> {
    // With each object that is charged comes such a change, so this does not read them if it need not.
    if let (Some(before), Some(now)) = (old.around_last(USED), new.around_last(USED)) {
        let is_last = |(_, usage): (&[u8], &[u8])| !usage.contains(&b'{');
        if before.0 == now.0 && is_last(before) && is_last(now) {
            return Ok(false);
        }
    }
    let rest = |quota: &Cached| -> Result<Value, Status> {
        let mut quota = quota.object()?;
        quota.child_mut("metadata").remove("resourceVersion");
        quota.child_mut("status").remove("used");
        Ok(quota)
    };
    Ok(rest(old)? != rest(new)?)
}

/// Has the status counted anew. Nothing is written if it is what a count finds.
async fn heal(context: &Context, key: &Key) -> Outcome {
    let quota = context
        .cache
        .get(&RESOURCE_QUOTAS, &key.namespace, &key.name);
    let Some(quota) = quota.filter(|quota| quota.meta.deleted.is_none()) else {
        return Ok(Requeue::No);
    };
    let mut quota = quota.object()?;
    quota.remove("status");
    gone::outcome(context.update(&RESOURCE_QUOTAS, "status", quota).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;

    fn quota(revision: u64, managers: &str, hard: &str, used: &str) -> Cached {
        let json = format!(
            r#"{{"metadata":{{"name":"q","namespace":"n","uid":"u","managedFields":[{managers}]}},
            "spec":{{"hard":{{"pods":"5"}}}},"status":{{"hard":{{"pods":"{hard}"}},"used":{{"pods":"{used}"}}}}}}"#
        );
        let json = json.into_bytes().into();
        Cached::new(&Stored { json, revision }, false).unwrap()
    }

    #[test]
    fn a_first_look_and_a_whole_one_agree() {
        let in_other_order = |used: &str, hard: &str| {
            let json = format!(
                r#"{{"metadata":{{"name":"q","managedFields":[{{"fieldsV1":{{"f:status":{{"f:used":{{}}}}}}}}]}},
                "status":{{"used":{{"pods":"{used}"}},"hard":{{"pods":"{hard}"}}}}}}"#
            );
            let json = json.into_bytes().into();
            Cached::new(&Stored { json, revision: 1 }, false).unwrap()
        };
        let before = in_other_order("0", "5");
        assert!(!is_foreign(&before, &in_other_order("1", "5")).unwrap());
        assert!(is_foreign(&before, &in_other_order("1", "9")).unwrap());
        let without_usage = Stored {
            json: r#"{"metadata":{"name":"q"},"status":{"hard":{"pods":"5"}}}"#.into(),
            revision: 2,
        };
        let without_usage = Cached::new(&without_usage, false).unwrap();
        assert!(is_foreign(&quota(1, "", "5", "1"), &without_usage).unwrap());
    }

    #[test]
    fn what_the_server_charges_is_not_foreign_and_what_others_write_is() {
        let before = quota(1, "", "5", "0");
        assert!(!is_foreign(&before, &quota(2, "", "5", "1")).unwrap());
        assert!(is_foreign(&before, &quota(2, "", "4", "0")).unwrap());
        let by_somebody = quota(2, r#"{"manager":"kubectl"}"#, "5", "3");
        assert!(is_foreign(&before, &by_somebody).unwrap());
    }
}
