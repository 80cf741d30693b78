//! `/openapi` and the aggregated form of `/api` and `/apis`: documents that are made once and sent as they are.

use super::body::AnswerBody;
use super::head::Head;
use super::negotiate;
use super::respond::HttpAnswer;
use super::service::Service;
use crate::discovery::aggregated::{GROUP, KIND, Root, VERSION};
use crate::discovery::openapi::{self, DocumentError};
use crate::discovery::{Document, Documents, Protocol};
use crate::resources::Catalog;
use bytes::Bytes;
use flate2::read::GzDecoder;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, VARY,
};
use hyper::{Response, StatusCode};
use std::io::Read as _;
use std::sync::Arc;
use tollgate_api::Status;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const PROTOBUF_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/// What `/openapi/v2` can be had as; old clients write an `@`, which is no media type, and get the right one back.
const OFFERED_V2: [(&str, Protocol); 3] = [
    ("application/json", Protocol::Json),
    (
        "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
        Protocol::Protobuf,
    ),
    (PROTOBUF_V2, Protocol::Protobuf),
];
/// How much of an unpacked document is sent at once.
const PIECE_BYTES: usize = 32 * 1024;

/// Answers a request for such a document; none if the path or the accepted form is another.
pub(super) async fn find(service: &Service, head: &Head) -> Option<Result<HttpAnswer, Status>> {
    let path = head.info.path.trim_matches('/');
    let root = match path {
        "api" => Some(Root::Core),
        "apis" => Some(Root::Named),
        _ => None,
    };
    let catalog = service.api.catalog.load();
    if let Some(root) = root {
        let wanted = [("as", KIND), ("g", GROUP), ("v", VERSION)];
        if !negotiate::prefers_json_with(head.accept.as_deref(), &wanted) {
            return None;
        }
        let document = service.documents.aggregated(&catalog, root);
        let mut answer = sent(head, &document, AGGREGATED);
        set(&mut answer, CACHE_CONTROL, "public");
        return Some(Ok(answer));
    }
    match path {
        "openapi/v2" => Some(v2(service, head, catalog).await),
        "openapi/v3" => Some(index(service, catalog).await.map(|document| {
            // As Go's server guesses it.
            sent(head, &document, "text/plain; charset=utf-8")
        })),
        _ => {
            let path = path.strip_prefix("openapi/v3/")?;
            Some(v3(service, head, catalog, path.to_owned()).await)
        }
    }
}

/// Makes a document away from the threads that answer requests.
async fn made<T: Send + 'static>(
    service: &Service,
    make: impl FnOnce(&Documents) -> Result<T, DocumentError> + Send + 'static,
) -> Result<T, Status> {
    let documents = Arc::clone(&service.documents);
    match tokio::task::spawn_blocking(move || make(&documents)).await {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(Status::internal(error)),
        Err(_) => Err(Status::internal("the document was not made")),
    }
}

async fn index(service: &Service, catalog: Arc<Catalog>) -> Result<Document, Status> {
    made(service, move |documents| {
        documents.openapi_v3_index(&catalog)
    })
    .await
}

async fn v2(service: &Service, head: &Head, catalog: Arc<Catalog>) -> Result<HttpAnswer, Status> {
    let offered: Vec<&str> = OFFERED_V2.iter().map(|(media, _)| *media).collect();
    let chosen = negotiate::first_of(head.accept.as_deref(), &offered);
    let Some((_, protocol)) = chosen.and_then(|place| OFFERED_V2.get(place)) else {
        return Ok(empty(StatusCode::NOT_ACCEPTABLE));
    };
    let (protocol, media) = match protocol {
        Protocol::Json => (Protocol::Json, "application/json"),
        Protocol::Protobuf => (Protocol::Protobuf, PROTOBUF_V2),
    };
    let make = move |documents: &Documents| documents.openapi_v2(&catalog, protocol);
    let document = made(service, make).await?;
    Ok(sent(head, &document, media))
}

