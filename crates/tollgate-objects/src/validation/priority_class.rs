//! PriorityClass: values of users have a limit, names of the system are reserved.

use super::{object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::priority_class::{SYSTEM_CLASSES, SYSTEM_PREFIX, USER_VALUE_MAX};
use tollgate_api::{Value, names};

const POLICIES: [&str; 2] = ["PreemptLowerPriority", "Never"];

/// Validates a new class (`ValidatePriorityClass`).
///
/// ```
/// let class = tollgate_api::json::from_str(r#"{"metadata":{"name":"high"},"value":2000000000}"#).unwrap();
/// let errors = tollgate_objects::validation::priority_class::validate(&class);
/// assert_eq!(
///     errors.first().unwrap().to_string(),
///     "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
/// );
/// ```
pub fn validate(class: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = class.get("metadata").unwrap_or(&Value::Null);
    let metadata_path = Path::root("metadata");
    object_meta::validate(
        metadata,
        false,
        names::dns1123_subdomain,
        &metadata_path,
        &mut errors,
    );
    let name = metadata.str_or_empty("name");
    let value = class.int("value").unwrap_or_default();
    if name.starts_with(SYSTEM_PREFIX) {
        if let Some(why) = unknown_system_class(class, name, value) {
            errors.push(Error::forbidden(
                &metadata_path.child("name"),
                format!(
                    "priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {why}"
                ),
            ));
        }
    } else if value > USER_VALUE_MAX {
        errors.push(Error::forbidden(
            &Path::root("value"),
            format!("maximum allowed value of a user defined priority is {USER_VALUE_MAX}"),
        ));
    }
    let path = Path::root("preemptionPolicy");
    match class.str("preemptionPolicy") {
        None => {}
        Some("") => errors.push(Error::required(&path, "")),
        Some(policy) if POLICIES.contains(&policy) => {}
        Some(policy) => errors.push(Error::not_supported(&path, policy, &POLICIES)),
    }
    errors
}

/// Validates an update of a class (`ValidatePriorityClassUpdate`).
pub fn validate_update(class: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    object_meta_update::validate(
        &metadata(class),
        &metadata(old),
        &Path::root("metadata"),
        &mut errors,
    );
    if class.int("value").unwrap_or_default() != old.int("value").unwrap_or_default() {
        errors.push(Error::forbidden(
            &Path::root("value"),
            "may not be changed in an update.",
        ));
    }
    if class.get("preemptionPolicy") != old.get("preemptionPolicy") {
        let policy = class.get("preemptionPolicy").cloned().unwrap_or_default();
        object_meta_update::immutable(&Path::root("preemptionPolicy"), policy, &mut errors);
    }
    errors
}

/// Why a class with the system's prefix is none of the system's.
fn unknown_system_class(class: &Value, name: &str, value: i64) -> Option<String> {
    let Some(known) = SYSTEM_CLASSES.iter().find(|known| known.name == name) else {
        return Some(format!("{name} is not a known system priority class"));
    };
    if value != known.value {
        Some(format!(
            "value of {name} PriorityClass must be {}",
            known.value
        ))
    } else if class.bool("globalDefault") == Some(true) {
        Some(format!(
            "globalDefault of {name} PriorityClass must be false"
        ))
    } else {
        None
    }
}
