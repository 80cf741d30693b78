//! Quotas over the whole input: what is used after each object, what is refused, and what a rollout needs at its peak.
//!
//! Everything here happens in the order of the input, on one thread.

use super::chain::{Refusal, Request};
use super::explain_places::Explainer;
use super::load::Loaded;
use super::object::{Charge, Judged, Role};
use super::settings::Settings;
use super::source::Source;
use super::world::World;
use crate::diagnostics::{Finding, Level, NamespaceQuotas, ObjectRef, QuotaBar, Rule};
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::field::FieldPath;
use tollgate_api::{GroupResource, Quantity, Value};
use tollgate_policy::resource_quota::{
    self, Charges, Context, Demand, DeviceClasses, Quota, Quotas, Transition, settle,
};
use tollgate_policy::{Policy, resource_quota as quota};

/// More than any quota allows, so that what would be used can be counted beyond the limits.
const UNLIMITED: &str = "1000000E";

/// The quotas of the cluster while objects are let in.
#[derive(Debug)]
pub struct Ledger<'w> {
    settings: &'w Settings,
    world: &'w World,
    device_classes: DeviceClasses,
    namespaces: BTreeMap<CompactString, NamespaceLedger>,
    autoscalers: Vec<Autoscaler>,
}

#[derive(Debug)]
struct NamespaceLedger {
    quotas: Quotas,
    /// The same quotas without limits, used alike.
    unlimited: Quotas,
    /// Whether the state says what is used, so that its objects need not be counted.
    used_is_known: bool,
    /// What objects of the state use, together with what they own, until the input replaces them.
    existing: BTreeMap<Identity, Vec<(GroupResource, Value)>>,
    workloads: BTreeMap<Identity, Admitted>,
}

/// Kind and name.
type Identity = (CompactString, CompactString);

/// A workload that was let in, kept for its rollouts and autoscalers.
#[derive(Debug)]
struct Admitted {
    source: Source,
    reference: ObjectRef,
    charges: Vec<Charge>,
}

#[derive(Debug)]
struct Autoscaler {
    source: Source,
    reference: ObjectRef,
    target: Identity,
    maximum: u64,
}

impl<'w> Ledger<'w> {
    /// The quotas of `world`, with nothing in the namespaces but what their `status.used` says.
    pub fn new(settings: &'w Settings, world: &'w World) -> Self {
        let device_classes = DeviceClasses::of(world.device_classes.iter());
        let mut namespaces = BTreeMap::new();
        if settings.plugins.resource_quota {
            let context = Context {
                device_classes: &device_classes,
                ..Context::at(settings.now)
            };
            for (name, namespace) in world.namespaces() {
                if !namespace.quotas.is_empty() {
                    namespaces.insert(
                        name.into(),
                        NamespaceLedger::new(&namespace.quotas, &context),
                    );
                }
            }
        }
        Self {
            settings,
            world,
            device_classes,
            namespaces,
            autoscalers: Vec::new(),
        }
    }

    /// Whether objects of the state have to be looked at.
    pub fn wants_state(&self) -> bool {
        !self.namespaces.is_empty()
    }

