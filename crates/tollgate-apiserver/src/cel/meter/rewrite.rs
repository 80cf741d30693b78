//! Puts charges into an expression.
//!
//! A block is what is evaluated as a whole or not at all: the expression itself, what stands behind `&&` and `||`, each
//! side of a condition, what a loop does in each turn. What it costs whatever its values are is charged when it begins.
//! The steps of loops keep their form, by which the interpreter knows how to take them fast.

use super::prices::price_of;
use super::{CHARGE, SETTLE, WEIGH};
use crate::cel::library::{self, ITEM, PAIRS};
use ::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue,
    MapEntryExpr, MapExpr, SelectExpr, StructExpr, StructFieldExpr,
};
use ::cel::common::types::{CelInt, CelString};
use std::collections::BTreeSet;

/// What making a list, a map and an object costs.
const LIST: u64 = 10;
const MAP: u64 = 30;
const OBJECT: u64 = 40;
/// Texts up to that length are compared for the least price, whatever they are compared with.
const SHORT_TEXT: usize = 10;

/// The expression, with charges. A call that several functions could be meant by costs as much as a plain one: upstream
/// does not know either which it is.
pub(super) fn metered(expression: &IdedExpr, ambiguous: &BTreeSet<u64>) -> IdedExpr {
    Rewrite { ambiguous }.block(expression, 0)
}

fn called(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    })
}

fn add(cost: &mut u64, more: u64) {
    *cost = cost.saturating_add(more);
}

struct Rewrite<'r> {
    /// The calls that could be of several functions.
    ambiguous: &'r BTreeSet<u64>,
}

