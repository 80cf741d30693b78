//! All one may do in a namespace: `kubectl auth can-i --list`.

use super::{answered, texts};
use crate::auth::authorize::Authorizer;
use tollgate_api::{Object, Status, UserInfo, Value, status};
use tollgate_policy::rbac::Rule;

/// SelfSubjectRulesReview: the rules that apply to the asking user in a namespace.
pub fn self_subject_rules(
    authorizer: &Authorizer,
    user: &UserInfo,
    review: &Value,
) -> Result<Value, Status> {
    let spec = review.get("spec").unwrap_or(&Value::Null);
    let namespace = spec.str_or_empty("namespace");
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let list = authorizer.rules_of(user, namespace);
    let rules = list.rules.iter();
    let of_resources = rules.clone().filter(|rule| !rule.resources.is_empty());
    let of_paths = rules.filter(|rule| !rule.non_resource_urls.is_empty());
    let mut status = Object::new();
    let of_resources = of_resources.map(resource_rule).collect();
    status.insert("resourceRules", Value::Array(of_resources));
    let of_paths = of_paths.map(non_resource_rule).collect();
    status.insert("nonResourceRules", Value::Array(of_paths));
    status.insert("incomplete", list.is_incomplete);
    if !list.errors.is_empty() {
        status.insert("evaluationError", status::aggregate(&list.errors));
    }
    // Upstream does not repeat the question.
    let mut bare = Value::object();
    bare.set("metadata", Value::object());
    bare.set("spec", Value::object());
    let api_version = "authorization.k8s.io/v1";
    Ok(answered(
        &bare,
        api_version,
        "SelfSubjectRulesReview",
        status,
    ))
}

fn resource_rule(rule: &Rule) -> Value {
    let mut written = Object::new();
    written.insert("verbs", texts(&rule.verbs));
    for (key, list) in [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
    ] {
        if !list.is_empty() {
            written.insert(key, texts(list));
        }
    }
    Value::from(written)
}

fn non_resource_rule(rule: &Rule) -> Value {
    let mut written = Object::new();
    written.insert("verbs", texts(&rule.verbs));
    written.insert("nonResourceURLs", texts(&rule.non_resource_urls));
    Value::from(written)
}
