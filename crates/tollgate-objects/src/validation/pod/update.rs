//! What an update of a pod may change: `ValidatePodUpdate`, and the update of its ephemeral containers.

use super::{Scope, annotations, container, spec, tokens_without_account, tolerations};
use crate::validation::object_meta;
use crate::validation::workload::metadata_update;
use crate::validation::{Options, go_struct, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{Value, names};

const UPDATABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
pub(super) const MIRROR: &str = "kubernetes.io/config.mirror";
const SECONDS_MAX: i64 = i32::MAX as i64;

pub(super) fn spec_of(pod: &Value) -> &Value {
    pod.get("spec").unwrap_or(&Value::Null)
}

/// What every update says first: the metadata, and that the pod is good as a whole.
pub(super) fn good_again(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let metadata = new.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, errors);
    let (pod_spec, spec_path) = (spec_of(new), Path::root("spec"));
    let annotations_path = path.child("annotations");
    annotations::validate(metadata, pod_spec, &annotations_path, errors);
    let scope = Scope {
        options,
        spec: pod_spec,
        metadata: Some(metadata),
    };
    spec::validate(scope, &spec_path, errors);
    tokens_without_account(pod_spec, &spec_path, errors);
    images(pod_spec, &spec_path, errors);
    annotations_stay(new, old, &annotations_path, errors);
}

fn images(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for list in ["containers", "initContainers"] {
        let path = path.child(list);
        for (place, container) in spec.items(list).iter().enumerate() {
            container::image_for_pod(container, &path.index(place), errors);
        }
    }
}

/// Annotations that the kubelet lives by are set once.
pub(super) fn annotations_stay(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let of = |pod: &Value| {
        pod.at(&["metadata", "annotations"])
            .cloned()
            .unwrap_or_default()
    };
    let (new, old) = (of(new), of(old));
    let entries = |annotations: &Value| -> Vec<(String, Value)> {
        let entries = annotations
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::iter);
        entries
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    };
    for (key, value) in entries(&old) {
        if new.get(&key) == Some(&value) {
            continue;
        }
        if key.starts_with(APP_ARMOR) {
            let why = "may not remove or update AppArmor annotations";
            errors.push(Error::forbidden(&path.key(&key), why));
        }
        if key == MIRROR {
            let why = "may not remove or update mirror pod annotation";
            errors.push(Error::forbidden(&path.key(&key), why));
        }
    }
    for (key, _) in entries(&new) {
        if old.get(&key).is_some() {
            continue;
        }
        if key.starts_with(APP_ARMOR) {
            let why = "may not add AppArmor annotations";
            errors.push(Error::forbidden(&path.key(&key), why));
        }
        if key == MIRROR {
            let why = "may not add mirror pod annotation";
            errors.push(Error::forbidden(&path.key(&key), why));
        }
    }
}

/// Validates what a pod becomes by an update.
pub fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    good_again(new, old, options, errors);
    let (pod_spec, before) = (spec_of(new), spec_of(old));
    let path = Path::root("spec");
    for list in ["containers", "initContainers"] {
        let path = path.child(list);
        let containers = pod_spec.items(list);
        if containers.len() != before.items(list).len() {
            let why = "pod updates may not add or remove containers";
            errors.push(Error::forbidden(&path, why));
            return;
        }
        for (place, container) in containers.iter().enumerate() {
            let path = path.index(place);
            if container.str_or_empty("image").is_empty() {
                errors.push(Error::required(&path.child("image"), ""));
            }
            container::image_for_pod(container, &path, errors);
        }
    }
    if !deadline(pod_spec, before, &path, errors) {
        return;
    }
    only_added_tolerations(pod_spec, before, &path.child("tolerations"), errors);
    only_deleted_gates(pod_spec, before, &path.child("schedulingGates"), errors);
    nothing_else(new, old, &path, errors);
}

/// A deadline may come and come nearer; tells whether to go on.
fn deadline(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) -> bool {
    let path = path.child("activeDeadlineSeconds");
    match (
        new.int("activeDeadlineSeconds"),
        old.int("activeDeadlineSeconds"),
    ) {
        (Some(seconds), _) if !(0..=SECONDS_MAX).contains(&seconds) => {
            numbers::in_range(seconds, 0, SECONDS_MAX, &path, errors);
            false
        }
        (Some(seconds), Some(before)) if before < seconds => {
            let why = "must be less than or equal to previous value";
            errors.push(Error::invalid(&path, seconds, why));
            false
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.push(Error::invalid(&path, Value::Null, why));
            true
        }
        _ => true,
    }
}

fn only_added_tolerations(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let list = new.items("tolerations");
    let same = |one: &Value, other: &Value| {
        ["key", "operator", "value", "effect"]
            .iter()
            .all(|field| one.str_or_empty(field) == other.str_or_empty(field))
    };
    for toleration in old.items("tolerations") {
        if !list.iter().any(|other| same(other, toleration)) {
            let why = "existing toleration can not be modified except its tolerationSeconds";
            errors.push(Error::forbidden(path, why));
            return;
        }
    }
    tolerations::validate(list, path, errors);
}

fn only_deleted_gates(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let before = old.items("schedulingGates");
    let gates = new.items("schedulingGates");
    for (place, gate) in gates.iter().enumerate() {
        let name = gate.str_or_empty("name");
        // Of gates of one name the last is looked at.
        let mut later = gates.iter().skip(place.saturating_add(1));
        if later.any(|gate| gate.str_or_empty("name") == name) {
            continue;
        }
        if !before.iter().any(|gate| gate.str_or_empty("name") == name) {
            let path = path.index(place);
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.push(Error::forbidden(&path.child("name"), why));
        }
    }
}

