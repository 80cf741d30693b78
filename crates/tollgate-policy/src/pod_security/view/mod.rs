//! A pod as the checks see it: decoded once, borrowed, without an allocation for pods of ordinary size.
//!
//! Decoding notices in passing whatever a check could object to ([`Signals`]); a pod that shows nothing of what a
//! policy looks for is allowed with one comparison. Only a refusal reads the tree again, for its message.

mod container;
mod few;
mod security_context;
mod signals;

pub use container::{ContainerList, ContainerView};
pub use signals::Signals;

pub(crate) use container::host_port;

use crate::pod_security::checks::{
    app_armor_profile, restricted_volumes, seccomp_profile_baseline, sysctls,
};
use few::Few;
use std::collections::BTreeMap;
use tollgate_api::Value;

/// What stands for a field that is absent.
pub(crate) static NOTHING: Value = Value::Null;

/// Pods with more containers than this cost one allocation.
const CONTAINERS_INLINE_MAX: usize = 8;

/// Visits the fields of an object in written order, in which the last of two equal keys counts.
pub(crate) fn each_field<'a>(object: &'a Value, mut visit: impl FnMut(&'a str, &'a Value)) {
    if let Some(object) = object.as_object() {
        object.iter().for_each(|(key, value)| visit(key, value));
    }
}

/// One pod or pod template, borrowed.
#[derive(Debug, Clone)]
pub struct PodView<'a> {
    metadata: &'a Value,
    spec: &'a Value,
    security_context: &'a Value,
    volumes: &'a [Value],
    runtime_class: &'a str,
    is_windows: bool,
    has_user_namespace: bool,
    /// What the pod itself shows, without its containers.
    own: Signals,
    /// What the pod and its containers show, with what containers inherit from the pod.
    shown: Signals,
    containers: Few<ContainerView<'a>, CONTAINERS_INLINE_MAX>,
}

impl<'a> PodView<'a> {
    /// Looks at a pod, or at anything else with `metadata` and `spec` of a pod.
    pub fn new(pod: &'a Value) -> Self {
        let metadata = pod.get("metadata").unwrap_or(&NOTHING);
        let spec = pod.get("spec").unwrap_or(&NOTHING);
        let fields = Spec::of(spec);
        let own = security_context::of_pod(fields.security_context)
            | Signals::HOST_NAMESPACE.when(fields.shares_host_namespace)
            | Signals::SYSCTL.when(sysctls::any_unsafe(fields.security_context))
            | annotation_signals(metadata)
            | volume_signals(fields.volumes);
        let mut view = Self {
            metadata,
            spec,
            security_context: fields.security_context,
            volumes: fields.volumes,
            runtime_class: fields.runtime_class,
            is_windows: fields.os.str("name") == Some("windows"),
            has_user_namespace: fields.host_users == Some(false),
            own,
            shown: Signals::NONE,
            containers: Few::new(ContainerView::ABSENT),
        };
        for (list, members) in fields.containers {
            for (index, value) in members.iter().enumerate() {
                let container = ContainerView::new(list, index, value);
                view.shown |= container.signals;
                view.containers.push(container);
            }
        }
        // What a container leaves unset it takes from the pod; what a pod leaves unset matters to containers only.
        if view.requires_non_root() {
            view.shown = view.shown.without(Signals::NON_ROOT_UNSET);
        }
        if view.has_seccomp_profile() {
            view.shown = view.shown.without(Signals::SECCOMP_UNSET);
        }
        view.shown |= own.without(Signals::NON_ROOT_UNSET | Signals::SECCOMP_UNSET);
        view
    }

    /// Whether the pod or a container of it shows one of `signals`.
    pub const fn shows(&self, signals: Signals) -> bool {
        self.shown.intersects(signals)
    }

    /// Whether the pod's own fields, without its containers, show one of `signals`.
    pub const fn itself_shows(&self, signals: Signals) -> bool {
        self.own.intersects(signals)
    }

