//! The rules of a definition: whether they are expressions, of fields that exist, and answer with true or false.

use super::cost;
use super::infer::Walk;
use super::types::{Kind, Type, UNKNOWN};
use crate::cel::parse::parse;
use crate::cel::place::{self, Problem};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_objects::validation::custom_resource_definition::schema_places;

/// What is wrong with the rules of a definition.
pub fn check(definition: &Value) -> Errors {
    let mut errors = Errors::new();
    let Some(spec) = definition.get("spec") else {
        return errors;
    };
    for place in schema_places(spec) {
        let version = spec.items("versions").get(place.version);
        let schema = version.and_then(|version| version.at(&["schema", "openAPIV3Schema"]));
        if let Some(schema) = schema {
            let path = Path::root(&place.path);
            let mut costs = Vec::new();
            let at = At {
                is_root: true,
                times: 1.0,
                uncorrelatable: None,
            };
            level(schema, &path, at, &mut costs, &mut errors);
            cost::refuse(&costs, &path, &mut errors);
        }
    }
    errors
}

/// Where in a schema something stands.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    is_root: bool,
    /// How often it may occur in an object.
    times: f64,
    /// The members of a list, below which nobody knows what was there before.
    uncorrelatable: Option<&'a str>,
}

/// A schema and all below it.
fn level(
    schema: &Value,
    path: &Path<'_>,
    at: At<'_>,
    costs: &mut Vec<(String, f64)>,
    errors: &mut Errors,
) {
    if schema.as_object().is_none() {
        return;
    }
    let below = At {
        is_root: false,
        ..at
    };
    let mut properties: Vec<(&str, &Value)> = schema.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    for (name, property) in properties {
        let path = path.child("properties");
        level(property, &path.key(name), below, costs, errors);
    }
    let members = At {
        times: at.times * cost::size(schema),
        ..below
    };
    if let Some(of) = schema.get("additionalProperties") {
        let path = path.child("additionalProperties");
        level(of, &path, members, costs, errors);
    }
    if let Some(of) = schema.get("items") {
        let path = path.child("items");
        let shown = path.to_string();
        let has_keys = schema.str("x-kubernetes-list-type") == Some("map");
        let own = (!has_keys).then_some(shown.as_str());
        let members = At {
            uncorrelatable: at.uncorrelatable.or(own),
            ..members
        };
        level(of, &path, members, costs, errors);
    }
    let list = path.child("x-kubernetes-validations");
    for (place, rule) in schema.items("x-kubernetes-validations").iter().enumerate() {
        let path = list.index(place);
        let cost = check_rule(rule, schema, &path, at, errors);
        costs.push((path.child("rule").to_string(), cost * at.times));
    }
}

/// Messages are lines.
fn check_message(rule: &Value, text: &str, path: &Path<'_>, errors: &mut Errors) {
    let message = rule.str_or_empty("message");
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let path = path.child("message");
    if breaks(message.trim()) {
        errors.push(Error::invalid(
            &path,
            message,
            "must not contain line breaks",
        ));
    } else if message.is_empty() && breaks(text) {
        let why = "message must be specified if rule contains line breaks";
        errors.push(Error::required(&path, why));
    }
}

fn check_rule(
    rule: &Value,
    schema: &Value,
    path: &Path<'_>,
    at: At<'_>,
    errors: &mut Errors,
) -> f64 {
    const REASONS: &[&str] = &[
        "FieldValueDuplicate",
        "FieldValueForbidden",
        "FieldValueInvalid",
        "FieldValueRequired",
    ];
    let text = rule.str_or_empty("rule").trim();
    let rule_path = path.child("rule");
    if text.is_empty() {
        errors.push(Error::required(&rule_path, "rule is not specified"));
        return 0.0;
    }
    check_message(rule, text, path, errors);
    if let Some(reason) = rule.str("reason")
        && !REASONS.contains(&reason)
    {
        errors.push(Error::not_supported(&path.child("reason"), reason, REASONS));
    }
    let optional = rule.bool("optionalOldSelf") == Some(true);
    let mut compile = |text: &str, path: &Path<'_>, wants: Kind, what: &str| {
        let judged = judge(text, (schema, at.is_root, optional), wants, what);
        judged.unwrap_or_else(|why| {
            errors.push(Error::invalid(path, printed(rule), why));
            Judged::default()
        })
    };
    let what = "cel expression must evaluate to a bool";
    let judged = compile(text, &rule_path, Kind::Bool, what);
    let expression = rule.str_or_empty("messageExpression").trim();
    if !expression.is_empty() {
        let path = path.child("messageExpression");
        let what = "messageExpression must evaluate to a string";
        compile(expression, &path, Kind::Text, what);
    }
    if !judged.is_good {
        return 0.0;
    }
    if judged.uses_old {
        if let Some(within) = at.uncorrelatable {
            let why = format!(
                "oldSelf cannot be used on the uncorrelatable portion of the schema within {within}"
            );
            errors.push(Error::invalid(&rule_path, rule.str_or_empty("rule"), why));
        }
    } else if let Some(optional) = rule.get("optionalOldSelf") {
        let why = "may not be set if oldSelf is not used in rule";
        let path = path.child("optionalOldSelf");
        errors.push(Error::invalid(&path, optional.clone(), why));
    }
    judged.cost
}

/// What is known of an expression that was judged.
#[derive(Debug, Default)]
struct Judged {
    is_good: bool,
    cost: f64,
    /// Whether it looks at what was there before.
    uses_old: bool,
}

/// A rule as upstream prints it.
fn printed(rule: &Value) -> Value {
    let text = |key: &str| Value::from(rule.str_or_empty(key));
    let pointer = |key: &str| rule.get(key).cloned().unwrap_or_default();
    [
        ("Rule", text("rule")),
        ("Message", text("message")),
        ("MessageExpression", text("messageExpression")),
        ("Reason", pointer("reason")),
        ("FieldPath", text("fieldPath")),
        ("OptionalOldSelf", pointer("optionalOldSelf")),
    ]
    .into_iter()
    .collect()
}

/// What is known of a good expression, or what is wrong with it.
fn judge(
    text: &str,
    (schema, is_root, optional): (&Value, bool, bool),
    wants: Kind,
    what: &str,
) -> Result<Judged, String> {
    let program = parse(text).map_err(|why| format!("compilation failed: {why}"))?;
    let own = Type::Schema(schema, is_root);
    let mut walk = Walk::new(own, if optional { UNKNOWN } else { own });
    let found = walk.infer(program.expression()).map_err(|(id, why)| {
        let problem = Problem::at_node(text, program.source_info(), id, why);
        format!("compilation failed: {}", place::told(text, vec![problem]))
    })?;
    let kind = found.kind();
    if kind == wants || kind == Kind::Unknown {
        Ok(Judged {
            is_good: true,
            cost: walk.cost,
            uses_old: program.references().has_variable("oldSelf"),
        })
    } else {
        Err(what.to_owned())
    }
}
