//! Objects from bytes: whatever the bytes are, they say which kind it is, which fields it has and what is in them.
//!
//! The table of types leads, so that most fields stand where they belong, with values that mean something; every now and
//! then one does not. The fuzzer's mutations of the bytes are then mutations of objects.

use tollgate_api::{GroupVersionKind, Object, Value};
use tollgate_objects::schema::{self, Field, ShapeRef, StructType};

/// Objects inside one another; deeper ones are left empty. Schemas of custom resources hold themselves.
const DEPTH_MAX: usize = 10;

/// Values that some rule asks for, or trips over.
const TEXTS: &[&str] = &[
    "",
    "a",
    "web",
    "A_b",
    "0",
    "1",
    "-1",
    "100m",
    "1.5Gi",
    "1e3",
    "9999999999Ei",
    "1n",
    "5%",
    "ALL",
    "Always",
    "RuntimeDefault",
    "Localhost",
    "Unconfined",
    "RunAsAny",
    "MustRunAs",
    "MustRunAsNonRoot",
    "MayRunAs",
    "*",
    "Default",
    "Unmasked",
    "Terminating",
    "BestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "In",
    "NotIn",
    "Exists",
    "DoesNotExist",
    "Container",
    "Pod",
    "PersistentVolumeClaim",
    "NodePort",
    "LoadBalancer",
    "RollingUpdate",
    "OnDelete",
    "Recreate",
    "Never",
    "OnFailure",
    "windows",
    "linux",
    "kernel.shm_rmid_forced",
    "kernel.*",
    "NET_BIND_SERVICE",
    "SYS_ADMIN",
    "docker.io/library/nginx@sha256:00",
    "nginx:latest",
    "localhost/x",
    "/a/../b",
    "2026-01-15T12:00:00Z",
    "2026-02-30T12:00:00+25:00",
    "QUJD",
    "10.0.0.1",
    "::1/129",
    "TCP",
    "é\u{0}",
    "File",
    "ServiceAccount",
    "User",
    "Group",
    "use",
    "podsecuritypolicies",
    "policy",
];

/// Keys of maps.
const KEYS: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "hugepages-2Mi",
    "pods",
    "requests.cpu",
    "limits.memory",
    "count/pods",
    "count/deployments.apps",
    "requests.example.com/gpu",
    "example.com/gpu",
    "storage",
    "requests.storage",
    "gold.storageclass.storage.k8s.io/requests.storage",
    "services.nodeports",
    "app",
    "a/b/c",
    "",
    "pod-security.kubernetes.io/enforce",
    "pod-security.kubernetes.io/warn-version",
    "container.apparmor.security.beta.kubernetes.io/a",
    "seccomp.security.alpha.kubernetes.io/pod",
    "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
    "kubernetes.io/limit-ranger",
    "volume.beta.kubernetes.io/storage-class",
];

const NUMBERS: &[i64] = &[
    0,
    1,
    2,
    3,
    80,
    443,
    1000,
    65_536,
    -1,
    i32::MAX as i64,
    i64::MAX,
    i64::MIN,
];

/// Bytes that are used up as choices are made; when they are gone, every choice is the first.
#[derive(Debug, Clone)]
pub struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl<'b> Choices<'b> {
    /// Choices by these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
        }
    }

    /// A number below 256; 0 when the bytes are gone.
    pub fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or_default()
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        number.checked_rem(end).unwrap_or_default()
    }

    /// One of these; the default if there are none.
    pub fn one_of<T: Copy + Default>(&mut self, values: &[T]) -> T {
        values
            .get(self.below(values.len()))
            .copied()
            .unwrap_or_default()
    }

    /// Whether something happens that happens one time in `times`; never when the bytes are gone.
    pub fn rarely(&mut self, times: u8) -> bool {
        self.byte().checked_rem(times) == Some(1)
    }

    /// An object of any kind that the API has.
    pub fn object(&mut self) -> Value {
        let resources = schema::resources();
        let Some(resource) = resources.get(self.below(resources.len())) else {
            return Value::Null;
        };
        let api_version = match resource.group {
            "" => resource.version.to_owned(),
            group => format!("{group}/{}", resource.version),
        };
        self.object_of(&GroupVersionKind::new(&api_version, resource.kind))
    }

    /// An object of this kind.
    pub fn object_of(&mut self, kind: &GroupVersionKind) -> Value {
        let mut object = match schema::type_of(kind) {
            Some(of) => self.structure(of, 0),
            None => self.anything(0),
        };
        if object.as_object().is_some() {
            object.set("apiVersion", kind.api_version());
            object.set("kind", kind.kind.clone());
        }
        object
    }

    fn structure(&mut self, of: StructType, depth: usize) -> Value {
        let mut object = Object::new();
        let fields = of.fields();
        if depth >= DEPTH_MAX || fields.is_empty() {
            return Value::Object(object);
        }
        // The top of an object is always there; below it, bytes decide.
        let count = if depth == 0 {
            fields.len()
        } else {
            usize::from(self.byte() % 6)
        };
        for place in 0..count {
            let place = if depth == 0 {
                place
            } else {
                self.below(fields.len())
            };
            let Some(field) = fields.get(place) else {
                continue;
            };
            self.field(&mut object, field, depth);
        }
        Value::Object(object)
    }

    fn field(&mut self, object: &mut Object, field: &Field, depth: usize) {
        match (field.name, field.shape()) {
            // The fields of an inlined struct stand in the outer object.
            ("", ShapeRef::Struct(of)) => {
                if let Value::Object(inner) = self.structure(of, depth + 1) {
                    for (key, value) in inner {
                        object.push(key, value);
                    }
                }
            }
            (name, shape) => {
                let value = self.value(shape, depth + 1);
                // Pushed, not inserted: a document may have a key twice.
                object.push(name, value);
            }
        }
        if self.rarely(50) {
            object.push(self.one_of(TEXTS), Value::Null);
        }
    }

    fn value(&mut self, shape: ShapeRef, depth: usize) -> Value {
        if self.rarely(40) {
            return self.anything(depth);
        }
        match shape {
            ShapeRef::Bool => Value::Bool(self.byte() & 1 == 0),
            ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 => self.one_of(NUMBERS).into(),
            ShapeRef::Quantity | ShapeRef::IntOrString if self.byte() & 1 == 0 => {
                self.one_of(NUMBERS).into()
            }
            ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _) => self.structure(of, depth),
            ShapeRef::List(member) => {
                let count = if depth < DEPTH_MAX {
                    self.byte() % 4
                } else {
                    0
                };
                (0..count)
                    .map(|_| self.value(member.shape(), depth + 1))
                    .collect::<Vec<_>>()
                    .into()
            }
            ShapeRef::Map(member) => {
                let count = if depth < DEPTH_MAX {
                    self.byte() % 4
                } else {
                    0
                };
                let mut object = Object::new();
                for _ in 0..count {
                    let key = self.one_of(KEYS);
                    object.push(key, self.value(member.shape(), depth + 1));
                }
                Value::Object(object)
            }
            ShapeRef::Any => self.anything(depth),
            _ => self.one_of(TEXTS).into(),
        }
    }

    /// A value that no type asked for.
    fn anything(&mut self, depth: usize) -> Value {
        match self.byte() % 7 {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => self.one_of(NUMBERS).into(),
            3 => 0.5.into(),
            4 if depth < DEPTH_MAX => vec![self.anything(depth + 1)].into(),
            5 if depth < DEPTH_MAX => {
                let key = self.one_of(KEYS);
                [(key, self.anything(depth + 1))].into_iter().collect()
            }
            _ => self.one_of(TEXTS).into(),
        }
    }
}
