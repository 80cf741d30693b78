//! What a policy fills in, as data.

use super::pod::{Container, annotation_field, pod_security_context_field, spec_field};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

/// One field that a policy sets in a pod because nobody else has.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The control that sets it.
    pub control: &'static str,
    /// What it sets.
    pub value: Value,
    place: Place,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Spec(&'static str),
    Annotation(CompactString),
    PodSecurityContext(&'static str),
    ContainerSecurityContext {
        list: &'static str,
        index: usize,
        field: &'static str,
    },
}

impl Edit {
    pub(super) fn spec(
        control: &'static str,
        field: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        Self {
            control,
            value: value.into(),
            place: Place::Spec(field),
        }
    }

    pub(super) fn annotation(
        control: &'static str,
        key: impl Into<CompactString>,
        value: &str,
    ) -> Self {
        Self {
            control,
            value: value.into(),
            place: Place::Annotation(key.into()),
        }
    }

    pub(super) fn pod_security_context(
        control: &'static str,
        field: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        Self {
            control,
            value: value.into(),
            place: Place::PodSecurityContext(field),
        }
    }

    pub(super) fn container(
        control: &'static str,
        container: &Container<'_>,
        field: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        Self {
            control,
            value: value.into(),
            place: Place::ContainerSecurityContext {
                list: container.list,
                index: container.index,
                field,
            },
        }
    }

    /// The place that is set.
    pub fn field(&self) -> FieldPath {
        match &self.place {
            Place::Spec(field) => spec_field(field),
            Place::Annotation(key) => annotation_field(key),
            Place::PodSecurityContext(field) => pod_security_context_field(field),
            Place::ContainerSecurityContext { list, index, field } => {
                let spec = Path::root("spec");
                let list = spec.child(list);
                let container = list.index(*index);
                let context = container.child("securityContext");
                context.child(field).to_owned()
            }
        }
    }

    /// Sets it in `pod`, of which the edit was made.
    pub fn apply(&self, pod: &mut Value) {
        match &self.place {
            Place::Spec(field) => pod.child_mut("spec").set(*field, self.value.clone()),
            Place::Annotation(key) => pod
                .child_mut("metadata")
                .child_mut("annotations")
                .set(key.clone(), self.value.clone()),
            Place::PodSecurityContext(field) => pod
                .child_mut("spec")
                .child_mut("securityContext")
                .set(*field, self.value.clone()),
            Place::ContainerSecurityContext { list, index, field } => {
                let containers = pod.child_mut("spec").items_mut(list);
                if let Some(container) = containers.get_mut(*index) {
                    container
                        .child_mut("securityContext")
                        .set(*field, self.value.clone());
                }
            }
        }
    }
}
