//! The admission chain for one pod or claim, in upstream's order.
//!
//! A server stops at the first plugin that refuses. Here every plugin is heard, because somebody who mends a manifest
//! wants to mend it once; the first refusal is what the server would answer.

use super::settings::Settings;
use super::world::World;
use crate::diagnostics::Rule;
use tollgate_api::field::{self, FieldPath};
use tollgate_api::{Attributes, GroupResource, Operation, Status, UserInfo, Value};
use tollgate_apiserver::admission::mutate;
use tollgate_objects::{defaults, strategy, validation};
use tollgate_policy::pod_security_policy::{self, Context, Wording};
use tollgate_policy::rbac::{Access, ResourceAccess};
use tollgate_policy::{Policy, Violation, limit_range, pod_security, priority};

/// What one plugin, or the API itself, says against an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Who says so.
    pub rule: Rule,
    /// What the client would see.
    pub message: String,
    /// The single reasons, with the fields that cause them.
    pub violations: Vec<Violation>,
}

/// What the chain makes of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Admitted {
    /// Every refusal, in the order of the chain.
    pub refusals: Vec<Refusal>,
    /// What is allowed but warned about.
    pub warnings: Vec<Refusal>,
    /// What is noted in the audit log.
    pub audit: Vec<Refusal>,
}

/// A request to create something.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The settings of the run.
    pub settings: &'a Settings,
    /// The cluster.
    pub world: &'a World,
    /// Who asks.
    pub user: &'a UserInfo,
    /// The resource.
    pub resource: &'a GroupResource,
    /// The namespace.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// Where a person wrote the object, if in a workload: its pod template.
    pub written_at: Option<&'a FieldPath>,
}

impl Request<'_> {
    /// The attributes of the request, as plugins see them.
    pub fn attributes<'b>(&'b self, object: Option<&'b Value>) -> Attributes<'b> {
        Attributes {
            operation: Operation::Create,
            resource: self.resource,
            subresource: "",
            namespace: self.namespace,
            name: self.name,
            user: Some(self.user),
            object,
            old_object: None,
            dry_run: false,
        }
    }
}

/// Whether the PodSecurityPolicy plugin is on: as flags say, else if there are policies.
pub fn judges_by_pod_security_policy(settings: &Settings, world: &World) -> bool {
    settings
        .plugins
        .pod_security_policy
        .unwrap_or(world.has_pod_security_policies)
}

/// Admits a pod: changes it as the mutating plugins do, and says what stands against it.
pub fn admit_pod(request: &Request<'_>, pod: &mut Value) -> Admitted {
    let mut admitted = Admitted::default();
    mutate_pod(request, pod, &mut admitted);
    strategy::pod::prepare_for_create(pod, request.settings.release);
    let mut errors = field::Errors::new();
    let options = super::load::validation_options(request.settings);
    validation::pod::validate_create(pod, &options, &mut errors);
    if !errors.is_empty() {
        admitted
            .refusals
            .push(invalid("", "Pod", request.name, &errors));
    }
    validate_pod(request, pod, &mut admitted);
    admitted
}

fn mutate_pod(request: &Request<'_>, pod: &mut Value, admitted: &mut Admitted) {
    let Request {
        settings, world, ..
    } = request;
    let namespace = world.namespace(request.namespace);
    if settings.plugins.limit_ranger {
        limit_range::mutate(&namespace.limit_ranges, &request.attributes(None), pod);
    }
    if settings.plugins.service_account {
        let minor = u32::from(settings.release.minor_number());
        mutate::apply_service_account(pod, minor, "xxxxx", |name| namespace.service_account(name));
    }
    if judges_by_pod_security_policy(settings, world) {
        let authorizer = Rbac(world);
        let context = Context {
            authorizer: &authorizer,
            wording: wording(settings),
        };
        let attributes = request.attributes(None);
        if let Err(refusal) = world
            .pod_security_policies
            .admit(&attributes, pod, &context)
        {
            admitted.refusals.push(pod_security_policy(*refusal));
        }
    }
    if settings.plugins.priority
        && let Err(violation) = world.priority_classes.admit(pod)
    {
        admitted
            .refusals
            .push(priority_refusal(request, *violation));
    }
    if settings.plugins.runtime_class {
        mutate::apply_runtime_class(pod, |name| world.runtime_class(name));
    }
    // What plugins added is defaulted as anything else.
    defaults::pod::set_defaults(pod);
}

fn validate_pod(request: &Request<'_>, pod: &Value, admitted: &mut Admitted) {
    let Request {
        settings, world, ..
    } = request;
    let namespace = world.namespace(request.namespace);
    let attributes = request.attributes(Some(pod));
    if settings.plugins.limit_ranger {
        admitted.limit_range(limit_range::validate(&namespace.limit_ranges, &attributes));
    }
    admitted.pod_security(request, pod);
    if judges_by_pod_security_policy(settings, world)
        && !admitted
            .refusals
            .iter()
            .any(|refusal| matches!(refusal.rule, Rule::Control(Policy::PodSecurityPolicy, _)))
    {
        let authorizer = Rbac(world);
        let context = Context {
            authorizer: &authorizer,
            wording: wording(settings),
        };
        if let Err(refusal) = world.pod_security_policies.validate(&attributes, &context) {
            admitted.refusals.push(pod_security_policy(*refusal));
        }
    }
}

