//! DefaultIngressClass: ingresses that name no class get the default one.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

/// How ingresses named their class before there was a field for it.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct DefaultIngressClass;

impl Plugin for DefaultIngressClass {
    fn name(&self) -> &'static str {
        "DefaultIngressClass"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create
            || !review.is_in("networking.k8s.io", "ingresses")
            || object.at(&["spec", "ingressClassName"]).is_some()
            || object
                .at(&["metadata", "annotations", CLASS_ANNOTATION])
                .is_some()
        {
            return Ok(());
        }
        let class = review.prepared.default_ingress_class(review.snapshot);
        if let Some(class) = class.as_deref() {
            object.child_mut("spec").set("ingressClassName", class);
        }
        Ok(())
    }
}
