//! Admission: may this request have what it needs, and what is used then?

use super::charge::{self, Charges, Need, add_needs};
use super::context::Context;
use super::evaluators::{Constraints, Evaluator};
use super::limited_resources::LimitedResource;
use super::quota::{Quota, Quotas};
use super::refusal::{Refusal, Refuse};
use super::scopes::ScopeSelector;
use super::usage::{Key, Usage};
use tollgate_api::{Attributes, GroupResource, Operation, Value};

/// Resources that no quota counts: they are not stored, or never were counted.
const IGNORED: &[(&str, &str)] = &[
    ("", "bindings"),
    ("", "componentstatuses"),
    ("", "events"),
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
    ("events.k8s.io", "events"),
];

/// Decides about a request: the charges to commit with the object, or why not.
///
/// `quotas` are those of the request's namespace. A dry run is decided like any request and charges nothing.
pub fn admit(
    request: &Attributes<'_>,
    quotas: &Quotas,
    limited: &[LimitedResource],
    context: &Context<'_>,
) -> Result<Charges, Box<Refusal>> {
    let demand = demand(request, quotas, limited, context)?;
    let charges = demand.charge(quotas)?;
    if request.dry_run {
        return Ok(Charges::default());
    }
    Ok(charges)
}

/// What a request needs of which quotas: everything about it is decided but whether there is room.
///
/// For many equal objects: this is computed once, then [`Demand::room`] and [`Demand::charge`] tell how many fit.
#[derive(Debug)]
pub struct Demand<'a> {
    request: Attributes<'a>,
    evaluator: Evaluator,
    needs: Vec<Need>,
    enforced: bool,
}

impl Demand<'_> {
    /// Whether no quota is touched.
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// How many objects with this demand fit, one after another, `most` at most.
    pub fn room(&self, quotas: &Quotas, most: u64) -> u64 {
        if self.enforced {
            charge::room(quotas, &self.needs, most)
        } else {
            most
        }
    }

    /// The charges of one object, or the refusal by the first quota that has no room.
    pub fn charge(&self, quotas: &Quotas) -> Result<Charges, Box<Refusal>> {
        self.charge_needs(quotas, &self.needs)
    }

    /// The charges of `count` objects together; refused unless [`Demand::room`] is at least `count`.
    pub fn charge_times(&self, quotas: &Quotas, count: u64) -> Result<Charges, Box<Refusal>> {
        self.charge_needs(quotas, &charge::times(&self.needs, count))
    }

    fn charge_needs(&self, quotas: &Quotas, needs: &[Need]) -> Result<Charges, Box<Refusal>> {
        charge::charge(quotas, needs, self.enforced).map_err(|(quota, exceeded)| {
            Box::new(Refuse::new(&self.request, &self.evaluator).exceeded(quota, &exceeded))
        })
    }
}

/// Whether quotas have anything to do with a request.
fn concerns(request: &Attributes<'_>) -> bool {
    let GroupResource { group, resource } = request.resource;
    let creates_namespace = request.operation == Operation::Create
        && group.is_empty()
        && resource == "namespaces"
        && request.subresource.is_empty();
    !request.namespace.is_empty()
        && !creates_namespace
        && !IGNORED.contains(&(group.as_str(), resource.as_str()))
}

