//! The kind of a document, guessed from its text without parsing it.
//!
//! Policies have to be known before the first pod is judged, but stand anywhere in the input. Looking for them is a
//! scan over lines; only documents that may hold one are parsed for it.

/// What a look at the text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindHint<'t> {
    /// A top-level line `kind: Word`, and only one.
    Kind(&'t str),
    /// Cannot be told without parsing: JSON, flow style, quotes with escapes, no or several such lines.
    Unclear,
}

/// Looks for the top-level `kind:` of a YAML document.
pub fn kind_hint(text: &str) -> KindHint<'_> {
    let mut found = None;
    let bytes = text.as_bytes();
    // A line of interest begins with `k`, `"`, `'`, `{`, `?`, `<`, `&`, `*` or `!` in the first column: everything
    // else cannot be a top-level `kind` or hide one.
    for start in std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1)) {
        match bytes.get(start) {
            Some(b'k') => {
                let line = text
                    .get(start..)
                    .and_then(|rest| rest.lines().next())
                    .unwrap_or_default();
                match kind_of_line(line) {
                    LineKind::Other => {}
                    LineKind::Kind(kind) if found.is_none() => found = Some(kind),
                    LineKind::Kind(_) | LineKind::Unclear => return KindHint::Unclear,
                }
            }
            Some(b'"' | b'\'' | b'{' | b'[' | b'?' | b'<' | b'&' | b'*' | b'!') => {
                return KindHint::Unclear;
            }
            // A top-level mapping may be indented as a whole.
            Some(b' ' | b'\t') if start == 0 => return KindHint::Unclear,
            _ => {}
        }
    }
    found.map_or(KindHint::Unclear, KindHint::Kind)
}

enum LineKind<'t> {
    Other,
    Kind(&'t str),
    Unclear,
}

fn kind_of_line(line: &str) -> LineKind<'_> {
    let Some(rest) = line.strip_prefix("kind") else {
        return LineKind::Other;
    };
    let Some(value) = rest.trim_start_matches([' ', '\t']).strip_prefix(':') else {
        return LineKind::Other;
    };
    if !value.is_empty() && !value.starts_with([' ', '\t', '\r']) {
        return LineKind::Other;
    }
    let value = value.split(" #").next().unwrap_or_default().trim();
    let bare = match value.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => value.get(1..value.len() - 1).unwrap_or_default(),
        _ => value,
    };
    if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        LineKind::Kind(bare)
    } else {
        LineKind::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, hint: KindHint<'_>) {
        assert_eq!(kind_hint(text), hint, "{text}");
    }

    #[test]
    fn finds_the_top_level_kind() {
        check(
            "apiVersion: v1\nkind: Pod\nspec:\n  kind: X\n",
            KindHint::Kind("Pod"),
        );
        check("kind: \"Pod\" # a pod\r\n", KindHint::Kind("Pod"));
        check("kind : Pod", KindHint::Kind("Pod"));
        check("kinds: x\nkind: Pod", KindHint::Kind("Pod"));
        check("# kind: X\nkind: Pod", KindHint::Kind("Pod"));
    }

    #[test]
    fn says_so_where_only_parsing_tells() {
        check("{\"kind\": \"Pod\"}", KindHint::Unclear);
        check("\"kind\": Pod\n", KindHint::Unclear);
        check("kind: A\nkind: B\n", KindHint::Unclear);
        check("kind: |\n  Pod\n", KindHint::Unclear);
        check("kind:\n  Pod\n", KindHint::Unclear);
        check("  kind: Pod\n", KindHint::Unclear);
        check("", KindHint::Unclear);
    }
}
