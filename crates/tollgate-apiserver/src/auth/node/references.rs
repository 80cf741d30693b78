//! What pods and volumes name: the secrets, config maps and claims that a kubelet must read to run them.

use tollgate_api::Value;

/// Volumes of a pod that name a secret, and where.
const VOLUME_SECRETS: [&[&str]; 10] = [
    &["azureFile", "secretName"],
    &["cephfs", "secretRef", "name"],
    &["cinder", "secretRef", "name"],
    &["csi", "nodePublishSecretRef", "name"],
    &["flexVolume", "secretRef", "name"],
    &["iscsi", "secretRef", "name"],
    &["rbd", "secretRef", "name"],
    &["scaleIO", "secretRef", "name"],
    &["secret", "secretName"],
    &["storageos", "secretRef", "name"],
];
/// Persistent volumes that name a secret which a kubelet reads.
const PERSISTENT_SECRETS: [&[&str]; 10] = [
    &["cephfs", "secretRef"],
    &["cinder", "secretRef"],
    &["flexVolume", "secretRef"],
    &["iscsi", "secretRef"],
    &["rbd", "secretRef"],
    &["scaleIO", "secretRef"],
    &["storageos", "secretRef"],
    &["csi", "nodePublishSecretRef"],
    &["csi", "nodeStageSecretRef"],
    &["csi", "nodeExpandSecretRef"],
];

fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}

fn text<'v>(value: &'v Value, place: &[&str]) -> Option<&'v str> {
    let text = value.at(place)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    lists.into_iter().flat_map(|list| spec(pod).items(list))
}

fn projections(pod: &Value) -> impl Iterator<Item = &Value> {
    let volumes = spec(pod).items("volumes").iter();
    volumes
        .filter_map(|volume| volume.get("projected"))
        .flat_map(|projected| projected.items("sources"))
}

/// What containers and projected volumes name under one of these keys.
fn by_use<'p>(
    pod: &'p Value,
    (from, key, projected): (&'static str, &'static str, &'static str),
) -> impl Iterator<Item = &'p str> {
    let whole = containers(pod)
        .flat_map(|container| container.items("envFrom"))
        .filter_map(move |source| text(source, &[from, "name"]));
    let one = containers(pod)
        .flat_map(|container| container.items("env"))
        .filter_map(move |variable| text(variable, &["valueFrom", key, "name"]));
    let files = projections(pod).filter_map(move |source| text(source, &[projected, "name"]));
    whole.chain(one).chain(files)
}

/// The names of the secrets that a pod uses.
pub(crate) fn secrets(pod: &Value) -> impl Iterator<Item = &str> {
    let pulled = spec(pod).items("imagePullSecrets").iter();
    let pulled = pulled.filter_map(|secret| text(secret, &["name"]));
    let volumes = spec(pod).items("volumes").iter().flat_map(|volume| {
        let places = VOLUME_SECRETS.iter();
        places.filter_map(move |place| text(volume, place))
    });
    let used = by_use(pod, ("secretRef", "secretKeyRef", "secret"));
    pulled.chain(volumes).chain(used)
}

/// The names of the config maps that a pod uses.
pub(crate) fn config_maps(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = spec(pod).items("volumes").iter();
    let volumes = volumes.filter_map(|volume| text(volume, &["configMap", "name"]));
    let used = by_use(pod, ("configMapRef", "configMapKeyRef", "configMap"));
    volumes.chain(used)
}

/// The names of the claims that a pod mounts; those of ephemeral volumes are named after pod and volume.
pub(super) fn claims<'p>(pod: &'p Value, name: &'p str) -> impl Iterator<Item = String> + 'p {
    let volumes = spec(pod).items("volumes").iter();
    volumes.filter_map(move |volume| {
        if let Some(claim) = text(volume, &["persistentVolumeClaim", "claimName"]) {
            return Some(claim.to_owned());
        }
        volume.get("ephemeral")?;
        Some(format!("{name}-{}", volume.str_or_empty("name")))
    })
}

/// The names of the resource claims that were made for a pod.
pub(super) fn resource_claims(pod: &Value) -> impl Iterator<Item = &str> {
    let status = pod.get("status").unwrap_or(&Value::Null);
    let named = spec(pod).items("resourceClaims").iter();
    let named = named.filter_map(move |claim| {
        if let Some(name) = text(claim, &["resourceClaimName"]) {
            return Some(name);
        }
        let wanted = claim.str_or_empty("name");
        let made = status.items("resourceClaimStatuses").iter();
        let mut made = made.filter(|made| made.str_or_empty("name") == wanted);
        text(made.next()?, &["resourceClaimName"])
    });
    let extended = text(
        status,
        &["extendedResourceClaimStatus", "resourceClaimName"],
    );
    named.chain(extended)
}

/// The claim that a persistent volume is bound to: namespace and name.
pub(super) fn claim_of(volume: &Value) -> Option<(&str, &str)> {
    let claim = spec(volume).get("claimRef")?;
    Some((claim.str_or_empty("namespace"), claim.str_or_empty("name")))
}

/// The secrets that a kubelet reads for a persistent volume; those without a namespace are in that of the claim.
pub(super) fn secrets_of_volume<'v>(
    volume: &'v Value,
    namespace: &'v str,
) -> impl Iterator<Item = (&'v str, &'v str)> {
    let spec = spec(volume);
    let named = PERSISTENT_SECRETS.iter().filter_map(move |place| {
        let reference = spec.at(place)?;
        let name = text(reference, &["name"])?;
        Some((text(reference, &["namespace"]).unwrap_or(namespace), name))
    });
    let azure = spec.get("azureFile").and_then(|azure| {
        let name = text(azure, &["secretName"])?;
        Some((text(azure, &["secretNamespace"]).unwrap_or(namespace), name))
    });
    named.chain(azure)
}
