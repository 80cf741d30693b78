//! Does what is planned with pods and claims, and tells people of it.

use super::claims::Owners;
use super::plan::{Situation, Step};
use super::pod;
use super::set::{POD_INDEX, POD_NAME};
use crate::context::Context;
use crate::driver::Cached;
use crate::events::EventType;
use crate::namespaces;
use crate::pod_control::Owning;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PODS};
use std::sync::Arc;
use tollgate_api::Status;
use tollgate_api::client::Deletion;
use tollgate_api::status::{Reason, aggregate};

/// A set at work.
#[derive(Debug)]
pub(super) struct Acting<'a> {
    pub(super) cx: &'a Context,
    pub(super) owner: &'a Owning,
    pub(super) situation: &'a Situation<'a>,
}

impl Acting<'_> {
    /// Does one thing.
    pub(super) async fn perform(&self, step: &Step) -> Result<(), Status> {
        match step {
            Step::Create(ordinal) => self.create(*ordinal).await,
            Step::CreateClaims(ordinal) => self.create_claims(*ordinal, true).await,
            Step::Delete(ordinal) => self.delete(*ordinal).await,
            Step::Mend(ordinal) => {
                self.mend(*ordinal).await?;
                self.mend_claims(*ordinal).await
            }
            Step::MendClaims(ordinal) => self.mend_claims(*ordinal).await,
        }
    }

    fn namespace(&self) -> &str {
        &self.owner.reference.namespace
    }

    fn tell(&self, is_warning: bool, reason: &str, message: String) {
        let event_type = if is_warning {
            EventType::Warning
        } else {
            EventType::Normal
        };
        self.owner.event(self.cx, event_type, reason, message);
    }

    /// Tells what became of a pod.
    fn tell_pod<T>(&self, verb: &str, pod: &str, result: &Result<T, Status>) {
        let set = self.situation.set.name;
        let reason = |sort: &str| {
            let verb = match verb {
                "create" => "Create",
                "update" => "Update",
                _ => "Delete",
            };
            format!("{sort}{verb}")
        };
        match result {
            Ok(_) => {
                let message = format!("{verb} Pod {pod} in StatefulSet {set} successful");
                self.tell(false, &reason("Successful"), message);
            }
            Err(status) => {
                let message =
                    format!("{verb} Pod {pod} in StatefulSet {set} failed error: {status}");
                self.tell(true, &reason("Failed"), message);
            }
        }
    }

    async fn create(&self, ordinal: i64) -> Result<(), Status> {
        let set = self.situation.set;
        let name = set.pod_name(ordinal);
        if let Err(status) = self.create_claims(ordinal, false).await {
            if namespaces::is_ending(&status) {
                return Ok(());
            }
            self.tell_pod("create", &name, &Err::<(), _>(status.clone()));
            return Err(status);
        }
        let version = self.situation.version(ordinal);
        let pod = pod::of(self.owner, set, &version.template, &version.name, ordinal);
        let created = self.cx.create(&PODS, self.namespace(), pod).await;
        match &created {
            Err(status) if namespaces::is_ending(status) => return Ok(()),
            Err(status) if status.reason == Reason::AlreadyExists => {}
            _ => self.tell_pod("create", &name, &created),
        }
        created.map(|_| ())
    }

    /// Makes the claims of a pod that are not there. For a pod that is there already, claims on their way out are no
    /// failure.
    async fn create_claims(&self, ordinal: i64, is_there: bool) -> Result<(), Status> {
        let set = self.situation.set;
        let mut failures: Vec<String> = Vec::new();
        let mut ending = None;
        for template in set.claims {
            let name = set.claim_name(template, ordinal);
            let cache = &self.cx.cache;
            if let Some(claim) = cache.get(&PERSISTENT_VOLUME_CLAIMS, self.namespace(), &name) {
                if claim.meta.deleted.is_some() && !is_there {
                    failures.push(format!("pvc {name} is being deleted"));
                }
                continue;
            }
            let owner = set.retention.deleted_with_set && set.ordinals().contains(&ordinal);
            let owner = owner.then(|| self.owner.owner_reference());
            let claim = pod::claim(set, template, ordinal, self.namespace(), owner);
            let created = self
                .cx
                .create(&PERSISTENT_VOLUME_CLAIMS, self.namespace(), claim)
                .await;
            let pod = set.pod_name(ordinal);
            match created {
                Ok(_) => {
                    let message = format!(
                        "create Claim {name} Pod {pod} in StatefulSet {} success",
                        set.name
                    );
                    self.tell(false, "SuccessfulCreate", message);
                }
                Err(status) if namespaces::is_ending(&status) => ending = Some(status),
                Err(status) => {
                    failures.push(format!("failed to create PVC {name}: {status}"));
                    if status.reason != Reason::AlreadyExists {
                        let message = format!(
                            "create Claim {name} for Pod {pod} in StatefulSet {} failed error: {status}",
                            set.name
                        );
                        self.tell(true, "FailedCreate", message);
                    }
                }
            }
        }
        if let Some(status) = ending {
            return Err(status);
        }
        if failures.is_empty() {
            return Ok(());
        }
        Err(Status::plain(aggregate(&failures)))
    }

    async fn delete(&self, ordinal: i64) -> Result<(), Status> {
        let Some(pod) = self.situation.pods.get(&ordinal) else {
            return Ok(());
        };
        let deletion = Deletion {
            uid: Some(pod.meta.uid.clone()),
            ..Deletion::default()
        };
        let name = &pod.meta.name;
        let deleted = self
            .cx
            .delete(&PODS, self.namespace(), name, deletion)
            .await;
        if let Err(status) = &deleted
            && status.reason == Reason::NotFound
        {
            return Ok(());
        }
        self.tell_pod("delete", name, &deleted);
        deleted.map(|_| ())
    }

    /// Gives a pod the labels and volumes of its place.
    async fn mend(&self, ordinal: i64) -> Result<(), Status> {
        let set = self.situation.set;
        let Some(pod) = self.situation.pods.get(&ordinal) else {
            return Ok(());
        };
        let mut object = pod.object()?;
        let has_storage = pod::has_storage(&object, set, ordinal);
        if has_storage && pod::has_identity(pod, ordinal) {
            return Ok(());
        }
        let labels = object.child_mut("metadata").child_mut("labels");
        labels.set(POD_NAME, pod.meta.name.clone());
        labels.set(POD_INDEX, ordinal.to_string());
        if !has_storage {
            pod::mount_claims(object.child_mut("spec"), set, ordinal);
            self.create_claims(ordinal, false).await?;
        }
        let updated = self.cx.update(&PODS, "", object).await;
        self.tell_pod("update", &pod.meta.name, &updated);
        updated.map(|_| ())
    }

    /// Gives the claims of a pod the owners that they should have.
    async fn mend_claims(&self, ordinal: i64) -> Result<(), Status> {
        let Some(pod) = self.situation.pods.get(&ordinal) else {
            return Ok(());
        };
        let wanted = Owners::of(self.owner, self.situation.set, pod, ordinal);
        for claim in claims_of(self.cx, self.situation, self.namespace(), ordinal) {
            if !wanted.fit(&claim) {
                let mut object = claim.object()?;
                wanted.apply(&claim, &mut object);
                self.cx
                    .update(&PERSISTENT_VOLUME_CLAIMS, "", object)
                    .await?;
            }
        }
        Ok(())
    }
}

