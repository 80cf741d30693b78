//! Which nodes there are: a number of equal ones, or the groups of a file.

use super::resources::Resources;
use std::collections::BTreeSet;
use std::sync::Arc;
use tollgate_api::{Quantity, Value, names, resource_name};

/// Nodes at most: what upstream supports in one cluster.
pub const NODES_MAX: u32 = 5_000;
/// Pods of a node at most: so many addresses the range of a node has, and some.
pub const PODS_OF_A_NODE_MAX: i64 = 1_000;
/// How many nodes there are if nobody says.
pub const NODES_DEFAULT: u32 = 3;
/// What each node has if nobody says.
pub const CAPACITY_DEFAULT: &str = "cpu=16,memory=64Gi,ephemeral-storage=100Gi,pods=110";
/// What the names of nodes begin with if nobody says: `node-0`, `node-1`.
pub const PREFIX_DEFAULT: &str = "node";

/// One node that is to be.
#[derive(Debug, Clone)]
pub struct NodePlan {
    /// Its name.
    pub name: String,
    /// What it shares with the others of its group.
    pub group: Arc<NodeGroup>,
}

/// What the nodes of a group have in common.
#[derive(Debug, Default, PartialEq)]
pub struct NodeGroup {
    /// Labels beside those that every kubelet sets.
    pub labels: Vec<(String, String)>,
    /// Annotations.
    pub annotations: Vec<(String, String)>,
    /// Taints with which the nodes register.
    pub taints: Vec<Value>,
    /// What a node has.
    pub capacity: Resources,
    /// What of it pods may use.
    pub allocatable: Resources,
}

/// Why what was said of nodes cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct NodeConfigError {
    /// Where: a flag, or a place in the file.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

fn error<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, NodeConfigError> {
    Err(NodeConfigError {
        place: place.into(),
        problem: problem.into(),
    })
}

/// Reads `cpu=16,memory=64Gi,nvidia.com/gpu=8`. What is not named is as by default.
pub fn parse_capacity(text: &str) -> Result<Resources, NodeConfigError> {
    const FLAG: &str = "--node-capacity";
    let mut capacity = default_capacity();
    let mut seen = BTreeSet::new();
    for entry in text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        let Some((name, amount)) = entry.split_once('=') else {
            return error(FLAG, format!("`{entry}` is not `RESOURCE=AMOUNT`"));
        };
        if !seen.insert(name) {
            return error(FLAG, format!("`{name}` stands there twice"));
        }
        capacity.insert(name, amount_of(FLAG, name, amount)?);
    }
    Ok(capacity)
}

fn default_capacity() -> Resources {
    CAPACITY_DEFAULT
        .split(',')
        .filter_map(|entry| {
            let (name, amount) = entry.split_once('=')?;
            Some((name.to_owned(), Quantity::parse(amount).ok()?))
        })
        .collect()
}

fn amount_of(place: &str, name: &str, amount: &str) -> Result<Quantity, NodeConfigError> {
    let is_native = matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods")
        || resource_name::is_huge_pages(name);
    if !is_native && !resource_name::is_extended(name) {
        return error(
            place,
            format!(
                "`{name}` is no resource of a node; extended resources are written like `example.com/gpu`"
            ),
        );
    }
    let Ok(quantity) = Quantity::parse(amount) else {
        return error(
            place,
            format!("`{amount}` is no amount of `{name}`; write for example `16` or `64Gi`"),
        );
    };
    if quantity.sign() < 0 {
        return error(place, format!("`{name}` must not be negative"));
    }
    let is_whole = Quantity::from_int(quantity.value()) == quantity;
    if (name == "pods" || !is_native) && !is_whole {
        return error(place, format!("`{name}` must be a whole number"));
    }
    if name == "pods" && quantity.value() > PODS_OF_A_NODE_MAX {
        return error(
            place,
            format!("`pods` must be at most {PODS_OF_A_NODE_MAX}"),
        );
    }
    Ok(quantity)
}

/// `count` equal nodes: `node-0`, `node-1` and so on.
pub fn equal_nodes(count: u32, capacity: Resources) -> Result<Vec<NodePlan>, NodeConfigError> {
    if count > NODES_MAX {
        return error(
            "--nodes",
            format!("at most {NODES_MAX} nodes can be simulated"),
        );
    }
    let group = Arc::new(NodeGroup {
        allocatable: capacity.clone(),
        capacity,
        ..NodeGroup::default()
    });
    Ok((0..count)
        .map(|number| NodePlan {
            name: format!("{PREFIX_DEFAULT}-{number}"),
            group: Arc::clone(&group),
        })
        .collect())
}

/// The nodes of a file with `groups`. What a group does not say of capacity is as in `capacity`.
pub fn nodes_of_groups(
    document: &Value,
    capacity: &Resources,
) -> Result<Vec<NodePlan>, NodeConfigError> {
    check_fields(document, "the file", &["groups"])?;
    let Some(groups) = document.get("groups").and_then(Value::as_array) else {
        return error("groups", "a list of groups is missing");
    };
    let mut plans: Vec<NodePlan> = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, group) in groups.iter().enumerate() {
        let place = format!("groups[{index}]");
        for plan in read_group(group, &place, capacity)? {
            if !seen.insert(plan.name.clone()) {
                return error(place, format!("a node `{}` is there already", plan.name));
            }
            plans.push(plan);
        }
        if plans.len() > usize::try_from(NODES_MAX).unwrap_or(usize::MAX) {
            return error(place, format!("at most {NODES_MAX} nodes can be simulated"));
        }
    }
    Ok(plans)
}

