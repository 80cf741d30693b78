//! `pod-validation.jsonl`

use super::{Outcome, compare};
use tollgate_api::field::Errors;
use tollgate_api::{Release, Status, Value};
use tollgate_objects::validation::{Options, pod, pod_warnings};
use tollgate_objects::{defaults, strategy};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut object = case.get("pod").cloned().unwrap_or_default();
    defaults::pod::set_defaults(&mut object);
    strategy::pod::prepare_for_create(&mut object, Release::default());
    object
        .child_mut("metadata")
        .set_default("namespace", || "default");
    let options = Options {
        allow_privileged: case.bool("allowPrivileged").unwrap_or(true),
    };
    let mut errors = Errors::new();
    pod::validate_create(&object, &options, &mut errors);
    let mut texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let random = case.bool("errorOrderRandom") == Some(true);
    if random {
        texts.sort();
    }
    let mut found = Value::object();
    found.set("valid", errors.is_empty());
    if errors.is_empty() {
        let warnings = pod_warnings::of_pod(&object);
        if !warnings.is_empty() {
            found.set("warnings", warnings);
        }
    } else {
        found.set("errors", texts);
        if !random {
            let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
            let status = Status::invalid("", "Pod", name.unwrap_or_default(), &errors);
            found.set("error", status.message);
        }
    }
    let mut expected = Value::object();
    for key in ["valid", "warnings", "errors", "error"] {
        if let Some(answer) = case.get(key).filter(|_| !(random && key == "error")) {
            expected.set(key, answer.clone());
        }
    }
    compare(&expected, &found)
}
