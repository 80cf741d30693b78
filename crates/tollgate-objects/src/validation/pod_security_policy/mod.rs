//! PodSecurityPolicy, as 1.24 validates it.
//!
//! Upstream's paths are kept where they name no real field: capabilities lack the `spec.`, drivers stand below a
//! doubled list.

mod annotations;
mod rules;
mod runtime_class;
mod spec;
mod sysctls;
#[cfg(test)]
mod tests;
mod wording;

use super::{object_meta, object_meta_update};
use tollgate_api::field::{Errors, Path};
use tollgate_api::{Value, names};

/// Validates a policy that is about to be created.
pub fn validate(policy: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = policy.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(
        metadata,
        false,
        names::dns1123_subdomain,
        &path,
        &mut errors,
    );
    wording::put_back(&mut errors);
    validate_rest(policy, &mut errors);
    errors
}

/// Validates a policy that is about to replace `old`.
pub fn validate_update(policy: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = policy.get("metadata").unwrap_or(&Value::Null);
    let old_metadata = old.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta_update::validate(metadata, old_metadata, &path, &mut errors);
    wording::put_back(&mut errors);
    validate_rest(policy, &mut errors);
    errors
}

fn validate_rest(policy: &Value, errors: &mut Errors) {
    annotations::validate(policy, errors);
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    spec::validate(spec, &Path::root("spec"), errors);
}
