//! Literals that can only fail: durations, times and regular expressions that are none.
//!
//! Upstream: `ValidateDurationLiterals` and the like of cel-go (`cel/validator.go`).

use crate::cel::library;
use ::cel::Value;
use ::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use ::cel::common::types::CelString;

/// Looks at an expression and all its parts.
pub(super) fn check(expression: &IdedExpr, errors: &mut Vec<(u64, String)>) {
    match &expression.expr {
        Expr::Call(call) => {
            literal_of(call, errors);
            let parts = call.target.iter().map(|target| &**target);
            for part in parts.chain(&call.args) {
                check(part, errors);
            }
        }
        Expr::Comprehension(of) => {
            for part in [
                &of.iter_range,
                &of.accu_init,
                &of.loop_cond,
                &of.loop_step,
                &of.result,
            ] {
                check(part, errors);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|part| check(part, errors)),
        Expr::Map(map) => map.entries.iter().for_each(|of| entry(&of.expr, errors)),
        Expr::Struct(object) => object.entries.iter().for_each(|of| entry(&of.expr, errors)),
        Expr::Select(select) => check(&select.operand, errors),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn entry(of: &EntryExpr, errors: &mut Vec<(u64, String)>) {
    match of {
        EntryExpr::StructField(field) => check(&field.value, errors),
        EntryExpr::MapEntry(entry) => {
            check(&entry.key, errors);
            check(&entry.value, errors);
        }
    }
}

fn literal_of(call: &CallExpr, errors: &mut Vec<(u64, String)>) {
    let name = call.func_name.as_str();
    let (("duration" | "timestamp", None, [literal])
    | ("matches", Some(_), [literal])
    | ("matches", None, [_, literal])) = (name, &call.target, call.args.as_slice())
    else {
        return;
    };
    let Expr::Literal(LiteralValue::String(_)) = &literal.expr else {
        return;
    };
    // Whether the function takes it shows when it is called.
    let mut tried = call.clone();
    let nothing = || IdedExpr {
        id: literal.id,
        expr: Expr::Literal(LiteralValue::String(CelString::from(String::new()))),
    };
    if name == "matches" {
        tried.target = Some(Box::new(nothing()));
        tried.args = vec![literal.clone()];
    }
    let tried = IdedExpr {
        id: literal.id,
        expr: Expr::Call(tried),
    };
    if Value::resolve(&tried, &library::context()).is_err() {
        errors.push((literal.id, format!("invalid {name} argument")));
    }
}
