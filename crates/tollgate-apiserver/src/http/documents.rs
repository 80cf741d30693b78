//! Documents at fixed paths: discovery, the version, metrics, the keys of tokens.

use super::body::{self, AnswerBody};
use super::negotiate::Offer;
use super::respond::{self, HttpAnswer};
use super::service::{Head, Service};
use crate::auth::token::discovery as tokens;
use crate::discovery::aggregated::{self, Root};
use crate::discovery::legacy;
use crate::error;
use crate::resources::Catalog;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, ETAG, HeaderValue, VARY};
use hyper::{Method, StatusCode};
use tollgate_api::{GroupVersionKind, Object, Status, Value};

/// The media type of an aggregated discovery document.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers with the document under the path.
pub(super) async fn answer(
    service: &Service,
    head: &Head,
    body: Incoming,
) -> Result<HttpAnswer, Status> {
    let Some(known) = document(service, head) else {
        return Ok(respond::page_not_found());
    };
    if !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        // The body is read, so that the connection can go on.
        let _ = body::read(body).await;
        return Err(error::method_not_allowed());
    }
    known
}

/// Documents at fixed paths; none if there is nothing.
fn document(service: &Service, head: &Head) -> Option<Result<HttpAnswer, Status>> {
    let catalog = service.api.catalog.load();
    let parts: Vec<&str> = head.info.path.trim_matches('/').split('/').collect();
    let v1 = |kind: &str| GroupVersionKind::new("v1", kind);
    let (kind, object) = match parts.as_slice() {
        [""] => return Some(paths(service, head)),
        ["version"] => (v1("Info"), version(service.api.release)),
        ["metrics"] => {
            let media = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
            let text = service.metrics.text().into_bytes();
            return Some(Ok(respond::answer(200, media, text)));
        }
        ["api"] if wants_all(head) => return Some(Ok(all(&catalog, Root::Core, head))),
        ["apis"] if wants_all(head) => return Some(Ok(all(&catalog, Root::Named, head))),
        ["api"] => (
            v1("APIVersions"),
            legacy::core_versions(&catalog, &service.address),
        ),
        [".well-known", "openid-configuration"] => return openid_configuration(service),
        ["openid", "v1", "jwks"] => return Some(openid_keys(service, head)),
        ["apis"] => (v1("APIGroupList"), legacy::groups(&catalog)),
        ["api", version] => match catalog.version("", version) {
            Some(version) => (v1("APIResourceList"), legacy::resources("", version)),
            None => return Some(Err(error::no_such_resource())),
        },
        ["apis", group] => (v1("APIGroup"), legacy::group(catalog.group(group)?)),
        ["apis", group, version] => {
            let known = catalog.group(group)?;
            match known.versions.iter().find(|known| known.name == *version) {
                Some(version) => (v1("APIResourceList"), legacy::resources(group, version)),
                None => return Some(Err(error::no_such_resource())),
            }
        }
        _ => return None,
    };
    let form = match head.form(Offer::OBJECT) {
        Ok(form) => form,
        Err(status) => return Some(Err(status)),
    };
    Some(Ok(respond::object(200, &kind, &object, form)))
}

/// `/`: what else there is.
fn paths(service: &Service, head: &Head) -> Result<HttpAnswer, Status> {
    let catalog = service.api.catalog.load();
    let mut paths = vec!["/api".to_owned(), "/apis".to_owned(), "/apis/".to_owned()];
    for group in catalog.groups() {
        let root = if group.name.is_empty() {
            "/api".to_owned()
        } else {
            let root = format!("/apis/{}", group.name);
            paths.push(root.clone());
            root
        };
        let versions = group.versions.iter();
        paths.extend(versions.map(|version| format!("{root}/{}", version.name)));
    }
    for path in ["/healthz", "/livez", "/metrics", "/readyz", "/version"] {
        paths.push(path.to_owned());
    }
    paths.sort();
    let mut object = Object::new();
    object.insert("paths", paths);
    let form = head.form(Offer::OBJECT)?;
    let kind = GroupVersionKind::new("v1", "RootPaths");
    Ok(respond::object(200, &kind, &Value::Object(object), form))
}

/// Whether the first form that is asked for and that there is is the aggregated one.
fn wants_all(head: &Head) -> bool {
    let entries = head.accept.as_deref().unwrap_or_default().split(',');
    for entry in entries {
        let mut parts = entry.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let parameters: Vec<&str> = parts.filter(|part| !part.starts_with("q=")).collect();
        if media != "application/json" && media != "*/*" {
            continue;
        }
        if parameters.is_empty() {
            return false;
        }
        let wanted = ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"];
        if wanted.iter().all(|wanted| parameters.contains(wanted)) {
            return true;
        }
    }
    false
}

/// All groups, versions and resources of a root.
fn all(catalog: &Catalog, root: Root, head: &Head) -> HttpAnswer {
    let text = aggregated::document(catalog, root).to_string().into_bytes();
    let digest = ring::digest::digest(&ring::digest::SHA512, &text);
    let digest: String = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let tag = format!("\"{digest}\"");
    let is_known = head.if_none_match.as_deref() == Some(tag.as_str());
    let mut response = respond::answer(200, AGGREGATED, text);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = AnswerBody::Whole(None);
    }
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// How others verify this server's tokens.
fn openid_configuration(service: &Service) -> Option<Result<HttpAnswer, Status>> {
    let keys = format!("https://{}{}", service.address, tokens::KEYS_PATH);
    let text = tokens::configuration(&service.authenticator.service_accounts, &keys)?;
    let mut response = respond::answer(200, tokens::CONFIGURATION_TYPE, text.into_bytes());
    let cache = HeaderValue::from_static(tokens::CACHE_CONTROL);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    Some(Ok(response))
}

/// The keys with which they do.
fn openid_keys(service: &Service, head: &Head) -> Result<HttpAnswer, Status> {
    let accept = head.accept.as_deref().unwrap_or("*/*");
    let accepts = accept.split(',').any(|entry| {
        let media = entry.split(';').next().unwrap_or_default().trim();
        media == "*/*" || media == tokens::KEYS_TYPE
    });
    if !accepts {
        return Err(error::no_representation(tokens::KEYS_TYPE));
    }
    let text = tokens::keys(&service.authenticator.service_accounts);
    let mut response = respond::answer(200, tokens::KEYS_TYPE, text.into_bytes());
    let cache = HeaderValue::from_static(tokens::CACHE_CONTROL);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    Ok(response)
}

/// `/version`
fn version(release: tollgate_api::Release) -> Value {
    let minor = release.minor_number();
    let entries = [
        ("major", "1".to_owned()),
        ("minor", minor.to_string()),
        ("emulationMajor", "1".to_owned()),
        ("emulationMinor", minor.to_string()),
        ("minCompatibilityMajor", "1".to_owned()),
        ("minCompatibilityMinor", minor.saturating_sub(1).to_string()),
        ("gitVersion", format!("v1.{minor}.0+tollgate")),
        ("gitCommit", String::new()),
        ("gitTreeState", "clean".to_owned()),
        ("buildDate", "1970-01-01T00:00:00Z".to_owned()),
        ("goVersion", String::new()),
        ("compiler", "rustc".to_owned()),
        (
            "platform",
            format!("{}/{}", std::env::consts::OS, architecture()),
        ),
    ];
    entries.into_iter().collect()
}

/// Go's name of the processor.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
