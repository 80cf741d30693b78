//! Requests for namespaces: their labels must be good, and whoever makes one stricter learns which pods would break it.

use super::admission::{PodSecurity, Review};
use super::view::PodView;
use super::workload::is_of_kind;
use super::{Decision, Level, LevelVersion, Mode, NamespacePolicy};
use crate::violation::Violation;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::field::FieldPath;
use tollgate_api::{Operation, Release, Status, Value};

/// How many pods are looked at when a namespace gets stricter: upstream's limit.
pub const EXISTING_PODS_MAX: usize = 3_000;

/// What violations of requests for namespaces have as their control: there is nothing to look up in a table.
pub const NAMESPACE: &str = "namespace";

/// From this release on, labels that do nothing because the namespace is exempt are warned of.
const FIRST_RELEASE_THAT_WARNS_OF_EXEMPTION: Release = Release::minor(25);
/// Up to this release, that warning names modes that no label sets.
const LAST_RELEASE_THAT_NAMES_EVERY_MODE: Release = Release::minor(25);

/// The pods of a namespace, and how many of them to look at.
pub trait ExistingPods {
    /// The pods in the order of the server's lister, or why they could not be listed.
    fn list(&self) -> Result<Vec<&Value>, String>;

    /// How many pods to look at.
    fn pods_max(&self) -> usize {
        EXISTING_PODS_MAX
    }

    /// Whether to go on: asked behind each pod. Upstream stops after a second or half of the request's time.
    fn is_in_time(&self) -> bool {
        true
    }
}

impl ExistingPods for [Value] {
    fn list(&self) -> Result<Vec<&Value>, String> {
        Ok(self.iter().collect())
    }
}

impl ExistingPods for [&Value] {
    fn list(&self) -> Result<Vec<&Value>, String> {
        Ok(self.to_vec())
    }
}

impl PodSecurity {
    /// Judges a request for a namespace.
    pub(super) fn admit_namespace<P: ExistingPods + ?Sized>(
        &self,
        review: &Review<'_>,
        existing_pods: &P,
    ) -> Decision {
        let request = review.request;
        if !request.subresource.is_empty() {
            return Decision::allowed();
        }
        let refuse = |message: &str, why| Decision::failed(Status::bad_request(message), why);
        if review.object_error.is_some() {
            return refuse("failed to decode object", review.object_error);
        }
        let of_right_kind = |object: &&Value| is_of_kind(object, "Namespace");
        let Some(object) = request.object.filter(of_right_kind) else {
            return match request.operation {
                Operation::Delete => Decision::allowed(),
                _ => refuse("failed to decode namespace", None),
            };
        };
        let namespace = self.namespace_policy(object);
        match request.operation {
            Operation::Create => {
                if namespace.errors.is_empty() {
                    self.warn_of_exemption(request.namespace, &namespace)
                } else {
                    invalid(request.name, &namespace)
                }
            }
            Operation::Update => {
                if review.old_object_error.is_some() {
                    return refuse("failed to decode  old object", review.old_object_error);
                }
                let Some(old) = request.old_object.filter(of_right_kind) else {
                    return refuse("failed to decode  old namespace", None);
                };
                let old = self.namespace_policy(old);
                // Bad labels may stay, so that somebody can repair the rest.
                if !namespace.errors.is_empty() && namespace.errors != old.errors {
                    return invalid(request.name, &namespace);
                }
                if !is_stricter(namespace.policy.enforce, old.policy.enforce) {
                    return Decision::allowed();
                }
                if self.config.exemptions.has_namespace(request.namespace) {
                    return self.warn_of_exemption(request.namespace, &namespace);
                }
                let warnings =
                    self.judge_existing(&namespace.name, namespace.policy.enforce, existing_pods);
                warned_of(warnings, &namespace, &[Mode::Enforce])
            }
            Operation::Delete | Operation::Connect => Decision::allowed(),
        }
    }

    fn warn_of_exemption(&self, request_namespace: &str, namespace: &NamespacePolicy) -> Decision {
        let policy = &namespace.policy;
        let release = self.evaluator.release();
        if !self.config.exemptions.has_namespace(request_namespace)
            || policy.is_fully_privileged()
            || policy.is_equivalent(&self.config.defaults)
            || release < FIRST_RELEASE_THAT_WARNS_OF_EXEMPTION
        {
            return Decision::allowed();
        }
        let modes: Vec<Mode> = [Mode::Enforce, Mode::Audit, Mode::Warn]
            .into_iter()
            .filter(|mode| policy.of(*mode).level != Level::Privileged)
            .filter(|mode| {
                release <= LAST_RELEASE_THAT_NAMES_EVERY_MODE || namespace.is_labelled(*mode)
            })
            .collect();
        let named: Vec<String> = modes
            .iter()
            .map(|mode| format!("{}={}", mode.as_str(), policy.of(*mode)))
            .collect();
        let warning = format!(
            "namespace \"{}\" is exempt from Pod Security, and the policy ({}) will be ignored",
            namespace.name,
            named.join(", ")
        );
        warned_of(vec![warning], namespace, &modes)
    }

