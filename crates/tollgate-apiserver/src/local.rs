//! The Client port for those in the same process: calls of verbs, with the authorization and admission of any request.

use crate::admission;
use crate::audit::NO_TRAIL;
use crate::error;
use crate::resources::{Resource, Verb as ServedVerb};
use crate::verbs::options::{DeleteOptions, ListOptions, WriteOptions};
use crate::verbs::record::{self, Encoded};
use crate::verbs::{
    self, Answer, Api, Call, Change, FieldSelector, LabelSelector, PatchType, Warnings, Watching,
    subresources,
};
use std::sync::Arc;
use tollgate_api::client::{
    Client, Cluster, Deletion, ExpressionWarning, Extent, GroupVersionResource, Identity,
    PatchKind, Pending, Reply, Selection, ServedResource, Stored, Target, Verb, Watch, WatchEvent,
};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// The server, for those in the same process.
#[derive(Debug, Clone)]
pub struct LocalCluster {
    api: Arc<Api>,
}

impl LocalCluster {
    /// Clients of this server.
    pub fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}

impl Cluster for LocalCluster {
    fn client(&self, identity: Identity) -> Arc<dyn Client> {
        Arc::new(LocalClient {
            api: Arc::clone(&self.api),
            identity,
        })
    }

    fn type_check(&self, policy: &Value) -> Vec<ExpressionWarning> {
        admission::type_check(policy, &self.api.catalog.load())
    }
}

/// One user of the server.
#[derive(Debug)]
struct LocalClient {
    api: Arc<Api>,
    identity: Identity,
}

impl Client for LocalClient {
    fn call<'a>(&'a self, target: Target<'a>, verb: Verb) -> Pending<'a, Result<Reply, Status>> {
        Box::pin(self.perform(target, verb))
    }

    fn watch(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        extent: Extent,
    ) -> Result<Box<dyn Watch>, Status> {
        let target = Target::collection(resource, namespace);
        for verb in ["list", "watch"] {
            self.check(target, verb)?;
        }
        let resource = self.resource(target)?;
        let warnings = Warnings::default();
        let call = self.call_of(&resource, target, &warnings);
        let options = ListOptions {
            watch: true,
            allow_watch_bookmarks: true,
            resource_version_match: "NotOlderThan".to_owned(),
            send_initial_events: Some(true),
            ..ListOptions::default()
        };
        match verbs::watch(&call, &options)? {
            Answer::Watch(watching) => Ok(Box::new(LocalWatch {
                resource,
                watching,
                extent,
            })),
            _ => Err(Status::internal("a watch is no watch")),
        }
    }

    fn resources(&self) -> Vec<ServedResource> {
        let catalog = self.api.catalog.load();
        let mut served = Vec::new();
        for group in catalog.groups() {
            let mut seen: Vec<&str> = Vec::new();
            // A resource counts in the first version of its group that has it.
            for version in &group.versions {
                let new = version
                    .resources
                    .iter()
                    .filter(|resource| !seen.contains(&resource.plural()));
                let new: Vec<&Arc<Resource>> = new.collect();
                served.extend(new.iter().map(|resource| told(resource)));
                seen.extend(new.iter().map(|resource| resource.plural()));
            }
        }
        served
    }
}

fn told(resource: &Resource) -> ServedResource {
    ServedResource {
        resource: GroupVersionResource {
            group: resource.kind.group.clone(),
            version: resource.kind.version.clone(),
            resource: resource.plural().into(),
        },
        kind: resource.kind.kind.clone(),
        namespaced: resource.namespaced,
        verbs: resource.verbs.names().collect(),
    }
}

impl LocalClient {
    fn resource(&self, target: Target<'_>) -> Result<Arc<Resource>, Status> {
        let catalog = self.api.catalog.load();
        let wanted = target.resource;
        let found = catalog.resource(&wanted.group, &wanted.version, &wanted.resource);
        found.cloned().ok_or_else(error::no_such_resource)
    }

