//! ServiceAccount admission: the account's name and the token volume (`plugin/pkg/admission/serviceaccount`).
//!
//! The volume matters to policies: a PodSecurityPolicy must allow its type, a quota sees nothing of it.

use tollgate_api::Value;

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX: &str = "kube-api-access-";
const DEFAULT_ACCOUNT: &str = "default";

/// The minor version since which the token is a projected volume; before, it was a secret.
const PROJECTED_SINCE: u32 = 21;

/// Gives a pod its account and the account's token.
///
/// `find` looks an account up by name among the known ones; an account that nobody described mounts its token, as
/// accounts do by default. `minor` is the release, `suffix` what the name of the token's volume ends in.
pub fn apply_service_account<'a>(
    pod: &mut Value,
    minor: u32,
    suffix: &str,
    find: impl FnOnce(&str) -> Option<&'a Value>,
) {
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    if spec.str_or_empty("serviceAccountName").is_empty() {
        spec.set("serviceAccountName", DEFAULT_ACCOUNT);
    }
    let account = find(spec.str_or_empty("serviceAccountName"));
    if spec.items("imagePullSecrets").is_empty()
        && let Some(secrets) = account.and_then(|account| account.get("imagePullSecrets"))
    {
        spec.set("imagePullSecrets", secrets.clone());
    }
    let automount = spec
        .bool("automountServiceAccountToken")
        .or_else(|| account?.bool("automountServiceAccountToken"))
        .unwrap_or(true);
    if automount {
        mount_token(spec, minor, suffix);
    }
}

fn mount_token(spec: &mut Value, minor: u32, suffix: &str) {
    let prefix = if minor < PROJECTED_SINCE {
        format!("{}-token-", spec.str_or_empty("serviceAccountName"))
    } else {
        VOLUME_PREFIX.to_owned()
    };
    let existing = spec
        .items("volumes")
        .iter()
        .map(|volume| volume.str_or_empty("name"))
        .find(|name| name.starts_with(&prefix))
        .map(str::to_owned);
    let name = existing
        .clone()
        .unwrap_or_else(|| format!("{prefix}{suffix}"));
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        for container in spec.items_mut(list) {
            let mounts = container.items("volumeMounts");
            if mounts
                .iter()
                .any(|mount| mount.str("mountPath") == Some(TOKEN_PATH))
            {
                continue;
            }
            let mut mounts = mounts.to_vec();
            let mut mount = Value::object();
            mount.set("name", name.as_str());
            mount.set("readOnly", true);
            mount.set("mountPath", TOKEN_PATH);
            mounts.push(mount);
            container.set("volumeMounts", Value::Array(mounts));
            mounted = true;
        }
    }
    if mounted && existing.is_none() {
        let mut volumes = spec.items("volumes").to_vec();
        volumes.push(token_volume(&name, minor));
        spec.set("volumes", Value::Array(volumes));
    }
}

fn token_volume(name: &str, minor: u32) -> Value {
    let mut volume = Value::object();
    volume.set("name", name);
    if minor < PROJECTED_SINCE {
        let secret = volume.child_mut("secret");
        secret.set("secretName", name);
        secret.set("defaultMode", 420_i64);
        return volume;
    }
    let mut token = Value::object();
    token.set("expirationSeconds", 3607_i64);
    token.set("path", "token");
    let mut certificate = Value::object();
    certificate.set("name", "kube-root-ca.crt");
    let item: Value = [("key", "ca.crt"), ("path", "ca.crt")]
        .into_iter()
        .collect();
    certificate.set("items", Value::Array(vec![item]));
    let mut field = Value::object();
    field.set("path", "namespace");
    let reference: Value = [("apiVersion", "v1"), ("fieldPath", "metadata.namespace")]
        .into_iter()
        .collect();
    field.set("fieldRef", reference);
    let downward = Value::from_iter([("items", Value::Array(vec![field]))]);
    let sources = vec![
        Value::from_iter([("serviceAccountToken", token)]),
        Value::from_iter([("configMap", certificate)]),
        Value::from_iter([("downwardAPI", downward)]),
    ];
    let projected = volume.child_mut("projected");
    projected.set("sources", Value::Array(sources));
    projected.set("defaultMode", 420_i64);
    volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn applied(pod: &str, minor: u32, account: Option<&str>) -> Value {
        let mut pod = json::from_str(pod).unwrap();
        let account = account.map(|text| json::from_str(text).unwrap());
        apply_service_account(&mut pod, minor, "xxxxx", |_| account.as_ref());
        pod
    }

    const POD: &str = r#"{"spec":{"containers":[{"name":"a"},{"name":"b",
        "volumeMounts":[{"name":"x","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}]}}"#;

    #[test]
    fn mounts_the_token_where_nothing_is_mounted_there() {
        let pod = applied(POD, 36, None);
        let spec = pod.get("spec").unwrap();
        assert_eq!(spec.str("serviceAccountName"), Some("default"));
        assert_eq!(spec.items("volumes").len(), 1);
        assert!(spec.items("volumes")[0].get("projected").is_some());
        assert_eq!(spec.items("containers")[0].items("volumeMounts").len(), 1);
        assert_eq!(spec.items("containers")[1].items("volumeMounts").len(), 1);
        assert!(
            applied(POD, 20, None).get("spec").unwrap().items("volumes")[0]
                .get("secret")
                .is_some()
        );
    }

    #[test]
    fn the_pod_decides_before_the_account() {
        let without = r#"{"automountServiceAccountToken":false,"imagePullSecrets":[{"name":"s"}]}"#;
        let pod = applied(POD, 36, Some(without));
        assert!(pod.get("spec").unwrap().items("volumes").is_empty());
        assert_eq!(pod.get("spec").unwrap().items("imagePullSecrets").len(), 1);
        let pod = POD.replace(
            "{\"spec\":{",
            "{\"spec\":{\"automountServiceAccountToken\":true,",
        );
        assert_eq!(
            applied(&pod, 36, Some(without))
                .get("spec")
                .unwrap()
                .items("volumes")
                .len(),
            1
        );
    }
}
