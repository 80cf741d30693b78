//! Which requests a policy or a webhook is about: rules of resources, and selectors of namespaces and objects.

use super::review::Review;
use crate::resources::Resource;
use crate::storage::Key;
use std::sync::Arc;
use tollgate_api::{Operation, Value, label_selector};

/// Whether the match constraints of a policy, or the match resources of a binding, take in the request. Without rules
/// everything is taken in.
pub(super) fn takes_in(constraints: &Value, review: &Review<'_>) -> bool {
    let equivalent = constraints.str("matchPolicy") != Some("Exact");
    let excluded = constraints.items("excludeResourceRules");
    if excluded
        .iter()
        .any(|rule| is_under(rule, review, equivalent))
    {
        return false;
    }
    let rules = constraints.items("resourceRules");
    (rules.is_empty() || rules.iter().any(|rule| is_under(rule, review, equivalent)))
        && selects(constraints, review)
}

/// Whether a rule of operations and resources takes in the request.
pub(super) fn is_under(rule: &Value, review: &Review<'_>, equivalent: bool) -> bool {
    let attributes = &review.attributes;
    let lists = |key: &str, wanted: &str| {
        let mut listed = rule.items(key).iter().filter_map(Value::as_str);
        listed.any(|known| known == "*" || known == wanted)
    };
    lists("operations", attributes.operation.as_str())
        && is_in_scope(rule, review)
        && is_named(rule, review)
        && forms(review, equivalent)
            .iter()
            .any(|(group, version, plural)| {
                lists("apiGroups", group)
                    && lists("apiVersions", version)
                    && is_listed(rule, plural, attributes.subresource)
            })
}

/// In which version a request is to be shown to whoever has these rules.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// As it was sent.
    Requested,
    /// As one of this resource.
    Other(Arc<Resource>),
}

/// How the request falls under one of the rules; none if under none.
pub(super) fn form(rules: &[Value], review: &Review<'_>, equivalent: bool) -> Option<Form> {
    if rules.iter().any(|rule| is_under(rule, review, false)) {
        return Some(Form::Requested);
    }
    if !equivalent {
        return None;
    }
    let catalog = review.catalog.load();
    let mut others = catalog
        .resources()
        .filter(|other| is_same_otherwise(other, review.resource));
    let found = others.find(|other| {
        let shown = Review {
            resource: other,
            ..*review
        };
        rules.iter().any(|rule| is_under(rule, &shown, false))
    });
    found.map(|other| Form::Other(Arc::clone(other)))
}

/// The resource as one of which a request is shown to a policy with these constraints, if it is another.
pub(super) fn other_form(constraints: &Value, review: &Review<'_>) -> Option<Arc<Resource>> {
    let equivalent = constraints.str("matchPolicy") != Some("Exact");
    match form(constraints.items("resourceRules"), review, equivalent)? {
        Form::Requested => None,
        Form::Other(resource) => Some(resource),
    }
}

/// Whether two resources are the same objects in different forms. What is made of objects is not those objects.
fn is_same_otherwise(other: &Resource, resource: &Resource) -> bool {
    other.storage == resource.storage && other.kind != resource.kind && !other.is_measured()
}

/// Under which groups, versions and plurals the same objects are served: as asked, and, if equivalents count, all others.
fn forms(review: &Review<'_>, equivalent: bool) -> Vec<(String, String, String)> {
    let resource = review.resource;
    let form = |resource: &Resource| {
        let kind = &resource.kind;
        let plural = resource.plural().to_owned();
        (kind.group.to_string(), kind.version.to_string(), plural)
    };
    let mut forms = vec![form(resource)];
    if equivalent {
        let catalog = review.catalog.load();
        let others = catalog
            .resources()
            .filter(|other| is_same_otherwise(other, resource));
        forms.extend(others.map(|other| form(other)));
    }
    forms
}

fn is_listed(rule: &Value, plural: &str, subresource: &str) -> bool {
    let mut resources = rule.items("resources").iter().filter_map(Value::as_str);
    resources.any(|text| {
        let (wanted, sub) = text.split_once('/').unwrap_or((text, ""));
        (wanted == "*" || wanted == plural) && (sub == "*" || sub == subresource)
    })
}

fn is_namespace(review: &Review<'_>) -> bool {
    let resource = review.attributes.resource;
    resource.group.is_empty() && resource.resource == "namespaces"
}

fn is_in_scope(rule: &Value, review: &Review<'_>) -> bool {
    let namespaced = !is_namespace(review) && !review.attributes.namespace.is_empty();
    match rule.str_or_empty("scope") {
        "Namespaced" => namespaced,
        "Cluster" => !namespaced,
        _ => true,
    }
}

fn is_named(rule: &Value, review: &Review<'_>) -> bool {
    let names = rule.items("resourceNames");
    let mut known = names.iter().filter_map(Value::as_str);
    names.is_empty() || known.any(|name| name == review.attributes.name)
}

/// Whether the selectors of namespaces and of objects take in the request.
pub(super) fn selects(owner: &Value, review: &Review<'_>) -> bool {
    selects_namespace(owner, review) && selects_object(owner, review)
}

fn selects_namespace(owner: &Value, review: &Review<'_>) -> bool {
    let Some(selector) = owner.get("namespaceSelector") else {
        return true;
    };
    // What is in no namespace is never left out by one.
    if label_selector::is_empty(selector) || review.attributes.namespace.is_empty() {
        return true;
    }
    let attributes = &review.attributes;
    let own = if is_namespace(review) && attributes.subresource.is_empty() {
        attributes
            .object
            .filter(|_| attributes.operation != Operation::Delete)
    } else {
        None
    };
    if let Some(own) = own {
        return label_selector::matches(selector, labels(own));
    }
    namespace(review).is_some_and(|found| label_selector::matches(selector, labels(&found)))
}

/// The namespace in which the request is.
pub(super) fn namespace(review: &Review<'_>) -> Option<Arc<Value>> {
    let key = Key::new("", "namespaces", "", review.attributes.namespace);
    review.prepared.object(review.snapshot, &key)
}

fn labels(object: &Value) -> &Value {
    object.at(&["metadata", "labels"]).unwrap_or(&Value::Null)
}

/// An object selector takes in a request if it matches the object as it is or as it is to be.
fn selects_object(owner: &Value, review: &Review<'_>) -> bool {
    let Some(selector) = owner.get("objectSelector") else {
        return true;
    };
    if label_selector::is_empty(selector) {
        return true;
    }
    let objects = [review.attributes.object, review.attributes.old_object];
    objects
        .into_iter()
        .flatten()
        .any(|object| label_selector::matches(selector, labels(object)))
}
