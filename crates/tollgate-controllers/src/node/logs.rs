//! What the logs of a simulated container hold: what it would have printed where that is known, and for the rest an
//! honest word.

use super::command;
use super::moment;
use super::pod_lifecycle::ContainerRun;
use tollgate_api::{Timestamp, Value};

/// One line, and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub time: Timestamp,
    /// What, without the line feed.
    pub text: String,
}

/// The lines that one run of a container has written by `now`.
pub fn lines(pod: &Value, container: &Value, run: &ContainerRun, now: Timestamp) -> Vec<Line> {
    let end = run.finished_at.unwrap_or(now);
    let mut lines = vec![Line {
        time: run.started_at,
        text: introduction(pod, container),
    }];
    if let Some(script) = command::of_container(container) {
        let printed = script.output.into_iter().map(|(after, text)| Line {
            time: moment::after(run.started_at, after),
            text,
        });
        lines.extend(printed.filter(|line| line.time <= end));
    }
    if let (Some(finished_at), Some(exit_code)) = (run.finished_at, run.exit_code) {
        lines.push(Line {
            time: finished_at,
            text: format!("tollgate: the simulated container ended with exit code {exit_code}"),
        });
    }
    lines
}

/// When a run that goes on writes its next line, as far as that is known.
pub(crate) fn next_after(
    pod: &Value,
    container: &Value,
    run: &ContainerRun,
    now: Timestamp,
) -> Option<Timestamp> {
    let all = lines(pod, container, run, Timestamp::from_unix_seconds(i64::MAX));
    let later = all.into_iter().map(|line| line.time);
    later.filter(|time| *time > now).min()
}

fn introduction(pod: &Value, container: &Value) -> String {
    let node = pod
        .at(&["spec", "nodeName"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let words = container
        .items("command")
        .iter()
        .chain(container.items("args"));
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    let what = match words.as_slice() {
        [] => "its own entry point".to_owned(),
        words => format!("{words:?}"),
    };
    format!(
        "tollgate: container {} is simulated on node {node}; image {} with {what} would run here",
        container.str_or_empty("name"),
        container.str_or_empty("image")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    const START: Timestamp = Timestamp::from_unix_seconds(100);

    fn check(container: &str, ended: Option<(i64, i64)>, now: i64, expected: &[&str]) {
        let pod = from_str(r#"{"spec":{"nodeName":"node-0"}}"#).unwrap();
        let container = from_str(container).unwrap();
        let run = ContainerRun {
            started_at: START,
            finished_at: ended.map(|(at, _)| Timestamp::from_unix_seconds(at)),
            exit_code: ended.map(|(_, code)| code),
        };
        let lines = lines(&pod, &container, &run, Timestamp::from_unix_seconds(now));
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn logs_say_that_nothing_runs_and_what_would() {
        check(
            r#"{"name":"c","image":"nginx:1"}"#,
            None,
            500,
            &[
                "tollgate: container c is simulated on node node-0; image nginx:1 with its own entry point would run here",
            ],
        );
    }

    #[test]
    fn what_a_command_prints_is_there_from_its_time_on() {
        let container =
            r#"{"name":"c","image":"b","command":["sh","-c","echo one; sleep 10; echo two"]}"#;
        let first = r#"tollgate: container c is simulated on node node-0; image b with ["sh", "-c", "echo one; sleep 10; echo two"] would run here"#;
        check(container, None, 105, &[first, "one"]);
        check(
            container,
            Some((110, 0)),
            200,
            &[
                first,
                "one",
                "two",
                "tollgate: the simulated container ended with exit code 0",
            ],
        );
    }
}
