//! What all strategies of workloads share: fields of a pod template behind feature gates that are off are dropped.

use super::pod::disabled_fields;
use tollgate_api::{Release, Value};

/// Kinds, and where their template has the spec of its pods.
const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "CronJob",
        &["spec", "jobTemplate", "spec", "template", "spec"],
    ),
    ("DaemonSet", IN_SPEC),
    ("Deployment", IN_SPEC),
    ("Job", IN_SPEC),
    ("PodTemplate", &["template", "spec"]),
    ("ReplicaSet", IN_SPEC),
    ("ReplicationController", IN_SPEC),
    ("StatefulSet", IN_SPEC),
];
const IN_SPEC: &[&str] = &["spec", "template", "spec"];

/// Whether an object of `kind` makes pods.
pub(super) fn has_template(kind: &str) -> bool {
    TEMPLATES.iter().any(|(name, _)| *name == kind)
}

/// Drops what `release` does not have from the template of a workload, but for what `old` uses already.
pub(super) fn drop_disabled(kind: &str, object: &mut Value, old: &Value, release: Release) {
    let Some((_, path)) = TEMPLATES.iter().find(|(name, _)| *name == kind) else {
        return;
    };
    let spec = path
        .iter()
        .try_fold(object, |object, key| object.get_mut(key));
    if let Some(spec) = spec.filter(|spec| spec.as_object().is_some()) {
        let old = old.at(path).unwrap_or(&Value::Null);
        disabled_fields::drop_unless_used(spec, old, release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    const PLAIN: &str = r#"{"containers":[{"name":"c"}]}"#;
    const GATED: &str = r#"{"containers":[{"name":"c","lifecycle":{"stopSignal":"SIGTERM"}}],"schedulingGroup":{}}"#;

    #[track_caller]
    fn check(kind: &str, wrap: fn(&str) -> String, old: &str, expected: &str) {
        let mut object = from_str(&wrap(GATED)).unwrap();
        let old = from_str(&wrap(old)).unwrap();
        drop_disabled(kind, &mut object, &old, Release::default());
        assert_eq!(object, from_str(&wrap(expected)).unwrap());
    }

    #[test]
    fn templates_lose_what_is_behind_a_gate_wherever_they_stand() {
        let in_spec = |spec: &str| format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#);
        check("Deployment", in_spec, PLAIN, PLAIN);
        check("StatefulSet", in_spec, PLAIN, PLAIN);
        let bare = |spec: &str| format!(r#"{{"template":{{"spec":{spec}}}}}"#);
        check("PodTemplate", bare, PLAIN, PLAIN);
        let nested = |spec: &str| {
            format!(r#"{{"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{spec}}}}}}}}}}}"#)
        };
        check("CronJob", nested, PLAIN, PLAIN);
    }

    #[test]
    fn templates_keep_what_they_used_before() {
        let in_spec = |spec: &str| format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#);
        check("ReplicaSet", in_spec, GATED, GATED);
    }
}
