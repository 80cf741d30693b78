//! Keys for services, and for the number of objects of any resource.

use super::examples::{named, quota, service};
use crate::control::{Control, Policy};

const SERVICE_EVALUATOR: &str = "kubernetes pkg/quota/v1/evaluator/core serviceEvaluator";
const OBJECT_COUNT: &str = "apiserver pkg/quota/v1/generic objectCountEvaluator";

pub(super) const SERVICES: Control = Control {
    id: "services",
    policy: Policy::ResourceQuota,
    guards: "How many services there are.",
    fields: &[],
    allowed: "as many services as the quota says",
    since: "every release",
    upstream: SERVICE_EVALUATOR,
    failing: concat!(
        quota!("services: \"1\""),
        service!("one", "  ports:\n  - port: 80\n"),
        service!("two", "  ports:\n  - port: 80\n")
    ),
    passing: concat!(
        quota!("services: \"2\""),
        service!("one", "  ports:\n  - port: 80\n"),
        service!("two", "  ports:\n  - port: 80\n")
    ),
};

pub(super) const SERVICES_LOAD_BALANCERS: Control = Control {
    id: "services.loadbalancers",
    policy: Policy::ResourceQuota,
    guards: "How many services are of type LoadBalancer.",
    fields: &["spec.type"],
    allowed: "as many load balancers as the quota says; a change of type counts, too",
    since: "every release",
    upstream: SERVICE_EVALUATOR,
    failing: concat!(
        quota!("services.loadbalancers: \"0\""),
        service!("web", "  type: LoadBalancer\n  ports:\n  - port: 80\n")
    ),
    passing: concat!(
        quota!("services.loadbalancers: \"0\""),
        service!("web", "  type: ClusterIP\n  ports:\n  - port: 80\n")
    ),
};

pub(super) const SERVICES_NODE_PORTS: Control = Control {
    id: "services.nodeports",
    policy: Policy::ResourceQuota,
    guards: "How many ports of nodes all services ask for together.",
    fields: &[
        "spec.ports",
        "spec.type",
        "spec.allocateLoadBalancerNodePorts",
    ],
    allowed: "ports of services of type NodePort and LoadBalancer, together within the quota; of load balancers without \
        allocation only the ports with an explicit `nodePort`",
    since: "every release; allocation can be turned off since v1.20",
    upstream: SERVICE_EVALUATOR,
    failing: concat!(
        quota!("services.nodeports: \"1\""),
        service!(
            "web",
            "  type: NodePort\n  ports:\n  - name: http\n    port: 80\n  - name: https\n    port: 443\n"
        )
    ),
    passing: concat!(
        quota!("services.nodeports: \"1\""),
        service!(
            "web",
            "  type: NodePort\n  ports:\n  - name: http\n    port: 80\n"
        )
    ),
};

/// The pods of a workload.
macro_rules! template {
    () => {
        concat!(
            "  template:\n    metadata:\n      labels:\n        app: web\n",
            "    spec:\n      containers:\n      - name: web\n        image: registry.example/web:1\n"
        )
    };
}

macro_rules! counted {
    ($id:expr, $guards:expr, $kind:expr, $also:expr) => {
        Control {
            id: $id,
            policy: Policy::ResourceQuota,
            guards: $guards,
            fields: &[],
            allowed: concat!("as many as the quota says; `count/", $id, "` is the same"),
            since: "every release",
            upstream: OBJECT_COUNT,
            failing: concat!(
                quota!(concat!($id, ": \"1\"")),
                named!($kind, "one"),
                $also,
                named!($kind, "two"),
                $also
            ),
            passing: concat!(
                quota!(concat!($id, ": \"3\"")),
                named!($kind, "one"),
                $also,
                named!($kind, "two"),
                $also
            ),
        }
    };
}

pub(super) const CONFIG_MAPS: Control = counted!(
    "configmaps",
    "How many config maps there are.",
    "ConfigMap",
    ""
);

pub(super) const SECRETS: Control =
    counted!("secrets", "How many secrets there are.", "Secret", "");

pub(super) const REPLICATION_CONTROLLERS: Control = counted!(
    "replicationcontrollers",
    "How many replication controllers there are.",
    "ReplicationController",
    concat!(
        "spec:\n  replicas: 0\n  selector:\n    app: web\n",
        template!()
    )
);

pub(super) const RESOURCE_QUOTAS: Control = counted!(
    "resourcequotas",
    "How many quotas there are, this one included.",
    "ResourceQuota",
    "spec:\n  hard:\n    pods: \"10\"\n"
);

macro_rules! deployment {
    () => {
        concat!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 0\n",
            "  selector:\n    matchLabels:\n      app: web\n",
            template!()
        )
    };
}

pub(super) const COUNT: Control = Control {
    id: "count/<resource>.<group>",
    policy: Policy::ResourceQuota,
    guards: "How many objects of a resource there are; any resource in namespaces, custom ones too.",
    fields: &[],
    allowed: "as many objects as the quota says. The group of core resources is left out: `count/configmaps`. Keys of \
        the old group `extensions` count today's Deployments, ReplicaSets, DaemonSets and Ingresses",
    since: "v1.9; custom resources since v1.15",
    upstream: OBJECT_COUNT,
    failing: concat!(quota!("count/deployments.apps: \"0\""), deployment!()),
    passing: concat!(quota!("count/deployments.apps: \"1\""), deployment!()),
};
