//! What stands at fixed paths beside the API: the list of all paths, and how others verify this server's tokens.

use super::head::Head;
use super::negotiate;
use super::respond::{self, HttpAnswer};
use super::service::Service;
use crate::auth::token::discovery;
use crate::error;
use crate::health::Root;
use crate::resources::Catalog;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use tollgate_api::Status;

const OTHERS: [&str; 10] = [
    discovery::CONFIGURATION_PATH,
    discovery::KEYS_PATH,
    "/api",
    "/apis",
    "/apis/",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/",
    "/version",
];

/// `/`: what else there is.
pub(super) fn paths(catalog: &Catalog) -> Vec<String> {
    let mut paths: Vec<String> = OTHERS.map(str::to_owned).to_vec();
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
    for root in Root::ALL {
        let (name, checks) = (root.as_str(), root.checks());
        paths.push(format!("/{name}"));
        paths.extend(checks.map(|check| format!("/{name}/{check}")));
    }
    paths.sort();
    paths
}

/// The configuration for those who verify tokens; none if the issuer's name is no address.
pub(super) fn configuration(service: &Service, head: &Head) -> Option<Result<HttpAnswer, Status>> {
    let address = format!("https://{}{}", service.address, discovery::KEYS_PATH);
    let verifier = &service.authenticator.service_accounts;
    let text = discovery::configuration(verifier, &address)?;
    Some(public(head, discovery::CONFIGURATION_TYPE, text))
}

/// The keys with which tokens are verified.
pub(super) fn keys(service: &Service, head: &Head) -> Result<HttpAnswer, Status> {
    let text = discovery::keys(&service.authenticator.service_accounts);
    public(head, discovery::KEYS_TYPE, text)
}

fn public(head: &Head, media: &'static str, text: String) -> Result<HttpAnswer, Status> {
    if negotiate::first_of(head.accept.as_deref(), &[media]).is_none() {
        return Err(error::no_representation(media));
    }
    let mut answer = respond::answer(200, media, text.into_bytes());
    let kept = HeaderValue::from_static(discovery::CACHE_CONTROL);
    answer.headers_mut().insert(CACHE_CONTROL, kept);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{built_in, unpack};
    use std::collections::BTreeSet;
    use tollgate_objects::schema::discovery::PACKED_1_36;

    /// Parts of kube-apiserver that nothing here is like.
    const NOBODYS: [&str; 3] = [
        "peer-endpoint-reconciler-controller",
        "start-kube-apiserver-identity-lease-garbage-collector",
        "storage-object-count-tracker-hook",
    ];

    #[test]
    fn the_paths_are_those_of_a_real_server() {
        let recorded = unpack(PACKED_1_36).unwrap();
        let recorded = recorded.at(&["nonResource", "/"]).unwrap();
        let recorded = recorded
            .items("paths")
            .iter()
            .filter_map(|path| path.as_str());
        let is_health = |path: &str| {
            Root::ALL
                .iter()
                .any(|root| path.trim_start_matches('/').starts_with(root.as_str()))
        };
        let is_nobodys = |path: &str| {
            NOBODYS
                .iter()
                .any(|name| path.ends_with(&format!("/{name}")))
        };
        let is_ours = |path: &&str| {
            path.starts_with("/api")
                || OTHERS.contains(path)
                || is_health(path) && !is_nobodys(path)
        };
        let expected: BTreeSet<&str> = recorded.filter(is_ours).collect();
        let paths = paths(&built_in().unwrap());
        let mut got: BTreeSet<&str> = paths.iter().map(String::as_str).filter(is_ours).collect();
        assert!(
            got.remove("/apis/policy/v1beta1"),
            "served by this server alone"
        );
        assert_eq!(got, expected);
    }
}
