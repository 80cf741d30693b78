//! Pods of nodes: those that show what a kubelet runs by itself, and those that are bound to it.

use super::{Restricted, text};
use crate::auth::node::{config_maps, secrets};
use tollgate_api::go_format::quote;
use tollgate_api::{Operation, Status, Value};

const MIRROR: &str = "kubernetes.io/config.mirror";

impl Restricted<'_> {
    pub(super) fn pod(&self) -> Result<(), Status> {
        let node = quote(self.node);
        match (self.review.attributes.subresource, self.operation()) {
            ("", Operation::Create) => self.mirror_pod(),
            ("", Operation::Delete) => {
                if text(self.old(), &["spec", "nodeName"]) == self.node {
                    return Ok(());
                }
                self.refuse(format!(
                    "node {node} can only delete pods with spec.nodeName set to itself"
                ))
            }
            ("", operation) => self.refuse(format!(
                "unexpected operation {}, node {node} can only create and delete mirror pods",
                quote(operation.as_str())
            )),
            ("status", Operation::Update) => self.pod_status(),
            ("status", _) => self.unexpected(),
            ("eviction", Operation::Create) => self.eviction(),
            ("eviction", operation) => {
                self.refuse(format!("unexpected operation {}", operation.as_str()))
            }
            (subresource, _) => self.refuse(format!(
                "unexpected pod subresource {}, only 'status' and 'eviction' are allowed",
                quote(subresource)
            )),
        }
    }

    fn mirror_pod(&self) -> Result<(), Status> {
        let (pod, node) = (self.object, quote(self.node));
        if pod.at(&["metadata", "annotations", MIRROR]).is_none() {
            return self.refuse(format!(
                "pod does not have {} annotation, node {node} can only create mirror pods",
                quote(MIRROR)
            ));
        }
        if text(pod, &["spec", "nodeName"]) != self.node {
            return self.refuse(format!(
                "node {node} can only create pods with spec.nodeName set to itself"
            ));
        }
        self.owner(pod)?;
        let refuse = |what: &str| {
            self.refuse(format!(
                "node {node} can not create pods that reference {what}"
            ))
        };
        if !text(pod, &["spec", "serviceAccountName"]).is_empty() {
            return refuse("a service account");
        }
        if secrets(pod).next().is_some() {
            return refuse("secrets");
        }
        if config_maps(pod).next().is_some() {
            return refuse("configmaps");
        }
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let volumes = spec.items("volumes");
        let mut sources = volumes
            .iter()
            .filter_map(|volume| volume.get("projected"))
            .flat_map(|projected| projected.items("sources"));
        if sources.any(|source| source.get("clusterTrustBundle").is_some()) {
            return refuse("clustertrustbundles");
        }
        let mut volumes = volumes.iter();
        if volumes.any(|volume| volume.get("persistentVolumeClaim").is_some()) {
            return refuse("persistentvolumeclaims");
        }
        Ok(())
    }

    /// Such a pod goes with its node.
    fn owner(&self, pod: &Value) -> Result<(), Status> {
        let node = quote(self.node);
        let owners = pod.get("metadata").map(|it| it.items("ownerReferences"));
        let owner = match owners.unwrap_or_default() {
            [owner] => owner,
            [] => {
                return self.refuse(format!(
                    "node {node} can only create pods with an owner reference set to itself"
                ));
            }
            _ => {
                return self.refuse(format!(
                    "node {node} can only create pods with a single owner reference set to itself"
                ));
            }
        };
        let is_node = owner.str("apiVersion") == Some("v1") && owner.str("kind") == Some("Node");
        if !is_node || owner.str("name") != Some(self.node) {
            return self.refuse(format!(
                "node {node} can only create pods with an owner reference set to itself"
            ));
        }
        if owner.bool("controller") != Some(true) {
            return self.refuse(format!(
                "node {node} can only create pods with a controller owner reference set to itself"
            ));
        }
        if owner.bool("blockOwnerDeletion") == Some(true) {
            return self.refuse(format!(
                "node {node} must not set blockOwnerDeletion on an owner reference"
            ));
        }
        let stored = self.stored("node", "nodes", "", self.node)?;
        let (given, uid) = (
            owner.str_or_empty("uid"),
            text(&stored, &["metadata", "uid"]),
        );
        if given != uid {
            return self.refuse(format!(
                "node {} UID mismatch: expected {given} got {uid}",
                self.node
            ));
        }
        Ok(())
    }

    fn pod_status(&self) -> Result<(), Status> {
        let (old, new, node) = (self.old(), self.object, quote(self.node));
        if text(old, &["spec", "nodeName"]) != self.node {
            return self.refuse(format!(
                "node {node} can only update pod status for pods with spec.nodeName set to itself"
            ));
        }
        let labels = |pod: &Value| {
            let mut labels = pod.at(&["metadata", "labels"]).cloned().unwrap_or_default();
            if let Some(labels) = labels.as_object_mut() {
                labels.sort_by_key();
            }
            Some(labels).filter(|labels| labels.as_object().is_some_and(|it| !it.is_empty()))
        };
        if labels(old) != labels(new) {
            return self.refuse(format!(
                "node {node} cannot update labels through pod status"
            ));
        }
        let claims = |pod: &Value| {
            let status = pod.get("status").unwrap_or(&Value::Null);
            let claims = status.items("resourceClaimStatuses").iter();
            let claims = claims.map(|claim| {
                let made = claim.str("resourceClaimName").map(str::to_owned);
                (claim.str_or_empty("name").to_owned(), made)
            });
            claims.collect::<Vec<_>>()
        };
        if claims(old) != claims(new) {
            return self.refuse(format!("node {node} cannot update resource claim statues"));
        }
        Ok(())
    }

    fn eviction(&self) -> Result<(), Status> {
        let attributes = &self.review.attributes;
        let pod = self.stored("pod", "pods", attributes.namespace, attributes.name)?;
        if text(&pod, &["spec", "nodeName"]) != self.node {
            return self.refuse(format!(
                "node {} can only evict pods with spec.nodeName set to itself",
                self.node
            ));
        }
        Ok(())
    }
}
