//! The functions that expressions may call beside those of the language.

use super::quantity;
use ::cel::extractors::This;
use ::cel::objects::ResolveResult;
use ::cel::{Context, Env, ExecutionError, Value as CelValue};
use std::sync::{Arc, LazyLock};

/// The language with optionals and the functions on texts.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut environment = Env::stdlib();
        // The names of an extension collide with nothing in a new environment.
        let _ = environment.add_extension(::cel::extensions::strings);
        Arc::new(environment)
    });
    Arc::clone(&ENVIRONMENT)
}

/// Adds what Kubernetes adds.
pub(super) fn add_functions(context: &mut Context<'static, 'static>) {
    quantity::add(context);
    // A name that is taken keeps its meaning.
    let _ = context.add_function("isSorted", is_sorted);
    let _ = context.add_function("sets.contains", sets_contains);
    let _ = context.add_function("sets.intersects", sets_intersect);
    let _ = context.add_function("sets.equivalent", sets_are_equivalent);
}

fn is_sorted(This(this): This<CelValue>) -> ResolveResult {
    let CelValue::List(items) = &this else {
        return Err(ExecutionError::function_error(
            "isSorted",
            "no such overload",
        ));
    };
    Ok(CelValue::Bool(items.is_sorted()))
}

fn items(value: &CelValue) -> Result<Arc<Vec<CelValue>>, ExecutionError> {
    match value {
        CelValue::List(items) => Ok(Arc::clone(items)),
        _ => Err(ExecutionError::function_error("sets", "no such overload")),
    }
}

fn contains_all(all: &[CelValue], some: &[CelValue]) -> bool {
    some.iter().all(|item| all.contains(item))
}

fn sets_contains(a: CelValue, b: CelValue) -> ResolveResult {
    Ok(CelValue::Bool(contains_all(&*items(&a)?, &*items(&b)?)))
}

fn sets_intersect(a: CelValue, b: CelValue) -> ResolveResult {
    let (a, b) = (items(&a)?, items(&b)?);
    Ok(CelValue::Bool(a.iter().any(|item| b.contains(item))))
}

fn sets_are_equivalent(a: CelValue, b: CelValue) -> ResolveResult {
    let (a, b) = (items(&a)?, items(&b)?);
    Ok(CelValue::Bool(contains_all(&a, &b) && contains_all(&b, &a)))
}
