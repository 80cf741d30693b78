//! `xtask scenarios`: command scripts with real kubectl against a real server, compared with what Kubernetes showed.

mod index;
mod kubectl;
mod mask;
mod readme;
mod script;

use crate::server;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

/// Where the scripts are.
const FOLDER: &str = "scenarios";
/// The kubectl that the README is shown with.
const NEWEST: &str = "1.37.1";
/// How many scenarios run at a time: each has a server of its own and waits for most of its time.
const AT_A_TIME: usize = 4;
/// How many differing lines of a block are shown.
const SHOWN_LINES_MAX: usize = 40;

/// Runs the scenarios whose script has one of the arguments in its name; without any, all.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut filters: Vec<String> = arguments.collect();
    let tollgate = server::binary(&mut filters)?;
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
    let mut jobs = Vec::new();
    for entry in chosen {
        jobs.push(Job {
            kubectl: kubectl::find(&entry.kubectl)?,
            what: What::Script(entry),
        });
    }
    if tours {
        jobs.push(Job {
            kubectl: kubectl::find(NEWEST)?,
            what: What::Tour,
        });
    }
    let failed = perform(&jobs, &tollgate);
    if failed > 0 {
        bail!("{failed} scenarios differ");
    }
    Ok(())
}

/// A scenario that is to be run, and its kubectl.
#[derive(Debug)]
struct Job {
    kubectl: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Script(index::Entry),
    Tour,
}

/// Runs all, some at a time, and counts those that fail.
fn perform(jobs: &[Job], tollgate: &Path) -> usize {
    let waiting = Mutex::new(jobs.iter());
    let work = || {
        let mut failed = 0_usize;
        loop {
            let job = waiting.lock().ok().and_then(|mut jobs| jobs.next());
            let Some(job) = job else { return failed };
            let differs = job.run(tollgate).unwrap_or_else(|error| {
                eprintln!("{}: {error:#}", job.name());
                true
            });
            failed = failed.saturating_add(usize::from(differs));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let counts = workers.into_iter().map(|worker| worker.join().unwrap_or(1));
        counts.sum()
    })
}

impl Job {
    fn name(&self) -> String {
        match &self.what {
            What::Script(entry) => format!("{} (kubectl {})", entry.expected, entry.kubectl),
            What::Tour => "README.md".to_owned(),
        }
    }

    /// Whether what comes out differs from what must; tells how.
    fn run(&self, tollgate: &Path) -> Result<bool> {
        let (got, expected) = match &self.what {
            What::Script(entry) => {
                let text = read(&format!("{}.cmds", entry.script))?;
                let expected = read(&entry.expected)?;
                let server = server::start(tollgate, &entry.flags)?;
                let shell = script::shell(&server, &self.kubectl, None)?;
                (script::run(&text, &shell)?, expected)
            }
            What::Tour => readme::tour(tollgate, &self.kubectl)?,
        };
        Ok(differs(&self.name(), &got, &expected))
    }
}

fn read(name: &str) -> Result<String> {
    let path = Path::new(FOLDER).join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whether transcripts differ; tells how.
fn differs(name: &str, got: &str, expected: &str) -> bool {
    let mut told = compare(got, expected);
    let is_same = told.is_empty();
    let verdict = if is_same { "as expected" } else { "DIFFERS" };
    told.insert(0, format!("{name}: {verdict}"));
    // At once, for others speak, too.
    eprintln!("{}", told.join("\n"));
    !is_same
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
