//! A quota, prepared: amounts parsed, keys sorted, scopes resolved.

use super::context::Context;
use super::evaluators::{Evaluator, constraint_bit};
use super::scopes::{ScopeSelector, SelectorError};
use super::usage::{Key, Usage};
use tollgate_api::field::{FieldPath, Path};
use tollgate_api::resource_list::amounts;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value};

/// A `ResourceQuota`, ready to be asked about many objects.
#[derive(Debug, Clone)]
pub struct Quota {
    name: CompactString,
    namespace: CompactString,
    // Invariant: sorted by key. Entries are never removed, so that a place in this list stays good.
    entries: Vec<Entry>,
    selectors: Vec<ScopeSelector>,
    /// How many of the selectors stand in `spec.scopes`; the others in `spec.scopeSelector`.
    scopes: usize,
}

/// What a quota says about one key.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) hard: Option<Quantity>,
    pub(super) used: Option<Quantity>,
    /// Which evaluators count under the key, of those that need not be asked again.
    claimed_by: u8,
    /// What the key demands of a pod's containers.
    constraint: u8,
}

const PODS: u8 = 1;
const SERVICES: u8 = 2;
const CLAIMS: u8 = 4;

impl Entry {
    fn new(key: Key) -> Self {
        let context = Context::at(tollgate_api::Timestamp::default());
        let bit = |evaluator: &Evaluator, bit: u8| {
            if evaluator.claims(&key, &context) {
                bit
            } else {
                0
            }
        };
        Self {
            claimed_by: bit(&Evaluator::Pods, PODS)
                | bit(&Evaluator::Services, SERVICES)
                | bit(&Evaluator::PersistentVolumeClaims, CLAIMS),
            constraint: constraint_bit(&key),
            key,
            hard: None,
            used: None,
        }
    }

    fn is_claimed(&self, evaluator: &Evaluator, context: &Context<'_>) -> bool {
        match evaluator {
            Evaluator::Pods => self.claimed_by & PODS != 0,
            Evaluator::Services => self.claimed_by & SERVICES != 0,
            Evaluator::PersistentVolumeClaims => self.claimed_by & CLAIMS != 0,
            Evaluator::ResourceClaims | Evaluator::ObjectCount(_) => {
                evaluator.claims(&self.key, context)
            }
        }
    }
}

impl Quota {
    /// A quota as it is stored: limits and usage from its status, as upstream reads them.
    ///
    /// A quota whose status nobody has filled limits nothing.
    pub fn stored(object: &Value) -> Self {
        let status = object.get("status");
        let list = |name: &str| status.and_then(|status| status.get(name));
        Self::new(object, list("hard"), amounts(list("used")).map(own))
    }

    /// A quota whose usage has been calculated: limits from its spec.
    pub fn calculated(object: &Value, used: &Usage) -> Self {
        let hard = object.at(&["spec", "hard"]);
        Self::new(
            object,
            hard,
            used.iter().map(|(key, used)| (key.clone(), used.clone())),
        )
    }

    fn new(
        object: &Value,
        hard: Option<&Value>,
        used: impl Iterator<Item = (Key, Quantity)>,
    ) -> Self {
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let mut quota = Self {
            name: metadata.str_or_empty("name").into(),
            namespace: metadata.str_or_empty("namespace").into(),
            entries: Vec::new(),
            selectors: selectors(object),
            scopes: scopes(object).count(),
        };
        for (key, hard) in amounts(hard).map(own) {
            quota.entry_mut(key).hard = Some(hard);
        }
        for (key, used) in used {
            quota.entry_mut(key).used = Some(used);
        }
        quota
    }

