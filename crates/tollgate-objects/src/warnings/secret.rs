//! Secrets of the type `kubernetes.io/tls`: what they hold should be a certificate and its key (`tls.X509KeyPair`).
//!
//! What stands between the lines of PEM is not looked at.

use super::Subject;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::go_format::quote;

const CERTIFICATE: &str = "CERTIFICATE";
const KEY: &str = "PRIVATE KEY";

/// Warns of texts in which there is no certificate, or no key.
pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    if subject.object.str_or_empty("type") != "kubernetes.io/tls" {
        return;
    }
    let text = |key: &str| {
        let encoded = subject.object.at(&["data", key]).and_then(|it| it.as_str());
        let decoded = STANDARD.decode(encoded.unwrap_or_default());
        String::from_utf8_lossy(&decoded.unwrap_or_default()).into_owned()
    };
    let wrong = certificate_problem(&text("tls.crt")).or_else(|| key_problem(&text("tls.key")));
    warnings.extend(wrong);
}

fn certificate_problem(text: &str) -> Option<String> {
    let labels = labels(text);
    if labels.contains(&CERTIFICATE) {
        return None;
    }
    Some(match labels.as_slice() {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [only] if only.ends_with(KEY) => "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".to_owned(),
        others => format!(
            "tls: failed to find {} PEM block in certificate input after skipping PEM blocks of the following types: [{}]",
            quote(CERTIFICATE),
            others.join(" ")
        ),
    })
}

fn key_problem(text: &str) -> Option<String> {
    let labels = labels(text);
    if labels.iter().any(|label| label.ends_with(KEY)) {
        return None;
    }
    Some(match labels.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [CERTIFICATE] => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        others => format!(
            "tls: failed to find PEM block with type ending in {} in key input after skipping PEM blocks of the following types: [{}]",
            quote(KEY),
            others.join(" ")
        ),
    })
}

/// What the blocks of a PEM text say that they are: those that begin and end on lines of their own and are base64.
fn labels(text: &str) -> Vec<&str> {
    let mut labels = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines().map(str::trim_end) {
        if let Some(label) = marker(line, "-----BEGIN ") {
            open = Some((label, String::new()));
        } else if let Some(label) = marker(line, "-----END ") {
            let block = open.take();
            labels.extend(
                block
                    .filter(|(begun, body)| {
                        *begun == label && STANDARD.decode(body.as_str()).is_ok()
                    })
                    .map(|(label, _)| label),
            );
        } else if let Some((_, body)) = &mut open {
            // Headers have a colon, base64 has none.
            if !line.contains(':') {
                body.push_str(line);
            }
        }
    }
    labels
}

fn marker<'l>(line: &'l str, begin: &str) -> Option<&'l str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str) -> String {
        format!("junk\n-----BEGIN {label}-----\nAAAA\nAAAA\n-----END {label}-----\n")
    }

    #[test]
    fn a_certificate_is_looked_for_among_what_pem_says_of_itself() {
        let problem = |text: &str| certificate_problem(text).unwrap_or_default();
        assert_eq!(problem(&block("CERTIFICATE")), "");
        assert_eq!(
            problem(&format!(
                "{}{}",
                block("RSA PRIVATE KEY"),
                block("CERTIFICATE")
            )),
            ""
        );
        for nothing in [
            "",
            "x",
            "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----",
        ] {
            assert_eq!(
                problem(nothing),
                "tls: failed to find any PEM data in certificate input"
            );
        }
        assert_eq!(
            problem(&block("EC PRIVATE KEY")),
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
        );
        assert_eq!(
            problem(&block("FOO")),
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [FOO]"
        );
    }

    #[test]
    fn so_is_a_key() {
        let problem = |text: &str| key_problem(text).unwrap_or_default();
        assert_eq!(problem(&block("EC PRIVATE KEY")), "");
        assert_eq!(
            problem("x"),
            "tls: failed to find any PEM data in key input"
        );
        assert_eq!(
            problem(&block("CERTIFICATE")),
            "tls: found a certificate rather than a key in the PEM for the private key"
        );
        assert_eq!(
            problem(&block("PUBLIC KEY")),
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [PUBLIC KEY]"
        );
    }
}
