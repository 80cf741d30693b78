//! The rules of a definition: whether they are expressions, of fields that exist, and answer with true or false.

use super::cost;
use super::functions::{self, OTHERS, PREDICATES};
use super::types::{Kind, Type, UNKNOWN, element, field, member};
use cel::Program;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_objects::validation::custom_resource_definition::schema_places;

/// Names that are no variables.
const TYPES: &[&str] = &[
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "dyn",
    "timestamp",
    "duration",
    "google",
    "math",
    "strings",
    "lists",
    "sets",
    "optional",
];

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
            level(schema, &path, (true, 1.0), &mut costs, &mut errors);
            cost::refuse(&costs, &path, &mut errors);
        }
    }
    errors
}

/// A schema and all below it; `at` says whether it is the root, and how often it may occur in an object.
fn level(
    schema: &Value,
    path: &Path<'_>,
    at: (bool, f64),
    costs: &mut Vec<(String, f64)>,
    errors: &mut Errors,
) {
    let (is_root, times) = at;
    if schema.as_object().is_none() {
        return;
    }
    let mut properties: Vec<(&str, &Value)> = schema.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    for (name, property) in properties {
        let path = path.child("properties");
        level(property, &path.key(name), (false, times), costs, errors);
    }
    for key in ["additionalProperties", "items"] {
        if let Some(of) = schema.get(key) {
            let times = times * cost::size(schema);
            level(of, &path.child(key), (false, times), costs, errors);
        }
    }
    let list = path.child("x-kubernetes-validations");
    for (place, rule) in schema.items("x-kubernetes-validations").iter().enumerate() {
        let path = list.index(place);
        let cost = check_rule(rule, schema, &path, is_root, errors);
        costs.push((path.child("rule").to_string(), cost * times));
    }
}

fn check_rule(
    rule: &Value,
    schema: &Value,
    path: &Path<'_>,
    is_root: bool,
    errors: &mut Errors,
) -> f64 {
    const REASONS: &[&str] = &[
        "FieldValueRequired",
        "FieldValueForbidden",
        "FieldValueInvalid",
        "FieldValueDuplicate",
    ];
    let text = rule.str_or_empty("rule").trim();
    let rule_path = path.child("rule");
    if text.is_empty() {
        errors.push(Error::required(&rule_path, "rule is not specified"));
        return 0.0;
    }
    if let Some(reason) = rule.str("reason")
        && !REASONS.contains(&reason)
    {
        errors.push(Error::not_supported(&path.child("reason"), reason, REASONS));
    }
    if rule.get("optionalOldSelf").is_some() {
        let why = "optionalOldSelf is not supported by this server";
        errors.push(Error::forbidden(&path.child("optionalOldSelf"), why));
    }
    let mut compile = |text: &str, path: &Path<'_>, wants: Kind, what: &str| {
        let judged = judge(text, schema, is_root, wants, what);
        judged.unwrap_or_else(|why| {
            errors.push(Error::invalid(path, printed(rule), why));
            0.0
        })
    };
    let what = "cel expression must evaluate to a bool";
    let cost = compile(text, &rule_path, Kind::Bool, what);
    let expression = rule.str_or_empty("messageExpression").trim();
    if !expression.is_empty() {
        let path = path.child("messageExpression");
        let what = "messageExpression must evaluate to a string";
        compile(expression, &path, Kind::Text, what);
    }
    cost
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

/// How many loops stand in each other.
pub(super) fn loops(expression: &IdedExpr) -> u32 {
    let of = |list: &[IdedExpr]| list.iter().map(loops).max().unwrap_or_default();
    match &expression.expr {
        Expr::Call(call) => {
            let target = call.target.as_ref().map_or(0, |target| loops(target));
            target.max(of(&call.args))
        }
        Expr::Comprehension(inner) => {
            let body = loops(&inner.loop_step)
                .max(loops(&inner.loop_cond))
                .saturating_add(1);
            body.max(loops(&inner.iter_range)).max(loops(&inner.result))
        }
        Expr::List(list) => of(&list.elements),
        Expr::Select(select) => loops(&select.operand),
        _ => 0,
    }
}

/// What a good expression may cost, or what is wrong with it.
fn judge(
    text: &str,
    schema: &Value,
    is_root: bool,
    wants: Kind,
    what: &str,
) -> Result<f64, String> {
    let program = functions::environment().compile(text).map_err(|errors| {
        let lines: Vec<String> = errors
            .errors
            .iter()
            .map(|error| located(text, error.pos.0, error.pos.1, &error.msg))
            .collect();
        format!("compilation failed: {}", lines.join("\n"))
    })?;
    let mut walk = Walk {
        scope: vec![
            ("self".to_owned(), Type::Schema(schema, is_root)),
            ("oldSelf".to_owned(), Type::Schema(schema, is_root)),
        ],
        times: 1.0,
        cost: 0.0,
    };
    let found = walk.infer(program.expression()).map_err(|(id, why)| {
        let (line, column) = position(&program, text, id);
        format!("compilation failed: {}", located(text, line, column, &why))
    })?;
    let kind = found.kind();
    if kind == wants || kind == Kind::Unknown {
        Ok(walk.cost)
    } else {
        Err(what.to_owned())
    }
}

