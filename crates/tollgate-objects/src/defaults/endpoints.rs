//! Endpoints and EndpointSlice.

use super::set::{if_absent, if_empty, structures};
use tollgate_api::Value;

/// Sets the defaults of Endpoints.
pub fn set_defaults(endpoints: &mut Value) {
    for subset in structures(endpoints, "subsets") {
        for port in structures(subset, "ports") {
            if_empty(port, "protocol", "TCP");
        }
    }
}

/// Sets the defaults of an EndpointSlice.
pub fn set_slice_defaults(slice: &mut Value) {
    for port in structures(slice, "ports") {
        if_absent(port, "name", "");
        if_absent(port, "protocol", "TCP");
    }
}
