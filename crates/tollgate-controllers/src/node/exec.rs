//! What `kubectl exec` into a simulated container shows: nothing is run, and it says so.

use super::command;

/// What a command in a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// What it writes to its standard output.
    pub stdout: String,
    /// What it writes to its standard error.
    pub stderr: String,
    /// With which code it ends.
    pub exit_code: i32,
    /// After how long, in milliseconds; `None` is never.
    pub takes: Option<i64>,
}

/// The code of a shell that does not find a command.
const NOT_FOUND: i32 = 127;

/// What this command in that container does. The few commands that are understood do what they would; every other is told
/// not to be there.
pub fn run(container: &str, words: &[String]) -> Executed {
    if let Some(script) = command::read(words.iter().map(String::as_str)) {
        let mut stdout = String::new();
        for (_, line) in &script.output {
            stdout.push_str(line);
            stdout.push('\n');
        }
        return Executed {
            stdout,
            stderr: String::new(),
            exit_code: i32::try_from(script.exit_code).unwrap_or(1),
            takes: script.takes,
        };
    }
    Executed {
        stdout: String::new(),
        stderr: format!(
            "tollgate: container {container} is simulated: nothing runs in it, so {words:?} cannot be run; \
             sleep, echo, true, false and exit are understood\n"
        ),
        exit_code: NOT_FOUND,
        takes: Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], stdout: &str, exit_code: i32) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let done = run("c", &words);
        assert_eq!(
            (done.stdout.as_str(), done.exit_code),
            (stdout, exit_code),
            "{words:?}"
        );
        assert_eq!(done.stderr.is_empty(), exit_code != NOT_FOUND);
    }

    #[test]
    fn what_is_understood_does_what_it_would() {
        check(&["true"], "", 0);
        check(&["false"], "", 1);
        check(&["sh", "-c", "echo hello; exit 3"], "hello\n", 3);
    }

    #[test]
    fn anything_else_says_that_nothing_runs_here() {
        check(&["cat", "/etc/hosts"], "", NOT_FOUND);
        check(&["sh"], "", NOT_FOUND);
        check(&[], "", NOT_FOUND);
        assert_eq!(
            run("c", &["ls".to_owned()]).stderr,
            "tollgate: container c is simulated: nothing runs in it, so [\"ls\"] cannot be run; \
             sleep, echo, true, false and exit are understood\n"
        );
    }
}