/// What remains after all that may change is put back must be what was there.
fn nothing_else(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let before = spec_of(old);
    let mut munged = new.clone();
    let Some(spec) = munged.get_mut("spec") else {
        return;
    };
    for list in ["containers", "initContainers"] {
        for (container, before) in spec.items_mut(list).iter_mut().zip(before.items(list)) {
            put_back(container, before, "image");
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        put_back(spec, before, field);
    }
    let grace = "terminationGracePeriodSeconds";
    if before.int(grace).is_some_and(|seconds| seconds < 0) && spec.int(grace) == Some(1) {
        put_back(spec, before, grace);
    }
    if !before.items("schedulingGates").is_empty() {
        gated(spec, before, path, errors);
    }
    let [shown_before, shown] =
        [old, &munged].map(|pod| go_struct::of_field("v1", "Pod", "spec", pod));
    if !go_struct::same(&shown, &shown_before) {
        let diff = go_struct::diff(&shown_before, &shown);
        errors.push(Error::forbidden(path, format!("{UPDATABLE}\n{diff}")));
    }
}

fn put_back(holder: &mut Value, before: &Value, field: &'static str) {
    match before.get(field) {
        Some(value) => holder.set(field, value.clone()),
        None => {
            holder.remove(field);
        }
    }
}

/// A pod that nobody schedules yet may choose fewer nodes.
fn gated(spec: &mut Value, before: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = spec.get("nodeSelector").cloned().unwrap_or_default();
    let mut kept = before.entries("nodeSelector");
    if kept.any(|(key, value)| selector.get(key) != Some(value)) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.push(Error::invalid(&path.child("nodeSelector"), selector, why));
    }
    put_back(spec, before, "nodeSelector");
    let affinity = |spec: &Value| spec.at(&["affinity", "nodeAffinity"]).cloned();
    let (now, old) = (affinity(spec), affinity(before));
    if now == old {
        return;
    }
    if let Some(old) = &old {
        let path = path.child("affinity");
        let path = path.child("nodeAffinity");
        node_affinity(&now.unwrap_or_default(), old, &path, errors);
    }
    if let Some(old) = old {
        spec.child_mut("affinity").set("nodeAffinity", old);
        return;
    }
    if let Some(affinity) = spec.get_mut("affinity") {
        affinity.remove("nodeAffinity");
        let is_empty = affinity
            .as_object()
            .is_some_and(tollgate_api::Object::is_empty);
        if is_empty {
            put_back(spec, before, "affinity");
        }
    }
}

fn node_affinity(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = |affinity: &Value| -> Vec<Value> {
        let required = affinity.get(required);
        required.map_or_else(Vec::new, |required| {
            required.items("nodeSelectorTerms").to_vec()
        })
    };
    let (now, before) = (terms(new), terms(old));
    if before.is_empty() {
        return;
    }
    let path = path.child(required);
    let path = path.child("nodeSelectorTerms");
    let shown = |term: &Value| {
        let mut pod = Value::object();
        let spec = pod
            .child_mut("spec")
            .child_mut("affinity")
            .child_mut("nodeAffinity");
        spec.child_mut(required)
            .set("nodeSelectorTerms", vec![term.clone()]);
        let address = format!("spec.affinity.nodeAffinity.{required}");
        let shown = go_struct::of_field("v1", "Pod", &address, &pod);
        shown
            .items("NodeSelectorTerms")
            .first()
            .cloned()
            .unwrap_or_default()
    };
    if now.len() != before.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let shown: Vec<Value> = now.iter().map(shown).collect();
        errors.push(Error::invalid(&path, shown, why));
        return;
    }
    for (place, (term, before)) in now.iter().zip(&before).enumerate() {
        let grows = |list: &str| {
            let (now, before) = (term.items(list), before.items(list));
            now.get(..before.len()) == Some(before)
        };
        if !grows("matchExpressions") || !grows("matchFields") {
            let why = "only additions are allowed (no mutations or deletions)";
            errors.push(Error::invalid(&path.index(place), shown(term), why));
        }
    }
}

/// Validates an update of the subresource `ephemeralcontainers`: containers may be added.
pub(super) fn validate_ephemeral_containers_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    good_again(new, old, options, errors);
    if old.at(&["metadata", "annotations", MIRROR]).is_some() {
        let why = "static pods do not support ephemeral containers";
        errors.push(Error::forbidden(&Path::root(""), why));
    }
    let list = "ephemeralContainers";
    let root = Path::root("spec");
    let path = root.child(list);
    let [shown_before, shown] = [old, new].map(|pod| {
        let shown = go_struct::of_field("v1", "Pod", "spec", pod);
        shown.items("EphemeralContainers").to_vec()
    });
    for before in &shown_before {
        let name = before.str_or_empty("Name");
        match shown.iter().find(|now| now.str_or_empty("Name") == name) {
            None => {
                let why = format!(
                    "existing ephemeral containers {} may not be removed\n",
                    quote(name)
                );
                errors.push(Error::forbidden(&path, why));
            }
            Some(now) if !go_struct::same(now, before) => {
                let diff = go_struct::diff(before, now);
                let why = format!(
                    "existing ephemeral containers {} may not be changed\n{diff}",
                    quote(name)
                );
                errors.push(Error::forbidden(&path, why));
            }
            Some(_) => {}
        }
    }
}
