//! Policies and webhooks as requests meet them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod webhook;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use in_process::api;
use std::sync::Arc;
use tollgate_api::{UserInfo, Value, json};
use tollgate_apiserver::audit::{Auditor, Format, Mode, NO_TRAIL, Policy, Received, Trail, queue};
use tollgate_apiserver::verbs::options::WriteOptions;
use tollgate_apiserver::verbs::{Api, Call, Warnings, create};
use tollgate_policy::rbac::Access;

/// Creates an object: the code of the answer, what it says, and the warnings.
async fn create_in(
    api: &Api,
    (group, plural): (&str, &str),
    object: &str,
    dry_run: bool,
) -> (u16, String, Vec<String>) {
    create_telling(api, (group, plural), object, dry_run, &NO_TRAIL).await
}

async fn create_telling(
    api: &Api,
    (group, plural): (&str, &str),
    object: &str,
    dry_run: bool,
    trail: &Trail,
) -> (u16, String, Vec<String>) {
    let catalog = api.catalog.load();
    let resource = catalog.resource(group, "v1", plural).unwrap();
    let user = UserInfo::default();
    let warnings = Warnings::default();
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { "a" } else { "" },
        name: "",
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail,
        now: api.environment.now(),
    };
    let mut object = json::from_str(object).unwrap();
    object.set("apiVersion", resource.kind.api_version());
    object.set("kind", resource.kind.kind.clone());
    tollgate_objects::defaults::set_defaults(&resource.kind, &mut object);
    let mut options = WriteOptions::default();
    if dry_run {
        options.dry_run = vec!["All".to_owned()];
    }
    let answer = create(&call, object, &options).await;
    match answer {
        Ok(answer) => (200, format!("{answer:?}"), warnings.take()),
        Err(status) => (status.code, status.message, warnings.take()),
    }
}

async fn config_map(api: &Api, object: &str) -> (u16, String, Vec<String>) {
    create_in(api, ("", "configmaps"), object, false).await
}

async fn put(api: &Api, plural: &str, object: &str) {
    let group = if matches!(plural, "namespaces" | "configmaps" | "services") {
        ""
    } else {
        "admissionregistration.k8s.io"
    };
    let (code, message, _) = create_in(api, (group, plural), object, false).await;
    assert_eq!(code, 200, "{message}");
}

const RULES: &str = r#"[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}]"#;

async fn policy(api: &Api, name: &str, spec: &str, binding: &str) {
    let policy = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"matchConstraints":{{"resourceRules":{RULES}}},{spec}}}}}"#
    );
    put(api, "validatingadmissionpolicies", &policy).await;
    let binding = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"policyName":"{name}","validationActions":["Deny"]{binding}}}}}"#
    );
    put(api, "validatingadmissionpolicybindings", &binding).await;
}

#[tokio::test]
async fn a_policy_judges_by_its_parameters() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    put(
        &api,
        "configmaps",
        r#"{"metadata":{"name":"limits"},"data":{"max":"2"}}"#,
    )
    .await;
    policy(
        &api,
        "p",
        r#""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
           "matchConditions":[{"name":"c","expression":"object.metadata.name != 'free'"}],
           "validations":[{"expression":"size(object.data) <= int(params.data.max)","message":"too many"}]"#,
        r#","paramRef":{"name":"limits","parameterNotFoundAction":"Deny"}"#,
    )
    .await;
    let three = |name: &str| {
        format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"a":"1","b":"2","c":"3"}}}}"#)
    };
    let (code, message, _) = config_map(&api, &three("x")).await;
    assert_eq!(
        (code, message.as_str()),
        (
            422,
            "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: too many"
        )
    );
    assert_eq!(config_map(&api, &three("free")).await.0, 200);
    let two = r#"{"metadata":{"name":"y"},"data":{"a":"1"}}"#;
    assert_eq!(config_map(&api, two).await.0, 200);
    // What cannot be evaluated refuses, too.
    let (code, message, _) = config_map(&api, r#"{"metadata":{"name":"z"}}"#).await;
    assert_eq!(code, 422);
    assert!(
        message.ends_with("denied request: expression 'size(object.data) <= int(params.data.max)' resulted in error: no such key: data"),
        "{message}"
    );
}

