//! Volumes that nobody made by hand: simulated ones are made here, others are waited for.

use super::{DRIVER, PROVISIONED_BY, SIMULATED, annotate, annotation, class_of, meta};
use crate::context::Context;
use crate::events::{EventType, Reference};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};

/// The annotations that tell a provisioner outside that it is meant.
const PROVISIONERS: [&str; 2] = [
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
];
/// The provisioner of classes whose volumes are made by hand.
const NONE: &str = "kubernetes.io/no-provisioner";

/// The name of the volume that is made for a claim.
pub(super) fn name(uid: &str) -> String {
    format!("pvc-{uid}")
}

/// Makes a volume for a claim, or has it made.
pub(super) async fn provision(
    context: &Context,
    claim: &Value,
    class: &Value,
) -> Result<(), Status> {
    let about = Reference::of(claim);
    let provisioner = class.str_or_empty("provisioner");
    if provisioner == NONE {
        let why = "no persistent volumes available for this claim and no storage class is set";
        context.event(about, EventType::Normal, "FailedBinding", why);
        return Ok(());
    }
    if provisioner == SIMULATED {
        let volume = volume(claim, class);
        let name = meta(&volume, "name").to_owned();
        match context.create(&PERSISTENT_VOLUMES, "", volume).await {
            Err(status) if status.reason == Reason::AlreadyExists => {}
            Err(status) => {
                let why = format!(
                    "failed to provision volume with StorageClass \"{}\": {status}",
                    meta(class, "name")
                );
                context.event(about, EventType::Warning, "ProvisioningFailed", why);
                return Err(status);
            }
            Ok(_) => {
                let message = format!("Successfully provisioned volume {name}");
                context.event(about, EventType::Normal, "ProvisioningSucceeded", message);
            }
        }
        return Ok(());
    }
    let mut asked = claim.clone();
    for key in PROVISIONERS {
        annotate(&mut asked, key, provisioner);
    }
    if asked != *claim {
        context.update(&PERSISTENT_VOLUME_CLAIMS, "", asked).await?;
    }
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    );
    context.event(about, EventType::Normal, "ExternalProvisioning", message);
    Ok(())
}

/// Whether this process makes and removes a volume.
pub(super) fn is_simulated(volume: &Value) -> bool {
    annotation(volume, PROVISIONED_BY) == Some(SIMULATED)
}

/// A reference to a claim, as volumes hold it.
pub(super) fn claim_reference(claim: &Value) -> Value {
    let mut reference = Value::object();
    reference.set("kind", "PersistentVolumeClaim");
    reference.set("namespace", meta(claim, "namespace"));
    reference.set("name", meta(claim, "name"));
    reference.set("uid", meta(claim, "uid"));
    reference.set("apiVersion", "v1");
    reference.set("resourceVersion", meta(claim, "resourceVersion"));
    reference
}

fn volume(claim: &Value, class: &Value) -> Value {
    let name = name(meta(claim, "uid"));
    let mut volume = Value::object();
    volume.set("apiVersion", "v1");
    volume.set("kind", "PersistentVolume");
    volume.child_mut("metadata").set("name", name.as_str());
    annotate(&mut volume, PROVISIONED_BY, SIMULATED);
    let none = Value::Null;
    let wanted = claim.get("spec").unwrap_or(&none);
    let spec = volume.child_mut("spec");
    let size = wanted.at(&["resources", "requests", "storage"]).cloned();
    spec.child_mut("capacity")
        .set("storage", size.unwrap_or_default());
    spec.child_mut("csi").set("driver", DRIVER);
    spec.child_mut("csi").set("volumeHandle", name);
    let policy = class.str("reclaimPolicy").unwrap_or("Delete");
    spec.set("persistentVolumeReclaimPolicy", policy);
    spec.set("storageClassName", class_of(claim));
    spec.set("claimRef", claim_reference(claim));
    for key in ["accessModes", "volumeMode", "volumeAttributesClassName"] {
        if let Some(value) = wanted.get(key) {
            spec.set(key, value.clone());
        }
    }
    if let Some(options) = class.get("mountOptions") {
        spec.set("mountOptions", options.clone());
    }
    volume
}
