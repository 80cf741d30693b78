//! What a terminating namespace says about its content.

use super::content::Found;
use tollgate_api::{Status, Timestamp, Value};

/// A condition's type, and its reason and message if all is well.
type Condition = (&'static str, &'static str, &'static str);

const DISCOVERY: Condition = (
    "NamespaceDeletionDiscoveryFailure",
    "ResourcesDiscovered",
    "All resources successfully discovered",
);
const PARSING: Condition = (
    "NamespaceDeletionGroupVersionParsingFailure",
    "ParsedGroupVersions",
    "All legacy kube types successfully parsed",
);
const DELETION: Condition = (
    "NamespaceDeletionContentFailure",
    "ContentDeleted",
    "All content successfully deleted, may be waiting on finalization",
);
const CONTENT: Condition = (
    "NamespaceContentRemaining",
    "ContentRemoved",
    "All content successfully removed",
);
const FINALIZERS: Condition = (
    "NamespaceFinalizersRemaining",
    "ContentHasNoFinalizers",
    "All content-preserving finalizers finished",
);

/// Sets the conditions; tells whether one changed.
pub(super) fn update(namespace: &mut Value, found: &Found, now: Timestamp) -> bool {
    let wanted = [
        (DISCOVERY, None),
        (PARSING, None),
        (DELETION, failures(&found.failures)),
        (CONTENT, remaining(found)),
        (FINALIZERS, finalizers(found)),
    ];
    let status = namespace.child_mut("status");
    let mut conditions = status.items("conditions").to_vec();
    let mut has_changed = false;
    for ((condition_type, reason, message), bad) in wanted {
        let (value, reason, message) = match bad {
            Some((reason, message)) => ("True", reason, message),
            None => ("False", reason, message.to_owned()),
        };
        let known = conditions
            .iter_mut()
            .find(|known| known.str("type") == Some(condition_type));
        let Some(known) = known else {
            let mut condition = Value::object();
            condition.set("type", condition_type);
            condition.set("status", value);
            condition.set("lastTransitionTime", now.to_string());
            condition.set("reason", reason);
            condition.set("message", message);
            conditions.push(condition);
            has_changed = true;
            continue;
        };
        if known.str("status") != Some(value) {
            known.set("lastTransitionTime", now.to_string());
        }
        for (key, text) in [
            ("status", value),
            ("reason", reason),
            ("message", &*message),
        ] {
            if known.str(key) != Some(text) {
                known.set(key, text);
                has_changed = true;
            }
        }
    }
    if has_changed {
        status.set("conditions", Value::Array(conditions));
    }
    has_changed
}

fn failures(failures: &[Status]) -> Option<(&'static str, String)> {
    let mut messages: Vec<&str> = failures
        .iter()
        .map(|status| status.message.as_str())
        .collect();
    messages.sort_unstable();
    let message = format!(
        "Failed to delete all resource types, {} remaining: {}",
        messages.len(),
        messages.join(", ")
    );
    (!messages.is_empty()).then_some(("ContentDeletionFailed", message))
}

fn remaining(found: &Found) -> Option<(&'static str, String)> {
    let counts = found.remaining.iter();
    let texts: Vec<String> = counts
        .map(|(name, count)| format!("{name} has {count} resource instances"))
        .collect();
    let message = format!("Some resources are remaining: {}", texts.join(", "));
    (!texts.is_empty()).then_some(("SomeResourcesRemain", message))
}

fn finalizers(found: &Found) -> Option<(&'static str, String)> {
    let counts = found.finalizers.iter();
    let texts: Vec<String> = counts
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let message = format!(
        "Some content in the namespace has finalizers remaining: {}",
        texts.join(", ")
    );
    (!texts.is_empty()).then_some(("SomeFinalizersRemain", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(namespace: &Value) -> Vec<String> {
        let conditions = namespace.get("status").unwrap().items("conditions");
        let told = conditions.iter().map(|condition| {
            format!(
                "{}={} {}: {} ({})",
                condition.str_or_empty("type"),
                condition.str_or_empty("status"),
                condition.str_or_empty("reason"),
                condition.str_or_empty("message"),
                condition.str_or_empty("lastTransitionTime"),
            )
        });
        told.collect()
    }

    #[test]
    fn what_remains_is_told_and_a_state_that_lasts_keeps_its_time() {
        let mut namespace = Value::object();
        let mut found = Found::default();
        found.remaining.insert("pods.".to_owned(), 2);
        found.finalizers.insert("a/b".to_owned(), 1);
        found.failures.push(Status::plain("no"));
        let start = Timestamp::from_unix_seconds(1_768_478_400);
        assert!(update(&mut namespace, &found, start));
        assert!(!update(&mut namespace, &found, start));
        assert_eq!(
            told(&namespace),
            [
                "NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered (2026-01-15T12:00:00Z)",
                "NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed (2026-01-15T12:00:00Z)",
                "NamespaceDeletionContentFailure=True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: no (2026-01-15T12:00:00Z)",
                "NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: pods. has 2 resource instances (2026-01-15T12:00:00Z)",
                "NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: a/b in 1 resource instances (2026-01-15T12:00:00Z)",
            ]
        );
        found.remaining.insert("pods.".to_owned(), 1);
        found.failures.clear();
        let later = start.saturating_add_seconds(60);
        assert!(update(&mut namespace, &found, later));
        let told = told(&namespace);
        assert!(told[2].starts_with("NamespaceDeletionContentFailure=False ContentDeleted: "));
        assert!(told[2].ends_with("(2026-01-15T12:01:00Z)"), "{}", told[2]);
        assert!(told[3].ends_with("pods. has 1 resource instances (2026-01-15T12:00:00Z)"));
    }
}
