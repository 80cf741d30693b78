//! The strategy of PersistentVolumeClaims: `dataSource` and `dataSourceRef` are one thing under two names.

use tollgate_api::{Release, Value};

/// Prepares a claim that is to be created.
pub(super) fn prepare_for_create(claim: &mut Value, _release: Release) -> Vec<String> {
    if let Some(spec) = claim.get_mut("spec") {
        drop_far_source(spec);
        drop_unknown_source(spec);
        bring_sources_in_step(spec);
    }
    Vec::new()
}

/// Prepares what a claim becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    let had_source = ["dataSource", "dataSourceRef"]
        .iter()
        .any(|field| old.at(&["spec", field]).is_some());
    if let Some(spec) = new.get_mut("spec") {
        if old.at(&["spec", "dataSourceRef"]).is_none() {
            drop_far_source(spec);
        }
        if !had_source {
            drop_unknown_source(spec);
        }
        bring_sources_in_step(spec);
    }
}

/// Sources in other namespaces are behind a gate that is off (`CrossNamespaceVolumeDataSource`).
fn drop_far_source(spec: &mut Value) {
    let reference = spec.get("dataSourceRef");
    if reference.is_some_and(|reference| !reference.str_or_empty("namespace").is_empty()) {
        spec.remove("dataSourceRef");
    }
}

/// Under the old name only another claim or a snapshot can be the source; anything else was always ignored.
fn drop_unknown_source(spec: &mut Value) {
    // Whoever knows the new name is taken at their word.
    if spec.get("dataSourceRef").is_some() {
        return;
    }
    let Some(source) = spec.get("dataSource") else {
        return;
    };
    let is_known = matches!(
        (source.str_or_empty("apiGroup"), source.str_or_empty("kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    );
    if !is_known {
        spec.remove("dataSource");
    }
}

/// What stands under one name is copied to the other, unless it is in another namespace.
fn bring_sources_in_step(spec: &mut Value) {
    match (spec.get("dataSource"), spec.get("dataSourceRef")) {
        (Some(source), None) => {
            let source = source.clone();
            spec.set("dataSourceRef", source);
        }
        (None, Some(reference)) if reference.str_or_empty("namespace").is_empty() => {
            let mut reference = reference.clone();
            reference.remove("namespace");
            spec.set("dataSource", reference);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(spec: &str, expected: &str) {
        let mut claim: Value = [("spec", from_str(spec).unwrap())].into_iter().collect();
        prepare_for_create(&mut claim, Release::default());
        assert_eq!(claim.get("spec"), Some(&from_str(expected).unwrap()));
    }

    #[test]
    fn a_source_has_two_names() {
        let source = r#"{"kind":"PersistentVolumeClaim","name":"a"}"#;
        let both = format!(r#"{{"dataSource":{source},"dataSourceRef":{source}}}"#);
        check(&format!(r#"{{"dataSource":{source}}}"#), &both);
        check(&format!(r#"{{"dataSourceRef":{source}}}"#), &both);
    }

    #[test]
    fn sources_of_other_kinds_have_only_the_new_name() {
        check(r#"{"dataSource":{"kind":"Pod","name":"a"}}"#, "{}");
        let far =
            r#"{"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"a","namespace":"b"}}"#;
        check(far, "{}");
    }

    #[test]
    fn a_source_that_nobody_knows_stays_beside_the_new_name() {
        let both =
            r#"{"dataSource":{},"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"a"}}"#;
        check(both, both);
        check(
            r#"{"dataSource":{},"dataSourceRef":{"namespace":"b"}}"#,
            "{}",
        );
    }
}
