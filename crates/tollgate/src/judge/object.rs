//! Judging one object: the object itself, and the pods that its controller will create.
//!
//! This part needs nothing but the object and the cluster, so it runs on any thread. What depends on the objects
//! before it, the quotas, is left as [`Charge`]s for whoever hands results on in order.

use super::chain::{self, Admitted, Refusal, Request};
use super::explain_places::{Explainer, UNKNOWN_FIELD};
use super::ledger::Ledger;
use super::load::Loaded;
use super::settings::Settings;
use super::source::Source;
use super::world::World;
use crate::diagnostics::{Finding, Level, ObjectRef, Rule};
use tollgate_api::field::{FieldPath, Segment};
use tollgate_api::{GroupResource, GroupVersionKind, UserInfo, Value};
use tollgate_objects::schema::{self, Problem, ProblemKind};
use tollgate_objects::workloads::{self, Created, Plan, Workload};
use tollgate_policy::{Policy, Violation};

/// An object with everything that can be said of it alone.
#[derive(Debug)]
pub struct Judged {
    /// Where it came from.
    pub source: Source,
    /// Which it is.
    pub reference: ObjectRef,
    /// Its kind and name among the objects of the state.
    pub resource: GroupResource,
    /// What is said of it.
    pub findings: Vec<Finding>,
    /// Whether something of it is refused.
    pub is_refused: bool,
    /// Whether its kind is known.
    pub is_known: bool,
    /// How many pods it stands for.
    pub pods: u64,
    /// What it would take from quotas, if any counts it and nothing of it is refused yet.
    pub charges: Vec<Charge>,
}

/// Something that counts against quotas.
#[derive(Debug)]
pub struct Charge {
    /// Its part in the verdict.
    pub role: Role,
    /// Its resource.
    pub resource: GroupResource,
    /// The object as it would be stored.
    pub object: Value,
    /// Who creates it.
    pub user: UserInfo,
    /// How many.
    pub count: u64,
    /// How many more for a while: during a rolling update, or as history.
    pub surge: u64,
    /// Whether a rolling update goes on without those.
    pub may_shrink: bool,
    /// Where it stands in the written object: nothing, or a template.
    pub prefix: FieldPath,
}

/// What a charge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The written object itself.
    Itself,
    /// An object that a controller creates for it.
    Created,
    /// Its pods.
    Pods,
}

/// Judges an object.
pub fn judge(loaded: Loaded, settings: &Settings, world: &World) -> Judged {
    let explainer = Explainer::new(world, &loaded);
    let mut judged = Judged {
        reference: loaded.reference(),
        source: loaded.source.clone(),
        resource: loaded.resource.clone(),
        findings: Vec::new(),
        is_refused: false,
        is_known: loaded.is_known,
        pods: 0,
        charges: Vec::new(),
    };
    let root = FieldPath::default();
    if let Some(refusal) = undecodable(&loaded) {
        judged.refuse(&explainer, refusal, &root, None);
    }
    let mut object = loaded.object;
    let request = Request {
        settings,
        world,
        user: &settings.user,
        resource: &loaded.resource,
        namespace: &loaded.namespace,
        name: &loaded.name,
        written_at: None,
    };
    let mut admitted = admit_itself(&request, &mut object);
    let is_pod = loaded.kind.kind == "Pod" && loaded.kind.group.is_empty();
    if loaded.is_known && !is_pod {
        let invalid = validate(&loaded.kind, &object, &request);
        admitted.refusals.extend(invalid);
    }
    for refusal in std::mem::take(&mut admitted.refusals) {
        if !follows_from(&loaded.problems, &refusal) {
            judged.refuse(&explainer, refusal, &root, None);
        }
    }
    judged.pods = u64::from(is_pod);
    let workload = workloads::of(&loaded.kind).filter(|_| loaded.is_known && !judged.is_refused);
    if !Ledger::wants(settings, world, &judged.reference) {
        // What nobody counts is freed here, where it was made, and needs no copies.
        let plan =
            workload.map(|workload| (workload, workload.plan_from(object, settings.cluster)));
        judged.take_plan(&explainer, &request, plan, admitted);
        judged.charges = Vec::new();
        return judged;
    }
    let plan = workload.map(|workload| (workload, workload.plan(&object, settings.cluster)));
    judged.charges.push(Charge {
        role: Role::Itself,
        resource: loaded.resource.clone(),
        object,
        user: settings.user.clone(),
        count: 1,
        surge: 0,
        may_shrink: true,
        prefix: FieldPath::default(),
    });
    judged.take_plan(&explainer, &request, plan, admitted);
    if judged.is_refused {
        judged.charges = Vec::new();
    }
    judged
}

