//! Failures of the API as [`Status`] values, and a status as the object that a client sees.

use crate::storage::{RevisionError, StoreError};
use tollgate_api::status::{Cause, Details, Reason};
use tollgate_api::{GroupResource, Number, Object, Status, Value};

/// A failure that is about one object, or about a resource if `name` is empty.
fn about(resource: &GroupResource, name: &str) -> Details {
    Details {
        name: name.to_owned(),
        group: resource.group.to_string(),
        kind: resource.resource.to_string(),
        ..Details::default()
    }
}

fn without_object(code: u16, reason: Reason, message: &str) -> Status {
    Status {
        code,
        reason,
        message: message.to_owned(),
        details: Some(Box::default()),
    }
}

/// 404: there is no object of that name.
pub fn not_found(resource: &GroupResource, name: &str) -> Status {
    Status {
        code: 404,
        reason: Reason::NotFound,
        message: format!("{resource} \"{name}\" not found"),
        details: Some(Box::new(about(resource, name))),
    }
}

/// 404: there is nothing under the path.
pub fn no_such_resource() -> Status {
    let message = "the server could not find the requested resource";
    without_object(404, Reason::NotFound, message)
}

/// 405: there is something under the path, but not for this method.
pub fn method_not_allowed() -> Status {
    let message = "the server does not allow this method on the requested resource";
    without_object(405, Reason::MethodNotAllowed, message)
}

/// 405: a custom resource has no such verb.
pub fn method_not_supported(resource: &GroupResource, verb: &str) -> Status {
    Status {
        code: 405,
        reason: Reason::MethodNotAllowed,
        message: format!("{verb} is not supported on resources of kind \"{resource}\""),
        details: Some(Box::new(about(resource, ""))),
    }
}

/// 409: the name is taken.
pub fn already_exists(resource: &GroupResource, name: &str) -> Status {
    Status {
        code: 409,
        reason: Reason::AlreadyExists,
        message: format!("{resource} \"{name}\" already exists"),
        details: Some(Box::new(about(resource, name))),
    }
}

/// 409: what the request relies on is no longer so.
pub fn conflict(resource: &GroupResource, name: &str, why: &str) -> Status {
    Status {
        code: 409,
        reason: Reason::Conflict,
        message: format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}"),
        details: Some(Box::new(about(resource, name))),
    }
}

/// 409: somebody else was faster.
pub fn modified(resource: &GroupResource, name: &str) -> Status {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(resource, name, why)
}

/// 406, with the media types that there are.
pub fn not_acceptable(accepted: &str) -> Status {
    Status {
        details: None,
        ..without_object(
            406,
            Reason::NotAcceptable,
            &format!("only the following media types are accepted: {accepted}"),
        )
    }
}

/// 406: the object has no such shape.
pub fn no_such_shape(message: &str) -> Status {
    Status {
        details: None,
        ..without_object(406, Reason::NotAcceptable, message)
    }
}

/// 406, before anybody has looked at what the media type asks for.
pub fn no_representation(available: &str) -> Status {
    let message = format!("406: Not Acceptable\n\nAvailable representations: {available}");
    without_object(406, Reason::NotAcceptable, &message)
}

/// 415, with the media types that there are.
pub fn unsupported_media_type(accepted: &str) -> Status {
    Status {
        details: None,
        ..without_object(
            415,
            Reason::UnsupportedMediaType,
            &format!(
                "the body of the request was in an unknown format - accepted media types include: {accepted}"
            ),
        )
    }
}

/// 415, before anybody has looked at the resource.
pub fn unknown_patch_type() -> Status {
    without_object(
        415,
        Reason::UnsupportedMediaType,
        "415: Unsupported Media Type",
    )
}

/// 413
pub fn too_large(why: &str) -> Status {
    Status {
        details: None,
        ..without_object(
            413,
            Reason::RequestEntityTooLarge,
            &format!("Request entity too large: {why}"),
        )
    }
}

/// 410: that state of the past is forgotten.
pub fn expired(message: impl Into<String>) -> Status {
    Status {
        code: 410,
        reason: Reason::Expired,
        message: message.into(),
        details: None,
    }
}

/// 410: the state of a list that was begun is forgotten; it can go on with another.
pub fn expired_continue(token: String) -> Status {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
    Status {
        details: Some(Box::new(Details {
            continue_token: token,
            ..Details::default()
        })),
        ..expired(message)
    }
}