/// Everything about a request but whether there is room: what it needs of which quotas, or why it is refused.
pub fn demand<'a>(
    request: &Attributes<'a>,
    quotas: &Quotas,
    limited: &[LimitedResource],
    context: &Context<'_>,
) -> Result<Demand<'a>, Box<Refusal>> {
    let mut demand = Demand {
        request: *request,
        evaluator: Evaluator::of(request.resource, context),
        needs: Vec::new(),
        // A status update tells what is; it is counted, whatever the limit.
        enforced: request.subresource != "status",
    };
    let nothing_limits = quotas.is_empty() && limited.is_empty();
    if nothing_limits || !concerns(request) || !demand.evaluator.handles(request) {
        return Ok(demand);
    }
    let look = Look {
        request,
        object: request.object.unwrap_or(&Value::Null),
        evaluator: &demand.evaluator,
        context,
    };
    // Upstream lets everything pass where a limited scope cannot be understood.
    let Some(limited_scopes) = look.limited_scopes(limited) else {
        return Ok(demand);
    };
    let matching = look.matching(quotas)?;
    let usage = look.evaluator.usage(look.object, context);
    look.refuse_negative(&usage)?;
    let grown = look.growth(&usage)?;
    let needs = look.needs(&matching.quotas, &usage, grown.as_ref());
    if needs.is_empty {
        return Ok(demand);
    }
    look.refuse_uncovered_keys(limited, &usage, &matching.quotas)?;
    look.refuse_uncovered_scopes(&limited_scopes, &matching.scopes)?;
    demand.needs = needs.needs;
    Ok(demand)
}

/// One request and how its resource is counted.
struct Look<'l> {
    request: &'l Attributes<'l>,
    object: &'l Value,
    evaluator: &'l Evaluator,
    context: &'l Context<'l>,
}

/// The quotas that count the object, and the scopes of all quotas that hold it.
struct Matching<'q> {
    quotas: Vec<(usize, &'q Quota)>,
    scopes: Vec<&'q ScopeSelector>,
}

struct Needs {
    needs: Vec<Need>,
    /// Nothing is used, in no quota; upstream then looks no further.
    is_empty: bool,
}

