//! What a container's command would do, where that can be read from it: `sleep 30`, `sh -c "echo hello; exit 3"`.
//!
//! Nothing is run. A command of a few words that are understood here says how long a container lives, what it prints and
//! with which code it ends; of any other command nothing is known.

use super::image;
use super::moment::{self, SECOND};

/// Parts of one script that are looked at.
const PARTS_MAX: usize = 100;

/// What a command that is understood does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How long it takes in milliseconds; `None` is for ever.
    pub takes: Option<i64>,
    /// With which code it ends.
    pub exit_code: i64,
    /// What it prints, with the milliseconds after its start.
    pub output: Vec<(i64, String)>,
}

/// Reads a command with its arguments; `None` if it is not understood.
pub fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Script> {
    let words: Vec<&str> = words.into_iter().collect();
    let (program, arguments) = words.split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    let mut run = Run::default();
    match (program, arguments) {
        ("sh" | "bash" | "ash" | "dash", [flag, script, ..]) if is_script_flag(flag) => {
            run.script(script)?;
        }
        _ => {
            let mut simple = vec![program];
            simple.extend(arguments);
            run.simple(&simple)?;
        }
    }
    Some(run.finish())
}

/// `-c`, alone or with the shell's options that change nothing here.
fn is_script_flag(flag: &str) -> bool {
    let letters = flag.strip_prefix('-').unwrap_or_default();
    letters.ends_with('c')
        && letters
            .chars()
            .all(|letter| matches!(letter, 'c' | 'e' | 'u' | 'x'))
}

#[derive(Default)]
struct Run {
    elapsed: i64,
    endless: bool,
    ended: bool,
    code: i64,
    output: Vec<(i64, String)>,
}

impl Run {
    fn finish(self) -> Script {
        Script {
            takes: (!self.endless).then_some(self.elapsed),
            exit_code: self.code,
            output: self.output,
        }
    }

    fn script(&mut self, text: &str) -> Option<()> {
        let text = after_traps(text.trim());
        if is_endless_loop(text) {
            self.endless = true;
            return Some(());
        }
        let mut previous_joins = false;
        for part in split_script(text)? {
            let skipped = self.ended || self.endless || previous_joins && self.code != 0;
            previous_joins = part.joined;
            if !skipped && !part.words.is_empty() {
                let words: Vec<&str> = part.words.iter().map(String::as_str).collect();
                self.simple(&words)?;
            }
        }
        Some(())
    }

    /// One command without any syntax of a shell.
    fn simple(&mut self, words: &[&str]) -> Option<()> {
        let (program, arguments) = words.split_first()?;
        let program = program.rsplit('/').next().unwrap_or(program);
        self.code = match (program, arguments) {
            ("true" | ":", _) => 0,
            ("false", _) => 1,
            ("exit", []) => {
                self.ended = true;
                self.code
            }
            ("exit", [code]) => {
                self.ended = true;
                i64::from(code.parse::<u8>().ok()?)
            }
            ("echo", words) => {
                self.output.push((self.elapsed, words.join(" ")));
                0
            }
            ("sleep", ["infinity" | "inf"]) | ("tail", ["-f", "/dev/null"]) | ("pause", []) => {
                self.endless = true;
                0
            }
            ("sleep", [length]) => {
                self.elapsed = self.elapsed.checked_add(moment::parse_duration(length)?)?;
                0
            }
            _ => return None,
        };
        Some(())
    }
}

/// What stands behind `trap exit TERM;`: signals come from outside and change nothing here.
fn after_traps(mut text: &str) -> &str {
    while let Some((first, rest)) = text.split_once([';', '\n']) {
        if !first.starts_with("trap ") || first.contains(['\'', '"']) {
            break;
        }
        text = rest.trim_start();
    }
    text
}

fn is_endless_loop(text: &str) -> bool {
    let begins = ["while true", "while :", "while [ 1 ]"];
    let body = begins.iter().find_map(|begin| text.strip_prefix(begin));
    body.is_some_and(|body| {
        let body = body.trim_start_matches([';', ' ', '\n']);
        let leaves = ["break", "exit", "kill"]
            .iter()
            .any(|word| body.contains(word));
        body.starts_with("do") && body.ends_with("done") && !leaves
    })
}

struct Part {
    words: Vec<String>,
    /// The next part runs only if this one succeeds.
    joined: bool,
}

/// Splits at `;`, line breaks and `&&`, then into words; `None` if there is anything else of a shell's syntax.
fn split_script(text: &str) -> Option<Vec<Part>> {
    let mut parts = vec![Part {
        words: Vec::new(),
        joined: false,
    }];
    let mut word: Option<String> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let part = parts.last_mut()?;
        match character {
            ' ' | '\t' => part.words.extend(word.take()),
            ';' | '\n' => {
                part.words.extend(word.take());
                parts.push(Part {
                    words: Vec::new(),
                    joined: false,
                });
            }
            '&' if characters.next_if_eq(&'&').is_some() => {
                part.words.extend(word.take());
                part.joined = true;
                parts.push(Part {
                    words: Vec::new(),
                    joined: false,
                });
            }
            quote @ ('"' | '\'') => {
                let target = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        end if end == quote => break,
                        '$' | '`' | '\\' if quote == '"' => return None,
                        inner => target.push(inner),
                    }
                }
            }
            '$' | '`' | '\\' | '|' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '?' | '#'
            | '~' | '[' => {
                return None;
            }
            other => word.get_or_insert_default().push(other),
        }
        if parts.len() > PARTS_MAX {
            return None;
        }
    }
    parts.last_mut()?.words.extend(word);
    Some(parts)
}

