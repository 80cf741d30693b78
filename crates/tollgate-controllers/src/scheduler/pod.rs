//! A pod as the scheduler sees it, read from its object once.

use super::affinity_terms::{PodTerm, WeightedPodTerm};
use super::disk::Disk;
use super::resources::PodRequests;
use super::selector::{Labels, NodeTerm, Requirement, Selector};
use super::taint::Toleration;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// The scheduler that takes pods which name none.
pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// A port of its node that a pod wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: CompactString,
    /// The number.
    pub port: i64,
    /// The address; `0.0.0.0` is all of them.
    pub ip: CompactString,
}

impl HostPort {
    /// Whether both cannot be had at once.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        const ALL: &str = "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == ALL || other.ip == ALL)
    }
}

/// What to do with a node that breaks a constraint of topology spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhenUnsatisfiable {
    /// The pod waits.
    DoNotSchedule,
    /// The node is liked less.
    ScheduleAnyway,
}

/// How evenly pods are to be spread over the values of a node label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpreadConstraint {
    /// By how much the fullest may exceed the emptiest.
    pub max_skew: i64,
    /// The node label.
    pub topology_key: CompactString,
    /// Whether it must hold.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Which pods of the namespace are counted.
    pub selector: Selector,
    /// Labels whose value the counted pods share with the pod.
    pub match_label_keys: Vec<CompactString>,
    /// With fewer domains than this the emptiest counts as empty.
    pub min_domains: i64,
    /// Whether only nodes that the pod's node affinity admits are counted.
    pub honors_affinity: bool,
    /// Whether only nodes whose taints the pod tolerates are counted.
    pub honors_taints: bool,
}

/// The part of a pod that all pods of one template share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodSpec {
    /// What it requests.
    pub requests: PodRequests,
    /// The ports of its node that it wants.
    pub host_ports: Vec<HostPort>,
    /// Labels that its node must have.
    pub node_selector: Vec<Requirement>,
    /// Alternatives of which its node must be one.
    pub required_nodes: Option<Vec<NodeTerm>>,
    /// Nodes that are liked better, with how much.
    pub preferred_nodes: Vec<(i64, NodeTerm)>,
    /// Taints that it bears.
    pub tolerations: Vec<Toleration>,
    /// How it is to be spread.
    pub spread: Vec<SpreadConstraint>,
    /// Pods that it must stand beside.
    pub affinity: Vec<PodTerm>,
    /// Pods that it must not stand beside.
    pub anti_affinity: Vec<PodTerm>,
    /// Pods that it likes to stand beside, or, with a negative weight, apart from.
    pub preferred_pods: Vec<WeightedPodTerm>,
    /// The images of its containers, as nodes name them.
    pub images: Vec<CompactString>,
    /// How important it is.
    pub priority: i64,
    /// Whether it never makes others go.
    pub never_preempts: bool,
    /// Who schedules it.
    pub scheduler_name: CompactString,
}

/// A volume of a pod that is a PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The claim's name.
    pub name: CompactString,
    /// Whether the claim is made for this pod and must belong to it.
    pub is_ephemeral: bool,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the object states"
)]
pub struct PodInfo {
    /// Its namespace.
    pub namespace: CompactString,
    /// Its name.
    pub name: CompactString,
    /// Its UID.
    pub uid: CompactString,
    /// Its labels.
    pub labels: Labels,
    /// What it shares with others.
    pub spec: Arc<PodSpec>,
    /// Claims that are its volumes.
    pub claims: Vec<Claim>,
    /// Disks that cannot be used twice.
    pub disks: Vec<Disk>,
    /// The node it is on, or `""`.
    pub node_name: CompactString,
    /// The node that is being made free for it, or `""`.
    pub nominated_node: CompactString,
    /// Whether gates keep it from being scheduled.
    pub is_gated: bool,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// Whether it is being deleted because the scheduler wanted its place.
    pub is_preempted: bool,
    /// Whether it has ended for good, and holds nothing any more.
    pub is_finished: bool,
    /// When it was started, if it was.
    pub started: Option<Timestamp>,
    /// Kind and name of its controller.
    pub controller: Option<(CompactString, CompactString)>,
}