    /// What existing pods would break, pods with the same reasons together.
    fn judge_existing<P: ExistingPods + ?Sized>(
        &self,
        namespace: &str,
        policy: LevelVersion,
        existing_pods: &P,
    ) -> Vec<String> {
        let Ok(pods) = existing_pods.list() else {
            return vec![
                "failed to list pods while checking new PodSecurity enforce level".to_owned(),
            ];
        };
        let pods = self.prioritize(pods);
        let total = pods.len();
        let mut checked = 0;
        let mut groups: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        for pod in pods.iter().take(existing_pods.pods_max()) {
            let view = PodView::new(pod);
            let evaluation = self.evaluator.evaluate(&view, policy);
            if !evaluation.is_allowed() {
                let (first, count) = groups
                    .entry(evaluation.reason())
                    .or_insert_with(|| (view.name(), 0));
                *first = view.name().min(first);
                *count += 1;
            }
            checked += 1;
            if !existing_pods.is_in_time() {
                break;
            }
        }
        let mut warnings = Vec::new();
        if checked < total {
            warnings.push(format!("new PodSecurity enforce level only checked against the first {checked} of {total} existing pods"));
        }
        if !groups.is_empty() {
            warnings.push(format!("existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{policy}\""));
        }
        let mut lines: Vec<String> = groups
            .into_iter()
            .map(|(reasons, (name, count))| match count {
                1 => format!("{name}: {reasons}"),
                2 => format!("{name} (and 1 other pod): {reasons}"),
                _ => format!("{name} (and {} other pods): {reasons}", count - 1),
            })
            .collect();
        lines.sort_unstable();
        warnings.append(&mut lines);
        warnings
    }

    /// Leaves out pods of exempt runtime classes and puts all but the first pod of each controller last: pods of one
    /// controller are alike, and the number of those looked at is limited.
    fn prioritize<'a>(&self, pods: Vec<&'a Value>) -> Vec<&'a Value> {
        let mut seen = BTreeSet::new();
        let mut prioritized = Vec::with_capacity(pods.len());
        let mut others = Vec::new();
        for pod in pods {
            let spec = pod.get("spec");
            let runtime_class = spec.map(|spec| spec.str_or_empty("runtimeClassName"));
            if self
                .config
                .exemptions
                .has_runtime_class(runtime_class.unwrap_or_default())
            {
                continue;
            }
            match controller_uid(pod) {
                Some(uid) if !seen.insert(uid) => others.push(pod),
                _ => prioritized.push(pod),
            }
        }
        prioritized.append(&mut others);
        prioritized
    }
}

/// The uid of the controller that made a pod.
fn controller_uid(pod: &Value) -> Option<&str> {
    pod.get("metadata")?
        .items("ownerReferences")
        .iter()
        .find(|owner| owner.bool("controller") == Some(true))
        .map(|owner| owner.str_or_empty("uid"))
}

/// Whether pods that kept to the old policy can break the new one.
fn is_stricter(new: LevelVersion, old: LevelVersion) -> bool {
    new != old
        && new.level != Level::Privileged
        && (new.version != old.version || new.level > old.level)
}

/// Allowed, with warnings because of what the labels of `modes` say.
fn warned_of(warnings: Vec<String>, namespace: &NamespacePolicy, modes: &[Mode]) -> Decision {
    let labels = modes
        .iter()
        .filter_map(|mode| namespace.policy_object(*mode));
    let warned = warnings.first().map(|first| Violation {
        control: NAMESPACE,
        message: first.clone(),
        fields: labels.flat_map(|labels| labels.fields).collect(),
        ..Violation::default()
    });
    Decision {
        warnings,
        warned: warned.into_iter().collect(),
        ..Decision::default()
    }
}

fn invalid(name: &str, namespace: &NamespacePolicy) -> Decision {
    let violations = namespace.errors.iter().map(|error| Violation {
        control: NAMESPACE,
        message: error.body(),
        fields: vec![FieldPath::parse(&error.field)],
        ..Violation::default()
    });
    Decision {
        status: Some(Status::invalid("", "Namespace", name, &namespace.errors)),
        violations: violations.collect(),
        ..Decision::default()
    }
}
