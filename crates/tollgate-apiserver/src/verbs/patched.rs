//! From what a patch made of an object to an object of its kind again.
//!
//! Upstream reads it in two ways: JSON and merge patches leave text, which the decoder of bodies reads; strategic
//! patches and applied configurations leave a tree, which goes into the Go type at once, whatever it says of its kind.

use super::call::Call;
use super::decode::{SCHEME, internal_package};
use super::options::FieldValidation;
use crate::crd;
use tollgate_api::go_format::json_kind;
use tollgate_api::{GroupVersionKind, Object, Value};
use tollgate_objects::schema::{self, ProblemKind};
use tollgate_objects::{conversion, defaults};

/// How upstream has what the patch made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// As text.
    Text,
    /// As a tree.
    Tree,
}

/// Kinds that belong to no group and are in every one.
const UNVERSIONED: [&str; 5] = [
    "Status",
    "APIVersions",
    "APIGroupList",
    "APIGroup",
    "APIResourceList",
];

/// Makes what a patch made of an object one of its kind again; the error is why it is none.
///
/// What the text says of no version is read as the internal type, whose fields have no names in JSON: all are
/// unknown, and nothing is left.
pub(super) fn patched(
    call: &Call<'_>,
    object: &mut Value,
    made: Made,
    validation: FieldValidation,
    noted: &[String],
) -> Result<(), String> {
    if let Some(custom) = crd::custom_of(call.resource) {
        let problems = crd::objects::decode(custom, object);
        let strict = strict_problems(problems, noted)?;
        return tell(call, validation, strict);
    }
    let kind = &call.resource.kind;
    let mut strict = noted.to_vec();
    let mut found = kind.clone();
    match made {
        Made::Tree => {
            let of = schema::type_of(kind);
            if let Some(why) = of.and_then(|of| schema::restore_problem(of, object)) {
                return Err(why);
            }
        }
        Made::Text => match settle_kind(kind, object)? {
            Found::Version(version) => found = version,
            Found::Internal => {
                let written = object.as_object().into_iter().flat_map(Object::iter);
                let unknown = written
                    .map(|(key, _)| key)
                    .filter(|key| !matches!(*key, "kind" | "apiVersion"));
                let mut unknown: Vec<&str> = unknown.collect();
                unknown.sort_unstable();
                strict.extend(unknown.iter().map(|key| format!("unknown field \"{key}\"")));
                *object = Value::object();
            }
        },
    }
    object.set("kind", found.kind.clone());
    object.set("apiVersion", found.api_version());
    let mut problems = schema::decode_canonical(&found, object);
    if made == Made::Tree {
        // The converter sorts what it does not know.
        problems.sort_by(|a, b| a.message.cmp(&b.message));
    }
    let strict = strict_problems(problems, &strict)?;
    tell(call, validation, strict)?;
    defaults::set_defaults(&found, object);
    conversion::convert(&found, object);
    if found.version != kind.version {
        object.set("apiVersion", kind.api_version());
    }
    Ok(())
}

fn strict_problems(
    problems: Vec<schema::Problem>,
    noted: &[String],
) -> Result<Vec<String>, String> {
    let mut strict = noted.to_vec();
    for problem in problems {
        if problem.kind == ProblemKind::Undecodable {
            return Err(problem.message);
        }
        strict.push(problem.message);
    }
    Ok(strict)
}

fn tell(call: &Call<'_>, validation: FieldValidation, strict: Vec<String>) -> Result<(), String> {
    match validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(format!("strict decoding error: {}", strict.join(", ")));
        }
        FieldValidation::Warn => {
            for problem in strict {
                call.warnings.add(problem);
            }
        }
        FieldValidation::Strict | FieldValidation::Ignore => {}
    }
    Ok(())
}

/// What a text is read as.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// A version of the kind.
    Version(GroupVersionKind),
    /// The internal type of the kind.
    Internal,
}

