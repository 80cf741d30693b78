//! May somebody do something? The three access reviews.

use super::selector::{field_selector_fault, label_selector_fault};
use super::validation::{validate, validate_local};
use super::{answered, read_texts};
use crate::auth::authorize::Authorizer;
use compact_str::CompactString;
use tollgate_api::{Object, Status, UserInfo, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

const API_VERSION: &str = "authorization.k8s.io/v1";

/// SelfSubjectAccessReview: whether the asking user may do something.
pub fn self_subject_access(
    authorizer: &Authorizer,
    user: &UserInfo,
    review: &Value,
) -> Result<Value, Status> {
    validate(review, false)?;
    let status = judge(authorizer, user, spec(review));
    Ok(answered(
        review,
        API_VERSION,
        "SelfSubjectAccessReview",
        status,
    ))
}

/// SubjectAccessReview: whether the user in the review may do something.
pub fn subject_access(authorizer: &Authorizer, review: &Value) -> Result<Value, Status> {
    validate(review, true)?;
    let spec = spec(review);
    let status = judge(authorizer, &subject(spec), spec);
    Ok(answered(review, API_VERSION, "SubjectAccessReview", status))
}

/// LocalSubjectAccessReview: the same within the namespace of the request.
pub fn local_subject_access(
    authorizer: &Authorizer,
    namespace: &str,
    review: &Value,
) -> Result<Value, Status> {
    let mut review = review.clone();
    let metadata = review.child_mut("metadata");
    if metadata.str_or_empty("namespace").is_empty() {
        metadata.set("namespace", namespace);
    }
    validate_local(&review)?;
    let spec = spec(&review);
    let status = judge(authorizer, &subject(spec), spec);
    Ok(answered(
        &review,
        API_VERSION,
        "LocalSubjectAccessReview",
        status,
    ))
}

fn spec(review: &Value) -> &Value {
    review.get("spec").unwrap_or(&Value::Null)
}

fn subject(spec: &Value) -> UserInfo {
    let values = |values: &Value| {
        let values = values.as_array().unwrap_or_default().iter();
        let values = values.filter_map(Value::as_str);
        values.map(CompactString::from).collect()
    };
    UserInfo {
        name: spec.str_or_empty("user").into(),
        uid: spec.str_or_empty("uid").into(),
        groups: read_texts(spec, "groups"),
        extra: spec
            .entries("extra")
            .map(|(key, list)| (key.into(), values(list)))
            .collect(),
    }
}

/// The field selector as a request would have it; only equality can be told so, and only that gives anybody rights.
fn selector_text(attributes: &Value) -> String {
    let Some(selector) = attributes.get("fieldSelector") else {
        return String::new();
    };
    let requirements = selector.items("requirements").iter();
    let mut terms: Vec<String> = requirements
        .filter_map(|term| match (term.str("operator"), term.items("values")) {
            (Some("In"), [Value::String(value)]) => {
                Some(format!("{}={value}", term.str_or_empty("key")))
            }
            _ => None,
        })
        .collect();
    terms.extend(selector.str("rawSelector").map(str::to_owned));
    terms.join(",")
}

/// The status of a valid review.
fn judge(authorizer: &Authorizer, user: &UserInfo, spec: &Value) -> Object {
    let mut errors: Vec<String> = Vec::new();
    let selector;
    let access = if let Some(attributes) = spec.get("resourceAttributes") {
        for (key, fault) in [
            (
                "fieldSelector",
                attributes
                    .get("fieldSelector")
                    .and_then(field_selector_fault),
            ),
            (
                "labelSelector",
                attributes
                    .get("labelSelector")
                    .and_then(label_selector_fault),
            ),
        ] {
            if let Some(fault) = fault {
                errors.push(format!(
                    "spec.resourceAttributes.{key} {} due to parse error",
                    fault.as_str()
                ));
            }
        }
        selector = selector_text(attributes);
        let text = |key| attributes.str_or_empty(key);
        Access::Resource(ResourceAccess {
            verb: text("verb"),
            group: text("group"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
            field_selector: &selector,
        })
    } else {
        let attributes = spec.get("nonResourceAttributes").unwrap_or(&Value::Null);
        Access::NonResource {
            verb: attributes.str_or_empty("verb"),
            path: attributes.str_or_empty("path"),
        }
    };
    let decision = authorizer.authorize(user, &access);
    let mut status = Object::new();
    status.insert("allowed", decision.allowed);
    if !decision.reason.is_empty() {
        status.insert("reason", decision.reason);
    }
    if !errors.is_empty() {
        status.insert("evaluationError", errors.join("; "));
    }
    status
}