fn check_fields(value: &Value, place: &str, known: &[&str]) -> Result<(), NodeConfigError> {
    let Some(object) = value.as_object() else {
        return error(place, format!("must be a mapping with {}", listed(known)));
    };
    match object.keys().find(|key| !known.contains(key)) {
        Some(unknown) => error(
            place,
            format!("unknown field `{unknown}`; known are {}", listed(known)),
        ),
        None => Ok(()),
    }
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn read_group(
    value: &Value,
    place: &str,
    default: &Resources,
) -> Result<Vec<NodePlan>, NodeConfigError> {
    const FIELDS: &[&str] = &[
        "name",
        "prefix",
        "count",
        "labels",
        "annotations",
        "taints",
        "capacity",
        "allocatable",
    ];
    check_fields(value, place, FIELDS)?;
    let capacity = read_resources(value.get("capacity"), &format!("{place}.capacity"), default)?;
    let allocatable = read_resources(
        value.get("allocatable"),
        &format!("{place}.allocatable"),
        &capacity,
    )?;
    for (name, amount) in allocatable.iter() {
        if capacity.get(name).is_none_or(|all| all < amount) {
            return error(
                format!("{place}.allocatable.{name}"),
                "must not be more than the capacity",
            );
        }
    }
    let group = Arc::new(NodeGroup {
        labels: read_labels(value.get("labels"), &format!("{place}.labels"))?,
        annotations: read_texts(value.get("annotations"), &format!("{place}.annotations"))?,
        taints: read_taints(value.get("taints"), &format!("{place}.taints"))?,
        capacity,
        allocatable,
    });
    Ok(read_names(value, place)?
        .into_iter()
        .map(|name| NodePlan {
            name,
            group: Arc::clone(&group),
        })
        .collect())
}

fn read_names(group: &Value, place: &str) -> Result<Vec<String>, NodeConfigError> {
    let count = match group.get("count") {
        None => None,
        Some(count) => match count.as_i64().and_then(|count| u32::try_from(count).ok()) {
            Some(count) if count <= NODES_MAX => Some(count),
            _ => {
                return error(
                    format!("{place}.count"),
                    format!("must be a whole number from 0 to {NODES_MAX}"),
                );
            }
        },
    };
    let names = match (group.str("name"), group.str("prefix"), count) {
        (Some(name), None, None | Some(1)) => vec![name.to_owned()],
        (Some(_), None, Some(_)) => {
            return error(
                format!("{place}.count"),
                "a group with a `name` has one node; use `prefix`",
            );
        }
        (None, Some(prefix), count) => (0..count.unwrap_or(1))
            .map(|number| format!("{prefix}-{number}"))
            .collect(),
        _ => return error(place, "needs either a `name` or a `prefix`"),
    };
    if let Some(problem) = names
        .iter()
        .flat_map(|name| names::dns1123_subdomain(name))
        .next()
    {
        return error(place, format!("no name of a node: {problem}"));
    }
    Ok(names)
}

fn read_resources(
    list: Option<&Value>,
    place: &str,
    default: &Resources,
) -> Result<Resources, NodeConfigError> {
    let mut resources = default.clone();
    let Some(list) = list else {
        return Ok(resources);
    };
    let Some(list) = list.as_object() else {
        return error(place, "must be a mapping of resources to amounts");
    };
    for (name, amount) in list.iter() {
        let text = match amount {
            Value::String(text) => text.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return error(place, format!("`{name}` has no amount")),
        };
        resources.insert(name, amount_of(place, name, &text)?);
    }
    Ok(resources)
}

fn read_texts(map: Option<&Value>, place: &str) -> Result<Vec<(String, String)>, NodeConfigError> {
    let Some(map) = map else {
        return Ok(Vec::new());
    };
    let Some(map) = map.as_object() else {
        return error(place, "must be a mapping of names to texts");
    };
    let mut texts = Vec::with_capacity(map.len());
    for (name, value) in map.iter() {
        if let Some(problem) = names::qualified_name(name).into_iter().next() {
            return error(place, format!("`{name}`: {problem}"));
        }
        let Some(value) = value.as_str() else {
            return error(place, format!("`{name}` must be text; put it in quotes"));
        };
        texts.push((name.to_owned(), value.to_owned()));
    }
    Ok(texts)
}

fn read_labels(map: Option<&Value>, place: &str) -> Result<Vec<(String, String)>, NodeConfigError> {
    let labels = read_texts(map, place)?;
    for (name, value) in &labels {
        if let Some(problem) = names::label_value(value).into_iter().next() {
            return error(place, format!("the value of `{name}`: {problem}"));
        }
    }
    Ok(labels)
}

fn read_taints(list: Option<&Value>, place: &str) -> Result<Vec<Value>, NodeConfigError> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let Some(list) = list.as_array() else {
        return error(place, "must be a list of taints");
    };
    for (index, taint) in list.iter().enumerate() {
        let place = format!("{place}[{index}]");
        check_fields(taint, &place, &["key", "value", "effect"])?;
        let problems = names::qualified_name(taint.str_or_empty("key"));
        if let Some(problem) = problems.into_iter().next() {
            return error(format!("{place}.key"), problem);
        }
        if let Some(problem) = names::label_value(taint.str_or_empty("value"))
            .into_iter()
            .next()
        {
            return error(format!("{place}.value"), problem);
        }
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        if !effects.contains(&taint.str_or_empty("effect")) {
            return error(
                format!("{place}.effect"),
                format!("must be one of {}", listed(&effects)),
            );
        }
    }
    Ok(list.to_vec())
}

#[cfg(test)]
mod tests;