    /// The containers: init, regular, ephemeral.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerView<'a>> + Clone {
        self.containers.as_slice().iter()
    }

    /// The containers that show one of `signals`.
    pub fn containers_with(
        &self,
        signals: Signals,
    ) -> impl Iterator<Item = &ContainerView<'a>> + Clone {
        self.containers()
            .filter(move |container| container.signals.intersects(signals))
    }

    /// The names of the containers that show one of `signals`.
    pub fn names_with(&self, signals: Signals) -> impl Iterator<Item = &'a str> + Clone {
        self.containers_with(signals)
            .map(|container| container.name)
    }

    /// The pod's name; empty for a template.
    pub fn name(&self) -> &'a str {
        self.metadata.str_or_empty("name")
    }

    /// The pod's spec; `null` if it has none.
    pub const fn spec(&self) -> &'a Value {
        self.spec
    }

    /// The pod's security context; `null` if it has none.
    pub const fn security_context(&self) -> &'a Value {
        self.security_context
    }

    /// The pod's volumes.
    pub const fn volumes(&self) -> &'a [Value] {
        self.volumes
    }

    /// The name of the pod's runtime class, or empty.
    pub const fn runtime_class(&self) -> &'a str {
        self.runtime_class
    }

    /// Whether the pod says that its system is Windows.
    pub const fn is_windows(&self) -> bool {
        self.is_windows
    }

    /// Whether the pod has a user namespace of its own (`hostUsers: false`).
    pub const fn has_user_namespace(&self) -> bool {
        self.has_user_namespace
    }

    /// Whether the pod itself demands `runAsNonRoot`.
    pub const fn requires_non_root(&self) -> bool {
        !self
            .own
            .intersects(Signals::NON_ROOT_UNSET.and(Signals::ROOT_ALLOWED))
    }

    /// Whether the pod itself sets a seccomp profile that is allowed.
    pub const fn has_seccomp_profile(&self) -> bool {
        !self
            .own
            .intersects(Signals::SECCOMP_UNSET.and(Signals::SECCOMP_FORBIDDEN))
    }

    /// The annotations whose keys start with `prefix`, by key.
    pub fn annotations_with_prefix(&self, prefix: &str) -> BTreeMap<&'a str, &'a str> {
        let mut found = BTreeMap::new();
        for (key, value) in self.metadata.entries("annotations") {
            if key.starts_with(prefix) {
                // Of a key that is there twice, the last one counts.
                match value.as_str() {
                    Some(text) => found.insert(key, text),
                    None => found.remove(key),
                };
            }
        }
        found
    }
}

/// The fields of a pod's spec that checks read.
struct Spec<'a> {
    containers: [(ContainerList, &'a [Value]); 3],
    volumes: &'a [Value],
    security_context: &'a Value,
    os: &'a Value,
    runtime_class: &'a str,
    shares_host_namespace: bool,
    host_users: Option<bool>,
}

impl<'a> Spec<'a> {
    fn of(spec: &'a Value) -> Self {
        let mut lists: [&[Value]; 3] = [&[]; 3];
        let [init, regular, ephemeral] = &mut lists;
        let mut volumes: &[Value] = &[];
        let (mut security_context, mut os, mut runtime_class) = (&NOTHING, &NOTHING, "");
        let (mut network, mut pid, mut ipc, mut host_users) = (None, None, None, None);
        each_field(spec, |key, value| match key {
            "initContainers" => *init = value.as_array().unwrap_or_default(),
            "containers" => *regular = value.as_array().unwrap_or_default(),
            "ephemeralContainers" => *ephemeral = value.as_array().unwrap_or_default(),
            "volumes" => volumes = value.as_array().unwrap_or_default(),
            "securityContext" => security_context = value,
            "os" => os = value,
            "runtimeClassName" => runtime_class = value.as_str().unwrap_or_default(),
            "hostNetwork" => network = value.as_bool(),
            "hostPID" => pid = value.as_bool(),
            "hostIPC" => ipc = value.as_bool(),
            "hostUsers" => host_users = value.as_bool(),
            _ => {}
        });
        let [init, regular, ephemeral] = lists;
        Self {
            containers: [
                (ContainerList::Init, init),
                (ContainerList::Regular, regular),
                (ContainerList::Ephemeral, ephemeral),
            ],
            volumes,
            security_context,
            os,
            runtime_class,
            shares_host_namespace: [network, pid, ipc].contains(&Some(true)),
            host_users,
        }
    }
}

fn annotation_signals(metadata: &Value) -> Signals {
    let mut signals = Signals::NONE;
    for (key, value) in metadata.entries("annotations") {
        let value = value.as_str().unwrap_or_default();
        signals |= Signals::APP_ARMOR_ANNOTATION
            .when(app_armor_profile::is_forbidden_annotation(key, value))
            | Signals::SECCOMP_ANNOTATION.when(seccomp_profile_baseline::is_forbidden_annotation(
                key, value,
            ));
    }
    signals
}

fn volume_signals(volumes: &[Value]) -> Signals {
    let mut signals = Signals::NONE;
    for volume in volumes {
        signals |= Signals::RESTRICTED_VOLUME.when(!restricted_volumes::has_core_source(volume))
            | Signals::HOST_PATH.when(volume.get("hostPath").is_some());
    }
    signals
}
