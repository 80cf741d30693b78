//! The options of a deletion, which may come in a body.

use super::head::Head;
use super::options::delete_options;
use super::received::{format_of, read};
use crate::verbs::options::DeleteOptions;
use crate::verbs::{BodyFormat, Call};
use hyper::body::Incoming;
use tollgate_api::go_format::json_kind;
use tollgate_api::{GroupVersionKind, Object, Status, Value, json};
use tollgate_objects::schema::{self, ProblemKind};

/// The options of a deletion, from the body if there is one, else from the query.
pub(super) async fn deletion(
    call: &Call<'_>,
    head: &Head,
    body: Incoming,
) -> Result<DeleteOptions, Status> {
    let body = read(body).await?;
    let options = if body.is_empty() {
        delete_options(&head.query)?
    } else {
        let value = match format_of(head, true)? {
            BodyFormat::Protobuf => {
                let decoded = tollgate_objects::protobuf::decode(&body);
                decoded
                    .map_err(|error| Status::bad_request(error.to_string()))?
                    .1
            }
            BodyFormat::Yaml => {
                let read = (call.api.read_yaml)(&body).map_err(Status::bad_request)?;
                settled(read.tree)?
            }
            BodyFormat::Json => {
                let read = json::from_slice(&body).map_err(|error| unreadable(&error.message))?;
                settled(read)?
            }
        };
        note_options(head, &value);
        DeleteOptions::from_value(&value)
    };
    options.check()?;
    Ok(options)
}

/// Tells the audit log of the options of a deletion.
fn note_options(head: &Head, value: &Value) {
    head.trail.request_body(|| {
        let version = value.str("apiVersion").unwrap_or("meta.k8s.io/v1");
        let mut options = Value::object();
        options.set("kind", "DeleteOptions");
        options.set("apiVersion", version);
        let written = value.as_object().into_iter().flat_map(Object::iter);
        for (key, value) in written.filter(|(key, _)| !matches!(*key, "kind" | "apiVersion")) {
            options.set(key, value.clone());
        }
        Some(options)
    });
}

fn unreadable(why: &str) -> Status {
    Status::bad_request(format!(
        "couldn't get version/kind; json parse error: {why}"
    ))
}

/// The options as their type has them; 400 for anything else.
fn settled(mut value: Value) -> Result<Value, Status> {
    match value {
        Value::Object(_) | Value::Null => {}
        other => {
            let found = json_kind(&other);
            return Err(unreadable(&format!(
                "json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )));
        }
    }
    let kind = GroupVersionKind::of(&value);
    if !kind.kind.is_empty() && kind.kind != "DeleteOptions" {
        let version = match kind.api_version() {
            version if version.is_empty() => "meta.k8s.io/v1".to_owned(),
            version => version,
        };
        let kind = &kind.kind;
        return Err(Status::bad_request(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    let problems = schema::decode(&GroupVersionKind::new("v1", "DeleteOptions"), &mut value);
    let fatal = problems
        .into_iter()
        .find(|problem| problem.kind == ProblemKind::Undecodable);
    match fatal {
        Some(problem) if !matches!(value, Value::Null) => Err(Status::bad_request(problem.message)),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_do_not_fit_are_refused() {
        let refused = |text: &str| settled(json::from_str(text).unwrap()).unwrap_err().message;
        assert_eq!(
            refused(r#"{"gracePeriodSeconds":"x"}"#),
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"
        );
        assert_eq!(
            refused(r#"{"dryRun":"All"}"#),
            "json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string"
        );
        assert_eq!(
            refused(r#"{"kind":"Foo"}"#),
            "no kind \"Foo\" is registered for version \"meta.k8s.io/v1\" in scheme \"pkg/runtime/scheme.go:111\""
        );
        assert!(refused("[]").starts_with(
            "couldn't get version/kind; json parse error: json: cannot unmarshal array into"
        ));
        assert_eq!(settled(Value::Null), Ok(Value::Null));
        let fits = json::from_str(r#"{"unknown":1,"propagationPolicy":"Orphan"}"#).unwrap();
        let read = settled(fits).unwrap();
        assert_eq!(read.str("propagationPolicy"), Some("Orphan"));
    }
}