impl PodInfo {
    /// Reads a pod.
    pub fn read(pod: &Value) -> Self {
        let null = Value::Null;
        let metadata = pod.get("metadata").unwrap_or(&null);
        let spec = pod.get("spec").unwrap_or(&null);
        let status = pod.get("status").unwrap_or(&null);
        let name = metadata.str_or_empty("name");
        let is_terminating = metadata.get("deletionTimestamp").is_some();
        Self {
            namespace: metadata.str_or_empty("namespace").into(),
            name: name.into(),
            uid: metadata.str_or_empty("uid").into(),
            labels: Labels::of(pod),
            spec: Arc::new(PodSpec::read(pod, spec)),
            claims: claims(spec, name),
            disks: spec
                .items("volumes")
                .iter()
                .filter_map(Disk::read)
                .collect(),
            node_name: spec.str_or_empty("nodeName").into(),
            nominated_node: status.str_or_empty("nominatedNodeName").into(),
            is_gated: !spec.items("schedulingGates").is_empty(),
            is_terminating,
            is_preempted: is_terminating && is_preempted(status),
            is_finished: matches!(status.str_or_empty("phase"), "Succeeded" | "Failed"),
            started: status.str("startTime").and_then(Timestamp::parse),
            controller: controller(metadata),
        }
    }

    /// How important it is.
    pub fn priority(&self) -> i64 {
        self.spec.priority
    }

    /// Whether another describes the same pod: a pod deleted and made again under its name is another one.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.uid == other.uid && self.name == other.name && self.namespace == other.namespace
    }
}

impl PodSpec {
    fn read(pod: &Value, spec: &Value) -> Self {
        let null = Value::Null;
        let affinity = spec.get("affinity").unwrap_or(&null);
        let nodes = affinity.get("nodeAffinity").unwrap_or(&null);
        let beside = affinity.get("podAffinity").unwrap_or(&null);
        let apart = affinity.get("podAntiAffinity").unwrap_or(&null);
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let terms = |of: &Value| of.items(required).iter().map(PodTerm::read).collect();
        let mut preferred_pods = WeightedPodTerm::read_all(beside.items(preferred), 1);
        preferred_pods.extend(WeightedPodTerm::read_all(apart.items(preferred), -1));
        Self {
            requests: PodRequests::read(pod),
            host_ports: host_ports(spec),
            node_selector: spec
                .str_entries("nodeSelector")
                .map(|(key, value)| Requirement::equals(key, value))
                .collect(),
            required_nodes: nodes.get(required).map(NodeTerm::read_all),
            preferred_nodes: nodes
                .items(preferred)
                .iter()
                .filter_map(|term| {
                    let preference = term.get("preference")?;
                    Some((term.int("weight").unwrap_or(0), NodeTerm::read(preference)))
                })
                .collect(),
            tolerations: spec
                .items("tolerations")
                .iter()
                .map(Toleration::read)
                .collect(),
            spread: spec
                .items("topologySpreadConstraints")
                .iter()
                .map(SpreadConstraint::read)
                .collect(),
            affinity: terms(beside),
            anti_affinity: terms(apart),
            preferred_pods,
            images: images(spec),
            priority: spec.int("priority").unwrap_or(0),
            never_preempts: spec.str("preemptionPolicy") == Some("Never"),
            scheduler_name: spec
                .str("schedulerName")
                .unwrap_or(DEFAULT_SCHEDULER)
                .into(),
        }
    }

    /// Whether node selector and required node affinity admit a node.
    pub fn admits_node(&self, name: &str, labels: &Labels) -> bool {
        let required = self.required_nodes.as_ref();
        self.node_selector
            .iter()
            .all(|requirement| requirement.accepts_label(labels))
            && required.is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }
}

impl SpreadConstraint {
    fn read(constraint: &Value) -> Self {
        let when_unsatisfiable = match constraint.str_or_empty("whenUnsatisfiable") {
            "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
            _ => WhenUnsatisfiable::DoNotSchedule,
        };
        Self {
            max_skew: constraint.int("maxSkew").unwrap_or(1),
            topology_key: constraint.str_or_empty("topologyKey").into(),
            when_unsatisfiable,
            selector: Selector::read(constraint.get("labelSelector")),
            match_label_keys: texts(constraint.items("matchLabelKeys")),
            min_domains: constraint.int("minDomains").unwrap_or(1),
            honors_affinity: constraint.str("nodeAffinityPolicy") != Some("Ignore"),
            honors_taints: constraint.str("nodeTaintsPolicy") == Some("Honor"),
        }
    }

    /// The selector, with the values that `labels` has for the shared keys.
    pub fn selector_for(&self, labels: &Labels) -> Selector {
        let shared = self
            .match_label_keys
            .iter()
            .filter_map(|key| Some(Requirement::equals(key, labels.get(key)?)));
        self.selector.clone().and(shared)
    }
}

fn texts(items: &[Value]) -> Vec<CompactString> {
    items
        .iter()
        .filter_map(Value::as_str)
        .map(CompactString::from)
        .collect()
}

