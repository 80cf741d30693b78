//! Admission policies: rules in CEL that are objects themselves, and the bindings that put them into force.

mod compiled;
mod evaluate;
mod mutate;
mod parameters;
mod type_check;

pub(super) use compiled::Policies;
pub(super) use evaluate::judge;
pub(super) use mutate::mutate;
pub use type_check::type_check;

use super::review::Review;

/// What no policy is about, lest nobody could take a bad one away.
const EXEMPT: [&str; 4] = [
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
];

/// Whether no policy is about the request.
pub(super) fn is_exempt(review: &Review<'_>) -> bool {
    let resource = review.attributes.resource;
    resource.group == "admissionregistration.k8s.io" && EXEMPT.contains(&resource.resource.as_str())
}
