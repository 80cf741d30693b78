//! Requests for certificates.

use crate::table::age::human;
use crate::table::text::{NONE, age, at, at_or, condition, name, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn signing_request(request: &Value, now: Timestamp) -> Vec<Value> {
    let seconds = request
        .at(&["spec", "expirationSeconds"])
        .and_then(Value::as_i64);
    vec![
        name(request),
        age(request, now),
        at_or(request, &["spec", "signerName"], NONE),
        at(request, &["spec", "username"]),
        seconds.map_or_else(|| NONE.to_owned(), human).into(),
        state(request).into(),
    ]
}

fn state(request: &Value) -> String {
    let is = |kind| condition(request, kind).is_some();
    let decided = match (is("Denied"), is("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    };
    let failed = if is("Failed") { ",Failed" } else { "" };
    let issued = !str_at(request, &["status", "certificate"]).is_empty();
    format!("{decided}{failed}{}", if issued { ",Issued" } else { "" })
}
