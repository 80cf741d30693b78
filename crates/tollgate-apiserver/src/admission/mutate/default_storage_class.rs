//! DefaultStorageClass admission: a claim without a class gets the default one (`plugin/pkg/admission/storage`).

use tollgate_api::Value;

const BETA_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// Gives a claim without a storage class the default one, if there is one.
pub fn set_default_storage_class(claim: &mut Value, default: Option<&str>) {
    let named = claim.at(&["spec", "storageClassName"]).is_some()
        || claim
            .at(&["metadata", "annotations", BETA_ANNOTATION])
            .is_some();
    if let (Some(default), false) = (default, named) {
        claim.child_mut("spec").set("storageClassName", default);
    }
}

/// The default class among StorageClass objects (`GetDefaultClass`).
pub fn default_of<'a>(classes: impl Iterator<Item = &'a Value>) -> Option<&'a str> {
    let annotations = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ];
    newest_default(classes, &annotations)
}

/// The default class among IngressClass objects.
pub fn default_ingress_class<'a>(classes: impl Iterator<Item = &'a Value>) -> Option<&'a str> {
    newest_default(classes, &["ingressclass.kubernetes.io/is-default-class"])
}

/// The newest of the classes that one of the annotations calls the default, by name among equals.
fn newest_default<'a>(
    classes: impl Iterator<Item = &'a Value>,
    annotations: &[&str],
) -> Option<&'a str> {
    classes
        .filter(|class| {
            annotations.iter().any(|key| {
                class
                    .at(&["metadata", "annotations", key])
                    .and_then(Value::as_str)
                    == Some("true")
            })
        })
        .filter_map(|class| class.get("metadata"))
        .max_by(|a, b| {
            let created = |metadata: &Value| metadata.str_or_empty("creationTimestamp").to_owned();
            let by_name = b.str_or_empty("name").cmp(a.str_or_empty("name"));
            created(a).cmp(&created(b)).then(by_name)
        })
        .and_then(|metadata| metadata.str("name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn only_a_claim_without_a_class_gets_the_default() {
        let spec_after = |text: &str| {
            let mut claim = json::from_str(text).unwrap();
            set_default_storage_class(&mut claim, Some("fast"));
            claim
                .at(&["spec", "storageClassName"])
                .map(ToString::to_string)
        };
        assert_eq!(spec_after("{}").as_deref(), Some("\"fast\""));
        assert_eq!(
            spec_after(r#"{"spec":{"storageClassName":""}}"#).as_deref(),
            Some("\"\"")
        );
    }

    #[test]
    fn the_newest_default_class_wins() {
        let class = |name: &str, created: &str| {
            json::from_str(&format!(
                r#"{{"metadata":{{"name":"{name}","creationTimestamp":"{created}",
                    "annotations":{{"storageclass.kubernetes.io/is-default-class":"true"}}}}}}"#
            ))
            .unwrap()
        };
        let classes = [
            class("b", "2025-01-01T00:00:00Z"),
            class("a", "2025-01-01T00:00:00Z"),
            class("c", "2024-01-01T00:00:00Z"),
        ];
        assert_eq!(default_of(classes.iter()), Some("a"));
        assert_eq!(default_of(std::iter::empty()), None);
    }
}
