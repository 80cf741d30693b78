//! Claims of devices: `validatePodResourceClaims`, `validateResourceClaimNames`.

use super::Scope;
use crate::validation::go_values::{nullable, object, text};
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates `resourceClaims` of the pod.
pub(super) fn validate(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let claims = scope.spec.items("resourceClaims");
    let is_static = scope.metadata.is_some_and(|metadata| {
        metadata
            .at(&["annotations", "kubernetes.io/config.mirror"])
            .is_some()
    });
    for (index, claim) in claims.iter().enumerate() {
        if is_static {
            errors.push(Error::forbidden(
                &Path::root("[]"),
                "static pods do not support resource claims",
            ));
            continue;
        }
        let path = path.index(index);
        let name = claim.str_or_empty("name");
        let name_path = path.child("name");
        let seen = |other: &Value| other.str_or_empty("name") == name;
        if name.is_empty() {
            errors.push(Error::required(&name_path, ""));
        } else if claims.iter().take(index).any(seen) {
            errors.push(Error::duplicate(&name_path, name));
        } else {
            invalid_each(names::dns1123_label(name), name, &name_path, errors);
        }
        source(claim, &path, errors);
    }
}

fn source(claim: &Value, path: &Path<'_>, errors: &mut Errors) {
    let fields = ["resourceClaimName", "resourceClaimTemplateName"];
    let why = match fields.map(|field| claim.str(field).is_some()) {
        [true, true] => Some(
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
        ),
        [false, false] => {
            Some("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        }
        _ => None,
    };
    if let Some(why) = why {
        let printed = object([
            ("Name", text(claim, "name")),
            ("ResourceClaimName", nullable(claim, "resourceClaimName")),
            (
                "ResourceClaimTemplateName",
                nullable(claim, "resourceClaimTemplateName"),
            ),
        ]);
        errors.push(Error::invalid(path, printed, why));
    }
    for field in fields {
        if let Some(name) = claim.str(field) {
            let messages = names::dns1123_subdomain(name);
            invalid_each(messages, name, &path.child(field), errors);
        }
    }
}

/// Validates the claims that a container's resources name.
pub(super) fn validate_names(
    resources: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let claims = resources.items("claims");
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        let name = claim.str_or_empty("name");
        if name.is_empty() {
            errors.push(Error::required(&path, ""));
            continue;
        }
        let earlier = claims.get(..index).unwrap_or_default();
        duplicates(claim, name, earlier, &path, errors);
        let known = scope.spec.items("resourceClaims");
        if !known.iter().any(|other| other.str_or_empty("name") == name) {
            let mut error = Error::not_found(&path, name);
            error.detail = unknown_claim(known);
            errors.push(error);
        }
    }
}

/// A claim is named once as a whole, or once per request.
fn duplicates(claim: &Value, name: &str, earlier: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let request = claim.str_or_empty("request");
    let same_name = |other: &&Value| other.str_or_empty("name") == name;
    let requests = || {
        earlier
            .iter()
            .filter(same_name)
            .map(|other| other.str_or_empty("request"))
    };
    if requests().any(str::is_empty) {
        errors.push(Error::duplicate(path, name));
        return;
    }
    if request.is_empty() {
        let mut seen: Vec<&str> = Vec::new();
        for other in requests() {
            if !seen.contains(&other) {
                seen.push(other);
                errors.push(Error::duplicate(path, name));
            }
        }
        return;
    }
    let messages = names::dns1123_label(request);
    invalid_each(messages, request, &path.child("request"), errors);
    if requests().any(|other| other == request) {
        errors.push(Error::duplicate(path, format!("{name}/{request}")));
    }
}

fn unknown_claim(known: &[Value]) -> String {
    let mut known: Vec<&str> = known
        .iter()
        .map(|claim| claim.str_or_empty("name"))
        .filter(|name| !name.is_empty())
        .collect();
    known.sort_unstable();
    known.dedup();
    let beginning = "must be one of the names in pod.spec.resourceClaims";
    if known.is_empty() {
        format!("{beginning} which is empty")
    } else {
        format!("{beginning}: {}", known.join(", "))
    }
}
