//! What an update of a pod's status may say: `ValidatePodStatusUpdate`.

use super::update::{annotations_stay, spec_of};
use crate::validation::object_meta::invalid_each;
use crate::validation::workload::metadata_update;
use crate::validation::{Options, ip};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Conditions that the system sets, whose names have no rule.
const SYSTEM_CONDITIONS: [&str; 5] = [
    "PodScheduled",
    "Ready",
    "Initialized",
    "ContainersReady",
    "DisruptionTarget",
];

/// Validates an update of a pod's status.
pub(in crate::validation) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let path = Path::root("metadata");
    annotations_stay(new, old, &path.child("annotations"), errors);
    let status = new.get("status").unwrap_or(&Value::Null);
    let before = old.get("status").unwrap_or(&Value::Null);
    let path = Path::root("status");
    let conditions = path.child("conditions");
    for (place, condition) in status.items("conditions").iter().enumerate() {
        let sort = condition.str_or_empty("type");
        if !SYSTEM_CONDITIONS.contains(&sort) {
            let path = conditions.index(place);
            invalid_each(
                names::qualified_name(sort),
                sort,
                &path.child("Condition"),
                errors,
            );
        }
    }
    let nominated = status.str_or_empty("nominatedNodeName");
    if !nominated.is_empty() && nominated != before.str_or_empty("nominatedNodeName") {
        let path = path.child("nominatedNodeName");
        invalid_each(
            names::dns1123_subdomain(nominated),
            nominated,
            &path,
            errors,
        );
    }
    addresses(status, &path.child("podIPs"), errors);
    let policy = spec_of(old).str_or_empty("restartPolicy");
    for list in ["containerStatuses", "initContainerStatuses"] {
        stays_terminated(
            status.items(list),
            before.items(list),
            policy,
            &path.child(list),
            errors,
        );
    }
}

/// A pod has one address of each family at most.
fn addresses(status: &Value, path: &Path<'_>, errors: &mut Errors) {
    let list = status.items("podIPs");
    for (place, address) in list.iter().enumerate() {
        ip::validate(address.str_or_empty("ip"), &path.index(place), errors);
    }
    let families: Vec<bool> = list
        .iter()
        .filter_map(|address| ip::Address::parse(address.str_or_empty("ip")))
        .map(|address| address.canonical().is_ipv4())
        .collect();
    let repeats = matches!(families.as_slice(), [first, second] if first == second);
    if list.len() > 2 || repeats {
        let why = "may specify no more than one IP for each IP family";
        errors.push(Error::invalid(path, list.to_vec(), why));
    }
}

/// What has ended and is not to be started again does not run.
fn stays_terminated(
    new: &[Value],
    old: &[Value],
    policy: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if policy == "Always" {
        return;
    }
    for (place, before) in old.iter().enumerate() {
        let Some(terminated) = before.at(&["state", "terminated"]) else {
            continue;
        };
        let failed = terminated.int("exitCode").unwrap_or_default() != 0;
        if policy == "OnFailure" && failed {
            continue;
        }
        let name = before.str_or_empty("name");
        let now = new
            .iter()
            .find(|status| status.str_or_empty("name") == name);
        if now.is_some_and(|status| status.at(&["state", "terminated"]).is_none()) {
            let path = path.index(place);
            let why = "may not be transitioned to non-terminated state";
            errors.push(Error::forbidden(&path.child("state"), why));
        }
    }
}
