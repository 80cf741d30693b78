//! Service accounts.

use super::Subject;

/// Warns of the annotation that lets an account enforce its list of secrets, where it is new.
pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    const KEY: &str = "kubernetes.io/enforce-mountable-secrets";
    let had = subject
        .old
        .is_some_and(|old| old.at(&["metadata", "annotations", KEY]).is_some());
    if subject.is_since(32) && subject.annotation(KEY).is_some() && !had {
        warnings.push(format!(
            "metadata.annotations[{KEY}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        ));
    }
}
