//! Rules against objects.

use super::compile::{Place, Rule, Rules};
use super::{library, values};
use cel::Value as Cel;
use cel::objects::OptionalValue;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::field::{Error, ErrorKind, Errors, Path};

/// About how many steps all rules may take for one object.
const STEPS_MAX: u64 = 10_000_000;

impl Rules {
    /// The rules that do not hold. Parts that are as they were are only asked how they changed.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Errors {
        let mut judge = Judge {
            errors: Errors::new(),
            steps: 0,
        };
        judge.level(&self.root, object, old, &Path::root(""), true);
        judge.errors
    }
}

struct Judge {
    errors: Errors,
    steps: u64,
}

/// What is said of the rule at which the steps have run out: it takes too many by itself, or those before it did.
fn exhausted(rule: &Rule, steps: u64) -> String {
    if steps > STEPS_MAX {
        return format!(
            "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {}",
            if rule.message.is_empty() {
                &rule.text
            } else {
                &rule.message
            }
        );
    }
    "validation failed due to running out of cost budget, no further validation rules will be run"
        .to_owned()
}

/// How many values there are in a value.
fn count(value: &Value) -> u64 {
    let below: u64 = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(object) => object.iter().map(|(_, child)| count(child)).sum(),
        _ => 0,
    };
    below.saturating_add(1)
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
        if is_null || (is_same && !place.has_transitions) {
            return;
        }
        if !place.rules.is_empty() {
            let this = values::of(value, &place.schema, is_root);
            let before = old.map(|old| values::of(old, &place.schema, is_root));
            let size = count(value);
            for rule in &place.rules {
                let is_asked = if rule.is_transition {
                    before.is_some() || rule.optional_old
                } else {
                    !is_same
                };
                if !is_asked {
                    continue;
                }
                let steps = size.saturating_pow(rule.depth.saturating_add(1));
                self.steps = self.steps.saturating_add(steps);
                if self.steps > STEPS_MAX {
                    let sort = place.schema.str_or_empty("type");
                    self.errors
                        .push(Error::invalid(path, sort, exhausted(rule, steps)));
                    return;
                }
                self.errors
                    .extend(ask(rule, &this, before.as_ref(), value, path));
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
) -> Option<Error> {
    let mut context = library::context();
    context.add_variable_from_value("self", this.clone());
    if rule.optional_old {
        let before = before.cloned();
        let before = before.map_or_else(OptionalValue::none, OptionalValue::of);
        context.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(before)));
    } else if let Some(before) = before {
        context.add_variable_from_value("oldSelf", before.clone());
    }
    let failure = match rule.program.execute(&context) {
        Ok(Cel::Bool(true)) => return None,
        Ok(Cel::Bool(false)) => None,
        Ok(_) => Some("no such overload".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(failure) = failure {
        let why = format!("{failure} evaluating rule: {}", explained(rule));
        return Some(error(ErrorKind::Invalid, path.to_string(), value, why));
    }
    let told = rule.message_expression.as_ref().and_then(|expression| {
        match expression.execute(&context) {
            Ok(Cel::String(text)) if !text.trim().is_empty() && !text.contains('\n') => {
                Some(text.trim().to_owned())
            }
            _ => None,
        }
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
    Some(error(kind, field, value, why))
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