impl Rewrite<'_> {
    /// A block that costs something beside what it consists of.
    fn block(&self, expression: &IdedExpr, mut cost: u64) -> IdedExpr {
        let inner = self.part(expression, &mut cost);
        if cost == 0 {
            return inner;
        }
        let id = expression.id;
        let node = |expr: Expr| IdedExpr { id, expr };
        let number = CelInt::from(i64::try_from(cost).unwrap_or(i64::MAX));
        let number = node(Expr::Literal(LiteralValue::Int(number)));
        let charge = node(called(CHARGE, vec![number]));
        let nothing = node(Expr::Literal(LiteralValue::Null));
        node(called("_?_:_", vec![charge, inner, nothing]))
    }

    /// A part of a block; what it costs is added to the block's cost.
    fn part(&self, expression: &IdedExpr, cost: &mut u64) -> IdedExpr {
        if is_constant(expression) {
            return expression.clone();
        }
        let expr = match &expression.expr {
            Expr::Ident(_) => {
                add(cost, 1);
                expression.expr.clone()
            }
            Expr::Select(select) => {
                add(cost, u64::from(!select.test));
                add(cost, beginning(&select.operand));
                Expr::Select(SelectExpr {
                    operand: Box::new(self.part(&select.operand, cost)),
                    field: select.field.clone(),
                    test: select.test,
                })
            }
            Expr::List(list) => {
                add(cost, LIST);
                let elements = list.elements.iter();
                Expr::List(ListExpr {
                    elements: elements.map(|item| self.part(item, cost)).collect(),
                    optional_indices: list.optional_indices.clone(),
                })
            }
            Expr::Map(map) => {
                add(cost, MAP);
                let entries = map.entries.iter();
                let entries = entries.map(|of| self.entry(of, cost)).collect();
                Expr::Map(MapExpr { entries })
            }
            Expr::Struct(object) => {
                add(cost, OBJECT);
                let entries = object.entries.iter();
                Expr::Struct(StructExpr {
                    type_name: object.type_name.clone(),
                    entries: entries.map(|of| self.entry(of, cost)).collect(),
                })
            }
            Expr::Call(call) => self.call(expression, call, cost),
            Expr::Comprehension(of) => Expr::Comprehension(Box::new(self.comprehension(of, cost))),
            Expr::Literal(_) | Expr::Unspecified => expression.expr.clone(),
        };
        IdedExpr {
            id: expression.id,
            expr,
        }
    }

    fn entry(&self, of: &IdedEntryExpr, cost: &mut u64) -> IdedEntryExpr {
        let expr = match &of.expr {
            EntryExpr::StructField(field) => EntryExpr::StructField(StructFieldExpr {
                field: field.field.clone(),
                value: self.part(&field.value, cost),
                optional: field.optional,
            }),
            EntryExpr::MapEntry(entry) => EntryExpr::MapEntry(MapEntryExpr {
                key: self.part(&entry.key, cost),
                value: self.part(&entry.value, cost),
                optional: entry.optional,
            }),
        };
        IdedEntryExpr { id: of.id, expr }
    }

    fn call(&self, whole: &IdedExpr, call: &CallExpr, cost: &mut u64) -> Expr {
        let with = |args: Vec<IdedExpr>| {
            Expr::Call(CallExpr {
                func_name: call.func_name.clone(),
                target: None,
                args,
            })
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            // What comes first is evaluated, the rest perhaps.
            ("_&&_" | "_||_" | "_?_:_", [first, rest @ ..]) => {
                let mut args = vec![self.part(first, cost)];
                args.extend(rest.iter().map(|rest| self.block(rest, 0)));
                return with(args);
            }
            // The names of a loop with two variables cost as much as those of any other.
            ("_[_]", [pair, _]) if matches!(&pair.expr, Expr::Ident(name) if name == ITEM) => {
                return whole.expr.clone();
            }
            // Membership of a list that never changes is looked up.
            ("@in" | "_in_", [of, list])
                if is_constant(list) && matches!(list.expr, Expr::List(_)) =>
            {
                return with(vec![self.part(of, cost), list.clone()]);
            }
            (PAIRS, [of]) => return with(vec![self.part(of, cost)]),
            // To take a part of something costs what saying which part costs, or 1.
            ("_[_]" | "_[?_]" | "_?._", [of, which]) => {
                let is_literal = matches!(which.expr, Expr::Literal(_));
                add(cost, u64::from(is_literal && call.func_name != "_?._"));
                add(cost, beginning(of));
                return with(vec![self.part(of, cost), self.part(which, cost)]);
            }
            _ => {}
        }
        let space = call.target.as_deref().and_then(space_of);
        let name = match space {
            Some(space) => format!("{space}.{}", call.func_name),
            None => call.func_name.clone(),
        };
        let known = known_price(&name, &call.args)
            .or_else(|| self.ambiguous.contains(&whole.id).then_some(1));
        let price = price_of(&name).filter(|_| known.is_none());
        let count = price.as_ref().map_or(0, |price| price.weighed);
        let mut places = 0_i64..i64::try_from(count).unwrap_or_default();
        let mut weighed = |of: &IdedExpr, cost: &mut u64| {
            let of = self.part(of, cost);
            let Some(place) = places.next() else {
                return of;
            };
            let id = of.id;
            let place = Expr::Literal(LiteralValue::Int(CelInt::from(place)));
            let place = IdedExpr { id, expr: place };
            IdedExpr {
                id,
                expr: called(WEIGH, vec![place, of]),
            }
        };
        let target = match (&call.target, space) {
            (Some(target), None) => Some(Box::new(weighed(target, cost))),
            (target, _) => target.clone(),
        };
        let args = call.args.iter().map(|of| weighed(of, cost)).collect();
        let inner = Expr::Call(CallExpr {
            func_name: call.func_name.clone(),
            target,
            args,
        });
        if price.is_none() {
            add(cost, known.unwrap_or(1));
            return inner;
        }
        let node = |expr: Expr| IdedExpr { id: whole.id, expr };
        let name = node(Expr::Literal(LiteralValue::String(CelString::from(name))));
        called(SETTLE, vec![name, node(inner)])
    }

    fn comprehension(&self, of: &ComprehensionExpr, cost: &mut u64) -> ComprehensionExpr {
        if library::is_binding(of) {
            return ComprehensionExpr {
                accu_init: self.part(&of.accu_init, cost),
                result: self.part(&of.result, cost),
                ..of.clone()
            };
        }
        // The condition of each turn is no more than a look at what has been found so far.
        let mut turn = 0;
        self.part(&of.loop_cond, &mut turn);
        ComprehensionExpr {
            iter_range: self.part(&of.iter_range, cost),
            accu_init: self.part(&of.accu_init, cost),
            loop_step: self.step(&of.loop_step, turn),
            result: self.part(&of.result, cost),
            ..of.clone()
        }
    }

    /// The step of a loop, each turn of which costs something beside it.
    fn step(&self, whole: &IdedExpr, turn: u64) -> IdedExpr {
        let Expr::Call(call) = &whole.expr else {
            return self.block(whole, turn);
        };
        let with = |args: Vec<IdedExpr>| IdedExpr {
            id: whole.id,
            expr: called(&call.func_name, args),
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            // `@result && body`
            ("_&&_" | "_||_", [so_far, body]) => {
                let body = self.block(body, turn.saturating_add(1));
                with(vec![so_far.clone(), body])
            }
            // `@result + [body]`
            ("_+_", [so_far, more]) if matches!(more.expr, Expr::List(_)) => {
                with(vec![so_far.clone(), self.appended(more, turn)])
            }
            // `guard ? @result + [item] : @result`, `guard ? @result + 1 : @result`
            ("_?_:_", [guard, more, so_far]) => {
                let guard = self.block(guard, turn);
                with(vec![guard, self.step(more, 0), so_far.clone()])
            }
            _ => self.block(whole, turn),
        }
    }

    /// What is appended in a turn, with what it costs to append it.
    fn appended(&self, items: &IdedExpr, turn: u64) -> IdedExpr {
        let Expr::List(list) = &items.expr else {
            return items.clone();
        };
        let mut extra = turn.saturating_add(2).saturating_add(LIST);
        let elements = list.elements.iter();
        let elements = elements.map(|item| self.block(item, std::mem::take(&mut extra)));
        IdedExpr {
            id: items.id,
            expr: Expr::List(ListExpr {
                elements: elements.collect(),
                optional_indices: list.optional_indices.clone(),
            }),
        }
    }
}

