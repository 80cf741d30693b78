//! What is compared of a refusal: our own, and that of a real server.

use tollgate_api::{Status, Value};

/// The message of a refusal and, a line each, its causes.
pub(crate) fn with_causes(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let lines =
        causes.map(|cause| format!("\n  {} {}: {}", cause.reason, cause.field, cause.message));
    status.message.clone() + &lines.collect::<String>()
}

/// The same of what a real server answered; nothing if it took the object.
pub(crate) fn expected(line: &Value) -> Option<String> {
    let causes = line.items("causes").iter().map(|cause| {
        let [reason, field, message] =
            ["reason", "field", "message"].map(|key| cause.str_or_empty(key));
        format!("\n  {reason} {field}: {message}")
    });
    Some(line.str("message")?.to_owned() + &causes.collect::<String>())
}