    fn context(&self) -> Context<'_> {
        Context {
            release: self.settings.release,
            device_classes: &self.device_classes,
            ..Context::at(self.settings.now)
        }
    }

    /// Counts an object that exists already.
    pub fn count_existing(&mut self, loaded: Loaded) {
        let context = Context {
            release: self.settings.release,
            device_classes: &self.device_classes,
            ..Context::at(self.settings.now)
        };
        let Some(namespace) = self.namespaces.get_mut(&loaded.namespace) else {
            return;
        };
        if !namespace.used_is_known {
            let now = Transition {
                old: None,
                new: Some((&loaded.object, &context)),
            };
            let charges = settle(&namespace.quotas, &loaded.resource, &now);
            namespace.apply(&charges);
        }
        let owner = owner_of(&loaded);
        namespace
            .existing
            .entry(owner)
            .or_default()
            .push((loaded.resource, loaded.object));
    }

    /// Lets an object in, as far as it fits; what does not fit becomes findings of `judged`.
    pub fn admit(&mut self, judged: &mut Judged) {
        if judged.is_refused {
            judged.charges.clear();
            return;
        }
        self.note_autoscaler(judged);
        if !self.settings.plugins.resource_quota {
            return;
        }
        self.release_existing(judged);
        let limited = &self.settings.limited_resources;
        if limited.is_empty()
            && !self
                .namespaces
                .contains_key(judged.reference.namespace.as_str())
        {
            return;
        }
        let charges = std::mem::take(&mut judged.charges);
        let mut let_in = Vec::new();
        for charge in charges {
            let outcome = self.charge(&judged.reference, &charge);
            if let Some(refusal) = outcome {
                let explainer =
                    Explainer::of(self.world, judged.source.clone(), judged.reference.clone());
                judged.is_refused = true;
                let verdict = refusal.verdict.as_deref();
                let help = refusal.help.clone();
                let mut finding =
                    explainer.finding(Level::Error, refusal.refusal, &charge.prefix, verdict);
                if !help.is_empty() {
                    finding.help = help;
                }
                judged.findings.push(finding);
                // Without the object itself its controller has nothing to do.
                if charge.role == Role::Itself {
                    return;
                }
            }
            let_in.push(charge);
        }
        if !judged.is_refused
            && let_in.iter().any(|charge| charge.role == Role::Pods)
            && let Some(namespace) = self.namespaces.get_mut(judged.reference.namespace.as_str())
        {
            let reference = judged.reference.clone();
            let identity = (
                reference.kind.as_str().into(),
                reference.name.as_str().into(),
            );
            let source = judged.source.clone();
            namespace.workloads.insert(
                identity,
                Admitted {
                    source,
                    reference,
                    charges: let_in,
                },
            );
        }
    }

    /// Charges as many as fit.
    fn charge(&mut self, reference: &ObjectRef, charge: &Charge) -> Option<Refused> {
        if charge.count == 0 {
            return None;
        }
        let context = Context {
            release: self.settings.release,
            device_classes: &self.device_classes,
            ..Context::at(self.settings.now)
        };
        let request = request(self.settings, self.world, reference, charge);
        let attributes = request.attributes(Some(&charge.object));
        let limited = &self.settings.limited_resources;
        let none = Quotas::default();
        let namespace = self.namespaces.get_mut(reference.namespace.as_str());
        let quotas = namespace
            .as_ref()
            .map_or(&none, |namespace| &namespace.quotas);
        let demand = match quota::demand(&attributes, quotas, limited, &context) {
            Ok(demand) => demand,
            Err(refusal) => return Some(Refused::all(*refusal, charge)),
        };
        let room = demand.room(quotas, charge.count);
        let mut refusal = (room < charge.count)
            .then(|| refused_after(&demand, quotas, charge, room))
            .flatten();
        if let (Some(refusal), Some(namespace)) = (&mut refusal, &namespace) {
            refusal.help = help_for_all(&demand, namespace, charge, room);
        }
        let charges = demand.charge_times(quotas, room).unwrap_or_default();
        if let Some(namespace) = namespace {
            namespace.apply(&charges);
        }
        refusal
    }

    /// Takes what the input replaces out of the books.
    fn release_existing(&mut self, judged: &Judged) {
        let context = Context {
            release: self.settings.release,
            device_classes: &self.device_classes,
            ..Context::at(self.settings.now)
        };
        let reference = &judged.reference;
        let Some(namespace) = self.namespaces.get_mut(reference.namespace.as_str()) else {
            return;
        };
        let mut replaced: Vec<Identity> = vec![(
            reference.kind.as_str().into(),
            reference.name.as_str().into(),
        )];
        while let Some(identity) = replaced.pop() {
            for (resource, object) in namespace.existing.remove(&identity).unwrap_or_default() {
                let gone = Transition {
                    old: Some((&object, &context)),
                    new: None,
                };
                let charges = settle(&namespace.quotas, &resource, &gone);
                namespace.apply(&charges);
                // What a controller's object owns goes with it: the pods of a Job of a CronJob.
                let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
                replaced.push((
                    object.str_or_empty("kind").into(),
                    name.unwrap_or_default().into(),
                ));
            }
        }
    }

    fn note_autoscaler(&mut self, judged: &Judged) {
        if judged.reference.kind != "HorizontalPodAutoscaler" {
            return;
        }
        let Some(charge) = judged.charges.first() else {
            return;
        };
        let Some(spec) = charge.object.get("spec") else {
            return;
        };
        let Some(target) = spec.get("scaleTargetRef") else {
            return;
        };
        let maximum = spec
            .int("maxReplicas")
            .and_then(|maximum| u64::try_from(maximum).ok());
        self.autoscalers.push(Autoscaler {
            source: judged.source.clone(),
            reference: judged.reference.clone(),
            target: (
                target.str_or_empty("kind").into(),
                target.str_or_empty("name").into(),
            ),
            maximum: maximum.unwrap_or(0),
        });
    }

    /// What would not fit later: rolling updates at their peak, autoscalers at their maximum.
    pub fn foresee(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for namespace in self.namespaces.values() {
            for admitted in namespace.workloads.values() {
                let surging = admitted.charges.iter().filter(|charge| charge.surge > 0);
                for charge in surging {
                    findings.extend(self.foresee_peak(namespace, admitted, charge));
                }
            }
        }
        findings.extend(
            self.autoscalers
                .iter()
                .filter_map(|autoscaler| self.foresee_scale(autoscaler)),
        );
        findings
    }

    fn foresee_peak(
        &self,
        namespace: &NamespaceLedger,
        admitted: &Admitted,
        charge: &Charge,
    ) -> Option<Finding> {
        let refused = self.without_room(namespace, &admitted.reference, charge, charge.surge)?;
        let (level, verdict) = match charge.role {
            Role::Pods if admitted.reference.kind == "CronJob" => {
                let fit = refused.room;
                (
                    Level::Note,
                    format!(
                        "{fit} of the {} pods of an overlapping run fit",
                        charge.surge
                    ),
                )
            }
            Role::Pods => {
                let total = charge.count.saturating_add(charge.surge);
                let fit = charge.count.saturating_add(refused.room);
                let outcome = if charge.may_shrink {
                    "it has to take old pods away first"
                } else {
                    "it would not get on"
                };
                let level = if charge.may_shrink {
                    Level::Note
                } else {
                    Level::Warning
                };
                let pods = if total == 1 { "pod" } else { "pods" };
                (
                    level,
                    format!(
                        "a rolling update needs {total} {pods} at its peak, {fit} fit: {outcome}"
                    ),
                )
            }
            Role::Created | Role::Itself => {
                let total = charge.count.saturating_add(charge.surge);
                (
                    Level::Note,
                    format!("up to {total} {} exist at the same time", charge.resource),
                )
            }
        };
        let explainer = Explainer::of(
            self.world,
            admitted.source.clone(),
            admitted.reference.clone(),
        );
        Some(explainer.finding(level, refused.refusal, &charge.prefix, Some(&verdict)))
    }

    fn foresee_scale(&self, autoscaler: &Autoscaler) -> Option<Finding> {
        let namespace = self
            .namespaces
            .get(autoscaler.reference.namespace.as_str())?;
        let admitted = namespace.workloads.get(&autoscaler.target)?;
        let charge = admitted
            .charges
            .iter()
            .find(|charge| charge.role == Role::Pods)?;
        let more = autoscaler
            .maximum
            .checked_sub(charge.count)
            .filter(|more| *more > 0)?;
        let refused = self.without_room(namespace, &admitted.reference, charge, more)?;
        let fit = charge.count.saturating_add(refused.room);
        let verdict = format!(
            "{fit} of {} pods of {} fit; the {} is refused",
            autoscaler.maximum,
            admitted.reference,
            ordinal(fit.saturating_add(1))
        );
        let explainer = Explainer::of(
            self.world,
            autoscaler.source.clone(),
            autoscaler.reference.clone(),
        );
        let maximum = FieldPath::parse("spec.maxReplicas");
        let mut refusal = refused.refusal;
        for violation in &mut refusal.violations {
            violation.fields = vec![maximum.clone()];
        }
        Some(explainer.finding(
            Level::Warning,
            refusal,
            &FieldPath::default(),
            Some(&verdict),
        ))
    }

    /// The refusal of the first of `count` more that does not fit.
    fn without_room(
        &self,
        namespace: &NamespaceLedger,
        reference: &ObjectRef,
        charge: &Charge,
        count: u64,
    ) -> Option<Refused> {
        let request = request(self.settings, self.world, reference, charge);
        let attributes = request.attributes(Some(&charge.object));
        let limited = &self.settings.limited_resources;
        let demand =
            quota::demand(&attributes, &namespace.quotas, limited, &self.context()).ok()?;
        let room = demand.room(&namespace.quotas, count);
        if room == count {
            return None;
        }
        refused_after(&demand, &namespace.quotas, charge, room)
    }

    /// How full every quota is, and would be at the peak of its most demanding rollout.
    pub fn bars(&self) -> Vec<NamespaceQuotas> {
        self.namespaces
            .iter()
            .map(|(name, namespace)| {
                let peaks = self.peaks(namespace);
                let mut bars = Vec::new();
                for quota in &namespace.quotas {
                    for (key, hard, used) in quota.amounts() {
                        let (Some(hard), Some(used)) = (hard, used) else {
                            continue;
                        };
                        let peak = peaks.get(&(quota.name().into(), key.into()));
                        bars.push(QuotaBar {
                            quota: quota.name().to_owned(),
                            key: key.to_owned(),
                            used: used.clone(),
                            peak: peak.filter(|peak| peak.compare(used).is_gt()).cloned(),
                            hard: hard.clone(),
                        });
                    }
                }
                NamespaceQuotas {
                    namespace: name.to_string(),
                    bars,
                }
            })
            .collect()
    }

    /// The largest use under each key while one workload is rolled out.
    fn peaks(&self, namespace: &NamespaceLedger) -> BTreeMap<Identity, Quantity> {
        let mut peaks: BTreeMap<Identity, Quantity> = BTreeMap::new();
        let context = self.context();
        for admitted in namespace.workloads.values() {
            // Pods only: history and overlapping runs are no rollout.
            let charge = admitted
                .charges
                .iter()
                .find(|charge| charge.role == Role::Pods);
            let Some(charge) = charge.filter(|charge| charge.surge > 0) else {
                continue;
            };
            let request = request(self.settings, self.world, &admitted.reference, charge);
            let attributes = request.attributes(Some(&charge.object));
            let Ok(demand) = quota::demand(&attributes, &namespace.unlimited, &[], &context) else {
                continue;
            };
            let charges = demand.charge_times(&namespace.unlimited, charge.surge);
            for change in &charges.unwrap_or_default() {
                let Some(key) = change.key(&namespace.unlimited) else {
                    continue;
                };
                let Some(quota) = namespace.unlimited.get(change.quota) else {
                    continue;
                };
                let peak = peaks.entry((quota.name().into(), key.into())).or_default();
                if change.new.compare(peak).is_gt() {
                    *peak = change.new.clone();
                }
            }
        }
        peaks
    }
}

