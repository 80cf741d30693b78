//! certificatesigningrequest-signing-controller: what was approved for a signer of Kubernetes' own gets its certificate.
//!
//! Upstream: `pkg/controller/certificates/signer`, a controller for each signer; here one knows all four, and one key signs for
//! all of them.

use super::request::{self, FAILED, Request};
use super::signer::{self, Signer};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::CERTIFICATE_SIGNING_REQUESTS;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Status;
use tollgate_api::certificate_authority::{CertificateAuthority, Terms};
use tollgate_api::client::{Identity, Pending};

/// The controller.
#[derive(Debug)]
pub struct Signing {
    authority: Arc<dyn CertificateAuthority>,
    longest: Duration,
}

impl Signing {
    /// A controller that has certificates signed by `authority`, none of them for longer than `longest`.
    pub fn new(authority: Arc<dyn CertificateAuthority>, longest: Duration) -> Self {
        Self { authority, longest }
    }

    async fn sign(&self, context: &Context, key: &Key) -> Outcome {
        let cached = context
            .cache
            .get(&CERTIFICATE_SIGNING_REQUESTS, "", &key.name);
        let Some(cached) = cached else {
            return Ok(Requeue::No);
        };
        let mut object = cached.object()?;
        let request = Request::of(&object);
        if request.is_issued() || !request.is_approved() || request.has_failed() {
            return Ok(Requeue::No);
        }
        let Some(signer) = Signer::named(request.signer()) else {
            return Ok(Requeue::No);
        };
        let asked = request.asked(&*self.authority, &key.name)?;
        if let Some(objection) = signer.objection(&asked, &request.usages()) {
            request::add_condition(&mut object, FAILED, "SignerValidationFailure", objection);
        } else {
            let certificate = self.certificate(context, request)?;
            let certificate = request::encoded(&certificate);
            object.child_mut("status").set("certificate", certificate);
        }
        let written = context
            .update(&CERTIFICATE_SIGNING_REQUESTS, "status", object)
            .await;
        gone::outcome(written)
    }

    fn certificate(&self, context: &Context, request: Request<'_>) -> Result<String, Status> {
        let failed = |why: String| Status::internal(format!("error auto signing csr: {why}"));
        let asked = request.spec().int("expirationSeconds");
        let ends = self.authority.not_after();
        let (not_before, not_after) =
            signer::validity(asked, self.longest, ends, context.now).map_err(failed)?;
        let [high, low] = [context.random(), context.random()].map(u128::from);
        let terms = Terms {
            serial: (high << 64) | low,
            not_before,
            not_after,
            usages: &request.usages(),
        };
        let signed = self.authority.sign(&request.pem(), &terms);
        signed.map_err(|why| failed(why.to_string()))
    }
}

impl Controller for Signing {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-signing-controller"
    }

    fn identity(&self) -> Identity {
        request::identity()
    }

    fn component(&self) -> &'static str {
        "csrsigning"
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
        Box::pin(self.sign(context, key))
    }
}
