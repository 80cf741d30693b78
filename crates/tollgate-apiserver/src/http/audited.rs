//! What the audit log is told of a request before anybody looks at what it wants.

use super::identity::Peer;
use super::query::Query;
use crate::audit::Received;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, USER_AGENT};
use hyper::{Uri, http};
use std::net::IpAddr;
use tollgate_api::Timestamp;

/// The header that tells a request from all others, in both directions.
pub(super) const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The head of a request as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'r> {
    pub(super) headers: &'r HeaderMap,
    pub(super) uri: &'r Uri,
    pub(super) peer: &'r Peer,
    /// What tells it from all others.
    pub(super) id: &'r str,
    /// When it came.
    pub(super) at: Timestamp,
}

impl Incoming<'_> {
    /// What the audit log is told of it.
    pub(super) fn received(&self) -> Received {
        let target = self.uri.path_and_query();
        Received {
            id: self.id.to_owned(),
            uri: target
                .map_or("/", http::uri::PathAndQuery::as_str)
                .to_owned(),
            source_ips: source_ips(self.headers, self.peer.address),
            user_agent: text(self.headers, USER_AGENT).to_owned(),
            at: self.at,
            user: None,
        }
    }

    /// With what somebody tried to say who they are.
    pub(super) fn failed_authentication(&self, query: &Query) -> String {
        let authorization = text(self.headers, AUTHORIZATION).trim();
        let (scheme, secret) = authorization.split_once(' ').unwrap_or((authorization, ""));
        let mut methods = Vec::new();
        if scheme.eq_ignore_ascii_case("basic") && !secret.is_empty() {
            methods.push("basic");
        }
        if scheme.eq_ignore_ascii_case("bearer") && authorization.contains(' ') {
            methods.push("bearer");
        }
        if !query.text("access_token").trim().is_empty() {
            methods.push("access_token");
        }
        if self.peer.shows_certificate {
            methods.push("x509");
        }
        if methods.is_empty() {
            return "Authentication failed, no credentials provided".to_owned();
        }
        format!("Authentication failed, attempted: {}", methods.join(", "))
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The addresses from which a request came: what proxies say, which anybody can make up, and then the other end of
/// the connection, which nobody can.
fn source_ips(headers: &HeaderMap, peer: Option<IpAddr>) -> Vec<String> {
    let forwarded = text(headers, FORWARDED_FOR).split(',');
    let mut addresses: Vec<IpAddr> = forwarded
        .filter_map(|part| part.trim().parse().ok())
        .collect();
    let real: Option<IpAddr> = text(headers, REAL_IP).parse().ok();
    addresses.extend(real.filter(|real| !addresses.contains(real)));
    addresses.extend(peer.filter(|peer| addresses.last() != Some(peer)));
    addresses.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn sources(headers: &[(HeaderName, &'static str)], peer: &str) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.clone(), HeaderValue::from_static(value));
        }
        source_ips(&map, peer.parse().ok()).join(" ")
    }

    #[test]
    fn proxies_come_before_the_other_end_of_the_connection() {
        assert_eq!(sources(&[], "10.0.0.1"), "10.0.0.1");
        let forwarded = (FORWARDED_FOR, "1.1.1.1, nonsense ,2.2.2.2");
        assert_eq!(
            sources(&[forwarded.clone(), (REAL_IP, "3.3.3.3")], "10.0.0.1"),
            "1.1.1.1 2.2.2.2 3.3.3.3 10.0.0.1"
        );
        assert_eq!(
            sources(&[forwarded, (REAL_IP, "1.1.1.1")], "2.2.2.2"),
            "1.1.1.1 2.2.2.2"
        );
        assert_eq!(sources(&[(REAL_IP, "::1")], "::1"), "::1");
    }
}
