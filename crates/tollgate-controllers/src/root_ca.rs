//! root-ca-certificate-publisher-controller: every namespace has the authority's certificate in `kube-root-ca.crt`.
//!
//! Upstream: `pkg/controller/certificates/rootcacertpublisher/publisher.go`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::namespaces;
use crate::resources::{CONFIG_MAPS, NAMESPACES};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::status::Reason;

const NAME: &str = "kube-root-ca.crt";
const FILE: &str = "ca.crt";
const DESCRIPTION: &str = "kubernetes.io/description";
/// Upstream's words.
const DESCRIPTION_TEXT: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// The controller.
#[derive(Debug)]
pub struct RootCa {
    certificate: String,
}

impl RootCa {
    /// A controller that publishes `certificate` (PEM).
    pub fn new(certificate: String) -> Self {
        Self { certificate }
    }

    async fn ensure(&self, context: &Context, namespace: &str) -> Outcome {
        if !namespaces::is_active(&context.cache, namespace)? {
            return Ok(Requeue::No);
        }
        let written = match context.cache.get(&CONFIG_MAPS, namespace, NAME) {
            None => {
                let wanted = self.wanted(namespace);
                context.create(&CONFIG_MAPS, namespace, wanted).await
            }
            Some(found) => {
                let mut object = found.object()?;
                if self.is_right(&object) {
                    return Ok(Requeue::No);
                }
                let wanted = self.wanted(namespace);
                object.set("data", wanted.get("data").cloned().unwrap_or_default());
                let annotations = object.child_mut("metadata").child_mut("annotations");
                annotations.set(DESCRIPTION, DESCRIPTION_TEXT);
                context.update(&CONFIG_MAPS, "", object).await
            }
        };
        match written {
            Err(status) if status.reason != Reason::AlreadyExists => {
                namespaces::unless_it_ends(status)
            }
            _ => Ok(Requeue::No),
        }
    }

    fn wanted(&self, namespace: &str) -> Value {
        let mut object = Value::object();
        let metadata = object.child_mut("metadata");
        metadata.set("name", NAME);
        metadata.set("namespace", namespace);
        metadata
            .child_mut("annotations")
            .set(DESCRIPTION, DESCRIPTION_TEXT);
        object
            .child_mut("data")
            .set(FILE, self.certificate.as_str());
        object
    }

    fn is_right(&self, object: &Value) -> bool {
        let annotation = object.at(&["metadata", "annotations", DESCRIPTION]);
        let mut data = object.entries("data");
        let only = data.next().is_some_and(|(key, value)| {
            key == FILE && value.as_str() == Some(self.certificate.as_str())
        });
        only && data.next().is_none()
            && annotation.and_then(Value::as_str) == Some(DESCRIPTION_TEXT)
    }
}

impl Controller for RootCa {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("root-ca-cert-publisher")
    }

    fn component(&self) -> &'static str {
        "root-ca-cert-publisher"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&CONFIG_MAPS, &NAMESPACES])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if change.is_of(&NAMESPACES) {
            queue.add(Key::new("", &object.meta.name));
        } else if object.meta.name == NAME {
            queue.add(Key::new("", &object.meta.namespace));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.ensure(context, &key.name))
    }
}