    fn check(&self, target: Target<'_>, verb: &str) -> Result<(), Status> {
        let access = Access::Resource(ResourceAccess {
            verb,
            group: &target.resource.group,
            resource: &target.resource.resource,
            subresource: target.subresource,
            namespace: target.namespace,
            name: target.name,
            field_selector: "",
        });
        self.api.authorizer.check(&self.identity.user, &access)
    }

    fn call_of<'a>(
        &'a self,
        resource: &'a Arc<Resource>,
        target: Target<'a>,
        warnings: &'a Warnings,
    ) -> Call<'a> {
        Call {
            api: &self.api,
            resource,
            subresource: target.subresource,
            namespace: if resource.namespaced {
                target.namespace
            } else {
                ""
            },
            name: target.name,
            user: &self.identity.user,
            user_agent: &self.identity.user_agent,
            warnings,
            trail: &NO_TRAIL,
            now: self.api.environment.now(),
        }
    }

    async fn perform(&self, target: Target<'_>, verb: Verb) -> Result<Reply, Status> {
        self.check(target, name_of(&verb))?;
        let resource = self.resource(target)?;
        let warnings = Warnings::default();
        let call = self.call_of(&resource, target, &warnings);
        let kind = match resource.subresource(target.subresource) {
            Some(sub) => &sub.kind,
            None if target.subresource.is_empty() => &resource.kind,
            None => return Err(error::no_such_resource()),
        };
        let is_scale = kind.kind == "Scale";
        let options = WriteOptions::default();
        let answer = match verb {
            Verb::Get if is_scale => subresources::get_scale(&call).await?,
            Verb::Get => verbs::get(&call, "")?,
            Verb::List(selection) => verbs::list(&call, &selected(&resource, &selection)?)?,
            Verb::Create(object) => {
                let object = verbs::settle(&call, kind, object)?;
                match (resource.plural(), target.subresource) {
                    ("pods", "binding") => subresources::bind(&call, &object, &options).await?,
                    ("pods", "eviction") => subresources::evict(&call, &object, &options).await?,
                    ("serviceaccounts", "token") => {
                        subresources::token(&call, kind, &object, &options).await?
                    }
                    ("subjectaccessreviews", "") => verbs::review_access(&call, &object)?,
                    (_, "") => verbs::create(&call, object, &options).await?,
                    _ => return Err(error::method_not_allowed()),
                }
            }
            Verb::Rehearse(object) => {
                let object = verbs::settle(&call, kind, object)?;
                let options = WriteOptions {
                    dry_run: vec!["All".to_owned()],
                    ..options
                };
                verbs::create(&call, object, &options).await?
            }
            Verb::Update(object) => {
                let object = verbs::settle(&call, kind, object)?;
                if is_scale {
                    subresources::replace_scale(&call, &object, &options).await?
                } else {
                    verbs::replace(&call, object, &options).await?
                }
            }
            Verb::Patch(patch_kind, patch) => {
                let body = patch.to_string();
                let patch_type = patch_type(patch_kind);
                if is_scale {
                    subresources::patch_scale(&call, body.as_bytes(), patch_type, &options).await?
                } else {
                    verbs::patch(&call, body.as_bytes(), patch_type, &options).await?
                }
            }
            Verb::Delete(deletion) => {
                let removed = verbs::remove(&call, &delete_options(deletion)).await?;
                Answer::object(200, &resource, removed.object)
            }
            Verb::DeleteCollection(selection, deletion) => {
                let selection = selected(&resource, &selection)?;
                verbs::delete_collection(&call, &selection, &delete_options(deletion)).await?
            }
        };
        reply(answer)
    }
}

