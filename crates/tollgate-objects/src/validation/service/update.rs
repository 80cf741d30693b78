//! What an update of a Service may not change.

use super::{Spec, validate_spec};
use crate::validation::{Options, ip, object_meta_update};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates what a Service becomes by an update.
pub(in crate::validation) fn validate_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    update_of_metadata(new, old, errors);
    let (spec, before) = (Spec::of(new), Spec::of(old));
    addresses_stay(spec, before, errors);
    health_check_port_stays(spec, before, errors);
    validate_spec(spec, Some(before), errors);
}

fn update_of_metadata(new: &Value, old: &Value, errors: &mut Errors) {
    let [new, old] = [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new, old, &Path::root("metadata"), errors);
}

/// Addresses that were given stay, unless the Service loses them with its type.
fn addresses_stay(new: Spec<'_>, old: Spec<'_>, errors: &mut Errors) {
    let has_addresses = |spec: Spec<'_>| spec.kind() != "ExternalName";
    if !has_addresses(new) || !has_addresses(old) {
        return;
    }
    let root = Path::root("spec");
    let path = root.child("clusterIPs");
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let before = text(old.cluster_ips().first());
    let single_changed = new.0.str_or_empty("clusterIP") != old.0.str_or_empty("clusterIP");
    if before.is_empty() {
        return;
    }
    let after = text(new.cluster_ips().first());
    if after != before && single_changed {
        let shown = Value::Array(new.cluster_ips().to_vec());
        errors.push(Error::invalid(
            &path.index(0),
            shown,
            "may not change once set",
        ));
    }
}

fn health_check_port_stays(new: Spec<'_>, old: Spec<'_>, errors: &mut Errors) {
    let needs = |spec: Spec<'_>| {
        spec.is_balanced() && spec.0.str_or_empty("externalTrafficPolicy") == "Local"
    };
    let port = |spec: Spec<'_>| spec.0.int("healthCheckNodePort").unwrap_or_default();
    if needs(new) && needs(old) && port(new) != port(old) {
        let root = Path::root("spec");
        let path = root.child("healthCheckNodePort");
        errors.push(Error::forbidden(&path, "field is immutable"));
    }
}

/// Validates an update of a Service's status: where its load balancer is.
pub(in crate::validation) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    update_of_metadata(new, old, errors);
    let spec = Spec::of(new);
    let balancer = new.at(&["status", "loadBalancer"]).unwrap_or(&Value::Null);
    let status = Path::root("status");
    let path = status.child("loadBalancer");
    let path = path.child("ingress");
    let ingress = balancer.items("ingress");
    if !spec.is_balanced() && !ingress.is_empty() {
        let why = "may only be used when `spec.type` is \"LoadBalancer\"";
        errors.push(Error::forbidden(&path, why));
        return;
    }
    for (place, point) in ingress.iter().enumerate() {
        let path = path.index(place);
        let address = point.str_or_empty("ip");
        if !address.is_empty() {
            ip::validate(address, &path.child("ip"), errors);
        }
    }
}