impl NamespaceLedger {
    fn new(objects: &[Value], context: &Context<'_>) -> Self {
        let used_is_known = objects
            .iter()
            .all(|object| object.at(&["status", "used"]).is_some());
        let filled: Vec<Value> = objects
            .iter()
            .map(|object| filled(object, context))
            .collect();
        let unlimited = filled.iter().map(|object| {
            let mut object = object.clone();
            if let Some(hard) = object
                .get_mut("status")
                .and_then(|status| status.get_mut("hard"))
            {
                let keys = hard
                    .as_object()
                    .into_iter()
                    .flat_map(tollgate_api::Object::keys);
                *hard = keys.map(|key| (key.to_owned(), UNLIMITED)).collect();
            }
            Quota::stored(&object)
        });
        Self {
            unlimited: Quotas::new(unlimited),
            quotas: Quotas::new(filled.iter().map(Quota::stored)),
            used_is_known,
            existing: BTreeMap::new(),
            workloads: BTreeMap::new(),
        }
    }

    fn apply(&mut self, charges: &Charges) {
        self.quotas.apply(charges);
        self.unlimited.apply(charges);
    }
}

/// A quota with the status that its controller would give it: the limits of its spec, and what is used.
fn filled(object: &Value, context: &Context<'_>) -> Value {
    let mut quota = object.clone();
    let hard = object
        .at(&["spec", "hard"])
        .cloned()
        .unwrap_or_else(Value::object);
    let counted: Vec<GroupResource> = hard
        .as_object()
        .into_iter()
        .flat_map(tollgate_api::Object::keys)
        .filter_map(|key| key.strip_prefix("count/"))
        .map(|key| {
            let (resource, group) = key.split_once('.').unwrap_or((key, ""));
            GroupResource::new(group, resource)
        })
        .collect();
    let listings: Vec<_> = counted
        .iter()
        .map(|resource| resource_quota::Listing {
            resource,
            objects: Ok(Vec::new()),
        })
        .collect();
    let zero = resource_quota::recalculate(object, &listings, context).used;
    let mut used: Value = zero
        .iter()
        .map(|(key, amount)| (key.clone(), amount.to_string()))
        .collect();
    for (key, amount) in object
        .get("status")
        .map(|status| status.str_entries("used"))
        .into_iter()
        .flatten()
    {
        used.set(key, amount);
    }
    let status = quota.child_mut("status");
    status.set("hard", hard);
    status.set("used", used);
    quota
}