/// The verb as authorization names it.
fn name_of(verb: &Verb) -> &'static str {
    match verb {
        Verb::Get => ServedVerb::Get.as_str(),
        Verb::List(_) => ServedVerb::List.as_str(),
        Verb::Create(_) | Verb::Rehearse(_) => ServedVerb::Create.as_str(),
        Verb::Update(_) => ServedVerb::Update.as_str(),
        Verb::Patch(..) => ServedVerb::Patch.as_str(),
        Verb::Delete(_) => ServedVerb::Delete.as_str(),
        Verb::DeleteCollection(..) => ServedVerb::DeleteCollection.as_str(),
    }
}

fn patch_type(kind: PatchKind) -> PatchType {
    match kind {
        PatchKind::Json => PatchType::Json,
        PatchKind::Merge => PatchType::Merge,
        PatchKind::Strategic => PatchType::Strategic,
    }
}

fn selected(resource: &Resource, selection: &Selection) -> Result<ListOptions, Status> {
    let mut fields = FieldSelector::parse(&selection.fields).map_err(Status::bad_request)?;
    fields.check(resource).map_err(Status::bad_request)?;
    Ok(ListOptions {
        labels: LabelSelector::parse(&selection.labels).map_err(Status::bad_request)?,
        fields,
        ..ListOptions::default()
    })
}

fn delete_options(deletion: Deletion) -> DeleteOptions {
    DeleteOptions {
        grace_period_seconds: deletion.grace_period_seconds,
        uid: deletion.uid.map(CompactString::into_string),
        resource_version: deletion.resource_version.map(CompactString::into_string),
        propagation_policy: deletion
            .propagation
            .map(|policy| policy.as_str().to_owned()),
        ..DeleteOptions::default()
    }
}

fn reply(answer: Answer) -> Result<Reply, Status> {
    Ok(match answer {
        Answer::Object {
            resource, object, ..
        } => Reply::Object(served(&resource, object)?),
        Answer::Other { object, .. } => Reply::Other(object),
        Answer::List(listing) => {
            let mut items = Vec::with_capacity(listing.items.len());
            for (_, record) in listing.items {
                let value = record.value.clone();
                let revision = record.revision;
                items.push(served(&listing.resource, Encoded { value, revision })?);
            }
            Reply::List {
                items,
                revision: listing.revision,
            }
        }
        Answer::Watch(_) => return Err(Status::internal("nobody asked for a watch")),
    })
}

/// The object in the version that was asked for; mostly that is how it is stored.
fn served(resource: &Resource, object: Encoded) -> Result<Stored, Status> {
    if resource.kind == resource.storage_kind {
        return Ok(stored(object));
    }
    let mut tree: Value = object.parse()?;
    resource.to_served(&mut tree);
    Ok(Stored {
        json: record::encode(&resource.kind, &tree),
        // That of the pod is not that of its usage.
        revision: if resource.is_measured() {
            0
        } else {
            object.revision
        },
    })
}

fn stored(object: Encoded) -> Stored {
    Stored {
        json: object.value,
        revision: object.revision,
    }
}

#[derive(Debug)]
struct LocalWatch {
    resource: Arc<Resource>,
    watching: Box<Watching>,
    extent: Extent,
}

impl LocalWatch {
    async fn step(&mut self) -> Option<WatchEvent> {
        loop {
            return match self.watching.next().await? {
                Change::Object {
                    event_type, object, ..
                } => {
                    let object = match self.extent {
                        Extent::Whole => served(&self.resource, object).ok()?,
                        // Of all versions the metadata is the same.
                        Extent::Metadata => stored(object),
                    };
                    Some(match event_type {
                        "ADDED" => WatchEvent::Added(object),
                        "MODIFIED" => WatchEvent::Modified(object),
                        _ => WatchEvent::Deleted(object),
                    })
                }
                Change::Bookmark {
                    revision,
                    ends_initial: true,
                } => Some(WatchEvent::Synced { revision }),
                Change::Bookmark { .. } => continue,
                Change::Error(_) => None,
            };
        }
    }
}

impl Watch for LocalWatch {
    fn next(&mut self) -> Pending<'_, Option<WatchEvent>> {
        Box::pin(self.step())
    }
}
