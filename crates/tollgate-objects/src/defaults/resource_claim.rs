//! ResourceClaim and ResourceClaimTemplate.

use super::set::{if_empty, if_zero, pointer, structure, structures};
use tollgate_api::Value;

/// Sets the defaults of a claim.
pub fn set_defaults(claim: &mut Value) {
    if let Some(spec) = pointer(claim, "spec") {
        set_spec_defaults(spec);
    }
}

/// Sets the defaults of a template of claims.
pub fn set_template_defaults(template: &mut Value) {
    if let Some(spec) = structure(template, "spec").and_then(|spec| pointer(spec, "spec")) {
        set_spec_defaults(spec);
    }
}

fn set_spec_defaults(spec: &mut Value) {
    let Some(devices) = pointer(spec, "devices") else {
        return;
    };
    for request in structures(devices, "requests") {
        // Until `v1beta1` the fields of `exactly` stood in the request itself.
        if !request.str_or_empty("deviceClassName").is_empty() {
            set_request_defaults(request);
        }
        if let Some(exactly) = pointer(request, "exactly") {
            set_request_defaults(exactly);
        }
        for alternative in structures(request, "firstAvailable") {
            set_request_defaults(alternative);
        }
    }
}

fn set_request_defaults(request: &mut Value) {
    if_empty(request, "allocationMode", "ExactCount");
    if request.str("allocationMode") == Some("ExactCount") {
        if_zero(request, "count", 1);
    }
    for toleration in structures(request, "tolerations") {
        if_empty(toleration, "operator", "Equal");
    }
}
