//! What the audit log is told of calls of webhooks.

use super::hook::{Hook, Sort};
use crate::admission::review::Review;
use crate::audit::Level;
use tollgate_api::Value;

/// One call of a webhook.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called<'h> {
    pub(super) sort: Sort,
    pub(super) hook: &'h Hook,
    /// 1 if it is asked once more because another changed the object.
    pub(super) round: usize,
    /// Its place among the webhooks: of those that change objects among all, of the others among those that are asked.
    pub(super) place: usize,
}

impl Called<'_> {
    fn key(&self, prefix: &str) -> String {
        let (round, place) = (self.round, self.place);
        format!("{prefix}webhook.admission.k8s.io/round_{round}_index_{place}")
    }

    fn names(&self) -> Value {
        let hook = self.hook;
        let configuration = hook.id.split('/').next().unwrap_or_default();
        let mut names = Value::object();
        names.set("configuration", configuration);
        names.set("webhook", hook.name.as_str());
        names
    }

    /// Notes that it failed, and that the request goes on all the same.
    pub(super) fn note_failure(&self, review: &Review<'_>) {
        let prefix = match self.sort {
            Sort::Mutating => "failed-open.mutation.",
            Sort::Validating => "failed-open.validating.",
        };
        if review.trail.is_on() {
            let name = || self.hook.name.clone();
            review.trail.annotate(&self.key(prefix), name);
        }
    }

    /// Notes whether it changed the object.
    pub(super) fn note_mutation(&self, review: &Review<'_>, mutated: bool) {
        if review.trail.is_on() {
            review.trail.annotate(&self.key("mutation."), || {
                let mut text = self.names();
                text.set("mutated", mutated);
                text.to_string()
            });
        }
    }

    /// Notes how it changed the object, for those who may read that.
    pub(super) fn note_patch(&self, review: &Review<'_>, patch: &Value) {
        let is_empty = patch.as_array().is_some_and(<[Value]>::is_empty);
        if !review.trail.is_on() || is_empty {
            return;
        }
        let key = self.key("patch.");
        review.trail.annotate_at(Level::Request, &key, || {
            let mut text = self.names();
            text.set("patch", patch.clone());
            text.set("patchType", "JSONPatch");
            text.to_string()
        });
    }
}
