//! ValidatingAdmissionPolicy: rules in CEL, as objects of the cluster bind them.

use crate::admission::{Plugin, Review, policy};
use tollgate_api::Status;

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct ValidatingAdmissionPolicy;

impl Plugin for ValidatingAdmissionPolicy {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionPolicy"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        if policy::is_exempt(review) {
            return Ok(());
        }
        let policies = review.prepared.validating_policies(review.snapshot);
        policy::judge(&policies, review)
    }
}
