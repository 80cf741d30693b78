//! Which pods that have ended are too many.

use crate::driver::Cached;
use std::sync::Arc;
use tollgate_api::{Status, Value};

/// How many pods that have ended are kept: upstream's `--terminated-pod-gc-threshold`.
pub(super) const KEPT_MAX: usize = 12_500;

/// The pods beyond `kept`: first those that were evicted, then the oldest.
pub(super) fn superfluous(pods: &[Arc<Cached>], kept: usize) -> Vec<Arc<Cached>> {
    let ended = pods
        .iter()
        .filter(|pod| pod.phase().is_terminal() && pod.meta.deleted.is_none());
    let mut ended: Vec<&Arc<Cached>> = ended.collect();
    let many = ended.len().saturating_sub(kept);
    if many == 0 {
        return Vec::new();
    }
    ended.sort_by_cached_key(|pod| {
        let is_evicted = is_evicted(pod).unwrap_or_default();
        (!is_evicted, pod.meta.created, pod.meta.name.clone())
    });
    ended.into_iter().take(many).cloned().collect()
}

fn is_evicted(pod: &Cached) -> Result<bool, Status> {
    let pod = pod.object_to_read()?;
    let status = pod.get("status").unwrap_or(&Value::Null);
    Ok(status.str("phase") == Some("Failed") && status.str("reason") == Some("Evicted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;

    fn pod(name: &str, minute: u32, status: &str) -> Arc<Cached> {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","creationTimestamp":"2026-01-15T12:{minute:02}:00Z"}},"status":{status}}}"#
        );
        let json = json.into_bytes().into();
        Arc::new(Cached::new(&Stored { json, revision: 1 }, true).unwrap())
    }

    #[test]
    fn evicted_pods_go_first_then_the_oldest() {
        let pods = [
            pod("young", 9, r#"{"phase":"Failed"}"#),
            pod("evicted", 8, r#"{"phase":"Failed","reason":"Evicted"}"#),
            pod("old", 1, r#"{"phase":"Succeeded"}"#),
            pod("running", 0, r#"{"phase":"Running"}"#),
        ];
        let gone = |kept| -> Vec<String> {
            let gone = superfluous(&pods, kept);
            gone.iter().map(|pod| pod.meta.name.to_string()).collect()
        };
        assert_eq!(gone(1), ["evicted", "old"]);
        assert_eq!(gone(2), ["evicted"]);
        assert!(gone(3).is_empty());
    }
}
