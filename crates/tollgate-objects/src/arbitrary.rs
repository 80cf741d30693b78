//! Trees for property tests: they look like objects as much as not at all.

use crate::schema::{self, Alternative, ShapeRef, StructType};
use proptest::prelude::*;
use tollgate_api::{GroupVersionKind, Object, Value};

/// Field names that some kind's defaults look at, and some that none does.
const KEYS: &[&str] = &[
    "accessModes",
    "alien",
    "apiVersion",
    "appArmorProfile",
    "azureDisk",
    "backoffLimitPerIndex",
    "behavior",
    "completions",
    "configMap",
    "containerPort",
    "containers",
    "cpu",
    "downwardAPI",
    "emptyDir",
    "env",
    "ephemeral",
    "ephemeralContainers",
    "exactly",
    "fieldRef",
    "firstAvailable",
    "grpc",
    "hard",
    "hostNetwork",
    "hostPath",
    "hostPort",
    "httpGet",
    "hugepages-2Mi",
    "image",
    "imagePullPolicy",
    "initContainers",
    "items",
    "jobTemplate",
    "kind",
    "labels",
    "lifecycle",
    "limits",
    "livenessProbe",
    "memory",
    "metadata",
    "metrics",
    "name",
    "overhead",
    "parallelism",
    "periodSeconds",
    "podFailurePolicy",
    "ports",
    "postStart",
    "projected",
    "protocol",
    "requests",
    "resourceFieldRef",
    "resources",
    "restartPolicy",
    "rollingUpdate",
    "rules",
    "scaleUp",
    "securityContext",
    "selector",
    "serviceAccountToken",
    "sizeLimit",
    "sources",
    "spec",
    "status",
    "strategy",
    "subjects",
    "template",
    "type",
    "updateStrategy",
    "valueFrom",
    "volumeClaimTemplate",
    "volumeClaimTemplates",
    "volumes",
    "webhooks",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "0",
            "1",
            "+2",
            "0.5",
            "1n",
            "1e3",
            "1.5Gi",
            "9999999999Ei",
            "Always",
            "RollingUpdate",
            "ClientIP",
            "a:latest",
            "nginx@sha256:x",
            "unconfined",
            "User",
        ])
        .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ]
}

