//! `--controllers`, in kube-controller-manager's syntax.

use anyhow::{Result, bail};

/// The controllers that kube-controller-manager knows.
const KNOWN: &[&str] = &[
    "bootstrap-signer-controller",
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "ephemeral-volume-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "legacy-serviceaccount-token-cleaner-controller",
    "namespace-controller",
    "node-ipam-controller",
    "node-lifecycle-controller",
    "persistentvolume-attach-detach-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-expander-controller",
    "persistentvolume-protection-controller",
    "persistentvolumeclaim-protection-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "resourceclaim-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "service-lb-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "taint-eviction-controller",
    "token-cleaner-controller",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
];

/// Refuses names that no controller has.
pub(super) fn check(controllers: &[String]) -> Result<()> {
    for given in controllers {
        let name = given.strip_prefix('-').unwrap_or(given);
        if name != "*" && !KNOWN.contains(&name) {
            bail!(
                "--controllers: \"{name}\" is not in the list of known controllers: {}",
                KNOWN.join(", ")
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stars_and_minuses_are_understood() {
        let check =
            |list: &[&str]| check(&list.iter().map(ToString::to_string).collect::<Vec<_>>());
        check(&["*", "-job-controller"]).unwrap();
        check(&["-*"]).unwrap();
        check(&["deployment-controller"]).unwrap();
        let error = check(&["-nothing"]).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "--controllers: \"nothing\" is not in the list of known controllers: bootstrap"
            ),
            "{error}"
        );
    }
}
