//! ValidatingAdmissionPolicy, MutatingAdmissionPolicy and their bindings.

use super::set::{if_absent, pointer, structure, structures};
use super::webhook_configuration::set_rule_defaults;
use tollgate_api::Value;

/// Sets the defaults of a policy.
pub fn set_defaults(policy: &mut Value) {
    let Some(spec) = structure(policy, "spec") else {
        return;
    };
    if_absent(spec, "failurePolicy", "Fail");
    if let Some(constraints) = pointer(spec, "matchConstraints") {
        set_match_defaults(constraints);
    }
}

/// Sets the defaults of a binding.
pub fn set_binding_defaults(binding: &mut Value) {
    if let Some(resources) =
        pointer(binding, "spec").and_then(|spec| pointer(spec, "matchResources"))
    {
        set_match_defaults(resources);
    }
}

fn set_match_defaults(resources: &mut Value) {
    if_absent(resources, "matchPolicy", "Equivalent");
    if_absent(resources, "namespaceSelector", Value::object());
    if_absent(resources, "objectSelector", Value::object());
    for list in ["resourceRules", "excludeResourceRules"] {
        for rule in structures(resources, list) {
            set_rule_defaults(rule);
        }
    }
}
