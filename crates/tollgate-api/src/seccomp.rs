//! Seccomp profiles in both of their forms: the annotations of old and the `seccompProfile` field.

use crate::value::Value;
use std::borrow::Cow;

/// The annotation with the profile of the whole pod.
pub const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// The prefix of the annotation with the profile of one container; the container's name follows.
pub const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

const RUNTIME_DEFAULT: &str = "runtime/default";
const LOCALHOST: &str = "localhost/";

/// What the annotation says that means the same as a `seccompProfile` field; empty if nothing does.
pub fn annotation_for_field(profile: &Value) -> Cow<'_, str> {
    match (
        profile.str_or_empty("type"),
        profile.str("localhostProfile"),
    ) {
        ("Unconfined", _) => Cow::Borrowed("unconfined"),
        ("RuntimeDefault", _) => Cow::Borrowed(RUNTIME_DEFAULT),
        ("Localhost", Some(file)) => Cow::Owned(format!("{LOCALHOST}{file}")),
        _ => Cow::Borrowed(""),
    }
}

/// The `seccompProfile` field that means the same as an annotation; none if nothing does.
pub fn field_for_annotation(annotation: &str) -> Option<Value> {
    let only_type = |name: &str| Some(Value::from_iter([("type", name)]));
    match annotation {
        "unconfined" => only_type("Unconfined"),
        RUNTIME_DEFAULT | "docker/default" => only_type("RuntimeDefault"),
        _ => annotation
            .strip_prefix(LOCALHOST)
            .filter(|file| !file.is_empty())
            .map(|file| Value::from_iter([("type", "Localhost"), ("localhostProfile", file)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        for annotation in ["unconfined", "runtime/default", "localhost/a/b"] {
            let field = field_for_annotation(annotation).unwrap();
            assert_eq!(annotation_for_field(&field), annotation);
        }
        assert_eq!(
            field_for_annotation("docker/default"),
            field_for_annotation("runtime/default")
        );
        assert_eq!(field_for_annotation("localhost/"), None);
        assert_eq!(field_for_annotation(""), None);
        let no_file = Value::from_iter([("type", "Localhost")]);
        assert_eq!(annotation_for_field(&no_file), "");
    }
}
