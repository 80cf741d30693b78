//! What differs from run to run is masked before transcripts are compared.

use regex_lite::Regex;

/// Patterns and what stands for them, in order.
const MASKS: &[(&str, &str)] = &[
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "<uid>",
    ),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (
        r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
        "<date>",
    ),
    (r#"resourceVersion: "?\d+"?"#, "resourceVersion: <rv>"),
    (
        r#""resourceVersion":\s*"\d+""#,
        r#""resourceVersion": "<rv>""#,
    ),
    (r"https://127\.0\.0\.1:\d+", "<server>"),
    (r"-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "-<hash>-<id>"),
    (
        r"(ReplicaSet|replicaset(?:\.apps)?)/([a-z-]+)-[0-9a-z]{8,10}\b",
        "$1/$2-<hash>",
    ),
    (
        r#""([a-z-]+)-[0-9a-z]{8,10}-" is forbidden"#,
        r#""$1-<hash>-" is forbidden"#,
    ),
    (
        r#"pods "([a-z-]+)-[0-9bcdfghjklmnpqrstvwxz]{5}" is"#,
        r#"pods "$1-<id>" is"#,
    ),
    (r"  +", "  "),
    (r"\s+$", ""),
];

/// Masks texts.
#[derive(Debug)]
pub(super) struct Masks {
    patterns: Vec<(Regex, &'static str)>,
    age: Option<Regex>,
}

impl Masks {
    pub(super) fn new() -> Self {
        let patterns = MASKS
            .iter()
            .filter_map(|(pattern, mask)| Some((Regex::new(pattern).ok()?, *mask)));
        Self {
            patterns: patterns.collect(),
            age: Regex::new(
                r"(^|\s)(?:<unknown>|(?:\d+m)?\d+s)(?: ?\(x\d+ over (?:\d+[smh])+\))?(\s|$)",
            )
            .ok(),
        }
    }

    /// Masks a text line by line.
    pub(super) fn apply(&self, text: &str) -> String {
        let lines: Vec<String> = text.lines().map(|line| self.line(line)).collect();
        lines.join("\n")
    }

    fn line(&self, line: &str) -> String {
        let mut line = line.to_owned();
        if let Some(age) = &self.age {
            // Ages that stand side by side share the space between them.
            for _ in 0..2 {
                line = age.replace_all(&line, "$1<age>$2").into_owned();
            }
        }
        for (pattern, mask) in &self.patterns {
            line = pattern.replace_all(&line, *mask).into_owned();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(Masks::new().patterns.len(), MASKS.len());
    }

    #[test]
    fn what_differs_from_run_to_run_is_masked() {
        let masks = Masks::new();
        let check = |text: &str, expected: &str| assert_eq!(masks.apply(text), expected);
        check("web   1/1   12s", "web  1/1  <age>");
        check("0s  Warning", "<age>  Warning");
        check("2m3s  3s   Warning", "<age>  <age>  Warning");
        check("a  12s (x3 over 2m)  b", "a  <age>  b");
        check(
            "pod/nginx-5d59d67564-abcde created",
            "pod/nginx-<hash>-<id> created",
        );
        check("ReplicaSet/nginx-5d59d67564", "ReplicaSet/nginx-<hash>");
    }
}