/// The object that goes away together with this one: the workload that owns it, else itself.
fn owner_of(loaded: &Loaded) -> Identity {
    let owners = loaded
        .object
        .get("metadata")
        .map(|metadata| metadata.items("ownerReferences"));
    let owner = owners
        .unwrap_or_default()
        .iter()
        .find(|owner| owner.bool("controller") == Some(true));
    match owner {
        None => (loaded.kind.kind.clone(), loaded.name.clone()),
        Some(owner) => {
            let (kind, name) = (owner.str_or_empty("kind"), owner.str_or_empty("name"));
            // A ReplicaSet of a Deployment is named `<deployment>-<hash of the template>`.
            let hash = loaded
                .object
                .at(&["metadata", "labels"])
                .and_then(|labels| labels.str("pod-template-hash"));
            match hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-')) {
                Some(deployment) if kind == "ReplicaSet" => {
                    ("Deployment".into(), deployment.into())
                }
                _ => (kind.into(), name.into()),
            }
        }
    }
}

fn request<'a>(
    settings: &'a Settings,
    world: &'a World,
    reference: &'a ObjectRef,
    charge: &'a Charge,
) -> Request<'a> {
    let metadata = charge.object.get("metadata");
    Request {
        settings,
        world,
        user: &charge.user,
        resource: &charge.resource,
        namespace: &reference.namespace,
        name: metadata.map_or("", |metadata| metadata.str_or_empty("name")),
    }
}

