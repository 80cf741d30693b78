//! What decoding into the server's internal version changes beside defaults: names that mean the same become one.
//!
//! Upstream's admission sees internal objects, so this belongs between defaulting and admission.

use crate::workloads;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::{GroupVersionKind, Value};

/// Annotations from the time before init containers had a field; they are dropped, so that nobody trusts them.
const INIT_CONTAINER_ANNOTATIONS: [&str; 4] = [
    "pod.alpha.kubernetes.io/init-containers",
    "pod.beta.kubernetes.io/init-containers",
    "pod.alpha.kubernetes.io/init-container-statuses",
    "pod.beta.kubernetes.io/init-container-statuses",
];

/// Converts an object of `kind`; most kinds have nothing to convert.
pub fn convert(kind: &GroupVersionKind, object: &mut Value) {
    if kind.group.is_empty() && kind.kind == "Pod" {
        convert_pod(object);
        convert_grace_period(object);
        convert_pod_status(object);
    } else if kind.group.is_empty() && kind.kind == "Secret" {
        convert_secret(object);
    } else if kind.group.is_empty() && kind.kind == "Node" {
        convert_node(object);
    } else if kind.group.is_empty() && kind.kind == "PodTemplate" {
        if let Some(template) = object.get_mut("template") {
            convert_pod(template);
        }
    } else if let Some(workload) = workloads::of(kind) {
        let template = workload
            .template
            .iter()
            .try_fold(object, |node, key| node.get_mut(key));
        if let Some(template) = template {
            convert_pod(template);
        }
    }
}

/// `stringData` is `data` for people: it is written over it and not kept.
fn convert_secret(secret: &mut Value) {
    let Some(Value::Object(texts)) = secret.remove("stringData") else {
        return;
    };
    for (key, text) in texts.iter() {
        let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
        secret.child_mut("data").set(key, encoded);
    }
}

/// `podCIDR` is the old name of the first of `podCIDRs`, and the one that counts.
fn convert_node(node: &mut Value) {
    let Some(spec) = node.get_mut("spec") else {
        return;
    };
    let first = |spec: &Value| spec.items("podCIDRs").first().cloned();
    let single = spec.str_or_empty("podCIDR").to_owned();
    if single.is_empty() {
        if let Some(first) = first(spec) {
            spec.set("podCIDR", first);
        }
    } else if first(spec).as_ref().and_then(Value::as_str) != Some(single.as_str()) {
        spec.set("podCIDRs", vec![single]);
    }
}

/// Nobody waits for less than no time: pods themselves, not the templates of pods, get a second instead.
fn convert_grace_period(pod: &mut Value) {
    const FIELD: &str = "terminationGracePeriodSeconds";
    if let Some(spec) = pod.get_mut("spec")
        && spec.int(FIELD).is_some_and(|seconds| seconds < 0)
    {
        spec.set(FIELD, 1);
    }
}

/// `podIP` is the old name of the first of `podIPs`, and the one that counts.
fn convert_pod_status(pod: &mut Value) {
    let Some(status) = pod.get_mut("status") else {
        return;
    };
    let first = |status: &Value| {
        let first = status.items("podIPs").first();
        first.map(|address| address.str_or_empty("ip").to_owned())
    };
    let single = status.str_or_empty("podIP").to_owned();
    match (single.is_empty(), first(status)) {
        (true, Some(first)) => status.set("podIP", first),
        (false, first) if first.as_ref() != Some(&single) => {
            let address: Value = [("ip", single)].into_iter().collect();
            status.set("podIPs", vec![address]);
        }
        _ => {}
    }
}

