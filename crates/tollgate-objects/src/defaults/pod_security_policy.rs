//! PodSecurityPolicy, `policy/v1beta1` and `extensions/v1beta1`.

use super::set::{if_absent, structure};
use tollgate_api::Value;

/// Sets the defaults of a policy: escalation is allowed unless the policy says otherwise.
pub fn set_defaults(policy: &mut Value) {
    if let Some(spec) = structure(policy, "spec") {
        if_absent(spec, "allowPrivilegeEscalation", true);
    }
}
