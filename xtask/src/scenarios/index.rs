//! The list of scenarios.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// One scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The script, without `.cmds`.
    pub(super) script: String,
    /// The file that has what must come out.
    pub(super) expected: String,
    /// The version of kubectl.
    pub(super) kubectl: String,
    /// The flags of the server.
    pub(super) flags: Vec<String>,
}

/// Reads the list in a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join("index");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            parse(line).with_context(|| format!("{}: `{line}` is no scenario", path.display()))
        })
        .collect()
}

fn parse(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace().map(str::to_owned);
    Some(Entry {
        script: words.next()?,
        expected: words.next()?,
        kubectl: words.next()?,
        flags: words.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_script_expectation_kubectl_and_flags() {
        let entry = parse("a  a.1.txt 1.20 --nodes 1 --x").unwrap();
        assert_eq!(entry.flags, ["--nodes", "1", "--x"]);
        assert_eq!(
            (entry.script.as_str(), entry.kubectl.as_str()),
            ("a", "1.20")
        );
        assert_eq!(parse("a b"), None);
    }
}
