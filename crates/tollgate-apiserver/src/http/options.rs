//! From the query of a request to the options of a verb.

use super::query::Query;
use crate::resources::Resource;
use crate::verbs::options::{DeleteOptions, ListOptions, WriteOptions};
use crate::verbs::{FieldSelector, LabelSelector};
use tollgate_api::go_format::quote;
use tollgate_api::node_agent::{LogOptions, LogStream};
use tollgate_api::{Status, Timestamp};

/// The options of a list, a watch or a deletion of a collection.
pub(super) fn list_options(query: &Query, resource: &Resource) -> Result<ListOptions, Status> {
    let labels = LabelSelector::parse(query.text("labelSelector")).map_err(Status::bad_request)?;
    let fields = FieldSelector::parse(query.text("fieldSelector")).map_err(Status::bad_request)?;
    let mut options = ListOptions {
        labels,
        fields,
        watch: query.flag("watch"),
        allow_watch_bookmarks: query.flag("allowWatchBookmarks"),
        resource_version: query.text("resourceVersion").to_owned(),
        resource_version_match: query.text("resourceVersionMatch").to_owned(),
        timeout_seconds: query.int("timeoutSeconds")?,
        limit: query.int("limit")?.unwrap_or_default(),
        continue_token: query.text("continue").to_owned(),
        send_initial_events: query.optional_flag("sendInitialEvents"),
    };
    options.check()?;
    options
        .fields
        .check(resource)
        .map_err(Status::bad_request)?;
    Ok(options)
}

/// The options of a create, an update or a patch.
pub(super) fn write_options(query: &Query) -> WriteOptions {
    WriteOptions {
        dry_run: texts(query, "dryRun"),
        field_manager: query.text("fieldManager").to_owned(),
        field_validation: query.text("fieldValidation").to_owned(),
        force: query.optional_flag("force"),
    }
}

/// The options of a deletion that has no body.
pub(super) fn delete_options(query: &Query) -> Result<DeleteOptions, Status> {
    Ok(DeleteOptions {
        grace_period_seconds: query.int("gracePeriodSeconds")?,
        // Preconditions may stand in the query, each field of them by its name.
        uid: query.first("uid").map(str::to_owned),
        resource_version: query.first("resourceVersion").map(str::to_owned),
        orphan_dependents: query.optional_flag("orphanDependents"),
        propagation_policy: query.first("propagationPolicy").map(str::to_owned),
        dry_run: texts(query, "dryRun"),
    })
}

/// The options of a request for a log, and the stream that the client named.
pub(super) fn log_options(query: &Query) -> Result<(LogOptions, Option<&str>), Status> {
    let since_time = match query.text("sinceTime") {
        "" => None,
        text => Some(Timestamp::parse(text).ok_or_else(|| {
            let quoted = quote(text);
            Status::bad_request(format!(
                "parsing time {quoted} as \"2006-01-02T15:04:05Z07:00\": cannot parse {quoted}"
            ))
        })?),
    };
    let options = LogOptions {
        follow: query.flag("follow"),
        previous: query.flag("previous"),
        since_seconds: query.int("sinceSeconds")?,
        since_time,
        timestamps: query.flag("timestamps"),
        tail_lines: query.int("tailLines")?,
        limit_bytes: query.int("limitBytes")?,
        stream: LogStream::All,
    };
    Ok((options, query.first("stream")))
}

fn texts(query: &Query, name: &str) -> Vec<String> {
    query.all(name).map(str::to_owned).collect()
}
