//! Which volume suits a claim.

use super::{class_of, meta};
use std::cmp::Ordering;
use tollgate_api::{Quantity, Value, label_selector};

/// Whether a volume is kept for a claim: it names the claim, or nobody else of that name.
pub(super) fn is_for(volume: &Value, claim: &Value) -> bool {
    let Some(wanted) = volume.at(&["spec", "claimRef"]) else {
        return false;
    };
    let uid = wanted.str_or_empty("uid");
    wanted.str("namespace") == Some(meta(claim, "namespace"))
        && wanted.str("name") == Some(meta(claim, "name"))
        && (uid.is_empty() || uid == meta(claim, "uid"))
}

fn size(object: Option<&Value>) -> Option<Quantity> {
    object.and_then(|amount| Quantity::from_value(amount).ok())
}

/// How much a claim asks for.
pub(super) fn requested(claim: &Value) -> Option<Quantity> {
    size(claim.at(&["spec", "resources", "requests", "storage"]))
}

/// How much a volume has.
pub(super) fn capacity(volume: &Value) -> Option<Quantity> {
    size(volume.at(&["spec", "capacity", "storage"]))
}

fn text<'v>(object: &'v Value, key: &str, default: &'v str) -> &'v str {
    let found = object.at(&["spec", key]).and_then(Value::as_str);
    found.unwrap_or(default)
}

/// Whether a volume has all that a claim asks for.
pub(super) fn suits(volume: &Value, claim: &Value) -> bool {
    let modes = volume
        .get("spec")
        .map_or(&[][..], |spec| spec.items("accessModes"));
    let wanted = claim
        .get("spec")
        .map_or(&[][..], |spec| spec.items("accessModes"));
    let none = Value::Null;
    let labels = volume.at(&["metadata", "labels"]).unwrap_or(&none);
    let is_selected = claim
        .at(&["spec", "selector"])
        .is_none_or(|selector| label_selector::matches(selector, labels));
    let is_large = match (capacity(volume), requested(claim)) {
        (Some(capacity), Some(requested)) => capacity >= requested,
        _ => false,
    };
    let mode = |object: &Value| text(object, "volumeMode", "Filesystem").to_owned();
    let attributes = |object: &Value| text(object, "volumeAttributesClassName", "").to_owned();
    is_selected
        && is_large
        && mode(volume) == mode(claim)
        && attributes(volume) == attributes(claim)
        && class_of(volume) == class_of(claim)
        && wanted.iter().all(|mode| modes.contains(mode))
}

/// The volume for a claim: one that is kept for it, else the smallest that is free and suits. `only_kept` leaves the rest
/// to whoever chooses the node.
pub(super) fn choose<'v>(
    volumes: &'v [Value],
    claim: &Value,
    only_kept: bool,
) -> Option<&'v Value> {
    let kept = volumes
        .iter()
        .find(|volume| is_for(volume, claim) && suits(volume, claim));
    if kept.is_some() || only_kept {
        return kept;
    }
    let free = volumes.iter().filter(|volume| {
        volume.at(&["spec", "claimRef"]).is_none()
            && volume.at(&["status", "phase"]).and_then(Value::as_str) == Some("Available")
            && volume.at(&["metadata", "deletionTimestamp"]).is_none()
            && suits(volume, claim)
    });
    free.min_by(|a, b| {
        let sizes = capacity(a).zip(capacity(b));
        let by_size = sizes.map_or(Ordering::Equal, |(a, b)| a.compare(&b));
        by_size.then_with(|| meta(a, "name").cmp(meta(b, "name")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn volume(name: &str, size: &str, more: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"disk":"{name}"}}}},"spec":{{"capacity":{{"storage":"{size}"}},"accessModes":["ReadWriteOnce","ReadOnlyMany"]{more}}},"status":{{"phase":"Available"}}}}"#
        );
        json::from_str(&text).unwrap()
    }

    fn check(claim: &str, only_kept: bool, expected: Option<&str>) {
        let volumes = [
            volume("big", "10Gi", ""),
            volume("block", "1Gi", r#","volumeMode":"Block""#),
            volume("classy", "1Gi", r#","storageClassName":"fast""#),
            volume(
                "kept",
                "50Gi",
                r#","claimRef":{"namespace":"n","name":"kept"}"#,
            ),
            volume("small", "2Gi", ""),
        ];
        let claim = json::from_str(claim).unwrap();
        let chosen = choose(&volumes, &claim, only_kept);
        assert_eq!(
            chosen.map(|volume| meta(volume, "name")),
            expected,
            "{claim}"
        );
    }

    fn claim(name: &str, size: &str, more: &str) -> String {
        format!(
            r#"{{"metadata":{{"namespace":"n","name":"{name}","uid":"u"}},"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}},"accessModes":["ReadWriteOnce"]{more}}}}}"#
        )
    }

    #[test]
    fn the_smallest_volume_that_suits_is_chosen() {
        check(&claim("c", "1Gi", ""), false, Some("small"));
        check(&claim("c", "3Gi", ""), false, Some("big"));
        check(&claim("c", "11Gi", ""), false, None);
        check(
            &claim("c", "1Gi", r#","storageClassName":"fast""#),
            false,
            Some("classy"),
        );
        check(
            &claim("c", "1Gi", r#","volumeMode":"Block""#),
            false,
            Some("block"),
        );
        check(
            &claim("c", "1Gi", r#","selector":{"matchLabels":{"disk":"big"}}"#),
            false,
            Some("big"),
        );
        check(&claim("kept", "1Gi", ""), false, Some("kept"));
        check(&claim("kept", "1Gi", ""), true, Some("kept"));
        check(&claim("c", "1Gi", ""), true, None);
    }
}
