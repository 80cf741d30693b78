//! Where in an object the amount stands that a quota counts.

use super::evaluators::{DEVICES, Evaluator, STORAGE_CLASS};
use super::scopes::Scope;
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};
use tollgate_api::resource_name::{DEVICE_CLASS_PREFIX, REQUESTS_PREFIX};

const SPEC: Path<'static> = Path::root("spec");

/// The fields that make an object count under `key`, most telling first; none where the object as such counts.
pub(super) fn of(evaluator: &Evaluator, key: &str, object: &Value) -> Vec<FieldPath> {
    match evaluator {
        Evaluator::Pods => of_pod(key, object),
        Evaluator::Services => of_service(key),
        Evaluator::PersistentVolumeClaims => of_volume_claim(key),
        Evaluator::ResourceClaims => of_resource_claim(key, object),
        Evaluator::ObjectCount(_) => Vec::new(),
    }
}

fn of_pod(key: &str, pod: &Value) -> Vec<FieldPath> {
    let (list, resource) = match key.split_once('.') {
        Some(("limits", resource)) => ("limits", resource),
        Some(("requests", resource)) => ("requests", resource),
        _ if matches!(key, "pods" | "count/pods") => return Vec::new(),
        _ => ("requests", key),
    };
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let has = |holder: &Value| {
        holder
            .get("resources")
            .and_then(|resources| resources.get(list))
            .is_some_and(|amounts| amounts.get(resource).is_some())
    };
    let mut fields = Vec::new();
    if has(spec) {
        let resources = SPEC.child("resources");
        fields.push(resources.child(list).key(resource).to_owned());
    }
    for containers in ["containers", "initContainers"] {
        let path = SPEC.child(containers);
        for (index, container) in spec.items(containers).iter().enumerate() {
            if has(container) {
                let container = path.index(index);
                let resources = container.child("resources");
                fields.push(resources.child(list).key(resource).to_owned());
            }
        }
    }
    if spec
        .get("overhead")
        .is_some_and(|overhead| overhead.get(resource).is_some())
    {
        fields.push(SPEC.child("overhead").key(resource).to_owned());
    }
    fields
}

fn of_service(key: &str) -> Vec<FieldPath> {
    let kind = || SPEC.child("type").to_owned();
    match key {
        "services.nodeports" => vec![SPEC.child("ports").to_owned(), kind()],
        "services.loadbalancers" => vec![kind()],
        _ => Vec::new(),
    }
}

fn of_volume_claim(key: &str) -> Vec<FieldPath> {
    let mut fields = Vec::new();
    if key.ends_with("requests.storage") {
        let requests = SPEC.child("resources.requests");
        fields.push(requests.key("storage").to_owned());
    }
    if key.contains(STORAGE_CLASS) {
        fields.push(SPEC.child("storageClassName").to_owned());
    }
    fields
}

fn of_resource_claim(key: &str, claim: &Value) -> Vec<FieldPath> {
    let implicit = key
        .strip_prefix(REQUESTS_PREFIX)
        .and_then(|resource| resource.strip_prefix(DEVICE_CLASS_PREFIX));
    let class = key.strip_suffix(DEVICES).or(implicit);
    if key.starts_with("count/") {
        return Vec::new();
    }
    let requests = claim.at(&["spec", "devices"]);
    let requests = requests.map_or(&[][..], |devices| devices.items("requests"));
    let path = SPEC.child("devices.requests");
    let is_meant = |request: &Value| {
        let alternatives = request.items("firstAvailable").iter();
        let mut asked = alternatives.chain(request.get("exactly")).chain([request]);
        // The name of an extended resource does not tell the class: every request may be it.
        class.is_none_or(|class| asked.any(|asked| asked.str("deviceClassName") == Some(class)))
    };
    let meant = requests.iter().enumerate();
    meant
        .filter(|(_, request)| is_meant(request))
        .map(|(index, _)| path.index(index).to_owned())
        .collect()
}

/// The field that puts an object into a scope.
pub(super) fn of_scope(scope: &str, object: &Value) -> Vec<FieldPath> {
    let field = match Scope::parse(scope) {
        Some(Scope::Terminating | Scope::NotTerminating) => "activeDeadlineSeconds",
        Some(Scope::BestEffort | Scope::NotBestEffort) => "containers",
        Some(Scope::PriorityClass) => "priorityClassName",
        Some(Scope::CrossNamespacePodAffinity) => "affinity",
        Some(Scope::VolumeAttributesClass) => "volumeAttributesClassName",
        None => return Vec::new(),
    };
    let is_there = object
        .get("spec")
        .is_some_and(|spec| spec.get(field).is_some());
    if is_there {
        vec![SPEC.child(field).to_owned()]
    } else {
        Vec::new()
    }
}
