//! What policies change of an object.

use super::compiled::{Binding, Mutation, MutationSort, Policies, Policy};
use super::evaluate::{Shared, conditions_hold, refusal, set_variables};
use super::parameters;
use crate::admission::equivalent::Equivalent;
use crate::admission::matching;
use crate::admission::review::Review;
use crate::admission::webhooks::Changes;
use crate::cel::Bindings;
use crate::crd;
use crate::patch::{self, Schema};
use tollgate_api::{Operation, Status, Value};
use tollgate_objects::{defaults, schema};

/// Lets every policy that is bound change the object, each seeing what those before it did. Gives those that want to be
/// heard once more because another changed the object after them; with `only` no others are heard.
pub(in crate::admission) fn mutate(
    policies: &Policies,
    review: &Review<'_>,
    object: &mut Value,
    only: Option<&[String]>,
) -> Result<Changes, Status> {
    let mut changes = Changes::default();
    if !matches!(
        review.attributes.operation,
        Operation::Create | Operation::Update
    ) {
        return Ok(changes);
    }
    for policy in &policies.policies {
        for binding in &policy.bindings {
            let id = format!("{}/{}", policy.name, binding.name);
            if only.is_some_and(|only| !only.contains(&id)) {
                continue;
            }
            let is_changed = match apply(policy, binding, review, object) {
                Ok(Some(changed)) => {
                    let is_changed = changed != *object;
                    *object = changed;
                    is_changed
                }
                Ok(None) => continue,
                Err(_) if policy.ignores_failure => continue,
                Err(why) => {
                    let message = format!(
                        "policy '{}' with binding '{}' denied request: {why}",
                        policy.name, binding.name
                    );
                    return Err(refusal(review, message, ""));
                }
            };
            if is_changed {
                changes.any = true;
                changes.again.append(&mut changes.asked);
            }
            if policy.reinvokes {
                changes.asked.push(id);
            }
        }
    }
    Ok(changes)
}

/// The object as the policy leaves it; none if it is not about the request. An error leaves no part of the changes.
fn apply(
    policy: &Policy,
    binding: &Binding,
    review: &Review<'_>,
    object: &Value,
) -> Result<Option<Value>, String> {
    let before = review.with_object(object);
    if !matching::takes_in(&policy.constraints, &before)
        || !matching::takes_in(&binding.resources, &before)
    {
        return Ok(None);
    }
    let equivalent = matching::other_form(&policy.constraints, &before)
        .and_then(|resource| Equivalent::here(&before, resource));
    let Some(equivalent) = equivalent else {
        return apply_as_shown(policy, binding, &before, object);
    };
    let shown = equivalent.review(&before);
    let object = shown.attributes.object.unwrap_or(object);
    let changed = apply_as_shown(policy, binding, &shown, object)?;
    Ok(changed.map(|changed| equivalent.back_here(review, changed)))
}

/// The same in the version that the policy asks for.
fn apply_as_shown(
    policy: &Policy,
    binding: &Binding,
    review: &Review<'_>,
    object: &Value,
) -> Result<Option<Value>, String> {
    let found = parameters::of(policy, binding, review)
        .map_err(|why| format!("failed to configure binding: {why}"))?;
    let mut current = object.clone();
    let mut is_applied = false;
    for params in found {
        let now = review.with_object(&current);
        let mut bindings = Shared::new(&now).bindings(&now, &params);
        set_variables(policy, &mut bindings);
        if !conditions_hold(&policy.conditions, &bindings)? {
            continue;
        }
        is_applied = true;
        for mutation in &policy.mutations {
            let changed = mutated(mutation, review, &current, &mut bindings)?;
            // The next mutation sees what this one did; variables stay as they were.
            bindings.bind("object", Some(&changed));
            current = changed;
        }
    }
    Ok(is_applied.then_some(current))
}

fn mutated(
    mutation: &Mutation,
    review: &Review<'_>,
    object: &Value,
    bindings: &mut Bindings,
) -> Result<Value, String> {
    let expression = mutation.expression.as_ref().map_err(Clone::clone)?;
    let made = expression.make(bindings)?;
    let mut changed = match mutation.sort {
        MutationSort::ApplyConfiguration => configured(review, object, made)?,
        MutationSort::JsonPatch => {
            let mut changed = object.clone();
            patch::json::apply(&mut changed, &made).map_err(|error| error.to_string())?;
            changed
        }
    };
    let kind = &review.resource.kind;
    if !review.resource.is_custom() {
        // What no field of the kind is called is refused, as decoding would.
        let problems = schema::decode_canonical(kind, &mut changed);
        if let Some(problem) = problems.first() {
            return Err(problem.message.clone());
        }
        defaults::set_defaults(kind, &mut changed);
    }
    Ok(changed)
}

/// The object with a configuration merged into it, which says of itself nothing but fields.
fn configured(
    review: &Review<'_>,
    object: &Value,
    mut configuration: Value,
) -> Result<Value, String> {
    let kind = &review.resource.kind;
    configuration.set("apiVersion", kind.api_version());
    configuration.set("kind", kind.kind.clone());
    let custom = crd::custom_of(review.resource);
    let schema = match (custom, schema::type_of(kind)) {
        (Some(custom), _) => custom.apply_schema(),
        (None, Some(of)) => Schema::BuiltIn(of),
        (None, None) => Schema::Deduced,
    };
    patch::configured(object, &configuration, schema)
}
