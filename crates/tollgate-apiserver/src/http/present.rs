//! From the answer of a verb to that of the server, in the shape that the client asked for.

use super::head::Head;
use super::negotiate::{Form, Shape};
use super::render;
use super::respond::{self, HttpAnswer};
use super::service::Service;
use super::stream;
use super::table::{self, Look};
use crate::error;
use crate::table::IncludeObject;
use crate::verbs::Answer;
use tollgate_api::{Status, Timestamp};

/// Writes an answer.
pub(super) fn present(
    service: &Service,
    head: &Head,
    answer: Answer,
    form: Form,
    now: Timestamp,
) -> Result<HttpAnswer, Status> {
    if head.trail.wants_response() {
        head.trail
            .response_object(|| as_json(head, &answer, form, now));
    }
    let media = form.media.as_str();
    match answer {
        Answer::Object {
            code,
            resource,
            object,
        } => {
            let body = match form.shape {
                Shape::Object => render::stored(&resource, &object, form)?,
                Shape::PartialList(_) => {
                    let what = table::internal_name(&resource, &resource.kind.kind);
                    return Err(error::no_such_shape(&format!(
                        "you requested PartialObjectMetadataList, but the requested object is not a list ({what})"
                    )));
                }
                _ => table::of_object(&resource, &object, form, &look(head, now)?)?,
            };
            Ok(respond::answer(code, media, body))
        }
        Answer::Other { code, kind, object } => {
            if kind.kind == "Status" {
                head.trail.succeeded(&object);
            }
            Ok(respond::object(code, &kind, &object, form))
        }
        Answer::List(listing) => {
            let body = match form.shape {
                Shape::Object => render::list(listing, form)?,
                Shape::Partial(_) => {
                    let what = table::internal_name(&listing.resource, &listing.resource.list_kind);
                    return Err(error::no_such_shape(&format!(
                        "you requested PartialObjectMetadata, but the requested object is a list ({what})"
                    )));
                }
                _ => table::of_list(listing, form, &look(head, now)?)?,
            };
            Ok(respond::answer(200, media, body))
        }
        Answer::Watch(watching) => {
            let look = look(head, now)?;
            Ok(stream::start(service, *watching, form, look))
        }
    }
}

/// The answer's object as the audit log has it: what the client gets, as JSON in any case.
fn as_json(head: &Head, answer: &Answer, form: Form, now: Timestamp) -> Option<Vec<u8>> {
    let json = Form {
        shape: form.shape,
        ..Form::default()
    };
    let is_object = form.shape == Shape::Object;
    match answer {
        Answer::Object {
            resource, object, ..
        } if is_object => render::stored(resource, object, json).ok(),
        Answer::Object {
            resource, object, ..
        } => table::of_object(resource, object, json, &look(head, now).ok()?).ok(),
        Answer::Other { kind, object, .. } => Some(render::value(kind, object, Form::default())),
        Answer::List(listing) if is_object => {
            Some(render::list(listing.clone(), json).ok()?.into_bytes())
        }
        Answer::List(listing) => {
            let look = look(head, now).ok()?;
            Some(
                table::of_list(listing.clone(), json, &look)
                    .ok()?
                    .into_bytes(),
            )
        }
        Answer::Watch(_) => None,
    }
}

/// What Tables are to hold.
fn look(head: &Head, now: Timestamp) -> Result<Look, Status> {
    let include =
        IncludeObject::parse(head.query.text("includeObject")).map_err(Status::bad_request);
    match include {
        Ok(include) => Ok(Look { include, now }),
        // Only who asks for a Table can ask for it wrongly.
        Err(_) if !head.wants_table() => Ok(Look {
            include: IncludeObject::Metadata,
            now,
        }),
        Err(status) => Err(status),
    }
}
