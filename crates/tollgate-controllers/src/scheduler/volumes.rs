//! Claims, volumes and classes: what of storage decides where a pod can run.

use super::pod::PodInfo;
use super::selector::{Labels, NodeTerm, Selector};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value};

/// The annotation of a claim whose binding is complete.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The annotation that tells a provisioner for which node a volume is wanted.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation that named a claim's class before there was a field.
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// The provisioner of a class whose volumes are made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// Namespace and name of a claim.
pub type ClaimKey = (CompactString, CompactString);

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimInfo {
    /// The volume it is or shall be bound to, or `""`.
    pub volume: CompactString,
    /// Whether it is bound for good.
    pub is_bound: bool,
    /// Whether its volume is lost.
    pub is_lost: bool,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// Its class, or `""`.
    pub class: CompactString,
    /// How it is to be accessed.
    pub access_modes: Vec<CompactString>,
    /// How much it asks for, in bytes.
    pub size: i64,
    /// Which volumes it takes.
    pub selector: Option<Selector>,
    /// `Filesystem` or `Block`.
    pub mode: CompactString,
    /// The node for which a volume is being made, or `""`.
    pub selected_node: CompactString,
    /// The UID of the pod that it belongs to, or `""`.
    pub owner: CompactString,
}

fn texts(items: &[Value]) -> Vec<CompactString> {
    items
        .iter()
        .filter_map(Value::as_str)
        .map(CompactString::from)
        .collect()
}

fn class_of(object: &Value) -> CompactString {
    let old = object.at(&["metadata", "annotations", OLD_CLASS]);
    let class = old.or_else(|| object.at(&["spec", "storageClassName"]));
    class.and_then(Value::as_str).unwrap_or_default().into()
}

fn bytes(amount: Option<&Value>) -> i64 {
    let amount = amount.and_then(|amount| Quantity::from_value(amount).ok());
    amount.map_or(0, |amount| amount.value())
}

impl ClaimInfo {
    /// Reads a claim.
    pub fn read(claim: &Value) -> Self {
        let null = Value::Null;
        let spec = claim.get("spec").unwrap_or(&null);
        let metadata = claim.get("metadata").unwrap_or(&null);
        let volume = spec.str_or_empty("volumeName");
        let annotation = |name: &str| metadata.at(&["annotations", name]).and_then(Value::as_str);
        let owners = metadata.items("ownerReferences").iter();
        let mut owners = owners.filter(|owner| owner.bool("controller") == Some(true));
        let selector = spec.get("selector");
        Self {
            volume: volume.into(),
            is_bound: !volume.is_empty() && annotation(BIND_COMPLETED).is_some(),
            is_lost: claim.at(&["status", "phase"]).and_then(Value::as_str) == Some("Lost"),
            is_terminating: metadata.get("deletionTimestamp").is_some(),
            class: class_of(claim),
            access_modes: texts(spec.items("accessModes")),
            size: bytes(spec.at(&["resources", "requests", "storage"])),
            selector: selector.map(|selector| Selector::read(Some(selector))),
            mode: spec.str("volumeMode").unwrap_or("Filesystem").into(),
            selected_node: annotation(SELECTED_NODE).unwrap_or_default().into(),
            owner: owners
                .next()
                .map_or("", |owner| owner.str_or_empty("uid"))
                .into(),
        }
    }

    /// Whether only one pod may use it.
    pub fn is_for_one_pod(&self) -> bool {
        self.access_modes
            .iter()
            .any(|mode| mode == "ReadWriteOncePod")
    }
}

