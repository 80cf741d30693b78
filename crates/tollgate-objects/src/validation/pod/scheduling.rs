//! Gates, the runtime class and preemption.

use crate::validation::object_meta::invalid_each;
use crate::validation::repeats::Repeats;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates `readinessGates`.
pub(super) fn readiness_gates(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, gate) in spec.items("readinessGates").iter().enumerate() {
        let name = gate.str_or_empty("conditionType");
        let path = path.index(index);
        let messages = names::qualified_name(name);
        invalid_each(messages, name, &path.child("conditionType"), errors);
    }
}

/// Validates `schedulingGates`.
pub(super) fn scheduling_gates(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let gates = spec.items("schedulingGates");
    let mut repeats = Repeats::new(gates, |entry| entry.str_or_empty("name"));
    for (index, gate) in gates.iter().enumerate() {
        let name = gate.str_or_empty("name");
        let path = path.index(index);
        invalid_each(names::qualified_name(name), name, &path, errors);
        if repeats.next() {
            errors.push(Error::duplicate(&path, name));
        }
    }
}

/// Validates `runtimeClassName`, which must be good even if it is empty.
pub(super) fn runtime_class(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(name) = spec.str("runtimeClassName") {
        invalid_each(names::dns1123_subdomain(name), name, path, errors);
    }
}

/// Validates `preemptionPolicy`, if it is set.
pub(super) fn preemption_policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    match spec.str("preemptionPolicy") {
        None | Some("PreemptLowerPriority" | "Never") => {}
        Some("") => errors.push(Error::required(path, "")),
        Some(other) => errors.push(Error::not_supported(
            path,
            other,
            &["PreemptLowerPriority", "Never"],
        )),
    }
}
