//! The expressions that admission configurations hold, compiled when they are written: upstream's errors of validation.

use crate::cel::{Expression, Wanted};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{GroupVersionKind, Value};

/// The names that match conditions know.
pub(super) const CONDITION_NAMES: &[&str] = &["object", "oldObject", "request", "authorizer"];
/// The names that every policy knows; one with parameters knows `params`, one that changes objects `jsonpatch`, too.
const POLICY_NAMES: [&str; 6] = [
    "object",
    "oldObject",
    "request",
    "authorizer",
    "namespaceObject",
    "variables",
];

/// The names that the expressions of a policy may use.
pub(super) fn names_of(spec: &Value) -> Vec<&'static str> {
    let mut names = POLICY_NAMES.to_vec();
    names.extend(spec.get("paramKind").map(|_| "params"));
    names.extend(spec.get("mutations").map(|_| "jsonpatch"));
    names
}

/// What is wrong with the expressions of an object that is about to be created.
pub fn check(kind: &GroupVersionKind, object: &Value) -> Errors {
    let mut errors = Errors::new();
    if kind.group != "admissionregistration.k8s.io" {
        return errors;
    }
    match kind.kind.as_str() {
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => {
            check_policy(object, &mut errors);
        }
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            let path = Path::root("webhooks");
            for (place, webhook) in object.items("webhooks").iter().enumerate() {
                check_conditions(webhook, CONDITION_NAMES, &path.index(place), &mut errors);
            }
        }
        _ => {}
    }
    errors
}

/// What is wrong with the expressions of an object that is about to replace another; what was stored stays good.
pub fn check_changed(kind: &GroupVersionKind, new: &Value, old: &Value) -> Errors {
    let parts = |object: &Value| (object.get("spec").cloned(), object.get("webhooks").cloned());
    if kind.group != "admissionregistration.k8s.io" || parts(new) == parts(old) {
        return Errors::new();
    }
    check(kind, new)
}

fn check_policy(policy: &Value, errors: &mut Errors) {
    let Some(spec) = policy.get("spec") else {
        return;
    };
    let names = &names_of(spec);
    let path = Path::root("spec");
    check_conditions(spec, names, &path, errors);
    let lists: [(&'static str, &'static str, Wanted); 4] = [
        ("variables", "expression", Wanted::Anything),
        ("validations", "expression", Wanted::Bool),
        ("validations", "messageExpression", Wanted::String),
        ("auditAnnotations", "valueExpression", Wanted::StringOrNull),
    ];
    for (list, field, wanted) in lists {
        let path = path.child(list);
        for (place, item) in spec.items(list).iter().enumerate() {
            let path = path.index(place);
            check_one(item, field, names, wanted, &path.child(field), errors);
        }
    }
    let path = path.child("mutations");
    for (place, mutation) in spec.items("mutations").iter().enumerate() {
        let path = path.index(place);
        let sorts = [
            ("ApplyConfiguration", "applyConfiguration", Wanted::Object),
            ("JSONPatch", "jsonPatch", Wanted::Patch),
        ];
        for (sort, field, wanted) in sorts {
            if let Some(patch) = mutation.get(field)
                && mutation.str("patchType") == Some(sort)
            {
                let path = path.child(field);
                let path = path.child("expression");
                check_one(patch, "expression", names, wanted, &path, errors);
            }
        }
    }
}

fn check_conditions(owner: &Value, names: &[&str], path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("matchConditions");
    for (place, condition) in owner.items("matchConditions").iter().enumerate() {
        let path = path.index(place);
        let place = path.child("expression");
        check_one(condition, "expression", names, Wanted::Bool, &place, errors);
    }
}

fn check_one(
    owner: &Value,
    field: &str,
    names: &[&str],
    wanted: Wanted,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let text = owner.str_or_empty(field);
    // Whether it may be empty is for others to say.
    if text.trim().is_empty() {
        return;
    }
    if let Err(why) = Expression::compile(text, names, wanted) {
        errors.push(Error::invalid(path, text, why));
    }
}
