//! `xtask scenarios`: command scripts with real kubectl against a real server, compared with what Kubernetes showed.

mod index;
mod kubectl;
mod mask;
mod readme;
mod script;
mod server;

use anyhow::{Result, bail};
use std::fs;
use std::path::Path;

/// Where the scripts are.
const FOLDER: &str = "scenarios";
/// The kubectl that the README is shown with.
const NEWEST: &str = "1.37.1";
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
    let tours = filters.is_empty() || filters.iter().any(|part| "readme".contains(part));
    if chosen.is_empty() && !tours {
        bail!("no scenario has {} in its name", filters.join(" or "));
    }
    let tollgate = server::build()?;
    let mut failed = 0_usize;
    for entry in &chosen {
        let kubectl = kubectl::find(&entry.kubectl)?;
        let text = fs::read_to_string(Path::new(FOLDER).join(format!("{}.cmds", entry.script)))?;
        let expected = fs::read_to_string(Path::new(FOLDER).join(&entry.expected))?;
        let server = server::start(&tollgate, &kubectl, &entry.flags)?;
        let got = script::run(&text, &script::shell(&server, &kubectl, None)?)?;
        let name = format!("{} (kubectl {})", entry.expected, entry.kubectl);
        failed = failed.saturating_add(usize::from(differs(&name, &got, &expected)));
    }
    if tours {
        let kubectl = kubectl::find(NEWEST)?;
        let (got, expected) = readme::tour(&tollgate, &kubectl)?;
        failed = failed.saturating_add(usize::from(differs("README.md", &got, &expected)));
    }
    if failed > 0 {
        bail!("{failed} scenarios differ");
    }
    Ok(())
}

/// Whether transcripts differ; tells how.
fn differs(name: &str, got: &str, expected: &str) -> bool {
    let differing = compare(got, expected);
    let verdict = if differing.is_empty() {
        "as expected"
    } else {
        "DIFFERS"
    };
    eprintln!("{name}: {verdict}");
    for block in &differing {
        eprintln!("{block}");
    }
    !differing.is_empty()
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
