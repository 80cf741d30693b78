//! cronjob-controller: Jobs that begin at set times.
//!
//! Upstream: `pkg/controller/cronjob`

mod active;
mod clockwork;
mod due;
#[doc(hidden)]
pub mod fuzzing;
mod start;
mod sync;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::Cache;
use crate::owners::Owners;
use crate::refused::Refused;
use crate::resources::{CRON_JOBS, JOBS};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::value::CompactString;

/// The schedule and the time zone with which a CronJob was looked at last.
type Seen = (CompactString, Option<CompactString>);

/// The controller.
#[derive(Debug)]
pub struct CronJobs {
    owners: Owners,
    refused: Refused,
    seen: Mutex<BTreeMap<Key, Seen>>,
}

impl Default for CronJobs {
    fn default() -> Self {
        Self {
            // A CronJob adopts nothing.
            owners: Owners::new(&CRON_JOBS, "CronJob", |_| Value::Null),
            refused: Refused::default(),
            seen: Mutex::default(),
        }
    }
}

impl CronJobs {
    /// Notes the schedule of a CronJob. Returns whether it was another before.
    fn is_rescheduled(&self, key: &Key, spec: &Value) -> bool {
        let zone = spec.str("timeZone").map(CompactString::new);
        let new = (CompactString::new(spec.str_or_empty("schedule")), zone);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let old = seen.insert(key.clone(), new.clone());
        old.is_some_and(|old| old != new)
    }

    fn forget(&self, key: &Key) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(key);
        self.refused.clear(key);
    }
}

impl Controller for CronJobs {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("cronjob-controller")
    }

    fn component(&self) -> &'static str {
        "cronjob-controller"
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![&CRON_JOBS, &JOBS];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        self.refused.concerns(change, queue);
        if change.is_of(&CRON_JOBS) {
            self.owners.owner_changed(change, queue);
        } else if change.is_of(&JOBS) {
            self.owners.dependent_changed(change, cache, queue);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.sync(context, key))
    }
}
