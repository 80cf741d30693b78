//! Loops with two variables: `list.all(i, x, ...)`, `map.transformMap(k, v, ...)`.
//!
//! The interpreter has loops with one. Ours run over the pairs of a list or a map, and bind both names to the parts of a
//! pair before the body is looked at.

use super::adapt::{argument, failed, function, list};
use ::cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue};
use ::cel::common::types::{CelInt, DYN_TYPE, LIST_TYPE};
use ::cel::objects::{Key, Map, ResolveResult};
use ::cel::parser::{Macro, MacroExprHelper};
use ::cel::{Env, ExecutionError, ParseError, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The function that gives the pairs of a list or a map.
pub(crate) const PAIRS: &str = "@pairs";
/// The name of a pair within such a loop.
pub(crate) const ITEM: &str = "@item";
const RESULT: &str = "@result";

type Parts<'p> = (&'p mut Option<IdedExpr>, &'p mut Vec<IdedExpr>);

pub(super) fn add(environment: &mut Env) {
    function!(environment, "@pairs", [DYN_TYPE], |given| pairs(argument(
        given, 0
    )?));
    function!(environment, "@entry", [DYN_TYPE, DYN_TYPE], |given| {
        let key = argument(given, 0)?.clone();
        Ok(pair(key, argument(given, 1)?.clone()))
    });
    function!(environment, "@map", [LIST_TYPE], |given| map(list(
        given, 0
    )?));
    function!(environment, "@merged", [LIST_TYPE], |given| merged(list(
        given, 0
    )?));
    let expanders: [(&str, usize, Expander); 9] = [
        ("all", 3, all),
        ("exists", 3, exists),
        ("existsOne", 3, exists_one),
        ("transformList", 3, transform_list),
        ("transformList", 4, transform_list),
        ("transformMap", 3, transform_map),
        ("transformMap", 4, transform_map),
        ("transformMapEntry", 3, transform_map_entry),
        ("transformMapEntry", 4, transform_map_entry),
    ];
    for (name, count, expander) in expanders {
        let expand = move |helper: &mut MacroExprHelper<'_>,
                           target: &mut Option<IdedExpr>,
                           arguments: &mut Vec<IdedExpr>| {
            expander(helper, (target, arguments)).map(Some)
        };
        // They differ from what is there in the number of their arguments.
        let _ = environment.add_macro(Macro::receiver(name, count, expand));
    }
}

/// Whether a comprehension only gives a value a name: it runs over nothing.
pub(crate) fn is_binding(comprehension: &ComprehensionExpr) -> bool {
    matches!(&comprehension.iter_range.expr, Expr::List(list) if list.elements.is_empty())
}

type Expander = fn(&mut MacroExprHelper<'_>, Parts<'_>) -> Result<IdedExpr, ParseError>;

/// A loop of two variables, taken apart.
struct Loop {
    range: IdedExpr,
    names: [String; 2],
    filter: Option<IdedExpr>,
    body: IdedExpr,
}

fn taken(helper: &MacroExprHelper<'_>, (target, arguments): Parts<'_>) -> Result<Loop, ParseError> {
    let body = arguments.pop();
    let filter = (arguments.len() > 2).then(|| arguments.pop()).flatten();
    let second = arguments.pop();
    let first = arguments.pop();
    let (Some(range), Some(body), Some(first), Some(second)) = (target.take(), body, first, second)
    else {
        return Err(helper.new_error(0, "two names and an expression are needed"));
    };
    let name = |of: &IdedExpr| match &of.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(helper.new_error(of.id, "argument must be a simple name")),
    };
    let names = [name(&first)?, name(&second)?];
    if names[0] == names[1] {
        return Err(helper.new_error(second.id, "the two names must not be the same"));
    }
    Ok(Loop {
        range,
        names,
        filter,
        body,
    })
}

fn ident(helper: &mut MacroExprHelper<'_>, name: &str) -> IdedExpr {
    helper.next_expr(Expr::Ident(name.to_owned()))
}

