//! Tokens of service accounts that nodes ask for: for pods of theirs, and for whom the pods name.

use super::{Restricted, text};
use crate::storage::Key;
use crate::verbs::record;
use tollgate_api::go_format::quote;
use tollgate_api::{Operation, Status, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

impl Restricted<'_> {
    pub(super) fn token(&self) -> Result<(), Status> {
        let attributes = &self.review.attributes;
        if self.operation() != Operation::Create || attributes.subresource != "token" {
            return Ok(());
        }
        let spec = self.object.get("spec").unwrap_or(&Value::Null);
        let bound = spec.get("boundObjectRef").unwrap_or(&Value::Null);
        let name = bound.str_or_empty("name");
        let is_pod = bound.str("apiVersion") == Some("v1") && bound.str("kind") == Some("Pod");
        if !is_pod || name.is_empty() {
            return self.refuse("node requested token not bound to a pod");
        }
        let uid = bound.str_or_empty("uid");
        if uid.is_empty() {
            return self.refuse("node requested token with a pod binding without a uid");
        }
        let pod = self.stored("pod", "pods", attributes.namespace, name)?;
        if text(&pod, &["metadata", "uid"]) != uid {
            return self.refuse(format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
            ));
        }
        if text(&pod, &["spec", "nodeName"]) != self.node {
            return self
                .refuse("node requested token bound to a pod scheduled on a different node");
        }
        let audience = match spec.items("audiences") {
            [] => "",
            [audience] => audience.as_str().unwrap_or_default(),
            _ => return self.refuse("node may only request 0 or 1 audiences"),
        };
        if self.is_named(&pod, name, audience) || self.may_ask_for(audience) {
            return Ok(());
        }
        let user = attributes.user.map_or("", |user| user.name.as_str());
        self.refuse(format!(
            "audience {} not found in pod spec volume, {user} is not authorized to request tokens for this audience",
            quote(audience)
        ))
    }

    /// Whether a volume of the pod needs a token for this audience, itself or through its driver.
    fn is_named(&self, pod: &Value, name: &str, audience: &str) -> bool {
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        spec.items("volumes").iter().any(|volume| {
            let sources = volume.get("projected").map(|it| it.items("sources"));
            let mut sources = sources.unwrap_or_default().iter();
            let projected = sources.any(|source| {
                let token = source.get("serviceAccountToken");
                token.is_some_and(|token| token.str_or_empty("audience") == audience)
            });
            projected
                || self
                    .driver(volume, name)
                    .is_some_and(|it| asks(&it, audience))
        })
    }

    /// The CSIDriver of a volume.
    fn driver(&self, volume: &Value, pod: &str) -> Option<Value> {
        let driver = if volume.get("ephemeral").is_some() {
            self.driver_of_claim(&format!("{pod}-{}", volume.str_or_empty("name")))?
        } else if let Some(claim) = volume.get("persistentVolumeClaim") {
            self.driver_of_claim(claim.str_or_empty("claimName"))?
        } else {
            volume.get("csi")?.str_or_empty("driver").to_owned()
        };
        self.object_at(&Key::new("storage.k8s.io", "csidrivers", "", &driver))
    }

    fn driver_of_claim(&self, claim: &str) -> Option<String> {
        let namespace = self.review.attributes.namespace;
        let claim = self.object_at(&Key::new("", "persistentvolumeclaims", namespace, claim))?;
        let volume = text(&claim, &["spec", "volumeName"]);
        let volume = self.object_at(&Key::new("", "persistentvolumes", "", volume))?;
        Some(text(&volume, &["spec", "csi", "driver"]).to_owned())
    }

    fn object_at(&self, key: &Key) -> Option<Value> {
        let found = self.review.snapshot.get(key.as_str())?;
        record::parse(&found.value, found.revision).ok()
    }

    fn may_ask_for(&self, audience: &str) -> bool {
        let attributes = &self.review.attributes;
        let access = Access::Resource(ResourceAccess {
            verb: "request-serviceaccounts-token-audience",
            resource: audience,
            namespace: attributes.namespace,
            name: attributes.name,
            ..ResourceAccess::default()
        });
        let user = attributes.user;
        user.is_some_and(|user| self.review.authorizer.authorize(user, &access).allowed)
    }
}

fn asks(driver: &Value, audience: &str) -> bool {
    let spec = driver.get("spec").unwrap_or(&Value::Null);
    let mut requests = spec.items("tokenRequests").iter();
    requests.any(|request| request.str_or_empty("audience") == audience)
}
