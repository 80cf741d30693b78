//! Laws that hold for the defaults of every kind, on any tree.

use super::{KINDS, set_defaults};
use crate::arbitrary::{pod_like, tree};
use crate::strategy;
use proptest::prelude::*;
use tollgate_api::json::from_str;
use tollgate_api::{GroupVersionKind, Release, Value};

/// Whether defaulting twice is defaulting once, for every kind.
fn check_idempotent(object: &Value) -> Result<(), TestCaseError> {
    for kind in KINDS {
        let mut once = object.clone();
        (kind.set_defaults)(&mut once);
        let mut twice = once.clone();
        (kind.set_defaults)(&mut twice);
        // Compared as text: a float that is no number does not equal itself.
        prop_assert_eq!(once.to_string(), twice.to_string(), "{}", kind.kind);
    }
    Ok(())
}

proptest! {
    #[test]
    fn defaulting_is_idempotent_on_any_tree(object in tree()) {
        check_idempotent(&object)?;
    }

    #[test]
    fn defaulting_is_idempotent_on_pods_and_templates(object in pod_like()) {
        check_idempotent(&object)?;
    }

    #[test]
    fn preparing_any_tree_does_not_panic(mut object in prop_oneof![tree(), pod_like()]) {
        for minor in [20, 24, 30, 36] {
            strategy::pod::prepare_for_create(&mut object, Release::minor(minor));
        }
    }
}

#[test]
fn a_kind_is_found_by_group_and_version() {
    let replicas = |api_version: &str| {
        let mut object = from_str(r#"{"spec":{}}"#).unwrap();
        set_defaults(
            &GroupVersionKind::new(api_version, "HorizontalPodAutoscaler"),
            &mut object,
        );
        object
            .get("spec")
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        replicas("autoscaling/v1"),
        ["minReplicas", "targetCPUUtilizationPercentage"]
    );
    assert_eq!(replicas("autoscaling/v2"), ["minReplicas", "metrics"]);
    assert_eq!(replicas("example.com/v1"), [""; 0]);
}

#[test]
fn the_legacy_group_has_defaults_of_its_own() {
    let deployment = r#"{"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}"#;
    let mut deployment = from_str(deployment).unwrap();
    set_defaults(
        &GroupVersionKind::new("extensions/v1beta1", "Deployment"),
        &mut deployment,
    );
    let spec = deployment.get("spec").unwrap();
    assert_eq!(
        spec.at(&["selector", "matchLabels", "app"])
            .unwrap()
            .as_str(),
        Some("web")
    );
    assert_eq!(
        spec.at(&["strategy", "rollingUpdate", "maxSurge"])
            .unwrap()
            .as_i64(),
        Some(1)
    );
    assert_eq!(
        spec.int("progressDeadlineSeconds"),
        Some(i64::from(i32::MAX))
    );
}

#[test]
fn every_kind_is_listed_once() {
    for (index, kind) in KINDS.iter().enumerate() {
        let again = KINDS.iter().skip(index + 1).find(|other| {
            (other.group, other.version, other.kind) == (kind.group, kind.version, kind.kind)
        });
        assert!(again.is_none(), "{again:?}");
    }
}
