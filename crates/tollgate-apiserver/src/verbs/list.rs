//! `list`: a collection, or a page of it, at one moment.

use super::answer::{Answer, Listing};
use super::call::Call;
use super::continue_token::ContinueToken;
use super::measured;
use super::options::{ListOptions, parse_resource_version};
use super::record;
use crate::error;
use crate::storage::{Key, Record, RevisionError, Snapshot};
use std::sync::Arc;
use tollgate_api::{Status, Value};

/// Lists the collection of the request.
pub fn list(call: &Call<'_>, options: &ListOptions) -> Result<Answer, Status> {
    if let Some(measured) = measured::of(call) {
        return measured::list(call, options, measured);
    }
    let (snapshot, start) = state(call, options)?;
    let selection = Selection::new(options);
    let prefix = call.prefix();
    let limit = usize::try_from(options.limit)
        .ok()
        .filter(|limit| *limit > 0);
    // The old contract: the state 0 is answered from memory, all of it.
    let limit = limit.filter(|_| {
        !(options.resource_version == "0"
            && matches!(options.resource_version_match.as_str(), "" | "NotOlderThan"))
    });
    let mut items = Vec::new();
    let mut next = None;
    for (key, record) in records(
        &snapshot,
        &prefix,
        &start,
        selection.name_key(call).as_deref(),
    ) {
        if selection.matches(key, record)? {
            if limit.is_some_and(|limit| items.len() >= limit) {
                next = Some(key.clone());
                break;
            }
            items.push((key.clone(), Arc::clone(record)));
        }
    }
    let mut continue_token = String::new();
    let mut remaining = None;
    if let Some(next) = next {
        let relative = next.as_str().strip_prefix(&prefix).unwrap_or_default();
        let token = ContinueToken {
            revision: i64::try_from(snapshot.revision()).unwrap_or(i64::MAX),
            start: relative.to_owned(),
        };
        continue_token = token.encode();
        if selection.is_everything() {
            let rest = snapshot.range_from(&prefix, next.as_str()).count();
            remaining = i64::try_from(rest).ok();
        }
    }
    Ok(Answer::List(Listing {
        resource: Arc::clone(call.resource),
        items,
        revision: snapshot.revision(),
        continue_token,
        remaining,
    }))
}

/// The records from `start` on, or the one that the selector names.
fn records<'s>(
    snapshot: &'s Snapshot,
    prefix: &'s str,
    start: &'s str,
    only: Option<&str>,
) -> Box<dyn Iterator<Item = (&'s Key, &'s Arc<Record>)> + 's> {
    if let Some(only) = only {
        let only = only.to_owned();
        // The key itself is the first that is not less than it.
        let first = snapshot.range(prefix).find(|(key, _)| key.as_str() == only);
        return Box::new(
            first
                .into_iter()
                .filter(move |(key, _)| key.as_str() >= start),
        );
    }
    Box::new(snapshot.range_from(prefix, start))
}

/// The state that is asked for, and the key from which on.
fn state(call: &Call<'_>, options: &ListOptions) -> Result<(Snapshot, String), Status> {
    let store = &call.api.store;
    let version = options.resource_version.as_str();
    if !options.continue_token.is_empty() {
        if !version.is_empty() && version != "0" {
            let why = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(why));
        }
        let token = ContinueToken::decode(&options.continue_token)
            .map_err(|why| Status::bad_request(format!("invalid continue token: {why}")))?;
        let start = format!("{}{}", call.prefix(), token.start);
        let Ok(revision) = u64::try_from(token.revision) else {
            return Ok((store.snapshot(), start));
        };
        let snapshot = store.snapshot_at(revision).map_err(|error| match error {
            RevisionError::Compacted { .. } => {
                let newest = ContinueToken {
                    revision: ContinueToken::NEWEST,
                    ..token
                };
                error::expired_continue(newest.encode())
            }
            RevisionError::Future { .. } => error::unlistable(error),
        })?;
        return Ok((snapshot, start));
    }
    let wanted = parse_resource_version(version).map_err(|why| {
        let quoted = tollgate_api::go_format::quote(version);
        Status::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {quoted}: {why}"
        ))
    })?;
    let newest = store.snapshot();
    if wanted > newest.revision() {
        return Err(error::too_large_resource_version(wanted, newest.revision()));
    }
    let exact = wanted > 0
        && (options.resource_version_match == "Exact"
            || (options.resource_version_match.is_empty() && options.limit > 0));
    let snapshot = if exact {
        store.snapshot_at(wanted).map_err(error::unlistable)?
    } else {
        newest
    };
    Ok((snapshot, String::new()))
}

/// Which objects of a collection are meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selection<'o> {
    options: &'o ListOptions,
}

impl<'o> Selection<'o> {
    pub(super) fn new(options: &'o ListOptions) -> Self {
        Self { options }
    }

    pub(super) fn is_everything(self) -> bool {
        self.options.labels.is_empty() && self.options.fields.is_empty()
    }

    /// The key of the only object that can match, if the selector names it.
    pub(super) fn name_key(self, call: &Call<'_>) -> Option<String> {
        let name = self.options.fields.name()?;
        (!call.resource.namespaced || !call.namespace.is_empty())
            .then(|| call.key(name).as_str().to_owned())
    }

    /// Whether a record matches.
    pub(super) fn matches(self, key: &Key, record: &Record) -> Result<bool, Status> {
        if self.is_everything() {
            return Ok(true);
        }
        let (labels, fields) = (&self.options.labels, &self.options.fields);
        if fields.looks_at_key_only() {
            if !fields.matches(key.namespace(), key.name(), || None) {
                return Ok(false);
            }
        } else {
            let object = record::parse(&record.value, record.revision)?;
            if !fields.matches(key.namespace(), key.name(), || Some(&object)) {
                return Ok(false);
            }
        }
        if labels.is_empty() {
            return Ok(true);
        }
        let found = record::labels(&record.value);
        Ok(labels.matches(|key| found.get(key).and_then(Value::as_str)))
    }
}
