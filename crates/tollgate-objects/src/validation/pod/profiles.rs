//! Seccomp and `AppArmor` profiles.

use crate::validation::go_values::{nullable, object, text};
use crate::validation::paths::local_descending;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const TYPES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

/// The longest path of a file, in bytes, less the closing zero.
const LOCALHOST_PROFILE_BYTES_MAX: usize = 4095;

/// Validates `seccompProfile` of a security context: `validateSeccompProfileField`.
pub(super) fn seccomp(context: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(profile) = context.get("seccompProfile") else {
        return;
    };
    let sort = profile.str_or_empty("type");
    let type_path = path.child("type");
    if sort.is_empty() {
        errors.push(Error::required(
            &type_path,
            "type is required when seccompProfile is set",
        ));
    } else if !TYPES.contains(&sort) {
        errors.push(Error::not_supported(&type_path, sort, TYPES));
    }
    let path = path.child("localhostProfile");
    match (sort, profile.str("localhostProfile")) {
        ("Localhost", None) => errors.push(Error::required(
            &path,
            "must be set when seccomp type is Localhost",
        )),
        ("Localhost", Some(file)) => local_descending(file, &path, errors),
        (_, Some(_)) => errors.push(Error::invalid(
            &path,
            printed(profile),
            "can only be set when seccomp type is Localhost",
        )),
        (_, None) => {}
    }
}

/// A profile as Go's internal types print.
pub(super) fn printed(profile: &Value) -> Value {
    object([
        ("Type", text(profile, "type")),
        ("LocalhostProfile", nullable(profile, "localhostProfile")),
    ])
}

/// Validates `appArmorProfile` of a security context: `ValidateAppArmorProfileField`.
pub(super) fn app_armor(context: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(profile) = context.get("appArmorProfile") else {
        return;
    };
    let file = profile.str("localhostProfile");
    let file_path = path.child("localhostProfile");
    match profile.str_or_empty("type") {
        "Localhost" => localhost_app_armor(file, &file_path, errors),
        "RuntimeDefault" | "Unconfined" => {
            if let Some(file) = file {
                errors.push(Error::invalid(
                    &file_path,
                    file,
                    "can only be set when AppArmor type is Localhost",
                ));
            }
        }
        "" => errors.push(Error::required(
            &path.child("type"),
            "type is required when appArmorProfile is set",
        )),
        other => errors.push(Error::not_supported(&path.child("type"), other, TYPES)),
    }
}

fn localhost_app_armor(file: Option<&str>, path: &Path<'_>, errors: &mut Errors) {
    const MISSING: &str = "must be set when AppArmor type is Localhost";
    let Some(file) = file else {
        errors.push(Error::required(path, MISSING));
        return;
    };
    if file.trim() != file {
        errors.push(Error::invalid(
            path,
            file,
            "must not be padded with whitespace",
        ));
    } else if file.is_empty() {
        errors.push(Error::required(path, MISSING));
    }
    if file.len() > LOCALHOST_PROFILE_BYTES_MAX {
        errors.push(Error::too_long(path, LOCALHOST_PROFILE_BYTES_MAX));
    }
}
