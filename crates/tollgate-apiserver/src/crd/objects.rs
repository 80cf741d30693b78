//! Objects of custom kinds: what a decoder makes of them, and what is wrong with them.

use super::version::CustomVersion;
use tollgate_api::field::{Error, Errors, FieldPath, Path};
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::{self, Problem, ProblemKind};
use tollgate_objects::structural::{self, Additional, Schema};

/// Makes a tree an object of the kind: duplicates, nulls that are none and unknown fields go, defaults come. Returns what
/// strict field validation refuses.
pub fn decode(version: &CustomVersion, object: &mut Value) -> Vec<Problem> {
    let found = GroupVersionKind::of(object);
    let mut problems = Vec::new();
    drop_duplicates(object, "", &mut problems);
    problems.extend(schema::decode_canonical(&found, object));
    if found.group != version.kind.group || found.kind != version.kind.kind {
        return problems;
    }
    // A version that is not known has no fields.
    let schemas = version.versions.get(&found.version);
    let structural = schemas.map(|schemas| &schemas.structural);
    if let Some(of) = structural {
        structural::set_defaults(object, of);
    }
    let unknown = structural::prune(object, structural);
    problems.extend(unknown.iter().map(|path| unknown_field(path)));
    if let Some(of) = structural {
        let mut more = Vec::new();
        settle_embedded(object, of, "", &mut more);
        problems.extend(more);
    }
    problems
}

/// The last of several equal keys counts.
fn drop_duplicates(value: &mut Value, path: &str, problems: &mut Vec<Problem>) {
    let join = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(object) => {
            for key in object.drop_duplicates() {
                let path = join(&key);
                problems.push(Problem {
                    kind: ProblemKind::DuplicateField,
                    message: format!("duplicate field \"{path}\""),
                    path: FieldPath::parse(&path),
                    help: None,
                });
            }
            for (key, child) in object.iter_mut() {
                drop_duplicates(child, &join(key), problems);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter_mut().enumerate() {
                drop_duplicates(item, &format!("{path}[{place}]"), problems);
            }
        }
        _ => {}
    }
}

fn unknown_field(path: &str) -> Problem {
    Problem {
        kind: ProblemKind::UnknownField,
        message: format!("unknown field \"{path}\""),
        path: FieldPath::parse(path),
        help: None,
    }
}

/// Holds the metadata of embedded resources against their type.
fn settle_embedded(value: &mut Value, schema: &Schema, path: &str, problems: &mut Vec<Problem>) {
    let join = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    if schema.is_embedded
        && let Some(metadata) = value.get_mut("metadata")
    {
        let mut holder = Value::object();
        holder.set("metadata", std::mem::take(metadata));
        for problem in schema::decode_canonical(&GroupVersionKind::default(), &mut holder) {
            if problem.kind == ProblemKind::UnknownField {
                problems.push(unknown_field(&join(&problem.path.to_string())));
            }
        }
        value.set("metadata", holder.remove("metadata").unwrap_or_default());
    }
    match value {
        Value::Object(object) => {
            for (key, child) in object.iter_mut() {
                if let Some(property) = schema.properties.get(key) {
                    settle_embedded(child, property, &join(key), problems);
                } else if let Additional::Schema(of) = &schema.additional {
                    settle_embedded(child, of, &join(key), problems);
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for (place, item) in items.iter_mut().enumerate() {
                    settle_embedded(item, of, &format!("{path}[{place}]"), problems);
                }
            }
        }
        _ => {}
    }
}

/// Whether the object says that it is of the kind and version of the request.
pub fn validate_type(version: &CustomVersion, object: &Value) -> Errors {
    let mut errors = Errors::new();
    let wanted = version.kind.api_version();
    let (kind, api_version) = (
        object.str_or_empty("kind"),
        object.str_or_empty("apiVersion"),
    );
    if kind != version.kind.kind {
        let why = format!("must be {}", version.kind.kind);
        errors.push(Error::invalid(&Path::root("kind"), kind, why));
    }
    if api_version != wanted {
        let why = format!("must be {wanted}");
        errors.push(Error::invalid(&Path::root("apiVersion"), api_version, why));
    }
    errors
}

/// What is wrong with an object outside of its metadata. Of an update, what was so before may stay.
pub fn validate(version: &CustomVersion, object: &Value, old: Option<&Value>) -> Errors {
    let schema = version.schema();
    let mut errors = structural::validate(object, old, schema, "");
    if let Some(scale) = &version.scale {
        let wanted = (scale.wanted(object), scale.wanted_path());
        let found = (scale.found(object), scale.found_path());
        for (value, path) in [wanted, found] {
            validate_replicas(value, &path, &mut errors);
        }
    }
    errors.extend(structural::validate_embedded(object, schema));
    let lists = structural::validate_list_types(object, schema);
    let was_so = old.is_some_and(|old| !structural::validate_list_types(old, schema).is_empty());
    if !was_so {
        errors.extend(lists);
    }
    if let Some(rules) = &version.schemas.rules {
        if errors.iter().any(structural::blocks_rules) {
            let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
            errors.push(Error::invalid(&Path::root(""), Value::Null, why));
        } else {
            errors.extend(rules.validate(object, old));
        }
    }
    errors
}

fn validate_replicas(value: Option<&Value>, path: &str, errors: &mut Errors) {
    let Some(value) = value else {
        return;
    };
    let path = Path::root(path);
    // What is no number the schema has refused already.
    match value.as_i64() {
        Some(replicas) if replicas < 0 => {
            let why = "should be a non-negative integer";
            errors.push(Error::invalid(&path, replicas, why));
        }
        Some(replicas) if replicas > i64::from(i32::MAX) => {
            let why = format!("should be less than or equal to {}", i32::MAX);
            errors.push(Error::invalid(&path, replicas, why));
        }
        _ => {}
    }
}
