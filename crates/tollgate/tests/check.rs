//! Literate checks: every `tests/check/*.md` is a page that a person can read and this test runs.
//!
//! A fenced block whose info string is `yaml FILE` (or `json FILE`, `text FILE`) writes that file into a fresh folder.
//! A block `console` runs the commands behind `$ ` there, and holds what they print (standard error first) and, as
//! `[exit 1]`, how they end. `TOLLGATE_UPDATE=1 cargo test -p tollgate --test check` writes what is printed
//! into the pages; read the difference before it is committed.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn pages_show_what_is_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    assert!(!pages.is_empty());
    let update = std::env::var_os("TOLLGATE_UPDATE").is_some();
    let mut differing = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        let shown = run_page(&text, page);
        if shown == text {
            continue;
        }
        if update {
            std::fs::write(page, shown).unwrap();
        } else {
            differing.push(format!(
                "{}:\n{}",
                page.display(),
                difference(&text, &shown)
            ));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// The page with what its commands print now.
fn run_page(text: &str, page: &Path) -> String {
    let name = page.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("check")
        .join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, file)) => {
                let path = folder.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, block.join("\n") + "\n").unwrap();
                copy(&block, &mut out);
            }
            None if info == "console" => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    out.push_str(&format!("$ {command}\n{}", run(command, &folder)));
                }
            }
            None => copy(&block, &mut out),
        }
        out.push_str("```\n");
    }
    out
}

fn copy(block: &[&str], out: &mut String) {
    for line in block {
        out.push_str(line);
        out.push('\n');
    }
}

fn run(command: &str, folder: &Path) -> String {
    let binary = env!("CARGO_BIN_EXE_tollgate");
    let output = Command::new("sh")
        .args(["-c", &command.replace("tollgate ", &format!("{binary} "))])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut shown = String::from_utf8(output.stderr).unwrap();
    shown.push_str(&String::from_utf8(output.stdout).unwrap());
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    let shown = shown.replace(binary, "tollgate");
    match output.status.code() {
        Some(0) => shown,
        code => format!(
            "{shown}[exit {}]\n",
            code.map_or("by a signal".to_owned(), |code| code.to_string())
        ),
    }
}

fn difference(expected: &str, got: &str) -> String {
    let (mut expected, mut got) = (expected.lines(), got.lines());
    for number in 1.. {
        match (expected.next(), got.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                return format!(
                    "  line {number}\n  - {}\n  + {}",
                    a.unwrap_or("(end)"),
                    b.unwrap_or("(end)")
                );
            }
        }
    }
    "  differs in its line ends".to_owned()
}