/// The ports of all containers and of sidecars, which are there at the same time.
pub fn host_ports(spec: &Value) -> Vec<HostPort> {
    let sidecars = spec.items("initContainers").iter();
    let sidecars = sidecars.filter(|container| container.str("restartPolicy") == Some("Always"));
    let containers = spec.items("containers").iter().chain(sidecars);
    let mut ports: Vec<HostPort> = containers
        .flat_map(|container| container.items("ports"))
        .filter_map(|port| {
            let number = port.int("hostPort").filter(|number| *number > 0)?;
            let text = |key: &str, default: &'static str| {
                let text = port.str(key).filter(|text| !text.is_empty());
                CompactString::from(text.unwrap_or(default))
            };
            Some(HostPort {
                protocol: text("protocol", "TCP"),
                port: number,
                ip: text("hostIP", "0.0.0.0"),
            })
        })
        .collect();
    ports.sort();
    ports.dedup();
    ports
}

/// The images of all containers; one without tag or digest has the tag `latest`, as nodes report it.
fn images(spec: &Value) -> Vec<CompactString> {
    let containers = spec.items("initContainers").iter();
    let containers = containers.chain(spec.items("containers"));
    containers
        .map(|container| {
            let image = container.str_or_empty("image");
            let last = image.rsplit('/').next().unwrap_or(image);
            if last.contains(':') {
                image.into()
            } else {
                format!("{image}:latest").into()
            }
        })
        .collect()
}

fn claims(spec: &Value, pod_name: &str) -> Vec<Claim> {
    let volumes = spec.items("volumes").iter();
    volumes
        .filter_map(|volume| {
            if let Some(source) = volume.get("persistentVolumeClaim") {
                return Some(Claim {
                    name: source.str_or_empty("claimName").into(),
                    is_ephemeral: false,
                });
            }
            volume.get("ephemeral").map(|_| Claim {
                name: format!("{pod_name}-{}", volume.str_or_empty("name")).into(),
                is_ephemeral: true,
            })
        })
        .collect()
}

fn is_preempted(status: &Value) -> bool {
    status.items("conditions").iter().any(|condition| {
        condition.str("type") == Some("DisruptionTarget")
            && condition.str("status") == Some("True")
            && condition.str("reason") == Some("PreemptionByScheduler")
    })
}

fn controller(metadata: &Value) -> Option<(CompactString, CompactString)> {
    let owners = metadata.items("ownerReferences");
    let owner = owners
        .iter()
        .find(|owner| owner.bool("controller") == Some(true))?;
    Some((
        owner.str_or_empty("kind").into(),
        owner.str_or_empty("name").into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn pod(text: &str) -> PodInfo {
        PodInfo::read(&json::from_str(text).unwrap())
    }

    #[test]
    fn ports_of_sidecars_count_and_those_of_init_containers_do_not() {
        let pod = pod(
            r#"{"spec":{"containers":[{"ports":[{"hostPort":80},{"containerPort":1}]}],
            "initContainers":[{"ports":[{"hostPort":81}]},
            {"restartPolicy":"Always","ports":[{"hostPort":82,"protocol":"UDP","hostIP":"1.2.3.4"}]}]}}"#,
        );
        let ports: Vec<_> = pod
            .spec
            .host_ports
            .iter()
            .map(|port| format!("{}/{}/{}", port.protocol, port.port, port.ip))
            .collect();
        assert_eq!(ports, ["TCP/80/0.0.0.0", "UDP/82/1.2.3.4"]);
    }

    #[test]
    fn an_image_without_tag_is_the_latest() {
        let pod = pod(
            r#"{"spec":{"containers":[{"image":"a.io:5000/b"},{"image":"b:1"},{"image":"c@sha256:0"}]}}"#,
        );
        assert_eq!(pod.spec.images, ["a.io:5000/b:latest", "b:1", "c@sha256:0"]);
    }

    #[test]
    fn claims_of_ephemeral_volumes_are_named_for_the_pod() {
        let pod = pod(
            r#"{"metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","ephemeral":{}},
            {"persistentVolumeClaim":{"claimName":"c"}},{"name":"e","emptyDir":{}}]}}"#,
        );
        let claims: Vec<_> = pod.claims.iter().map(|claim| claim.name.as_str()).collect();
        assert_eq!(claims, ["p-v", "c"]);
    }

    #[test]
    fn a_pod_that_the_scheduler_evicts_is_known() {
        let text = |reason: &str| {
            format!(
                r#"{{"metadata":{{"deletionTimestamp":"2026-01-01T00:00:00Z"}},"status":{{"conditions":
                [{{"type":"DisruptionTarget","status":"True","reason":"{reason}"}}]}}}}"#
            )
        };
        assert!(pod(&text("PreemptionByScheduler")).is_preempted);
        assert!(!pod(&text("EvictionByEvictionAPI")).is_preempted);
    }
}
