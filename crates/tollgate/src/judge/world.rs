//! What the input and the state say about the cluster: namespaces, policies, roles, classes.

use super::load::Loaded;
use super::settings::Settings;
use super::source::Source;
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::Value;
use tollgate_apiserver::admission::mutate;
use tollgate_objects::schema::{CustomResource, custom_resources};
use tollgate_policy::limit_range::LimitRange;
use tollgate_policy::pod_security::{NamespacePolicy, PodSecurity};
use tollgate_policy::pod_security_policy::PodSecurityPolicies;
use tollgate_policy::priority::PriorityClasses;
use tollgate_policy::rbac::Rbac;

/// Kinds that say something about the cluster, whatever their version, with their groups.
const CONTEXT_KINDS: &[(&str, &[&str])] = &[
    ("Namespace", &[""]),
    ("LimitRange", &[""]),
    ("ResourceQuota", &[""]),
    ("ServiceAccount", &[""]),
    ("PodSecurityPolicy", &["policy", "extensions"]),
    ("Role", &["rbac.authorization.k8s.io"]),
    ("ClusterRole", &["rbac.authorization.k8s.io"]),
    ("RoleBinding", &["rbac.authorization.k8s.io"]),
    ("ClusterRoleBinding", &["rbac.authorization.k8s.io"]),
    ("PriorityClass", &["scheduling.k8s.io"]),
    ("RuntimeClass", &["node.k8s.io"]),
    ("StorageClass", &["storage.k8s.io"]),
    ("DeviceClass", &["resource.k8s.io"]),
    ("CustomResourceDefinition", &["apiextensions.k8s.io"]),
];

/// Whether objects of this kind say something about the cluster, or hold others that do.
pub fn is_context_kind(kind: &str) -> bool {
    CONTEXT_KINDS.iter().any(|(name, _)| *name == kind) || kind.ends_with("List")
}

/// Kind, namespace, name.
type Key = (&'static str, CompactString, CompactString);

/// Collects the objects that say something about the cluster; later ones replace earlier ones of the same name.
#[derive(Debug, Default)]
pub struct WorldBuilder {
    objects: BTreeMap<Key, (Value, Source)>,
    /// Namespaces of the state that the input changes, as they were.
    replaced_namespaces: BTreeMap<CompactString, Value>,
    /// Priority classes in the order in which they come.
    priority_classes: Vec<CompactString>,
}

impl WorldBuilder {
    /// Takes an object if it says something about the cluster and the API would store it.
    pub fn add(&mut self, loaded: Loaded, settings: &Settings) {
        let Some((kind, _)) = CONTEXT_KINDS.iter().find(|(kind, groups)| {
            *kind == loaded.kind.kind && groups.contains(&loaded.kind.group.as_str())
        }) else {
            return;
        };
        // What the API refuses is not in force. Its own verdict is given when its turn comes.
        if !loaded.problems.is_empty() || !loaded.validate(settings).is_empty() {
            return;
        }
        let key = (*kind, loaded.namespace, loaded.name);
        let used = self
            .objects
            .get(&key)
            .and_then(|(old, _)| old.at(&["status", "used"]))
            .cloned();
        let mut object = loaded.object;
        // A quota that is applied again keeps what the state says of its use.
        if let (Some(used), None) = (used, object.at(&["status", "used"])) {
            object.child_mut("status").set("used", used);
        }
        if key.0 == "PriorityClass" && !self.objects.contains_key(&key) {
            self.priority_classes.push(key.2.clone());
        }
        let name = key.2.clone();
        let is_namespace = key.0 == "Namespace";
        if let Some((old, _)) = self.objects.insert(key, (object, loaded.source))
            && is_namespace
        {
            self.replaced_namespaces.entry(name).or_insert(old);
        }
    }

    /// Prepares everything for use.
    pub fn build(self, settings: &Settings) -> World {
        let mut world = World::new(settings);
        let of = |kind: &'static str| {
            self.objects
                .iter()
                .filter(move |((other, ..), _)| *other == kind)
        };
        let values = |kind| of(kind).map(|(_, (object, _))| object);
        for ((_, _, name), (object, _)) in of("Namespace") {
            let policy = world.pod_security.namespace_policy(object);
            world.describe(name).pod_security = policy;
        }
        for ((_, namespace, _), (object, _)) in of("LimitRange") {
            let ranges = &mut world.describe(namespace).limit_ranges;
            ranges.push(LimitRange::new(object));
        }
        for ((_, namespace, _), (object, _)) in of("ResourceQuota") {
            let quotas = &mut world.describe(namespace).quotas;
            quotas.push(object.clone());
        }
        for ((_, namespace, name), (object, _)) in of("ServiceAccount") {
            let accounts = &mut world.describe(namespace).service_accounts;
            accounts.insert(name.clone(), object.clone());
        }
        for ((_, _, name), (object, _)) in of("RuntimeClass") {
            world.runtime_classes.insert(name.clone(), object.clone());
        }
        world.default_storage_class =
            mutate::default_storage_class(values("StorageClass")).map(CompactString::from);
        world.custom = values("CustomResourceDefinition")
            .flat_map(custom_resources)
            .collect();
        world.device_classes = values("DeviceClass").cloned().collect();
        world.priority_classes =
            PriorityClasses::new(values("PriorityClass")).with_system_classes();
        world.pod_security_policies =
            PodSecurityPolicies::from_objects(values("PodSecurityPolicy"));
        world.has_pod_security_policies = values("PodSecurityPolicy").next().is_some();
        let roles = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
        world.rbac = Rbac::from_objects(roles.into_iter().flat_map(values));
        world.priority_class_objects = self
            .priority_classes
            .iter()
            .filter_map(|name| {
                let key = ("PriorityClass", CompactString::default(), name.clone());
                self.objects.get(&key).map(|(object, _)| object.clone())
            })
            .collect();
        world.replaced_namespaces = self.replaced_namespaces;
        world.sources = self
            .objects
            .into_iter()
            .map(|(key, (_, source))| (key, source))
            .collect();
        world
    }
}