/// Whether a part is the same at every evaluation: upstream makes it once, before the first.
fn is_constant(of: &IdedExpr) -> bool {
    match &of.expr {
        Expr::Literal(_) => true,
        Expr::List(list) => {
            list.optional_indices.is_empty() && list.elements.iter().all(is_constant)
        }
        Expr::Map(map) => map.entries.iter().all(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => {
                !entry.optional && is_constant(&entry.key) && is_constant(&entry.value)
            }
            EntryExpr::StructField(_) => false,
        }),
        Expr::Call(call) => {
            let converts = matches!(
                call.func_name.as_str(),
                "bool"
                    | "bytes"
                    | "double"
                    | "duration"
                    | "dyn"
                    | "int"
                    | "string"
                    | "timestamp"
                    | "uint"
            );
            converts
                && call.target.is_none()
                && call.args.len() == 1
                && call.args.iter().all(is_constant)
        }
        _ => false,
    }
}

/// What it costs to begin taking parts of something that was made just now; to begin with a name costs what the name does.
fn beginning(of: &IdedExpr) -> u64 {
    let goes_on = match &of.expr {
        Expr::Ident(_) | Expr::Select(_) => true,
        Expr::Call(call) => matches!(call.func_name.as_str(), "_[_]" | "_[?_]" | "_?._"),
        _ => false,
    };
    u64::from(!goes_on)
}

/// What stands before the name of a function and is no value.
fn space_of(target: &IdedExpr) -> Option<&str> {
    match &target.expr {
        Expr::Ident(name) => {
            let is_space = library::NAMESPACES.contains(&name.as_str()) || name == "jsonpatch";
            is_space.then_some(name.as_str())
        }
        _ => None,
    }
}

/// The price of a comparison that is the same whatever is compared.
fn known_price(name: &str, args: &[IdedExpr]) -> Option<u64> {
    let compares = matches!(name, "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_");
    let literals = args.iter().filter_map(|of| match &of.expr {
        Expr::Literal(LiteralValue::String(text)) => match text.inner().len() {
            0 => Some(0),
            1..=SHORT_TEXT => Some(1),
            _ => None,
        },
        Expr::Literal(LiteralValue::Bytes(_)) => None,
        Expr::Literal(_) => Some(1),
        _ => None,
    });
    literals.min().filter(|_| compares)
}