fn call(helper: &mut MacroExprHelper<'_>, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    }))
}

fn truth(helper: &mut MacroExprHelper<'_>, is_so: bool) -> IdedExpr {
    helper.next_expr(Expr::Literal(LiteralValue::Boolean(is_so.into())))
}

fn number(helper: &mut MacroExprHelper<'_>, value: i64) -> IdedExpr {
    helper.next_expr(Expr::Literal(LiteralValue::Int(CelInt::from(value))))
}

fn listed(helper: &mut MacroExprHelper<'_>, items: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::List(ListExpr::new(items)))
}

/// The body with both names bound to the parts of the pair at hand.
fn bound(helper: &mut MacroExprHelper<'_>, names: &[String; 2], body: IdedExpr) -> IdedExpr {
    let mut inner = body;
    for (place, name) in [(1_i64, &names[1]), (0, &names[0])] {
        let pair = ident(helper, ITEM);
        let place = number(helper, place);
        let part = call(helper, "_[_]", vec![pair, place]);
        let iter_range = listed(helper, Vec::new());
        let loop_cond = truth(helper, false);
        let loop_step = ident(helper, name);
        inner = helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range,
            iter_var: "@unused".to_owned(),
            iter_var2: None,
            accu_var: name.clone(),
            accu_init: part,
            loop_cond,
            loop_step,
            result: inner,
        })));
    }
    inner
}

/// A loop over the pairs of a range.
fn fold(
    helper: &mut MacroExprHelper<'_>,
    range: IdedExpr,
    [accu_init, loop_cond, loop_step, result]: [IdedExpr; 4],
) -> IdedExpr {
    let iter_range = call(helper, PAIRS, vec![range]);
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range,
        iter_var: ITEM.to_owned(),
        iter_var2: None,
        accu_var: RESULT.to_owned(),
        accu_init,
        loop_cond,
        loop_step,
        result,
    })))
}

fn all(helper: &mut MacroExprHelper<'_>, parts: Parts<'_>) -> Result<IdedExpr, ParseError> {
    let given = taken(helper, parts)?;
    let body = bound(helper, &given.names, given.body);
    let so_far = ident(helper, RESULT);
    let start = truth(helper, true);
    let goes_on = call(helper, "@not_strictly_false", vec![so_far]);
    let so_far = ident(helper, RESULT);
    let step = call(helper, "_&&_", vec![so_far, body]);
    let result = ident(helper, RESULT);
    Ok(fold(helper, given.range, [start, goes_on, step, result]))
}

fn exists(helper: &mut MacroExprHelper<'_>, parts: Parts<'_>) -> Result<IdedExpr, ParseError> {
    let given = taken(helper, parts)?;
    let body = bound(helper, &given.names, given.body);
    let start = truth(helper, false);
    let so_far = ident(helper, RESULT);
    let is_open = call(helper, "!_", vec![so_far]);
    let goes_on = call(helper, "@not_strictly_false", vec![is_open]);
    let so_far = ident(helper, RESULT);
    let step = call(helper, "_||_", vec![so_far, body]);
    let result = ident(helper, RESULT);
    Ok(fold(helper, given.range, [start, goes_on, step, result]))
}

fn exists_one(helper: &mut MacroExprHelper<'_>, parts: Parts<'_>) -> Result<IdedExpr, ParseError> {
    let given = taken(helper, parts)?;
    let body = bound(helper, &given.names, given.body);
    let start = number(helper, 0);
    let goes_on = truth(helper, true);
    let (so_far, one) = (ident(helper, RESULT), number(helper, 1));
    let more = call(helper, "_+_", vec![so_far, one]);
    let so_far = ident(helper, RESULT);
    let step = call(helper, "_?_:_", vec![body, more, so_far]);
    let (found, one) = (ident(helper, RESULT), number(helper, 1));
    let result = call(helper, "_==_", vec![found, one]);
    Ok(fold(helper, given.range, [start, goes_on, step, result]))
}

