//! Probes and lifecycle handlers.

use super::set::{if_absent, if_empty, if_zero, pointer};
use tollgate_api::Value;

/// Sets the defaults of a liveness, readiness or startup probe.
pub(super) fn set_defaults(probe: &mut Value) {
    if_zero(probe, "timeoutSeconds", 1);
    if_zero(probe, "periodSeconds", 10);
    if_zero(probe, "successThreshold", 1);
    if_zero(probe, "failureThreshold", 3);
    set_http_get_defaults(probe);
    if let Some(grpc) = pointer(probe, "grpc") {
        if_absent(grpc, "service", "");
    }
}

/// Sets the defaults of a handler's HTTP request.
pub(super) fn set_http_get_defaults(handler: &mut Value) {
    if let Some(http_get) = pointer(handler, "httpGet") {
        if_empty(http_get, "path", "/");
        if_empty(http_get, "scheme", "HTTP");
    }
}
