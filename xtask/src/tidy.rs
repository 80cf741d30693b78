//! `xtask tidy`: the rules about files that no compiler knows.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Source files stay readable in one sitting; tests and generated tables may be longer.
const SOURCE_LINES_MAX: usize = 400;
/// The repository holds packed vectors, no bulk.
const FILE_BYTES_MAX: u64 = 2_000_000;

/// What a crate must never depend on: the promise that makes it a crate of its own.
const FORBIDDEN_DEPENDENCIES: &[(&str, &[&str])] = &[
    (
        "tollgate-api",
        &["tollgate", "tokio", "hyper", "chrono", "jiff", "rand"],
    ),
    (
        "tollgate-objects",
        &["tollgate-policy", "tokio", "hyper", "rand"],
    ),
    (
        "tollgate-policy",
        &["tollgate-objects", "tokio", "hyper", "rand"],
    ),
];

/// Characters that a reader cannot see; as escapes they are fine.
const INVISIBLE: &[char] = &[
    '\u{200b}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{feff}', '\u{a0}',
];

/// Names that say nothing about what is inside.
const FORBIDDEN_NAMES: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "misc", "manager",
];

/// Runs the command; an error that lists everything that is untidy.
pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for folder in [
        "clients", "crates", "xtask", "fuzz", "vectors", "examples", "docs",
    ] {
        collect(&root.join(folder), &mut files)?;
    }
    for entry in fs::read_dir(&root)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    for path in &files {
        let shown = path
            .strip_prefix(&root)
            .unwrap_or(path)
            .display()
            .to_string();
        check_size_and_name(path, &shown, &mut problems)?;
        if path.extension().is_some_and(|extension| extension == "rs") {
            check_source(&fs::read_to_string(path)?, &shown, &mut problems);
        }
        if path.extension().is_some_and(|extension| extension == "md") {
            check_page(&fs::read_to_string(path)?, &shown, &mut problems);
        }
    }
    check_dependencies(&root, &mut problems)?;
    if problems.is_empty() {
        eprintln!("tidy: {} files", files.len());
        return Ok(());
    }
    bail!("untidy:\n  {}", problems.join("\n  "));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What cargo and cargo-fuzz make.
            if !["target", "corpus", "artifacts", "coverage"].contains(&&*name) {
                collect(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn check_size_and_name(path: &Path, shown: &str, problems: &mut Vec<String>) -> Result<()> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        problems.push(format!("{shown}: larger than {FILE_BYTES_MAX} bytes"));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default()
        .to_string_lossy();
    for name in FORBIDDEN_NAMES {
        if stem == *name || folder == *name {
            problems.push(format!("{shown}: a name that says nothing (`{name}`)"));
        }
    }
    Ok(())
}

fn check_source(text: &str, shown: &str, problems: &mut Vec<String>) {
    let opens = text.starts_with("//!") || shown.ends_with("/tests.rs");
    if !opens && !text.starts_with("// @generated") {
        problems.push(format!("{shown}: does not open with `//!`"));
    }
    let is_test =
        shown.contains("/tests") || shown.contains("/benches/") || shown.contains("/generated");
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .count();
    if !is_test && lines > SOURCE_LINES_MAX {
        problems.push(format!(
            "{shown}: {lines} lines without tests, more than {SOURCE_LINES_MAX}"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        if line.contains(INVISIBLE) {
            problems.push(format!("{shown}:{}: an invisible character", number + 1));
        }
        for word in ["TODO", "FIXME", "XXX:", "#[ignore"] {
            if !shown.starts_with("xtask") && line.contains(word) {
                problems.push(format!("{shown}:{}: `{word}`", number + 1));
            }
        }
    }
}

/// A page says what is so, not what is still to be filled in.
fn check_page(text: &str, shown: &str, problems: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        if line.contains("@@") {
            problems.push(format!("{shown}:{}: a placeholder", number + 1));
        }
    }
}

fn check_dependencies(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    for (name, forbidden) in FORBIDDEN_DEPENDENCIES {
        let path = root.join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let shipped = manifest
            .split("[dev-dependencies]")
            .next()
            .unwrap_or_default();
        for line in shipped.lines() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if forbidden.contains(&dependency) {
                problems.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_refused_in_pages() {
        let mut problems = Vec::new();
        check_page(
            "# Title\n\nIt takes @@SPEED@@.\n",
            "README.md",
            &mut problems,
        );
        assert_eq!(problems, ["README.md:3: a placeholder"]);
    }

    #[test]
    fn untidy_sources_are_refused() {
        let mut problems = Vec::new();
        let long = "fn f() {}\n".repeat(SOURCE_LINES_MAX + 1);
        check_source(&long, "crates/x/src/long.rs", &mut problems);
        check_source(
            "//! Doc.\n// TODO later\n",
            "crates/x/src/later.rs",
            &mut problems,
        );
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}