/// A PersistentVolume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInfo {
    /// Its class, or `""`.
    pub class: CompactString,
    /// Its labels.
    pub labels: Labels,
    /// How it can be accessed.
    pub access_modes: Vec<CompactString>,
    /// How large it is, in bytes.
    pub size: i64,
    /// `Filesystem` or `Block`.
    pub mode: CompactString,
    /// The nodes from which it can be used; all if there is no such list.
    pub nodes: Option<Vec<NodeTerm>>,
    /// Whether a new claim can have it.
    pub is_available: bool,
    /// The claim it is for.
    pub claim: Option<ClaimKey>,
    /// Driver and handle of a CSI volume.
    pub csi: Option<(CompactString, CompactString)>,
}

impl VolumeInfo {
    /// Reads a volume.
    pub fn read(volume: &Value) -> Self {
        let null = Value::Null;
        let spec = volume.get("spec").unwrap_or(&null);
        let text = |object: &Value, key: &str| CompactString::from(object.str_or_empty(key));
        let is_terminating = volume.at(&["metadata", "deletionTimestamp"]).is_some();
        let phase = volume.at(&["status", "phase"]).and_then(Value::as_str);
        Self {
            class: class_of(volume),
            labels: Labels::of(volume),
            access_modes: texts(spec.items("accessModes")),
            size: bytes(spec.at(&["capacity", "storage"])),
            mode: spec.str("volumeMode").unwrap_or("Filesystem").into(),
            nodes: spec
                .at(&["nodeAffinity", "required"])
                .map(NodeTerm::read_all),
            is_available: !is_terminating && phase == Some("Available"),
            claim: spec
                .get("claimRef")
                .map(|claim| (text(claim, "namespace"), text(claim, "name"))),
            csi: spec
                .get("csi")
                .map(|csi| (text(csi, "driver"), text(csi, "volumeHandle"))),
        }
    }

    /// Whether it can be used from a node.
    pub fn reaches(&self, node: &str, labels: &Labels) -> bool {
        let nodes = self.nodes.as_ref();
        nodes.is_none_or(|terms| terms.iter().any(|term| term.matches(node, labels)))
    }
}

/// A StorageClass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassInfo {
    /// Who makes its volumes.
    pub provisioner: CompactString,
    /// Whether a claim waits until a pod uses it.
    pub waits: bool,
    /// Where its volumes can be made: alternatives of labels with their values; everywhere if there are none.
    topologies: Vec<Vec<(CompactString, Vec<CompactString>)>>,
}

impl ClassInfo {
    /// Reads a class.
    pub fn read(class: &Value) -> Self {
        let topologies = class.items("allowedTopologies").iter().map(|term| {
            let labels = term.items("matchLabelExpressions").iter();
            labels
                .map(|label| {
                    (
                        label.str_or_empty("key").into(),
                        texts(label.items("values")),
                    )
                })
                .collect()
        });
        Self {
            provisioner: class.str_or_empty("provisioner").into(),
            waits: class.str("volumeBindingMode") == Some("WaitForFirstConsumer"),
            topologies: topologies.collect(),
        }
    }

    /// Whether it makes volumes for a node with these labels.
    pub fn serves(&self, labels: &Labels) -> bool {
        let has = |(key, values): &(CompactString, Vec<CompactString>)| {
            labels
                .get(key)
                .is_some_and(|value| values.iter().any(|allowed| allowed == value))
        };
        self.topologies.is_empty() || self.topologies.iter().any(|term| term.iter().all(has))
    }
}

/// All of storage.
#[derive(Debug, Clone, Default)]
pub struct Volumes {
    claims: BTreeMap<ClaimKey, ClaimInfo>,
    by_name: BTreeMap<CompactString, VolumeInfo>,
    classes: BTreeMap<CompactString, ClassInfo>,
    /// How many pods on nodes use a claim.
    users: BTreeMap<ClaimKey, u32>,
    /// Volumes that were just given to a claim, until that shows in them.
    promised: BTreeMap<CompactString, ClaimKey>,
}

impl Volumes {
    /// Takes over a claim, or forgets it.
    pub fn set_claim(&mut self, namespace: &str, name: &str, claim: Option<ClaimInfo>) {
        let key = (namespace.into(), name.into());
        match claim {
            Some(claim) => {
                self.claims.insert(key, claim);
            }
            None => {
                self.claims.remove(&key);
            }
        }
    }

