//! Documents at fixed paths: discovery, the version, metrics, the keys of tokens.

use super::body;
use super::head::Head;
use super::metrics;
use super::negotiate::{Form, Offer};
use super::render;
use super::respond::{self, HttpAnswer};
use super::roots;
use super::service::Service;
use crate::discovery::legacy;
use crate::error;
use hyper::Method;
use hyper::body::Incoming;
use tollgate_api::{GroupVersionKind, Object, Status, Value};

/// Answers with the document under the path.
pub(super) async fn answer(
    service: &Service,
    head: &Head,
    body: Incoming,
) -> Result<HttpAnswer, Status> {
    let known = if head.info.path.trim_matches('/') == "metrics" {
        Some(metrics::page(service).await)
    } else {
        document(service, head)
    };
    let Some(known) = known else {
        return Ok(respond::page_not_found());
    };
    // Upstream's handlers of the list of groups and of one group look at no method.
    let path = head.info.path.trim_matches('/');
    let any_method = path.starts_with("apis") && path.split('/').count() <= 2;
    if head.method != Method::GET && !any_method {
        // The body is read, so that the connection can go on.
        let _ = body::read(body).await;
        return Err(error::method_not_allowed());
    }
    known
}

/// Documents at fixed paths; none if there is nothing.
fn document(service: &Service, head: &Head) -> Option<Result<HttpAnswer, Status>> {
    let catalog = service.api.catalog.load();
    let announced = service.documents.announced(&catalog);
    let parts: Vec<&str> = head.info.path.trim_matches('/').split('/').collect();
    let v1 = |kind: &str| GroupVersionKind::new("v1", kind);
    let (kind, object) = match parts.as_slice() {
        [""] => return Some(paths(service, head)),
        ["version"] => (v1("Info"), version(service.api.release)),
        ["api"] => (
            v1("APIVersions"),
            legacy::core_versions(&catalog, &service.address),
        ),
        [".well-known", "openid-configuration"] => return roots::configuration(service, head),
        ["openid", "v1", "jwks"] => return Some(roots::keys(service, head)),
        ["apis"] => (v1("APIGroupList"), legacy::groups(&announced)),
        ["api", version] => match catalog.version("", version) {
            Some(version) => (v1("APIResourceList"), legacy::resources("", version)),
            None => return Some(Err(error::no_such_resource())),
        },
        ["apis", group] => (v1("APIGroup"), legacy::group(announced.group(group)?)),
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
    head.trail
        .response_object(|| Some(render::value(&kind, &object, Form::default())));
    Some(Ok(respond::object(200, &kind, &object, form)))
}

/// `/`: what else there is.
fn paths(service: &Service, head: &Head) -> Result<HttpAnswer, Status> {
    let announced = service.documents.announced(&service.api.catalog.load());
    let mut object = Object::new();
    object.insert("paths", roots::paths(&announced));
    let form = head.form(Offer::OBJECT)?;
    let kind = GroupVersionKind::new("v1", "RootPaths");
    Ok(respond::object(200, &kind, &Value::Object(object), form))
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