#[tokio::test]
async fn parameters_that_are_missing_and_errors_that_are_ignored() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let ignores =
        r#""failurePolicy":"Ignore","validations":[{"expression":"object.data.x == ''"}]"#;
    policy(&api, "ignores", ignores, "").await;
    let object = r#"{"metadata":{"name":"x"}}"#;
    assert_eq!(config_map(&api, object).await.0, 200);
    policy(
        &api,
        "missing",
        r#""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"validations":[{"expression":"true"}]"#,
        r#","paramRef":{"name":"none","parameterNotFoundAction":"Deny"}"#,
    )
    .await;
    let (code, message, _) = config_map(&api, r#"{"metadata":{"name":"y"}}"#).await;
    assert_eq!(code, 422);
    assert!(
        message.ends_with("denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"),
        "{message}"
    );
}

/// A webhook that gives every question the same response.
async fn webhook(response: &'static str) -> String {
    webhook::webhook(move |question| {
        let uid = question.at(&["request", "uid"]).unwrap().as_str().unwrap();
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{uid}",{response}}}}}"#
        )
    })
    .await
}

async fn configure(api: &Api, plural: &str, client: &str, more: &str) {
    let configuration = format!(
        r#"{{"metadata":{{"name":"w"}},"webhooks":[{{"name":"w.example.com","admissionReviewVersions":["v1"],
            "rules":{RULES},"clientConfig":{client},"sideEffects":"None"{more}}}]}}"#
    );
    put(api, plural, &configuration).await;
}

