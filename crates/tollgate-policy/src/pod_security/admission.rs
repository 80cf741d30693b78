//! The Pod Security admission plugin, prepared once for any number of requests.

use super::evaluate::Places;
use super::view::PodView;
use super::{
    Config, Decision, Evaluation, Evaluator, Exemption, ExistingPods, LevelVersion, Metric, Mode,
    NamespacePolicy,
};
use tollgate_api::field::FieldPath;
use tollgate_api::{Attributes, Release, Status, Value, status};

/// One request to judge, with what the plugin would otherwise look up.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    /// What is asked.
    pub request: &'a Attributes<'a>,
    /// The policy of the request's namespace, or why the namespace was not found. Requests for namespaces
    /// themselves do not read it.
    pub namespace: Result<&'a NamespacePolicy, &'a str>,
    /// Why the object could not be decoded, if so.
    pub object_error: Option<&'a str>,
    /// Why the old object could not be decoded, if so.
    pub old_object_error: Option<&'a str>,
    /// Where a person wrote the pod, if it is not the request's object: `spec.template` of the Deployment that it is of.
    /// Remedies name fields as seen from there.
    pub written_at: Option<&'a FieldPath>,
    /// Whether to fill in [`Decision::violations`], [`Decision::warned`] and [`Decision::audited`].
    pub explain: bool,
}

impl<'a> Review<'a> {
    /// A request whose objects are decoded, to be explained.
    pub const fn new(
        request: &'a Attributes<'a>,
        namespace: Result<&'a NamespacePolicy, &'a str>,
    ) -> Self {
        Self {
            request,
            namespace,
            object_error: None,
            old_object_error: None,
            written_at: None,
            explain: true,
        }
    }
}

/// The plugin: a configuration and the words of a release.
#[derive(Debug, Clone)]
pub struct PodSecurity {
    pub(super) config: Config,
    pub(super) evaluator: Evaluator,
}

/// What is judged, and where it stands in the request's object.
pub(super) struct Subject<'a> {
    pub(super) pod: PodView<'a>,
    /// Where the pod stands: nothing for a pod, `spec.template` for a Deployment.
    pub(super) prefix: FieldPath,
    /// Where a person wrote it.
    pub(super) written_at: FieldPath,
    /// Whether the enforced policy applies: to pods, not to what makes pods.
    pub(super) is_enforced: bool,
}

impl PodSecurity {
    /// The plugin as `release` has it.
    pub fn new(config: Config, release: Release) -> Self {
        Self::with_evaluator(config, Evaluator::new(release))
    }

