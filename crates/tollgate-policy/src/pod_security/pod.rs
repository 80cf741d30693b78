//! Requests for pods.

use super::admission::{PodSecurity, Review, Subject};
use super::view::PodView;
use super::workload::is_of_kind;
use super::{Decision, Metric, Mode};
use std::collections::BTreeMap;
use tollgate_api::field::FieldPath;
use tollgate_api::{Operation, Release, Status, Value};

/// Subresources that change nothing of what is judged. Any other is judged, so that one nobody knew yet is safe.
const IGNORED_SUBRESOURCES: [&str; 8] = [
    "attach",
    "binding",
    "eviction",
    "exec",
    "log",
    "portforward",
    "proxy",
    "status",
];

/// Up to this release, the seccomp annotation of a pod was read.
const LAST_RELEASE_WITH_POD_SECCOMP_ANNOTATION: Release = Release::minor(24);
/// Up to this release, the seccomp annotations of containers were read.
const LAST_RELEASE_WITH_CONTAINER_SECCOMP_ANNOTATIONS: Release = Release::minor(26);
const SECCOMP_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// From this release on, the message names the namespace in quotes.
const FIRST_RELEASE_THAT_QUOTES: Release = Release::minor(25);

impl PodSecurity {
    /// Judges a request for a pod.
    pub(super) fn admit_pod(&self, review: &Review<'_>) -> Decision {
        let request = review.request;
        if IGNORED_SUBRESOURCES.contains(&request.subresource) {
            return Decision::allowed();
        }
        if let Some(exemption) = self.exemption(review) {
            return Decision::exempt(exemption);
        }
        let namespace = match review.namespace {
            Ok(namespace) => namespace,
            Err(why) => return self.namespace_not_found(request.namespace, why),
        };
        if namespace.errors.is_empty() && namespace.policy.is_fully_privileged() {
            return Decision {
                audit_annotations: vec![("enforce-policy", "privileged:latest".into())],
                metrics: vec![Metric::Evaluation {
                    allowed: true,
                    policy: namespace.policy.enforce,
                    mode: Mode::Enforce,
                }],
                ..Decision::default()
            };
        }
        let refuse =
            |message: &str, why| Decision::failed(Status::bad_request(message), why).counted();
        if review.object_error.is_some() {
            return refuse("failed to decode object", review.object_error);
        }
        let Some(pod) = request.object.filter(|object| is_of_kind(object, "Pod")) else {
            return refuse("failed to decode pod", None);
        };
        if request.operation == Operation::Update {
            if review.old_object_error.is_some() {
                return refuse("failed to decode old object", review.old_object_error);
            }
            let Some(old) = request
                .old_object
                .filter(|object| is_of_kind(object, "Pod"))
            else {
                return refuse("failed to decode old pod", None);
            };
            if !is_significant_update(pod, old, self.evaluator.release()) {
                return Decision::allowed();
            }
        }
        let subject = Subject {
            pod: PodView::new(pod),
            prefix: FieldPath::default(),
            written_at: review.written_at.cloned().unwrap_or_default(),
            is_enforced: true,
        };
        self.judge(review, namespace, &subject)
    }

    fn namespace_not_found(&self, name: &str, why: &str) -> Decision {
        let message = if self.evaluator.release() < FIRST_RELEASE_THAT_QUOTES {
            format!("failed to lookup namespace {name}")
        } else {
            format!("failed to lookup namespace \"{name}\"")
        };
        Decision::failed(Status::internal(message), Some(why)).counted()
    }
}

/// Whether an update changes what an update can change of what is judged: images and containers.
fn is_significant_update(pod: &Value, old: &Value, release: Release) -> bool {
    let annotation_changed = |key: &str| annotation(pod, key) != annotation(old, key);
    if release <= LAST_RELEASE_WITH_POD_SECCOMP_ANNOTATION
        && annotation_changed("seccomp.security.alpha.kubernetes.io/pod")
    {
        return true;
    }
    let container_changed = |new: &Value, old: &Value| {
        let name = new.str_or_empty("name");
        new.str_or_empty("image") != old.str_or_empty("image")
            || release <= LAST_RELEASE_WITH_CONTAINER_SECCOMP_ANNOTATIONS
                && annotation_changed(&format!("{SECCOMP_ANNOTATION_PREFIX}{name}"))
    };
    for list in ["containers", "initContainers"] {
        let (new, old) = (containers(pod, list), containers(old, list));
        let mut pairs = new.iter().zip(old);
        if new.len() != old.len() || pairs.any(|(new, old)| container_changed(new, old)) {
            return true;
        }
    }
    let mut known = BTreeMap::new();
    for container in containers(old, "ephemeralContainers") {
        known
            .entry(container.str_or_empty("name"))
            .or_insert(container);
    }
    containers(pod, "ephemeralContainers").iter().any(|new| {
        known
            .get(new.str_or_empty("name"))
            .is_none_or(|old| container_changed(new, old))
    })
}

fn annotation<'a>(pod: &'a Value, key: &str) -> &'a str {
    let value = pod.at(&["metadata", "annotations", key]);
    value.and_then(Value::as_str).unwrap_or_default()
}

fn containers<'a>(pod: &'a Value, list: &str) -> &'a [Value] {
    pod.get("spec")
        .map(|spec| spec.items(list))
        .unwrap_or_default()
}
