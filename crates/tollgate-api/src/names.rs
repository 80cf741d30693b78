//! Rules for names, with upstream's messages (`k8s.io/apimachinery/pkg/util/validation`, 1.36).
//!
//! Every function returns the messages that apply, none if the name is good.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// The longest label value, label name and DNS label, in bytes.
pub const LABEL_BYTES_MAX: usize = 63;
/// The longest DNS subdomain, in bytes.
pub const SUBDOMAIN_BYTES_MAX: usize = 253;

/// The letters of generated names: no vowels and nothing that looks like one, so that no word comes out.
pub const GENERATED_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A text in the letters of generated names, one for each byte (`rand.SafeEncodeString`).
pub fn safe_encode(text: &str) -> String {
    let letters = text.bytes().filter_map(|byte| {
        let place = usize::from(byte) % GENERATED_LETTERS.len();
        GENERATED_LETTERS.get(place).copied().map(char::from)
    });
    letters.collect()
}

// Upstream has the DNS rules twice: the older set speaks of characters, the newer one, used for label keys and
// values, of bytes. Both count bytes.
fn too_many_characters(max: usize) -> String {
    format!("must be no more than {max} characters")
}

fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

fn inner_dns(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn is_label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            *first != b'-' && *last != b'-' && bytes.iter().copied().all(inner_dns)
        }
        _ => false,
    }
}

/// `IsDNS1123Label`
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > LABEL_BYTES_MAX {
        messages.push(too_many_characters(LABEL_BYTES_MAX));
    }
    if !is_label_text(text) {
        messages.push(if is_subdomain_text(text) {
            "must not contain dots".to_owned()
        } else {
            format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
            )
        });
    }
    messages
}

fn subdomain_message() -> String {
    format!(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"
    )
}

fn is_subdomain_text(text: &str) -> bool {
    text.split('.').all(is_label_text)
}

/// `IsDNS1123Subdomain`
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_BYTES_MAX {
        messages.push(too_many_characters(SUBDOMAIN_BYTES_MAX));
    }
    if !is_subdomain_text(text) {
        messages.push(subdomain_message());
    }
    messages
}

/// `IsDNS1035Label`
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > LABEL_BYTES_MAX {
        messages.push(too_many_characters(LABEL_BYTES_MAX));
    }
    if !is_label_text(text) || text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        messages.push("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')".to_owned());
    }
    messages
}

fn is_qualified_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            first.is_ascii_alphanumeric()
                && last.is_ascii_alphanumeric()
                && bytes
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        }
        _ => false,
    }
}

/// `IsQualifiedName`: label keys, annotation keys, resource names.
pub fn qualified_name(text: &str) -> Vec<String> {
    const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut messages = Vec::new();
    let mut parts = text.split('/');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, _) => name,
        (Some(prefix), Some(name), None) => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".to_owned());
            } else {
                if prefix.len() > SUBDOMAIN_BYTES_MAX {
                    messages.push(format!(
                        "prefix part {}",
                        too_many_bytes(SUBDOMAIN_BYTES_MAX)
                    ));
                }
                if !is_subdomain_text(prefix) {
                    messages.push(format!("prefix part {}", subdomain_message()));
                }
            }
            name
        }
        _ => {
            messages.push(format!("a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"));
            return messages;
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_BYTES_MAX {
        messages.push(format!("name part {}", too_many_bytes(LABEL_BYTES_MAX)));
    }
    if !is_qualified_text(name) {
        messages.push(format!("name part {NAME}"));
    }
    messages
}

/// `IsValidLabelValue`
pub fn label_value(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > LABEL_BYTES_MAX {
        messages.push(too_many_bytes(LABEL_BYTES_MAX));
    }
    if !text.is_empty() && !is_qualified_text(text) {
        messages.push("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".to_owned());
    }
    messages
}

