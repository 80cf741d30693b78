//! Names of a resource, wanted or accepted.

use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

pub(super) fn validate(given: &Value, path: &Path<'_>, errors: &mut Errors) {
    for key in ["plural", "singular"] {
        label(given.str_or_empty(key), &path.child(key), errors);
    }
    for key in ["kind", "listKind"] {
        mixed_case(given.str_or_empty(key), &path.child(key), errors);
    }
    let list = path.child("shortNames");
    for (place, name) in given.items("shortNames").iter().enumerate() {
        listed(name, &list.index(place), errors);
    }
    let (kind, list_kind) = (given.str_or_empty("kind"), given.str_or_empty("listKind"));
    if !kind.is_empty() && kind == list_kind {
        let why = "kind and listKind may not be the same";
        errors.push(Error::invalid(&path.child("listKind"), list_kind, why));
    }
    let list = path.child("categories");
    for (place, name) in given.items("categories").iter().enumerate() {
        listed(name, &list.index(place), errors);
    }
}

fn label(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if !name.is_empty() {
        required_label(name, path, errors);
    }
}

fn required_label(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let faults = names::dns1035_label(name);
    if !faults.is_empty() {
        errors.push(Error::invalid(path, name, faults.join(",")));
    }
}

fn listed(name: &Value, path: &Path<'_>, errors: &mut Errors) {
    required_label(name.as_str().unwrap_or_default(), path, errors);
}

fn mixed_case(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        return;
    }
    let faults = names::dns1035_label(&name.to_lowercase());
    if !faults.is_empty() {
        let why = format!(
            "may have mixed case, but should otherwise match: {}",
            faults.join(",")
        );
        errors.push(Error::invalid(path, name, why));
    }
}
