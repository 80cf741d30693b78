//! The strategy of StatefulSets: how many pods may be gone at once is behind a gate that is off.

use tollgate_api::{Release, Value};

const FIELD: [&str; 4] = ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"];

/// Prepares a StatefulSet that is to be created.
pub(super) fn prepare_for_create(set: &mut Value, _release: Release) -> Vec<String> {
    drop_max_unavailable(set, &Value::Null);
    Vec::new()
}

/// Prepares what a StatefulSet becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    drop_max_unavailable(new, old);
}

/// Who has said it already may say it again.
fn drop_max_unavailable(set: &mut Value, old: &Value) {
    if old.at(&FIELD).is_some() || set.at(&FIELD).is_none() {
        return;
    }
    let strategy = set.child_mut("spec").child_mut("updateStrategy");
    strategy.child_mut("rollingUpdate").remove("maxUnavailable");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_limit_of_the_unavailable_is_dropped_unless_it_was_there() {
        let with = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":2}}}}"#;
        let without = from_str(r#"{"spec":{"updateStrategy":{"rollingUpdate":{}}}}"#).unwrap();
        let mut set = from_str(with).unwrap();
        prepare_for_create(&mut set, Release::default());
        assert_eq!(set, without);
        let mut set = from_str(with).unwrap();
        let old = set.clone();
        prepare_for_update(&mut set, &old, Release::default());
        assert_eq!(set, old);
    }
}