/// Any tree, made of names and values that mean something to somebody.
pub(crate) fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(7, 96, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            // Keys may come twice.
            4 => prop::collection::vec((prop::sample::select(KEYS), inner), 0..6).prop_map(|entries| {
                let mut object = Object::new();
                for (key, value) in entries {
                    object.push(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// An object of which the pod spec, wherever the kind has it, is likely to be reached.
pub(crate) fn pod_like() -> impl Strategy<Value = Value> {
    let list = || prop::collection::vec(tree(), 0..3).prop_map(Value::Array);
    let labels = prop_oneof![Just(Value::Null), tree()];
    (list(), list(), list(), tree(), any::<bool>(), labels).prop_map(
        |(containers, init, volumes, resources, network, labels)| {
            let mut spec = Value::object();
            spec.set("containers", containers);
            spec.set("initContainers", init);
            spec.set("volumes", volumes);
            spec.set("resources", resources);
            spec.set("hostNetwork", network);
            let mut template = Value::object();
            template.child_mut("metadata").set("labels", labels);
            template.set("spec", spec.clone());
            let mut job_spec = Value::object();
            job_spec.set("template", template.clone());
            spec.set("template", template.clone());
            spec.child_mut("jobTemplate").set("spec", job_spec);
            let mut object = Value::object();
            object.set("spec", spec);
            object.set("template", template);
            object
        },
    )
}

/// Any built-in kind, and one that is not.
pub(crate) fn kind() -> impl Strategy<Value = GroupVersionKind> {
    let built_in = schema::resources().iter().map(|resource| GroupVersionKind {
        group: resource.group.into(),
        version: resource.version.into(),
        kind: resource.kind.into(),
    });
    let mut kinds: Vec<_> = built_in.collect();
    kinds.push(GroupVersionKind::new("example.com/v1", "Widget"));
    kinds.push(GroupVersionKind::new("v1", "Status"));
    kinds.push(GroupVersionKind::new("v1", "PodList"));
    prop::sample::select(kinds)
}

/// An object of any built-in kind as its type allows it, fields in any order.
pub(crate) fn typed() -> impl Strategy<Value = (GroupVersionKind, Value)> {
    let built_in = kind().prop_filter("built in", |kind| schema::type_of(kind).is_some());
    (built_in, any::<u64>()).prop_map(|(kind, seed)| {
        let mut random = Random(seed | 1);
        let of = schema::type_of(&kind).unwrap();
        let mut object = random.structure(of, 0);
        object.set("kind", kind.kind.clone());
        object.set("apiVersion", kind.api_version());
        (kind, object)
    })
}

/// Shrinking a tree of hundreds of fields tells nothing, so that a seed is enough.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn structure(&mut self, of: StructType, depth: u64) -> Value {
        let mut entries = Vec::new();
        for field in of.fields_in_json_order() {
            // Protobuf does not know the kind of an embedded object.
            if depth < 12 && field.number != 0 && self.below(3 + depth) < 2 {
                entries.push((field.name.into(), self.value(field.shape(), depth + 1)));
            }
        }
        if self.below(2) == 0 {
            entries.reverse();
        }
        Value::Object(Object::from(entries))
    }

    /// Lists and maps hold something: protobuf cannot say that there is an empty one.
    fn value(&mut self, shape: ShapeRef, depth: u64) -> Value {
        match shape {
            ShapeRef::String => self.pick(&["", "a", "<&>\u{2028}é", "name"]).into(),
            ShapeRef::Bool => (self.below(2) == 0).into(),
            ShapeRef::Int32 => self.pick(&[0, 1, -1, 65_536, i64::from(i32::MIN)]).into(),
            ShapeRef::Int64 => self.pick(&[0, 1, -1, i64::MAX, i64::MIN]).into(),
            ShapeRef::Float64 => self.pick(&[0.0, 1.5, -1e-9, 3e30]).into(),
            ShapeRef::Bytes => self.pick(&["YQ==", "/+8="]).into(),
            ShapeRef::Quantity => self.pick(&["0", "1500m", "1024Mi", "1e3", "0.1"]).into(),
            ShapeRef::IntOrString if self.below(2) == 0 => self.pick(&[0, 8080]).into(),
            ShapeRef::IntOrString => self.pick(&["", "25%"]).into(),
            ShapeRef::Time { micro: false } => self
                .pick(&[
                    "2026-11-20T10:11:12Z",
                    "1969-12-31T23:59:59Z",
                    "2026-01-01T00:00:00.5+02:00",
                ])
                .into(),
            ShapeRef::Time { micro: true } => self
                .pick(&["2026-11-20T10:11:12.000001Z", "1969-12-31T23:59:59.999999Z"])
                .into(),
            ShapeRef::Any => self.pick(&[0, 1]).into(),
            ShapeRef::SchemaOr(_, Alternative::Bool) if self.below(2) == 0 => true.into(),
            ShapeRef::SchemaOr(_, Alternative::Strings) if self.below(2) == 0 => vec!["x"].into(),
            ShapeRef::SchemaOr(of, Alternative::Schemas) if self.below(2) == 0 => {
                vec![self.structure(of, depth)].into()
            }
            ShapeRef::SchemaOr(of, _) | ShapeRef::Struct(of) => self.structure(of, depth),
            ShapeRef::List(inner) => (0..=self.below(2))
                .map(|_| self.value(inner.shape(), depth))
                .collect::<Vec<_>>()
                .into(),
            ShapeRef::Map(inner) => (0..=self.below(2))
                .map(|number| (format!("k{}", 2 - number), self.value(inner.shape(), depth)))
                .collect(),
        }
    }
}
