//! `/metrics`: everything that is counted, on one page.

use super::body::{AnswerBody, Pieces};
use super::connect;
use super::head::Head;
use super::respond::{self, HttpAnswer};
use super::service::Service;
use crate::audit::Auditor;
use crate::metrics::{Metrics, Page, RequestLabels};
use crate::resources::Catalog;
use crate::storage::Snapshot;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{GroupResource, Status};

const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// Answers with the page.
pub(super) async fn page(service: &Service) -> Result<HttpAnswer, Status> {
    let mut page = Page::default();
    service.api.admission.write(&mut page);
    audit(service.auditor.as_deref(), &mut page);
    service.metrics.write(&mut page);
    service.api.prepared.pod_security_counts.write(&mut page);
    service.flows.write(&mut page);
    let snapshot = service.api.store.snapshot();
    // All keys are looked at: not while others wait.
    let counted = tokio::task::spawn_blocking(move || objects(&snapshot));
    let counted = counted.await.map_err(Status::internal)?;
    for name in ["apiserver_resource_objects", "apiserver_storage_objects"] {
        page.begin(name, "gauge", "Objects that are stored.");
        let by_group = name == "apiserver_resource_objects";
        for ((group, resource), count) in &counted {
            if by_group {
                page.sample(name, &[("group", group), ("resource", resource)], count);
            } else {
                let resource = GroupResource::new(group, resource).to_string();
                page.sample(name, &[("resource", &resource)], count);
            }
        }
    }
    Ok(respond::answer(200, MEDIA, page.into_text().into_bytes()))
}

fn audit(auditor: Option<&Auditor>, page: &mut Page) {
    let name = "apiserver_audit_error_total";
    page.begin(name, "counter", "Events that were lost.");
    let lost = auditor.map_or(0, Auditor::lost);
    page.sample(name, &[("plugin", "log")], lost);
    let name = "apiserver_audit_event_total";
    page.begin(name, "counter", "Events of the audit log.");
    page.sample(name, &[], auditor.map_or(0, Auditor::events));
    let name = "apiserver_audit_level_total";
    page.begin(name, "counter", "Requests, by how much is told of them.");
    for (level, count) in auditor.into_iter().flat_map(Auditor::levels) {
        page.sample(name, &[("level", level.as_str())], count);
    }
    let name = "apiserver_audit_requests_rejected_total";
    page.begin(
        name,
        "counter",
        "Requests refused for want of an audit log.",
    );
    page.sample(name, &[], 0);
}

/// How many objects there are of each group and resource.
fn objects(snapshot: &Snapshot) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    let mut current: Option<((String, String), u64)> = None;
    for (key, _) in snapshot.range("") {
        match &mut current {
            Some(((group, resource), count))
                if group == key.group() && resource == key.resource() =>
            {
                *count = count.saturating_add(1);
            }
            _ => {
                counts.extend(current.take());
                current = Some(((key.group().to_owned(), key.resource().to_owned()), 1));
            }
        }
    }
    counts.extend(current);
    counts
}

/// What a request is counted under. What is not served is not told apart, for clients make up any number of names.
pub(super) fn labels(head: &Head, catalog: &Catalog) -> RequestLabels {
    let info = &head.info;
    if !info.is_resource {
        return RequestLabels {
            subresource: path_label(&info.path).into(),
            verb: method_label(head.method.as_str()),
            ..RequestLabels::default()
        };
    }
    let mut labels = RequestLabels {
        component: "apiserver",
        verb: verb_label(head),
        ..RequestLabels::default()
    };
    let Some(resource) = catalog.resource(&info.group, &info.version, &info.resource) else {
        return labels;
    };
    if !info.subresource.is_empty() {
        if resource.subresource(&info.subresource).is_none() {
            return labels;
        }
        labels.subresource.clone_from(&info.subresource);
    }
    labels.group.clone_from(&info.group);
    labels.version.clone_from(&info.version);
    labels.resource.clone_from(&info.resource);
    labels.scope = if info.names_object {
        "resource"
    } else if info.namespace.is_empty() {
        "cluster"
    } else {
        "namespace"
    };
    labels.dry_run = match head.query.first("dryRun") {
        None | Some("") => "",
        Some("All") => "All",
        Some(_) => "invalid",
    };
    labels
}

fn path_label(path: &str) -> &'static str {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("openapi", Some("v2")) => "openapi/v2",
        ("openapi", Some("v3")) => "openapi/v3",
        ("api", _) => "/api",
        ("apis", _) => "/apis",
        ("healthz", _) => "/healthz",
        ("livez", _) => "/livez",
        ("readyz", _) => "/readyz",
        ("metrics", _) => "/metrics",
        ("version", _) => "/version",
        _ => "",
    }
}

fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let mut known = KNOWN.into_iter();
    known.find(|known| *known == method).unwrap_or("OTHER")
}

fn verb_label(head: &Head) -> &'static str {
    let applies = head
        .content_type
        .as_deref()
        .is_some_and(|media| media.starts_with("application/apply-patch+"));
    match head.info.verb.as_str() {
        _ if connect::is_connect(&head.info) => "CONNECT",
        "create" => "POST",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        "get" => "GET",
        "list" => "LIST",
        "patch" if applies => "APPLY",
        "patch" => "PATCH",
        "update" => "PUT",
        "watch" => "WATCH",
        _ => "OTHER",
    }
}

/// Counts the bytes of an answer: now if it is whole, else when its last piece was made.
pub(super) fn measure(metrics: &Arc<Metrics>, labels: RequestLabels, response: &mut HttpAnswer) {
    let body = response.body_mut();
    match body {
        AnswerBody::Whole(bytes) => {
            let length = bytes.as_ref().map_or(0, Bytes::len);
            metrics.answer_size(labels, u64::try_from(length).unwrap_or(u64::MAX));
        }
        AnswerBody::Pieces(pieces) => {
            let pieces = std::mem::replace(pieces, Box::new(std::iter::empty()));
            let measured = Measured {
                pieces,
                bytes: 0,
                metrics: Arc::clone(metrics),
                labels,
            };
            *body = AnswerBody::Pieces(Box::new(measured));
        }
        AnswerBody::Stream(..) | AnswerBody::Relayed(..) => {}
    }
}

/// Pieces whose bytes are counted.
struct Measured {
    pieces: Pieces,
    bytes: u64,
    metrics: Arc<Metrics>,
    labels: RequestLabels,
}

impl Iterator for Measured {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let piece = self.pieces.next()?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        Some(piece)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.metrics.answer_size(self.labels.clone(), self.bytes);
    }
}
