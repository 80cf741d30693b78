//! What a signer of Kubernetes' own signs, and for how long.
//!
//! Upstream: `pkg/controller/certificates/signer/signer.go`, `pkg/apis/certificates/helpers.go`

use std::collections::BTreeSet;
use std::time::Duration;
use tollgate_api::Timestamp;
use tollgate_api::certificate_authority::CertificateRequest;

pub(super) const KUBE_APISERVER_CLIENT_KUBELET: &str =
    "kubernetes.io/kube-apiserver-client-kubelet";
const KUBE_APISERVER_CLIENT: &str = "kubernetes.io/kube-apiserver-client";
const KUBELET_SERVING: &str = "kubernetes.io/kubelet-serving";
const LEGACY_UNKNOWN: &str = "kubernetes.io/legacy-unknown";

const NODES: &str = "system:nodes";
const NODE: &str = "system:node:";

/// A certificate counts from this long ago on: clocks differ.
const BACKDATE_SECONDS: i64 = 5 * 60;
/// Those that count for less time do not count for less because of that.
const SHORT_SECONDS: i64 = 8 * 3600;
/// None counts for less.
const SHORTEST_SECONDS: i64 = 10 * 60;

/// A signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    ApiServerClient,
    KubeletClient,
    KubeletServing,
    LegacyUnknown,
}

impl Signer {
    /// The signer of that name, if it is one of these.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            KUBE_APISERVER_CLIENT => Self::ApiServerClient,
            KUBE_APISERVER_CLIENT_KUBELET => Self::KubeletClient,
            KUBELET_SERVING => Self::KubeletServing,
            LEGACY_UNKNOWN => Self::LegacyUnknown,
            _ => return None,
        })
    }

    /// What it has against a request, in upstream's words.
    pub(super) fn objection(self, asked: &CertificateRequest, usages: &[&str]) -> Option<String> {
        let checked = match self {
            Self::ApiServerClient => api_server_client(usages),
            Self::KubeletClient => kubelet_client(asked, usages),
            Self::KubeletServing => kubelet_serving(asked, usages),
            Self::LegacyUnknown => Ok(()),
        };
        checked.err()
    }
}

fn api_server_client(usages: &[&str]) -> Result<(), String> {
    for usage in usages {
        if !matches!(
            *usage,
            "digital signature" | "key encipherment" | "client auth"
        ) {
            return Err(format!("invalid usage for client certificate: {usage}"));
        }
    }
    if usages.contains(&"client auth") {
        Ok(())
    } else {
        Err("missing required usage for client certificate: client auth".to_owned())
    }
}

/// A client certificate of a node: for nothing else, under no other name.
pub(super) fn kubelet_client(asked: &CertificateRequest, usages: &[&str]) -> Result<(), String> {
    is_of_nodes(asked)?;
    let unwanted = [
        (asked.dns_names.is_empty(), "DNS"),
        (asked.emails.is_empty(), "Email"),
        (asked.addresses.is_empty(), "IP"),
        (asked.uris.is_empty(), "URI"),
    ];
    for (is_empty, kind) in unwanted {
        not_allowed(is_empty, kind)?;
    }
    is_of_a_node(asked)?;
    match_usages(usages, "client auth")
}

/// A certificate with which a node serves.
fn kubelet_serving(asked: &CertificateRequest, usages: &[&str]) -> Result<(), String> {
    is_of_nodes(asked)?;
    if asked.dns_names.is_empty() && asked.addresses.is_empty() {
        return Err("DNS or IP subjectAltName is required".to_owned());
    }
    not_allowed(asked.emails.is_empty(), "Email")?;
    not_allowed(asked.uris.is_empty(), "URI")?;
    match_usages(usages, "server auth")?;
    is_of_a_node(asked)
}

fn is_of_nodes(asked: &CertificateRequest) -> Result<(), String> {
    if asked.organizations == [NODES] {
        Ok(())
    } else {
        Err(format!("subject organization is not {NODES}"))
    }
}

