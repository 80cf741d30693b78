//! Quotas in the transaction: what an object costs is charged in the commit that stores it.
//!
//! [`Ledger`] keeps the quotas of each namespace prepared. A transaction holds them against the revisions of the quotas in
//! the state it decides on, so that they are never those of another moment, and writes the new `status.used` of every
//! quota it touches beside the object. A quota that is created or changed is recounted in its own transaction.

mod book;
mod recount;

use crate::resources::Catalog;
use crate::storage::{Key, Snapshot, Write};
use book::Book;
use recount::recount;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tollgate_api::{Attributes, Operation, Release, Status, Timestamp, Value};
use tollgate_policy::resource_quota::{
    Charges, Context, LimitedResource, Transition, admit, settle,
};

/// The quotas of all namespaces.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<BTreeMap<String, Book>>,
    limited: Vec<LimitedResource>,
}

/// A change that quotas are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The request. Its object is the new one, its old object the one before; neither for what does not change.
    pub attributes: Attributes<'a>,
    /// Whether quotas may refuse it: clients may be refused, what the server finds out is only counted.
    pub enforced: bool,
}

/// What quotas write beside the object.
#[derive(Debug, Default)]
pub struct Charged {
    /// The other writes of the transaction.
    pub writes: Vec<Write>,
    /// The object in place of the one that was to be written: a quota whose usage was counted.
    pub object: Option<Value>,
}

impl Ledger {
    /// A ledger of a server that allows some resources only under a quota.
    pub fn new(limited: Vec<LimitedResource>) -> Self {
        Self {
            books: Mutex::default(),
            limited,
        }
    }

    /// Reads the quotas of a namespace anew the next time: what was charged last was not written.
    pub fn forget(&self, namespace: &str) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.remove(namespace);
    }

    /// Charges a change against the quotas of its namespace as they are in `head`.
    ///
    /// Called inside a transaction, with the revision that it will have.
    pub fn charge(
        &self,
        head: &Snapshot,
        catalog: &Catalog,
        entry: &Entry<'_>,
        release: Release,
    ) -> Result<Charged, Status> {
        let attributes = &entry.attributes;
        let namespace = attributes.namespace;
        if namespace.is_empty() {
            return Ok(Charged::default());
        }
        let resource = attributes.resource;
        let is_quota = resource.group.is_empty() && resource.resource == "resourcequotas";
        let prefix = Key::prefix("", "resourcequotas", Some(namespace));
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let has_quotas = head.range(&prefix).next().is_some();
        if !has_quotas {
            books.remove(namespace);
            if !is_quota && self.limited.is_empty() {
                return Ok(Charged::default());
            }
        }
        let book = books.entry(namespace.to_owned()).or_default();
        book.refresh(head, &prefix)?;
        let context = context(release);
        let mut charged = Charged::default();
        let charges = if attributes.operation == Operation::Delete {
            settled(book, attributes, &context)
        } else {
            let admitted = if entry.enforced {
                let admitted = admit(attributes, &book.quotas, &self.limited, &context);
                admitted.map_err(|refusal| refusal.status)?
            } else {
                Charges::default()
            };
            // What is stored counts, whether it grows or shrinks; a new object is what was admitted.
            if attributes.operation == Operation::Create && entry.enforced {
                admitted
            } else {
                settled(book, attributes, &context)
            }
        };
        if attributes.dry_run {
            return Ok(charged);
        }
        charged.writes = book.apply(head, &charges, attributes.name, is_quota);
        if is_quota
            && let Some(quota) = attributes.object
            && is_to_be_counted(attributes, quota)
        {
            charged.object = Some(recount(head, catalog, quota, &context)?);
        }
        Ok(charged)
    }
}

/// Whether a quota is counted anew: a new one, one with other limits, and one whose status was written without limits,
/// which is how a count is asked for.
fn is_to_be_counted(attributes: &Attributes<'_>, quota: &Value) -> bool {
    let hard = quota.at(&["spec", "hard"]);
    match attributes.subresource {
        "" => attributes
            .old_object
            .is_none_or(|old| old.at(&["spec", "hard"]) != hard),
        "status" => asks_for_count(quota),
        _ => false,
    }
}

fn asks_for_count(quota: &Value) -> bool {
    let hard = quota.at(&["spec", "hard"]).and_then(Value::as_object);
    hard.is_some_and(|hard| !hard.is_empty()) && quota.at(&["status", "hard"]).is_none()
}

/// What a quota whose status was written without limits would be with a status that was counted in `head`; none if
/// it was written with limits. The transaction counts again, but only this tells whether anything changes at all.
pub fn counted(
    head: &Snapshot,
    catalog: &Catalog,
    quota: &Value,
    release: Release,
) -> Result<Option<Value>, Status> {
    if !asks_for_count(quota) {
        return Ok(None);
    }
    recount(head, catalog, quota, &context(release)).map(Some)
}

fn settled(book: &Book, attributes: &Attributes<'_>, context: &Context<'_>) -> Charges {
    let transition = Transition {
        old: attributes.old_object.map(|old| (old, context)),
        new: attributes.object.map(|new| (new, context)),
    };
    settle(&book.quotas, attributes.resource, &transition)
}

/// Objects count as long as they are stored: time alone releases nothing, so that what is counted when an object comes
/// is what is released when it goes.
fn context(release: Release) -> Context<'static> {
    Context {
        release,
        ..Context::at(Timestamp::default())
    }
}
