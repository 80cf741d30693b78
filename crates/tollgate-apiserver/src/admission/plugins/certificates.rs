//! CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may approve and sign for a signer, and
//! for whom nobody does.

use crate::admission::{Plugin, Review};
use crate::auth::authority;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::go_format::quote;
use tollgate_api::{Operation, Status, Value};
use tollgate_policy::rbac::{Access, ResourceAccess};

const GROUP: &str = "certificates.k8s.io";
const REQUESTS: &str = "certificatesigningrequests";
/// The signer of client certificates, which must not make administrators.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
const PRIVILEGED_GROUP: &str = "system:masters";

/// The plugin that holds approvals.
#[derive(Debug)]
pub(in crate::admission) struct CertificateApproval;

/// The plugin that holds signatures.
#[derive(Debug)]
pub(in crate::admission) struct CertificateSigning;

/// The plugin that holds subjects.
#[derive(Debug)]
pub(in crate::admission) struct CertificateSubjectRestriction;

impl Plugin for CertificateApproval {
    fn name(&self) -> &'static str {
        "CertificateApproval"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let Some((new, _)) = changed(review, "approval") else {
            return Ok(());
        };
        let signer = signer_of(new);
        if may(review, "approve", signer) {
            return Ok(());
        }
        let why = format!(
            "user not permitted to approve requests with signerName {}",
            quote(signer)
        );
        Err(review.forbidden(None, why))
    }
}

impl Plugin for CertificateSigning {
    fn name(&self) -> &'static str {
        "CertificateSigning"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let Some((new, old)) = changed(review, "status") else {
            return Ok(());
        };
        let same = |key: &str| new.at(&["status", key]) == old.at(&["status", key]);
        let signer = signer_of(old);
        if (same("certificate") && same("conditions")) || may(review, "sign", signer) {
            return Ok(());
        }
        let why = format!(
            "user not permitted to sign requests with signerName {}",
            quote(signer)
        );
        Err(review.forbidden(None, why))
    }
}

impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let Some(request) = review.attributes.object else {
            return Ok(());
        };
        if review.attributes.operation != Operation::Create
            || !review.is_in(GROUP, REQUESTS)
            || signer_of(request) != CLIENT_SIGNER
        {
            return Ok(());
        }
        // What cannot be read has been refused by validation.
        if organizations(request)
            .iter()
            .any(|group| group == PRIVILEGED_GROUP)
        {
            let why = format!(
                "use of {CLIENT_SIGNER} signer with {PRIVILEGED_GROUP} group is not allowed"
            );
            return Err(review.forbidden(None, why));
        }
        Ok(())
    }
}

/// The new and the old object, if the request changes this part of a certificate signing request.
fn changed<'r>(review: &Review<'r>, subresource: &str) -> Option<(&'r Value, &'r Value)> {
    let attributes = &review.attributes;
    let is_ours = attributes.operation == Operation::Update
        && attributes.resource.group == GROUP
        && attributes.resource.resource == REQUESTS
        && attributes.subresource == subresource;
    if !is_ours {
        return None;
    }
    Some((attributes.object?, attributes.old_object?))
}

fn signer_of(request: &Value) -> &str {
    request
        .get("spec")
        .map_or("", |spec| spec.str_or_empty("signerName"))
}

/// Whether the user may do it for the signer, or for all signers of its domain.
fn may(review: &Review<'_>, verb: &str, signer: &str) -> bool {
    let Some(user) = review.attributes.user else {
        return false;
    };
    let domain = signer.split('/').next().unwrap_or_default();
    [signer, &format!("{domain}/*")].into_iter().any(|name| {
        let access = Access::Resource(ResourceAccess {
            verb,
            group: GROUP,
            resource: "signers",
            subresource: "",
            namespace: "",
            name,
            field_selector: "",
        });
        review.authorizer.authorize(user, &access).allowed
    })
}

/// The organizations in the subject of the PEM that the request carries.
fn organizations(request: &Value) -> Vec<String> {
    let pem = request
        .at(&["spec", "request"])
        .and_then(Value::as_str)
        .and_then(|text| STANDARD.decode(text).ok())
        .unwrap_or_default();
    let asked = authority::asked_for(&pem).unwrap_or_default();
    asked.organizations
}
