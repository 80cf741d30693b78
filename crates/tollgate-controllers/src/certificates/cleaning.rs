//! certificatesigningrequest-cleaner-controller: requests that have been dealt with, or that nobody dealt with, go.
//!
//! Upstream: `pkg/controller/certificates/cleaner/cleaner.go`, which looks once an hour; here each request goes as soon as its
//! time has come.

use super::request::{self, APPROVED, DENIED, FAILED, Request};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::moment;
use crate::resources::CERTIFICATE_SIGNING_REQUESTS;
use std::sync::Arc;
use tollgate_api::certificate_authority::CertificateAuthority;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::{Timestamp, Value};

/// How long decided requests stay after the decision.
const DECIDED_SECONDS: i64 = 3600;
/// How long requests that nobody decided on stay.
const PENDING_SECONDS: i64 = 24 * 3600;

/// The controller.
#[derive(Debug)]
pub struct Cleaning {
    authority: Arc<dyn CertificateAuthority>,
}

impl Cleaning {
    /// A controller that has certificates read by `authority`.
    pub fn new(authority: Arc<dyn CertificateAuthority>) -> Self {
        Self { authority }
    }

    async fn clean(&self, context: &Context, key: &Key) -> Outcome {
        let resource = &CERTIFICATE_SIGNING_REQUESTS;
        let Some(cached) = context.cache.get(resource, "", &key.name) else {
            return Ok(Requeue::No);
        };
        let object = cached.object()?;
        let request = Request::of(&object);
        let expiry = if request.is_issued() {
            match self.authority.expiry(&request.certificate()) {
                Ok(expiry) => Some(expiry),
                // As upstream: what somebody else put there for a certificate keeps its request.
                Err(_) => return Ok(Requeue::No),
            }
        } else {
            None
        };
        let Some(due) = due(request, cached.meta.created, expiry) else {
            return Ok(Requeue::No);
        };
        if due > context.now {
            return Ok(Requeue::After(moment::until(due, context.now)));
        }
        let deletion = Deletion {
            uid: Some(cached.meta.uid.clone()),
            ..Deletion::default()
        };
        gone::outcome(context.delete(resource, "", &key.name, deletion).await)
    }
}

/// When a request is to go; none if it stays. `expiry` is when its certificate counts no more.
fn due(request: Request<'_>, created: Timestamp, expiry: Option<Timestamp>) -> Option<Timestamp> {
    if request.conditions().is_empty() {
        return Some(created.saturating_add_seconds(PENDING_SECONDS));
    }
    let decided = |sort: &'static str| {
        let conditions = request.of_type(sort);
        conditions
            .filter_map(updated)
            .map(|time| time.saturating_add_seconds(DECIDED_SECONDS))
    };
    let issued = expiry
        .into_iter()
        .filter(|_| request.has(APPROVED))
        .chain(decided(APPROVED).filter(|_| expiry.is_some()));
    issued.chain(decided(DENIED)).chain(decided(FAILED)).min()
}

fn updated(condition: &Value) -> Option<Timestamp> {
    condition.str("lastUpdateTime").and_then(Timestamp::parse)
}

impl Controller for Cleaning {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-cleaner-controller"
    }

    fn identity(&self) -> Identity {
        request::identity()
    }

    fn component(&self) -> &'static str {
        "csrcleaner"
    }

    fn workers(&self) -> usize {
        1
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&CERTIFICATE_SIGNING_REQUESTS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(new) = change.new {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.clean(context, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(sorts: &[&str], expiry: Option<&str>, expected: Option<&str>) {
        let conditions: Vec<String> = sorts
            .iter()
            .map(|sort| format!(r#"{{"type":"{sort}","lastUpdateTime":"2026-01-02T00:00:00Z"}}"#))
            .collect();
        let conditions = conditions.join(",");
        let object = format!(r#"{{"status":{{"conditions":[{conditions}]}}}}"#);
        let object = json::from_str(&object).unwrap();
        let time = |text| Timestamp::parse(text).unwrap();
        let created = time("2026-01-01T00:00:00Z");
        let due = due(Request::of(&object), created, expiry.map(time));
        assert_eq!(due.map(|due| due.to_string()).as_deref(), expected);
    }

    #[test]
    fn what_was_decided_stays_an_hour_and_what_was_not_a_day() {
        check(&[], None, Some("2026-01-02T00:00:00Z"));
        check(&["Denied"], None, Some("2026-01-02T01:00:00Z"));
        check(&["Approved", "Failed"], None, Some("2026-01-02T01:00:00Z"));
        check(
            &["Approved"],
            Some("2027-01-01T00:00:00Z"),
            Some("2026-01-02T01:00:00Z"),
        );
        check(
            &["Approved"],
            Some("2026-01-02T00:10:00Z"),
            Some("2026-01-02T00:10:00Z"),
        );
        // Somebody may still sign it.
        check(&["Approved"], None, None);
        check(&["Other"], None, None);
    }
}
