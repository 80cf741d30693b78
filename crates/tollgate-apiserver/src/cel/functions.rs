//! The functions that Kubernetes adds to the language, as far as they are here.

use super::quantity;
use ::cel::extractors::This;
use ::cel::{Context, Env, ExecutionError, Value, extensions};
use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};
use tollgate_objects::structural::Pattern;

/// Functions whose answer is true or false.
pub(crate) const PREDICATES: &[&str] = &[
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "_&&_",
    "_||_",
    "!_",
    "@in",
    "_in_",
    "@not_strictly_false",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "bool",
    "isSorted",
    "isURL",
    "isQuantity",
    "isLessThan",
    "isGreaterThan",
    "intersects",
    "equivalent",
    "hasValue",
    "isInf",
    "isNaN",
    "isFinite",
];
/// Other functions that are here.
pub(crate) const OTHERS: &[&str] = &[
    "_+_",
    "_-_",
    "_*_",
    "_/_",
    "_%_",
    "-_",
    "_[_]",
    "_?_:_",
    "size",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "dyn",
    "type",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "trim",
    "replace",
    "split",
    "substring",
    "join",
    "format",
    "reverse",
    "quote",
    "sum",
    "min",
    "max",
    "find",
    "findAll",
    "slice",
    "flatten",
    "distinct",
    "sort",
    "sortBy",
    "range",
    "greatest",
    "least",
    "abs",
    "ceil",
    "floor",
    "round",
    "trunc",
    "sign",
    "sqrt",
    "quantity",
    "compareTo",
    "asInteger",
    "asApproximateFloat",
    "add",
    "sub",
];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    // They are added to a fresh environment, in which nothing can be in their way.
    let _ = environment.add_extension(extensions::strings);
    let _ = environment.add_extension(extensions::lists);
    let _ = environment.add_extension(extensions::math);
    Arc::new(environment)
});

/// The language, with what is added to it.
pub(crate) fn environment() -> Arc<Env> {
    Arc::clone(&ENVIRONMENT)
}

/// A context with every function and no variable.
pub(crate) fn context() -> Context<'static, 'static> {
    let mut context = Context::with_env(environment());
    // What the environment has already stays as it is there.
    let _ = context.add_function("isSorted", is_sorted);
    let _ = context.add_function("sum", sum);
    let _ = context.add_function("min", |list: This<Arc<Vec<Value>>>| {
        extreme(&list.0, Ordering::Less)
    });
    let _ = context.add_function("max", |list: This<Arc<Vec<Value>>>| {
        extreme(&list.0, Ordering::Greater)
    });
    let _ = context.add_function("find", find);
    let _ = context.add_function("findAll", find_all);
    let _ = context.add_function("isURL", |text: Arc<String>| is_url(&text));
    quantity::add(&mut context);
    let _ = context.add_function(
        "sets.contains",
        |a: This<Arc<Vec<Value>>>, b: Arc<Vec<Value>>| contains_all(&a.0, &b),
    );
    let _ = context.add_function(
        "sets.intersects",
        |a: This<Arc<Vec<Value>>>, b: Arc<Vec<Value>>| a.0.iter().any(|item| b.contains(item)),
    );
    let _ = context.add_function(
        "sets.equivalent",
        |a: This<Arc<Vec<Value>>>, b: Arc<Vec<Value>>| {
            contains_all(&a.0, &b) && contains_all(&b, &a.0)
        },
    );
    context
}

fn contains_all(all: &[Value], some: &[Value]) -> bool {
    some.iter().all(|item| all.contains(item))
}

fn failed(function: &str, message: &str) -> ExecutionError {
    ExecutionError::FunctionError {
        function: function.to_owned(),
        message: message.to_owned(),
    }
}

fn is_sorted(This(list): This<Arc<Vec<Value>>>) -> bool {
    list.is_sorted_by(|a, b| matches!(a.partial_cmp(b), Some(Ordering::Less | Ordering::Equal)))
}

fn extreme(list: &[Value], wanted: Ordering) -> Result<Value, ExecutionError> {
    let mut items = list.iter();
    let Some(mut best) = items.next() else {
        return Err(failed("min", "called on empty list"));
    };
    for item in items {
        if item.partial_cmp(best) == Some(wanted) {
            best = item;
        }
    }
    Ok(best.clone())
}

fn sum(This(list): This<Arc<Vec<Value>>>) -> Result<Value, ExecutionError> {
    let mut whole = 0_i64;
    let mut fraction = 0.0_f64;
    let mut is_whole = true;
    for item in list.iter() {
        match item {
            Value::Int(value) => {
                whole = whole
                    .checked_add(*value)
                    .ok_or_else(|| failed("sum", "integer overflow"))?;
            }
            Value::Float(value) => {
                is_whole = false;
                fraction += value;
            }
            _ => return Err(failed("sum", "no such overload")),
        }
    }
    Ok(if is_whole {
        Value::Int(whole)
    } else {
        Value::Float(fraction)
    })
}

fn pattern(function: &str, text: &str) -> Result<Pattern, ExecutionError> {
    Pattern::check(text).map_err(|error| failed(function, &error.to_string()))?;
    Ok(Pattern::new(text))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is how a function gets its arguments"
)]
fn find(This(text): This<Arc<String>>, expression: Arc<String>) -> Result<Value, ExecutionError> {
    let pattern = pattern("find", &expression)?;
    let found = pattern.find_all(&text, 1).pop().unwrap_or_default();
    Ok(Value::String(Arc::new(found)))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is how a function gets its arguments"
)]
fn find_all(
    This(text): This<Arc<String>>,
    expression: Arc<String>,
) -> Result<Value, ExecutionError> {
    let pattern = pattern("findAll", &expression)?;
    let found = pattern.find_all(&text, usize::MAX).into_iter();
    let found = found.map(|text| Value::String(Arc::new(text)));
    Ok(Value::List(Arc::new(found.collect())))
}

/// An absolute URI or an absolute path.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    !text.contains(char::is_whitespace) && (text.starts_with('/') || scheme.is_some_and(is_scheme))
}