    fn entry_mut(&mut self, key: Key) -> &mut Entry {
        let place = match self.entries.binary_search_by(|entry| entry.key.cmp(&key)) {
            Ok(place) => place,
            Err(place) => {
                self.entries.insert(place, Entry::new(key));
                place
            }
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "the place was found or made just above"
        )]
        &mut self.entries[place]
    }

    /// The quota's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The quota's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The selectors that an object must meet to be counted.
    pub fn selectors(&self) -> &[ScopeSelector] {
        &self.selectors
    }

    /// Where a selector stands in the quota.
    pub(super) fn selector_path(&self, place: usize) -> FieldPath {
        let spec = Path::root("spec");
        match place.checked_sub(self.scopes) {
            None => spec.child("scopes").index(place).to_owned(),
            Some(place) => {
                let expressions = spec.child("scopeSelector.matchExpressions");
                expressions.index(place).to_owned()
            }
        }
    }

    /// The limit under `key`.
    pub fn hard(&self, key: &str) -> Option<&Quantity> {
        self.find(key)?.hard.as_ref()
    }

    /// What is used under `key`.
    pub fn used(&self, key: &str) -> Option<&Quantity> {
        self.find(key)?.used.as_ref()
    }

    /// Every key with its limit and what is used, sorted by key. Keys without a limit are left over in the status.
    pub fn amounts(&self) -> impl Iterator<Item = (&str, Option<&Quantity>, Option<&Quantity>)> {
        self.entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.hard.as_ref(), entry.used.as_ref()))
    }

    /// `status.used`
    pub fn used_value(&self) -> Value {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.key.clone(), entry.used.as_ref()?.to_string())))
            .collect()
    }

    fn find(&self, key: &str) -> Option<&Entry> {
        let place = self
            .entries
            .binary_search_by(|entry| entry.key.as_str().cmp(key));
        self.entries.get(place.ok()?)
    }

    pub(super) fn entry(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    pub(super) fn set_used(&mut self, place: usize, used: Quantity) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.used = Some(used);
        }
    }

    /// The entries with a limit that an evaluator counts under.
    pub(super) fn claimed<'q>(
        &'q self,
        evaluator: &'q Evaluator,
        context: &'q Context<'_>,
    ) -> impl Iterator<Item = &'q Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.hard.is_some() && entry.is_claimed(evaluator, context))
    }

    /// What the keys of the quota demand of a pod's containers.
    pub(super) fn constraints(&self) -> u8 {
        self.entries
            .iter()
            .filter(|entry| entry.hard.is_some())
            .fold(0, |bits, entry| bits | entry.constraint)
    }

    /// Whether an object is in all scopes of the quota.
    pub(super) fn is_in_scopes(
        &self,
        evaluator: &Evaluator,
        object: &Value,
    ) -> Result<bool, SelectorError> {
        let mut all = true;
        // Every selector is asked: a broken one is an error even behind one that does not hold.
        for selector in &self.selectors {
            all &= evaluator.is_in_scope(object, selector)?;
        }
        Ok(all)
    }

    /// The amounts of `usage` under keys that the quota limits, with their places.
    pub(super) fn limited<'u>(
        &self,
        usage: &'u Usage,
    ) -> impl Iterator<Item = (usize, &'u Quantity)> {
        let mut entries = self.entries.iter().enumerate().peekable();
        usage.iter().filter_map(move |(key, amount)| {
            // Both are sorted.
            while entries.next_if(|(_, entry)| entry.key < *key).is_some() {}
            let (place, entry) = entries.next_if(|(_, entry)| entry.key == *key)?;
            entry.hard.as_ref().map(|_| (place, amount))
        })
    }
}

fn own((key, amount): (&str, Quantity)) -> (Key, Quantity) {
    (Key::new(key), amount)
}

fn scopes(object: &Value) -> impl Iterator<Item = &str> {
    let spec = object.get("spec");
    let scopes = spec.map_or(&[][..], |spec| spec.items("scopes"));
    scopes.iter().filter_map(Value::as_str)
}

/// `spec.scopes`, then `spec.scopeSelector`.
fn selectors(object: &Value) -> Vec<ScopeSelector> {
    let expressions = object
        .at(&["spec", "scopeSelector"])
        .map_or(&[][..], |selector| selector.items("matchExpressions"));
    scopes(object)
        .map(ScopeSelector::exists)
        .chain(expressions.iter().map(ScopeSelector::from_value))
        .collect()
}

/// The quotas of a namespace, in the order in which they are asked: by name.
#[derive(Debug, Clone, Default)]
pub struct Quotas {
    // Invariant: sorted by name.
    quotas: Vec<Quota>,
}

impl Quotas {
    /// The quotas, brought into order.
    pub fn new(quotas: impl IntoIterator<Item = Quota>) -> Self {
        let mut quotas: Vec<_> = quotas.into_iter().collect();
        quotas.sort_by(|a, b| a.name.cmp(&b.name));
        Self { quotas }
    }

    /// The quotas, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, Quota> {
        self.quotas.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.quotas.is_empty()
    }

    /// The quota at a place of this list.
    pub fn get(&self, place: usize) -> Option<&Quota> {
        self.quotas.get(place)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Quota> {
        self.quotas.get_mut(place)
    }
}

impl<'q> IntoIterator for &'q Quotas {
    type Item = &'q Quota;
    type IntoIter = std::slice::Iter<'q, Quota>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
