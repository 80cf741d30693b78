//! `metrics.k8s.io`: what pods and nodes use. Its objects are stored nowhere: each is made from the pod or node of its
//! name when somebody reads it.

use super::catalog::{Group, Version};
use super::conversion::Conversion;
use super::resource::{Origin, Resource, Verbs};
use crate::storage::Record;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::usage_source::UsageSource;
use tollgate_api::{GroupResource, GroupVersionKind, Timestamp, Value, json};

/// The group.
pub const GROUP: &str = "metrics.k8s.io";
/// Its only version.
pub const VERSION: &str = "v1beta1";

/// Who measures, and what was there at the moment of the reading.
#[derive(Debug, Clone)]
pub struct Measured {
    source: Arc<dyn UsageSource>,
    moment: Arc<Moment>,
}

/// When something is read.
#[derive(Debug, Default)]
struct Moment {
    now: Timestamp,
    /// Pods by node, of those nodes that are read.
    pods: BTreeMap<String, Vec<Arc<Record>>>,
}

impl Measured {
    /// Who measures.
    pub fn source(&self) -> &dyn UsageSource {
        &*self.source
    }

    /// The same resource as it is read at one moment.
    #[must_use]
    pub fn at(&self, now: Timestamp, pods: BTreeMap<String, Vec<Arc<Record>>>) -> Self {
        Self {
            source: Arc::clone(&self.source),
            moment: Arc::new(Moment { now, pods }),
        }
    }

    /// Makes what a pod or node uses out of the pod or node.
    pub(super) fn read(&self, kind: &GroupVersionKind, object: &mut Value) {
        let now = self.moment.now;
        let made = if kind.kind == "NodeMetrics" {
            let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
            let pods = name.and_then(|name| self.moment.pods.get(name));
            let pods = pods.into_iter().flatten();
            let mut pods = pods.filter_map(|pod| json::from_slice(&pod.value).ok());
            Some(self.source.node(object, &mut pods, now))
        } else {
            self.source.pod(object, now)
        };
        // Whoever reads has looked before that something was measured.
        *object = made.unwrap_or_default();
    }
}

/// The group, with what this source says.
pub fn group(source: &Arc<dyn UsageSource>) -> Group {
    let resource = |plural, kind, namespaced| Arc::new(resource(source, plural, kind, namespaced));
    Group {
        name: GROUP.into(),
        versions: vec![Version {
            name: VERSION.into(),
            resources: vec![
                resource("nodes", "NodeMetrics", false),
                resource("pods", "PodMetrics", true),
            ],
        }],
    }
}

fn resource(source: &Arc<dyn UsageSource>, plural: &str, kind: &str, namespaced: bool) -> Resource {
    let of = |group: &str, version: &str, kind: &str| GroupVersionKind {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    };
    Resource {
        kind: of(GROUP, VERSION, kind),
        list_kind: format!("{kind}List").into(),
        group_resource: GroupResource::new(GROUP, plural),
        // Metrics servers name none.
        singular: "".into(),
        namespaced,
        verbs: Verbs::named(["get", "list"]),
        short_names: Vec::new(),
        categories: Vec::new(),
        storage_version_hash: "".into(),
        subresources: Vec::new(),
        storage: GroupResource::new("", plural),
        storage_kind: of("", "v1", if namespaced { "Pod" } else { "Node" }),
        conversion: Conversion::None,
        origin: Origin::Measured(Measured {
            source: Arc::clone(source),
            moment: Arc::default(),
        }),
    }
}
