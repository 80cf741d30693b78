//! Calls: which functions take what they are given.

use super::functions::{self, Overload};
use super::types::Type;
use super::{Walk, qualified};
use crate::cel::library::PAIRS;
use ::cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

/// What stands before the functions that only expressions know which make something.
const OF_PATCHES: &str = "jsonpatch";

impl<'s> Walk<'_, 's> {
    pub(super) fn call(&mut self, id: u64, call: &CallExpr) -> Type<'s> {
        let name = call.func_name.as_str();
        if name == "_?._" {
            return self.optional_field(id, &call.args);
        }
        if name == PAIRS
            && let [of] = call.args.as_slice()
        {
            return self.pairs(of);
        }
        if let Some(part) = self.part_of_pair(name, &call.args) {
            return part;
        }
        let is_format = usize::from(name == "format");
        self.formats = self.formats.saturating_add(is_format);
        let of = self.call_of(id, call);
        self.formats = self.formats.saturating_sub(is_format);
        of
    }

    fn call_of(&mut self, id: u64, call: &CallExpr) -> Type<'s> {
        let name = call.func_name.as_str();
        let mut given: Vec<Type<'s>> = call.args.iter().map(|item| self.infer(item)).collect();
        if matches!(name, "_&&_" | "_||_") {
            for (argument, of) in call.args.iter().zip(&given) {
                self.assert(argument.id, &Type::Bool, of);
            }
            return Type::Bool;
        }
        let Some(target) = &call.target else {
            return match functions::overloads(name) {
                Some(overloads) => self.resolve(id, name, overloads, false, given),
                None => self.undeclared(id, name),
            };
        };
        if let Some(space) = qualified(target)
            && self.is_global(&space)
        {
            let full = format!("{space}.{name}");
            let is_known = self.makes || space != OF_PATCHES;
            if is_known && let Some(overloads) = functions::overloads(&full) {
                return self.resolve(id, &full, overloads, false, given);
            }
        }
        given.insert(0, self.infer(target));
        match functions::overloads(name) {
            Some(overloads) => self.resolve(id, name, overloads, true, given),
            None => self.undeclared(id, name),
        }
    }

    fn optional_field(&mut self, id: u64, arguments: &[IdedExpr]) -> Type<'s> {
        match arguments {
            [of, field] => match &field.expr {
                Expr::Literal(LiteralValue::String(name)) => self.field(id, of, name.inner(), true),
                _ => Type::Dyn,
            },
            _ => Type::Dyn,
        }
    }

    /// The type of what a function gives; an error if it takes nothing of these types.
    fn resolve(
        &mut self,
        id: u64,
        name: &str,
        overloads: &'static [Overload],
        is_member: bool,
        mut given: Vec<Type<'s>>,
    ) -> Type<'s> {
        let mut result: Option<Type<'s>> = None;
        for overload in overloads {
            if overload.is_member != is_member {
                continue;
            }
            let mark = self.types.mark();
            let first = self.types.next();
            for _ in 0..overload.open {
                self.types.open();
            }
            let wanted: Vec<Type<'s>> = overload
                .arguments
                .iter()
                .map(|of| shifted(of, first))
                .collect();
            if !self.types.all_fit(&given, &wanted) {
                self.types.back_to(mark);
                continue;
            }
            let gives = shifted(&overload.result, first);
            let gives = self.types.resolved(&gives, false);
            if result.is_some() {
                self.found.ambiguous.insert(id);
            }
            result = Some(match result {
                None => gives,
                Some(before) if before == gives => before,
                Some(_) => Type::Dyn,
            });
        }
        result.unwrap_or_else(|| {
            for of in &mut given {
                *of = self.types.resolved(of, true);
            }
            let signature = signature(&given, is_member);
            let why = format!("found no matching overload for '{name}' applied to '{signature}'");
            self.error(id, why);
            Type::Error
        })
    }
}

/// A type of a function with open types of its own.
fn shifted<'s>(of: &Type<'static>, by: usize) -> Type<'s> {
    match of {
        Type::Variable(number) => Type::Variable(number.saturating_add(by)),
        _ => of.with_parts(|part| shifted(part, by)),
    }
}

/// What a function was given, as errors write it: `(int, string)`, `string.(int)`.
fn signature(given: &[Type<'_>], is_member: bool) -> String {
    let mut given: Vec<String> = given.iter().map(|of| of.told().to_string()).collect();
    let target = if is_member && !given.is_empty() {
        format!("{}.", given.remove(0))
    } else {
        String::new()
    };
    format!("{target}({})", given.join(", "))
}
