//! What must be true of any sequence of requests, and of any tree.

use super::*;
use proptest::prelude::*;
use tollgate_api::json::from_str;
use tollgate_api::{Attributes, Operation, Timestamp, Value};

fn tree(text: &str) -> Value {
    from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn context() -> Context<'static> {
    Context::at(Timestamp::parse("2026-01-15T12:00:00Z").unwrap())
}

/// The resources of the histories below.
fn resources() -> [GroupResource; 5] {
    [
        GroupResource::new("", "pods"),
        GroupResource::new("", "services"),
        GroupResource::new("", "persistentvolumeclaims"),
        GroupResource::new("", "configmaps"),
        GroupResource::new("apps", "deployments"),
    ]
}

fn request<'a>(
    operation: Operation,
    resource: &'a GroupResource,
    subresource: &'a str,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
) -> Attributes<'a> {
    Attributes {
        operation,
        resource,
        subresource,
        namespace: "ns",
        name: "x",
        user: None,
        object: new,
        old_object: old,
        dry_run: false,
    }
}

mod histories {
    use super::*;

    /// One thing that happens. Numbers choose among what there is.
    #[derive(Debug, Clone)]
    enum Event {
        Create(usize, String),
        Update(usize, String),
        /// A pod gets or loses its deadline.
        TurnTerminating(usize),
        /// A pod ends.
        End(usize),
        Delete(usize),
    }