#[tokio::test]
async fn webhooks_change_and_refuse() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let patch = STANDARD.encode(r#"[{"op":"add","path":"/data","value":{"made":"here"}}]"#);
    let response =
        format!(r#""allowed":true,"warnings":["old"],"patchType":"JSONPatch","patch":"{patch}""#);
    let client = webhook(response.leak()).await;
    configure(&api, "mutatingwebhookconfigurations", &client, "").await;
    let (code, object, warnings) = config_map(&api, r#"{"metadata":{"name":"x"}}"#).await;
    assert_eq!((code, warnings), (200, vec!["old".to_owned()]), "{object}");
    assert!(object.contains("here"), "{object}");

    let refusal =
        r#""allowed":false,"status":{"code":403,"reason":"Forbidden","message":"not today"}"#;
    let client = webhook(refusal).await;
    configure(&api, "validatingwebhookconfigurations", &client, "").await;
    let (code, message, _) = config_map(&api, r#"{"metadata":{"name":"y"}}"#).await;
    assert_eq!(
        (code, message.as_str()),
        (
            403,
            "admission webhook \"w.example.com\" denied the request: not today"
        )
    );
}

#[tokio::test]
async fn a_webhook_that_is_not_there_refuses_unless_it_may_fail() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let service = r#"{"service":{"namespace":"a","name":"s","path":"/p"}}"#;
    let may_fail = r#","failurePolicy":"Ignore""#;
    configure(&api, "mutatingwebhookconfigurations", service, may_fail).await;
    assert_eq!(
        config_map(&api, r#"{"metadata":{"name":"x"}}"#).await.0,
        200
    );
    let unsafe_hook = r#","matchConditions":[{"name":"c","expression":"!request.dryRun"}]"#;
    configure(
        &api,
        "validatingwebhookconfigurations",
        service,
        unsafe_hook,
    )
    .await;
    let (code, message, _) = config_map(&api, r#"{"metadata":{"name":"y"}}"#).await;
    assert_eq!(
        (code, message.as_str()),
        (
            500,
            "Internal error occurred: failed calling webhook \"w.example.com\": failed to call webhook: Post \"https://s.a.svc:443/p?timeout=10s\": service \"s\" not found"
        )
    );
    let dry = create_in(
        &api,
        ("", "configmaps"),
        r#"{"metadata":{"name":"z"}}"#,
        true,
    )
    .await;
    assert_eq!(dry.0, 200, "{}", dry.1);
}

/// The annotations that the audit log has of creating a config map.
async fn annotations(api: &Api, level: &str, object: &str) -> Value {
    let policy = format!(
        r#"{{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{{"level":"{level}"}}]}}"#
    );
    let policy = Policy::from_value(&json::from_str(&policy).unwrap(), &[]).unwrap();
    let (queue, mut lines) = queue(Mode::Blocking);
    let environment = Arc::clone(&api.environment);
    let auditor = Arc::new(Auditor::new(policy, queue, Format::Json, environment));
    let access = Access::NonResource {
        verb: "post",
        path: "/",
    };
    let trail = Trail::begin(Some(&auditor), &access, "", Received::default, None);
    let closing = trail.closing();
    create_telling(api, ("", "configmaps"), object, false, &trail).await;
    closing.close().await;
    let line = lines.try_next().unwrap();
    let event = json::from_slice(line.text.trim_ascii_end()).unwrap();
    event.get("annotations").cloned().unwrap_or_default()
}

#[tokio::test]
async fn what_webhooks_do_and_note_is_told() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let patch = STANDARD.encode(r#"[{"op":"add","path":"/data","value":{"k":"v"}}]"#);
    let response = format!(
        r#""allowed":true,"patchType":"JSONPatch","patch":"{patch}","auditAnnotations":{{"why":"because"}}"#
    );
    let client = webhook(Box::leak(response.into_boxed_str())).await;
    configure(&api, "mutatingwebhookconfigurations", &client, "").await;
    let nowhere = r#"{"url":"https://127.0.0.1:1/"}"#;
    let ignored = r#","failurePolicy":"Ignore""#;
    configure(&api, "validatingwebhookconfigurations", nowhere, ignored).await;
    let told = annotations(&api, "Metadata", r#"{"metadata":{"name":"x"}}"#).await;
    assert_eq!(
        told.to_string(),
        r#"{"failed-open.validating.webhook.admission.k8s.io/round_0_index_0":"w.example.com","mutation.webhook.admission.k8s.io/round_0_index_0":"{\"configuration\":\"w\",\"webhook\":\"w.example.com\",\"mutated\":true}","w.example.com/why":"because"}"#
    );
    let told = annotations(&api, "Request", r#"{"metadata":{"name":"y"}}"#).await;
    assert_eq!(
        told.str("patch.webhook.admission.k8s.io/round_0_index_0"),
        Some(
            r#"{"configuration":"w","webhook":"w.example.com","patch":[{"op":"add","path":"/data","value":{"k":"v"}}],"patchType":"JSONPatch"}"#
        )
    );
}

#[tokio::test]
async fn a_webhook_sees_the_version_that_it_asked_for() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let client = webhook::webhook(|question| {
        let request = question.get("request").unwrap();
        let text = |path: &[&str]| request.at(path).and_then(|found| found.as_str()).unwrap();
        assert_eq!(text(&["kind", "version"]), "v2");
        assert_eq!(text(&["requestKind", "version"]), "v1");
        assert_eq!(text(&["object", "apiVersion"]), "autoscaling/v2");
        assert!(request.at(&["object", "spec", "metrics"]).is_some(), "{request}");
        let patch = STANDARD.encode(
            r#"[{"op":"replace","path":"/spec/metrics/0/resource/target/averageUtilization","value":70}]"#,
        );
        let uid = request.str_or_empty("uid");
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{uid}","allowed":true,"patchType":"JSONPatch","patch":"{patch}"}}}}"#
        )
    })
    .await;
    let configuration = format!(
        r#"{{"metadata":{{"name":"w"}},"webhooks":[{{"name":"w.example.com","admissionReviewVersions":["v1"],"sideEffects":"None",
            "rules":[{{"apiGroups":["autoscaling"],"apiVersions":["v2"],"operations":["CREATE"],"resources":["horizontalpodautoscalers"]}}],
            "clientConfig":{client}}}]}}"#
    );
    put(&api, "mutatingwebhookconfigurations", &configuration).await;
    let autoscaler = r#"{"metadata":{"name":"x"},"spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":50,
        "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}}"#;
    let kind = ("autoscaling", "horizontalpodautoscalers");
    let (code, made, _) = create_in(&api, kind, autoscaler, false).await;
    assert_eq!(code, 200, "{made}");
    let key = "autoscaling/horizontalpodautoscalers/a/x";
    let stored = api.store.snapshot().get(key).unwrap().value.clone();
    let stored = json::from_slice(&stored).unwrap();
    let metric = &stored.get("spec").unwrap().items("metrics")[0];
    let target = metric.at(&["resource", "target", "averageUtilization"]);
    assert_eq!(target.and_then(Value::as_i64), Some(70), "{stored}");
}

