//! How a function of ours becomes one of the interpreter's, chosen by the types of its arguments.

use ::cel::common::types::Type;
use ::cel::common::value::{CowVal, Val};
use ::cel::objects::{Opaque, OptionalValue, ResolveResult};
use ::cel::{ExecutionError, Value};
use std::sync::Arc;

/// What a function does with its arguments; of a member the first is what it is called on.
pub(super) type Body = fn(&[Value]) -> ResolveResult;

/// Calls `body` with plain values.
pub(super) fn call<'b, 'v>(
    arguments: &[CowVal<'b, 'v>],
    body: Body,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let values = arguments.iter();
    let values: Result<Vec<Value>, ExecutionError> =
        values.map(|value| Value::try_from(&**value)).collect();
    let result: Box<dyn Val> = body(&values?)?.try_into()?;
    Ok(CowVal::Owned(result))
}

/// Declares a function.
macro_rules! function {
    ($environment:expr, $name:literal, [$($of:expr),*], $body:expr) => {{
        fn run<'b, 'v>(
            arguments: Vec<::cel::common::value::CowVal<'b, 'v>>,
        ) -> Result<::cel::common::value::CowVal<'b, 'v>, ::cel::ExecutionError> {
            $crate::cel::library::adapt::call(&arguments, $body)
        }
        let id = concat!($name, "(", $(stringify!($of), ";",)* ")");
        // Every declaration is of its own types, so nothing is in its way.
        let _ = $environment.add_overload($name, id, vec![$($of),*], run);
    }};
}

/// Declares a function that is called on a value.
macro_rules! member {
    ($environment:expr, $name:literal, $this:expr, [$($of:expr),*], $body:expr) => {{
        fn run<'b, 'v>(
            arguments: Vec<::cel::common::value::CowVal<'b, 'v>>,
        ) -> Result<::cel::common::value::CowVal<'b, 'v>, ::cel::ExecutionError> {
            $crate::cel::library::adapt::call(&arguments, $body)
        }
        let id = concat!(stringify!($this), ".", $name, "(", $(stringify!($of), ";",)* ")");
        // Every declaration is of its own types, so nothing is in its way.
        let _ = $environment.add_member_overload($name, id, $this, vec![$($of),*], run);
    }};
}

pub(super) use {function, member};

/// The type of values that the language does not know.
pub(super) fn opaque(name: &'static str) -> Type {
    Type::new_opaque_type(name)
}

/// A value that the language does not know.
pub(super) fn wrap<T: Opaque>(value: T) -> Value {
    Value::Opaque(Arc::new(value))
}

/// An optional value.
pub(super) fn optional(value: Option<Value>) -> Value {
    wrap(match value {
        Some(value) => OptionalValue::of(value),
        None => OptionalValue::none(),
    })
}

/// An error that says no more than `message`.
pub(super) fn failed(message: impl Into<String>) -> ExecutionError {
    ExecutionError::FunctionError {
        function: String::new(),
        message: message.into(),
    }
}

fn no_overload() -> ExecutionError {
    failed("no such overload")
}

/// The argument at a place.
pub(super) fn argument(arguments: &[Value], place: usize) -> Result<&Value, ExecutionError> {
    arguments.get(place).ok_or_else(no_overload)
}

/// The text at a place.
pub(super) fn text(arguments: &[Value], place: usize) -> Result<&str, ExecutionError> {
    match argument(arguments, place)? {
        Value::String(text) => Ok(text),
        _ => Err(no_overload()),
    }
}

/// The list at a place.
pub(super) fn list(arguments: &[Value], place: usize) -> Result<&[Value], ExecutionError> {
    match argument(arguments, place)? {
        Value::List(items) => Ok(items),
        _ => Err(no_overload()),
    }
}

/// The value of a type of ours at a place.
pub(super) fn own<T: 'static>(arguments: &[Value], place: usize) -> Result<&T, ExecutionError> {
    match argument(arguments, place)? {
        Value::Opaque(opaque) => opaque.downcast_ref::<T>().ok_or_else(no_overload),
        _ => Err(no_overload()),
    }
}

/// Yes or no, as a value.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every function may fail, but not in what it ends with"
)]
pub(super) fn yes(is_so: bool) -> ResolveResult {
    Ok(Value::Bool(is_so))
}

/// A text, as a value.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every function may fail, but not in what it ends with"
)]
pub(super) fn said(text: impl Into<String>) -> ResolveResult {
    Ok(Value::String(Arc::new(text.into())))
}

/// Which comes first, as a number.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every function may fail, but not in what it ends with"
)]
pub(super) fn order(order: std::cmp::Ordering) -> ResolveResult {
    Ok(Value::Int(i64::from(order as i8)))
}
