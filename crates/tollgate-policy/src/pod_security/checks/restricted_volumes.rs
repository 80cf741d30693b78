//! Volume types: a pod may use only those that give it nothing of its node or of outside storage by itself.
//!
//! Fields: `spec.volumes[*]`
//! Allowed: configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret
//! Level: restricted, since v1.0
//! Upstream: pod-security-admission `restrictedVolumes`

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
    level: Level::Restricted,
    control: Control {
        id: "restrictedVolumes",
        policy: Policy::PodSecurity,
        guards: "Volumes may be of harmless types only; storage comes through claims.",
        fields: &["spec.volumes[*]"],
        allowed: "configMap, csi, downwardAPI, emptyDir, ephemeral, image (since release 1.33), persistentVolumeClaim, projected, secret",
        since: "restricted v1.0",
        upstream: "pod-security-admission policy/check_restrictedVolumes.go",
        failing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
  volumes:
  - name: data
    nfs: {server: nfs.example, path: /data}
"
        ),
        passing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
  volumes:
  - name: data
    persistentVolumeClaim: {claimName: data}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &["hostPathVolumes"],
        looks_for: Signals::RESTRICTED_VOLUME,
        judge: restricted_volumes_v1_0,
        remedies,
    }],
};

/// The types that were refused when the check was written, in the order in which upstream asks for them.
const NAMED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// What to suggest instead of a volume of the node or of outside storage.
pub(super) const REPLACEMENT: &str = "an emptyDir or a persistentVolumeClaim";

/// From this release on, a volume made of an image is allowed, whatever the policy's version.
const FIRST_RELEASE_WITH_IMAGES: Release = Release::minor(33);

/// Whether a volume has one of the sources that every release allows.
pub(in crate::pod_security) fn has_core_source(volume: &Value) -> bool {
    let Some(fields) = volume.as_object() else {
        return false;
    };
    let mut sources = 0_u8;
    for (key, source) in fields.iter() {
        let bit = match key {
            "configMap" => 1,
            "csi" => 1 << 1,
            "downwardAPI" => 1 << 2,
            "emptyDir" => 1 << 3,
            "ephemeral" => 1 << 4,
            "persistentVolumeClaim" => 1 << 5,
            "projected" => 1 << 6,
            "secret" => 1 << 7,
            _ => continue,
        };
        // Of a key that is there twice, the last one counts.
        sources = if source.is_null() {
            sources & !bit
        } else {
            sources | bit
        };
    }
    sources != 0
}

/// The place, name and type of every volume that is refused.
fn refused<'a>(
    pod: &PodView<'a>,
    release: Release,
) -> impl Iterator<Item = (usize, &'a str, &'static str)> + Clone + use<'a> {
    let is_image =
        move |volume: &Value| release >= FIRST_RELEASE_WITH_IMAGES && volume.get("image").is_some();
    pod.volumes()
        .iter()
        .enumerate()
        .filter(move |(_, volume)| !has_core_source(volume) && !is_image(volume))
        .map(|(index, volume)| {
            let kind = NAMED.into_iter().find(|kind| volume.get(kind).is_some());
            (
                index,
                volume.str_or_empty("name"),
                kind.unwrap_or("unknown"),
            )
        })
}

fn restricted_volumes_v1_0(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    let refused = refused(pod, release);
    let names = refused.clone().map(|(_, name, _)| name);
    let mut detail = message::named("volume", "volumes", names)?;
    detail.push_str(message::plural(refused.clone().count(), " uses ", " use "));
    let kinds = message::sorted(refused.map(|(_, _, kind)| kind));
    let (one, many) = ("restricted volume type ", "restricted volume types ");
    detail.push_str(message::plural(kinds.len(), one, many));
    message::push_quoted(&mut detail, kinds);
    Some(forbidden("restricted volume types", detail))
}

fn remedies(pod: &PodView<'_>, release: Release) -> Vec<Remedy> {
    let volumes = Path::root("spec.volumes");
    refused(pod, release)
        .map(|(index, _, kind)| {
            let volume = volumes.index(index);
            let source = volume.child(kind);
            let field = if kind == "unknown" { volume } else { source };
            Remedy {
                field: field.to_owned(),
                fix: Fix::Replace(REPLACEMENT),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, check_in, help};
    use tollgate_api::Release;

    const ID: &str = "restrictedVolumes";

    #[test]
    fn names_volumes_in_order_and_types_sorted() {
        let pod = r#"{"spec": {"volumes": [
            {"name": "z", "nfs": {}}, {"name": "m", "emptyDir": {}}, {"name": "a", "hostPath": {}},
            {"name": "k"}, {"name": "both", "nfs": {}, "secret": {}}]}}"#;
        let text = r#"restricted volume types (volumes "z", "a", "k" use restricted volume types "hostPath", "nfs", "unknown")"#;
        check(ID, "restricted", pod, Some(text));
        check(ID, "restricted:v1.0", pod, Some(text));
        check(ID, "baseline", pod, None);
        assert_eq!(
            help(ID, "restricted", pod),
            "replace spec.volumes[0].nfs, spec.volumes[2].hostPath, spec.volumes[3] \
             with an emptyDir or a persistentVolumeClaim"
        );
    }

    #[test]
    fn images_are_allowed_by_releases_that_know_them() {
        let pod = r#"{"spec": {"volumes": [{"name": "i", "image": {"reference": "r"}}]}}"#;
        let text = r#"restricted volume types (volume "i" uses restricted volume type "unknown")"#;
        check_in(Release::minor(32), ID, "restricted", pod, Some(text));
        check_in(Release::minor(33), ID, "restricted:v1.0", pod, None);
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let pod =
            r#"{"spec": {"volumes": [{"name": "v", "secret": {}, "nfs": {}, "secret": null}]}}"#;
        let text = r#"restricted volume types (volume "v" uses restricted volume type "nfs")"#;
        check(ID, "restricted", pod, Some(text));
    }
}
