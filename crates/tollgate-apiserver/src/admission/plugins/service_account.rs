//! ServiceAccount: every pod has an account that exists, and its token; an account may say which secrets its pods use.

use super::request_name;
use crate::admission::mutate::apply_service_account;
use crate::admission::{Plugin, Review};
use crate::storage::Key;
use std::sync::Arc;
use tollgate_api::{Operation, Status, Value};

const MIRROR: &str = "kubernetes.io/config.mirror";
const ENFORCE_MOUNTABLE: &str = "kubernetes.io/enforce-mountable-secrets";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct ServiceAccount;

impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create || !review.is_core("pods") {
            return Ok(());
        }
        if is_mirror(object) {
            return check_mirror(review, object);
        }
        let name = match account_name(object) {
            "" => "default",
            name => name,
        };
        let account = account(review, object, name)?;
        let minor = u32::from(review.release.minor_number());
        apply_service_account(object, minor, &review.environment.suffix(), |_| {
            Some(&account)
        });
        Ok(())
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let attributes = &review.attributes;
        let Some(pod) = attributes.object else {
            return Ok(());
        };
        let is_pod = attributes.resource.group.is_empty() && attributes.resource.resource == "pods";
        let kinds: &[(&str, &str)] = match (attributes.operation, attributes.subresource) {
            _ if !is_pod => return Ok(()),
            (Operation::Create, "") => &[
                ("initContainers", "init container"),
                ("containers", "container"),
            ],
            (Operation::Update, "ephemeralcontainers") => {
                &[("ephemeralContainers", "ephemeral container")]
            }
            _ => return Ok(()),
        };
        let creates = attributes.operation == Operation::Create;
        if creates && is_mirror(pod) {
            return check_mirror(review, pod);
        }
        let name = account_name(pod);
        if name.is_empty() {
            let pod_name = pod
                .get("metadata")
                .map_or("", |meta| meta.str_or_empty("name"));
            let namespace = attributes.namespace;
            let why = format!("no service account specified for pod {namespace}/{pod_name}");
            return Err(review.forbidden(None, why));
        }
        let account = account(review, pod, name)?;
        if !enforces(&account) {
            return Ok(());
        }
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let refusal = if creates {
            refused_volume(spec, &account, name)
                .or_else(|| refused_variable(spec, &account, name, kinds))
                .or_else(|| refused_pull_secret(spec, &account, name))
        } else {
            refused_variable(spec, &account, name, kinds)
        };
        refusal.map_or(Ok(()), |why| Err(review.forbidden(None, why)))
    }
}

fn is_mirror(pod: &Value) -> bool {
    pod.at(&["metadata", "annotations", MIRROR]).is_some()
}

fn account_name(pod: &Value) -> &str {
    pod.get("spec")
        .map_or("", |spec| spec.str_or_empty("serviceAccountName"))
}

fn account(review: &Review<'_>, pod: &Value, name: &str) -> Result<Arc<Value>, Status> {
    let namespace = review.attributes.namespace;
    let key = Key::new("", "serviceaccounts", namespace, name);
    review
        .prepared
        .object(review.snapshot, &key)
        .ok_or_else(|| {
            let why = request_name::refusal(name)
                .unwrap_or_else(|| format!("serviceaccount \"{name}\" not found"));
            let why = format!("error looking up service account {namespace}/{name}: {why}");
            review.forbidden(Some(pod), why)
        })
}

/// A pod that only shows what a kubelet runs can use nothing of the cluster.
fn check_mirror(review: &Review<'_>, pod: &Value) -> Result<(), Status> {
    let refuse = |why: &str| Err(review.forbidden(Some(pod), why));
    if !account_name(pod).is_empty() {
        return refuse("a mirror pod may not reference service accounts");
    }
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    if references_secret(spec) {
        return refuse("a mirror pod may not reference secrets");
    }
    let mut sources = spec
        .items("volumes")
        .iter()
        .filter_map(|volume| volume.get("projected"))
        .flat_map(|projected| projected.items("sources"));
    if sources.any(|source| source.get("serviceAccountToken").is_some()) {
        return refuse("a mirror pod may not use ServiceAccountToken volume projections");
    }
    Ok(())
}

/// Whether a pod names a secret anywhere.
fn references_secret(spec: &Value) -> bool {
    let containers = ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|list| spec.items(list));
    let by_containers = containers.into_iter().any(|container| {
        let from = container.items("envFrom").iter();
        let mut from = from.chain(container.items("env"));
        from.any(|source| {
            source.get("secretRef").is_some() || source.at(&["valueFrom", "secretKeyRef"]).is_some()
        })
    });
    by_containers
        || !spec.items("imagePullSecrets").is_empty()
        || spec.items("volumes").iter().any(volume_references_secret)
}

