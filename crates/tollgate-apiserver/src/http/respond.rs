//! From what a verb found to an answer in the form that the client asked for.

use super::body::AnswerBody;
use super::negotiate::{Form, Media};
use super::render;
use crate::error;
use crate::flow_control::Flow;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use hyper::{Response, StatusCode};
use tollgate_api::{GroupVersionKind, Status, Value};

/// An answer as hyper sends it.
pub(super) type HttpAnswer = Response<AnswerBody>;

/// `X-Content-Type-Options: nosniff` stands beside what browsers could take for something else.
const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");

const FLOW_SCHEMA: HeaderName = HeaderName::from_static("x-kubernetes-pf-flowschema-uid");
const PRIORITY_LEVEL: HeaderName = HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid");

/// An answer with a code, a media type and a body.
pub(super) fn answer(code: u16, media: &'static str, body: impl Into<AnswerBody>) -> HttpAnswer {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Plain text, which browsers are told not to guess about.
pub(super) fn text(code: u16, body: impl Into<AnswerBody>) -> HttpAnswer {
    let mut response = answer(code, "text/plain; charset=utf-8", body);
    let value = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(CONTENT_TYPE_OPTIONS, value);
    response
}

/// Tells browsers not to guess what the body is.
pub(super) fn forbid_guessing(response: &mut HttpAnswer) {
    let value = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(CONTENT_TYPE_OPTIONS, value);
}

/// `404 page not found`, for paths that no router knows.
pub(super) fn page_not_found() -> HttpAnswer {
    text(404, b"404 page not found\n".to_vec())
}

/// An object that is not stored.
pub(super) fn object(code: u16, kind: &GroupVersionKind, object: &Value, form: Form) -> HttpAnswer {
    let body = render::value(kind, object, form);
    answer(code, form.media.as_str(), body)
}

/// A failure. Its form is that of the answer; what cannot be had there is JSON.
pub(super) fn failure(status: &Status, form: Form) -> HttpAnswer {
    let kind = GroupVersionKind::new("v1", "Status");
    let mut response = object(status.code, &kind, &error::status_object(status), form);
    let retry = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    if retry > 0 {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(retry));
    }
    response
}

/// The form in which a failure is told to somebody who asked for `accept`.
pub(super) fn failure_form(accept: Option<&str>) -> Form {
    let offer = super::negotiate::Offer::OBJECT;
    let form = super::negotiate::negotiate(accept, offer).unwrap_or_default();
    let media = match form.media {
        Media::Yaml | Media::Protobuf => form.media,
        Media::Json => Media::Json,
    };
    Form {
        media,
        ..Form::default()
    }
}

/// Says by unique ids which FlowSchema and which priority level took the request.
pub(super) fn name_flow(response: &mut HttpAnswer, flow: &Flow) {
    let headers = response.headers_mut();
    for (name, id) in [(FLOW_SCHEMA, &flow.schema), (PRIORITY_LEVEL, &flow.level)] {
        if let Ok(value) = HeaderValue::from_maybe_shared(id.clone()) {
            headers.insert(name, value);
        }
    }
}

/// Adds warnings as headers: `299 - "text"`.
pub(super) fn add_warnings(response: &mut HttpAnswer, warnings: Vec<String>) {
    for warning in warnings {
        let mut text = String::with_capacity(warning.len().saturating_add(8));
        text.push_str("299 - \"");
        for c in warning.chars() {
            match c {
                '"' | '\\' => {
                    text.push('\\');
                    text.push(c);
                }
                c if c.is_control() => {}
                c => text.push(c),
            }
        }
        text.push('"');
        if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
            response.headers_mut().append(WARNING, value);
        }
    }
}
