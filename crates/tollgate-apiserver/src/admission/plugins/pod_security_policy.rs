//! PodSecurityPolicy: off until it is enabled.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, UserInfo, Value};
use tollgate_policy::pod_security_policy::{Admitted, Authorizer, Context, Wording};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct PodSecurityPolicy;

impl Plugin for PodSecurityPolicy {
    fn name(&self) -> &'static str {
        "PodSecurityPolicy"
    }

    fn is_default(&self) -> bool {
        false
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if !concerns(review) {
            return Ok(());
        }
        let policies = review.prepared.pod_security_policies(review.snapshot);
        let authorizer = Rights(review);
        let context = context(review, &authorizer);
        let admitted = policies.admit(&review.attributes, object, &context);
        note(review, admitted.map_err(|refusal| refusal.status)?);
        Ok(())
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        if !concerns(review) {
            return Ok(());
        }
        let policies = review.prepared.pod_security_policies(review.snapshot);
        let authorizer = Rights(review);
        let context = context(review, &authorizer);
        let validated = policies.validate(&review.attributes, &context);
        note(review, validated.map_err(|refusal| refusal.status)?);
        Ok(())
    }
}

/// Tells the audit log which policy it was.
fn note(review: &Review<'_>, admitted: Option<Admitted<'_>>) {
    if let Some(admitted) = admitted {
        let policy = || admitted.policy.to_owned();
        review.trail.annotate(admitted.audit_key, policy);
    }
}

fn concerns(review: &Review<'_>) -> bool {
    review.is_core("pods")
        && matches!(
            review.attributes.operation,
            Operation::Create | Operation::Update
        )
}

fn context<'c>(review: &Review<'_>, authorizer: &'c Rights<'_, '_>) -> Context<'c> {
    Context {
        authorizer,
        wording: Wording::of(review.release),
    }
}

struct Rights<'r, 'a>(&'r Review<'a>);

impl Authorizer for Rights<'_, '_> {
    fn may_use(&self, user: &UserInfo, namespace: &str, api_group: &str, policy: &str) -> bool {
        let access = Access::Resource(ResourceAccess {
            verb: "use",
            group: api_group,
            resource: "podsecuritypolicies",
            subresource: "",
            namespace,
            name: policy,
            field_selector: "",
        });
        self.0.authorizer.authorize(user, &access).allowed
    }
}