    fn amounts() -> impl Strategy<Value = String> {
        let amount = prop::sample::select(vec!["0", "250m", "1", "2", "1e1", "3k", "1Ki", "0.5"]);
        let name = prop::sample::select(vec!["cpu", "memory", "ephemeral-storage", "x.io/gpu"]);
        prop::collection::btree_map(name, amount, 0..4).prop_map(|amounts| {
            let entries: Vec<String> = amounts
                .iter()
                .map(|(name, amount)| format!(r#""{name}":"{amount}""#))
                .collect();
            format!("{{{}}}", entries.join(","))
        })
    }

    fn container() -> impl Strategy<Value = String> {
        (amounts(), amounts(), prop::bool::ANY).prop_map(|(requests, limits, sidecar)| {
            let policy = if sidecar {
                r#""restartPolicy":"Always","#
            } else {
                ""
            };
            format!(
                r#"{{"name":"c",{policy}"resources":{{"requests":{requests},"limits":{limits}}}}}"#
            )
        })
    }

    fn pod() -> impl Strategy<Value = String> {
        let containers = || prop::collection::vec(container(), 0..3);
        let class = prop::sample::select(vec!["", "low", "high"]);
        let level = prop::option::weighted(0.2, amounts());
        (containers(), containers(), class, level).prop_map(|(regular, init, class, level)| {
            let level = level.map_or(String::new(), |requests| {
                format!(r#","resources":{{"requests":{requests}}}"#)
            });
            format!(
                r#""spec":{{"containers":[{}],"initContainers":[{}],"priorityClassName":"{class}"{level}}}"#,
                regular.join(","),
                init.join(",")
            )
        })
    }

    /// The resource's place in [`resources`] and the object without its metadata.
    fn object() -> impl Strategy<Value = (usize, String)> {
        let kind = prop::sample::select(vec!["ClusterIP", "NodePort", "LoadBalancer"]);
        let service = (kind, 0..3_usize).prop_map(|(kind, ports)| {
            let ports = vec!["{}"; ports].join(",");
            format!(r#""spec":{{"type":"{kind}","ports":[{ports}]}}"#)
        });
        let class = prop::sample::select(vec!["gold", "bronze"]);
        let size = prop::sample::select(vec!["1Gi", "1.5", "7k"]);
        let claim = (class, size).prop_map(|(class, size)| {
            format!(r#""spec":{{"storageClassName":"{class}","volumeAttributesClassName":"{class}","resources":{{"requests":{{"storage":"{size}"}}}}}}"#)
        });
        prop_oneof![
            4 => pod().prop_map(|pod| (0, pod)),
            1 => service.prop_map(|service| (1, service)),
            1 => claim.prop_map(|claim| (2, claim)),
            1 => Just((3, r#""data":{}"#.to_owned())),
            1 => Just((4, r#""spec":{}"#.to_owned())),
        ]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => object().prop_map(|(resource, object)| Event::Create(resource, object)),
            2 => (0..9_usize, object()).prop_map(|(which, (_, object))| Event::Update(which, object)),
            1 => (0..9_usize).prop_map(Event::TurnTerminating),
            1 => (0..9_usize).prop_map(Event::End),
            2 => (0..9_usize).prop_map(Event::Delete),
        ]
    }

    fn quota() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "pods",
            "count/pods",
            "cpu",
            "requests.memory",
            "limits.cpu",
            "ephemeral-storage",
            "requests.x.io/gpu",
            "services",
            "services.nodeports",
            "requests.storage",
            "gold.storageclass.storage.k8s.io/requests.storage",
            "persistentvolumeclaims",
            "configmaps",
            "count/deployments.apps",
            "count/deployments.extensions",
            "example.com/unknown",
        ]);
        let hard = prop::sample::select(vec!["0", "1", "3", "20", "5Gi", "1500m"]);
        let selector = prop::sample::select(vec![
            "",
            "",
            r#","scopes":["Terminating"]"#,
            r#","scopes":["NotBestEffort"]"#,
            r#","scopes":["BestEffort"]"#,
            r#","scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"NotIn","values":["low"]}]}"#,
            r#","scopeSelector":{"matchExpressions":[{"scopeName":"VolumeAttributesClass","operator":"In","values":["gold"]}]}"#,
        ]);
        (prop::collection::btree_map(key, hard, 1..6), selector).prop_map(|(hard, selector)| {
            let hard: Vec<String> = hard
                .iter()
                .map(|(key, hard)| format!(r#""{key}":"{hard}""#))
                .collect();
            format!(r#""spec":{{"hard":{{{}}}{selector}}}"#, hard.join(","))
        })
    }

    struct Namespace {
        resources: [GroupResource; 5],
        written: Vec<Value>,
        quotas: Quotas,
        stored: Vec<(usize, Value)>,
    }

    impl Namespace {
        fn new(quotas: &[String]) -> Self {
            let write = |(place, quota): (usize, &String)| {
                tree(&format!(
                    r#"{{"metadata":{{"name":"q{place}","namespace":"ns"}},{quota}}}"#
                ))
            };
            let mut namespace = Self {
                resources: resources(),
                written: quotas.iter().enumerate().map(write).collect(),
                quotas: Quotas::default(),
                stored: Vec::new(),
            };
            namespace.quotas = namespace.recount();
            namespace
        }

        fn recount(&self) -> Quotas {
            let listings: Vec<Listing<'_>> = self
                .resources
                .iter()
                .enumerate()
                .map(|(place, resource)| {
                    let stored = self.stored.iter().filter(|(of, _)| *of == place);
                    let objects = Ok(stored.map(|(_, object)| object).collect());
                    Listing { resource, objects }
                })
                .collect();
            Quotas::new(self.written.iter().map(|quota| {
                let used = recalculate(quota, &listings, &context()).used;
                Quota::calculated(quota, &used)
            }))
        }

        fn happen(&mut self, number: usize, event: Event) -> Result<(), TestCaseError> {
            match event {
                Event::Create(resource, object) => {
                    let object = object_of(number, &object);
                    let resource_name = self.resources[resource].clone();
                    let create =
                        request(Operation::Create, &resource_name, "", None, Some(&object));
                    let Ok(charges) = admit(&create, &self.quotas, &[], &context()) else {
                        return Ok(());
                    };
                    self.quotas.apply(&charges);
                    self.stored.push((resource, object));
                }
                Event::Update(which, spec) => {
                    let Some(place) = self.choose(which) else {
                        return Ok(());
                    };
                    let (resource, old) = self.stored[place].clone();
                    let mut new = old.clone();
                    new.set("spec", tree(&format!("{{{spec}}}")).get("spec").cloned());
                    // A pod's resources change by resizing only.
                    let subresource = if resource == 0 { "resize" } else { "" };
                    self.update(place, subresource, &old, new);
                }
                Event::TurnTerminating(which) => {
                    let Some(place) = self.choose(which) else {
                        return Ok(());
                    };
                    let (_, old) = self.stored[place].clone();
                    let mut new = old.clone();
                    let deadline = match old.at(&["spec", "activeDeadlineSeconds"]) {
                        Some(_) => Value::Null,
                        None => 60_i64.into(),
                    };
                    new.child_mut("spec").set("activeDeadlineSeconds", deadline);
                    self.update(place, "", &old, new);
                }
                Event::End(which) => {
                    let Some(place) = self.choose(which) else {
                        return Ok(());
                    };
                    let (_, old) = self.stored[place].clone();
                    let mut new = old.clone();
                    new.child_mut("status").set("phase", "Succeeded");
                    self.store(place, &old, Some(new));
                }
                Event::Delete(which) => {
                    let Some(place) = self.choose(which) else {
                        return Ok(());
                    };
                    let (_, old) = self.stored[place].clone();
                    self.store(place, &old, None);
                }
            }
            self.check()
        }

        fn choose(&self, which: usize) -> Option<usize> {
            which.checked_rem(self.stored.len())
        }

        fn update(&mut self, place: usize, subresource: &str, old: &Value, new: Value) {
            let resource = self.resources[self.stored[place].0].clone();
            let update = request(
                Operation::Update,
                &resource,
                subresource,
                Some(old),
                Some(&new),
            );
            if admit(&update, &self.quotas, &[], &context()).is_ok() {
                self.store(place, old, Some(new));
            }
        }

        fn store(&mut self, place: usize, old: &Value, new: Option<Value>) {
            let context = context();
            let transition = Transition {
                old: Some((old, &context)),
                new: new.as_ref().map(|new| (new, &context)),
            };
            let resource = &self.resources[self.stored[place].0];
            let charges = settle(&self.quotas, resource, &transition);
            self.quotas.apply(&charges);
            match new {
                Some(new) => self.stored[place].1 = new,
                None => {
                    self.stored.remove(place);
                }
            }
        }

        /// Usage equals a recount, and is within the limits.
        fn check(&self) -> Result<(), TestCaseError> {
            for (quota, recounted) in self.quotas.iter().zip(&self.recount()) {
                for (key, hard, used) in quota.amounts() {
                    let counted = recounted.used(key);
                    let equal = match (used, counted) {
                        (Some(used), Some(counted)) => used.compare(counted).is_eq(),
                        (used, counted) => used.is_none() && counted.is_none(),
                    };
                    prop_assert!(equal, "{key}: {used:?}, recounted {counted:?}");
                    if let (Some(hard), Some(used)) = (hard, used) {
                        prop_assert!(used.compare(hard).is_le(), "{key}: {used} of {hard}");
                    }
                }
            }
            Ok(())
        }
    }

    fn object_of(number: usize, rest: &str) -> Value {
        tree(&format!(
            r#"{{"metadata":{{"name":"o{number}","namespace":"ns","resourceVersion":"1"}},{rest}}}"#
        ))
    }

    proptest! {
        #[test]
        fn usage_equals_a_recount_and_never_passes_the_limit(
            quotas in prop::collection::vec(quota(), 1..4),
            events in prop::collection::vec(event(), 1..25),
        ) {
            let mut namespace = Namespace::new(&quotas);
            for (number, event) in events.into_iter().enumerate() {
                namespace.happen(number, event)?;
            }
        }

        #[test]
        fn as_many_fit_as_can_be_charged_one_by_one(
            quotas in prop::collection::vec(quota(), 1..3),
            (resource, object) in object(),
            most in 0..30_u64,
        ) {
            let mut namespace = Namespace::new(&quotas);
            let object = object_of(0, &object);
            let resource = namespace.resources[resource].clone();
            let create = request(Operation::Create, &resource, "", None, Some(&object));
            let Ok(demand) = demand(&create, &namespace.quotas, &[], &context()) else {
                return Ok(());
            };
            let room = demand.room(&namespace.quotas, most);
            let together = demand.charge_times(&namespace.quotas, room).unwrap();
            let mut at_once = namespace.quotas.clone();
            at_once.apply(&together);
            let mut fitted = 0;
            while fitted < most && let Ok(charges) = demand.charge(&namespace.quotas) {
                namespace.quotas.apply(&charges);
                fitted += 1;
            }
            prop_assert_eq!(room, fitted);
            for (one_by_one, at_once) in namespace.quotas.iter().zip(&at_once) {
                prop_assert_eq!(one_by_one.used_value(), at_once.used_value());
            }
        }
    }
}

mod any_tree {
    use super::*;
    use crate::admission_configuration::{ConfigFile, section};

    const KEYS: &[&str] = &[
        "metadata",
        "name",
        "namespace",
        "annotations",
        "ownerReferences",
        "controller",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
        "spec",
        "status",
        "hard",
        "used",
        "scopes",
        "scopeSelector",
        "matchExpressions",
        "scopeName",
        "operator",
        "values",
        "containers",
        "initContainers",
        "resources",
        "requests",
        "limits",
        "cpu",
        "storage",
        "overhead",
        "containerStatuses",
        "allocatedResources",
        "conditions",
        "affinity",
        "podAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "activeDeadlineSeconds",
        "ports",
        "type",
        "devices",
        "firstAvailable",
        "exactly",
        "count",
        "limitedResources",
        "matchScopes",
        "matchContains",
        "apiVersion",
        "kind",
        "plugins",
        "configuration",
        "resource",
        "pods",
    ];

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>()
                .prop_filter("JSON has no others", |f| f.is_finite())
                .prop_map(Value::from),
            prop::sample::select(vec![
                "",
                "1",
                "-3",
                "1e9999999999",
                "9223372036854775807Gi",
                "PriorityClass",
                "In",
                "All",
                "2026-01-15T12:00:00Z",
                "AdmissionConfiguration",
                "apiserver.config.k8s.io/v1",
                "ResourceQuotaConfiguration",
                "Always",
                "true",
            ])
            .prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 80, 8, |inner| {
            let key = prop_oneof![
                9 => prop::sample::select(KEYS).prop_map(str::to_owned),
                1 => "\\PC{0,5}",
            ];
            prop_oneof![
                1 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                3 => prop::collection::vec((key, inner), 0..8).prop_map(|entries| {
                    let mut object = tollgate_api::Object::new();
                    // Keys may stand there twice.
                    for (key, value) in entries {
                        object.push(key, value);
                    }
                    Value::Object(object)
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panics(
            objects in prop::collection::vec(any_value(), 2),
            quotas in prop::collection::vec(any_value(), 0..3),
            config in any_value(),
            resource in 0..5_usize,
            update in any::<bool>(),
            subresource in prop::sample::select(vec!["", "status", "resize"]),
        ) {
            let context = context();
            let (old, new) = (&objects[0], &objects[1]);
            let resource = match resource {
                4 => GroupResource::new("resource.k8s.io", "resourceclaims"),
                other => resources()[other].clone(),
            };
            let limited: Vec<LimitedResource> = [&config]
                .into_iter()
                .chain(config.items("limitedResources"))
                .map(LimitedResource::from_value)
                .collect();
            let operation = if update { Operation::Update } else { Operation::Create };
            let request = request(operation, &resource, subresource, Some(old), Some(new));
            let mut prepared = Quotas::new(quotas.iter().map(Quota::stored));
            if let Ok(charges) = admit(&request, &prepared, &limited, &context) {
                prepared.apply(&charges);
            }
            if let Ok(demand) = demand(&request, &prepared, &limited, &context) {
                let _ = demand.room(&prepared, u64::MAX);
                let _ = demand.charge_times(&prepared, u64::MAX);
            }
            let transition = Transition { old: Some((old, &context)), new: Some((new, &context)) };
            prepared.apply(&settle(&prepared, &resource, &transition));
            let listing = Listing { resource: &resource, objects: Ok(objects.iter().collect()) };
            for quota in &quotas {
                let _ = recalculate(quota, std::slice::from_ref(&listing), &context);
            }
            let _ = DeviceClasses::of(&objects);
            let _ = limited_resources(&config);
            let file = ConfigFile { text: "", tree: &config, duplicate_keys: &[] };
            let _ = section(&file, "ResourceQuota");
        }
    }
}
