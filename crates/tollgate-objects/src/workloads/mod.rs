//! Workloads: where their pod template stands, who creates the pods, how many, and what the pods look like.
//!
//! Nobody applies most pods: a controller does, under an identity of its own, minutes after the workload was let in.
//! [`of`] finds the [`Workload`] behind a kind; [`Workload::plan`] tells what its controllers will create.

mod cron_job;
mod daemon_set;
mod deployment;
mod job;
mod pod;
mod replica_set;
mod stateful_set;

use tollgate_api::{GroupResource, GroupVersionKind, UserInfo, Value};

/// Stands for the characters that the API server and controllers make up: `web-xxxxxxxxxx-xxxxx`.
///
/// Offline there is no random part and no hash to know; a valid name that nobody mistakes for a real one is honest.
pub const UNKNOWN_SUFFIX: &str = "xxxxx";

/// A kind whose controller creates pods.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// The API group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Where the pod template stands in the object.
    pub template: &'static [&'static str],
    /// The service account in `kube-system` that creates the pods.
    pub controller: &'static str,
    /// From the template, the object (with or without it) and the cluster.
    plan: fn(Option<Value>, &Value, Cluster) -> Plan,
}

/// What a plan depends on beside the workload.
#[derive(Debug, Clone, Copy)]
pub struct Cluster {
    /// How many nodes a DaemonSet runs on.
    pub nodes: u64,
}

/// What the controllers of a workload will create.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The first pod, as its controller sends it to the API server. The others differ in their names only.
    pub pod: Value,
    /// How many such pods run when the workload is fully rolled out.
    pub pods: u64,
    /// How many more run while a rolling update is at its peak.
    pub surge: u64,
    /// Whether a rolling update goes on without those: old pods may be taken away first.
    pub may_shrink: bool,
    /// Other objects that are created along the way: ReplicaSets, Jobs, claims.
    pub objects: Vec<Created>,
}

/// An object that a controller creates beside the pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Its resource.
    pub resource: GroupResource,
    /// The first such object.
    pub object: Value,
    /// How many.
    pub count: u64,
    /// How many more at the peak of a rolling update, or kept as history.
    pub surge: u64,
}

const WORKLOADS: &[Workload] = &[
    Workload {
        group: "apps",
        kind: "Deployment",
        template: &["spec", "template"],
        controller: "replicaset-controller",
        plan: deployment::plan,
    },
    Workload {
        group: "apps",
        kind: "ReplicaSet",
        template: &["spec", "template"],
        controller: "replicaset-controller",
        plan: replica_set::plan,
    },
    Workload {
        group: "",
        kind: "ReplicationController",
        template: &["spec", "template"],
        controller: "replication-controller",
        plan: replica_set::plan,
    },
    Workload {
        group: "apps",
        kind: "StatefulSet",
        template: &["spec", "template"],
        controller: "statefulset-controller",
        plan: stateful_set::plan,
    },
    Workload {
        group: "apps",
        kind: "DaemonSet",
        template: &["spec", "template"],
        controller: "daemon-set-controller",
        plan: daemon_set::plan,
    },
    Workload {
        group: "batch",
        kind: "Job",
        template: &["spec", "template"],
        controller: "job-controller",
        plan: job::plan,
    },
    Workload {
        group: "batch",
        kind: "CronJob",
        template: &["spec", "jobTemplate", "spec", "template"],
        controller: "job-controller",
        plan: cron_job::plan,
    },
];

/// The workload behind a kind, whatever its version; `extensions` holds the old Deployments, ReplicaSets and DaemonSets.
pub fn of(kind: &GroupVersionKind) -> Option<&'static Workload> {
    let group = if kind.group == "extensions" {
        "apps"
    } else {
        kind.group.as_str()
    };
    WORKLOADS
        .iter()
        .find(|workload| workload.kind == kind.kind && workload.group == group)
}

impl Workload {
    /// The pod template of an object of this kind.
    pub fn template_of<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        object.at(self.template)
    }

    /// Who creates the pods.
    pub fn creator(&self) -> UserInfo {
        UserInfo::service_account("kube-system", self.controller)
    }

    /// What the controllers will create for a defaulted object of this kind.
    pub fn plan(&self, object: &Value, cluster: Cluster) -> Plan {
        let template = self.template_of(object).cloned();
        (self.plan)(template, object, cluster)
    }

    /// [`Workload::plan`] for an object that is not needed afterwards: its template becomes the pod without a copy, and
    /// a Job that a CronJob creates has none.
    pub fn plan_from(&self, mut object: Value, cluster: Cluster) -> Plan {
        let template = self.template.split_last().and_then(|(last, around)| {
            let around = around
                .iter()
                .try_fold(&mut object, |node, key| node.get_mut(key))?;
            around.remove(last)
        });
        (self.plan)(
            template.filter(|template| !template.is_null()),
            &object,
            cluster,
        )
    }
}

/// A whole, non-negative number of replicas.
fn replicas(spec: Option<&Value>, key: &str, default: u64) -> u64 {
    spec.and_then(|spec| spec.int(key))
        .map_or(default, |count| u64::try_from(count).unwrap_or(0))
}

/// A number or a percentage of `total` (`GetScaledValueFromIntOrPercent`).
fn scaled(value: Option<&Value>, total: u64, round_up: bool, default: u64) -> u64 {
    let Some(value) = value else { return default };
    if let Some(number) = value.as_i64() {
        return u64::try_from(number).unwrap_or(0);
    }
    let percent = value
        .as_str()
        .and_then(|text| text.strip_suffix('%')?.parse::<u64>().ok());
    let Some(percent) = percent else {
        return default;
    };
    let product = total.saturating_mul(percent);
    if round_up {
        product.div_ceil(100)
    } else {
        product / 100
    }
}

#[cfg(test)]
mod tests;