/// A refusal and how many fit before it.
struct Refused {
    refusal: Refusal,
    room: u64,
    verdict: Option<String>,
    /// What to do for all of them, if that is more than for one.
    help: Vec<String>,
}

impl Refused {
    fn new(refusal: quota::Refusal, charge: &Charge, room: u64) -> Self {
        let control = refusal.violations.first().map_or("", |first| first.control);
        let (fit, next) = (
            format!("{room} of {}", charge.count),
            ordinal(room.saturating_add(1)),
        );
        let verdict = match charge.role {
            Role::Itself => None,
            Role::Pods => Some(format!("{fit} pods fit; the {next} is refused")),
            Role::Created => Some(format!(
                "{fit} {} fit; the {next} is refused",
                charge.resource
            )),
        };
        Self {
            refusal: Refusal {
                rule: Rule::Control(Policy::ResourceQuota, control),
                message: refusal.status.message,
                violations: refusal.violations,
            },
            room,
            verdict,
            help: Vec::new(),
        }
    }

    fn all(refusal: quota::Refusal, charge: &Charge) -> Self {
        Self::new(refusal, charge, 0)
    }
}

/// The refusal of the one behind `room`, counted from quotas into which `room` went.
fn refused_after(
    demand: &Demand<'_>,
    quotas: &Quotas,
    charge: &Charge,
    room: u64,
) -> Option<Refused> {
    let mut after = quotas.clone();
    after.apply(&demand.charge_times(quotas, room).unwrap_or_default());
    let refusal = demand.charge(&after).err()?;
    Some(Refused::new(*refusal, charge, room))
}

/// What would let all of a workload's pods in.
fn help_for_all(
    demand: &Demand<'_>,
    namespace: &NamespaceLedger,
    charge: &Charge,
    room: u64,
) -> Vec<String> {
    if charge.role != Role::Pods || charge.count < 2 {
        return Vec::new();
    }
    let charges = demand
        .charge_times(&namespace.unlimited, charge.count)
        .unwrap_or_default();
    let mut help = Vec::new();
    for change in &charges {
        let Some(quota) = namespace.quotas.get(change.quota) else {
            continue;
        };
        let Some(key) = change.key(&namespace.quotas) else {
            continue;
        };
        if quota
            .hard(key)
            .is_some_and(|hard| change.new.compare(hard).is_gt())
        {
            help.push(format!(
                "all {} pods fit if `spec.hard[{key}]` of quota `{}` is at least {}",
                charge.count,
                quota.name(),
                change.new
            ));
        }
    }
    if room > 0 {
        help.push(format!("or run {room} replicas"));
    }
    help
}

/// `1st`, `2nd`, `3rd`, `4th`, …
fn ordinal(number: u64) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_english() {
        let all: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 101, 111].map(ordinal).into();
        assert_eq!(
            all,
            [
                "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "111th"
            ]
        );
    }
}
