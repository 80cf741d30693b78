//! VolumeBinding: every claim of a pod has, finds or gets a volume that its node can use.

use super::super::cluster::Cluster;
use super::super::node::NodeInfo;
use super::super::pod::{Claim, PodInfo};
use super::super::reason::{Plugin, Reason, Rejection};
use super::super::volumes::{ClaimInfo, ClaimKey, NO_PROVISIONER};
use std::collections::BTreeSet;
use tollgate_api::value::CompactString;

/// The claims of a pod, sorted by what is to be done about them.
#[derive(Debug, Clone, Default)]
pub struct PodVolumes {
    /// Volumes that are bound already.
    bound: Vec<CompactString>,
    /// Claims that wait for the pod's node, the smallest first.
    delayed: Vec<(ClaimKey, ClaimInfo)>,
    /// Whether a claim for one pod alone is in use.
    pub has_exclusive_claim_in_use: bool,
}

/// What is to be done about a pod's claims once its node is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumePlan {
    /// Volumes that exist, and the claims that get them.
    pub bind: Vec<(CompactString, ClaimKey)>,
    /// Claims for which a volume is to be made for the node.
    pub provision: Vec<ClaimKey>,
}

impl VolumePlan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.bind.is_empty() && self.provision.is_empty()
    }
}

fn refuse(text: String) -> Rejection {
    Rejection::unresolvable(Plugin::VolumeBinding, Reason::Made(text.into()))
}

impl PodVolumes {
    /// Looks at the claims of a pod. It is an error if one of them keeps the pod from every node.
    pub fn read(cluster: &Cluster, pod: &PodInfo) -> Result<Self, Rejection> {
        let mut volumes = Self::default();
        let mut has_unbound = false;
        for claim in &pod.claims {
            let key = (pod.namespace.clone(), claim.name.clone());
            let info = usable(cluster, pod, claim, &key)?;
            let class = cluster.volumes.class(&info.class);
            if info.is_for_one_pod() && cluster.volumes.is_used(&key) {
                volumes.has_exclusive_claim_in_use = true;
            }
            if info.is_bound {
                volumes.bound.push(info.volume.clone());
            } else if info.volume.is_empty() && class.is_some_and(|class| class.waits) {
                volumes.delayed.push((key, info.clone()));
            } else {
                has_unbound = true;
            }
        }
        if has_unbound {
            return Err(Rejection::unresolvable(
                Plugin::VolumeBinding,
                Reason::Text("pod has unbound immediate PersistentVolumeClaims"),
            ));
        }
        volumes
            .delayed
            .sort_by_key(|(key, claim)| (claim.size, key.clone()));
        Ok(volumes)
    }

    /// The volumes that are bound already.
    pub fn bound(&self) -> &[CompactString] {
        &self.bound
    }

    /// Whether the pod has no claims.
    pub fn is_empty(&self) -> bool {
        self.bound.is_empty() && self.delayed.is_empty()
    }

    /// Finds volumes for the claims that wait for a node.
    pub fn plan(&self, cluster: &Cluster, node: &NodeInfo) -> Option<VolumePlan> {
        let mut plan = VolumePlan::default();
        let mut taken: BTreeSet<&CompactString> = BTreeSet::new();
        for (key, claim) in &self.delayed {
            if !claim.selected_node.is_empty() {
                if claim.selected_node != node.name {
                    return None;
                }
                plan.provision.push(key.clone());
                continue;
            }
            let mut candidates = cluster.volumes.candidates(key, claim);
            let found = candidates.find(|(name, volume)| {
                !taken.contains(*name) && volume.reaches(&node.name, &node.facts.labels)
            });
            if let Some((name, _)) = found {
                taken.insert(name);
                plan.bind.push((name.clone(), key.clone()));
                continue;
            }
            let class = cluster.volumes.class(&claim.class)?;
            let can_be_made = !class.provisioner.is_empty() && class.provisioner != NO_PROVISIONER;
            if !can_be_made || !class.serves(&node.facts.labels) {
                return None;
            }
            plan.provision.push(key.clone());
        }
        Some(plan)
    }
}

/// The claim behind a volume of a pod, if the pod can use it.
fn usable<'c>(
    cluster: &'c Cluster,
    pod: &PodInfo,
    claim: &Claim,
    key: &ClaimKey,
) -> Result<&'c ClaimInfo, Rejection> {
    let name = &claim.name;
    let Some(info) = cluster.volumes.claim(key) else {
        return Err(refuse(if claim.is_ephemeral {
            format!(
                "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
            )
        } else {
            format!("persistentvolumeclaim \"{name}\" not found")
        }));
    };
    if info.is_lost {
        return Err(refuse(format!(
            "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
            info.volume
        )));
    }
    if info.is_terminating {
        return Err(refuse(format!(
            "persistentvolumeclaim \"{name}\" is being deleted"
        )));
    }
    if claim.is_ephemeral && info.owner != pod.uid {
        let (namespace, pod) = (&pod.namespace, &pod.name);
        return Err(refuse(format!(
            "PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)"
        )));
    }
    Ok(info)
}

/// Judges a node.
pub fn filter(cluster: &Cluster, volumes: &PodVolumes, node: &NodeInfo) -> Option<Rejection> {
    if volumes.is_empty() {
        return None;
    }
    let conflicts = volumes.bound.iter().any(|name| {
        let volume = cluster.volumes.volume(name);
        volume.is_some_and(|volume| !volume.reaches(&node.name, &node.facts.labels))
    });
    let found = volumes.plan(cluster, node).is_some();
    let texts = [
        (conflicts, "node(s) had volume node affinity conflict"),
        (
            !found,
            "node(s) didn't find available persistent volumes to bind",
        ),
    ];
    let reasons: Vec<Reason> = texts
        .into_iter()
        .filter_map(|(holds, text)| holds.then_some(Reason::Text(text)))
        .collect();
    (!reasons.is_empty()).then_some(Rejection {
        reasons,
        ..Rejection::unresolvable(Plugin::VolumeBinding, Reason::Text(""))
    })
}
