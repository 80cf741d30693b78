//! `xtask vectors FOLDER [--failures K]`: replays every vector file of a folder and prints a line for each.

use anyhow::{Context as _, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use tollgate_testkit::vectors::{Score, base_name, run_file, suite_of};

const USAGE: &str = "usage: cargo xtask vectors FOLDER [--failures K]";

/// Runs the command; an error if any case differs or a file cannot be replayed.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<()> {
    let (folder, shown) = parse(args)?;
    replay(&folder, shown, &mut std::io::stdout().lock())
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<(PathBuf, usize)> {
    let mut folder = None;
    let mut shown = 0;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--failures" => {
                let number = args.next().context("--failures wants a number")?;
                shown = number
                    .parse()
                    .with_context(|| format!("--failures wants a number, not `{number}`"))?;
            }
            flag if flag.starts_with('-') => bail!("unknown flag `{flag}`\n{USAGE}"),
            _ if folder.is_some() => bail!("one folder only\n{USAGE}"),
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    Ok((folder.context(USAGE)?, shown))
}

/// Replays the files of a folder, in order of their names. Whatever is no `.jsonl` or `.jsonl.gz` is passed over.
fn replay(folder: &Path, shown: usize, out: &mut impl Write) -> Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();

    let (mut passed, mut failed, mut broken) = (0, 0, 0);
    for path in files {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = base_name(&file_name) else {
            continue;
        };
        let Some(suite) = suite_of(name) else {
            writeln!(out, "{name}: skipped, there is no suite of that name")?;
            continue;
        };
        match run_file(suite, &path) {
            Ok(score) => {
                print(name, &score, shown, out)?;
                passed += score.passed;
                failed += score.failures.len();
            }
            Err(error) => {
                writeln!(out, "{name}: cannot be replayed: {error:#}")?;
                broken += 1;
            }
        }
    }
    if broken > 0 {
        bail!(
            "files that cannot be replayed: {broken}; {failed} of {} cases differ",
            passed + failed
        );
    }
    if passed + failed == 0 {
        bail!("{} holds no vector file", folder.display());
    }
    if failed > 0 {
        bail!("{failed} of {} cases differ", passed + failed);
    }
    Ok(())
}

fn print(name: &str, score: &Score, shown: usize, out: &mut impl Write) -> Result<()> {
    let (passed, failed) = (score.passed, score.failures.len());
    writeln!(out, "{name}: {passed} passed, {failed} failed")?;
    for (id, difference) in score.failures.iter().take(shown) {
        let (expected, got) = (&difference.expected, &difference.got);
        writeln!(out, "  {id}\n    expected {expected}\n    got      {got}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fs;

    const RIGHT: &str =
        r#"{"id":"q-1","op":"add","a":"1","b":"1k","out":"1001","format":"DecimalSI"}"#;

    /// A fresh folder with these files; `.gz` ones are packed.
    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("tollgate-xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            let mut bytes = text.as_bytes().to_vec();
            if name.strip_suffix(".gz").is_some() {
                let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
                packer.write_all(&bytes).unwrap();
                bytes = packer.finish().unwrap();
            }
            fs::write(folder.join(name), bytes).unwrap();
        }
        folder
    }

    /// What is printed, and the error.
    fn replayed(name: &str, files: &[(&str, &str)], shown: usize) -> (String, Option<String>) {
        let folder = folder(name, files);
        let mut out = Vec::new();
        let error = replay(&folder, shown, &mut out)
            .err()
            .map(|error| error.to_string());
        fs::remove_dir_all(&folder).unwrap();
        (String::from_utf8(out).unwrap(), error)
    }

    #[test]
    fn files_are_replayed_packed_or_not_and_continued() {
        let files = [
            ("quantity-2.jsonl", RIGHT),
            ("quantity.jsonl.gz", RIGHT),
            ("README.md", "#"),
            ("pss-meta.json", "{}"),
        ];
        let (out, error) = replayed("packed", &files, 0);
        assert_eq!(
            out,
            "quantity-2: 1 passed, 0 failed\nquantity: 1 passed, 0 failed\n"
        );
        assert_eq!(error, None);
    }

    #[test]
    fn a_case_that_differs_is_shown_with_both_answers() {
        let wrong = RIGHT.replace("1001", "1002").replace("q-1", "q-2");
        let text = format!("{RIGHT}\n{wrong}\n{wrong}\n");
        let (out, error) = replayed("differs", &[("quantity.jsonl", &text)], 1);
        let head = "quantity: 1 passed, 2 failed\n  q-2\n    expected ";
        assert!(out.starts_with(head), "{out}");
        assert!(out.contains("1002") && out.contains("1001"), "{out}");
        assert_eq!(out.matches("q-2").count(), 1, "one failure is shown: {out}");
        assert_eq!(error.as_deref(), Some("2 of 3 cases differ"));
    }

    #[test]
    fn what_cannot_be_replayed_is_said_and_the_rest_goes_on() {
        let broken_line = format!("{RIGHT}\nnot json\n");
        let files = [
            ("nothing.jsonl", "{}"),
            ("pss.jsonl", ""),
            ("quantity.jsonl", broken_line.as_str()),
        ];
        let (out, error) = replayed("broken", &files, 1);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "nothing: skipped, there is no suite of that name");
        assert!(lines[1].starts_with("pss: cannot be replayed: "), "{out}");
        assert_eq!(lines[2], "quantity: 1 passed, 1 failed");
        assert_eq!(lines[3], "  line 2");
        assert_eq!(
            error.as_deref(),
            Some("files that cannot be replayed: 1; 1 of 2 cases differ")
        );
        // A folder where a file should be: nobody can read that, not even root.
        let folder = folder("unreadable", &[]);
        fs::create_dir(folder.join("pss.jsonl")).unwrap();
        let mut out = Vec::new();
        assert!(replay(&folder, 0, &mut out).is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            String::from_utf8(out)
                .unwrap()
                .starts_with("pss: cannot be replayed: ")
        );
    }

    #[test]
    fn a_folder_without_vectors_is_an_error() {
        for files in [&[][..], &[("README.md", "#")], &[("nothing.jsonl", "{}")]] {
            let (_, error) = replayed("empty", files, 0);
            assert!(error.unwrap().ends_with("holds no vector file"));
        }
        assert!(replay(Path::new("/nonexistent"), 0, &mut Vec::new()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_only_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder("read-only", &[("quantity.jsonl", RIGHT)]);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
        let result = replay(&folder, 0, &mut Vec::new());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(result.is_ok());
    }

    #[test]
    fn arguments_are_checked() {
        let parse = |line: &str| parse(line.split(' ').map(str::to_owned));
        let (folder, shown) = parse("--failures 3 vectors").unwrap();
        assert_eq!((folder, shown), (PathBuf::from("vectors"), 3));
        for line in ["--failures x vectors", "--failures", "--fail 3", "a b"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
