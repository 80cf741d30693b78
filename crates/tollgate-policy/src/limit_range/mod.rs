//! LimitRange: the LimitRanger admission plugin.
//!
//! A request passes in two phases. [`mutate`] gives containers the limits and requests they lack, [`validate`] holds
//! containers, pods and claims against minimums, maximums and ratios. Both take the LimitRanges of the namespace,
//! prepared once with [`LimitRange::new`] from stored (defaulted) objects, in the order in which upstream lists them.
//!
//! ```
//! use tollgate_api::{Attributes, GroupResource, Operation, json};
//! use tollgate_policy::limit_range::{self, LimitRange};
//!
//! let range = json::from_str(r#"{"metadata":{"name":"small"},"spec":{"limits":[
//!     {"type":"Container","max":{"cpu":"1"},"default":{"cpu":"500m"}}]}}"#).unwrap();
//! let ranges = [LimitRange::new(&range)];
//! let mut pod = json::from_str(r#"{"spec":{"containers":[
//!     {"name":"a"},{"name":"b","resources":{"limits":{"cpu":"2"}}}]}}"#).unwrap();
//! let pods = GroupResource::new("", "pods");
//! let mut attributes = Attributes {
//!     operation: Operation::Create, resource: &pods, subresource: "", namespace: "default", name: "web",
//!     user: None, object: None, old_object: None, dry_run: false,
//! };
//! limit_range::mutate(&ranges, &attributes, &mut pod);
//! assert!(pod.to_string().contains("LimitRanger plugin set: cpu limit for container a"));
//!
//! attributes.object = Some(&pod);
//! let refusal = limit_range::validate(&ranges, &attributes).unwrap_err();
//! assert_eq!(
//!     refusal.status.message,
//!     "pods \"web\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
//! );
//! assert_eq!(refusal.violations[0].fields[0].to_string(), "spec.containers[1].resources.limits[cpu]");
//! ```

mod constraints;
mod controls;
mod defaults;
mod pod_totals;
mod prepared;
mod targets;
#[cfg(test)]
mod tests;

pub use controls::CONTROLS;
pub use defaults::ANNOTATION;
pub use prepared::LimitRange;

use crate::Violation;
use std::fmt;
use tollgate_api::{Attributes, Operation, Status, Value, status};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Every violation of every LimitRange, in the order of LimitRanges, items and containers. Upstream looks no
    /// further than the first LimitRange that refuses, and so does `status`.
    pub violations: Vec<Violation>,
    /// What the client sees.
    pub status: Status,
}

/// What the plugin looks at: whether LimitRanges matter for this request at all.
///
/// Pods are judged when they are made and resized, claims whenever they are written. An object that is being deleted
/// is left in peace.
pub fn applies(attributes: &Attributes<'_>) -> bool {
    target(attributes).is_some()
}

/// Gives containers the default limits and requests that they lack and notes that in an annotation. Returns whether
/// the object changed.
pub fn mutate(ranges: &[LimitRange], attributes: &Attributes<'_>, object: &mut Value) -> bool {
    if target(attributes) != Some(Target::Pod) {
        return false;
    }
    let mut changed = false;
    for range in ranges {
        changed |= defaults::apply(range, object);
    }
    changed
}

/// Holds the object of a request against the constraints of all LimitRanges.
pub fn validate(ranges: &[LimitRange], attributes: &Attributes<'_>) -> Result<(), Box<Refusal>> {
    let (Some(target), Some(object)) = (target(attributes), attributes.object) else {
        return Ok(());
    };
    let mut violations = Vec::new();
    let mut refusing = 0;
    for range in ranges {
        targets::validate(range, target, object, &mut violations);
        if refusing == 0 {
            refusing = violations.len();
        }
    }
    if violations.is_empty() {
        return Ok(());
    }
    let messages: Vec<&str> = violations
        .iter()
        .take(refusing)
        .map(|violation| violation.message.as_str())
        .collect();
    let status = forbidden(attributes, &status::aggregate(&messages));
    Err(Box::new(Refusal { violations, status }))
}

/// The answer where the LimitRanges of a namespace cannot be listed, which both phases give; none if the plugin does
/// not look at the request.
pub fn list_failed(attributes: &Attributes<'_>, why: impl fmt::Display) -> Option<Status> {
    applies(attributes).then(|| forbidden(attributes, &why.to_string()))
}

fn forbidden(attributes: &Attributes<'_>, why: &str) -> Status {
    Status::forbidden(attributes.resource, attributes.printed_name(), why)
}

/// The kinds of objects that are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Pod,
    PersistentVolumeClaim,
}

fn target(attributes: &Attributes<'_>) -> Option<Target> {
    let operation = attributes.operation;
    if !attributes.resource.group.is_empty()
        || !matches!(operation, Operation::Create | Operation::Update)
        || is_being_deleted(attributes.old_object)
    {
        return None;
    }
    match (
        attributes.resource.resource.as_str(),
        attributes.subresource,
        operation,
    ) {
        // What a pod's containers ask for changes in a resize only.
        ("pods", "", Operation::Create) | ("pods", "resize", Operation::Update) => {
            Some(Target::Pod)
        }
        ("persistentvolumeclaims", "", _) => Some(Target::PersistentVolumeClaim),
        _ => None,
    }
}

fn is_being_deleted(old_object: Option<&Value>) -> bool {
    old_object.is_some_and(|old| old.at(&["metadata", "deletionTimestamp"]).is_some())
}
