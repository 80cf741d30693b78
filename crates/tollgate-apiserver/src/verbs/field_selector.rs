//! Field selectors: `metadata.name=web,status.phase!=Running`, over the fields that upstream knows of each kind.

use crate::crd;
use crate::resources::Resource;
use tollgate_api::Value;

/// What certain fields of an object must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads a selector; the error is in upstream's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in split_terms(text) {
            if part.is_empty() {
                continue;
            }
            let Some((field, value, equal)) = split_term(part) else {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                ));
            };
            terms.push(Term {
                field: field.to_owned(),
                value: unescape(value)?,
                equal,
            });
        }
        Ok(Self { terms })
    }

    /// Demands a name beside what is demanded already.
    pub fn demand_name(&mut self, name: &str) {
        self.terms.push(Term {
            field: "metadata.name".to_owned(),
            value: name.to_owned(),
            equal: true,
        });
    }

    /// Whether every object matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The name that an object must have to match, if there is one.
    pub fn name(&self) -> Option<&str> {
        let term = self
            .terms
            .iter()
            .find(|term| term.equal && term.field == "metadata.name")?;
        Some(&term.value)
    }

    /// Whether only name and namespace are asked for, which the key of a record tells.
    pub fn looks_at_key_only(&self) -> bool {
        let mut terms = self.terms.iter();
        terms.all(|term| matches!(term.field.as_str(), "metadata.name" | "metadata.namespace"))
    }

    /// Refuses fields that a resource is not selected by, and gives old names their new ones.
    pub fn check(&mut self, resource: &Resource) -> Result<(), String> {
        for term in &mut self.terms {
            if resource.group().is_empty()
                && resource.plural() == "pods"
                && term.field == "spec.host"
            {
                "spec.nodeName".clone_into(&mut term.field);
            }
            if !is_selectable(resource, &term.field) {
                return Err(unknown_field(resource, &term.field));
            }
        }
        Ok(())
    }

    /// Whether an object under this name matches; `object` gives its tree, if more than the name is asked for.
    pub fn matches<'v>(
        &self,
        namespace: &str,
        name: &str,
        mut object: impl FnMut() -> Option<&'v Value>,
    ) -> bool {
        self.terms.iter().all(|term| {
            let equal = match term.field.as_str() {
                "metadata.name" => term.value == name,
                "metadata.namespace" => term.value == namespace,
                field => object().is_some_and(|object| field_text(object, field) == term.value),
            };
            equal == term.equal
        })
    }
}

/// The text by which a field of an object is compared.
fn field_text(object: &Value, field: &str) -> String {
    // Where several fields of old and new count as one, the first that says something does.
    let places: &[&str] = match field {
        "source" => &["source.component", "reportingComponent"],
        "spec.serviceAccountName" => &["spec.serviceAccountName", "spec.serviceAccount"],
        "reportingController" => &["reportingController", "reportingComponent"],
        "regarding.kind" => &["regarding.kind", "involvedObject.kind"],
        "regarding.name" => &["regarding.name", "involvedObject.name"],
        "regarding.namespace" => &["regarding.namespace", "involvedObject.namespace"],
        "regarding.uid" => &["regarding.uid", "involvedObject.uid"],
        "status.podIPs" => return pod_ips(object),
        _ => &[field],
    };
    for place in places {
        let path: Vec<&str> = place.split('.').collect();
        let text = match object.at(&path) {
            Some(Value::String(text)) => text.to_string(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Number(number)) => {
                number.as_i64().map_or_else(String::new, |n| n.to_string())
            }
            _ => String::new(),
        };
        if !text.is_empty() {
            return text;
        }
    }
    match field {
        "spec.hostNetwork" | "spec.unschedulable" => "false".to_owned(),
        "status.replicas" | "status.successful" => "0".to_owned(),
        _ => String::new(),
    }
}

fn pod_ips(object: &Value) -> String {
    let ips = object.get("status").map(|status| status.items("podIPs"));
    let ips = ips.unwrap_or_default().iter().filter_map(|ip| ip.str("ip"));
    ips.collect::<Vec<_>>().join(",")
}

/// Group, plural, and the fields beside `metadata.name`; namespaced objects have `metadata.namespace`, too.
const FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("", "namespaces", &["status.phase"]),
    ("", "nodes", &["spec.unschedulable"]),
    (
        "",
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    ("", "replicationcontrollers", &["status.replicas"]),
    ("", "secrets", &["type"]),
    ("", "services", &["spec.clusterIP", "spec.type"]),
    (
        "events.k8s.io",
        "events",
        &[
            "reason",
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reportingController",
            "type",
        ],
    ),
    ("batch", "jobs", &["status.successful"]),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        &["spec.signerName"],
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        &["spec.nodeName", "spec.driver"],
    ),
];

fn fields_of(resource: &Resource) -> Option<&'static [&'static str]> {
    let found = FIELDS
        .iter()
        .find(|(group, plural, _)| resource.group() == *group && resource.plural() == *plural);
    found.map(|(.., fields)| *fields)
}

