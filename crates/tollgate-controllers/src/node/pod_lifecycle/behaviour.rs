//! How a simulated container behaves: by annotations of its pod, else by its command, else by its restart policy.
//!
//! An annotation's value counts for every container of the pod that is neither an init container nor a sidecar;
//! `NAME=VALUE,NAME=VALUE` says it of single ones, of any kind.

use super::container::Role;
use crate::node::command;
use crate::node::moment::{self, SECOND};
use tollgate_api::Value;

/// What the names of all these annotations begin with.
pub const PREFIX: &str = "tollgate.dev/";
/// How long a container takes from creation to running.
pub const START_DELAY: &str = "tollgate.dev/start-delay";
/// After how long a container ends by itself; `never` for ever.
pub const EXIT_AFTER: &str = "tollgate.dev/exit-after";
/// With which code it ends then.
pub const EXIT_CODE: &str = "tollgate.dev/exit-code";
/// The reason that its end is given, for example `OOMKilled`.
pub const EXIT_REASON: &str = "tollgate.dev/exit-reason";
/// The container runs and is never ready.
pub const NEVER_READY: &str = "tollgate.dev/never-ready";
/// The image cannot be pulled: `true`, or the error in words.
pub const IMAGE_PULL_ERROR: &str = "tollgate.dev/image-pull-error";
/// How long after its start the liveness probe begins to fail.
pub const LIVENESS_FAILS_AFTER: &str = "tollgate.dev/liveness-fails-after";
/// How long it takes to stop once it is told to; `never` waits to be killed.
pub const STOP_AFTER: &str = "tollgate.dev/stop-after";

/// How long things take that take a moment, in milliseconds.
pub(crate) const A_MOMENT: i64 = SECOND;

/// How a container behaves. Lengths of time are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) start_delay: i64,
    pub(crate) life: Life,
    pub(crate) exit_reason: Option<String>,
    pub(crate) never_ready: bool,
    pub(crate) image_pull_error: Option<String>,
    pub(crate) liveness_fails_after: Option<i64>,
    /// `None` never stops by itself.
    pub(crate) stop_after: Option<i64>,
}

/// How long a container lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Until it is stopped.
    Forever,
    /// So long after its start it ends with this code.
    Ends { after: i64, exit_code: i64 },
}

