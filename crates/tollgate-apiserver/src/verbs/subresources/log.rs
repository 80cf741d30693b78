//! `pods/log`: which options make no sense together.

use tollgate_api::field::{Error, Path};
use tollgate_api::node_agent::LogOptions;
use tollgate_api::{Status, Value};

/// Judges the options of a request for the log of pod `name`. `stream` is what the client wrote, if it wrote anything:
/// upstream has the choice behind a gate that is off in every release so far.
pub fn check_log_options(
    name: &str,
    options: &LogOptions,
    stream: Option<&str>,
) -> Result<(), Status> {
    let mut errors = Vec::new();
    let mut at_least = |field: &'static str, value: Option<i64>, least: i64| {
        let Some(value) = value.filter(|value| *value < least) else {
            return;
        };
        let why = if least == 0 {
            "must be greater than or equal to 0"
        } else {
            "must be greater than 0"
        };
        errors.push(Error::invalid(&Path::root(field), Value::from(value), why));
    };
    at_least("tailLines", options.tail_lines, 0);
    at_least("limitBytes", options.limit_bytes, 1);
    if options.since_seconds.is_some() && options.since_time.is_some() {
        let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        let mut error = Error::forbidden(&Path::root(""), why);
        // Upstream names a field without a name, which is not the object itself.
        error.field = String::new();
        errors.push(error);
    } else {
        at_least("sinceSeconds", options.since_seconds, 1);
    }
    if stream.is_some() {
        let path = Path::root("stream");
        errors.push(Error::forbidden(&path, "may not be specified"));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("", "PodLogOptions", name, &errors))
}