/// What a container does by its command, or without one by its image. Arguments alone count as a command where nothing is
/// known of the image: so they are with images that have no entry point.
pub(crate) fn of_container(container: &tollgate_api::Value) -> Option<Script> {
    let words = |key: &str| -> Vec<&str> {
        let words = container.items(key).iter();
        words.filter_map(tollgate_api::Value::as_str).collect()
    };
    let (command, arguments) = (words("command"), words("args"));
    if command.is_empty() && image::serves(container.str_or_empty("image"), &arguments) {
        return read(["pause"]);
    }
    read(command.into_iter().chain(arguments))
}

/// A length of time in words: `1s`, `1.5s`.
pub(crate) fn written(millis: i64) -> String {
    if millis.rem_euclid(SECOND) == 0 {
        return format!("{}s", millis.div_euclid(SECOND));
    }
    let text = format!(
        "{}.{:03}",
        millis.div_euclid(SECOND),
        millis.rem_euclid(SECOND)
    );
    format!("{}s", text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], takes: Option<i64>, exit_code: i64, output: &[(i64, &str)]) {
        let output = output
            .iter()
            .map(|(at, text)| (*at, (*text).to_owned()))
            .collect();
        let expected = Script {
            takes,
            exit_code,
            output,
        };
        assert_eq!(read(words.iter().copied()), Some(expected), "{words:?}");
    }

    #[test]
    fn short_commands_are_understood() {
        check(&["sleep", "30"], Some(30_000), 0, &[]);
        check(&["/bin/sleep", "infinity"], None, 0, &[]);
        check(&["true"], Some(0), 0, &[]);
        check(&["false"], Some(0), 1, &[]);
        check(&["echo", "a", "b"], Some(0), 0, &[(0, "a b")]);
        check(&["sh", "-c", "exit 3"], Some(0), 3, &[]);
        check(
            &["/bin/sh", "-c", "sleep 2; exit 7; sleep 9"],
            Some(2_000),
            7,
            &[],
        );
        check(
            &["bash", "-ec", "echo 'hello; world' && sleep 5\necho done"],
            Some(5_000),
            0,
            &[(0, "hello; world"), (5_000, "done")],
        );
        check(
            &["sh", "-c", "false && echo never; echo after"],
            Some(0),
            0,
            &[(0, "after")],
        );
        check(
            &["sh", "-c", "while true; do echo x; sleep 1; done"],
            None,
            0,
            &[],
        );
        check(&["tail", "-f", "/dev/null"], None, 0, &[]);
        check(
            &[
                "/bin/sh",
                "-c",
                "trap exit TERM; while true; do sleep 1; done",
            ],
            None,
            0,
            &[],
        );
    }

    #[test]
    fn of_anything_else_nothing_is_known() {
        for words in [
            &[][..],
            &["nginx"],
            &["sh"],
            &["sh", "-c", "echo $HOME"],
            &["sh", "-c", "date | cat"],
            &["sh", "-c", "echo a > /tmp/x"],
            &["sh", "-c", "if true; then exit 1; fi"],
            &["sh", "-c", "echo 'open"],
            &["sleep", "a"],
            &["exit", "300"],
        ] {
            assert_eq!(read(words.iter().copied()), None, "{words:?}");
        }
        assert_eq!(read(["sh", "-c", &"true;".repeat(200)]), None);
    }

    #[test]
    fn a_command_counts_before_what_its_image_would_do() {
        let script =
            |container: &str| of_container(&tollgate_api::json::from_str(container).unwrap());
        let endless = read(["pause"]);
        for container in [
            r#"{"image":"a:5/b/pause@sha256:00"}"#,
            r#"{"image":"nginx:1.27"}"#,
            r#"{"image":"e2e-test-images/agnhost:2.63.0","args":["netexec"]}"#,
        ] {
            assert_eq!(script(container), endless, "{container}");
        }
        assert_eq!(script(r#"{"image":"pause-not:1"}"#), None);
        for container in [
            r#"{"image":"pause","command":["false"]}"#,
            r#"{"image":"nginx","args":["false"]}"#,
            r#"{"image":"agnhost","command":["sh","-c"],"args":["exit 1"]}"#,
        ] {
            assert_eq!(script(container).unwrap().exit_code, 1, "{container}");
        }
    }

    #[test]
    fn lengths_are_written_shortly() {
        assert_eq!(
            (written(1_000), written(1_500), written(20)),
            ("1s".into(), "1.5s".into(), "0.02s".into())
        );
    }
}