/// `IsConfigMapKey`: keys of ConfigMaps and Secrets.
pub fn config_map_key(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_BYTES_MAX {
        messages.push(too_many_characters(SUBDOMAIN_BYTES_MAX));
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if text.is_empty() || !text.bytes().all(good) {
        messages.push("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')".to_owned());
    }
    match text {
        "." => messages.push("must not be '.'".to_owned()),
        ".." => messages.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => messages.push("must not start with '..'".to_owned()),
        _ => {}
    }
    messages
}

/// `IsRelaxedEnvVarName`: names of environment variables.
pub fn environment_variable(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.is_empty() {
        messages.push("environment variable name must be non-empty".to_owned());
    }
    if !text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
    {
        messages.push("a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned());
    }
    messages
}

/// `IsValidPortName`: names of ports, as IANA has them.
pub fn port_name(text: &str) -> Vec<String> {
    const PORT_NAME_BYTES_MAX: usize = 15;
    let mut messages = Vec::new();
    if text.len() > PORT_NAME_BYTES_MAX {
        messages.push(too_many_characters(PORT_NAME_BYTES_MAX));
    }
    if text.is_empty() || !text.bytes().all(inner_dns) {
        messages.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        messages.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        messages.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        messages.push("must not begin or end with a hyphen".to_owned());
    }
    messages
}

/// `IsHTTPHeaderName`: names of headers of a probe.
pub fn http_header(text: &str) -> Vec<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !text.is_empty() && text.bytes().all(good) {
        return Vec::new();
    }
    vec!["a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')".to_owned()]
}

/// `IsWildcardDNS1123Subdomain`: `*.example.com`.
pub fn wildcard_dns1123_subdomain(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_BYTES_MAX {
        messages.push(too_many_characters(SUBDOMAIN_BYTES_MAX));
    }
    if !text.strip_prefix("*.").is_some_and(is_subdomain_text) {
        messages.push(format!("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.{LABEL}(\\.{LABEL})*')"));
    }
    messages
}

/// `IsDNS1123SubdomainWithUnderscore`: DNS search domains.
pub fn dns1123_subdomain_with_underscore(text: &str) -> Vec<String> {
    const LABEL: &str = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    let is_label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label).as_bytes();
        let at_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        label.first().is_some_and(at_end)
            && label.last().is_some_and(at_end)
            && label.iter().all(|byte| inner_dns(*byte) || *byte == b'_')
    };
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_BYTES_MAX {
        messages.push(too_many_characters(SUBDOMAIN_BYTES_MAX));
    }
    if !text.split('.').all(is_label) {
        messages.push(format!("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"));
    }
    messages
}

/// `IsCIdentifier`: identifiers as the C language has them.
pub fn c_identifier(text: &str) -> Vec<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.bytes().all(good) && !text.bytes().next().is_none_or(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    vec!["a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')".to_owned()]
}

/// `ValidatePathSegmentName`: names that are one segment of a URL path.
pub fn path_segment(text: &str) -> Vec<String> {
    match text {
        "." => return vec!["may not be '.'".to_owned()],
        ".." => return vec!["may not be '..'".to_owned()],
        _ => {}
    }
    ['/', '%']
        .into_iter()
        .filter(|character| text.contains(*character))
        .map(|character| format!("may not contain '{character}'"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(messages: &[String], parts: &[&str]) {
        assert_eq!(messages.len(), parts.len(), "{messages:?}");
        for (message, part) in messages.iter().zip(parts) {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn dns_names_count_characters_and_label_keys_bytes() {
        let long = "a".repeat(254);
        check(&dns1123_subdomain(&long), &["no more than 253 characters"]);
        check(
            &qualified_name(&format!("{long}/x")),
            &["prefix part must be no more than 253 bytes"],
        );
        check(&label_value(&long), &["no more than 63 bytes"]);
    }

    #[test]
    fn a_label_with_dots_is_told_so() {
        check(&dns1123_label("a.b"), &["must not contain dots"]);
        check(&dns1123_label("A.b"), &["RFC 1123 label"]);
        check(&dns1123_label(""), &["RFC 1123 label"]);
    }

    #[test]
    fn port_names_are_told_everything_that_is_wrong() {
        check(&port_name("web"), &[]);
        check(
            &port_name("-1--"),
            &["one letter", "consecutive hyphens", "begin or end"],
        );
    }

    #[test]
    fn search_domains_may_have_underscores() {
        check(&dns1123_subdomain_with_underscore("_tcp.a_b.example"), &[]);
        check(&dns1123_subdomain_with_underscore("a_.b"), &["'_'"]);
        check(&dns1123_subdomain_with_underscore("__a"), &["'_'"]);
    }

    #[test]
    fn wildcards_stand_in_front_alone() {
        check(&wildcard_dns1123_subdomain("*.bar.example"), &[]);
        check(&wildcard_dns1123_subdomain("*.*.example"), &["wildcard"]);
        check(&wildcard_dns1123_subdomain("*"), &["wildcard"]);
    }
}
