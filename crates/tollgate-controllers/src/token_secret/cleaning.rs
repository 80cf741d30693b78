//! legacy-serviceaccount-token-cleaner-controller: tokens that controllers made unasked and nobody uses are marked, and go later.
//!
//! Upstream: `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`

use super::secret::TokenSecret;
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::gone;
use crate::resources::{CONFIG_MAPS, PODS, SECRETS, SERVICE_ACCOUNTS};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tollgate_api::client::{Deletion, Identity, PatchKind, Pending, Target};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// How often all secrets are looked at.
const INTERVAL: Duration = Duration::from_hours(24);
/// For how long a token may be unused before it is marked, and for how long it is marked (upstream:
/// `--legacy-service-account-token-clean-up-period`).
const UNUSED_SECONDS: i64 = 365 * 24 * 3600;
const DAY_SECONDS: i64 = 24 * 3600;

/// Since when the server writes down which tokens are used.
const TRACKING: &str = "kube-apiserver-legacy-service-account-token-tracking";
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

/// The controller.
#[derive(Debug)]
pub struct TokenCleaning;

/// What is to be done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Mark,
    Delete,
}

/// The day of a moment, as labels have it.
fn day(time: Timestamp) -> String {
    let text = time.to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn is_day(text: &str) -> bool {
    Timestamp::parse(&format!("{text}T00:00:00Z")).is_some_and(|time| day(time) == text)
}

/// What is to be done with the secret of a token that was made unasked.
fn judge(secret: &Cached, is_mounted: bool, now: Timestamp) -> Verdict {
    let earliest = now.saturating_add_seconds(-UNUSED_SECONDS);
    let label = |key: &str| secret.meta.labels.str(key);
    let is_used = match label(LAST_USED) {
        // What cannot be read may have been today.
        Some(last) => !is_day(last) || *last >= *day(earliest),
        None => false,
    };
    if secret.meta.created >= earliest || secret.meta.deleted.is_some() || is_used || is_mounted {
        return Verdict::Keep;
    }
    match label(INVALID_SINCE).filter(|since| is_day(since)) {
        None => Verdict::Mark,
        Some(since) if *since >= *day(earliest) => Verdict::Keep,
        Some(_) => Verdict::Delete,
    }
}

/// The secrets that a pod mounts, reads variables from or pulls images with.
fn secrets_of(pod: &Value) -> BTreeSet<String> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut names = BTreeSet::new();
    let mut add =
        |name: Option<&Value>| names.extend(name.and_then(Value::as_str).map(str::to_owned));
    for reference in spec.items("imagePullSecrets") {
        add(reference.get("name"));
    }
    for volume in spec.items("volumes") {
        add(volume.at(&["secret", "secretName"]));
        // Volumes of other kinds name the secret with which they are reached.
        for (_, source) in volume
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::iter)
        {
            for reference in ["secretRef", "nodePublishSecretRef"] {
                add(source.at(&[reference, "name"]));
            }
            add(source.get("secretName"));
            for source in source.items("sources") {
                add(source.at(&["secret", "name"]));
            }
        }
    }
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    for container in lists.iter().flat_map(|list| spec.items(list)) {
        for source in container.items("envFrom") {
            add(source.at(&["secretRef", "name"]));
        }
        for variable in container.items("env") {
            add(variable.at(&["valueFrom", "secretKeyRef", "name"]));
        }
    }
    names
}

async fn clean(context: &Context) -> Outcome {
    if !has_tracked_long_enough(context).await? {
        return Ok(Requeue::After(INTERVAL));
    }
    let mut mounted: BTreeMap<CompactString, BTreeSet<String>> = BTreeMap::new();
    for secret in context.cache.list(&SECRETS, "") {
        if judge(&secret, false, context.now) == Verdict::Keep || !is_unasked(context, &secret)? {
            continue;
        }
        let namespace = &secret.meta.namespace;
        if !mounted.contains_key(namespace) {
            let mut names = BTreeSet::new();
            for pod in context.cache.list(&PODS, namespace) {
                names.extend(secrets_of(&pod.object()?));
            }
            mounted.insert(namespace.clone(), names);
        }
        let names = mounted.get(namespace);
        let is_mounted = names.is_some_and(|names| names.contains(secret.meta.name.as_str()));
        match judge(&secret, is_mounted, context.now) {
            Verdict::Keep => {}
            Verdict::Mark => mark(context, &secret).await?,
            Verdict::Delete => delete(context, &secret).await?,
        }
    }
    Ok(Requeue::After(INTERVAL))
}

/// Whether the server has written down for long enough which tokens are used. It began some time on the day it says.
async fn has_tracked_long_enough(context: &Context) -> Result<bool, Status> {
    let found = context.get(&CONFIG_MAPS, "kube-system", TRACKING).await;
    let map = match found {
        Err(status) if status.reason == Reason::NotFound => return Ok(false),
        map => map?,
    };
    let since = map.at(&["data", "since"]).and_then(Value::as_str);
    let since = since.unwrap_or_default();
    let Some(since) = Timestamp::parse(&format!("{since}T00:00:00Z")) else {
        return Ok(false);
    };
    let enough = since
        .saturating_add_seconds(DAY_SECONDS)
        .saturating_add_seconds(UNUSED_SECONDS);
    Ok(context.now >= enough)
}

