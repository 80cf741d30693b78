//! One expression: compiled, then evaluated any number of times.

use super::bindings::Bindings;
use super::check::{self, Found, Scope, Type};
use super::making::{self, Environment};
use super::meter::Metered;
use super::place::{self, Problem};
use super::{parse, plain};
use ::cel::{ExecutionError, Program, Value as CelValue};
use tollgate_api::Value;

/// What upstream says of an evaluation that costs too much.
pub const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// What type of value an expression must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Any.
    Anything,
    /// Yes or no.
    Bool,
    /// A text.
    String,
    /// A text, or null for nothing.
    StringOrNull,
    /// An object, of which it makes a part.
    Object,
    /// The operations of a JSON patch.
    Patch,
}

impl Wanted {
    /// Whether such an expression makes objects.
    fn makes(self) -> bool {
        matches!(self, Self::Object | Self::Patch)
    }

    fn refuses(self, found: &Type<'_>) -> Option<String> {
        let (fits, wanted) = match self {
            Self::Anything => return None,
            Self::Bool => (*found == Type::Bool, "bool"),
            Self::String => (*found == Type::String, "string"),
            Self::StringOrNull => (
                matches!(found, Type::String | Type::Null),
                "one of [string null_type]",
            ),
            Self::Object => (found.is_made("Object"), "Object"),
            Self::Patch => {
                let is_patch = matches!(found, Type::List(item) if item.is_made("JSONPatch"));
                (is_patch, "list(JSONPatch)")
            }
        };
        (!fits).then(|| format!("must evaluate to {wanted} but got {found}"))
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    text: String,
    metered: Metered,
    /// The variables of a policy that it uses.
    variables: Vec<String>,
    /// What is known of its value.
    output: Type<'static>,
    /// The types that it makes, if it makes any.
    environment: Option<Environment>,
}

impl Expression {
    /// Compiles an expression that may use the names of a scope; the error is upstream's.
    pub fn compile(text: &str, scope: &Scope<'_>, wanted: Wanted) -> Result<Self, String> {
        let (program, output, found) = checked(text, scope, wanted.makes())
            .map_err(|why| format!("compilation failed: {why}"))?;
        if let Some(why) = wanted.refuses(&output) {
            return Err(why);
        }
        let making = wanted.makes().then(|| program.expression());
        Ok(Self {
            environment: making.map(making::environment_of),
            text: text.to_owned(),
            output: output.kept(),
            metered: Metered::new(&program, &found.ambiguous),
            variables: found.variables,
        })
    }

    /// Compiles the expression of a variable of a policy, which those after it may use, whatever becomes of it.
    pub fn variable(name: &str, text: &str, scope: &mut Scope<'_>) -> Result<Self, String> {
        let compiled = Self::compile(text, scope, Wanted::Anything);
        let output = compiled.as_ref().map(|variable| variable.output.clone());
        scope.add_variable(name, output.unwrap_or(Type::Dyn));
        compiled
    }

    /// What is wrong with an expression, its syntax, its names and its types, in the words of cel-go; whatever type its
    /// value has is right.
    pub fn issues(text: &str, scope: &Scope<'_>) -> Option<String> {
        checked(text, scope, false).err()
    }

    /// The text it was made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value; the error is upstream's.
    pub fn evaluate(&self, bindings: &Bindings) -> Result<CelValue, String> {
        let (value, cost) = self.metered.run(&bindings.context);
        if !bindings.pays(cost) {
            return Err(OUT_OF_BUDGET.to_owned());
        }
        value.map_err(|error| {
            let failed = self.variables.iter().find_map(|name| {
                let why = bindings.failure_of(name)?;
                Some(format!(
                    "composited variable \"{name}\" fails to evaluate: {why}"
                ))
            });
            let why = failed.unwrap_or_else(|| describe(&error));
            format!("expression '{}' resulted in error: {why}", self.text)
        })
    }