    /// Takes over a volume, or forgets it.
    pub fn set_volume(&mut self, name: &str, volume: Option<VolumeInfo>) {
        if volume.as_ref().is_none_or(|volume| volume.claim.is_some()) {
            self.promised.remove(name);
        }
        match volume {
            Some(volume) => {
                self.by_name.insert(name.into(), volume);
            }
            None => {
                self.by_name.remove(name);
            }
        }
    }

    /// Takes over a class, or forgets it.
    pub fn set_class(&mut self, name: &str, class: Option<ClassInfo>) {
        match class {
            Some(class) => {
                self.classes.insert(name.into(), class);
            }
            None => {
                self.classes.remove(name);
            }
        }
    }

    /// A claim.
    pub fn claim(&self, key: &ClaimKey) -> Option<&ClaimInfo> {
        self.claims.get(key)
    }

    /// A volume.
    pub fn volume(&self, name: &str) -> Option<&VolumeInfo> {
        self.by_name.get(name)
    }

    /// A class.
    pub fn class(&self, name: &str) -> Option<&ClassInfo> {
        self.classes.get(name)
    }

    /// Volumes that a claim can have, the smallest first; `taken` are given away already.
    pub fn candidates<'v>(
        &'v self,
        key: &'v ClaimKey,
        claim: &'v ClaimInfo,
    ) -> impl Iterator<Item = (&'v CompactString, &'v VolumeInfo)> {
        let fits = move |(name, volume): &(&CompactString, &VolumeInfo)| {
            let is_promised = self.promised.get(*name).is_some_and(|other| other != key);
            let is_free = volume.claim.as_ref().is_none_or(|other| other == key);
            !is_promised
                && is_free
                && volume.is_available
                && volume.class == claim.class
                && volume.mode == claim.mode
                && volume.size >= claim.size
                && claim
                    .access_modes
                    .iter()
                    .all(|mode| volume.access_modes.contains(mode))
                && claim
                    .selector
                    .as_ref()
                    .is_none_or(|selector| selector.matches(&volume.labels))
        };
        let mut found: Vec<_> = self.by_name.iter().filter(fits).collect();
        // A volume that was set aside for the claim comes before a smaller one.
        found.sort_by_key(|(name, volume)| (volume.claim.is_none(), volume.size, (*name).clone()));
        found.into_iter()
    }

    /// Notes that a volume was given to a claim.
    pub fn promise(&mut self, volume: &str, claim: &ClaimKey) {
        self.promised.insert(volume.into(), claim.clone());
    }

    /// Takes a promise back.
    pub fn withdraw(&mut self, volume: &str) {
        self.promised.remove(volume);
    }

    /// Counts a pod that comes to a node or leaves it among the users of its claims.
    pub fn count_users(&mut self, pod: &PodInfo, comes: bool) {
        for claim in &pod.claims {
            let key = (pod.namespace.clone(), claim.name.clone());
            let count = self.users.entry(key.clone()).or_insert(0);
            *count = if comes {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                self.users.remove(&key);
            }
        }
    }

    /// Whether a pod on a node uses a claim.
    pub fn is_used(&self, key: &ClaimKey) -> bool {
        self.users.contains_key(key)
    }

    /// Driver and handle by which the volume of a claim counts towards the limit of a node.
    pub fn csi_of(&self, key: &ClaimKey) -> Option<(CompactString, CompactString)> {
        let claim = self.claims.get(key)?;
        if claim.volume.is_empty() {
            let class = self.classes.get(&claim.class)?;
            return Some((
                class.provisioner.clone(),
                format!("{}/{}", key.0, key.1).into(),
            ));
        }
        self.by_name.get(&claim.volume)?.csi.clone()
    }
}