fn is_selectable(resource: &Resource, field: &str) -> bool {
    if crd::custom_of(resource)
        .is_some_and(|custom| custom.selectable.iter().any(|known| known == field))
    {
        return true;
    }
    let Some(fields) = fields_of(resource) else {
        let key = ["metadata.name", "metadata.namespace"];
        let custom = resource.is_custom() && !resource.namespaced && field == "metadata.namespace";
        return key.contains(&field) && !custom;
    };
    field == "metadata.name"
        || (field == "metadata.namespace" && resource.namespaced)
        || fields.contains(&field)
}

fn unknown_field(resource: &Resource, field: &str) -> String {
    match (resource.group(), resource.plural()) {
        ("batch", "jobs") => format!("field label \"{field}\" not supported for Job"),
        ("resource.k8s.io", "resourceslices") => {
            let version = &resource.kind.version;
            format!(
                "field label not supported for resource.k8s.io/{version}, Kind=ResourceSlice: {field}"
            )
        }
        _ if fields_of(resource).is_some() || resource.is_custom() => {
            format!("field label not supported: {field}")
        }
        _ => format!(
            "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
    }
}

/// Cuts at commas that are not escaped.
fn split_terms(text: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |c| {
        let cuts = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        cuts
    })
}

/// Cuts at the first operator that is not escaped: field, value, whether they are to be equal.
fn split_term(term: &str) -> Option<(&str, &str, bool)> {
    let mut escaped = false;
    for (place, c) in term.char_indices() {
        if escaped || c == '\\' {
            escaped = !escaped && c == '\\';
            continue;
        }
        let rest = term.get(place..)?;
        for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some(value) = rest.strip_prefix(operator) {
                return Some((term.get(..place)?, value, equal));
            }
        }
    }
    None
}

fn unescape(value: &str) -> Result<String, String> {
    let mut text = String::with_capacity(value.len());
    let mut escaped = false;
    for c in value.chars() {
        if escaped {
            if !matches!(c, '\\' | ',' | '=') {
                return Err(format!(
                    "invalid field selector: invalid escape sequence: \\{c}"
                ));
            }
            text.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if matches!(c, ',' | '=') {
            let number = u32::from(c);
            return Err(format!(
                "invalid field selector: unescaped character in value: {number}"
            ));
        } else {
            text.push(c);
        }
    }
    if escaped {
        return Err("invalid field selector: invalid escape sequence: \\".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in;
    use proptest::prelude::*;
    use tollgate_api::json::from_str;

    #[test]
    fn faults_read_as_upstream_says_them() {
        let error = |text: &str| FieldSelector::parse(text).unwrap_err();
        assert_eq!(
            error("foo"),
            "invalid selector: 'foo'; can't understand 'foo'"
        );
        assert_eq!(
            error("metadata.name in (a,b)"),
            "invalid selector: 'metadata.name in (a,b)'; can't understand 'metadata.name in (a'"
        );
        assert_eq!(
            error("a=b=c"),
            "invalid field selector: unescaped character in value: 61"
        );
        assert!(FieldSelector::parse("").unwrap().is_empty());
        assert!(FieldSelector::parse(",").unwrap().is_empty());
        assert_eq!(
            FieldSelector::parse("metadata.name=a\\,b").unwrap().name(),
            Some("a,b")
        );
    }

    #[test]
    fn only_known_fields_are_selected_by() {
        let catalog = built_in().unwrap();
        let check = |resource: &Resource, text: &str| {
            let mut selector = FieldSelector::parse(text).unwrap();
            selector.check(resource).err()
        };
        let pods = catalog.resource("", "v1", "pods").unwrap();
        assert_eq!(check(pods, "spec.nodeName=a,metadata.namespace=b"), None);
        assert_eq!(
            check(pods, "spec.x=a").unwrap(),
            "field label not supported: spec.x"
        );
        let maps = catalog.resource("", "v1", "configmaps").unwrap();
        assert_eq!(
            check(maps, "spec.x=y").unwrap(),
            "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        let jobs = catalog.resource("batch", "v1", "jobs").unwrap();
        assert_eq!(
            check(jobs, "a=b").unwrap(),
            "field label \"a\" not supported for Job"
        );
    }

    #[test]
    fn compares_texts() {
        let pod = from_str(r#"{"spec":{"nodeName":"n"},"status":{"phase":"Pending"}}"#).unwrap();
        let matches = |text: &str| {
            FieldSelector::parse(text)
                .unwrap()
                .matches("ns", "web", || Some(&pod))
        };
        assert!(matches("metadata.name=web,spec.nodeName=n"));
        assert!(matches("spec.hostNetwork=false,status.podIP="));
        assert!(!matches("status.phase!=Pending"));
        assert!(!matches("metadata.namespace==other"));
    }

    proptest! {
        #[test]
        fn no_selector_makes_a_panic(text in "\\PC*", other in "[a=!,\\\\]{0,20}") {
            let _ = FieldSelector::parse(&text);
            let _ = FieldSelector::parse(&other);
        }
    }
}
