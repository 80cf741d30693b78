//! `runtimeClass`: names, and a default that is allowed.

use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::{quote, slice_syntax};
use tollgate_api::{Value, names};

const ANY: &str = "*";

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(rule) = spec
        .get("runtimeClass")
        .filter(|rule| rule.as_object().is_some())
    else {
        return;
    };
    let path = path.child("runtimeClass");
    let list = path.child("allowedRuntimeClassNames");
    let items = rule.items("allowedRuntimeClassNames");
    let allowed: Vec<&str> = items
        .iter()
        .map(|name| name.as_str().unwrap_or_default())
        .collect();
    for (index, name) in allowed.iter().enumerate() {
        if *name != ANY {
            class_name(name, &list.index(index), errors);
        }
        if allowed.iter().take(index).any(|earlier| earlier == name) {
            errors.push(Error::duplicate(&list.index(index), *name));
        }
    }
    if let Some(default) = rule.str("defaultRuntimeClassName") {
        class_name(default, &path.child("defaultRuntimeClassName"), errors);
        if !allowed.contains(&default) && !allowed.contains(&ANY) {
            let detail = format!("default {} must be allowed", quote(default));
            errors.push(Error::required(&list, detail));
        }
    }
    if allowed.contains(&ANY) && allowed.len() > 1 {
        let shown = slice_syntax("string", Some(allowed.iter().map(|name| quote(name))));
        let detail = "if '*' is present, must not specify other RuntimeClass names";
        errors.push(Error::invalid_shown(&list, items.to_vec(), shown, detail));
    }
}

fn class_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    super::super::object_meta::invalid_each(names::dns1123_subdomain(name), name, path, errors);
}
