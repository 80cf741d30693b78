//! Metadata, which every kind has: `ValidateObjectMeta`.
//!
//! Where upstream walks a Go map (labels, annotations) it reports in random order; here the written order holds.

use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{GroupVersionKind, Value, go_format, names};

/// Says what is wrong with a name; one of the functions of [`tollgate_api::names`].
pub type NameRule = fn(&str) -> Vec<String>;

/// The largest size of all annotations together, keys and values, in bytes.
pub const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

const FIELD_MANAGER_BYTES_MAX: usize = 128;
const SUBRESOURCE_BYTES_MAX: usize = 256;

const FINALIZER_ORPHAN: &str = "orphan";
const FINALIZER_FOREGROUND: &str = "foregroundDeletion";

/// Validates metadata as core kinds do: the generic rules, and finalizers must be known or have a prefix.
///
/// `metadata` may be `null`; `path` is usually `metadata`.
pub fn validate(
    metadata: &Value,
    namespaced: bool,
    name_rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    validate_generic(metadata, namespaced, name_rule, path, errors);
    let path = path.child("finalizers");
    for (index, finalizer) in metadata.items("finalizers").iter().enumerate() {
        kube_finalizer(
            finalizer.as_str().unwrap_or_default(),
            &path.index(index),
            errors,
        );
    }
}

/// Validates metadata as `k8s.io/apimachinery` does for kinds of any group.
pub fn validate_generic(
    metadata: &Value,
    namespaced: bool,
    name_rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let generate_name = metadata.str_or_empty("generateName");
    if !generate_name.is_empty() {
        let path = path.child("generateName");
        let messages = prefix_rule(generate_name, name_rule);
        invalid_each(messages, generate_name, &path, errors);
    }
    let name = metadata.str_or_empty("name");
    if name.is_empty() {
        errors.push(Error::required(
            &path.child("name"),
            "name or generateName is required",
        ));
    } else {
        invalid_each(name_rule(name), name, &path.child("name"), errors);
    }
    let namespace = metadata.str_or_empty("namespace");
    let namespace_path = path.child("namespace");
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.push(Error::required(&namespace_path, "")),
        (true, false) => invalid_each(
            names::dns1123_label(namespace),
            namespace,
            &namespace_path,
            errors,
        ),
        (false, true) => {}
        (false, false) => errors.push(Error::forbidden(
            &namespace_path,
            "not allowed on this type",
        )),
    }
    if let Some(generation) = metadata.int("generation").filter(|value| *value < 0) {
        errors.push(Error::invalid(
            &path.child("generation"),
            generation,
            "must be greater than or equal to 0",
        ));
    }
    labels(metadata, "labels", &path.child("labels"), errors);
    annotations(metadata, &path.child("annotations"), errors);
    owner_references(metadata, &path.child("ownerReferences"), errors);
    finalizers(metadata, &path.child("finalizers"), errors);
    managed_fields(metadata, &path.child("managedFields"), errors);
}

/// One `Invalid` for each message that a name rule returned.
pub fn invalid_each(messages: Vec<String>, value: &str, path: &Path<'_>, errors: &mut Errors) {
    for why in messages {
        errors.push(Error::invalid(path, value, why));
    }
}

/// Validates the map of labels that `holder` has under `key`: `ValidateLabels`. The path names no key.
pub fn labels(holder: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) {
    for (name, value) in holder.entries(key) {
        invalid_each(names::qualified_name(name), name, path, errors);
        let value = value.as_str().unwrap_or_default();
        invalid_each(names::label_value(value), value, path, errors);
    }
}

/// Validates the annotations of `holder`: `ValidateAnnotations`. The case of a key does not matter.
pub fn annotations(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut size: usize = 0;
    for (key, value) in holder.entries("annotations") {
        let messages = if key.bytes().any(|byte| byte.is_ascii_uppercase()) || !key.is_ascii() {
            names::qualified_name(&key.to_lowercase())
        } else {
            names::qualified_name(key)
        };
        invalid_each(messages, key, path, errors);
        size = size
            .saturating_add(key.len())
            .saturating_add(value.as_str().unwrap_or_default().len());
    }
    if size > ANNOTATIONS_BYTES_MAX {
        errors.push(Error::too_long(path, ANNOTATIONS_BYTES_MAX));
    }
}