/// Converts a pod or a pod template: `serviceAccount` is the old name of `serviceAccountName`.
///
/// ```
/// let mut pod = tollgate_api::json::from_str(r#"{"spec":{"serviceAccount":"builder"}}"#).unwrap();
/// tollgate_objects::conversion::convert_pod(&mut pod);
/// assert_eq!(pod.get("spec").unwrap().str("serviceAccountName"), Some("builder"));
/// ```
pub fn convert_pod(pod: &mut Value) {
    if let Some(annotations) = pod
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
    {
        for key in INIT_CONTAINER_ANNOTATIONS {
            annotations.remove(key);
        }
    }
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    let (name, alias) = ("serviceAccountName", "serviceAccount");
    let account = match (spec.str_or_empty(name), spec.str_or_empty(alias)) {
        ("", "") => return,
        ("", account) | (account, _) => Value::from(account),
    };
    spec.set(name, account.clone());
    spec.set(alias, account);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(kind: (&str, &str), object: &str, expected: &str) {
        let mut object = from_str(object).unwrap();
        convert(&GroupVersionKind::new(kind.0, kind.1), &mut object);
        assert_eq!(object, from_str(expected).unwrap());
    }

    #[test]
    fn the_account_has_two_names() {
        let pod = ("v1", "Pod");
        check(pod, r#"{"spec":{}}"#, r#"{"spec":{}}"#);
        let both = r#"{"spec":{"serviceAccountName":"a","serviceAccount":"a"}}"#;
        check(pod, r#"{"spec":{"serviceAccount":"a"}}"#, both);
        check(pod, r#"{"spec":{"serviceAccountName":"a"}}"#, both);
        let differ = r#"{"spec":{"serviceAccountName":"a","serviceAccount":"b"}}"#;
        check(pod, differ, both);
    }

    #[test]
    fn negative_grace_periods_of_pods_become_a_second() {
        let grace =
            |seconds: &str| format!(r#"{{"spec":{{"terminationGracePeriodSeconds":{seconds}}}}}"#);
        check(("v1", "Pod"), &grace("-1"), &grace("1"));
        check(("v1", "Pod"), &grace("0"), &grace("0"));
        let template = format!(r#"{{"template":{}}}"#, grace("-1"));
        check(("v1", "PodTemplate"), &template, &template);
    }

    #[test]
    fn texts_of_a_secret_become_its_data() {
        check(
            ("v1", "Secret"),
            r#"{"data":{"a":"eA==","b":"eA=="},"stringData":{"a":"y"}}"#,
            r#"{"data":{"a":"eQ==","b":"eA=="}}"#,
        );
    }

    #[test]
    fn the_range_of_a_node_has_two_names() {
        let node = ("v1", "Node");
        let both = r#"{"spec":{"podCIDR":"10.0.0.0/24","podCIDRs":["10.0.0.0/24"]}}"#;
        check(node, r#"{"spec":{"podCIDRs":["10.0.0.0/24"]}}"#, both);
        let differ = r#"{"spec":{"podCIDR":"10.0.0.0/24","podCIDRs":["10.1.0.0/24"]}}"#;
        check(node, differ, both);
    }

    #[test]
    fn the_address_of_a_pod_has_two_names() {
        let pod = ("v1", "Pod");
        let both = r#"{"status":{"podIP":"10.1.0.1","podIPs":[{"ip":"10.1.0.1"}]}}"#;
        check(pod, r#"{"status":{"podIP":"10.1.0.1"}}"#, both);
        let differ = r#"{"status":{"podIP":"10.1.0.1","podIPs":[{"ip":"10.1.0.2"}]}}"#;
        check(pod, differ, both);
        check(pod, r#"{"status":{}}"#, r#"{"status":{}}"#);
    }

    #[test]
    fn templates_are_converted_where_they_stand() {
        check(
            ("batch/v1", "CronJob"),
            r#"{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"serviceAccount":"a"}}}}}}"#,
            r#"{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"serviceAccount":"a","serviceAccountName":"a"}}}}}}"#,
        );
        check(
            ("v1", "PodTemplate"),
            r#"{"template":{"metadata":{"annotations":{"pod.beta.kubernetes.io/init-containers":"[]","a":"b"}}}}"#,
            r#"{"template":{"metadata":{"annotations":{"a":"b"}}}}"#,
        );
        check(("v1", "Service"), r#"{"spec":5}"#, r#"{"spec":5}"#);
    }
}
