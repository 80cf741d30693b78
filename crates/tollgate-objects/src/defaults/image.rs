//! Image references: `registry.example:5000/team/app:1.2@sha256:…`.
//!
//! Follows `pkg/util/parsers` on top of `distribution/reference`: only the tag matters here, but a reference that the
//! grammar refuses has none, so the whole grammar is needed.

/// The longest repository name, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// The longest tag, in bytes.
const TAG_BYTES_MAX: usize = 128;

/// How an image is pulled unless the object says it: always if its tag can move.
pub(super) fn pull_policy(image: &str) -> &'static str {
    if tag(image) == Some("latest") {
        "Always"
    } else {
        "IfNotPresent"
    }
}

/// The tag of an image reference; `latest` if it has neither a tag nor a digest, none if it is malformed.
fn tag(image: &str) -> Option<&str> {
    if image.len() == 64 && image.bytes().all(is_lower_hex) {
        // Reads as the identifier of an image.
        return None;
    }
    let (domain, rest) = match image.split_once('/') {
        Some((first, rest)) if is_domain_like(first) => (Some(first), rest),
        _ => (None, image),
    };
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let valid = domain.is_none_or(is_domain)
        && path.split('/').all(is_path_component)
        && name_bytes(domain, path) <= NAME_BYTES_MAX
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest);
    match (valid, tag, digest) {
        (false, _, _) => None,
        (true, Some(tag), _) => Some(tag),
        (true, None, Some(_)) => Some(""),
        (true, None, None) => Some("latest"),
    }
}

/// The length of the normalized name: Docker Hub's domain and its `library` are implied.
fn name_bytes(domain: Option<&str>, path: &str) -> usize {
    let domain = match domain {
        None | Some("index.docker.io") => "docker.io",
        Some(domain) => domain,
    };
    let library = if domain == "docker.io" && !path.contains('/') {
        "library/".len()
    } else {
        0
    };
    domain.len() + 1 + library + path.len()
}

/// Whether what stands before the first slash is a domain and not the first part of a path.
fn is_domain_like(first: &str) -> bool {
    first.contains(['.', ':'])
        || first == "localhost"
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, rest)) => {
                let valid = !address.is_empty()
                    && address
                        .bytes()
                        .all(|byte| byte.is_ascii_hexdigit() || byte == b':');
                let port = rest.strip_prefix(':');
                return valid && (rest.is_empty() || port.is_some_and(is_port));
            }
            None => return false,
        },
        None => match domain.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (domain, None),
        },
    };
    port.is_none_or(is_port) && host.split('.').all(is_domain_component)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_domain_component(component: &str) -> bool {
    !component.is_empty()
        && !component.starts_with('-')
        && !component.ends_with('-')
        && component
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    if !bytes.first().copied().is_some_and(is_word) || !bytes.last().copied().is_some_and(is_word) {
        return false;
    }
    component
        .split(|character: char| u8::try_from(character).is_ok_and(is_word))
        .all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_BYTES_MAX
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// A digest of an algorithm that Go's digest library knows, in full length and lower case.
fn is_digest(digest: &str) -> bool {
    let (hex_bytes, hex) = match digest.split_once(':') {
        Some(("sha256", hex)) => (64, hex),
        Some(("sha384", hex)) => (96, hex),
        Some(("sha512", hex)) => (128, hex),
        _ => return false,
    };
    hex.len() == hex_bytes && hex.bytes().all(is_lower_hex)
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(image: &str, expected: Option<&str>) {
        assert_eq!(tag(image), expected, "{image}");
    }

    #[test]
    fn reads_the_tag() {
        check("nginx", Some("latest"));
        check("nginx:1.25", Some("1.25"));
        check("registry.example:5000/a/b", Some("latest"));
        check("registry.example:5000/a/b:v1", Some("v1"));
        check("localhost/app:x_Y.z-1", Some("x_Y.z-1"));
        check("[2001:db8::1]:5000/app:1", Some("1"));
        check("Upper.example/app:1", Some("1"));
        check("a__b/c---d.e_f:1", Some("1"));
    }

    #[test]
    fn a_digest_stands_in_for_the_tag() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        check(&format!("nginx@{digest}"), Some(""));
        check(&format!("nginx:latest@{digest}"), Some("latest"));
        check("nginx@sha256:abab", None);
        check(&format!("nginx@md5:{}", "ab".repeat(16)), None);
        check(&format!("nginx@{}", digest.to_uppercase()), None);
    }

    #[test]
    fn a_malformed_reference_has_no_tag() {
        for image in [
            "",
            "nginx:",
            "NGINX",
            "a b",
            " nginx ",
            "a//b",
            "/a",
            "a/",
            "-a",
            "a___b",
            "a.-b",
            "x:y:z",
            "registry.example:port/a",
            "registry.example:/a",
            "a/B:1",
            "a@",
            "[zz]/a:1",
            "[::1/a",
            "\u{e9}:1",
        ] {
            check(image, None);
        }
        check(&"ab".repeat(32), None);
        check(&format!("nginx:{}", "t".repeat(129)), None);
        check(&"n".repeat(300), None);
    }
}