fn is_of_a_node(asked: &CertificateRequest) -> Result<(), String> {
    if asked.common_name.starts_with(NODE) {
        Ok(())
    } else {
        Err(format!("subject common name does not begin with {NODE}"))
    }
}

fn not_allowed(is_empty: bool, kind: &str) -> Result<(), String> {
    if is_empty {
        Ok(())
    } else {
        Err(format!("{kind} subjectAltNames are not allowed"))
    }
}

/// A key that signs only needs no encipherment.
fn match_usages(usages: &[&str], purpose: &str) -> Result<(), String> {
    let given: BTreeSet<&str> = usages.iter().copied().collect();
    let all = BTreeSet::from(["digital signature", "key encipherment", purpose]);
    let without = BTreeSet::from(["digital signature", purpose]);
    if given == all || given == without {
        return Ok(());
    }
    let listed: Vec<&str> = all.into_iter().collect();
    Err(format!("usages did not match [{}]", listed.join(" ")))
}

/// From when until when a certificate counts: for as long as is asked for, but not longer than the signer may and not
/// longer than the authority itself.
pub(super) fn validity(
    asked_seconds: Option<i64>,
    longest: Duration,
    authority_ends: Timestamp,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), String> {
    let longest = i64::try_from(longest.as_secs()).unwrap_or(i64::MAX);
    let seconds = match asked_seconds {
        Some(asked) if asked <= longest => asked.max(SHORTEST_SECONDS),
        _ => longest,
    };
    let now = Timestamp::from_unix_seconds(now.unix_seconds());
    let from = now.saturating_add_seconds(-BACKDATE_SECONDS);
    let until = if seconds < SHORT_SECONDS {
        now.saturating_add_seconds(seconds)
    } else {
        from.saturating_add_seconds(seconds)
    };
    if from >= authority_ends {
        return Err(format!("the signer has expired: NotAfter={authority_ends}"));
    }
    if now >= authority_ends {
        return Err(format!(
            "refusing to sign a certificate that expired in the past: NotAfter={authority_ends}"
        ));
    }
    Ok((from, until.min(authority_ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: [&str; 3] = ["digital signature", "key encipherment", "client auth"];
    const SERVER: [&str; 2] = ["server auth", "digital signature"];

    fn node() -> CertificateRequest {
        CertificateRequest {
            common_name: "system:node:n1".to_owned(),
            organizations: vec!["system:nodes".to_owned()],
            ..CertificateRequest::default()
        }
    }

    fn with(change: impl FnOnce(&mut CertificateRequest)) -> CertificateRequest {
        let mut asked = node();
        change(&mut asked);
        asked
    }

    #[track_caller]
    fn check(signer: &str, asked: &CertificateRequest, usages: &[&str], expected: &str) {
        let signer = Signer::named(signer).unwrap();
        let objection = signer.objection(asked, usages).unwrap_or_default();
        assert_eq!(objection, expected);
    }

    #[test]
    fn clients_of_the_server_are_clients() {
        let check = |usages: &[&str], expected: &str| {
            check(
                KUBE_APISERVER_CLIENT,
                &CertificateRequest::default(),
                usages,
                expected,
            );
        };
        check(&CLIENT, "");
        check(&["client auth"], "");
        check(
            &["server auth", "client auth"],
            "invalid usage for client certificate: server auth",
        );
        check(
            &["digital signature"],
            "missing required usage for client certificate: client auth",
        );
    }

    #[test]
    fn a_node_is_a_client_under_its_own_name_alone() {
        let check = |asked: &CertificateRequest, usages: &[&str], expected: &str| {
            check(KUBE_APISERVER_CLIENT_KUBELET, asked, usages, expected);
        };
        check(&node(), &CLIENT, "");
        check(&node(), &["client auth", "digital signature"], "");
        let words = "usages did not match [client auth digital signature key encipherment]";
        check(&node(), &["client auth"], words);
        check(&node(), &SERVER, words);
        let groups = "subject organization is not system:nodes";
        check(
            &with(|asked| asked.organizations.push("x".to_owned())),
            &CLIENT,
            groups,
        );
        check(&with(|asked| asked.organizations.clear()), &CLIENT, groups);
        let other = with(|asked| asked.common_name = "jane".to_owned());
        check(
            &other,
            &CLIENT,
            "subject common name does not begin with system:node:",
        );
        for (asked, kind) in [
            (with(|asked| asked.dns_names.push("a".to_owned())), "DNS"),
            (with(|asked| asked.emails.push("a".to_owned())), "Email"),
            (with(|asked| asked.addresses.push(vec![1; 4])), "IP"),
            (with(|asked| asked.uris.push("a".to_owned())), "URI"),
        ] {
            check(
                &asked,
                &CLIENT,
                &format!("{kind} subjectAltNames are not allowed"),
            );
        }
    }

    #[test]
    fn a_node_serves_under_a_name_of_a_host_or_an_address() {
        let check = |asked: &CertificateRequest, usages: &[&str], expected: &str| {
            check(KUBELET_SERVING, asked, usages, expected);
        };
        check(&node(), &SERVER, "DNS or IP subjectAltName is required");
        let host = with(|asked| asked.dns_names.push("n1".to_owned()));
        check(&host, &SERVER, "");
        check(&with(|asked| asked.addresses.push(vec![1; 4])), &SERVER, "");
        let words = "usages did not match [digital signature key encipherment server auth]";
        check(&host, &CLIENT, words);
        let mut mail = host.clone();
        mail.emails.push("a".to_owned());
        check(&mail, &SERVER, "Email subjectAltNames are not allowed");
        let mut other = host;
        other.common_name = "n1".to_owned();
        check(
            &other,
            &SERVER,
            "subject common name does not begin with system:node:",
        );
    }

    #[test]
    fn others_sign_for_themselves_and_the_old_one_signs_anything() {
        assert_eq!(Signer::named("example.com/a"), None);
        assert_eq!(Signer::named("kubernetes.io/other"), None);
        check(LEGACY_UNKNOWN, &CertificateRequest::default(), &["any"], "");
    }

    #[test]
    fn certificates_count_from_five_minutes_ago_and_not_for_too_long() {
        let now = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
        let year = Duration::from_hours(8760);
        let ends = now.saturating_add_seconds(10 * 365 * 86_400);
        let check = |asked, longest, from: &str, until: &str| {
            let (first, last) = validity(asked, longest, ends, now).unwrap();
            assert_eq!(
                (first.to_string(), last.to_string()),
                (from.to_owned(), until.to_owned())
            );
        };
        let from = "2026-01-15T11:55:00Z";
        check(None, year, from, "2027-01-15T11:55:00Z");
        check(Some(i64::MAX), year, from, "2027-01-15T11:55:00Z");
        check(Some(3600), year, from, "2026-01-15T13:00:00Z");
        check(Some(8 * 3600), year, from, "2026-01-15T19:55:00Z");
        check(Some(1), year, from, "2026-01-15T12:10:00Z");
        check(
            Some(3600),
            Duration::from_mins(30),
            from,
            "2026-01-15T12:30:00Z",
        );
        let soon = now.saturating_add_seconds(60);
        assert_eq!(validity(None, year, soon, now).unwrap().1, soon);
        let error = validity(None, year, now, now).unwrap_err();
        assert!(error.starts_with("refusing to sign"), "{error}");
        let past = now.saturating_add_seconds(-600);
        let error = validity(None, year, past, now).unwrap_err();
        assert_eq!(
            error,
            "the signer has expired: NotAfter=2026-01-15T11:50:00Z"
        );
    }
}
