//! Ranges of numbers, and ports by number or name.

use super::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

pub(super) const NEGATIVE: &str = "must be greater than or equal to 0";

/// The largest id of a user or a group.
const ID_MAX: i64 = i32::MAX as i64;
/// The largest port.
const PORT_MAX: i64 = 65_535;

/// `must be between <low> and <high>, inclusive`
pub(super) fn in_range(value: i64, low: i64, high: i64, path: &Path<'_>, errors: &mut Errors) {
    if !(low..=high).contains(&value) {
        errors.push(Error::invalid(path, value, range_message(low, high)));
    }
}

/// The message for a number outside of a range.
pub(super) fn range_message(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

/// A number that must not be negative; an absent one is 0.
pub(super) fn nonnegative(holder: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(value) = holder.int(key).filter(|value| *value < 0) {
        errors.push(Error::invalid(&path.child(key), value, NEGATIVE));
    }
}

/// A number that must be above zero.
pub(super) fn positive(value: i64, path: &Path<'_>, errors: &mut Errors) {
    if value <= 0 {
        errors.push(Error::invalid(path, value, "must be greater than zero"));
    }
}

/// The id of a user or a group, if it is set.
pub(super) fn id(holder: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(value) = holder.int(key) {
        in_range(value, 0, ID_MAX, &path.child(key), errors);
    }
}

/// The id of a group in a list.
pub(super) fn listed_id(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    in_range(value.as_i64().unwrap_or_default(), 0, ID_MAX, path, errors);
}

/// The number of a port.
pub(super) fn port(value: i64, path: &Path<'_>, errors: &mut Errors) {
    in_range(value, 1, PORT_MAX, path, errors);
}

/// A port by number or by name; an absent one is number 0.
pub(super) fn port_or_name(value: Option<&Value>, path: &Path<'_>, errors: &mut Errors) {
    match value {
        Some(Value::String(name)) => invalid_each(names::port_name(name), name, path, errors),
        other => port(
            other.and_then(Value::as_i64).unwrap_or_default(),
            path,
            errors,
        ),
    }
}
