//! All flow schemas in the order in which they are asked, made anew whenever one of them or a level changes.

use super::rules::Rule;
use super::{CATCH_ALL, GROUP, LEVELS, SCHEMAS, seats};
use crate::health::Health;
use crate::metrics::Page;
use crate::storage::{Key, RevisionError, Snapshot, Store, WatchEnd};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tollgate_api::{UserInfo, Value, json};
use tollgate_policy::rbac::Access;

/// Where a request belongs: unique ids, for names are nobody's business who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// That of the FlowSchema.
    pub schema: Bytes,
    /// That of its PriorityLevelConfiguration.
    pub level: Bytes,
}

/// The flow schemas and levels of a store.
///
/// Requests look at a table that never changes once it is taken. A change of the objects counts as soon as the task that
/// follows them has seen it, as upstream: nobody's rights depend on it.
#[derive(Debug)]
pub struct FlowIndex {
    table: RwLock<Arc<Table>>,
}

#[derive(Debug)]
struct Table {
    /// By precedence, then by name.
    schemas: Vec<(Vec<Rule>, Arc<Flow>)>,
    /// What takes what none of them takes.
    rest: Option<Arc<Flow>>,
    /// The shares of each level, by name.
    levels: BTreeMap<String, i64>,
}

impl FlowIndex {
    /// The index of a store, kept in step with it.
    pub fn follow(store: &Arc<dyn Store>, health: &mut Health) -> Result<Arc<Self>, RevisionError> {
        let snapshot = store.snapshot();
        let mut watcher = store.watch(&watched(), snapshot.revision())?;
        let index = Arc::new(Self {
            table: RwLock::new(Arc::new(table(&snapshot))),
        });
        let (store, following) = (Arc::clone(store), Arc::clone(&index));
        let task = tokio::spawn(async move {
            loop {
                while watcher.next().await.is_some() {
                    while watcher.try_next().is_some() {}
                    following.set(table(&store.snapshot()));
                }
                if watcher.end() != Some(WatchEnd::TooSlow) {
                    return;
                }
                // Events were lost: what is there now says all that they would have said.
                let snapshot = store.snapshot();
                let Ok(anew) = store.watch(&watched(), snapshot.revision()) else {
                    return;
                };
                watcher = anew;
                following.set(table(&snapshot));
            }
        });
        let consumer = "poststarthook/priority-and-fairness-config-consumer";
        health.runs(&task.abort_handle(), &[consumer]);
        health.done(&["poststarthook/priority-and-fairness-filter"]);
        Ok(index)
    }

    fn set(&self, table: Table) {
        let mut current = self.table.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(table);
    }

    fn table(&self) -> Arc<Table> {
        let current = self.table.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Where a request belongs; nowhere only if the schema that takes everything is not there.
    pub fn classify(&self, user: &UserInfo, access: &Access<'_>) -> Option<Arc<Flow>> {
        let table = self.table();
        let mut schemas = table.schemas.iter();
        let is_meant = |(rules, _): &&(Vec<Rule>, Arc<Flow>)| {
            rules.iter().any(|rule| rule.matches(user, access))
        };
        let found = schemas.find(is_meant).map(|(_, flow)| flow);
        found.or(table.rest.as_ref()).cloned()
    }

    /// Writes the seats of each level.
    pub fn write(&self, page: &mut Page) {
        let table = self.table();
        let all = table
            .levels
            .values()
            .fold(0_i64, |all, one| all.saturating_add(*one));
        let name = "apiserver_flowcontrol_nominal_limit_seats";
        page.begin(
            name,
            "gauge",
            "Nominal number of execution seats configured for each priority level.",
        );
        for (level, shares) in &table.levels {
            let seats = seats::nominal(*shares, all);
            page.sample(name, &[("priority_level", level)], seats);
        }
    }
}

fn watched() -> String {
    format!("{GROUP}/")
}

fn table(snapshot: &Snapshot) -> Table {
    let read = |resource| {
        let prefix = Key::prefix(GROUP, resource, None);
        let mut objects: Vec<(String, Value)> = Vec::new();
        for (key, found) in snapshot.range(&prefix) {
            let object = json::from_slice(&found.value).unwrap_or(Value::Null);
            objects.push((key.name().to_owned(), object));
        }
        objects
    };
    let levels: BTreeMap<String, Value> = read(LEVELS).into_iter().collect();
    let mut schemas = read(SCHEMAS);
    schemas.sort_by_cached_key(|(name, schema)| (precedence(schema), name.clone()));
    let mut rest = None;
    let mut in_order = Vec::new();
    for (name, schema) in schemas {
        let level = schema.at(&["spec", "priorityLevelConfiguration", "name"]);
        let level = level
            .and_then(Value::as_str)
            .and_then(|level| levels.get(level));
        // A schema whose level is missing takes nothing.
        let Some(level) = level else { continue };
        let flow = Arc::new(Flow {
            schema: uid(&schema),
            level: uid(level),
        });
        if name == CATCH_ALL {
            rest = Some(Arc::clone(&flow));
        }
        let rules = schema
            .get("spec")
            .map_or(&[][..], |spec| spec.items("rules"));
        in_order.push((rules.iter().map(Rule::read).collect(), flow));
    }
    let shares = |(name, level): (String, Value)| (name, seats::shares(level.get("spec")));
    Table {
        schemas: in_order,
        rest,
        levels: levels.into_iter().map(shares).collect(),
    }
}

fn precedence(schema: &Value) -> i64 {
    let precedence = schema.at(&["spec", "matchingPrecedence"]);
    precedence.and_then(Value::as_i64).unwrap_or(0)
}

fn uid(object: &Value) -> Bytes {
    let uid = object.at(&["metadata", "uid"]);
    Bytes::from(uid.and_then(Value::as_str).unwrap_or_default().to_owned())
}
