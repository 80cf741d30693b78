//! As much of an XML reader as tells well-formed from broken.

/// The names of all elements, in the order in which they begin.
#[track_caller]
pub(crate) fn elements(text: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let mut rest = text.trim();
    let declaration = rest.strip_prefix("<?xml ").unwrap();
    rest = declaration.split_once("?>").unwrap().1.trim_start();
    while let Some((before, after)) = rest.split_once('<') {
        check_text(before);
        assert!(
            before.trim().is_empty() || !open.is_empty(),
            "text outside: {before}"
        );
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name.trim()),
                "closes what is open"
            );
            continue;
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        check_attributes(attributes);
        assert!(all.is_empty() || !open.is_empty(), "one root");
        all.push(name.to_owned());
        if !is_empty {
            open.push(name.to_owned());
        }
    }
    assert!(rest.trim().is_empty() && open.is_empty(), "{open:?} {rest}");
    all
}

fn check_attributes(mut rest: &str) {
    let mut names = Vec::new();
    while let Some((name, after)) = rest.trim_start().split_once("=\"") {
        assert!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{name}"
        );
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
        let (value, after) = after.split_once('"').unwrap();
        check_text(value);
        rest = after;
    }
    assert!(rest.trim().is_empty(), "{rest}");
}

fn check_text(text: &str) {
    for part in text.split('&').skip(1) {
        let (entity, _) = part.split_once(';').unwrap();
        let is_known = ["amp", "lt", "gt", "quot", "apos"].contains(&entity);
        assert!(is_known || entity.starts_with('#'), "&{entity};");
    }
    let is_allowed = |c: char| c >= ' ' || matches!(c, '\n' | '\t' | '\r');
    assert!(
        text.chars().all(is_allowed),
        "a control character in {text:?}"
    );
}
