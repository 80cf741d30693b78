//! Nobody may grant what they do not have.

use super::call::Call;
use crate::auth::rbac::escalation::{self, Grant};
use tollgate_api::{Status, Value};
use tollgate_policy::rbac::RbacKind;

/// Judges a role or a binding that is about to be stored.
pub(super) fn check(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), Status> {
    if call.resource.group() != RbacKind::GROUP {
        return Ok(());
    }
    let Some(kind) = RbacKind::of_resource(call.resource.plural()) else {
        return Ok(());
    };
    let grant = Grant {
        kind,
        namespace: call.namespace,
        name: call.name,
        new,
        old,
    };
    escalation::check(&call.api.authorizer, call.user, &grant)
}