/// The field errors of anything but a pod, whose own are found between its plugins.
fn validate(kind: &GroupVersionKind, object: &Value, request: &Request<'_>) -> Option<Refusal> {
    let errors = super::load::field_errors(kind, object, request.settings);
    (!errors.is_empty()).then(|| chain::invalid(&kind.group, &kind.kind, request.name, &errors))
}

/// Whether a refusal only misses values that are there and could not be decoded.
fn follows_from(problems: &[Problem], refusal: &Refusal) -> bool {
    let is_undecodable = |field: &FieldPath| {
        problems.iter().any(|problem| {
            problem.kind == ProblemKind::Undecodable && problem.path.0.starts_with(&field.0)
        })
    };
    refusal.rule == Rule::Validation
        && refusal
            .violations
            .iter()
            .flat_map(|violation| &violation.fields)
            .all(is_undecodable)
}

fn undecodable(loaded: &Loaded) -> Option<Refusal> {
    let status = schema::refusal(&loaded.kind, &loaded.problems)?;
    let violations = loaded.problems.iter().map(|problem| Violation {
        control: match problem.kind {
            ProblemKind::UnknownField => UNKNOWN_FIELD,
            ProblemKind::DuplicateField | ProblemKind::Undecodable => "decoding",
        },
        message: problem.message.clone(),
        fields: vec![problem.path.clone()],
        policy: None,
        help: problem.help.clone(),
    });
    Some(Refusal {
        rule: Rule::Decoding,
        message: status.message,
        violations: violations.collect(),
    })
}

/// What admission makes of the written object: pods and claims are held against every policy; workloads and
/// namespaces against what Pod Security has to say about them.
fn admit_itself(request: &Request<'_>, object: &mut Value) -> Admitted {
    let resource = request.resource;
    match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "pods") => chain::admit_pod(request, object),
        ("", "persistentvolumeclaims") => chain::admit_claim(request, object),
        ("scheduling.k8s.io", "priorityclasses") => chain::admit_priority_class(request, object),
        _ => {
            let mut admitted = Admitted::default();
            admitted.pod_security(request, object);
            admitted
        }
    }
}

/// A workload on its way to a verdict about what its controllers will create.
struct Planned<'j, 'e> {
    judged: &'j mut Judged,
    explainer: &'j Explainer<'e>,
    /// The request for the workload itself.
    outer: &'j Request<'j>,
    workload: &'j Workload,
}

impl Planned<'_, '_> {
    /// `itself` is what there is to say of the workload, which is let in.
    fn judge(mut self, plan: Plan, mut itself: Admitted) {
        let creator = self.workload.creator();
        let template = template_path(self.workload);
        let mut pod = plan.pod;
        let refusals = self.admit_pod(&creator, &template, &mut pod);
        // The same about the workload and about its pods is read once.
        let is_new = |one: &Refusal| !refusals.iter().any(|other| says_the_same(other, one));
        let warnings = itself.warnings.len();
        itself.warnings.retain(is_new);
        itself.audit.retain(is_new);
        let is_warned_of = itself.warnings.len() < warnings;
        self.judged
            .take(self.explainer, itself, &FieldPath::default(), None);
        self.judge_created(plan.objects, &creator);
        let verdict = match (is_warned_of, plan.pods) {
            (false, 0) => "its pods would be refused",
            (false, _) => "its pods are refused",
            (true, 0) => "it is let in with a warning, its pods would be refused",
            (true, _) => "it is let in with a warning, its pods are refused",
        };
        for refusal in refusals {
            self.judged
                .refuse(self.explainer, refusal, &template, Some(verdict));
        }
        self.judged.pods = plan.pods;
        self.judged.charges.push(Charge {
            role: Role::Pods,
            resource: GroupResource::new("", "pods"),
            object: pod,
            user: creator,
            count: plan.pods,
            surge: plan.surge,
            may_shrink: plan.may_shrink,
            prefix: template,
        });
    }

