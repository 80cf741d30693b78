//! The flow schemas that every cluster has.

use super::flow_control::{dangling, named};
use tollgate_api::Value;

/// What a schema is about.
enum About {
    Everything,
    Resources(&'static [Resources]),
    Paths(&'static [&'static str]),
}

/// Requests for resources.
struct Resources {
    verbs: &'static [&'static str],
    group: &'static str,
    plurals: &'static [&'static str],
    is_cluster_wide: bool,
}

/// Who is meant.
enum Who {
    Groups(&'static [&'static str]),
    Users(&'static [&'static str]),
    /// Every service account of `kube-system`.
    SystemAccounts,
}

/// A flow schema that every cluster has.
pub(super) struct Schema {
    name: &'static str,
    level: &'static str,
    precedence: i64,
    /// By what flows differ; empty: all is one flow.
    flows_by: &'static str,
    who: &'static [Who],
    about: About,
}

const EVERYBODY: &[Who] = &[Who::Groups(&[
    "system:unauthenticated",
    "system:authenticated",
])];

/// All of them, by name.
pub(super) const FLOW_SCHEMAS: [Schema; 11] = [
    Schema {
        name: "catch-all",
        level: "catch-all",
        precedence: 10_000,
        flows_by: "ByUser",
        who: EVERYBODY,
        about: About::Everything,
    },
    Schema {
        name: "exempt",
        level: "exempt",
        precedence: 1,
        flows_by: "",
        who: &[Who::Groups(&["system:masters"])],
        about: About::Everything,
    },
    Schema {
        name: "global-default",
        level: "global-default",
        precedence: 9_900,
        flows_by: "ByUser",
        who: EVERYBODY,
        about: About::Everything,
    },
    Schema {
        name: "kube-controller-manager",
        level: "workload-high",
        precedence: 800,
        flows_by: "ByNamespace",
        who: &[Who::Users(&["system:kube-controller-manager"])],
        about: About::Everything,
    },
    Schema {
        name: "kube-scheduler",
        level: "workload-high",
        precedence: 800,
        flows_by: "ByNamespace",
        who: &[Who::Users(&["system:kube-scheduler"])],
        about: About::Everything,
    },
    Schema {
        name: "kube-system-service-accounts",
        level: "workload-high",
        precedence: 900,
        flows_by: "ByNamespace",
        who: &[Who::SystemAccounts],
        about: About::Everything,
    },
    Schema {
        name: "probes",
        level: "exempt",
        precedence: 2,
        flows_by: "",
        who: EVERYBODY,
        about: About::Paths(&["/healthz", "/readyz", "/livez"]),
    },
    Schema {
        name: "service-accounts",
        level: "workload-low",
        precedence: 9_000,
        flows_by: "ByUser",
        who: &[Who::Groups(&["system:serviceaccounts"])],
        about: About::Everything,
    },
    Schema {
        name: "system-leader-election",
        level: "leader-election",
        precedence: 100,
        flows_by: "ByUser",
        who: &[
            Who::Users(&["system:kube-controller-manager", "system:kube-scheduler"]),
            Who::SystemAccounts,
        ],
        about: About::Resources(&[Resources {
            verbs: &["get", "create", "update"],
            group: "coordination.k8s.io",
            plurals: &["leases"],
            is_cluster_wide: false,
        }]),
    },
    Schema {
        name: "system-node-high",
        level: "node-high",
        precedence: 400,
        flows_by: "ByUser",
        who: &[Who::Groups(&["system:nodes"])],
        about: About::Resources(&[
            Resources {
                verbs: &["*"],
                group: "",
                plurals: &["nodes", "nodes/status"],
                is_cluster_wide: true,
            },
            Resources {
                verbs: &["*"],
                group: "coordination.k8s.io",
                plurals: &["leases"],
                is_cluster_wide: false,
            },
        ]),
    },
    Schema {
        name: "system-nodes",
        level: "system",
        precedence: 500,
        flows_by: "ByUser",
        who: &[Who::Groups(&["system:nodes"])],
        about: About::Everything,
    },
];

fn texts(texts: &[&str]) -> Value {
    texts.to_vec().into()
}

impl Resources {
    fn rule(&self) -> Value {
        let mut rule = Value::object();
        rule.set("verbs", texts(self.verbs));
        rule.set("apiGroups", texts(&[self.group]));
        rule.set("resources", texts(self.plurals));
        if self.is_cluster_wide {
            rule.set("clusterScope", true);
        }
        rule.set("namespaces", texts(&["*"]));
        rule
    }
}

impl Who {
    fn subjects(&self) -> Vec<Value> {
        let named = |kind: &str, key: &'static str, name: &str| {
            let mut subject = Value::object();
            subject.set("kind", kind);
            subject.child_mut(key).set("name", name);
            subject
        };
        match self {
            Self::Groups(names) => names
                .iter()
                .map(|name| named("Group", "group", name))
                .collect(),
            Self::Users(names) => names
                .iter()
                .map(|name| named("User", "user", name))
                .collect(),
            Self::SystemAccounts => {
                let mut subject = Value::object();
                subject.set("kind", "ServiceAccount");
                let account = subject.child_mut("serviceAccount");
                account.set("namespace", "kube-system");
                account.set("name", "*");
                vec![subject]
            }
        }
    }
}

impl Schema {
    fn rule(&self) -> Value {
        let mut rule = Value::object();
        let subjects: Vec<Value> = self.who.iter().flat_map(Who::subjects).collect();
        rule.set("subjects", subjects);
        let everything = Resources {
            verbs: &["*"],
            group: "*",
            plurals: &["*"],
            is_cluster_wide: true,
        };
        let (resources, paths): (Vec<Value>, Option<(&str, &[&str])>) = match &self.about {
            About::Everything => (vec![everything.rule()], Some(("*", &["*"]))),
            About::Resources(resources) => (resources.iter().map(Resources::rule).collect(), None),
            About::Paths(paths) => (Vec::new(), Some(("get", paths))),
        };
        if !resources.is_empty() {
            rule.set("resourceRules", resources);
        }
        if let Some((verb, paths)) = paths {
            let mut of_paths = Value::object();
            of_paths.set("verbs", texts(&[verb]));
            of_paths.set("nonResourceURLs", texts(paths));
            rule.set("nonResourceRules", vec![of_paths]);
        }
        rule
    }

    /// The object.
    pub(super) fn object(&self, now: &str) -> Value {
        let mut object = named(self.name);
        let spec = object.child_mut("spec");
        spec.child_mut("priorityLevelConfiguration")
            .set("name", self.level);
        spec.set("matchingPrecedence", self.precedence);
        if !self.flows_by.is_empty() {
            spec.child_mut("distinguisherMethod")
                .set("type", self.flows_by);
        }
        spec.set("rules", vec![self.rule()]);
        let condition = dangling(self.level, false, now);
        object
            .child_mut("status")
            .set("conditions", vec![condition]);
        object
    }
}
