//! The README shows what the binary prints.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::Command;

/// What is in the fenced block after `opening`, its first line being the command.
fn block<'t>(text: &'t str, opening: &str) -> (&'t str, &'t str) {
    let (_, rest) = text.split_once(opening).unwrap();
    let (block, _) = rest.split_once("\n```").unwrap();
    let (command, printed) = block.split_once('\n').unwrap();
    (command, printed)
}

#[test]
fn the_first_screen_is_what_check_prints_about_the_shop() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (command, shown) = block(&readme, "```console\n$ ");
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("tollgate"));
    let output = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(words)
        .current_dir(&root)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "the shop has one refusal");
    let printed = [output.stderr, output.stdout].concat();
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed.trim_end(), shown, "README.md is stale");
}

#[test]
fn every_page_that_the_readme_points_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut pages = 0;
    for link in readme.split("](").skip(1) {
        let (target, _) = link.split_once(')').unwrap();
        assert!(root.join(target).exists(), "{target}");
        pages += 1;
    }
    assert!(pages > 3, "{pages} links found");
}