/// Whether the token was made unasked: its account names the secret.
fn is_unasked(context: &Context, secret: &Cached) -> Result<bool, Status> {
    let object = secret.object()?;
    let Some(token) = TokenSecret::of(&object) else {
        return Ok(false);
    };
    let account = context
        .cache
        .get(&SERVICE_ACCOUNTS, &secret.meta.namespace, token.account);
    let account = account
        .filter(|account| token.account_uid.is_empty() || token.account_uid == account.meta.uid);
    let Some(account) = account else {
        return Ok(false);
    };
    let named = account.object()?;
    let mut named = named.items("secrets").iter();
    Ok(named.any(|named| named.str("name") == Some(&secret.meta.name)))
}

async fn mark(context: &Context, secret: &Cached) -> Result<(), Status> {
    let mut patch = Value::object();
    let metadata = patch.child_mut("metadata");
    metadata.set("uid", secret.meta.uid.clone());
    metadata
        .child_mut("labels")
        .set(INVALID_SINCE, day(context.now));
    let target = Target::object(&SECRETS, &secret.meta.namespace, &secret.meta.name);
    gone::passed_over(
        context
            .patch(target, PatchKind::Merge, patch)
            .await
            .map(|_| ()),
    )
}

async fn delete(context: &Context, secret: &Cached) -> Result<(), Status> {
    let deletion = Deletion {
        uid: Some(secret.meta.uid.clone()),
        resource_version: Some(secret.revision.to_string().into()),
        ..Deletion::default()
    };
    let (namespace, name) = (&secret.meta.namespace, &secret.meta.name);
    let deleted = context.delete(&SECRETS, namespace, name, deletion).await;
    gone::passed_over(deleted)
}

impl Controller for TokenCleaning {
    fn name(&self) -> &'static str {
        "legacy-serviceaccount-token-cleaner-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("legacy-service-account-token-cleaner")
    }

    fn component(&self) -> &'static str {
        "legacy-service-account-token-cleaner"
    }

    fn workers(&self) -> usize {
        1
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SECRETS, &SERVICE_ACCOUNTS, &PODS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        // An account that is always there begins it; from then on it comes again by itself.
        let begins = change.is_of(&SERVICE_ACCOUNTS)
            && change.new.is_some_and(|account| {
                (account.meta.namespace.as_str(), account.meta.name.as_str())
                    == ("kube-system", "default")
            });
        if begins {
            queue.add(Key::default());
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, _: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(clean(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    const NOW: &str = "2028-01-15T12:00:00Z";

    fn secret(created: &str, labels: &str) -> Cached {
        let text = format!(
            r#"{{"metadata":{{"name":"s","creationTimestamp":"{created}","labels":{labels}}}}}"#
        );
        let stored = Stored {
            json: text.into(),
            revision: 1,
        };
        Cached::new(&stored, false).unwrap()
    }

    #[track_caller]
    fn check(created: &str, labels: &str, expected: Verdict) {
        let now = Timestamp::parse(NOW).unwrap();
        assert_eq!(judge(&secret(created, labels), false, now), expected);
        let mounted = judge(&secret(created, labels), true, now);
        assert_eq!(mounted, Verdict::Keep, "a pod uses it");
    }

    #[test]
    fn what_is_not_used_for_a_year_is_marked_and_goes_after_another() {
        let old = "2026-01-15T12:00:00Z";
        check("2027-06-01T00:00:00Z", "{}", Verdict::Keep);
        check(old, "{}", Verdict::Mark);
        let used = |day: &str| format!(r#"{{"{LAST_USED}":"{day}"}}"#);
        check(old, &used("2027-01-15"), Verdict::Keep);
        check(old, &used("2027-01-14"), Verdict::Mark);
        check(old, &used("yesterday"), Verdict::Keep);
        let marked = |day: &str| format!(r#"{{"{INVALID_SINCE}":"{day}"}}"#);
        check(old, &marked("2027-01-15"), Verdict::Keep);
        check(old, &marked("2027-01-14"), Verdict::Delete);
        check(old, &marked("some day"), Verdict::Mark);
    }

    #[test]
    fn every_secret_that_a_pod_names_is_used() {
        let pod = r#"{"spec":{"imagePullSecrets":[{"name":"pull"}],
            "volumes":[{"name":"a","secret":{"secretName":"mounted"}},
                {"name":"b","projected":{"sources":[{"secret":{"name":"projected"}}]}},
                {"name":"c","csi":{"nodePublishSecretRef":{"name":"csi"}}},
                {"name":"d","azureFile":{"secretName":"azure"}},
                {"name":"e","cephfs":{"secretRef":{"name":"ceph"}}}],
            "initContainers":[{"envFrom":[{"secretRef":{"name":"from"}}]}],
            "containers":[{"env":[{"valueFrom":{"secretKeyRef":{"name":"key"}}}]}]}}"#;
        let names = secrets_of(&json::from_str(pod).unwrap());
        let expected = [
            "azure",
            "ceph",
            "csi",
            "from",
            "key",
            "mounted",
            "projected",
            "pull",
        ];
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    }
}
