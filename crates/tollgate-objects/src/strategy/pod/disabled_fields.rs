//! Fields behind feature gates that are off: they are dropped, as if nobody had written them (`DropDisabledPodFields`).
//!
//! For the newest releases that is every such field; for older ones those that a policy or a quota looks at.

use super::for_each_container;
use tollgate_api::{Release, Value};

/// A field and the release whose default gates brought it.
type Gate = (Option<Release>, fn(&mut Value));

const GATES: &[Gate] = &[
    // ClusterTrustBundleProjection, PodCertificateRequest
    (None, drop_projections),
    // GenericWorkload
    (None, |spec| {
        spec.remove("schedulingGroup");
    }),
    // ContainerStopSignals
    (None, |spec| for_each_container(spec, drop_stop_signal)),
    // SidecarContainers
    (Some(Release::minor(29)), drop_sidecars),
    // ProcMountType
    (Some(Release::minor(33)), |spec| {
        for_each_container(spec, reset_proc_mount);
    }),
    // UserNamespacesSupport
    (Some(Release::minor(33)), |spec| {
        spec.remove("hostUsers");
    }),
    // PodLevelResources
    (Some(Release::minor(34)), |spec| {
        spec.remove("resources");
    }),
    // ImageVolume
    (Some(Release::minor(35)), drop_image_volumes),
];

/// Drops what `release` does not know or has disabled.
pub(super) fn drop(spec: &mut Value, release: Release) {
    drop_unless_used(spec, &Value::Null, release);
}

/// The same of what replaces `old`: a field that `old` uses already stays (`DropDisabledTemplateFields`).
pub(in crate::strategy) fn drop_unless_used(spec: &mut Value, old: &Value, release: Release) {
    let disabled = GATES
        .iter()
        .filter(|(since, _)| since.is_none_or(|since| release < since));
    for (_, drop) in disabled {
        let mut without = old.clone();
        drop(&mut without);
        if without == *old {
            drop(spec);
        }
    }
}

/// The sources stay, empty: validation then asks for one.
fn drop_projections(spec: &mut Value) {
    for volume in spec.items_mut("volumes") {
        let Some(projected) = volume.get_mut("projected") else {
            continue;
        };
        for source in projected.items_mut("sources") {
            source.remove("clusterTrustBundle");
            source.remove("podCertificate");
        }
    }
}

fn drop_stop_signal(container: &mut Value) {
    let Some(lifecycle) = container.get_mut("lifecycle") else {
        return;
    };
    if lifecycle.get("stopSignal").is_none() {
        return;
    }
    lifecycle.remove("stopSignal");
    if lifecycle.get("postStart").is_none() && lifecycle.get("preStop").is_none() {
        container.remove("lifecycle");
    }
}

fn drop_sidecars(spec: &mut Value) {
    for container in spec.items_mut("initContainers") {
        container.remove("restartPolicy");
    }
}

/// Removing the field would differ from what releases of old have stored.
fn reset_proc_mount(container: &mut Value) {
    if let Some(context) = container.get_mut("securityContext")
        && context.get("procMount").is_some()
    {
        context.set("procMount", "Default");
    }
}

fn drop_image_volumes(spec: &mut Value) {
    let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) else {
        return;
    };
    let mut dropped = Vec::new();
    volumes.retain(|volume| {
        let keep = volume.get("image").is_none();
        if !keep {
            dropped.push(volume.str_or_empty("name").to_owned());
        }
        keep
    });
    if dropped.is_empty() {
        return;
    }
    for_each_container(spec, |container| {
        if let Some(mounts) = container
            .get_mut("volumeMounts")
            .and_then(Value::as_array_mut)
        {
            mounts.retain(|mount| {
                !dropped
                    .iter()
                    .any(|name| name == mount.str_or_empty("name"))
            });
        }
    });
}
