//! Admission: which policy a pod falls under, and what becomes of the pod.

use super::authorizer::Authorizer;
use super::collected::only_collector_fields_change;
use super::refusal::{Refusal, refuse};
use super::types::{PodSecurityPolicy, UnusablePolicy};
use super::wording::{Phase, Wording};
use tollgate_api::{Attributes, Operation, UserInfo, Value};

/// The annotation that names the policy under which a pod was admitted.
pub const VALIDATED_ANNOTATION: &str = "kubernetes.io/psp";

/// The groups in which the right to use a policy counts: the policy's own and the one it once was in.
const GROUPS: [&str; 2] = ["policy", "extensions"];

/// What a decision needs besides the request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who may use which policy.
    pub authorizer: &'a dyn Authorizer,
    /// How a refusal reads.
    pub wording: Wording,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("wording", &self.wording)
            .finish_non_exhaustive()
    }
}

/// A pod that a policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted<'p> {
    /// The policy's name.
    pub policy: &'p str,
    /// The key of the audit annotation; its value is the policy's name.
    pub audit_key: &'static str,
}

/// The policies of a cluster.
#[derive(Debug, Clone, Default)]
pub struct PodSecurityPolicies {
    /// By name.
    policies: Vec<PodSecurityPolicy>,
    unusable: Vec<UnusablePolicy>,
}

/// Which policy allows a pod.
enum Choice<'s> {
    /// As it is.
    AsItIs(&'s PodSecurityPolicy),
    /// With what the policy fills in.
    Filled(&'s PodSecurityPolicy, Value),
    /// None does.
    Refused,
}

impl PodSecurityPolicies {
    /// Reads policy objects, in any order.
    pub fn from_objects<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut all = Self::default();
        for object in objects {
            match PodSecurityPolicy::from_object(object) {
                Ok(policy) => all.policies.push(policy),
                Err(unusable) => all.unusable.push(unusable),
            }
        }
        all.policies.sort_by(|a, b| a.name().cmp(b.name()));
        all
    }

    /// The usable policies, by name.
    pub fn policies(&self) -> &[PodSecurityPolicy] {
        &self.policies
    }

    /// The policies that cannot be used, and why.
    pub fn unusable(&self) -> &[UnusablePolicy] {
        &self.unusable
    }

    /// The mutating step, on creation only: chooses a policy, fills in what it defaults and notes its name in the
    /// pod. A policy under which the pod may stay as it is goes before one that must fill something in; among
    /// equals the name decides. None if the plugin has no business with the request.
    pub fn admit(
        &self,
        attributes: &Attributes<'_>,
        pod: &mut Value,
        context: &Context<'_>,
    ) -> Result<Option<Admitted<'_>>, Box<Refusal>> {
        if attributes.operation != Operation::Create || is_ignored(attributes, pod) {
            return Ok(None);
        }
        let request = Request::new(attributes, pod, context, Phase::Admit);
        let policy = match self.choose(&request) {
            Choice::AsItIs(policy) => policy,
            Choice::Filled(policy, filled) => {
                *pod = filled;
                policy
            }
            Choice::Refused => return Err(Box::new(refuse(&self.policies, &request))),
        };
        let metadata = pod.child_mut("metadata");
        metadata
            .child_mut("annotations")
            .set(VALIDATED_ANNOTATION, policy.name());
        Ok(Some(Admitted {
            policy: policy.name(),
            audit_key: "podsecuritypolicy.policy.k8s.io/admit-policy",
        }))
    }

    /// The validating step, on creation and update: some policy must allow the pod as it is. The one noted in the
    /// pod is asked first. None if the plugin has no business with the request.
    pub fn validate(
        &self,
        attributes: &Attributes<'_>,
        context: &Context<'_>,
    ) -> Result<Option<Admitted<'_>>, Box<Refusal>> {
        let Some(pod) = attributes.object else {
            return Ok(None);
        };
        if is_ignored(attributes, pod) {
            return Ok(None);
        }
        let request = Request::new(attributes, pod, context, Phase::Validate);
        match self.choose(&request) {
            Choice::AsItIs(policy) | Choice::Filled(policy, _) => Ok(Some(Admitted {
                policy: policy.name(),
                audit_key: "podsecuritypolicy.policy.k8s.io/validate-policy",
            })),
            Choice::Refused => Err(Box::new(refuse(&self.policies, &request))),
        }
    }

    fn choose(&self, request: &Request<'_>) -> Choice<'_> {
        let may_fill = request.phase == Phase::Admit;
        let hint = match request.phase {
            Phase::Admit => None,
            Phase::Validate => request
                .pod
                .at(&["metadata", "annotations"])
                .and_then(|annotations| annotations.str(VALIDATED_ANNOTATION)),
        };
        let is_hinted = |policy: &&PodSecurityPolicy| Some(policy.name()) == hint;
        let hinted = self.policies.iter().filter(is_hinted);
        let others = self.policies.iter().filter(|policy| !is_hinted(policy));
        let mut first_filled = None;
        for policy in hinted.chain(others) {
            let edits = policy.defaults(request.pod);
            if edits.is_empty() {
                if policy.allows(request.pod) && request.may_use(policy) {
                    return Choice::AsItIs(policy);
                }
            } else if may_fill && first_filled.is_none() {
                let filled = fill(request.pod, &edits);
                if policy.allows(&filled) && request.may_use(policy) {
                    first_filled = Some((policy, filled));
                }
            }
        }
        match first_filled {
            Some((policy, filled)) => Choice::Filled(policy, filled),
            None => Choice::Refused,
        }
    }
}

