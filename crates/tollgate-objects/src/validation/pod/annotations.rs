//! Annotations of pods with a meaning, and fields that took their place: `ValidatePodSpecificAnnotations`.

use super::{tolerations, visit_containers};
use crate::validation::paths::local_descending;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::value::CompactString;
use tollgate_api::{Object, Value, json};

const MIRROR: &str = "kubernetes.io/config.mirror";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Validates the annotations of a pod or of a template; the path is that of the annotations.
pub(super) fn validate(metadata: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(annotations) = metadata.get("annotations") else {
        return;
    };
    if let Some(mirror) = text(annotations, MIRROR)
        && spec.str_or_empty("nodeName").is_empty()
    {
        errors.push(Error::invalid(
            &path.key(MIRROR),
            mirror,
            "must set spec.nodeName if mirror pod annotation is set",
        ));
    }
    match text(annotations, TOLERATIONS) {
        None | Some("") => {}
        Some(text) => tolerations_in(text, path, errors),
    }
    if let Some(cost) = text(annotations, DELETION_COST)
        && !is_deletion_cost(cost)
    {
        errors.push(Error::invalid(
            &path.key(DELETION_COST),
            cost,
            "must be a 32bit integer",
        ));
    }
    if let Some(profile) = text(annotations, SECCOMP_OF_POD) {
        seccomp(profile, &path.child(SECCOMP_OF_POD), errors);
    }
    for (key, profile) in entries(annotations) {
        if key.starts_with(SECCOMP_PREFIX) {
            seccomp(profile, &path.child(key), errors);
        }
    }
    for (key, profile) in entries(annotations) {
        if let Some(container) = key.strip_prefix(APP_ARMOR_PREFIX) {
            app_armor(profile, container, spec, &path.key(key), errors);
        }
    }
}

/// The text of an annotation; JSON `null` is empty text to Go.
fn text<'v>(annotations: &'v Value, key: &str) -> Option<&'v str> {
    let value = annotations.as_object()?.get_or_null(key)?;
    Some(value.as_str().unwrap_or_default())
}

fn entries(annotations: &Value) -> impl Iterator<Item = (&str, &str)> {
    annotations
        .as_object()
        .into_iter()
        .flat_map(Object::iter)
        .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
}

/// Old tolerations are JSON whose keys Go reads whatever their case.
fn tolerations_in(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let list = match json::from_str(text) {
        Ok(Value::Array(list)) => list,
        Ok(Value::Null) => return,
        Ok(_) => {
            errors.push(Error::invalid(
                path,
                TOLERATIONS,
                "json: cannot unmarshal object into Go value of type []core.Toleration",
            ));
            return;
        }
        Err(_) => {
            errors.push(Error::invalid(path, TOLERATIONS, json_error(text)));
            return;
        }
    };
    let list: Vec<Value> = list.iter().map(with_api_keys).collect();
    tolerations::validate(&list, &path.child(TOLERATIONS), errors);
}

fn with_api_keys(toleration: &Value) -> Value {
    let fields = ["key", "operator", "value", "effect", "tolerationSeconds"];
    let entries = toleration.as_object().into_iter().flat_map(Object::iter);
    entries
        .filter_map(|(key, value)| {
            let field = fields.into_iter().find(|f| f.eq_ignore_ascii_case(key))?;
            Some((CompactString::const_new(field), value.clone()))
        })
        .collect()
}

/// Near to what Go's reader says of a broken document.
fn json_error(text: &str) -> String {
    match text.trim_start().chars().next() {
        Some(first) if !matches!(first, '[' | '{' | '"') => {
            format!("invalid character '{first}' looking for beginning of value")
        }
        _ => "unexpected end of JSON input".to_owned(),
    }
}

fn is_deletion_cost(cost: &str) -> bool {
    let first_is_good = matches!(cost.as_bytes(), [b'0'] | [b'-' | b'1'..=b'9', ..]);
    first_is_good && cost.parse::<i32>().is_ok()
}

/// `ValidateSeccompProfile`
fn seccomp(profile: &str, path: &Path<'_>, errors: &mut Errors) {
    if matches!(profile, "runtime/default" | "docker/default" | "unconfined") {
        return;
    }
    match profile.strip_prefix("localhost/") {
        Some(file) => local_descending(file, path, errors),
        None => errors.push(Error::invalid(
            path,
            profile,
            "must be a valid seccomp profile",
        )),
    }
}

fn app_armor(profile: &str, container: &str, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    visit_containers(spec, &Path::root("spec"), |other, _| {
        found |= other.str_or_empty("name") == container;
    });
    if !found {
        errors.push(Error::invalid(path, container, "container not found"));
    }
    if !matches!(profile, "" | "runtime/default" | "unconfined")
        && !profile.starts_with("localhost/")
    {
        errors.push(Error::invalid(
            path,
            profile,
            format!("invalid AppArmor profile name: {}", quote(profile)),
        ));
    }
}

/// Where both an annotation and a field are set they must agree; the path is that of the pod spec.
pub(super) fn match_fields(metadata: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(annotations) = metadata.get("annotations") else {
        return;
    };
    let of_pod = spec.at(&["securityContext", "seccompProfile"]);
    if let Some(profile) = of_pod
        && let Some(annotation) = text(annotations, SECCOMP_OF_POD)
    {
        let path = path.child("securityContext.seccompProfile");
        matches_field("seccomp", annotation, profile, &path, errors);
    }
    visit_containers(spec, path, |container, path| {
        let Some(profile) = container.at(&["securityContext", "seccompProfile"]) else {
            return;
        };
        let key = format!("{SECCOMP_PREFIX}{}", container.str_or_empty("name"));
        if let Some(annotation) = text(annotations, &key) {
            let path = path.child("securityContext.seccompProfile");
            matches_field("seccomp", annotation, profile, &path, errors);
        }
    });
    if spec.at(&["os", "name"]).and_then(Value::as_str) == Some("windows") {
        return;
    }
    let of_pod = spec.at(&["securityContext", "appArmorProfile"]);
    visit_containers(spec, path, |container, path| {
        let own = container.at(&["securityContext", "appArmorProfile"]);
        let Some(profile) = own.or(of_pod) else {
            return;
        };
        let key = format!("{APP_ARMOR_PREFIX}{}", container.str_or_empty("name"));
        if let Some(annotation) = text(annotations, &key) {
            let path = path.child("securityContext.appArmorProfile");
            matches_field("apparmor", annotation, profile, &path, errors);
        }
    });
}

fn matches_field(
    system: &str,
    annotation: &str,
    profile: &Value,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let same_type = match profile.str_or_empty("type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => {
            annotation == "runtime/default"
                || (system == "seccomp" && annotation == "docker/default")
        }
        "Localhost" => match annotation.strip_prefix("localhost/") {
            Some(file) => {
                if profile.str("localhostProfile") != Some(file) {
                    errors.push(Error::forbidden(
                        &path.child("localhostProfile"),
                        format!("{system} profile in annotation and field must match"),
                    ));
                }
                true
            }
            None => false,
        },
        _ => true,
    };
    if !same_type {
        errors.push(Error::forbidden(
            &path.child("type"),
            format!("{system} type in annotation and field must match"),
        ));
    }
}