/// Line and column of a node, both from 1.
fn position(program: &Program, text: &str, id: u64) -> (isize, isize) {
    let start = program
        .source_info()
        .offset_for(id)
        .map_or(0, |(start, _)| start);
    let start = usize::try_from(start).unwrap_or_default();
    let before: String = text.chars().take(start).collect();
    let line = before.matches('\n').count().saturating_add(1);
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        .saturating_add(1);
    (
        isize::try_from(line).unwrap_or(1),
        isize::try_from(column).unwrap_or(1),
    )
}

fn located(text: &str, line: isize, column: isize, why: &str) -> String {
    let shown = usize::try_from(line)
        .ok()
        .and_then(|line| text.lines().nth(line.checked_sub(1)?));
    let dots = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    format!(
        "ERROR: <input>:{line}:{column}: {why}\n | {}\n | {}^",
        shown.unwrap_or_default(),
        ".".repeat(dots)
    )
}

struct Walk<'s> {
    scope: Vec<(String, Type<'s>)>,
    /// How often what is looked at may run.
    times: f64,
    /// How often all loops may run.
    cost: f64,
}

type Found<'s> = Result<Type<'s>, (u64, String)>;

impl<'s> Walk<'s> {
    fn infer(&mut self, expression: &IdedExpr) -> Found<'s> {
        let id = expression.id;
        match &expression.expr {
            Expr::Ident(name) => {
                let known = self.scope.iter().rev().find(|(known, _)| known == name);
                match known {
                    Some((_, found)) => Ok(*found),
                    None if TYPES.contains(&name.as_str()) => Ok(UNKNOWN),
                    None => Err((
                        id,
                        format!("undeclared reference to '{name}' (in container '')"),
                    )),
                }
            }
            Expr::Select(select) => {
                let operand = self.infer(&select.operand)?;
                let found = field(operand, &select.field)
                    .ok_or_else(|| (id, format!("undefined field '{}'", select.field)))?;
                Ok(if select.test {
                    Type::Plain(Kind::Bool)
                } else {
                    found
                })
            }
            Expr::Call(call) => {
                if let Some(target) = &call.target {
                    self.infer(target)?;
                }
                let mut args = Vec::with_capacity(call.args.len());
                for arg in &call.args {
                    args.push(self.infer(arg)?);
                }
                called(id, &call.func_name, &args)
            }
            Expr::Comprehension(inner) => {
                let range = self.infer(&inner.iter_range)?;
                let start = self.infer(&inner.accu_init)?;
                let depth = self.scope.len();
                self.scope.push((inner.iter_var.clone(), member(range)));
                if let Some(second) = &inner.iter_var2 {
                    self.scope.push((second.clone(), UNKNOWN));
                }
                self.scope.push((inner.accu_var.clone(), start));
                let outside = self.times;
                if let Type::Schema(schema, _) = range {
                    self.times *= cost::size(schema);
                }
                self.cost += self.times;
                self.infer(&inner.loop_cond)?;
                self.infer(&inner.loop_step)?;
                self.times = outside;
                let found = self.infer(&inner.result);
                self.scope.truncate(depth);
                found
            }
            Expr::Literal(literal) => Ok(Type::Plain(match literal {
                LiteralValue::Boolean(_) => Kind::Bool,
                LiteralValue::String(_) => Kind::Text,
                _ => Kind::Other,
            })),
            Expr::List(list) => {
                for element in &list.elements {
                    self.infer(element)?;
                }
                Ok(Type::Plain(Kind::Other))
            }
            Expr::Map(_) | Expr::Struct(_) => Ok(Type::Plain(Kind::Other)),
            Expr::Unspecified => Ok(UNKNOWN),
        }
    }
}

/// What a call answers with; an error for a function that nobody has.
fn called<'s>(id: u64, name: &str, args: &[Type<'s>]) -> Found<'s> {
    if PREDICATES.contains(&name) {
        return Ok(Type::Plain(Kind::Bool));
    }
    if !OTHERS.contains(&name) {
        return Err((
            id,
            format!("undeclared reference to '{name}' (in container '')"),
        ));
    }
    Ok(match (name, args) {
        ("_[_]", [list, _]) => element(*list),
        ("_?_:_", [_, yes, _]) => *yes,
        ("_+_", [left, _]) if left.kind() == Kind::Text => Type::Plain(Kind::Text),
        ("string" | "join" | "lowerAscii" | "upperAscii" | "format" | "find", _) => {
            Type::Plain(Kind::Text)
        }
        ("size" | "int" | "_-_" | "_*_" | "indexOf", _) => Type::Plain(Kind::Other),
        ("dyn", [inner]) => *inner,
        _ => UNKNOWN,
    })
}
