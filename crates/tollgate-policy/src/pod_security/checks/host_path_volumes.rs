//! hostPath volumes: a pod must not mount a directory of its node.
//!
//! Fields: `spec.volumes[*].hostPath`
//! Allowed: unset
//! Level: baseline, since v1.0; at restricted, `restrictedVolumes` takes over
//! Upstream: pod-security-admission `hostPathVolumes`

use super::restricted_volumes::REPLACEMENT;
use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::{Fix, Remedy};
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::field::Path;
use tollgate_api::{Release, Value};

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "hostPathVolumes",
        policy: Policy::PodSecurity,
        guards: "Pods may not mount directories or files of their node.",
        fields: &["spec.volumes[*].hostPath"],
        allowed: "unset",
        since: "baseline v1.0; at restricted, restrictedVolumes takes over",
        upstream: "pod-security-admission policy/check_hostPathVolumes.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
  volumes:
  - name: logs
    hostPath: {path: /var/log}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
  volumes:
  - name: logs
    emptyDir: {}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::HOST_PATH,
        judge: host_path_volumes_v1_0,
        remedies,
    }],
};

fn of_node<'a>(pod: &PodView<'a>) -> impl Iterator<Item = (usize, &'a Value)> + Clone + use<'a> {
    let volumes = pod.volumes().iter().enumerate();
    volumes.filter(|(_, volume)| volume.get("hostPath").is_some())
}

fn host_path_volumes_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let names = of_node(pod).map(|(_, volume)| volume.str_or_empty("name"));
    message::named("volume", "volumes", names).map(|detail| forbidden("hostPath volumes", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let volumes = Path::root("spec.volumes");
    of_node(pod)
        .map(|(index, _)| Remedy {
            field: volumes.index(index).child("hostPath").to_owned(),
            fix: Fix::Replace(REPLACEMENT),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "hostPathVolumes";

    #[test]
    fn names_volumes_in_their_order() {
        let pod = r#"{"spec": {"volumes": [
            {"name": "b", "hostPath": {}}, {"name": "c", "emptyDir": {}}, {"name": "a", "hostPath": {"path": "/"}}]}}"#;
        check(
            ID,
            "baseline",
            pod,
            Some(r#"hostPath volumes (volumes "b", "a")"#),
        );
        check(ID, "restricted", pod, None);
        assert_eq!(
            help(ID, "baseline", pod),
            "replace spec.volumes[0].hostPath, spec.volumes[2].hostPath \
             with an emptyDir or a persistentVolumeClaim"
        );
    }
}
