//! Role bindings.

use crate::table::text::{age, name, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn binding(binding: &Value, now: Timestamp) -> Vec<Value> {
    let role = |key| str_at(binding, &["roleRef", key]);
    let subjects = |kind: &str| {
        let subjects = binding.items("subjects").iter();
        let names: Vec<String> = subjects
            .filter(|subject| subject.str_or_empty("kind") == kind)
            .map(|subject| match kind {
                "ServiceAccount" => {
                    format!(
                        "{}/{}",
                        subject.str_or_empty("namespace"),
                        subject.str_or_empty("name")
                    )
                }
                _ => subject.str_or_empty("name").to_owned(),
            })
            .collect();
        Value::from(names.join(", "))
    };
    vec![
        name(binding),
        format!("{}/{}", role("kind"), role("name")).into(),
        age(binding, now),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}
