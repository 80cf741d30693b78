//! Profiles as deprecated annotations spell them: seccomp and AppArmor do it alike.

use tollgate_api::Value;

/// A profile: its `type` and the name of a `Localhost` one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Profile<'p> {
    pub(super) kind: &'p str,
    pub(super) localhost: Option<&'p str>,
}

impl<'p> Profile<'p> {
    /// The profile that an annotation means; none if it means nothing.
    pub(super) fn from_annotation(text: &'p str) -> Option<Self> {
        let (kind, localhost) = match text {
            "unconfined" => ("Unconfined", None),
            "runtime/default" => ("RuntimeDefault", None),
            _ => match text.strip_prefix("localhost/") {
                None | Some("") => return None,
                localhost => ("Localhost", localhost),
            },
        };
        Some(Self { kind, localhost })
    }

    /// The profile in a field.
    pub(super) fn from_field(field: &'p Value) -> Self {
        Self {
            kind: field.str_or_empty("type"),
            localhost: field.str("localhostProfile"),
        }
    }

    /// The annotation that means this profile; none for a type without one.
    pub(super) fn to_annotation(self) -> Option<String> {
        match (self.kind, self.localhost) {
            ("Unconfined", _) => Some("unconfined".to_owned()),
            ("RuntimeDefault", _) => Some("runtime/default".to_owned()),
            ("Localhost", Some(name)) => Some(format!("localhost/{name}")),
            _ => None,
        }
    }

    /// The field that holds this profile.
    pub(super) fn to_field(self) -> Value {
        let mut field: Value = [("type", self.kind)].into_iter().collect();
        if let Some(name) = self.localhost {
            field.set("localhostProfile", name);
        }
        field
    }
}

/// The text of an annotation of `pod`; none without it.
pub(super) fn get<'p>(pod: &'p Value, key: &str) -> Option<&'p str> {
    pod.at(&["metadata", "annotations"])?.str(key)
}
