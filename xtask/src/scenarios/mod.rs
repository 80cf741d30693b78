//! `xtask scenarios`: command scripts with real kubectl against a real server, compared with what Kubernetes showed.

mod index;
mod kubectl;
mod mask;
mod script;
mod server;

use anyhow::{Result, bail};
use std::fs;
use std::path::Path;

/// Where the scripts are.
const FOLDER: &str = "scenarios";
/// How many differing lines of a block are shown.
const SHOWN_LINES_MAX: usize = 40;

/// Runs the scenarios whose script has one of `filters` in its name; without any, all.
pub(crate) fn run(filters: impl Iterator<Item = String>) -> Result<()> {
    let filters: Vec<String> = filters.collect();
    let index = index::read(Path::new(FOLDER))?;
    let chosen: Vec<_> = index
        .into_iter()
        .filter(|entry| {
            filters.is_empty() || filters.iter().any(|part| entry.script.contains(part))
        })
        .collect();
    if chosen.is_empty() {
        bail!("no scenario has {} in its name", filters.join(" or "));
    }
    let tollgate = server::build()?;
    let mut failed = 0_usize;
    for entry in &chosen {
        let kubectl = kubectl::find(&entry.kubectl)?;
        let text = fs::read_to_string(Path::new(FOLDER).join(format!("{}.cmds", entry.script)))?;
        let expected = fs::read_to_string(Path::new(FOLDER).join(&entry.expected))?;
        let server = server::start(&tollgate, &kubectl, &entry.flags)?;
        let got = script::run(&text, &server, &kubectl)?;
        let differing = compare(&got, &expected);
        eprintln!(
            "{} (kubectl {}): {}",
            entry.expected,
            entry.kubectl,
            if differing.is_empty() {
                "as expected"
            } else {
                "DIFFERS"
            }
        );
        for block in &differing {
            eprintln!("{block}");
        }
        failed = failed.saturating_add(usize::from(!differing.is_empty()));
    }
    if failed > 0 {
        bail!("{failed} of {} scenarios differ", chosen.len());
    }
    Ok(())
}

/// The blocks that differ, as people read them.
fn compare(got: &str, expected: &str) -> Vec<String> {
    let got = script::blocks_of_transcript(got);
    let expected = script::blocks_of_transcript(expected);
    let mut differing = Vec::new();
    for place in 0..got.len().max(expected.len()) {
        let (got, expected) = (got.get(place), expected.get(place));
        if got != expected {
            let cut = |text: Option<&String>| {
                let lines = text.map_or("(nothing)", String::as_str).lines();
                let lines: Vec<&str> = lines.take(SHOWN_LINES_MAX).collect();
                lines.join("\n    ")
            };
            differing.push(format!(
                "  expected:\n    {}\n  got:\n    {}",
                cut(expected),
                cut(got)
            ));
        }
    }
    differing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_differ_are_shown_and_others_are_not() {
        let one = "$ a\nb\n\n$ c\nd\n";
        assert!(compare(one, one).is_empty());
        let other = compare("$ a\nb\n\n$ c\ne\n", one);
        assert_eq!(other.len(), 1);
        assert!(
            other[0].contains('d') && other[0].contains('e'),
            "{other:?}"
        );
        assert_eq!(compare("$ a\nb\n", one).len(), 1);
    }
}