fn transform_list(
    helper: &mut MacroExprHelper<'_>,
    parts: Parts<'_>,
) -> Result<IdedExpr, ParseError> {
    let given = taken(helper, parts)?;
    Ok(gather(helper, given))
}

/// The list of what the body gives for the pairs that are not filtered out.
fn gather(helper: &mut MacroExprHelper<'_>, given: Loop) -> IdedExpr {
    let body = bound(helper, &given.names, given.body);
    let start = listed(helper, Vec::new());
    let goes_on = truth(helper, true);
    let (so_far, one) = (ident(helper, RESULT), listed(helper, vec![body]));
    let mut step = call(helper, "_+_", vec![so_far, one]);
    if let Some(filter) = given.filter {
        let filter = bound(helper, &given.names, filter);
        let so_far = ident(helper, RESULT);
        step = call(helper, "_?_:_", vec![filter, step, so_far]);
    }
    let result = ident(helper, RESULT);
    fold(helper, given.range, [start, goes_on, step, result])
}

fn transform_map(
    helper: &mut MacroExprHelper<'_>,
    parts: Parts<'_>,
) -> Result<IdedExpr, ParseError> {
    let mut given = taken(helper, parts)?;
    let key = ident(helper, &given.names[0]);
    given.body = call(helper, "@entry", vec![key, given.body]);
    let entries = gather(helper, given);
    Ok(call(helper, "@map", vec![entries]))
}

fn transform_map_entry(
    helper: &mut MacroExprHelper<'_>,
    parts: Parts<'_>,
) -> Result<IdedExpr, ParseError> {
    let given = taken(helper, parts)?;
    let entries = gather(helper, given);
    Ok(call(helper, "@merged", vec![entries]))
}

fn pair(first: Value, second: Value) -> Value {
    Value::List(Arc::new(vec![first, second]))
}

/// Places and members of a list; keys, in order, and values of a map.
fn pairs(of: &Value) -> ResolveResult {
    let pairs = match of {
        Value::List(items) => {
            let places = (0_i64..).map(Value::Int);
            let pairs = places.zip(items.iter().cloned());
            pairs.map(|(place, item)| pair(place, item)).collect()
        }
        Value::Map(map) => {
            let entries: BTreeMap<&Key, &Value> = map.map.iter().collect();
            let pairs = entries.into_iter();
            pairs
                .map(|(key, value)| pair(Value::from(key), value.clone()))
                .collect()
        }
        _ => return Err(failed("no such overload")),
    };
    Ok(Value::List(Arc::new(pairs)))
}

/// A map of entries, each key once.
fn made(entries: BTreeMap<Key, Value>) -> Value {
    Value::Map(Map {
        map: Arc::new(entries.into_iter().collect()),
    })
}

fn map(entries: &[Value]) -> ResolveResult {
    let mut map = BTreeMap::new();
    for entry in entries {
        if let Value::List(parts) = entry
            && let [key, value] = parts.as_slice()
        {
            map.insert(key_of(key)?, value.clone());
        }
    }
    Ok(made(map))
}

fn key_of(value: &Value) -> Result<Key, ExecutionError> {
    Ok(match value {
        Value::String(text) => Key::String(Arc::clone(text)),
        Value::Int(number) => Key::Int(*number),
        Value::UInt(number) => Key::Uint(*number),
        Value::Bool(is_so) => Key::Bool(*is_so),
        _ => return Err(failed("unsupported key type")),
    })
}

fn merged(maps: &[Value]) -> ResolveResult {
    let mut all = BTreeMap::new();
    for map in maps {
        let Value::Map(map) = map else {
            return Err(failed("no such overload"));
        };
        let entries: BTreeMap<&Key, &Value> = map.map.iter().collect();
        for (key, value) in entries {
            if all.insert(key.clone(), value.clone()).is_some() {
                return Err(failed(format!("insert failed: key {key} already exists")));
            }
        }
    }
    Ok(made(all))
}