    /// What it makes, as a value of an object; the error is upstream's.
    pub fn make(&self, bindings: &mut Bindings) -> Result<Value, String> {
        if let Some(environment) = &self.environment {
            bindings.enter(&environment.0);
        }
        let made = self.evaluate(bindings)?;
        plain::of(&made)
            .map_err(|why| format!("expression '{}' resulted in error: {why}", self.text))
    }

    /// What an evaluation costs.
    #[cfg(test)]
    pub(super) fn cost(&self, bindings: &Bindings) -> u64 {
        self.metered.run(&bindings.context).1
    }
}

/// An expression that was found to be good, and what it gives.
fn checked<'s>(
    text: &str,
    scope: &Scope<'s>,
    makes: bool,
) -> Result<(Program, Type<'s>, Found), String> {
    let program = parse::parse(text)?;
    let (output, mut found) = check::check(program.expression(), scope, makes);
    let errors = std::mem::take(&mut found.errors);
    if errors.is_empty() {
        return Ok((program, output, found));
    }
    let problems = errors.into_iter();
    let problems = problems.map(|(id, why)| Problem::at_node(text, program.source_info(), id, why));
    Err(place::told(text, problems.collect()))
}

/// What went wrong, as upstream's interpreter says it.
fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::UnsupportedIndex(..) => "no such overload".to_owned(),
        ExecutionError::IndexOutOfBounds(index) => match index {
            CelValue::Int(index) => format!("index out of bounds: {index}"),
            CelValue::UInt(index) => format!("index out of bounds: {index}"),
            _ => "index out of bounds".to_owned(),
        },
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::UndeclaredReference(name) => {
            format!("undeclared reference to '{name}' (in container '')")
        }
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn compile(text: &str) -> Result<Expression, String> {
        Expression::compile(text, &Scope::new(&["object"]), Wanted::Bool)
    }

    fn evaluate(text: &str, object: &str) -> Result<CelValue, String> {
        let mut bindings = Bindings::default();
        let object = json::from_str(object).unwrap();
        bindings.bind("object", Some(&object));
        compile(text).unwrap().evaluate(&bindings)
    }

    #[test]
    fn what_does_not_parse_is_shown_where_it_ends() {
        assert_eq!(
            compile("object.metadata.name ==").unwrap_err(),
            "compilation failed: ERROR: <input>:1:24: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.metadata.name ==\n | .......................^"
        );
    }

    #[test]
    fn names_and_types_are_checked_before_anything_runs() {
        assert_eq!(
            compile("1 + 1").unwrap_err(),
            "must evaluate to bool but got int"
        );
        assert_eq!(
            compile("object.a == foo").unwrap_err(),
            "compilation failed: ERROR: <input>:1:13: undeclared reference to 'foo' (in container '')\n | object.a == foo\n | ............^"
        );
        assert_eq!(
            compile("math.greatest(1, 2) == 2")
                .unwrap_err()
                .lines()
                .next(),
            Some(
                "compilation failed: ERROR: <input>:1:1: undeclared reference to 'math' (in container '')"
            )
        );
        assert!(compile("object.items.all(i, i.x > 1 && optional.of(i).hasValue())").is_ok());
        assert_eq!(
            compile("object.items.map(i, i)").unwrap_err(),
            "must evaluate to bool but got list(dyn)"
        );
    }

    #[test]
    fn objects_are_maps_with_optional_fields() {
        let object = r#"{"metadata":{"name":"a","namespace":"n","labels":{"x-y":"z"}},"n":3}"#;
        for text in [
            "object.metadata.?labels['x-y'].orValue('') == 'z'",
            "object.metadata.namespace == 'n'",
            "!has(object.data) && object.n == 3",
            "size(object.?data.orValue({})) == 0",
            "quantity('1Gi').isGreaterThan(quantity('1G'))",
            "['b','a'].exists(x, x == 'a')",
            "sets.contains(['a','b'], ['a']) && object.metadata.name.find('[a-z]') == 'a'",
        ] {
            assert_eq!(evaluate(text, object), Ok(CelValue::Bool(true)), "{text}");
        }
        assert_eq!(
            evaluate("object.x == 1", object).unwrap_err(),
            "expression 'object.x == 1' resulted in error: no such key: x"
        );
    }
}
