//! A script: commands as people type them, run in a shell in a folder of their own.

use super::mask::Masks;
use crate::server::Server;
use anyhow::{Context as _, Result};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often and how long apart `@wait` asks.
const WAITS_MAX: usize = 120;
/// How long a command may take.
const COMMAND_SECONDS_MAX: &str = "60";
const WAIT: Duration = Duration::from_millis(250);

/// Where a script runs.
#[derive(Debug)]
pub(super) struct Shell {
    /// Its home, in which `kubectl` reaches the server.
    home: PathBuf,
    /// The folder its commands run in.
    folder: PathBuf,
}

/// Makes a shell for a server; without a folder it runs in its home.
pub(super) fn shell(server: &Server, kubectl: &Path, folder: Option<&Path>) -> Result<Shell> {
    let home = server.folder().join("home");
    fs::create_dir_all(home.join("bin"))?;
    let wrapper = format!(
        "#!/bin/sh\nexec '{}' --kubeconfig '{}' \"$@\"\n",
        kubectl.display(),
        server.kubeconfig().display()
    );
    let program = home.join("bin/kubectl");
    fs::write(&program, wrapper)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let folder = folder.map_or_else(|| home.clone(), Path::to_path_buf);
    Ok(Shell { home, folder })
}

/// Runs a script and returns what a person would have seen, masked.
pub(super) fn run(script: &str, shell: &Shell) -> Result<String> {
    let masks = Masks::new();
    let mut transcript = String::new();
    for block in blocks(script) {
        if block.starts_with('#') {
            transcript.push_str(&format!("{block}\n\n"));
        } else if let Some(command) = block.strip_prefix("@wait ") {
            if !wait(shell, command)? {
                transcript.push_str(&format!("@timeout {block}\n"));
            }
        } else {
            let (output, code) = perform(shell, &format!("exec 2>&1\n{block}"))?;
            transcript.push_str(&format!("$ {}\n", block.replace('\n', "\n> ")));
            let output = masks.apply(&output);
            let output = output.trim_end_matches('\n');
            if !output.is_empty() {
                transcript.push_str(&format!("{output}\n"));
            }
            if code != 0 {
                transcript.push_str(&format!("[exit {code}]\n"));
            }
            transcript.push('\n');
        }
    }
    Ok(transcript)
}

fn wait(shell: &Shell, command: &str) -> Result<bool> {
    for _ in 0..WAITS_MAX {
        if perform(shell, command)?.1 == 0 {
            return Ok(true);
        }
        thread::sleep(WAIT);
    }
    Ok(false)
}

fn perform(shell: &Shell, command: &str) -> Result<(String, i32)> {
    let command = format!("export PATH=\"$HOME/bin:$PATH\"\n{command}");
    let output = Command::new("timeout")
        .args([COMMAND_SECONDS_MAX, "bash", "-c", &command])
        .current_dir(&shell.folder)
        .env("HOME", &shell.home)
        .env("KUBECTL_KYAML", "false")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .context("cannot run timeout")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((text, output.status.code().unwrap_or(-1)))
}

/// The blocks of a script. Blank lines in a here-document end none.
fn blocks(script: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    let mut in_document = false;
    for line in script.lines() {
        if line.trim().is_empty() && !in_document {
            if !current.is_empty() {
                blocks.push(current.join("\n"));
                current.clear();
            }
            continue;
        }
        if line.contains("<<'EOF'") || line.contains("<<EOF") || line.contains("<< 'EOF'") {
            in_document = true;
        } else if line.trim_end() == "EOF" {
            in_document = false;
        }
        current.push(line);
    }
    if !current.is_empty() {
        blocks.push(current.join("\n"));
    }
    blocks
}

/// The blocks of a transcript: each begins with a command or a comment.
pub(super) fn blocks_of_transcript(transcript: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in transcript.lines() {
        match blocks.last_mut() {
            Some(block) if !line.starts_with("$ ") && !line.starts_with("# ") => {
                block.push('\n');
                block.push_str(line);
            }
            _ => blocks.push(line.to_owned()),
        }
    }
    blocks.iter().map(|block| block.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_blocks_but_not_in_here_documents() {
        let script = "kubectl a\n\n\ncat <<'EOF' > f\nx\n\ny\nEOF\n\n@wait true\n";
        let expected = ["kubectl a", "cat <<'EOF' > f\nx\n\ny\nEOF", "@wait true"];
        assert_eq!(blocks(script), expected);
    }

    #[test]
    fn a_transcript_is_parted_at_commands() {
        let transcript = "# c\n\n$ a\nout\n\nmore\n\n$ b\n";
        assert_eq!(
            blocks_of_transcript(transcript),
            ["# c", "$ a\nout\n\nmore", "$ b"]
        );
    }
}
