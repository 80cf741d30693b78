//! Rules against objects.

use super::compile::{Place, Rule, Rules};
use super::{library, values};
use crate::cel::OUT_OF_BUDGET;
use crate::cel::meter::{CALL_COST_MAX, CALL_TOO_DEAR, COST_MAX};
use cel::objects::OptionalValue;
use cel::{ExecutionError, Value as Cel};
use std::sync::Arc;
use tollgate_api::field::{Error, ErrorKind, Errors, Path};
use tollgate_api::{Number, Value};

impl Rules {
    /// The rules that do not hold. Parts that are as they were are only asked how they changed.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Errors {
        let mut judge = Judge {
            errors: Errors::new(),
            left: COST_MAX,
            is_exhausted: false,
        };
        judge.level(&self.root, object, old, &Path::root(""), true);
        judge.errors
    }
}

struct Judge {
    errors: Errors,
    /// What the rules may still cost.
    left: u64,
    /// Whether no rule is asked any more.
    is_exhausted: bool,
}

/// What is said of the rule that costs too much by itself.
fn too_dear(rule: &Rule) -> String {
    let shown = if rule.message.is_empty() {
        &rule.text
    } else {
        &rule.message
    };
    format!(
        "'{CALL_TOO_DEAR}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
    )
}

impl Judge {
    fn level(
        &mut self,
        place: &Place,
        value: &Value,
        old: Option<&Value>,
        path: &Path<'_>,
        is_root: bool,
    ) {
        // What is as it was may go on breaking rules, but not those about how it changes.
        let is_same = old == Some(value);
        let is_null = value.is_null() && place.schema.bool("nullable") == Some(true);
        if is_null || self.is_exhausted || (is_same && !place.has_transitions) {
            return;
        }
        if !place.rules.is_empty() {
            let this = values::of(value, &place.schema, is_root);
            let before = old.map(|old| values::of(old, &place.schema, is_root));
            for rule in &place.rules {
                let is_asked = if rule.is_transition {
                    before.is_some() || rule.optional_old
                } else {
                    !is_same
                };
                if !is_asked {
                    continue;
                }
                let (error, cost) = ask(rule, &this, before.as_ref(), value, path);
                let left = self.left.checked_sub(cost);
                self.left = left.unwrap_or_default();
                let refused = match left {
                    None => Some(OUT_OF_BUDGET.to_owned()),
                    Some(_) => (cost > CALL_COST_MAX).then(|| too_dear(rule)),
                };
                if let Some(why) = refused {
                    let sort = place.schema.str_or_empty("type");
                    self.errors.push(Error::invalid(path, sort, why));
                    self.is_exhausted = true;
                    return;
                }
                self.errors.extend(error);
            }
        }
        match value {
            Value::Object(object) => {
                for (key, child) in object.iter() {
                    let old = old.and_then(|old| old.get(key));
                    if let Some(below) = place.properties.get(key) {
                        self.level(below, child, old, &path.child(key), false);
                    } else if let Some(below) = &place.additional {
                        self.level(below, child, old, &path.key(key), false);
                    }
                }
            }
            Value::Array(items) => {
                let Some(below) = &place.items else {
                    return;
                };
                let keys = place.schema.items("x-kubernetes-list-map-keys");
                for (at, item) in items.iter().enumerate() {
                    let old = old.and_then(|old| same_member(item, old, keys));
                    self.level(below, item, old, &path.index(at), false);
                }
            }
            _ => {}
        }
    }
}

/// The member of an old list that has the same keys; of other lists nobody knows.
fn same_member<'v>(item: &Value, old: &'v Value, keys: &[Value]) -> Option<&'v Value> {
    let mut names = keys.iter().filter_map(Value::as_str).peekable();
    names.peek()?;
    let names: Vec<&str> = names.collect();
    let same = |other: &&Value| names.iter().all(|key| item.get(key) == other.get(key));
    old.as_array()?.iter().find(same)
}

fn ask(
    rule: &Rule,
    this: &Cel,
    before: Option<&Cel>,
    value: &Value,
    path: &Path<'_>,
) -> (Option<Error>, u64) {
    let mut context = library::context();
    context.add_variable_from_value("self", this.clone());
    if rule.optional_old {
        let before = before.cloned();
        let before = before.map_or_else(OptionalValue::none, OptionalValue::of);
        context.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(before)));
    } else if let Some(before) = before {
        context.add_variable_from_value("oldSelf", before.clone());
    }
    let (answer, cost) = rule.program.run(&context);
    let failure = match answer {
        Ok(Cel::Bool(true)) => return (None, cost),
        Ok(Cel::Bool(false)) => None,
        Ok(_) => Some("no such overload".to_owned()),
        Err(error) => Some(in_gos_words(&error)),
    };
    if let Some(failure) = failure {
        let asked = if rule.message.is_empty() {
            &rule.text
        } else {
            &rule.message
        };
        let why = format!("{failure} evaluating rule: {asked}");
        let error = Error::invalid(&Path::root(&path.to_string()), json_type(value), why);
        return (Some(error), cost);
    }
    let told =
        rule.message_expression
            .as_ref()
            .and_then(|expression| match expression.run(&context).0 {
                Ok(Cel::String(text)) if !text.trim().is_empty() && !text.contains('\n') => {
                    Some(text.trim().to_owned())
                }
                _ => None,
            });
    let why = told.unwrap_or_else(|| explained(rule));
    let kind = match rule.reason.as_str() {
        "FieldValueForbidden" => ErrorKind::Forbidden,
        "FieldValueRequired" => ErrorKind::Required,
        "FieldValueDuplicate" => ErrorKind::Duplicate,
        _ => ErrorKind::Invalid,
    };
    let mut field = path.to_string();
    if !rule.field_path.is_empty() {
        let below = rule.field_path.trim_start_matches('.');
        let joint = if rule.field_path.starts_with('.') && field != "<nil>" {
            "."
        } else {
            ""
        };
        let start = if field == "<nil>" { "" } else { field.as_str() };
        field = format!("{start}{joint}{below}");
    }
    (Some(error(kind, field, value, why)), cost)
}

/// What upstream's evaluator says, which begins in lower case.
fn in_gos_words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        other => other.to_string(),
    }
}

/// A value's type as a schema names it.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(Number::Int(_)) => "integer",
        Value::Number(Number::Float(_)) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn explained(rule: &Rule) -> String {
    if rule.message.is_empty() {
        format!("failed rule: {}", rule.text)
    } else {
        rule.message.clone()
    }
}

/// Only plain values are shown.
fn error(kind: ErrorKind, field: String, value: &Value, detail: String) -> Error {
    let is_shown = matches!(kind, ErrorKind::Invalid | ErrorKind::Duplicate)
        && !matches!(value, Value::Array(_) | Value::Object(_));
    Error {
        kind,
        field,
        value: is_shown.then(|| value.clone()),
        shown: None,
        detail,
    }
}