/// A copy of `pod` with the edits made in it.
pub(super) fn fill(pod: &Value, edits: &[super::Edit]) -> Value {
    let mut filled = pod.clone();
    for edit in edits {
        edit.apply(&mut filled);
    }
    filled
}

fn is_ignored(attributes: &Attributes<'_>, pod: &Value) -> bool {
    let resource = attributes.resource;
    let is_pod = resource.group.is_empty() && resource.resource == "pods";
    let is_write = matches!(attributes.operation, Operation::Create | Operation::Update);
    if !is_pod || !is_write || !attributes.subresource.is_empty() {
        return true;
    }
    // Whoever may update and delete may prepare a deletion.
    attributes.operation == Operation::Update
        && attributes
            .old_object
            .is_some_and(|old| only_collector_fields_change(pod, old))
}

/// One request about a pod.
pub(super) struct Request<'a> {
    pub(super) attributes: &'a Attributes<'a>,
    pub(super) pod: &'a Value,
    pub(super) phase: Phase,
    pub(super) wording: Wording,
    /// Who may grant: the pod's service account, then the user.
    pub(super) service_account: Option<UserInfo>,
    authorizer: &'a dyn Authorizer,
}

impl<'a> Request<'a> {
    fn new(
        attributes: &'a Attributes<'a>,
        pod: &'a Value,
        context: &Context<'a>,
        phase: Phase,
    ) -> Self {
        let account = pod
            .get("spec")
            .map_or("", |spec| spec.str_or_empty("serviceAccountName"));
        Self {
            attributes,
            pod,
            phase,
            wording: context.wording,
            service_account: (!account.is_empty())
                .then(|| UserInfo::service_account(attributes.namespace, account)),
            authorizer: context.authorizer,
        }
    }

    /// Whether the pod's service account or the user may use `policy`.
    pub(super) fn may_use(&self, policy: &PodSecurityPolicy) -> bool {
        let namespace = self.attributes.namespace;
        let subjects = self
            .service_account
            .as_ref()
            .into_iter()
            .chain(self.attributes.user);
        subjects.into_iter().any(|subject| {
            GROUPS.iter().any(|group| {
                self.authorizer
                    .may_use(subject, namespace, group, policy.name())
            })
        })
    }
}