    /// What stands against the pods. No client sees a warning about them: it has seen the one about the workload.
    fn admit_pod(&self, creator: &UserInfo, template: &FieldPath, pod: &mut Value) -> Vec<Refusal> {
        let name = name_of(pod).to_owned();
        let request = Request {
            user: creator,
            resource: &GroupResource::new("", "pods"),
            name: &name,
            written_at: Some(template),
            ..*self.outer
        };
        tollgate_objects::defaults::pod::set_defaults(pod);
        chain::admit_pod(&request, pod).refusals
    }

    fn judge_created(&mut self, objects: Vec<Created>, creator: &UserInfo) {
        let mut claims = 0;
        for created in objects {
            let mut object = created.object;
            let mut prefix = FieldPath::default();
            if created.resource.resource == "persistentvolumeclaims" {
                prefix = claim_template_path(claims);
                claims += 1;
                tollgate_objects::defaults::set_defaults(
                    &GroupVersionKind::new("v1", "PersistentVolumeClaim"),
                    &mut object,
                );
                let name = name_of(&object).to_owned();
                let request = Request {
                    user: creator,
                    resource: &created.resource,
                    name: &name,
                    ..*self.outer
                };
                let admitted = chain::admit_claim(&request, &mut object);
                let verdict = Some("its claims are refused");
                self.judged.take(self.explainer, admitted, &prefix, verdict);
            }
            self.judged.charges.push(Charge {
                role: Role::Created,
                resource: created.resource,
                object,
                user: creator.clone(),
                count: created.count,
                surge: created.surge,
                may_shrink: true,
                prefix,
            });
        }
    }
}

/// Whether two refusals give the same reasons.
fn says_the_same(one: &Refusal, other: &Refusal) -> bool {
    let reasons = |refusal: &Refusal| -> Vec<(&'static str, String)> {
        let violations = refusal.violations.iter();
        violations
            .map(|violation| (violation.control, violation.message.clone()))
            .collect()
    };
    matches!(one.rule, Rule::Control(Policy::PodSecurity, _)) && reasons(one) == reasons(other)
}

fn name_of(object: &Value) -> &str {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty("name"))
}

fn template_path(workload: &Workload) -> FieldPath {
    FieldPath(
        workload
            .template
            .iter()
            .map(|field| Segment::Field((*field).into()))
            .collect(),
    )
}

/// Where the claims of a StatefulSet are written.
fn claim_template_path(index: usize) -> FieldPath {
    let field = |name: &str| Segment::Field(name.into());
    FieldPath(vec![
        field("spec"),
        field("volumeClaimTemplates"),
        Segment::Index(index),
    ])
}

impl Judged {
    /// `itself` is what there is to say of the object itself.
    fn take_plan(
        &mut self,
        explainer: &Explainer<'_>,
        request: &Request<'_>,
        plan: Option<(&Workload, Plan)>,
        itself: Admitted,
    ) {
        match plan {
            None => self.take(explainer, itself, &FieldPath::default(), None),
            Some((workload, plan)) => Planned {
                judged: self,
                explainer,
                outer: request,
                workload,
            }
            .judge(plan, itself),
        }
    }

    fn take(
        &mut self,
        explainer: &Explainer<'_>,
        admitted: Admitted,
        prefix: &FieldPath,
        verdict: Option<&str>,
    ) {
        for refusal in admitted.refusals {
            self.refuse(explainer, refusal, prefix, verdict);
        }
        for warning in admitted.warnings {
            self.findings
                .push(explainer.finding(Level::Warning, warning, prefix, None));
        }
        for note in admitted.audit {
            self.findings
                .push(explainer.finding(Level::Note, note, prefix, None));
        }
    }

    fn refuse(
        &mut self,
        explainer: &Explainer<'_>,
        refusal: Refusal,
        prefix: &FieldPath,
        verdict: Option<&str>,
    ) {
        self.is_refused = true;
        self.findings
            .push(explainer.finding(Level::Error, refusal, prefix, verdict));
    }
}