/// An annotation that cannot be followed: its name and what is wrong.
pub(crate) type Problem = (&'static str, String);

impl Behaviour {
    /// The behaviour of a container in its pod.
    pub(crate) fn of(pod: &Value, container: &Value, role: Role) -> Self {
        let says = |key| said_of(pod, container, role, key);
        let length = |key| says(key).and_then(moment::parse_duration);
        Self {
            start_delay: length(START_DELAY).unwrap_or(match role {
                // What init containers wait for is over when their turn comes.
                Role::Init { first: false } | Role::Ephemeral => 0,
                _ => A_MOMENT,
            }),
            life: life(pod, container, role),
            exit_reason: says(EXIT_REASON).map(str::to_owned),
            never_ready: says(NEVER_READY) == Some("true"),
            image_pull_error: image_pull_error(container, says(IMAGE_PULL_ERROR)),
            liveness_fails_after: length(LIVENESS_FAILS_AFTER),
            stop_after: match says(STOP_AFTER) {
                Some("never") => None,
                Some(text) => Some(moment::parse_duration(text).unwrap_or(A_MOMENT)),
                None => Some(A_MOMENT),
            },
        }
    }
}

fn life(pod: &Value, container: &Value, role: Role) -> Life {
    let says = |key| said_of(pod, container, role, key);
    let code = says(EXIT_CODE)
        .and_then(|code| code.parse::<u8>().ok())
        .map(i64::from);
    if says(EXIT_AFTER) == Some("never") {
        return Life::Forever;
    }
    if let Some(after) = says(EXIT_AFTER).and_then(moment::parse_duration) {
        return Life::Ends {
            after,
            exit_code: code.unwrap_or(0),
        };
    }
    let by_command = command::of_container(container).map(|script| match script.takes {
        Some(takes) => Life::Ends {
            after: takes,
            exit_code: script.exit_code,
        },
        None => Life::Forever,
    });
    let by_itself = by_command.unwrap_or_else(|| {
        let policy = container
            .str("restartPolicy")
            .or_else(|| pod.get("spec")?.str("restartPolicy"));
        match role {
            Role::Init { .. } => Life::Ends {
                after: A_MOMENT,
                exit_code: 0,
            },
            Role::Regular if matches!(policy, Some("OnFailure" | "Never")) => Life::Ends {
                after: A_MOMENT,
                exit_code: 0,
            },
            Role::Sidecar | Role::Ephemeral | Role::Regular => Life::Forever,
        }
    });
    match (by_itself, code) {
        (life, None) => life,
        (Life::Ends { after, .. }, Some(exit_code)) => Life::Ends { after, exit_code },
        (Life::Forever, Some(exit_code)) => Life::Ends {
            after: A_MOMENT,
            exit_code,
        },
    }
}

fn image_pull_error(container: &Value, says: Option<&str>) -> Option<String> {
    let image = container.str_or_empty("image");
    match says? {
        "false" => None,
        "true" | "" => Some(format!(
            "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
        )),
        words => Some(words.to_owned()),
    }
}

/// What an annotation says of a container.
pub(crate) fn said_of<'p>(
    pod: &'p Value,
    container: &Value,
    role: Role,
    key: &str,
) -> Option<&'p str> {
    let text = pod.at(&["metadata", "annotations"])?.str(key)?.trim();
    match named_values(pod, text) {
        Some(mut named) => {
            let name = container.str_or_empty("name");
            named
                .find(|(container, _)| *container == name)
                .map(|(_, value)| value)
        }
        None => (role == Role::Regular).then_some(text),
    }
}

/// The values by container, if the text has that form: every part names a container of the pod.
fn named_values<'t>(
    pod: &Value,
    text: &'t str,
) -> Option<impl Iterator<Item = (&'t str, &'t str)>> {
    let spec = pod.get("spec")?;
    let is_container = |name: &str| {
        ["containers", "initContainers", "ephemeralContainers"]
            .iter()
            .flat_map(|list| spec.items(list))
            .any(|container| container.str("name") == Some(name))
    };
    let pair = |part: &'t str| part.trim().split_once('=');
    let all_named = text
        .split(',')
        .all(|part| pair(part).is_some_and(|(name, _)| is_container(name)));
    all_named.then(|| text.split(',').filter_map(pair))
}

/// Whether a value can be followed.
type IsGood<'f> = &'f dyn Fn(&str) -> bool;

