//! NetworkPolicy.

use super::set::{if_absent, structure, structures};
use tollgate_api::Value;

/// Sets the defaults of a policy: it is about ingress, and about egress if it has rules for that.
pub fn set_defaults(policy: &mut Value) {
    let Some(spec) = structure(policy, "spec") else {
        return;
    };
    if spec.items("policyTypes").is_empty() {
        let mut types = vec!["Ingress"];
        if !spec.items("egress").is_empty() {
            types.push("Egress");
        }
        if spec
            .get("policyTypes")
            .is_none_or(|types| types.as_array().is_some())
        {
            spec.set("policyTypes", types);
        }
    }
    for list in ["ingress", "egress"] {
        for rule in structures(spec, list) {
            for port in structures(rule, "ports") {
                if_absent(port, "protocol", "TCP");
            }
        }
    }
}