/// The cluster, as far as it is known.
#[derive(Debug)]
pub struct World {
    namespaces: BTreeMap<CompactString, NamespaceWorld>,
    /// What a namespace is that nobody described.
    bare: NamespaceWorld,
    sources: BTreeMap<Key, Source>,
    runtime_classes: BTreeMap<CompactString, Value>,
    /// The default storage class.
    pub default_storage_class: Option<CompactString>,
    /// Kinds that CustomResourceDefinitions describe.
    pub custom: Vec<CustomResource>,
    /// Device classes of dynamic resource allocation.
    pub device_classes: Vec<Value>,
    /// Priority classes, the built-in ones too.
    pub priority_classes: PriorityClasses,
    priority_class_objects: Vec<Value>,
    replaced_namespaces: BTreeMap<CompactString, Value>,
    existing_pods: BTreeMap<CompactString, Vec<Value>>,
    /// PodSecurityPolicies.
    pub pod_security_policies: PodSecurityPolicies,
    /// Whether there is any, usable or not.
    pub has_pod_security_policies: bool,
    /// Roles and bindings.
    pub rbac: Rbac,
    /// The Pod Security plugin.
    pub pod_security: PodSecurity,
}

/// One namespace, as far as it is known.
#[derive(Debug)]
pub struct NamespaceWorld {
    /// What its labels, or the defaults, demand of pods.
    pub pod_security: NamespacePolicy,
    /// Its LimitRanges by name.
    pub limit_ranges: Vec<LimitRange>,
    /// Its ResourceQuotas by name.
    pub quotas: Vec<Value>,
    service_accounts: BTreeMap<CompactString, Value>,
}

impl NamespaceWorld {
    fn without_labels(pod_security: &PodSecurity) -> Self {
        Self {
            pod_security: pod_security.namespace_policy(&Value::object()),
            limit_ranges: Vec::new(),
            quotas: Vec::new(),
            service_accounts: BTreeMap::new(),
        }
    }

    /// A service account that somebody described.
    pub fn service_account(&self, name: &str) -> Option<&Value> {
        self.service_accounts.get(name)
    }
}

impl World {
    fn new(settings: &Settings) -> Self {
        let pod_security = PodSecurity::new(settings.pod_security.clone(), settings.release);
        let bare = NamespaceWorld::without_labels(&pod_security);
        Self {
            namespaces: BTreeMap::new(),
            bare,
            sources: BTreeMap::new(),
            runtime_classes: BTreeMap::new(),
            default_storage_class: None,
            custom: Vec::new(),
            device_classes: Vec::new(),
            priority_classes: PriorityClasses::default(),
            priority_class_objects: Vec::new(),
            replaced_namespaces: BTreeMap::new(),
            existing_pods: BTreeMap::new(),
            pod_security_policies: PodSecurityPolicies::default(),
            has_pod_security_policies: false,
            rbac: Rbac::default(),
            pod_security,
        }
    }

    fn describe(&mut self, namespace: &str) -> &mut NamespaceWorld {
        let pod_security = &self.pod_security;
        self.namespaces
            .entry(namespace.into())
            .or_insert_with(|| NamespaceWorld::without_labels(pod_security))
    }

    /// What is known of a namespace.
    pub fn namespace(&self, name: &str) -> &NamespaceWorld {
        self.namespaces.get(name).unwrap_or(&self.bare)
    }

    /// All namespaces of which something is known, by name.
    pub fn namespaces(&self) -> impl Iterator<Item = (&str, &NamespaceWorld)> {
        self.namespaces
            .iter()
            .map(|(name, namespace)| (name.as_str(), namespace))
    }

    /// The priority classes that come before the one of that name: what it has to get along with.
    pub fn earlier_priority_classes(&self, name: &str) -> PriorityClasses {
        let is_other =
            |class: &&Value| class.at(&["metadata", "name"]).and_then(Value::as_str) != Some(name);
        PriorityClasses::new(self.priority_class_objects.iter().take_while(is_other))
    }

    /// A namespace of the state that the input changes, as it was.
    pub fn replaced_namespace(&self, name: &str) -> Option<&Value> {
        self.replaced_namespaces.get(name)
    }

    /// Whether pods of the state have to be kept: a namespace that changes is held against them.
    pub fn wants_existing_pods(&self) -> bool {
        !self.replaced_namespaces.is_empty()
    }

    /// Keeps a pod of the state, if its namespace changes.
    pub fn add_existing_pod(&mut self, loaded: Loaded) {
        let is_pod = loaded.kind.kind == "Pod" && loaded.kind.group.is_empty();
        if is_pod && self.replaced_namespaces.contains_key(&loaded.namespace) {
            self.existing_pods
                .entry(loaded.namespace)
                .or_default()
                .push(loaded.object);
        }
    }

    /// The pods of the state in a namespace that changes.
    pub fn existing_pods(&self, namespace: &str) -> &[Value] {
        self.existing_pods.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// A runtime class that somebody described.
    pub fn runtime_class(&self, name: &str) -> Option<&Value> {
        self.runtime_classes.get(name)
    }

    /// Where a policy object stands.
    pub fn source(&self, kind: &'static str, namespace: &str, name: &str) -> Option<&Source> {
        self.sources.get(&(kind, namespace.into(), name.into()))
    }
}