fn volume_references_secret(volume: &Value) -> bool {
    let named = |place: &[&str]| volume.at(place).is_some();
    let projected = volume.get("projected");
    named(&["secret"])
        || named(&["azureFile", "secretName"])
        || [
            "cephfs",
            "cinder",
            "flexVolume",
            "rbd",
            "scaleIO",
            "iscsi",
            "storageos",
        ]
        .iter()
        .any(|source| named(&[source, "secretRef"]))
        || named(&["csi", "nodePublishSecretRef"])
        || projected.is_some_and(|projected| {
            let mut sources = projected.items("sources").iter();
            sources.any(|source| source.get("secret").is_some())
        })
}

/// Whether the account wants its pods to use only the secrets that it lists.
fn enforces(account: &Value) -> bool {
    let text = account
        .at(&["metadata", "annotations", ENFORCE_MOUNTABLE])
        .and_then(Value::as_str);
    matches!(text, Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}

fn lists(account: &Value, list: &str, secret: &str) -> bool {
    let mut secrets = account.items(list).iter();
    secrets.any(|known| known.str_or_empty("name") == secret)
}

fn refused_volume(spec: &Value, account: &Value, name: &str) -> Option<String> {
    let mut volumes = spec.items("volumes").iter();
    volumes.find_map(|volume| {
        let secret = volume.get("secret")?.str_or_empty("secretName");
        (!lists(account, "secrets", secret)).then(|| {
            format!(
                "volume with secret.secretName=\"{secret}\" is not allowed because service account {name} does not reference that secret"
            )
        })
    })
}

fn refused_variable(
    spec: &Value,
    account: &Value,
    name: &str,
    kinds: &[(&str, &str)],
) -> Option<String> {
    kinds.iter().find_map(|(list, what)| {
        spec.items(list).iter().find_map(|container| {
            container.items("env").iter().find_map(|variable| {
                let secret = variable
                    .at(&["valueFrom", "secretKeyRef"])?
                    .str_or_empty("name");
                (!lists(account, "secrets", secret)).then(|| {
                    format!(
                        "{what} {} with envVar {} referencing secret.secretName=\"{secret}\" is not allowed because service account {name} does not reference that secret",
                        container.str_or_empty("name"),
                        variable.str_or_empty("name"),
                    )
                })
            })
        })
    })
}

fn refused_pull_secret(spec: &Value, account: &Value, name: &str) -> Option<String> {
    let mut secrets = spec.items("imagePullSecrets").iter().enumerate();
    secrets.find_map(|(place, secret)| {
        let secret = secret.str_or_empty("name");
        (!lists(account, "imagePullSecrets", secret)).then(|| {
            format!(
                "imagePullSecrets[{place}].name=\"{secret}\" is not allowed because service account {name} does not reference that imagePullSecret"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn an_account_that_enforces_refuses_what_it_does_not_list() {
        let account = json::from_str(
            r#"{"metadata":{"annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}},
                "secrets":[{"name":"own"}],"imagePullSecrets":[{"name":"reg"}]}"#,
        )
        .unwrap();
        assert!(enforces(&account));
        let spec = json::from_str(
            r#"{"imagePullSecrets":[{"name":"reg"},{"name":"x"}],"volumes":[{"secret":{"secretName":"own"}}],
                "initContainers":[{"name":"i","env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"other"}}}]}]}"#,
        )
        .unwrap();
        assert_eq!(refused_volume(&spec, &account, "bot"), None);
        assert_eq!(
            refused_variable(
                &spec,
                &account,
                "bot",
                &[("initContainers", "init container")]
            )
            .as_deref(),
            Some(
                "init container i with envVar E referencing secret.secretName=\"other\" is not allowed because service account bot does not reference that secret"
            )
        );
        assert_eq!(
            refused_pull_secret(&spec, &account, "bot").as_deref(),
            Some(
                "imagePullSecrets[1].name=\"x\" is not allowed because service account bot does not reference that imagePullSecret"
            )
        );
    }

    #[test]
    fn secrets_are_found_wherever_a_pod_names_them() {
        for spec in [
            r#"{"volumes":[{"projected":{"sources":[{"secret":{"name":"a"}}]}}]}"#,
            r#"{"containers":[{"envFrom":[{"secretRef":{"name":"a"}}]}]}"#,
            r#"{"imagePullSecrets":[{"name":"a"}]}"#,
        ] {
            assert!(references_secret(&json::from_str(spec).unwrap()), "{spec}");
        }
        let none =
            r#"{"containers":[{"env":[{"name":"A","value":"b"}]}],"volumes":[{"emptyDir":{}}]}"#;
        assert!(!references_secret(&json::from_str(none).unwrap()));
    }
}