    /// The plugin with an evaluator of its own.
    pub const fn with_evaluator(config: Config, evaluator: Evaluator) -> Self {
        Self { config, evaluator }
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What judges pods.
    pub const fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// The policy of a namespace. It holds as long as the namespace's labels do.
    pub fn namespace_policy(&self, namespace: &Value) -> NamespacePolicy {
        NamespacePolicy::new(namespace, &self.config.defaults, self.evaluator.release())
    }

    /// Judges a request to create or update a namespace, a pod, or something that makes pods.
    ///
    /// `existing_pods` are those of the namespace; they are asked for only if its enforced policy gets stricter.
    pub fn admit<P: ExistingPods + ?Sized>(
        &self,
        review: &Review<'_>,
        existing_pods: &P,
    ) -> Decision {
        let resource = review.request.resource;
        match (resource.group.as_str(), resource.resource.as_str()) {
            ("", "namespaces") => self.admit_namespace(review, existing_pods),
            ("", "pods") => self.admit_pod(review),
            _ => self.admit_workload(review),
        }
    }

    /// Whether namespace or user of a request are exempt.
    pub(super) fn exemption(&self, review: &Review<'_>) -> Option<Exemption> {
        let exemptions = &self.config.exemptions;
        let user = review.request.user.map(|user| user.name.as_str());
        if exemptions.has_namespace(review.request.namespace) {
            Some(Exemption::Namespace)
        } else if exemptions.has_user(user.unwrap_or_default()) {
            Some(Exemption::User)
        } else {
            None
        }
    }

    /// Judges a pod or a template by all three modes of a namespace.
    pub(super) fn judge(
        &self,
        review: &Review<'_>,
        namespace: &NamespacePolicy,
        subject: &Subject<'_>,
    ) -> Decision {
        if self
            .config
            .exemptions
            .has_runtime_class(subject.pod.runtime_class())
        {
            return Decision::exempt(Exemption::RuntimeClass);
        }
        let mut decision = Decision::allowed();
        if !namespace.errors.is_empty() {
            let note = format!(
                "Failed to parse policy: {}",
                status::aggregate(&namespace.errors)
            );
            decision.audit_annotations.push(("error", note.into()));
            decision.metrics.push(Metric::Error { fatal: false });
        }
        let mut judged = Judged {
            evaluator: &self.evaluator,
            subject,
            results: Vec::new(),
        };
        if subject.is_enforced {
            enforce(review, namespace, &mut judged, &mut decision);
        }
        let policy = namespace.policy.audit;
        let audit = judged.by(policy);
        if !audit.is_allowed() {
            let text = with_detail("would violate PodSecurity \"", policy, audit);
            decision
                .audit_annotations
                .push(("audit-violations", text.into()));
            decision.metrics.push(denied(policy, Mode::Audit));
            if review.explain {
                decision.audited = judged.explain(policy, namespace, Mode::Audit);
            }
        }
        // A client that is refused needs no warning.
        if decision.is_allowed() {
            let policy = namespace.policy.warn;
            let warn = judged.by(policy);
            if !warn.is_allowed() {
                let text = with_detail("would violate PodSecurity \"", policy, warn);
                decision.warnings.push(text);
                decision.metrics.push(denied(policy, Mode::Warn));
                if review.explain {
                    decision.warned = judged.explain(policy, namespace, Mode::Warn);
                }
            }
        }
        decision
    }
}

/// Judges by the policy that refuses.
fn enforce(
    review: &Review<'_>,
    namespace: &NamespacePolicy,
    judged: &mut Judged<'_, '_>,
    decision: &mut Decision,
) {
    let policy = namespace.policy.enforce;
    let note = compact_str::format_compact!("{policy}");
    decision.audit_annotations.push(("enforce-policy", note));
    let evaluation = judged.by(policy);
    let allowed = evaluation.is_allowed();
    decision.metrics.push(Metric::Evaluation {
        allowed,
        policy,
        mode: Mode::Enforce,
    });
    if !allowed {
        let why = with_detail("violates PodSecurity \"", policy, evaluation);
        let request = review.request;
        decision.status = Some(Status::forbidden(request.resource, request.name, why));
        if review.explain {
            decision.violations = judged.explain(policy, namespace, Mode::Enforce);
        }
    }
}

/// One subject, evaluated once for each different policy.
struct Judged<'p, 'a> {
    evaluator: &'p Evaluator,
    subject: &'p Subject<'a>,
    results: Vec<(LevelVersion, Evaluation)>,
}

impl Judged<'_, '_> {
    fn by(&mut self, policy: LevelVersion) -> &Evaluation {
        let known = self.results.iter().position(|(known, _)| *known == policy);
        let place = known.unwrap_or_else(|| {
            let evaluation = self.evaluator.evaluate(&self.subject.pod, policy);
            self.results.push((policy, evaluation));
            self.results.len() - 1
        });
        #[expect(
            clippy::indexing_slicing,
            reason = "the place was found or made just above"
        )]
        &self.results[place].1
    }

    fn explain(
        &mut self,
        policy: LevelVersion,
        namespace: &NamespacePolicy,
        mode: Mode,
    ) -> Vec<crate::Violation> {
        let (evaluator, subject) = (self.evaluator, self.subject);
        let evaluation = self.by(policy);
        let mut violations = evaluator.explain(
            &subject.pod,
            policy,
            evaluation,
            &Places {
                judged: &subject.prefix,
                written: &subject.written_at,
            },
        );
        for violation in &mut violations {
            violation.policy = namespace.policy_object(mode);
        }
        violations
    }
}

const fn denied(policy: LevelVersion, mode: Mode) -> Metric {
    Metric::Evaluation {
        allowed: false,
        policy,
        mode,
    }
}

/// `<start><policy>": <detail>`
fn with_detail(start: &str, policy: LevelVersion, evaluation: &Evaluation) -> String {
    let mut text = String::with_capacity(start.len() + evaluation.bytes() + 40);
    text.push_str(start);
    text.push_str(&compact_str::format_compact!("{policy}"));
    text.push_str("\": ");
    evaluation.push_detail(&mut text);
    text
}