pub(super) fn owner_references(metadata: &Value, path: &Path<'_>, errors: &mut Errors) {
    let owners = metadata.items("ownerReferences");
    let mut controller: Option<&Value> = None;
    for owner in owners {
        owner_reference(owner, path, errors);
        if owner.bool("controller") != Some(true) {
            continue;
        }
        let shown = |owner: &Value| {
            format!(
                "{}/{}",
                owner.str_or_empty("kind"),
                owner.str_or_empty("name")
            )
        };
        match controller {
            Some(first) => errors.push(Error::invalid(
                path,
                Value::Array(owners.iter().map(printed_owner).collect()),
                format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
                    shown(first),
                    shown(owner)
                ),
            )),
            None => controller = Some(owner),
        }
    }
}

fn owner_reference(owner: &Value, path: &Path<'_>, errors: &mut Errors) {
    let api_version = owner.str_or_empty("apiVersion");
    // Upstream cannot parse a group with slashes and is left without a version.
    let parsed = match api_version.bytes().filter(|byte| *byte == b'/').count() {
        0 | 1 if api_version != "/" => {
            GroupVersionKind::new(api_version, owner.str_or_empty("kind"))
        }
        _ => GroupVersionKind::new("", owner.str_or_empty("kind")),
    };
    if parsed.version.is_empty() {
        errors.push(Error::invalid(
            &path.child("apiVersion"),
            api_version,
            "version must not be empty",
        ));
    }
    for field in ["kind", "name", "uid"] {
        if owner.str_or_empty(field).is_empty() {
            errors.push(Error::invalid(&path.child(field), "", "must not be empty"));
        }
    }
    if parsed.group.is_empty() && parsed.version == "v1" && parsed.kind == "Event" {
        errors.push(Error::invalid(
            path,
            printed_owner(owner),
            "/v1, Kind=Event is disallowed from being an owner",
        ));
    }
}

/// An owner reference in the order and form in which Go prints it.
fn printed_owner(owner: &Value) -> Value {
    let mut printed: Value = ["apiVersion", "kind", "name", "uid"]
        .into_iter()
        .map(|field| (field, owner.str_or_empty(field)))
        .collect();
    for field in ["controller", "blockOwnerDeletion"] {
        if let Some(value) = owner.bool(field) {
            printed.set(field, value);
        }
    }
    printed
}

fn finalizers(metadata: &Value, path: &Path<'_>, errors: &mut Errors) {
    let finalizers = metadata.items("finalizers");
    for finalizer in finalizers {
        let name = finalizer.as_str().unwrap_or_default();
        invalid_each(names::qualified_name(name), name, path, errors);
    }
    let has = |name: &str| {
        finalizers
            .iter()
            .any(|finalizer| finalizer.as_str() == Some(name))
    };
    if has(FINALIZER_ORPHAN) && has(FINALIZER_FOREGROUND) {
        errors.push(Error::invalid(
            path,
            finalizers.to_vec(),
            format!("finalizer {FINALIZER_ORPHAN} and {FINALIZER_FOREGROUND} cannot be both set"),
        ));
    }
}

/// The finalizers of core kinds are the standard ones or have a prefix.
pub(super) fn kube_finalizer(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let standard = ["kubernetes", FINALIZER_ORPHAN, FINALIZER_FOREGROUND];
    if !name.contains('/') && !standard.contains(&name) {
        errors.push(Error::invalid(
            path,
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
        ));
    }
}

pub(super) fn managed_fields(metadata: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, entry) in metadata.items("managedFields").iter().enumerate() {
        let path = path.index(index);
        let operation = entry.str_or_empty("operation");
        if !matches!(operation, "Apply" | "Update") {
            errors.push(Error::invalid(
                &path.child("operation"),
                operation,
                "must be `Apply` or `Update`",
            ));
        }
        let fields_type = entry.str_or_empty("fieldsType");
        if !matches!(fields_type, "" | "FieldsV1") {
            errors.push(Error::invalid(
                &path.child("fieldsType"),
                fields_type,
                "must be `FieldsV1`",
            ));
        }
        field_manager(
            entry.str_or_empty("manager"),
            &path.child("manager"),
            errors,
        );
        if entry.str_or_empty("subresource").len() > SUBRESOURCE_BYTES_MAX {
            errors.push(Error::too_long(
                &path.child("subresource"),
                SUBRESOURCE_BYTES_MAX,
            ));
        }
    }
}

