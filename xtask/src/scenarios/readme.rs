//! The tour of the README: its commands are run, and their output must be what it shows.

use super::mask::Masks;
use super::script;
use crate::server::{self, Server};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

/// What stands around the tour.
const BEGIN: &str = "<!-- tour -->";
const END: &str = "<!-- end of the tour -->";
/// Starts the server, anew each time, on the same data.
const SERVE: &str = "$ tollgate serve";

/// Runs the tour: what came out, and what the README shows.
pub(super) fn tour(tollgate: &Path, kubectl: &Path) -> Result<(String, String)> {
    let text = fs::read_to_string("README.md").context("cannot read README.md")?;
    let tour = text
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END));
    let (tour, _) =
        tour.with_context(|| format!("README.md has no tour between {BEGIN} and {END}"))?;
    let masks = Masks::new();
    let mut server: Option<Server> = None;
    let (mut got, mut expected) = (String::new(), String::new());
    for block in script::blocks_of_transcript(&console(tour)) {
        let first = block.lines().next().unwrap_or_default();
        if let Some(flags) = first.strip_prefix(SERVE) {
            let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            server = Some(match server {
                Some(running) => running.restart(tollgate, &flags)?,
                None => server::start(tollgate, &flags)?,
            });
            continue;
        }
        let Some(server) = &server else {
            bail!("`{first}` comes before `{SERVE}`");
        };
        let shell = script::shell(server, kubectl, Some(Path::new(".")))?;
        got.push_str(&script::run(&command(&block), &shell)?);
        expected.push_str(&format!("{}\n\n", masks.apply(&block)));
    }
    Ok((got, expected))
}

/// The lines of all console blocks.
fn console(text: &str) -> String {
    let mut lines = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        match line {
            "```console" => is_inside = true,
            "```" => is_inside = false,
            _ if is_inside => lines.push(line),
            _ => {}
        }
    }
    lines.join("\n")
}

/// What is typed in a block: its first line, and the lines that go on with it.
fn command(block: &str) -> String {
    let mut lines = block.lines();
    let first = lines.next().unwrap_or_default();
    let mut command = vec![first.strip_prefix("$ ").unwrap_or(first)];
    command.extend(lines.map_while(|line| line.strip_prefix("> ")));
    command.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_console_blocks() {
        let text = "a\n```console\n$ cat <<EOF\n> x\n> EOF\nout\n```\n$ no\n";
        assert_eq!(console(text), "$ cat <<EOF\n> x\n> EOF\nout");
        assert_eq!(command(&console(text)), "cat <<EOF\nx\nEOF");
    }
}
