//! APIService.

use super::set::pointer;
use super::webhook_configuration::set_port;
use tollgate_api::Value;

/// Sets the defaults of a service of an aggregated API.
pub fn set_defaults(service: &mut Value) {
    if let Some(spec) = pointer(service, "spec") {
        set_port(spec);
    }
}