async fn v3(
    service: &Service,
    head: &Head,
    catalog: Arc<Catalog>,
    path: String,
) -> Result<HttpAnswer, Status> {
    if negotiate::first_of(head.accept.as_deref(), &["application/json"]).is_none() {
        return Ok(empty(StatusCode::NOT_ACCEPTABLE));
    }
    let wanted = path.clone();
    let make = move |documents: &Documents| documents.openapi_v3(&catalog, &wanted);
    let Some(document) = made(service, make).await? else {
        return Ok(empty(StatusCode::NOT_FOUND));
    };
    let Some(hash) = head.query.first("hash").filter(|hash| !hash.is_empty()) else {
        return Ok(sent(head, &document, "application/json"));
    };
    if hash != &*document.etag {
        let mut answer = empty(StatusCode::MOVED_PERMANENTLY);
        let address = openapi::v3_address(&path, &document.etag);
        set(&mut answer, LOCATION, &address);
        return Ok(answer);
    }
    let mut answer = sent(head, &document, "application/json");
    // Another document has another address: this one is good for a year.
    set(
        &mut answer,
        CACHE_CONTROL,
        "public, immutable, max-age=31536000",
    );
    Ok(answer)
}

fn empty(code: StatusCode) -> HttpAnswer {
    let mut answer = Response::new(AnswerBody::Whole(None));
    *answer.status_mut() = code;
    set(&mut answer, CACHE_CONTROL, "no-cache, private");
    answer
}

fn set(answer: &mut HttpAnswer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// A document, or that the client has it already.
fn sent(head: &Head, document: &Document, media: &str) -> HttpAnswer {
    let known = head.if_none_match.as_deref().unwrap_or_default();
    sent_unless_known(known, head.accepts_gzip, document, media)
}

fn sent_unless_known(
    known: &str,
    accepts_gzip: bool,
    document: &Document,
    media: &str,
) -> HttpAnswer {
    let etag = format!("\"{}\"", document.etag);
    let mut answer = empty(StatusCode::OK);
    set(&mut answer, VARY, "Accept");
    set(&mut answer, ETAG, &etag);
    if document.is_gzip {
        set(&mut answer, VARY, "Accept, Accept-Encoding");
    }
    let mut known = known
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"));
    if known.any(|tag| tag == "*" || tag == etag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    set(&mut answer, CONTENT_TYPE, media);
    *answer.body_mut() = match (document.is_gzip, accepts_gzip) {
        (true, true) => {
            set(&mut answer, CONTENT_ENCODING, "gzip");
            document.body.clone().into()
        }
        (true, false) => unpacked(document.body.clone()),
        (false, _) => document.body.clone().into(),
    };
    answer
}

/// Unpacks a document while it is sent.
fn unpacked(body: Bytes) -> AnswerBody {
    let mut decoder = GzDecoder::new(std::io::Cursor::new(body));
    AnswerBody::Pieces(Box::new(std::iter::from_fn(move || {
        let mut piece = vec![0; PIECE_BYTES];
        match decoder.read(&mut piece) {
            Ok(0) | Err(_) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Bytes::from(piece))
            }
        }
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in;
    use http_body_util::BodyExt as _;
    use tollgate_api::Release;

    fn document() -> Document {
        let catalog = built_in().unwrap();
        openapi::v3_document(&catalog, Release::minor(36), "version")
            .unwrap()
            .unwrap()
    }

    async fn body(answer: HttpAnswer) -> Vec<u8> {
        answer
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec()
    }

    #[test]
    fn a_client_that_has_a_document_is_not_sent_it_again() {
        let document = document();
        let etag = format!("\"{}\"", document.etag);
        let code = |known: &str| {
            let answer = sent_unless_known(known, true, &document, "application/json");
            assert_eq!(answer.headers().get(ETAG).unwrap(), etag.as_str());
            answer.status().as_u16()
        };
        assert_eq!(code(""), 200);
        assert_eq!(code("\"nope\""), 200);
        assert_eq!(code(&etag), 304);
        assert_eq!(code(&format!("\"nope\", W/{etag}")), 304);
    }

    #[tokio::test]
    async fn a_document_is_unpacked_for_clients_that_do_not_take_gzip() {
        let document = document();
        let packed = sent_unless_known("", true, &document, "application/json");
        assert_eq!(packed.headers().get(CONTENT_ENCODING).unwrap(), "gzip");
        let plain = sent_unless_known("", false, &document, "application/json");
        assert!(plain.headers().get(CONTENT_ENCODING).is_none());
        let packed = body(packed).await;
        let mut text = Vec::new();
        GzDecoder::new(&*packed).read_to_end(&mut text).unwrap();
        assert_eq!(body(plain).await, text);
        assert!(text.starts_with(b"{\"openapi\":\"3.0.0\""));
    }
}
