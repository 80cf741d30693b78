//! Judging one object: the object itself, and the pods that its controller will create.
//!
//! This part needs nothing but the object and the cluster, so it runs on any thread. What depends on the objects
//! before it, the quotas, is left as [`Charge`]s for whoever hands results on in order.

use super::chain::{self, Admitted, Refusal, Request};
use super::explain_places::Explainer;
use super::ledger::Ledger;
use super::load::Loaded;
use super::settings::Settings;
use super::source::Source;
use super::world::World;
use crate::diagnostics::{Finding, Level, ObjectRef, Rule};
use tollgate_api::field::{FieldPath, Segment};
use tollgate_api::{GroupResource, UserInfo, Value};
use tollgate_objects::schema;
use tollgate_objects::workloads::{self, Plan, Workload};
use tollgate_policy::Violation;

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
    if let Some(refusal) = undecodable(&loaded) {
        judged.refuse(&explainer, refusal, &FieldPath::default(), None);
    }
    let mut object = loaded.object;
    let root = FieldPath::default();
    let request = Request {
        settings,
        world,
        user: &settings.user,
        resource: &loaded.resource,
        namespace: &loaded.namespace,
        name: &loaded.name,
    };
    let admitted = admit_itself(&request, &mut object);
    judged.take(&explainer, admitted, &root, None);
    let is_pod = loaded.kind.kind == "Pod" && loaded.kind.group.is_empty();
    if loaded.is_known && !is_pod {
        let errors = tollgate_objects::validation::validate_create(
            &loaded.kind,
            &object,
            &super::load::validation_options(settings),
        );
        if !errors.is_empty() {
            let refusal =
                chain::invalid(&loaded.kind.group, &loaded.kind.kind, &loaded.name, &errors);
            judged.refuse(&explainer, refusal, &root, None);
        }
    }
    judged.pods = u64::from(is_pod);
    let workload = workloads::of(&loaded.kind).filter(|_| !judged.is_refused);
    let is_charged = Ledger::wants(settings, world, &judged.reference);
    if !is_charged {
        // What nobody counts is freed here, where it was made, and needs no copies.
        if let Some(workload) = workload {
            let plan = workload.plan_from(object, settings.cluster);
            judge_plan(&mut judged, &explainer, &request, workload, plan);
        }
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
        prefix: root,
    });
    if let Some((workload, plan)) = plan {
        judge_plan(&mut judged, &explainer, &request, workload, plan);
    }
    if judged.is_refused {
        judged.charges = Vec::new();
    }
    judged
}

fn undecodable(loaded: &Loaded) -> Option<Refusal> {
    let status = schema::refusal(&loaded.kind, &loaded.problems)?;
    let violations = loaded.problems.iter().map(|problem| Violation {
        control: "decoding",
        message: problem.message.clone(),
        fields: vec![problem.path.clone()],
        ..Violation::default()
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

fn judge_plan(
    judged: &mut Judged,
    explainer: &Explainer<'_>,
    outer: &Request<'_>,
    workload: &Workload,
    plan: Plan,
) {
    let creator = workload.creator();
    for created in plan.objects {
        let mut object = created.object;
        let name = name_of(&object).to_owned();
        let request = Request {
            user: &creator,
            resource: &created.resource,
            name: &name,
            ..*outer
        };
        let prefix = prefix_of(&created.resource);
        if created.resource.resource == "persistentvolumeclaims" {
            tollgate_objects::defaults::set_defaults(
                &tollgate_api::GroupVersionKind::new("v1", "PersistentVolumeClaim"),
                &mut object,
            );
            let admitted = chain::admit_claim(&request, &mut object);
            judged.take(explainer, admitted, &prefix, Some("its claims are refused"));
        }
        judged.charges.push(Charge {
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
    let pods = GroupResource::new("", "pods");
    let mut pod = plan.pod;
    let name = name_of(&pod).to_owned();
    let request = Request {
        user: &creator,
        resource: &pods,
        name: &name,
        ..*outer
    };
    tollgate_objects::defaults::pod::set_defaults(&mut pod);
    let admitted = chain::admit_pod(&request, &mut pod);
    let template = template_path(workload);
    judged.pods = plan.pods;
    // The client sees no warning about pods that a controller creates: it has seen the one about the workload.
    let admitted = Admitted {
        refusals: admitted.refusals,
        ..Admitted::default()
    };
    let verdict = if plan.pods == 0 {
        "its pods would be refused"
    } else {
        "its pods are refused"
    };
    judged.take(explainer, admitted, &template, Some(verdict));
    judged.charges.push(Charge {
        role: Role::Pods,
        resource: pods,
        object: pod,
        user: creator.clone(),
        count: plan.pods,
        surge: plan.surge,
        may_shrink: plan.may_shrink,
        prefix: template,
    });
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

/// Where what a controller creates is written.
fn prefix_of(resource: &GroupResource) -> FieldPath {
    if resource.resource != "persistentvolumeclaims" {
        return FieldPath::default();
    }
    let field = |name: &str| Segment::Field(name.into());
    FieldPath(vec![
        field("spec"),
        field("volumeClaimTemplates"),
        Segment::Index(0),
    ])
}

impl Judged {
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
