//! The bodies of requests to resources: in which format they are, and their bytes.

use super::body::{self, REQUEST_BYTES_MAX, ReadError};
use super::head::Head;
use crate::error;
use crate::resources::Resource;
use crate::verbs::BodyFormat;
use bytes::Bytes;
use hyper::body::Incoming;
use tollgate_api::Status;

/// How a body is written; 415 for what nobody reads.
pub(super) fn body_format(head: &Head, resource: &Resource) -> Result<BodyFormat, Status> {
    format_of(head, !resource.is_custom())
}

/// How a body is written, if protobuf can be read or not.
pub(super) fn format_of(head: &Head, protobuf: bool) -> Result<BodyFormat, Status> {
    let media = media_type(head.content_type.as_deref().unwrap_or_default());
    match media.as_deref() {
        Some("" | "application/json") => Ok(BodyFormat::Json),
        Some("application/yaml") => Ok(BodyFormat::Yaml),
        Some("application/vnd.kubernetes.protobuf") if protobuf => Ok(BodyFormat::Protobuf),
        _ if protobuf => Err(error::unsupported_media_type(
            "application/json, application/yaml, application/vnd.kubernetes.protobuf",
        )),
        _ => Err(error::unsupported_media_type(
            "application/json, application/yaml",
        )),
    }
}

/// The media type of a header, in small letters; none if its parameters are none (`mime.ParseMediaType`).
fn media_type(header: &str) -> Option<String> {
    let mut parts = header.split(';');
    let media = parts.next()?.trim().to_ascii_lowercase();
    let mut parameters: Vec<&str> = parts.map(str::trim).collect();
    // One semicolon may stand at the end.
    if parameters.last() == Some(&"") {
        parameters.pop();
    }
    let fits = |parameter: &&str| {
        let pair = parameter.split_once('=');
        pair.is_some_and(|(name, value)| !name.is_empty() && !value.is_empty())
    };
    parameters.iter().all(fits).then_some(media)
}

/// The whole body.
pub(super) async fn read(body: Incoming) -> Result<Bytes, Status> {
    body::read(body).await.map_err(|error| match error {
        ReadError::TooLarge => error::too_large(&format!("limit is {REQUEST_BYTES_MAX}")),
        ReadError::Broken => Status::bad_request("the body of the request cannot be read"),
    })
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn media_types_are_read_as_go_reads_them() {
        for (header, media) in [
            ("", Some("")),
            ("application/json", Some("application/json")),
            ("APPLICATION/JSON;charset=UTF-8", Some("application/json")),
            ("application/json;", Some("application/json")),
            ("application/json; foo", None),
            ("application/json;=x", None),
        ] {
            assert_eq!(media_type(header).as_deref(), media, "{header}");
        }
    }
}
