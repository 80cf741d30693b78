//! Decisions of the admission plugin that the vectors do not show: explanations, and older releases.

use crate::pod_security::{Config, Decision, ExistingPods, LevelVersion, PodSecurity, Review};
use tollgate_api::{Attributes, GroupResource, Operation, Release, Value, json};

/// A request for an object in a namespace with these labels.
fn admit_as(
    release: u16,
    resource: (&str, &str),
    labels: &str,
    object: &str,
    old_object: Option<&str>,
) -> Decision {
    let plugin = PodSecurity::new(Config::default(), Release::minor(release));
    let namespace = format!(r#"{{"metadata": {{"name": "shop", "labels": {labels}}}}}"#);
    let namespace = plugin.namespace_policy(&json::from_str(&namespace).unwrap());
    let object = json::from_str(object).unwrap();
    let old_object = old_object.map(|old| json::from_str(old).unwrap());
    let resource = GroupResource::new(resource.0, resource.1);
    let request = Attributes {
        operation: if old_object.is_some() {
            Operation::Update
        } else {
            Operation::Create
        },
        resource: &resource,
        subresource: "",
        namespace: "shop",
        name: "web",
        user: None,
        object: Some(&object),
        old_object: old_object.as_ref(),
        dry_run: false,
    };
    let no_pods: &[Value] = &[];
    plugin.admit(&Review::new(&request, Ok(&namespace)), no_pods)
}

const PODS: (&str, &str) = ("", "pods");

#[test]
fn a_refusal_names_the_label_and_the_fields() {
    let labels = r#"{"pod-security.kubernetes.io/enforce": "baseline"}"#;
    let pod = r#"{"spec": {"hostPID": true, "containers": [{"name": "a", "securityContext": {"privileged": true}}]}}"#;
    let decision = admit_as(36, PODS, labels, pod, None);
    let [host, privileged] = decision.violations.try_into().unwrap();
    assert_eq!(host.control, "hostNamespaces");
    assert_eq!(host.message, "host namespaces (hostPID=true)");
    assert_eq!(
        privileged.help.unwrap(),
        "set spec.containers[0].securityContext.privileged to false"
    );
    let policy = privileged.policy.unwrap();
    assert_eq!((policy.kind, policy.name.as_str()), ("Namespace", "shop"));
    assert_eq!(
        policy.fields[0].to_string(),
        "metadata.labels[pod-security.kubernetes.io/enforce]"
    );
    assert!(
        decision.warned.is_empty(),
        "who is refused needs no warning"
    );
}

#[test]
fn a_template_is_addressed_inside_of_its_workload() {
    let labels = r#"{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "baseline"}"#;
    let job = r#"{"kind": "CronJob", "apiVersion": "batch/v1", "spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostIPC": true}}}}}}"#;
    let decision = admit_as(36, ("batch", "cronjobs"), labels, job, None);
    assert!(decision.is_allowed());
    assert_eq!(
        decision.warnings,
        [r#"would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)"#]
    );
    let [warned] = decision.warned.try_into().unwrap();
    assert_eq!(
        warned.help.unwrap(),
        "set spec.jobTemplate.spec.template.spec.hostIPC to false"
    );
    assert_eq!(
        warned.fields[0].to_string(),
        "spec.jobTemplate.spec.template.spec.hostIPC"
    );
    assert_eq!(
        warned.policy.unwrap().fields[0].to_string(),
        "metadata.labels[pod-security.kubernetes.io/warn]"
    );
}

#[test]
fn a_warning_because_of_enforce_names_the_label_that_enforces() {
    let labels = r#"{"pod-security.kubernetes.io/enforce": "baseline"}"#;
    let deployment = r#"{"spec": {"template": {"spec": {"hostIPC": true}}}}"#;
    let decision = admit_as(36, ("apps", "deployments"), labels, deployment, None);
    let policy = decision.warned[0].policy.as_ref().unwrap();
    assert_eq!(
        policy.fields[0].to_string(),
        "metadata.labels[pod-security.kubernetes.io/enforce]"
    );
    let before = admit_as(25, ("apps", "deployments"), labels, deployment, None);
    assert!(
        before.warnings.is_empty(),
        "up to 1.25, enforce did not raise warn"
    );
}

#[test]
fn other_resources_are_none_of_its_business() {
    let labels = r#"{"pod-security.kubernetes.io/warn": "restricted"}"#;
    let decision = admit_as(36, ("", "services"), labels, r#"{"kind": "Service"}"#, None);
    assert_eq!(decision, Decision::default());
}

#[test]
fn seccomp_annotations_made_updates_significant_up_to_1_26() {
    let labels = r#"{"pod-security.kubernetes.io/enforce": "baseline"}"#;
    let new = r#"{"metadata": {"annotations": {"container.seccomp.security.alpha.kubernetes.io/a": "x"}},
        "spec": {"hostPID": true, "containers": [{"name": "a"}]}}"#;
    let old = r#"{"spec": {"hostPID": true, "containers": [{"name": "a"}]}}"#;
    assert!(!admit_as(26, PODS, labels, new, Some(old)).is_allowed());
    assert!(admit_as(27, PODS, labels, new, Some(old)).is_allowed());
}

#[test]
fn releases_up_to_1_23_say_what_both_levels_object_to() {
    let labels = r#"{"pod-security.kubernetes.io/enforce": "restricted"}"#;
    let pod = r#"{"spec": {"volumes": [{"name": "v", "hostPath": {}}]}}"#;
    let message = |release| {
        admit_as(release, PODS, labels, pod, None)
            .status
            .unwrap()
            .message
    };
    let both = r#"hostPath volumes (volume "v"), restricted volume types (volume "v" uses restricted volume type "hostPath")"#;
    assert!(message(23).ends_with(both), "{}", message(23));
    let one =
        r#"latest": restricted volume types (volume "v" uses restricted volume type "hostPath")"#;
    assert!(message(24).ends_with(one), "{}", message(24));
}

#[test]
fn metrics_and_explanations_can_do_without_each_other() {
    let plugin = PodSecurity::new(
        Config {
            defaults: crate::pod_security::Policy {
                enforce: LevelVersion::parse("baseline").unwrap(),
                ..Default::default()
            },
            ..Config::default()
        },
        Release::NEWEST,
    );
    let namespace = plugin.namespace_policy(&Value::object());
    let pod = json::from_str(r#"{"spec": {"hostPID": true}}"#).unwrap();
    let request = Attributes {
        operation: Operation::Create,
        resource: &GroupResource::new("", "pods"),
        subresource: "",
        namespace: "shop",
        name: "web",
        user: None,
        object: Some(&pod),
        old_object: None,
        dry_run: false,
    };
    let explained = Review::new(&request, Ok(&namespace));
    let bare = Review {
        explain: false,
        ..explained
    };
    let no_pods: &[Value] = &[];
    let decision = plugin.admit(&bare, no_pods);
    assert!(!decision.is_allowed() && decision.violations.is_empty());
    let decision = plugin.admit(&explained, no_pods);
    assert_eq!(
        decision.violations[0].policy, None,
        "no label says so: the configuration does"
    );
}

#[test]
fn time_is_asked_for_behind_each_pod() {
    struct Hurry(Vec<Value>);
    impl ExistingPods for Hurry {
        fn list(&self) -> Result<Vec<&Value>, String> {
            Ok(self.0.iter().collect())
        }
        fn pods_max(&self) -> usize {
            2
        }
        fn is_in_time(&self) -> bool {
            self.0.len() > 3
        }
    }
    let plugin = PodSecurity::new(Config::default(), Release::NEWEST);
    let labels = |level: &str| {
        let text = format!(
            r#"{{"metadata": {{"name": "shop", "labels": {{"pod-security.kubernetes.io/enforce": "{level}"}}}}}}"#
        );
        json::from_str(&text).unwrap()
    };
    let (object, old) = (labels("baseline"), labels("privileged"));
    let request = Attributes {
        operation: Operation::Update,
        resource: &GroupResource::new("", "namespaces"),
        subresource: "",
        namespace: "shop",
        name: "shop",
        user: None,
        object: Some(&object),
        old_object: Some(&old),
        dry_run: false,
    };
    let review = Review::new(&request, Err("not asked for"));
    let pod = json::from_str(r#"{"metadata": {"name": "p"}, "spec": {"hostPID": true}}"#).unwrap();
    let warnings = |count: usize| {
        plugin
            .admit(&review, &Hurry(vec![pod.clone(); count]))
            .warnings
    };
    let partly = "new PodSecurity enforce level only checked against the first";
    assert_eq!(warnings(3)[0], format!("{partly} 1 of 3 existing pods"));
    assert_eq!(warnings(4)[0], format!("{partly} 2 of 4 existing pods"));
    assert_eq!(warnings(4)[2], "p (and 1 other pod): host namespaces");
}