/// The annotations of a pod that cannot be followed, for its owner to read.
pub(crate) fn problems(pod: &Value) -> Vec<Problem> {
    const LENGTH: &str = "a length of time such as `10s` or `1m30s`";
    const LENGTH_OR_NEVER: &str = "a length of time such as `10s`, or `never`";
    let Some(annotations) = pod.at(&["metadata", "annotations"]) else {
        return Vec::new();
    };
    let is_length = |text: &str| moment::parse_duration(text).is_some();
    let is_length_or_never = |text: &str| text == "never" || moment::parse_duration(text).is_some();
    let is_code = |text: &str| text.parse::<u8>().is_ok();
    let is_bool = |text: &str| matches!(text, "true" | "false");
    let rules: [(&'static str, IsGood<'_>, &str); 6] = [
        (START_DELAY, &is_length, LENGTH),
        (EXIT_AFTER, &is_length_or_never, LENGTH_OR_NEVER),
        (EXIT_CODE, &is_code, "a number from 0 to 255"),
        (NEVER_READY, &is_bool, "`true` or `false`"),
        (LIVENESS_FAILS_AFTER, &is_length, LENGTH),
        (STOP_AFTER, &is_length_or_never, LENGTH_OR_NEVER),
    ];
    let mut problems = Vec::new();
    for (key, is_good, wanted) in rules {
        let Some(text) = annotations.str(key).map(str::trim) else {
            continue;
        };
        let bad = match named_values(pod, text) {
            Some(named) => named.map(|(_, value)| value).find(|value| !is_good(value)),
            None => Some(text).filter(|text| !is_good(text)),
        };
        if let Some(bad) = bad {
            problems.push((
                key,
                format!("annotation {key} is ignored: `{bad}` is not {wanted}"),
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn pod(annotations: &str, policy: &str, command: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"annotations":{annotations}}},"spec":{{"restartPolicy":"{policy}",
            "initContainers":[{{"name":"init"}}],"containers":[{{"name":"app","image":"x","command":{command}}},{{"name":"web"}}]}}}}"#
        );
        from_str(&text).unwrap()
    }

    fn life_of(pod: &Value, place: usize) -> Life {
        Behaviour::of(
            pod,
            &pod.get("spec").unwrap().items("containers")[place],
            Role::Regular,
        )
        .life
    }

    #[test]
    fn containers_live_for_ever_unless_their_pod_is_to_end() {
        assert_eq!(life_of(&pod("{}", "Always", "[]"), 0), Life::Forever);
        let ends = Life::Ends {
            after: 1_000,
            exit_code: 0,
        };
        assert_eq!(life_of(&pod("{}", "Never", "[]"), 0), ends);
        assert_eq!(life_of(&pod("{}", "OnFailure", "[\"nginx\"]"), 0), ends);
        let sleeps = Life::Ends {
            after: 60_000,
            exit_code: 0,
        };
        assert_eq!(life_of(&pod("{}", "Never", r#"["sleep","60"]"#), 0), sleeps);
        assert_eq!(
            life_of(&pod("{}", "Never", r#"["sleep","infinity"]"#), 0),
            Life::Forever
        );
    }

    #[test]
    fn annotations_count_before_the_command() {
        let fails = pod(r#"{"tollgate.dev/exit-code":"3"}"#, "Always", "[]");
        assert_eq!(
            life_of(&fails, 0),
            Life::Ends {
                after: 1_000,
                exit_code: 3
            }
        );
        let runs = pod(
            r#"{"tollgate.dev/exit-after":"never"}"#,
            "Never",
            r#"["true"]"#,
        );
        assert_eq!(life_of(&runs, 0), Life::Forever);
        let both = pod(
            r#"{"tollgate.dev/exit-code":"3"}"#,
            "Never",
            r#"["sleep","9"]"#,
        );
        assert_eq!(
            life_of(&both, 0),
            Life::Ends {
                after: 9_000,
                exit_code: 3
            }
        );
    }

    #[test]
    fn an_annotation_can_name_containers() {
        let pod = pod(
            r#"{"tollgate.dev/exit-code":"web=1,init=2"}"#,
            "Always",
            "[]",
        );
        assert_eq!(life_of(&pod, 0), Life::Forever);
        assert_eq!(
            life_of(&pod, 1),
            Life::Ends {
                after: 1_000,
                exit_code: 1
            }
        );
        let init = &pod.get("spec").unwrap().items("initContainers")[0];
        let init = Behaviour::of(&pod, init, Role::Init { first: true });
        assert_eq!(
            init.life,
            Life::Ends {
                after: 1_000,
                exit_code: 2
            }
        );
    }

    #[test]
    fn annotations_that_cannot_be_followed_are_told() {
        let wrong = pod(
            r#"{"tollgate.dev/exit-code":"web=1,app=x","tollgate.dev/never-ready":"yes","tollgate.dev/stop-after":"never"}"#,
            "Always",
            "[]",
        );
        let told: Vec<_> = problems(&wrong)
            .into_iter()
            .map(|(_, message)| message)
            .collect();
        assert_eq!(
            told,
            [
                "annotation tollgate.dev/exit-code is ignored: `x` is not a number from 0 to 255",
                "annotation tollgate.dev/never-ready is ignored: `yes` is not `true` or `false`",
            ]
        );
        assert!(problems(&pod("{}", "Always", "[]")).is_empty());
    }
}