fn field_manager(manager: &str, path: &Path<'_>, errors: &mut Errors) {
    if manager.len() > FIELD_MANAGER_BYTES_MAX {
        errors.push(Error::too_long(path, FIELD_MANAGER_BYTES_MAX));
    }
    for (position, character) in manager.char_indices() {
        if !go_format::is_printable(character) {
            let code = u32::from(character);
            errors.push(Error::invalid(
                path,
                manager,
                format!("invalid character U+{code:04X} (at position {position})"),
            ));
        }
    }
}

/// What a rule says of a name that is to be continued, which may end in a dash: upstream puts an `a` in the place of the
/// last two bytes.
pub(super) fn prefix_rule(name: &str, rule: NameRule) -> Vec<String> {
    match name.as_bytes() {
        [head @ .., _, b'-'] => rule(&(String::from_utf8_lossy(head).into_owned() + "a")),
        _ => rule(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(metadata: &str, namespaced: bool, expected: &[&str]) {
        let mut errors = Errors::new();
        validate(
            &json::from_str(metadata).unwrap(),
            namespaced,
            names::dns1123_subdomain,
            &Path::root("metadata"),
            &mut errors,
        );
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), expected.len(), "{texts:#?}");
        for (text, start) in texts.iter().zip(expected) {
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn a_name_and_a_namespace_suffice() {
        check(r#"{"name":"a","namespace":"b"}"#, true, &[]);
        check(r#"{"name":"a"}"#, false, &[]);
    }

    #[test]
    fn missing_and_superfluous_namespaces_are_reported() {
        check(
            "null",
            true,
            &[
                "metadata.name: Required value: name or generateName is required",
                "metadata.namespace: Required value",
            ],
        );
        check(
            r#"{"name":"a","namespace":"b"}"#,
            false,
            &["metadata.namespace: Forbidden: not allowed on this type"],
        );
    }

    #[test]
    fn a_prefix_may_end_in_a_dash() {
        check(r#"{"name":"a-x","generateName":"a-"}"#, false, &[]);
        check(
            r#"{"name":"a-x","generateName":"-"}"#,
            false,
            &["metadata.generateName"],
        );
        check(
            r#"{"name":"a-x","generateName":"A-b-"}"#,
            false,
            &["metadata.generateName: Invalid value: \"A-b-\""],
        );
    }

    #[test]
    fn owners_need_everything_and_events_own_nothing() {
        check(
            r#"{"name":"a","ownerReferences":[{},{"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}]}"#,
            false,
            &[
                "metadata.ownerReferences.apiVersion: Invalid value: \"\": version",
                "metadata.ownerReferences.kind",
                "metadata.ownerReferences.name",
                "metadata.ownerReferences.uid",
                "metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"e\",\"uid\":\"u\"}: /v1, Kind=Event is disallowed",
            ],
        );
    }

    #[test]
    fn two_controllers_are_one_too_many() {
        let owner = |name: &str| {
            format!(
                r#"{{"apiVersion":"v1","kind":"K","name":"{name}","uid":"u","controller":true}}"#
            )
        };
        check(
            &format!(
                r#"{{"name":"a","ownerReferences":[{},{}]}}"#,
                owner("a"),
                owner("b")
            ),
            false,
            &["metadata.ownerReferences: Invalid value: [{"],
        );
    }

    #[test]
    fn annotation_keys_ignore_case_and_their_size_is_limited() {
        check(
            r#"{"name":"a","annotations":{"Example.COM/x":"y"}}"#,
            false,
            &[],
        );
        let large = "x".repeat(ANNOTATIONS_BYTES_MAX);
        check(
            &format!(r#"{{"name":"a","annotations":{{"a":"{large}"}}}}"#),
            false,
            &["metadata.annotations: Too long: may not be more than 262144 bytes"],
        );
    }

    #[test]
    fn managed_fields_are_looked_at() {
        check(
            r#"{"name":"a","managedFields":[{"operation":"x","fieldsType":"y","manager":"\u0007"}]}"#,
            false,
            &[
                "metadata.managedFields[0].operation",
                "metadata.managedFields[0].fieldsType",
                "metadata.managedFields[0].manager: Invalid value: \"\\a\": invalid character U+0007 (at position 0)",
            ],
        );
    }

    #[test]
    fn finalizers_conflict() {
        check(
            r#"{"name":"a","finalizers":["orphan","foregroundDeletion"]}"#,
            false,
            &[
                "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and",
            ],
        );
    }
}
