//! From the bytes of a request to a tree of the right kind: decoded strictly, with upstream's words for what is wrong.

use super::call::Call;
use super::options::FieldValidation;
use crate::crd;
use tollgate_api::field::FieldPath;
use tollgate_api::json;
use tollgate_api::{GroupVersionKind, Status, Value};
use tollgate_objects::schema::{self, Problem, ProblemKind};
use tollgate_objects::{conversion, defaults, protobuf};

/// How many bytes of a body an error shows.
const SUMMARY_BYTES_MAX: usize = 30;
/// Where upstream's table of kinds was made, which its errors tell.
pub(super) const SCHEME: &str = "pkg/runtime/scheme.go:111";

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/json`
    Json,
    /// `application/yaml`
    Yaml,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

/// Reads an object of `kind`, which is that of the resource or of its subresource.
pub fn decode(
    call: &Call<'_>,
    kind: &GroupVersionKind,
    body: &[u8],
    format: BodyFormat,
    validation: FieldValidation,
) -> Result<Value, Status> {
    let (mut object, duplicates) = read(call, kind, body, format)?;
    let found = settle_kind(call, kind, &mut object, body)?;
    if format == BodyFormat::Yaml {
        drop_duplicates(&mut object);
    }
    let mut problems = repeated(&duplicates, validation);
    let custom = crd::custom_of(call.resource).filter(|_| kind.group == call.resource.group());
    problems.extend(match custom {
        Some(custom) => crd::objects::decode(custom, &mut object),
        None => schema::decode_canonical(&found, &mut object),
    });
    judge(call, &found, problems, validation)?;
    if custom.is_some() {
        return Ok(object);
    }
    defaults::set_defaults(&found, &mut object);
    conversion::convert(&found, &mut object);
    Ok(object)
}

/// Makes a tree that a client in this process built an object of `kind`: what a body becomes, without the reading.
pub fn settle(
    call: &Call<'_>,
    kind: &GroupVersionKind,
    mut object: Value,
) -> Result<Value, Status> {
    let found = settle_kind(call, kind, &mut object, b"")?;
    let custom = crd::custom_of(call.resource).filter(|_| kind.group == call.resource.group());
    let problems = match custom {
        Some(custom) => crd::objects::decode(custom, &mut object),
        None => schema::decode(&found, &mut object),
    };
    judge(call, &found, problems, FieldValidation::Ignore)?;
    if custom.is_none() {
        defaults::set_defaults(&found, &mut object);
        conversion::convert(&found, &mut object);
    }
    Ok(object)
}

/// Keys that stand in a YAML map twice, as strict decoding tells them: all in one.
fn repeated(duplicates: &[String], validation: FieldValidation) -> Vec<Problem> {
    let problem = |message: String| Problem {
        kind: ProblemKind::DuplicateField,
        message,
        path: FieldPath::default(),
        help: None,
    };
    match validation {
        FieldValidation::Strict if !duplicates.is_empty() => {
            let lines: Vec<String> = duplicates
                .iter()
                .map(|text| format!("\n  {text}"))
                .collect();
            vec![problem(format!(
                "yaml: unmarshal errors:{}",
                lines.concat()
            ))]
        }
        _ => duplicates.iter().cloned().map(problem).collect(),
    }
}

/// Refuses or warns of what strict decoding found.
fn judge(
    call: &Call<'_>,
    kind: &GroupVersionKind,
    problems: Vec<Problem>,
    validation: FieldValidation,
) -> Result<(), Status> {
    let is_fatal = |problem: &Problem| problem.kind == ProblemKind::Undecodable;
    let relevant: Vec<Problem> = match validation {
        FieldValidation::Strict => problems,
        FieldValidation::Ignore | FieldValidation::Warn => {
            let (fatal, other): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_fatal);
            if fatal.is_empty() && validation == FieldValidation::Warn {
                for problem in other {
                    call.warnings.add(problem.message);
                }
            }
            fatal
        }
    };
    schema::refusal(kind, &relevant).map_or(Ok(()), Err)
}

/// The last of several equal keys counts; they have been told already.
fn drop_duplicates(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.drop_duplicates();
            for (_, child) in object.iter_mut() {
                drop_duplicates(child);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drop_duplicates),
        _ => {}
    }
}

fn read(
    call: &Call<'_>,
    kind: &GroupVersionKind,
    body: &[u8],
    format: BodyFormat,
) -> Result<(Value, Vec<String>), Status> {
    let mut duplicates = Vec::new();
    let object = match format {
        BodyFormat::Json => json::from_slice(body).map_err(|error| {
            format!(
                "couldn't get version/kind; json parse error: {}",
                error.message
            )
        }),
        BodyFormat::Protobuf => protobuf::decode(body)
            .map(|(_, object)| object)
            .map_err(|error| error.to_string()),
        BodyFormat::Yaml => (call.api.read_yaml)(body).map(|yaml| {
            duplicates = yaml.duplicates;
            yaml.tree
        }),
    };
    let object = object.map_err(|why| unrecognized(kind, &why, body))?;
    match object {
        Value::Object(_) => Ok((object, duplicates)),
        Value::Null => Ok((Value::object(), duplicates)),
        other => {
            let found = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            let why = format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            );
            Err(unrecognized(kind, &why, body))
        }
    }
}

/// 400 for a body of which not even the kind is known.
fn unrecognized(kind: &GroupVersionKind, why: &str, body: &[u8]) -> Status {
    let kind = &kind.kind;
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({})",
        summary(body)
    ))
}

fn summary(body: &[u8]) -> String {
    if body.is_empty() {
        return "<empty>".to_owned();
    }
    let start = body.get(..SUMMARY_BYTES_MAX).unwrap_or(body);
    let mut text = if body.first() == Some(&b'{') {
        String::from_utf8_lossy(start).into_owned()
    } else {
        let bytes: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    };
    if start.len() < body.len() {
        text.push_str(" ...");
    }
    text
}

/// The kind of the body: what is missing is what is wanted, anything else must be it.
fn settle_kind(
    call: &Call<'_>,
    wanted: &GroupVersionKind,
    object: &mut Value,
    body: &[u8],
) -> Result<GroupVersionKind, Status> {
    let api_version = object.str_or_empty("apiVersion");
    if api_version.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {api_version}");
        return Err(unrecognized(wanted, &why, body));
    }
    if call.resource.is_custom() && object.str_or_empty("kind").is_empty() {
        let text = String::from_utf8_lossy(body);
        let why = format!("Object 'Kind' is missing in '{text}'");
        return Err(unrecognized(wanted, &why, body));
    }
    let mut found = GroupVersionKind::of(object);
    if found.group.is_empty() && found.version.is_empty() {
        found.group.clone_from(&wanted.group);
        found.version.clone_from(&wanted.version);
        object.set("apiVersion", wanted.api_version());
    }
    if found.kind.is_empty() {
        found.kind.clone_from(&wanted.kind);
        object.set("kind", wanted.kind.clone());
    }
    // Evictions are the same in all versions.
    let is_eviction =
        wanted.kind == "Eviction" && found.kind == "Eviction" && found.group == wanted.group;
    if found == *wanted || call.resource.is_custom() || is_eviction {
        return Ok(found);
    }
    Err(wrong_kind(&found, wanted))
}

fn wrong_kind(found: &GroupVersionKind, wanted: &GroupVersionKind) -> Status {
    let (kind, version, wanted_kind) = (&found.kind, &found.version, &wanted.kind);
    let found_version = found.api_version();
    let why = if schema::type_of(found).is_none() {
        format!(
            "no kind \"{kind}\" is registered for version \"{found_version}\" in scheme \"{SCHEME}\""
        )
    } else if found.kind == wanted.kind {
        return Status::bad_request(format!(
            "the API version in the data ({found_version}) does not match the expected API version ({})",
            wanted.api_version()
        ));
    } else {
        format!(
            "converting ({version}.{kind}) to ({}.{wanted_kind}): unknown conversion",
            internal_package(&wanted.group)
        )
    };
    Status::bad_request(format!(
        "{kind} in version \"{version}\" cannot be handled as a {wanted_kind}: {why}"
    ))
}

/// The Go package of a group's internal types.
pub(super) fn internal_package(group: &str) -> &str {
    match group.split('.').next().unwrap_or_default() {
        "" => "core",
        first => first,
    }
}
