//! Expressions for texts: `find` and `findAll`.

use super::adapt::{failed, member, said, text};
use ::cel::common::types::{INT_TYPE, STRING_TYPE};
use ::cel::objects::ResolveResult;
use ::cel::{Env, ExecutionError, Value};
use std::sync::Arc;
use tollgate_objects::structural::Pattern;

pub(super) fn add(environment: &mut Env) {
    member!(environment, "find", STRING_TYPE, [STRING_TYPE], |given| {
        let found = pattern(given)?.find_all(text(given, 0)?, 1).pop();
        said(found.unwrap_or_default())
    });
    member!(
        environment,
        "findAll",
        STRING_TYPE,
        [STRING_TYPE],
        |given| find_all(given, usize::MAX)
    );
    member!(
        environment,
        "findAll",
        STRING_TYPE,
        [STRING_TYPE, INT_TYPE],
        |given| {
            let limit = match given.get(2) {
                // Fewer than none is all.
                Some(Value::Int(limit)) => usize::try_from(*limit).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            find_all(given, limit)
        }
    );
}

fn pattern(given: &[Value]) -> Result<Pattern, ExecutionError> {
    let expression = text(given, 1)?;
    Pattern::check(expression).map_err(|error| failed(error.to_string()))?;
    Ok(Pattern::new(expression))
}

fn find_all(given: &[Value], limit: usize) -> ResolveResult {
    let found = pattern(given)?.find_all(text(given, 0)?, limit);
    let found = found.into_iter().map(|text| Value::String(Arc::new(text)));
    Ok(Value::List(Arc::new(found.collect())))
}
