//! What people do to namespaces and their policies.

use super::objects;
use super::{Hands, Told};
use tollgate_api::client::Target;
use tollgate_controllers::resources::{
    CONFIG_MAPS, LIMIT_RANGES, NAMESPACES, POD_DISRUPTION_BUDGETS, RESOURCE_QUOTAS,
};

pub(super) fn act(hands: &Hands<'_>) -> Option<Told> {
    match hands.dice.below(20) {
        0..=4 => Some(create_quota(hands)),
        5..=8 => change_quota(hands),
        9 | 10 => delete(hands),
        11 | 12 => Some(label_namespace(hands)),
        13 => Some(create_limit_range(hands)),
        14 | 15 => Some(create_budget(hands)),
        16 => Some(create_config_map(hands)),
        17 => Some(delete_namespace(hands)),
        _ => Some(create_namespace(hands)),
    }
}

fn create_quota(hands: &Hands<'_>) -> Told {
    let (namespace, name) = (hands.namespace(), hands.name());
    let quota = objects::quota(&hands.dice, name);
    let outcome = hands.create(&RESOURCE_QUOTAS, namespace, &quota);
    (
        "create quota",
        format!("{namespace}/{name} {quota}"),
        outcome,
    )
}

fn change_quota(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, quota) = hands.any(&RESOURCE_QUOTAS)?;
    let spec = quota.get("spec")?;
    if spec.get("scopes").is_some() {
        return None;
    }
    let hard = objects::hard(&hands.dice, spec.get("scopeSelector").is_none());
    // Limits that are not named stay: a merge patch raises and lowers some.
    let patch = format!(r#"{{"spec":{{"hard":{hard}}}}}"#);
    let outcome = hands.patch(Target::object(&RESOURCE_QUOTAS, &namespace, &name), &patch);
    Some((
        "change quota",
        format!("{namespace}/{name} {hard}"),
        outcome,
    ))
}

fn delete(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands
        .dice
        .pick(&[&RESOURCE_QUOTAS, &LIMIT_RANGES, &POD_DISRUPTION_BUDGETS]);
    let (namespace, name, _) = hands.any(resource)?;
    let outcome = hands.delete(Target::object(resource, &namespace, &name));
    Some((
        "delete policy",
        format!("{resource} {namespace}/{name}"),
        outcome,
    ))
}

fn label_namespace(hands: &Hands<'_>) -> Told {
    let name = hands.namespace();
    let level = hands.dice.pick(&[
        r#""baseline""#,
        r#""restricted""#,
        r#""privileged""#,
        "null",
        "null",
    ]);
    let patch =
        format!(r#"{{"metadata":{{"labels":{{"pod-security.kubernetes.io/enforce":{level}}}}}}}"#);
    let outcome = hands.patch(Target::object(&NAMESPACES, "", name), &patch);
    ("label namespace", format!("{name} {level}"), outcome)
}

fn create_limit_range(hands: &Hands<'_>) -> Told {
    let (namespace, name) = (hands.namespace(), hands.name());
    let object = objects::limit_range(&hands.dice, name);
    let outcome = hands.create(&LIMIT_RANGES, namespace, &object);
    (
        "create limit range",
        format!("{namespace}/{name} {object}"),
        outcome,
    )
}

fn create_budget(hands: &Hands<'_>) -> Told {
    let (namespace, name) = (hands.namespace(), hands.name());
    let object = objects::budget(&hands.dice, name);
    let outcome = hands.create(&POD_DISRUPTION_BUDGETS, namespace, &object);
    ("create budget", format!("{namespace}/{name}"), outcome)
}

fn create_config_map(hands: &Hands<'_>) -> Told {
    let (namespace, name) = (hands.namespace(), hands.name());
    let object = format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"a":"b"}}}}"#);
    let outcome = hands.create(&CONFIG_MAPS, namespace, &object);
    ("create config map", format!("{namespace}/{name}"), outcome)
}

fn delete_namespace(hands: &Hands<'_>) -> Told {
    let name = hands.namespace();
    let outcome = hands.delete(Target::object(&NAMESPACES, "", name));
    ("delete namespace", name.to_owned(), outcome)
}

fn create_namespace(hands: &Hands<'_>) -> Told {
    let name = hands.namespace();
    let object = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    let outcome = hands.create(&NAMESPACES, "", &object);
    ("create namespace", name.to_owned(), outcome)
}
