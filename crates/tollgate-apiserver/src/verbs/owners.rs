//! Owners that stand in an object twice: told, and taken as one.

use super::call::Call;
use tollgate_api::Value;

/// Leaves one of each owner, and warns if there were more.
pub(super) fn settle(call: &Call<'_>, object: &mut Value) {
    settle_and_say(call, object, "");
}

/// The same of what a patch made: upstream looks there after the plugins did, and says so.
pub(super) fn settle_patched(call: &Call<'_>, object: &mut Value) {
    settle_and_say(call, object, " after mutating admission happens");
}

fn settle_and_say(call: &Call<'_>, object: &mut Value, when: &str) {
    let Some(Value::Array(owners)) = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("ownerReferences"))
    else {
        return;
    };
    let twice = keep_one_of_each(owners);
    if twice.is_empty() {
        return;
    }
    let twice = twice.join(", ");
    call.warnings.add(format!(
        ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {twice}"
    ));
}

/// The unique ids of those that were taken out, sorted.
fn keep_one_of_each(owners: &mut Vec<Value>) -> Vec<String> {
    let mut kept: Vec<Value> = Vec::with_capacity(owners.len());
    let mut twice = Vec::new();
    for owner in owners.drain(..) {
        if kept.contains(&owner) {
            twice.push(owner.str_or_empty("uid").to_owned());
        } else {
            kept.push(owner);
        }
    }
    *owners = kept;
    twice.sort_unstable();
    twice.dedup();
    twice
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn owners_that_differ_in_anything_are_two() {
        let Value::Array(mut owners) = from_str(
            r#"[{"uid":"u","name":"x"},{"uid":"u","name":"y"},{"uid":"v"},{"uid":"v"},{"uid":"u","name":"x"}]"#,
        )
        .unwrap() else {
            panic!("a list")
        };
        assert_eq!(keep_one_of_each(&mut owners), ["u", "v"]);
        assert_eq!(owners.len(), 3);
    }
}
