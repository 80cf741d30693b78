//! `allowedUnsafeSysctls` and `forbiddenSysctls`: patterns that must not overlap.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NAME_BYTES_MAX: usize = 253;
const ALLOWED: &str = "allowedUnsafeSysctls";
const FORBIDDEN: &str = "forbiddenSysctls";

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (allowed, forbidden) = (names(spec, ALLOWED), names(spec, FORBIDDEN));
    patterns(&allowed, &path.child(ALLOWED), errors);
    patterns(&forbidden, &path.child(FORBIDDEN), errors);
    let (allowed_path, forbidden_path) = (path.child(ALLOWED), path.child(FORBIDDEN));
    for (index, allowed) in allowed.iter().enumerate() {
        for (other_index, forbidden) in forbidden.iter().enumerate() {
            // The narrower pattern is at fault.
            let (fault, wider) = if covers(forbidden, allowed) {
                (Some((&allowed_path, index, allowed)), forbidden)
            } else if covers(allowed, forbidden) {
                (Some((&forbidden_path, other_index, forbidden)), allowed)
            } else {
                (None, allowed)
            };
            if let Some((path, index, narrower)) = fault {
                let detail = format!("sysctl overlaps with {wider}");
                errors.push(Error::invalid(&path.index(index), *narrower, detail));
            }
        }
    }
}

fn names<'v>(spec: &'v Value, field: &str) -> Vec<&'v str> {
    let items = spec.items(field).iter();
    items
        .map(|name| name.as_str().unwrap_or_default())
        .collect()
}

/// Whether everything that `pattern` matches is matched by `wider`, too.
fn covers(wider: &str, pattern: &str) -> bool {
    let prefix = pattern.strip_suffix('*').unwrap_or(pattern);
    match wider.strip_suffix('*') {
        Some(wider) => prefix.starts_with(wider),
        None => wider == pattern,
    }
}

fn patterns(names: &[&str], path: &Path<'_>, errors: &mut Errors) {
    let mut covers_all = false;
    for (index, name) in names.iter().enumerate() {
        let path = path.index(index);
        if name.is_empty() {
            errors.push(Error::invalid(&path, *name, "empty sysctl not allowed"));
        } else if !is_pattern(name) {
            let detail = format!(
                "must have at most {NAME_BYTES_MAX} characters and match regex ([a-z0-9]([-_a-z0-9]*[a-z0-9])?\\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]"
            );
            errors.push(Error::invalid(&path, *name, detail));
        } else if name.starts_with('*') {
            covers_all = true;
        }
    }
    if covers_all && names.len() > 1 {
        let detail = "if '*' is present, must not specify other sysctls";
        errors.push(Error::forbidden(&path.child("items"), detail));
    }
}

/// `IsValidSysctlPattern`: segments between dots, the last of which may be or end in `*`.
fn is_pattern(name: &str) -> bool {
    let (head, last) = match name.rsplit_once('.') {
        Some((head, last)) => (Some(head), last),
        None => (None, name),
    };
    let last = match last.strip_suffix('*') {
        // `a.*` and `*`
        Some("") => "a",
        // `a_*`: what stands before the star may end in any character.
        Some(start) => start,
        None if is_segment(last) => last,
        None => return false,
    };
    let begins = last.bytes().next().is_some_and(is_alphanumeric);
    name.len() <= NAME_BYTES_MAX
        && head.is_none_or(|head| head.split('.').all(is_segment))
        && begins
        && last.bytes().all(is_inner)
}

fn is_segment(segment: &str) -> bool {
    let (first, last) = (segment.bytes().next(), segment.bytes().last());
    first.is_some_and(is_alphanumeric)
        && last.is_some_and(is_alphanumeric)
        && segment.bytes().all(is_inner)
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_inner(byte: u8) -> bool {
    is_alphanumeric(byte) || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_patterns() {
        for good in [
            "*",
            "a",
            "a.b",
            "a.*",
            "net.ipv4.*",
            "kernel.shm*",
            "a-*",
            "a_b.c",
        ] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in [
            "", ".", "a.", ".a", "a..b", "A", "a*b", "**", "-a", "a-", "a-.b", "-*", "a/b",
        ] {
            assert!(!is_pattern(bad), "{bad}");
        }
        assert!(!is_pattern(&"a.".repeat(127)));
    }
}
