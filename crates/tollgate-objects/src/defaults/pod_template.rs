//! PodTemplate.

use super::pod_spec;
use tollgate_api::Value;

/// Sets the defaults of a PodTemplate.
pub fn set_defaults(template: &mut Value) {
    pod_spec::set_template_defaults(template, "template");
}