impl<'l> Look<'l> {
    fn refuse(&self) -> Refuse<'_> {
        Refuse::new(self.request, self.evaluator)
    }

    /// The configured scopes that hold the object; none if one of them is broken.
    fn limited_scopes<'c>(&self, limited: &'c [LimitedResource]) -> Option<Vec<&'c ScopeSelector>> {
        let mut scopes = Vec::new();
        // Upstream asks the scopes of every entry, whatever its resource.
        for scope in limited.iter().flat_map(LimitedResource::match_scopes) {
            if self.evaluator.is_in_scope(self.object, scope).ok()? {
                scopes.push(scope);
            }
        }
        Some(scopes)
    }

    fn matching<'q>(&self, quotas: &'q Quotas) -> Result<Matching<'q>, Box<Refusal>> {
        let mut matching = Matching {
            quotas: Vec::with_capacity(4),
            scopes: Vec::new(),
        };
        let mut constraints = None;
        for (place, quota) in quotas.iter().enumerate() {
            let mut holds = true;
            for selector in quota.selectors() {
                match self.evaluator.is_in_scope(self.object, selector) {
                    Ok(true) => matching.scopes.push(selector),
                    Ok(false) => holds = false,
                    Err(error) => return Err(self.refuse().broken_scope(quota, &error).into()),
                }
            }
            let mut claimed = quota.claimed(self.evaluator, self.context).peekable();
            if !holds || claimed.peek().is_none() {
                continue;
            }
            if matches!(self.evaluator, Evaluator::Pods) {
                let constraints = constraints.get_or_insert_with(|| Constraints::of(self.object));
                let demanded = quota.constraints();
                if !constraints.are_met(demanded) {
                    let missing = constraints.missing(demanded);
                    let release = self.context.release;
                    return Err(self.refuse().must_specify(quota, &missing, release).into());
                }
            }
            if claimed.any(|entry| entry.used.is_none()) {
                let claimed = quota.claimed(self.evaluator, self.context);
                return Err(self.refuse().status_unknown(quota, claimed).into());
            }
            matching.quotas.push((place, quota));
        }
        Ok(matching)
    }

    fn refuse_negative(&self, usage: &Usage) -> Result<(), Box<Refusal>> {
        let is_negative = |(key, amount): (&'_ Key, &tollgate_api::Quantity)| {
            (amount.sign() < 0).then(|| key.clone())
        };
        if usage.iter().all(|(_, amount)| amount.sign() >= 0) {
            return Ok(());
        }
        let keys: Vec<Key> = usage.iter().filter_map(is_negative).collect();
        Err(self.refuse().negative(&keys).into())
    }

    /// How much more is used than before an update; none where the whole is charged.
    fn growth(&self, usage: &Usage) -> Result<Option<Usage>, Box<Refusal>> {
        if self.request.operation != Operation::Update {
            return Ok(None);
        }
        let Some(old) = self.request.old_object else {
            return Err(self.refuse().no_previous_object().into());
        };
        // Without a version the old object was never stored: a create by way of an update.
        let version = old
            .get("metadata")
            .map_or("", |metadata| metadata.str_or_empty("resourceVersion"));
        if version.is_empty() {
            return Ok(None);
        }
        let before = self.evaluator.usage(old, self.context);
        Ok(Some(usage.clone().growth_since(&before)))
    }

    fn needs(&self, matching: &[(usize, &Quota)], usage: &Usage, growth: Option<&Usage>) -> Needs {
        if matching.is_empty() {
            let usage = growth.unwrap_or(usage);
            return Needs {
                needs: Vec::new(),
                is_empty: is_zero(usage),
            };
        }
        let mut needs = Vec::with_capacity(matching.len() * 8);
        let mut is_empty = true;
        for (place, quota) in matching {
            // A quota that did not count the old object is charged for the whole new one.
            let usage = match growth {
                Some(growth) if self.counted_before(quota) => growth,
                _ => usage,
            };
            is_empty &= is_zero(usage);
            add_needs(&mut needs, *place, quota, usage);
        }
        Needs { needs, is_empty }
    }

    fn counted_before(&self, quota: &Quota) -> bool {
        // The same keys count for the old object, and a broken scope was refused before.
        self.request
            .old_object
            .is_some_and(|old| quota.is_in_scopes(self.evaluator, old) == Ok(true))
    }

    /// Keys that the configuration allows only under a quota must stand in one that counts the object.
    fn refuse_uncovered_keys(
        &self,
        limited: &[LimitedResource],
        usage: &Usage,
        matching: &[(usize, &Quota)],
    ) -> Result<(), Box<Refusal>> {
        let entries = limited
            .iter()
            .filter(|entry| entry.resource() == self.request.resource);
        let mut uncovered: Vec<Key> = Vec::new();
        for entry in entries {
            for (key, amount) in usage.iter() {
                if amount.sign() > 0 && entry.limits(key) && !self.is_covered(key, matching) {
                    uncovered.push(key.clone());
                }
            }
        }
        if uncovered.is_empty() {
            return Ok(());
        }
        uncovered.sort_unstable();
        uncovered.dedup();
        Err(self.refuse().insufficient(&uncovered).into())
    }

    fn is_covered(&self, key: &str, matching: &[(usize, &Quota)]) -> bool {
        matching.iter().any(|(_, quota)| {
            let mut claimed = quota.claimed(self.evaluator, self.context);
            claimed.any(|entry| entry.key == key)
        })
    }

    /// Scopes that the configuration allows only under a quota must be among the scopes of some quota.
    fn refuse_uncovered_scopes(
        &self,
        limited: &[&'l ScopeSelector],
        covered: &[&ScopeSelector],
    ) -> Result<(), Box<Refusal>> {
        let uncovered: Vec<&ScopeSelector> = limited
            .iter()
            .copied()
            .filter(|scope| !covered.iter().any(|other| other.name() == scope.name()))
            .collect();
        if uncovered.is_empty() {
            return Ok(());
        }
        Err(self.refuse().uncovered_scopes(&uncovered).into())
    }
}

fn is_zero(usage: &Usage) -> bool {
    usage.iter().all(|(_, amount)| amount.is_zero())
}
