//! The expressions that admission configurations hold, compiled when they are written: upstream's errors of validation.

use crate::cel::{Expression, Scope, Wanted};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{GroupVersionKind, Value};

/// The names that match conditions know.
const CONDITION_NAMES: &[&str] = &["object", "oldObject", "request", "authorizer"];
/// The names that every policy knows; one with parameters knows `params`, too.
const POLICY_NAMES: [&str; 5] = [
    "object",
    "oldObject",
    "request",
    "authorizer",
    "namespaceObject",
];

/// What the match conditions of a webhook may use.
pub(super) fn scope_of_conditions() -> Scope<'static> {
    Scope::new(CONDITION_NAMES)
}

/// What the expressions of a policy may use, beside the policy's variables.
pub(super) fn scope_of_policy(has_params: bool) -> Scope<'static> {
    let mut names = POLICY_NAMES.to_vec();
    names.extend(has_params.then_some("params"));
    Scope::new(&names)
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
            let scope = scope_of_conditions();
            for (place, webhook) in object.items("webhooks").iter().enumerate() {
                check_conditions(webhook, &scope, &path.index(place), &mut errors);
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
    let scope = &mut scope_of_policy(spec.get("paramKind").is_some());
    let path = Path::root("spec");
    // Each variable knows those before it; all else knows all of them.
    let variables = path.child("variables");
    let mut of_variables = Errors::new();
    for (place, variable) in spec.items("variables").iter().enumerate() {
        let text = variable.str_or_empty("expression");
        let compiled = Expression::variable(variable.str_or_empty("name"), text, scope);
        if let Err(why) = compiled
            && !text.trim().is_empty()
        {
            let place = variables.index(place);
            of_variables.push(Error::invalid(&place.child("expression"), text, why));
        }
    }
    check_conditions(spec, scope, &path, errors);
    errors.extend(of_variables);
    let lists: [(&'static str, &'static str, Wanted); 3] = [
        ("validations", "expression", Wanted::Bool),
        ("validations", "messageExpression", Wanted::String),
        ("auditAnnotations", "valueExpression", Wanted::StringOrNull),
    ];
    for (list, field, wanted) in lists {
        let path = path.child(list);
        for (place, item) in spec.items(list).iter().enumerate() {
            let path = path.index(place);
            check_one(item, field, scope, wanted, &path.child(field), errors);
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
                check_one(patch, "expression", scope, wanted, &path, errors);
            }
        }
    }
}

fn check_conditions(owner: &Value, scope: &Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("matchConditions");
    for (place, condition) in owner.items("matchConditions").iter().enumerate() {
        let path = path.index(place);
        let place = path.child("expression");
        check_one(condition, "expression", scope, Wanted::Bool, &place, errors);
    }
}

fn check_one(
    owner: &Value,
    field: &str,
    scope: &Scope<'_>,
    wanted: Wanted,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let text = owner.str_or_empty(field);
    // Whether it may be empty is for others to say.
    if text.trim().is_empty() {
        return;
    }
    if let Err(why) = Expression::compile(text, scope, wanted) {
        errors.push(Error::invalid(path, text, why));
    }
}
