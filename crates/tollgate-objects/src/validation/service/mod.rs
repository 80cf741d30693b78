//! `ValidateService` and its update.
//!
//! What only the allocator of addresses and ports can tell (ranges, families of the cluster) it says itself.

mod addresses;
mod ports;
mod traffic;
mod update;

pub(super) use addresses::not_special;
pub(super) use update::{validate_status_update, validate_update};

use super::{Options, object_meta};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES: [&str; 2] = ["ClientIP", "None"];
/// A day: the longest time for which a client stays with its pod.
const AFFINITY_SECONDS_MAX: i64 = 86_400;

/// A Service's spec, and what most rules ask of it.
#[derive(Debug, Clone, Copy)]
struct Spec<'v>(&'v Value);

impl<'v> Spec<'v> {
    fn of(object: &'v Value) -> Self {
        Self(object.get("spec").unwrap_or(&Value::Null))
    }

    fn kind(self) -> &'v str {
        self.0.str_or_empty("type")
    }

    fn is_balanced(self) -> bool {
        self.kind() == "LoadBalancer"
    }

    fn cluster_ips(self) -> &'v [Value] {
        self.0.items("clusterIPs")
    }

    fn is_headless(self) -> bool {
        matches!(self.cluster_ips(), [Value::String(only)] if only == "None")
    }

    /// Whether it can be reached from outside of the cluster.
    fn is_external(self) -> bool {
        match self.kind() {
            "LoadBalancer" | "NodePort" => true,
            "ClusterIP" => !self.0.items("externalIPs").is_empty(),
            _ => false,
        }
    }
}

/// Validates a Service that is to be created; `clusterIP` and `clusterIPs` are in step.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_label, &path, errors);
    validate_spec(Spec::of(object), None, errors);
}

/// What the registry finds wrong about the addresses of a Service before it looks at anything else
/// (`ValidateServiceClusterIPsRelatedFields`).
pub fn validate_addresses(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let old = old.map(Spec::of);
    addresses::cluster_ips(Spec::of(new), old, &Path::root("spec"), &mut errors);
    errors
}

fn validate_spec(spec: Spec<'_>, old: Option<Spec<'_>>, errors: &mut Errors) {
    let path = Path::root("spec");
    let has_ports = !spec.0.items("ports").is_empty();
    if !has_ports && !spec.is_headless() && spec.kind() != "ExternalName" {
        errors.push(Error::required(&path.child("ports"), ""));
    }
    of_type(spec, &path, errors);
    ports::validate(spec, &path, errors);
    if spec.0.get("selector").is_some() {
        object_meta::labels(spec.0, "selector", &path.child("selector"), errors);
    }
    affinity(spec, &path, errors);
    addresses::cluster_ips(spec, old, &path, errors);
    addresses::external_ips(spec, &path, errors);
    let kind = spec.kind();
    if kind.is_empty() {
        errors.push(Error::required(&path.child("type"), ""));
    } else if !TYPES.contains(&kind) {
        errors.push(Error::not_supported(&path.child("type"), kind, &TYPES));
    }
    ports::validate_node_ports(spec, &path, errors);
    ports::no_duplicates(spec, &path, errors);
    traffic::validate(spec, old, &path, errors);
}

/// What a type of Service forbids or demands.
fn of_type(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let kind = spec.kind();
    match kind {
        "LoadBalancer" => {
            ports::not_the_kubelet(spec, path, errors);
            not_headless(spec, path, errors);
        }
        "NodePort" => not_headless(spec, path, errors),
        "ExternalName" => external_name(spec, path, errors),
        _ => {}
    }
}

fn not_headless(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    if spec.is_headless() {
        let path = path.child("clusterIPs");
        let why = format!("may not be set to 'None' for {} services", spec.kind());
        errors.push(Error::invalid(&path.index(0), "None", why));
    }
}

fn external_name(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let why = "may not be set for ExternalName services";
    for list in ["clusterIPs", "ipFamilies"] {
        if !spec.0.items(list).is_empty() {
            errors.push(Error::forbidden(&path.child(list), why));
        }
    }
    if spec.0.get("ipFamilyPolicy").is_some() {
        errors.push(Error::forbidden(&path.child("ipFamilyPolicy"), why));
    }
    let name = spec.0.str_or_empty("externalName");
    let bare = name.strip_suffix('.').unwrap_or(name);
    let path = path.child("externalName");
    if bare.is_empty() {
        errors.push(Error::required(&path, ""));
    } else {
        object_meta::invalid_each(names::dns1123_subdomain(bare), bare, &path, errors);
    }
}

fn affinity(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let affinity = spec.0.str_or_empty("sessionAffinity");
    let affinity_path = path.child("sessionAffinity");
    if affinity.is_empty() {
        errors.push(Error::required(&affinity_path, ""));
    } else if !AFFINITIES.contains(&affinity) {
        errors.push(Error::not_supported(&affinity_path, affinity, &AFFINITIES));
    }
    let config = spec.0.get("sessionAffinityConfig");
    let path = path.child("sessionAffinityConfig");
    match (affinity, config) {
        ("ClientIP", None) => {
            let why = "when session affinity type is ClientIP";
            errors.push(Error::required(&path, why));
        }
        ("ClientIP", Some(config)) => client_affinity(config, &path, errors),
        ("None", Some(_)) => {
            let why = "must not be set when session affinity is None";
            errors.push(Error::forbidden(&path, why));
        }
        _ => {}
    }
}

fn client_affinity(config: &Value, path: &Path<'_>, errors: &mut Errors) {
    let why = "when session affinity type is ClientIP";
    let path = path.child("clientIP");
    let Some(client) = config.get("clientIP") else {
        errors.push(Error::required(&path, why));
        return;
    };
    let path = path.child("timeoutSeconds");
    match client.int("timeoutSeconds") {
        None => errors.push(Error::required(&path, why)),
        Some(seconds) if seconds <= 0 || seconds > AFFINITY_SECONDS_MAX => {
            let why = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
            errors.push(Error::invalid(&path, seconds, why));
        }
        Some(_) => {}
    }
}
