//! ValidatingAdmissionPolicy: rules in CEL, as objects of the cluster bind them.

use crate::admission::{Plugin, Review, policy};
use tollgate_api::Status;

/// What no policy judges, lest nobody could take a bad one away.
const EXEMPT: [&str; 4] = [
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
];

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct ValidatingAdmissionPolicy;

impl Plugin for ValidatingAdmissionPolicy {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionPolicy"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let resource = review.attributes.resource;
        let is_exempt = resource.group == "admissionregistration.k8s.io"
            && EXEMPT.contains(&resource.resource.as_str());
        if is_exempt {
            return Ok(());
        }
        let policies = review.prepared.admission_policies(review.snapshot);
        policy::judge(&policies, review)
    }
}