/// As what upstream reads an object that should be of the kind `wanted`.
fn settle_kind(wanted: &GroupVersionKind, object: &Value) -> Result<Found, String> {
    for key in ["apiVersion", "kind"] {
        match object.get(key) {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(other) => {
                let found = json_kind(other);
                return Err(format!(
                    "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go struct field .{key} of type string"
                ));
            }
        }
    }
    let api_version = object.str_or_empty("apiVersion");
    if api_version.matches('/').count() > 1 {
        return Err(format!("unexpected GroupVersion string: {api_version}"));
    }
    let mut found = GroupVersionKind::of(object);
    if found.kind.is_empty() {
        found.kind.clone_from(&wanted.kind);
    }
    if found.group.is_empty() && found.version.is_empty() {
        return internal(wanted, &found.kind);
    }
    if found == *wanted {
        return Ok(Found::Version(found));
    }
    Err(why_not(&found, wanted, object))
}

/// The internal type of that name in the group of `wanted`.
fn internal(wanted: &GroupVersionKind, kind: &str) -> Result<Found, String> {
    if kind == wanted.kind {
        return Ok(Found::Internal);
    }
    let group = &wanted.group;
    let package = internal_package(group);
    let from = if UNVERSIONED.contains(&kind) {
        "v1"
    } else if schema::resources()
        .iter()
        .any(|of| of.group == *group && of.kind == kind)
    {
        package
    } else {
        return Err(format!(
            "no kind \"{kind}\" is registered for the internal version of group \"{group}\" in scheme \"{SCHEME}\""
        ));
    };
    let to = &wanted.kind;
    Err(format!(
        "converting ({from}.{kind}) to ({package}.{to}): unknown conversion"
    ))
}

/// Why an object of another kind cannot be made one of `wanted`.
fn why_not(found: &GroupVersionKind, wanted: &GroupVersionKind, object: &Value) -> String {
    let (kind, version) = (&found.kind, &found.version);
    if schema::type_of(found).is_none() {
        let version = found.api_version();
        return format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"{SCHEME}\""
        );
    }
    let problems = schema::decode_canonical(found, &mut object.clone());
    let fatal = problems
        .into_iter()
        .find(|problem| problem.kind == ProblemKind::Undecodable);
    fatal.map_or_else(
        || {
            let package = internal_package(&wanted.group);
            let wanted = &wanted.kind;
            format!("converting ({version}.{kind}) to ({package}.{wanted}): unknown conversion")
        },
        |problem| problem.message,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn read(text: &str) -> Result<Found, String> {
        let wanted = GroupVersionKind::new("v1", "ConfigMap");
        settle_kind(&wanted, &from_str(text).unwrap())
    }

    #[test]
    fn a_text_without_a_version_is_read_as_the_internal_type() {
        for text in [
            "{}",
            r#"{"apiVersion":"","kind":null}"#,
            r#"{"kind":"ConfigMap"}"#,
        ] {
            assert_eq!(read(text), Ok(Found::Internal), "{text}");
        }
        assert_eq!(
            read(r#"{"apiVersion":"v1"}"#),
            Ok(Found::Version(GroupVersionKind::new("v1", "ConfigMap")))
        );
    }

    #[test]
    fn a_text_of_another_kind_is_refused() {
        for (text, why) in [
            (
                r#"{"kind":["x"],"apiVersion":1}"#,
                "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string",
            ),
            (
                r#"{"kind":"Secret"}"#,
                "converting (core.Secret) to (core.ConfigMap): unknown conversion",
            ),
            (
                r#"{"kind":"Status"}"#,
                "converting (v1.Status) to (core.ConfigMap): unknown conversion",
            ),
            (
                r#"{"kind":"Deployment"}"#,
                "no kind \"Deployment\" is registered for the internal version of group \"\" in scheme \"pkg/runtime/scheme.go:111\"",
            ),
            (
                r#"{"kind":"Foo","apiVersion":"v1"}"#,
                "no kind \"Foo\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\"",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), why, "{text}");
        }
    }
}
