//! `xtask vectors FOLDER [--failures K]`: replays every vector file of a folder and prints a line for each.

use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::path::PathBuf;
use tollgate_testkit::vectors::{run_file, suite_of};

/// Runs the command; an error if any case differs.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let mut folder = None;
    let mut shown = 0_usize;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--failures" => shown = args.next().context("--failures wants a number")?.parse()?,
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let folder = folder.context("usage: cargo xtask vectors FOLDER [--failures K]")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();

    let mut out = std::io::stdout().lock();
    let (mut passed, mut failed) = (0, 0);
    for path in files {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((suite, name)) = suite_of(&file_name) else {
            continue;
        };
        let score = run_file(suite, &path)?;
        writeln!(
            out,
            "{name}: {} passed, {} failed",
            score.passed,
            score.failures.len()
        )?;
        for (id, difference) in score.failures.iter().take(shown) {
            writeln!(
                out,
                "  {id}\n    expected {}\n    got      {}",
                difference.expected, difference.got
            )?;
        }
        passed += score.passed;
        failed += score.failures.len();
    }
    if passed + failed == 0 {
        bail!("{} holds no vector file", folder.display());
    }
    if failed > 0 {
        bail!("{failed} of {} cases differ", passed + failed);
    }
    Ok(())
}