/// 504: the state that was asked for has not happened yet.
pub fn too_large_resource_version(requested: u64, current: u64) -> Status {
    let mut status = without_object(
        504,
        Reason::Timeout,
        &format!("Timeout: Too large resource version: {requested}, current: {current}"),
    );
    if let Some(details) = &mut status.details {
        details.retry_after_seconds = 1;
        details.causes = vec![Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        }];
    }
    status
}

/// 503: what stands behind this server does not answer.
pub fn service_unavailable(message: impl Into<String>) -> Status {
    Status {
        code: 503,
        reason: Reason::ServiceUnavailable,
        message: message.into(),
        details: None,
    }
}

/// 504: the time that the client gave is over.
pub fn timeout() -> Status {
    let message = "Timeout: request did not complete within the allotted timeout";
    without_object(504, Reason::Timeout, message)
}

/// A revision that cannot be listed.
pub fn unlistable(error: RevisionError) -> Status {
    match error {
        RevisionError::Compacted { .. } => {
            expired("The resourceVersion for the provided list is too old.")
        }
        RevisionError::Future { requested, newest } => {
            too_large_resource_version(requested, newest)
        }
    }
}

/// A store that does not write.
pub fn unwritable(error: &StoreError) -> Status {
    match error {
        StoreError::Full(_) => Status {
            code: 507,
            ..Status::internal(error)
        },
        StoreError::Broken(_) => Status::internal(error),
        StoreError::Closed => service_unavailable("the server is shutting down"),
    }
}

/// The object that a client sees of a failure.
pub fn status_object(status: &Status) -> Value {
    let mut object = envelope("Failure");
    let details = status.details.as_deref();
    if let Some(details) = details.filter(|details| !details.continue_token.is_empty()) {
        let mut metadata = Value::object();
        metadata.set("continue", details.continue_token.as_str());
        object.insert("metadata", metadata);
    }
    set_unless_empty(&mut object, "message", &status.message);
    set_unless_empty(&mut object, "reason", status.reason.as_str());
    if let Some(details) = details.filter(|details| details.continue_token.is_empty()) {
        object.insert("details", details_object(details));
    }
    object.insert("code", Value::from(i64::from(status.code)));
    Value::Object(object)
}

/// The object that a client sees of a deletion.
pub fn success_object(details: &Details) -> Value {
    let mut object = envelope("Success");
    object.insert("details", details_object(details));
    Value::Object(object)
}

fn envelope(outcome: &'static str) -> Object {
    let mut object = Object::with_capacity(8);
    object.insert("kind", "Status");
    object.insert("apiVersion", "v1");
    object.insert("metadata", Value::object());
    object.insert("status", outcome);
    object
}

pub(crate) fn details_object(details: &Details) -> Value {
    let mut object = Object::new();
    set_unless_empty(&mut object, "name", &details.name);
    set_unless_empty(&mut object, "group", &details.group);
    set_unless_empty(&mut object, "kind", &details.kind);
    set_unless_empty(&mut object, "uid", &details.uid);
    if !details.causes.is_empty() {
        let causes: Vec<Value> = details.causes.iter().map(cause_object).collect();
        object.insert("causes", Value::Array(causes));
    }
    if details.retry_after_seconds > 0 {
        let seconds = i64::from(details.retry_after_seconds);
        object.insert("retryAfterSeconds", Value::Number(Number::Int(seconds)));
    }
    Value::Object(object)
}

fn cause_object(cause: &Cause) -> Value {
    let mut object = Object::new();
    set_unless_empty(&mut object, "reason", &cause.reason);
    set_unless_empty(&mut object, "message", &cause.message);
    set_unless_empty(&mut object, "field", &cause.field);
    Value::Object(object)
}

fn set_unless_empty(object: &mut Object, key: &'static str, text: &str) {
    if !text.is_empty() {
        object.insert(key, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_upstream_writes_it() {
        let missing = not_found(&GroupResource::new("apps", "deployments"), "none");
        assert_eq!(
            status_object(&missing).to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"deployments.apps \"none\" not found","reason":"NotFound","details":{"name":"none","group":"apps","kind":"deployments"},"code":404}"#
        );
        let expired = status_object(&expired_continue("abc".to_owned()));
        assert_eq!(
            expired.get("metadata").map(ToString::to_string).as_deref(),
            Some(r#"{"continue":"abc"}"#)
        );
        assert!(expired.get("details").is_none());
        assert_eq!(
            status_object(&Status::plain("no")).to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","code":500}"#
        );
        assert_eq!(
            status_object(&too_large_resource_version(9, 5)).to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 9, current: 5","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}"#
        );
    }
}
