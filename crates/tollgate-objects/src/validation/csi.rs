//! What CSI drivers and nodes register: `ValidateCSIDriver`, `ValidateCSINode`, `ValidateCSIStorageCapacity`, and their
//! updates.

use super::fields::{self, child};
use super::label_selector::{self, Values};
use super::numbers::{NEGATIVE, nonnegative};
use super::object_meta::invalid_each;
use super::object_meta_update::immutable;
use super::workload::metadata_update;
use super::{Options, go_values};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names};

const DRIVER_BYTES_MAX: usize = 63;
const NODE_ID_BYTES_MAX: usize = 256;
const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;
const UPDATE_PERIOD_SECONDS_MIN: i64 = 10;

/// The name of a driver, whose case does not matter: `ValidateCSIDriverName`.
pub(super) fn driver_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    if name.len() > DRIVER_BYTES_MAX {
        errors.push(Error::too_long(path, DRIVER_BYTES_MAX));
    }
    let messages = names::dns1123_subdomain(&name.to_lowercase());
    invalid_each(messages, name, path, errors);
}

/// Validates a CSIDriver that is to be created.
pub(super) fn validate_driver_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    driver_spec(child(object, "spec"), errors);
}

fn driver_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    for (field, shown) in [
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ] {
        if spec.get(field).is_none() {
            errors.push(Error::required(&path.child(shown), ""));
        }
    }
    let policies = ["File", "None", "ReadWriteOnceWithFSType"];
    fields::required_word(spec, "fsGroupPolicy", &policies, &path, errors);
    token_requests(spec, &path.child("tokenRequests"), errors);
    let modes_path = path.child("volumeLifecycleModes");
    for mode in spec.items("volumeLifecycleModes") {
        let mode = mode.as_str().unwrap_or_default();
        let modes = ["Persistent", "Ephemeral"];
        if !modes.contains(&mode) {
            errors.push(Error::not_supported(&modes_path, mode, &modes));
        }
    }
    if let Some(seconds) = spec.int("nodeAllocatableUpdatePeriodSeconds")
        && seconds < UPDATE_PERIOD_SECONDS_MIN
    {
        let path = path.child("nodeAllocatableUpdatePeriodSeconds");
        let why = format!("must be greater than or equal to {UPDATE_PERIOD_SECONDS_MIN} seconds");
        errors.push(Error::invalid(&path, seconds, why));
    }
}

fn token_requests(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (place, request) in spec.items("tokenRequests").iter().enumerate() {
        let path = path.index(place);
        let audience = request.str_or_empty("audience");
        if !seen.insert(audience) {
            errors.push(Error::duplicate(&path.child("audience"), audience));
            continue;
        }
        let Some(seconds) = request.int("expirationSeconds") else {
            continue;
        };
        let path = path.child("expirationSeconds");
        if seconds < TOKEN_SECONDS_MIN {
            let why = "may not specify a duration less than 10 minutes";
            errors.push(Error::invalid(&path, seconds, why));
        }
        if seconds > TOKEN_SECONDS_MAX {
            let why = "may not specify a duration larger than 2^32 seconds";
            errors.push(Error::invalid(&path, seconds, why));
        }
    }
}

/// Validates what a CSIDriver becomes by an update.
pub(super) fn validate_driver_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let [spec, before] = [new, old].map(|object| child(object, "spec"));
    driver_spec(spec, errors);
    let path = Path::root("spec");
    let attach = path.child("attachedRequired");
    fields::stays(spec, before, "attachRequired", &attach, errors);
    let modes = path.child("volumeLifecycleModes");
    fields::stays(spec, before, "volumeLifecycleModes", &modes, errors);
}

/// Validates a CSINode that is to be created.
pub(super) fn validate_node_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let root = Path::root("spec");
    let path = root.child("drivers");
    let mut seen = BTreeSet::new();
    for (place, driver) in child(object, "spec").items("drivers").iter().enumerate() {
        let path = path.index(place);
        let name = driver.str_or_empty("name");
        driver_name(name, &path.child("name"), errors);
        node_id(driver.str_or_empty("nodeID"), &path.child("nodeID"), errors);
        if let Some(allocatable) = driver.get("allocatable") {
            nonnegative(allocatable, "count", &path.child("allocatable"), errors);
        }
        if !seen.insert(name) {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
        topology_keys(driver, &path, errors);
    }
}

fn node_id(id: &str, path: &Path<'_>, errors: &mut Errors) {
    if id.is_empty() {
        errors.push(Error::required(path, ""));
    }
    if id.len() > NODE_ID_BYTES_MAX {
        let why = format!("must be {NODE_ID_BYTES_MAX} characters or less");
        errors.push(Error::invalid(path, id, why));
    }
}

/// What is wrong with a key is said of the whole driver.
fn topology_keys(driver: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for key in driver.items("topologyKeys") {
        let key = key.as_str().unwrap_or_default();
        if !seen.insert(key) {
            errors.push(Error::duplicate(path, key));
        }
        if key.is_empty() {
            errors.push(Error::required(path, ""));
        }
        invalid_each(names::qualified_name(key), key, path, errors);
    }
}

/// Validates what a CSINode becomes by an update: a driver that is there stays as it is or goes.
pub(super) fn validate_node_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    validate_node_create(new, options, errors);
    let [drivers, before] = [new, old].map(|object| child(object, "spec").items("drivers"));
    let path = Path::root("spec");
    let path = path.child("drivers");
    let same = |one: &Value, other: &Value| {
        // How many volumes there is room for may change.
        ["name", "nodeID", "topologyKeys"]
            .iter()
            .all(|field| one.get(field) == other.get(field))
    };
    for old in before {
        let namesake = drivers
            .iter()
            .find(|driver| driver.get("name") == old.get("name"));
        if let Some(driver) = namesake.filter(|driver| !same(driver, old)) {
            let count = |allocatable: &Value| {
                go_values::object([("Count", go_values::nullable(allocatable, "count"))])
            };
            let shown = go_values::object([
                ("Name", go_values::text(driver, "name")),
                ("NodeID", go_values::text(driver, "nodeID")),
                ("TopologyKeys", go_values::nullable(driver, "topologyKeys")),
                (
                    "Allocatable",
                    go_values::pointer(driver, "allocatable", count),
                ),
            ]);
            immutable(&path, shown, errors);
        }
    }
}

/// Validates a CSIStorageCapacity that is to be created.
pub(super) fn validate_capacity_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    let path = Path::root("nodeTopology");
    label_selector::validate(object, "nodeTopology", Values::Strict, &path, errors);
    let class = object.str_or_empty("storageClassName");
    let path = Path::root("storageClassName");
    invalid_each(names::dns1123_subdomain(class), class, &path, errors);
    for field in ["capacity", "maximumVolumeSize"] {
        let amount = object
            .get(field)
            .and_then(|amount| Quantity::from_value(amount).ok());
        if let Some(amount) = amount.filter(|amount| amount.sign() < 0) {
            let path = Path::root(field);
            errors.push(Error::invalid(&path, amount.to_string(), NEGATIVE));
        }
    }
}

/// Validates what a CSIStorageCapacity becomes by an update.
pub(super) fn validate_capacity_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_capacity_create(new, options, errors);
    metadata_update(new, old, errors);
    for field in ["nodeTopology", "storageClassName"] {
        fields::stays(new, old, field, &Path::root(field), errors);
    }
}