/// Admits a claim.
pub fn admit_claim(request: &Request<'_>, claim: &mut Value) -> Admitted {
    let mut admitted = Admitted::default();
    let Request {
        settings, world, ..
    } = request;
    if settings.plugins.default_storage_class {
        mutate::set_default_storage_class(claim, world.default_storage_class.as_deref());
    }
    if settings.plugins.limit_ranger {
        let ranges = &world.namespace(request.namespace).limit_ranges;
        admitted.limit_range(limit_range::validate(
            ranges,
            &request.attributes(Some(claim)),
        ));
    }
    admitted
}

/// Admits a priority class.
pub fn admit_priority_class(request: &Request<'_>, class: &Value) -> Admitted {
    let mut admitted = Admitted::default();
    if !request.settings.plugins.priority {
        return admitted;
    }
    if let Err(violation) = request
        .world
        .earlier_priority_classes(request.name)
        .validate(Operation::Create, class)
    {
        admitted
            .refusals
            .push(priority_refusal(request, *violation));
    }
    admitted
}

fn priority_refusal(request: &Request<'_>, violation: Violation) -> Refusal {
    let status = priority::status(&request.attributes(None), &violation);
    Refusal {
        rule: Rule::Priority,
        message: status.message,
        violations: vec![violation],
    }
}

/// Field errors as a refusal.
pub fn invalid(group: &str, kind: &str, name: &str, errors: &[field::Error]) -> Refusal {
    Refusal {
        rule: Rule::Validation,
        message: Status::invalid(group, kind, name, errors).message,
        violations: errors
            .iter()
            .map(|error| Violation {
                control: "validation",
                message: error.body(),
                fields: vec![FieldPath::parse(&error.field)],
                policy: None,
                help: None,
            })
            .collect(),
    }
}

fn wording(settings: &Settings) -> Wording {
    Wording::of(settings.release)
}

fn pod_security_policy(refusal: pod_security_policy::Refusal) -> Refusal {
    let control = refusal
        .violations
        .first()
        .map_or("authorization", |first| first.control);
    Refusal {
        rule: Rule::Control(Policy::PodSecurityPolicy, control),
        message: refusal.status.message,
        violations: refusal.violations,
    }
}

/// The roles of the input as the authorizer of PodSecurityPolicies.
struct Rbac<'w>(&'w World);

impl pod_security_policy::Authorizer for Rbac<'_> {
    fn may_use(&self, user: &UserInfo, namespace: &str, api_group: &str, policy: &str) -> bool {
        let access = Access::Resource(ResourceAccess {
            verb: "use",
            group: api_group,
            resource: "podsecuritypolicies",
            namespace,
            name: policy,
            ..ResourceAccess::default()
        });
        self.0.rbac.allows(user, &access)
    }
}

impl Admitted {
    fn limit_range(&mut self, answer: Result<(), Box<limit_range::Refusal>>) {
        let Err(refusal) = answer else { return };
        let control = refusal.violations.first().map_or("", |first| first.control);
        self.refusals.push(Refusal {
            rule: Rule::Control(Policy::LimitRange, control),
            message: refusal.status.message,
            violations: refusal.violations,
        });
    }

    /// What Pod Security says of a pod, or of a workload's template.
    pub fn pod_security(&mut self, request: &Request<'_>, object: &Value) {
        if !request.settings.plugins.pod_security {
            return;
        }
        let mut attributes = request.attributes(Some(object));
        let world = request.world;
        let is_namespace =
            request.resource.group.is_empty() && request.resource.resource == "namespaces";
        if is_namespace && let Some(old) = world.replaced_namespace(request.name) {
            attributes.operation = Operation::Update;
            attributes.old_object = Some(old);
        }
        let pods = if is_namespace {
            world.existing_pods(request.name)
        } else {
            &[]
        };
        let policy = &world.namespace(request.namespace).pod_security;
        let review = pod_security::Review {
            written_at: request.written_at,
            ..pod_security::Review::new(&attributes, Ok(policy))
        };
        let decision = world.pod_security.admit(&review, pods);
        if let Some(status) = decision.status {
            let mut refusal = pod_security_refusal(status.message, decision.violations);
            if is_namespace {
                // Bad labels are field errors, not something that a level asks for.
                refusal.rule = Rule::Validation;
            }
            self.refusals.push(refusal);
        }
        if !decision.warnings.is_empty() {
            // Several warnings are lines of one message: the pods that a stricter namespace would refuse.
            let message = decision.warnings.join("\n");
            self.warnings
                .push(pod_security_refusal(message, decision.warned));
        }
        let note = decision
            .audit_annotations
            .into_iter()
            .find(|(key, _)| *key == "audit-violations");
        // One who is warned in the same words needs no note.
        if let Some((_, note)) = note
            && !self.warnings.iter().any(|warning| warning.message == note)
        {
            self.audit
                .push(pod_security_refusal(note.to_string(), decision.audited));
        }
    }
}

fn pod_security_refusal(message: String, violations: Vec<Violation>) -> Refusal {
    let control = violations.first().map_or("", |first| first.control);
    Refusal {
        rule: Rule::Control(Policy::PodSecurity, control),
        message,
        violations,
    }
}
