//! `ValidateStatefulSet` and its update.

use super::numbers::nonnegative;
use super::workload::{self, SelectorWords};
use super::{Options, go_values, int_or_percent, object_meta, persistent_volume_claim, pod};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const WORDS: SelectorWords = SelectorWords {
    empty: "empty selector is invalid for statefulset",
    invalid: Some(""),
};

/// What an update may change in the spec.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// Validates a StatefulSet that is to be created. Its name becomes a label of its pods.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_label, &path, errors);
    validate_spec(object, true, options, errors);
}

/// What cannot be changed is looked at when it is new.
fn validate_spec(object: &Value, is_new: bool, options: &Options, errors: &mut Errors) {
    let spec = workload::spec(object);
    let path = Path::root("spec");
    management_policy(spec, &path, errors);
    update_strategy(spec, &path, errors);
    retention_policy(spec, &path, errors);
    nonnegative(spec, "replicas", &path, errors);
    nonnegative(spec, "minReadySeconds", &path, errors);
    if let Some(ordinals) = spec.get("ordinals") {
        nonnegative(ordinals, "start", &path.child("ordinals"), errors);
    }
    if is_new {
        let service = spec.str_or_empty("serviceName");
        if !service.is_empty() {
            let path = path.child("serviceName");
            object_meta::invalid_each(names::dns1123_label(service), service, &path, errors);
        }
        claim_templates(spec, &path, errors);
    }
    workload::required_selector(spec, WORDS, errors);
    if workload::template_matches(spec, WORDS, &path, errors) {
        let template = spec.get("template").unwrap_or(&Value::Null);
        let path = path.child("template");
        // Upstream looks at the metadata twice, and tells causes twice.
        pod::validate_template_metadata(template, &path, errors);
        pod::validate_template(&as_pods_have_it(spec, template), &path, options, errors);
        workload::restarts_always(template, "StatefulSet", &path, errors);
    }
}

/// The template without the names that the controller gives to each pod, and with each claim template as a volume, in
/// place of one of the same name. Where upstream goes by the order of a map, names go by the alphabet.
fn as_pods_have_it(spec: &Value, template: &Value) -> Value {
    let claims = spec.items("volumeClaimTemplates").iter();
    let names: BTreeSet<&str> = claims
        .map(|claim| {
            let metadata = claim.get("metadata").unwrap_or(&Value::Null);
            metadata.str_or_empty("name")
        })
        .collect();
    let mut made = template.clone();
    if let Some(pod) = made.get_mut("spec") {
        for field in ["hostname", "subdomain"] {
            pod.remove(field);
        }
    }
    if names.is_empty() {
        return made;
    }
    let volumes = names.iter().map(|name| {
        let claim = go_values::object([("claimName", Value::from(*name))]);
        go_values::object([
            ("name", Value::from(*name)),
            ("persistentVolumeClaim", claim),
        ])
    });
    let own = workload::spec(template).items("volumes").iter();
    let kept = own.filter(|volume| !names.contains(volume.str_or_empty("name")));
    let volumes: Vec<Value> = volumes.chain(kept.cloned()).collect();
    made.child_mut("spec").set("volumes", volumes);
    made
}

fn management_policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("podManagementPolicy");
    match spec.str_or_empty("podManagementPolicy") {
        "" => errors.push(Error::required(&path, "")),
        "OrderedReady" | "Parallel" => {}
        other => {
            let why = "must be 'OrderedReady' or 'Parallel'";
            errors.push(Error::invalid(&path, other, why));
        }
    }
}

fn update_strategy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let strategy = spec.get("updateStrategy").unwrap_or(&Value::Null);
    let path = path.child("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    let shown = |rolling: &Value| {
        let partition = rolling.get("partition").cloned();
        go_values::object([
            ("Partition", partition.unwrap_or_else(|| Value::from(0))),
            (
                "MaxUnavailable",
                go_values::nullable(rolling, "maxUnavailable"),
            ),
        ])
    };
    let rolling_path = path.child("rollingUpdate");
    match strategy.str_or_empty("type") {
        "" => errors.push(Error::required(&path, "")),
        "OnDelete" => {
            if let Some(rolling) = rolling {
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                errors.push(Error::invalid(&rolling_path, shown(rolling), why));
            }
        }
        "RollingUpdate" => {
            if let Some(rolling) = rolling {
                nonnegative(rolling, "partition", &rolling_path, errors);
                if let Some(most) = rolling.get("maxUnavailable") {
                    let path = rolling_path.child("maxUnavailable");
                    int_or_percent::positive(most, &path, errors);
                    if int_or_percent::is_zero(Some(most)) {
                        errors.push(Error::invalid(&path, most.clone(), "cannot be 0"));
                    }
                    int_or_percent::at_most_all(most, &path, errors);
                }
            }
        }
        kind => {
            let shown = go_values::object([
                ("Type", kind.into()),
                ("RollingUpdate", rolling.map(shown).unwrap_or_default()),
            ]);
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(Error::invalid(&path, shown, why));
        }
    }
}

fn retention_policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(policy) = spec.get("persistentVolumeClaimRetentionPolicy") else {
        return;
    };
    let path = path.child("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        let value = policy.str_or_empty(field);
        let supported = ["Retain", "Delete"];
        if !supported.contains(&value) {
            errors.push(Error::not_supported(&path.child(field), value, &supported));
        }
    }
}

fn claim_templates(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("volumeClaimTemplates");
    for (place, claim) in spec.items("volumeClaimTemplates").iter().enumerate() {
        let path = path.index(place);
        let path = path.child("spec");
        persistent_volume_claim::validate_spec(workload::spec(claim), &path, errors);
    }
}

/// Validates what a StatefulSet becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata_update(new, old, errors);
    validate_spec(new, false, options, errors);
    let fixed = |object: &Value| {
        let mut spec = workload::spec(object).clone();
        for field in MUTABLE {
            spec.remove(field);
        }
        spec
    };
    if fixed(new) != fixed(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.push(Error::forbidden(&Path::root("spec"), why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn volumes(spec: &str, expected: &str) {
        let spec = from_str(spec).unwrap();
        let template = as_pods_have_it(&spec, spec.get("template").unwrap());
        assert_eq!(
            workload::spec(&template).get("volumes"),
            Some(&from_str(expected).unwrap())
        );
    }

    #[test]
    fn claim_templates_are_volumes_in_place_of_those_of_the_same_name() {
        volumes(
            r#"{"volumeClaimTemplates":[{"metadata":{"name":"v"}},{}],
                "template":{"spec":{"volumes":[{"name":"w"},{"name":"v","emptyDir":{}}]}}}"#,
            r#"[{"name":"","persistentVolumeClaim":{"claimName":""}},
                {"name":"v","persistentVolumeClaim":{"claimName":"v"}},{"name":"w"}]"#,
        );
        let same = r#"[{"name":"w"},{"name":"w"}]"#;
        volumes(
            &format!(r#"{{"template":{{"spec":{{"volumes":{same}}}}}}}"#),
            same,
        );
    }
}
