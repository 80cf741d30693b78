//! certificatesigningrequest-approving-controller: client certificates of nodes are approved if those who ask for them may have
//! them. All others are approved by people.
//!
//! Upstream: `pkg/controller/certificates/approver/sarapprove.go`

use super::request::{self, APPROVED, DENIED, Request};
use super::signer::{self, KUBE_APISERVER_CLIENT_KUBELET};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::{CERTIFICATE_SIGNING_REQUESTS, SUBJECT_ACCESS_REVIEWS};
use std::sync::Arc;
use tollgate_api::certificate_authority::{CertificateAuthority, CertificateRequest};
use tollgate_api::client::{Identity, Pending, Reply, Target, Verb};
use tollgate_api::{Status, Value};

/// What a request is, as a right that its author needs, and what its approval says.
const SELF_NODE_CLIENT: (&str, &str) = (
    "selfnodeclient",
    "Auto approving self kubelet client certificate after SubjectAccessReview.",
);
const NODE_CLIENT: (&str, &str) = (
    "nodeclient",
    "Auto approving kubelet client certificate after SubjectAccessReview.",
);

/// The controller.
#[derive(Debug)]
pub struct Approving {
    authority: Arc<dyn CertificateAuthority>,
}

impl Approving {
    /// A controller that has requests read by `authority`.
    pub fn new(authority: Arc<dyn CertificateAuthority>) -> Self {
        Self { authority }
    }

    async fn approve(&self, context: &Context, key: &Key) -> Outcome {
        let cached = context
            .cache
            .get(&CERTIFICATE_SIGNING_REQUESTS, "", &key.name);
        let Some(cached) = cached else {
            return Ok(Requeue::No);
        };
        let mut object = cached.object()?;
        let request = Request::of(&object);
        if request.is_issued() || request.has(APPROVED) || request.has(DENIED) {
            return Ok(Requeue::No);
        }
        let asked = request.asked(&*self.authority, &key.name)?;
        let rights = rights(request, &asked);
        for (right, message) in rights {
            if !is_allowed(context, request.spec(), right).await? {
                continue;
            }
            request::add_condition(&mut object, APPROVED, "AutoApproved", (*message).to_owned());
            let written = context
                .update(&CERTIFICATE_SIGNING_REQUESTS, "approval", object)
                .await;
            return gone::outcome(written);
        }
        // Whoever asked may be given the right.
        Ok(if rights.is_empty() {
            Requeue::No
        } else {
            Requeue::Backoff
        })
    }
}

/// With which rights of its author a request is approved, the narrower one first; none if people decide.
fn rights(
    request: Request<'_>,
    asked: &CertificateRequest,
) -> &'static [(&'static str, &'static str)] {
    let is_of_a_node = request.signer() == KUBE_APISERVER_CLIENT_KUBELET
        && signer::kubelet_client(asked, &request.usages()).is_ok();
    if !is_of_a_node {
        &[]
    } else if request.spec().str_or_empty("username") == asked.common_name {
        &[SELF_NODE_CLIENT, NODE_CLIENT]
    } else {
        &[NODE_CLIENT]
    }
}

/// Whether the author of a request may create `certificatesigningrequests/RIGHT`.
async fn is_allowed(context: &Context, spec: &Value, right: &str) -> Result<bool, Status> {
    let mut review = Value::object();
    let asked = review.child_mut("spec");
    for (field, from) in [
        ("user", "username"),
        ("uid", "uid"),
        ("groups", "groups"),
        ("extra", "extra"),
    ] {
        if let Some(value) = spec.get(from) {
            asked.set(field, value.clone());
        }
    }
    let attributes = asked.child_mut("resourceAttributes");
    attributes.set("group", "certificates.k8s.io");
    attributes.set("resource", "certificatesigningrequests");
    attributes.set("subresource", right);
    attributes.set("verb", "create");
    let target = Target::collection(&SUBJECT_ACCESS_REVIEWS, "");
    match context.call(target, Verb::Create(review)).await? {
        Reply::Other(review) => {
            let status = review.get("status");
            Ok(status.and_then(|status| status.bool("allowed")) == Some(true))
        }
        _ => Err(Status::internal("the API answered a review with an object")),
    }
}

impl Controller for Approving {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-approving-controller"
    }

    fn identity(&self) -> Identity {
        request::identity()
    }

    fn component(&self) -> &'static str {
        "csrapproving"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&CERTIFICATE_SIGNING_REQUESTS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(new) = change.new {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.approve(context, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(signer: &str, username: &str, usages: &str, expected: &[&str]) {
        let object = format!(
            r#"{{"spec":{{"signerName":"{signer}","username":"{username}","usages":{usages}}}}}"#
        );
        let object = json::from_str(&object).unwrap();
        let asked = CertificateRequest {
            common_name: "system:node:n1".to_owned(),
            organizations: vec!["system:nodes".to_owned()],
            ..CertificateRequest::default()
        };
        let rights = rights(Request::of(&object), &asked);
        let rights: Vec<&str> = rights.iter().map(|(right, _)| *right).collect();
        assert_eq!(rights, expected);
    }

    #[test]
    fn only_client_certificates_of_nodes_are_recognized() {
        let usages = r#"["digital signature","client auth"]"#;
        let kubelet = KUBE_APISERVER_CLIENT_KUBELET;
        check(kubelet, "system:bootstrap:x", usages, &["nodeclient"]);
        check(
            kubelet,
            "system:node:n1",
            usages,
            &["selfnodeclient", "nodeclient"],
        );
        check(kubelet, "system:node:n1", r#"["server auth"]"#, &[]);
        check(
            "kubernetes.io/kube-apiserver-client",
            "system:node:n1",
            usages,
            &[],
        );
        check(
            "kubernetes.io/kubelet-serving",
            "system:node:n1",
            usages,
            &[],
        );
    }
}
