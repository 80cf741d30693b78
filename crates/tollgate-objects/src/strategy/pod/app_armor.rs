//! AppArmor profiles of pods since 1.30: annotations are copied to the fields that replaced them
//! (`applyAppArmorVersionSkew`).

use super::{for_each_container, object_mut};
use tollgate_api::Value;

const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The longest name of a local profile (`PATH_MAX` without its zero byte).
const LOCALHOST_BYTES_MAX: usize = 4095;

/// A profile: its `type` and the name of a `Localhost` one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Profile<'p> {
    kind: &'p str,
    localhost: Option<&'p str>,
}

/// Copies the annotation of each container without the field, if it is valid and not what the pod says anyway.
pub(super) fn synchronize(pod: &mut Value, warnings: &mut Vec<String>) {
    if pod.at(&["spec", "os", "name"]).and_then(Value::as_str) == Some("windows") {
        return;
    }
    let annotations: Vec<(String, String)> = pod
        .get("metadata")
        .into_iter()
        .flat_map(|metadata| metadata.str_entries("annotations"))
        .filter_map(|(key, text)| Some((key.strip_prefix(PREFIX)?.to_owned(), text.to_owned())))
        .collect();
    if annotations.is_empty() {
        return;
    }
    let of_pod = pod
        .at(&["spec", "securityContext", "appArmorProfile"])
        .cloned();
    let of_pod = of_pod.as_ref().map(Profile::from_field);
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    for_each_container(spec, |container| {
        let name = container.str_or_empty("name");
        let annotation = annotations.iter().rev().find(|(of, _)| of == name);
        let Some((name, text)) = annotation else {
            return;
        };
        if container
            .at(&["securityContext", "appArmorProfile"])
            .is_some()
        {
            return;
        }
        let profile = Profile::from_annotation(text).filter(Profile::is_valid);
        if profile.is_some() && profile == of_pod {
            return;
        }
        if let Some(profile) = profile
            && let Some(context) = object_mut(container, "securityContext")
        {
            context.set("appArmorProfile", profile.to_field());
        }
        warnings.push(format!(
            "metadata.annotations[{PREFIX}{name}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
        ));
    });
}

impl<'p> Profile<'p> {
    /// The profile that an annotation means; none if it means nothing.
    fn from_annotation(text: &'p str) -> Option<Self> {
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

    fn from_field(field: &'p Value) -> Self {
        Self {
            kind: field.str_or_empty("type"),
            localhost: field.str("localhostProfile"),
        }
    }

    fn to_field(self) -> Value {
        let mut field: Value = [("type", self.kind)].into_iter().collect();
        if let Some(name) = self.localhost {
            field.set("localhostProfile", name);
        }
        field
    }

    /// `ValidateAppArmorProfileField`, for a profile read from an annotation.
    fn is_valid(&self) -> bool {
        self.localhost
            .is_none_or(|name| name.trim() == name && name.len() <= LOCALHOST_BYTES_MAX)
    }
}