/// The claims of a pod that are there.
fn claims_of(
    cx: &Context,
    situation: &Situation<'_>,
    namespace: &str,
    ordinal: i64,
) -> Vec<Arc<Cached>> {
    let set = situation.set;
    let names = set
        .claims
        .iter()
        .map(|template| set.claim_name(template, ordinal));
    names
        .filter_map(|name| cx.cache.get(&PERSISTENT_VOLUME_CLAIMS, namespace, &name))
        .collect()
}

/// Finds out which pods and claims are not as they should be, and which claims are on their way out.
pub(super) fn inspect(
    cx: &Context,
    owner: &Owning,
    situation: &mut Situation<'_>,
) -> Result<(), Status> {
    let namespace = &owner.reference.namespace;
    let set = situation.set;
    for (ordinal, pod) in &situation.pods {
        let wanted = Owners::of(owner, set, pod, *ordinal);
        let claims = claims_of(cx, situation, namespace, *ordinal);
        let fits = pod::has_identity(pod, *ordinal)
            && claims.iter().all(|claim| wanted.fit(claim))
            && (set.claims.is_empty() || pod::has_storage(&pod.object()?, set, *ordinal));
        if !fits {
            situation.unfit.push(*ordinal);
        }
    }
    if set.claims.is_empty() {
        return Ok(());
    }
    for ordinal in set
        .ordinals()
        .filter(|ordinal| !situation.pods.contains_key(ordinal))
    {
        let name = set.pod_name(ordinal);
        let claims = claims_of(cx, situation, namespace, ordinal);
        let goes = |claim: &Arc<Cached>| Owners::is_stale(claim, &name);
        if claims.iter().any(goes) {
            situation.stale.push(ordinal);
        }
    }
    Ok(())
}
