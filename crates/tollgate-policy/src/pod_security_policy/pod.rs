//! A pod as the controls read it: borrowed, with what containers inherit resolved on reading.

use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

static NOTHING: Value = Value::Null;

/// The lists of containers, in the order in which upstream visits them.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// A pod; parts that are absent or of a wrong type read as nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod<'p> {
    pub(super) spec: &'p Value,
    pub(super) security_context: &'p Value,
    annotations: &'p Value,
    written: &'p Value,
}

impl<'p> Pod<'p> {
    pub(super) fn new(pod: &'p Value) -> Self {
        Self::filled(pod, pod)
    }

    /// A pod in which a policy has filled something in, and the pod as somebody wrote it: there are the places that
    /// a finding names.
    pub(super) fn filled(pod: &'p Value, written: &'p Value) -> Self {
        let spec = pod.get("spec").unwrap_or(&NOTHING);
        Self {
            spec,
            security_context: spec.get("securityContext").unwrap_or(&NOTHING),
            annotations: pod.at(&["metadata", "annotations"]).unwrap_or(&NOTHING),
            written,
        }
    }

    /// Whether somebody wrote the annotation `key`.
    pub(super) fn has_written_annotation(&self, key: &str) -> bool {
        let annotations = self.written.at(&["metadata", "annotations"]);
        annotations.is_some_and(|annotations| annotations.get(key).is_some())
    }

    /// The text of an annotation.
    pub(super) fn annotation(&self, key: &str) -> Option<&'p str> {
        self.annotations.str(key)
    }

    /// The text of the annotation about one container: its key is the prefix and the container's name.
    pub(super) fn container_annotation(&self, prefix: &str, container: &str) -> Option<&'p str> {
        let (_, value) = self
            .annotations
            .as_object()?
            .iter()
            .rfind(|(key, _)| key.strip_prefix(prefix) == Some(container))?;
        value.as_str()
    }

    /// All containers in upstream's order.
    pub(super) fn containers(self) -> impl Iterator<Item = Container<'p>> {
        LISTS.into_iter().flat_map(move |list| {
            let items = self.spec.items(list).iter().enumerate();
            items.map(move |(index, value)| Container {
                pod: self,
                list,
                index,
                value,
                security_context: value.get("securityContext").unwrap_or(&NOTHING),
            })
        })
    }
}

/// One container of a pod.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container<'p> {
    pub(super) pod: Pod<'p>,
    pub(super) list: &'static str,
    pub(super) index: usize,
    pub(super) value: &'p Value,
    pub(super) security_context: &'p Value,
}

impl<'p> Container<'p> {
    pub(super) fn name(&self) -> &'p str {
        self.value.str_or_empty("name")
    }

    /// What the container says in its security context, else what the pod says in its.
    pub(super) fn effective<T>(&self, read: impl Fn(&'p Value) -> Option<T>) -> Option<T> {
        read(self.security_context).or_else(|| read(self.pod.security_context))
    }

    /// The security context as somebody wrote it.
    pub(super) fn written_security_context(&self) -> &'p Value {
        let containers = self
            .pod
            .written
            .get("spec")
            .map(|spec| spec.items(self.list));
        let container = containers.and_then(|containers| containers.get(self.index));
        let context = container.and_then(|container| container.get("securityContext"));
        context.unwrap_or(&NOTHING)
    }

    /// Hands the container's address to `make`.
    pub(super) fn at<T>(&self, make: impl FnOnce(&Path<'_>) -> T) -> T {
        let spec = Path::root("spec");
        let list = spec.child(self.list);
        make(&list.index(self.index))
    }

    /// Hands the address of the container's security context to `make`.
    pub(super) fn at_security_context<T>(&self, make: impl FnOnce(&Path<'_>) -> T) -> T {
        self.at(|path| make(&path.child("securityContext")))
    }

    /// The real place of a field of the container's security context.
    pub(super) fn own_field(&self, field: &str) -> FieldPath {
        self.at_security_context(|path| path.child(field).to_owned())
    }

    /// The real place of a field that containers inherit: the pod's, if only the pod says something.
    pub(super) fn effective_field(&self, field: &str) -> FieldPath {
        let inherited = self.security_context.get(field).is_none()
            && self.pod.security_context.get(field).is_some();
        if inherited {
            pod_security_context_field(field)
        } else {
            self.own_field(field)
        }
    }
}

/// The place of a field of the pod's security context.
pub(super) fn pod_security_context_field(field: &str) -> FieldPath {
    let spec = Path::root("spec");
    let context = spec.child("securityContext");
    context.child(field).to_owned()
}

/// The place of a field right below `spec`, of a pod or of a policy.
pub(super) fn spec_field(field: &str) -> FieldPath {
    Path::root("spec").child(field).to_owned()
}

/// The place of an annotation, of a pod or of a policy.
pub(super) fn annotation_field(key: &str) -> FieldPath {
    let metadata = Path::root("metadata");
    let annotations = metadata.child("annotations");
    annotations.key(key).to_owned()
}