#[tokio::test]
async fn a_policy_sees_the_version_that_it_names() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let about = r#"[{"apiGroups":["autoscaling"],"apiVersions":["v2"],"operations":["CREATE"],"resources":["horizontalpodautoscalers"]}]"#;
    let judges = format!(
        r#"{{"metadata":{{"name":"p"}},"spec":{{"matchConstraints":{{"resourceRules":{about}}},
            "validations":[{{"expression":"object.spec.metrics[0].resource.target.averageUtilization < 60 && request.kind.version == 'v2' && request.requestKind.version == 'v1'"}}]}}}}"#
    );
    put(&api, "validatingadmissionpolicies", &judges).await;
    let binding =
        r#"{"metadata":{"name":"p"},"spec":{"policyName":"p","validationActions":["Deny"]}}"#;
    put(&api, "validatingadmissionpolicybindings", binding).await;
    let changes = format!(
        r#"{{"metadata":{{"name":"p"}},"spec":{{"reinvocationPolicy":"Never","matchConstraints":{{"resourceRules":{about}}},
            "mutations":[{{"patchType":"ApplyConfiguration","applyConfiguration":{{"expression":"Object{{spec: Object.spec{{minReplicas: object.spec.metrics.size() + 1}}}}"}}}}]}}}}"#
    );
    put(&api, "mutatingadmissionpolicies", &changes).await;
    let binding = r#"{"metadata":{"name":"p"},"spec":{"policyName":"p"}}"#;
    put(&api, "mutatingadmissionpolicybindings", binding).await;
    let autoscaler = |name: &str, percent: u8| {
        format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"maxReplicas":3,"targetCPUUtilizationPercentage":{percent},
            "scaleTargetRef":{{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}}}}}"#
        )
    };
    let kind = ("autoscaling", "horizontalpodautoscalers");
    let (code, made, _) = create_in(&api, kind, &autoscaler("x", 50), false).await;
    assert_eq!(code, 200, "{made}");
    let key = "autoscaling/horizontalpodautoscalers/a/x";
    let stored = api.store.snapshot().get(key).unwrap().value.clone();
    let stored = json::from_slice(&stored).unwrap();
    assert_eq!(
        stored.get("spec").unwrap().int("minReplicas"),
        Some(2),
        "{stored}"
    );
    let (code, refused, _) = create_in(&api, kind, &autoscaler("y", 90), false).await;
    assert_eq!(code, 422, "{refused}");
}

#[tokio::test]
async fn what_is_accepted_and_doubtful_is_warned_of() {
    let api = api();
    put(&api, "namespaces", r#"{"metadata":{"name":"a"}}"#).await;
    let deployment = r#"{"metadata":{"name":"a.b"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"},
        "annotations":{"container.apparmor.security.beta.kubernetes.io/c":"unconfined"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#;
    let kind = ("apps", "deployments");
    let (code, made, warnings) = create_in(&api, kind, deployment, false).await;
    assert_eq!(code, 200, "{made}");
    assert_eq!(
        warnings,
        [
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
            "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
        ]
    );
    // What is refused is not warned of.
    let unnamed = deployment.replace("a.b", "A.b");
    let (code, _, warnings) = create_in(&api, kind, &unnamed, false).await;
    assert_eq!((code, warnings), (422, Vec::new()));
}
