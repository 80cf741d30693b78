//! The failures of this part that have no words of their own elsewhere.

use std::fmt::Display;
use tollgate_api::go_format::quote;
use tollgate_api::status::Details;
use tollgate_api::{GroupResource, Reason, Status};

/// The 401 of everybody who is nobody. It never says why.
pub fn unauthorized() -> Status {
    Status {
        code: 401,
        reason: Reason::Unauthorized,
        message: "Unauthorized".to_owned(),
        details: None,
    }
}

/// `pods "p" not found`
pub(super) fn not_found(resource: &GroupResource, name: &str) -> Status {
    Status {
        code: 404,
        reason: Reason::NotFound,
        message: format!("{resource} {} not found", quote(name)),
        details: Some(Box::new(details(resource, name))),
    }
}

/// `Operation cannot be fulfilled on pods "p": <why>`
pub(super) fn conflict(resource: &GroupResource, name: &str, why: impl Display) -> Status {
    Status {
        code: 409,
        reason: Reason::Conflict,
        message: format!(
            "Operation cannot be fulfilled on {resource} {}: {why}",
            quote(name)
        ),
        details: Some(Box::new(details(resource, name))),
    }
}

fn details(resource: &GroupResource, name: &str) -> Details {
    Details {
        name: name.to_owned(),
        group: resource.group.to_string(),
        kind: resource.resource.to_string(),
        ..Details::default()
    }
}
