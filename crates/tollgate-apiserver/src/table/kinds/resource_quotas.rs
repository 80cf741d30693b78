//! Resource quotas: what is used of what there is.

use crate::table::text::{age, name, quantity};
use tollgate_api::{Timestamp, Value};

pub(super) fn resource_quota(quota: &Value, now: Timestamp) -> Vec<Value> {
    let status = quota.get("status").unwrap_or(&Value::Null);
    let mut hard: Vec<(&str, &Value)> = status.entries("hard").collect();
    hard.sort_by_key(|(resource, _)| *resource);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in hard {
        let used = quantity(status.at(&["used", resource]));
        let text = format!("{resource}: {used}/{}", quantity(Some(hard)));
        if resource.starts_with("limits.") {
            limits.push(text);
        } else {
            requests.push(text);
        }
    }
    vec![
        name(quota),
        requests.join(", ").into(),
        limits.join(", ").into(),
        age(quota, now),
    ]
}
