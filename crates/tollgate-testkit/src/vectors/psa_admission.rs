//! `psa-admission.jsonl`: the whole Pod Security admission.

use super::{Outcome, compare};
use tollgate_api::status::Cause;
use tollgate_api::{Attributes, GroupResource, Operation, Release, Status, UserInfo, Value};
use tollgate_policy::pod_security::{
    Config, Decision, ExistingPods, Metric, NamespacePolicy, PodSecurity, Review,
};

/// The release whose library answered.
const ANSWERED_BY: Release = Release::minor(36);

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let expected = case.get("output").cloned().unwrap_or_default();
    let got = match Config::from_value(&configuration(case)) {
        Ok(config) => print(&admit(&PodSecurity::new(config, ANSWERED_BY), case)),
        Err(error) => Value::from(error.to_string()),
    };
    compare(&expected, &got)
}

fn configuration(case: &Value) -> Value {
    let mut configuration = case.get("config").cloned().unwrap_or_default();
    configuration.set("apiVersion", "pod-security.admission.config.k8s.io/v1");
    configuration.set("kind", "PodSecurityConfiguration");
    configuration
}

fn admit(plugin: &PodSecurity, case: &Value) -> Decision {
    let resource = GroupResource::new(case.str_or_empty("group"), case.str_or_empty("resource"));
    let user = UserInfo {
        name: case.str_or_empty("user").into(),
        ..UserInfo::default()
    };
    let is_workload = !matches!(case.str_or_empty("kind"), "Pod" | "Namespace");
    let [object, old_object] = ["object", "oldObject"].map(|key| {
        let object = case.get(key)?;
        Some(if is_workload {
            object.clone()
        } else {
            with_kind(object)
        })
    });
    let request = Attributes {
        operation: Operation::parse(case.str_or_empty("operation")).unwrap_or(Operation::Create),
        resource: &resource,
        subresource: case.str_or_empty("subresource"),
        namespace: case.str_or_empty("namespace"),
        name: case.str_or_empty("name"),
        user: Some(&user),
        object: object.as_ref(),
        old_object: old_object.as_ref(),
        dry_run: false,
    };
    let policy = namespace_policy(plugin, case);
    let review = Review {
        object_error: case.str("objectError"),
        old_object_error: case.str("oldObjectError"),
        ..Review::new(&request, policy.as_ref().map_err(String::as_str))
    };
    plugin.admit(&review, &Pods::of(case))
}

/// Pods and namespaces are recorded as Go wrote them, without their kind. Where a case hands in one for the other, the
/// fields tell: Go writes `containers` for every pod, and a namespace has nothing but `finalizers`.
fn with_kind(object: &Value) -> Value {
    let mut object = object.clone();
    if object.get("kind").is_none()
        && let Some(spec) = object.get("spec").and_then(Value::as_object)
    {
        if spec.keys().any(|key| key == "containers") {
            object.set("kind", "Pod");
        } else if spec.keys().all(|key| key == "finalizers") {
            object.set("kind", "Namespace");
        }
    }
    object
}

fn namespace_policy(plugin: &PodSecurity, case: &Value) -> Result<NamespacePolicy, String> {
    let name = case.str_or_empty("namespace");
    if case.bool("namespaceExists") == Some(false) {
        return Err(format!("namespaces \"{name}\" not found"));
    }
    let mut namespace = Value::object();
    let metadata = namespace.child_mut("metadata");
    metadata.set("name", name);
    metadata.set("labels", case.get("namespaceLabels").cloned());
    Ok(plugin.namespace_policy(&namespace))
}

struct Pods {
    pods: Result<Vec<Value>, String>,
    is_in_time: bool,
}

impl Pods {
    fn of(case: &Value) -> Self {
        let mut pods = case.items("existingPods").to_vec();
        if let Some(repeat) = case.get("existingPodsRepeat") {
            let first = repeat.int("firstNumber").unwrap_or_default();
            for number in first..first + repeat.int("count").unwrap_or_default() {
                let mut pod = repeat.get("pod").cloned().unwrap_or_default();
                let name = numbered(repeat.str_or_empty("nameFormat"), number);
                pod.child_mut("metadata").set("name", name);
                pods.push(pod);
            }
        }
        Self {
            pods: match case.str("podListError") {
                Some(error) => Err(error.to_owned()),
                None => Ok(pods),
            },
            is_in_time: case.bool("contextExpired") != Some(true),
        }
    }
}

/// A name from Go's `rep-%05d`.
fn numbered(format: &str, number: i64) -> String {
    let Some((start, rest)) = format.split_once('%') else {
        return format.to_owned();
    };
    let (width, end) = rest.split_once('d').unwrap_or((rest, ""));
    let width: usize = width.parse().unwrap_or_default();
    format!("{start}{number:0width$}{end}")
}

impl ExistingPods for Pods {
    fn list(&self) -> Result<Vec<&Value>, String> {
        self.pods
            .as_ref()
            .map(|pods| pods.iter().collect())
            .map_err(Clone::clone)
    }

    fn is_in_time(&self) -> bool {
        self.is_in_time
    }
}

/// A decision as it is recorded.
fn print(decision: &Decision) -> Value {
    let mut output = Value::object();
    output.set("allowed", decision.is_allowed());
    output.set("warnings", decision.warnings.clone());
    let annotations: Value = decision.audit_annotations.iter().cloned().collect();
    output.set("auditAnnotations", annotations);
    let metrics: Vec<String> = decision.metrics.iter().map(print_metric).collect();
    output.set("metrics", metrics);
    if let Some(status) = &decision.status {
        output.set("status", print_status(status));
    }
    output
}

fn print_metric(metric: &Metric) -> String {
    match metric {
        Metric::Evaluation {
            allowed,
            policy,
            mode,
        } => {
            let decision = if *allowed { "allow" } else { "deny" };
            format!(
                "evaluation decision={decision} policy={policy} mode={}",
                mode.as_str()
            )
        }
        Metric::Exemption => "exemption".to_owned(),
        Metric::Error { fatal } => format!("error fatal={fatal}"),
    }
}

fn print_status(status: &Status) -> Value {
    let mut printed = Value::object();
    printed.set("status", "Failure");
    printed.set("code", i64::from(status.code));
    printed.set("reason", status.reason.as_str());
    printed.set("message", status.message.as_str());
    if let Some(details) = &status.details {
        let mut shown = Value::object();
        for (key, text) in [
            ("name", &details.name),
            ("group", &details.group),
            ("kind", &details.kind),
        ] {
            if !text.is_empty() {
                shown.set(key, text.as_str());
            }
        }
        if !details.causes.is_empty() {
            shown.set(
                "causes",
                details.causes.iter().map(print_cause).collect::<Vec<_>>(),
            );
        }
        printed.set("details", shown);
    }
    printed
}

fn print_cause(cause: &Cause) -> Value {
    [
        ("reason", &cause.reason),
        ("message", &cause.message),
        ("field", &cause.field),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(key, text)| (key, text.as_str()))
    .collect()
}
