//! Groups that other servers serve.

use crate::table::text::{age, condition, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn api_service(service: &Value, now: Timestamp) -> Vec<Value> {
    let by = service.at(&["spec", "service"]).map_or_else(
        || "Local".to_owned(),
        |by| {
            format!(
                "{}/{}",
                by.str_or_empty("namespace"),
                by.str_or_empty("name")
            )
        },
    );
    let available = condition(service, "Available").map_or_else(
        || "Unknown".to_owned(),
        |condition| {
            let status = condition.str_or_empty("status");
            match condition.str_or_empty("reason") {
                reason if status != "True" && !reason.is_empty() => format!("{status} ({reason})"),
                _ => status.to_owned(),
            }
        },
    );
    vec![
        name(service),
        by.into(),
        available.into(),
        age(service, now),
    ]
}
