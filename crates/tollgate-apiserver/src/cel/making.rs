//! Expressions that make objects: `Object{spec: Object.spec{replicas: 3}}`, `JSONPatch{op: "remove", path: "/spec/x"}`.
//!
//! Nobody declares the types of an object's parts. An expression has its own environment, in which every name is a type
//! that it writes in this way; what is made is a map.

use super::library::{self, fresh_environment};
use ::cel::common::ast::{EntryExpr, Expr, IdedExpr};
use ::cel::common::types::Type;
use ::cel::common::value::{CowVal, Val};
use ::cel::objects::{Key, Map, Opaque, OptionalValue};
use ::cel::{Env, ExecutionError, StructType, Value as CelValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_objects::validation::EXPRESSION_WORDS;

/// The types that an expression may make beside those of an object's parts.
pub(super) const PATCH: &str = "JSONPatch";
const OBJECT: &str = "Object";

/// Whether a name is that of a type that can be made.
pub(super) fn can_make(name: &str) -> bool {
    name == PATCH
        || name == OBJECT
        || name
            .strip_prefix(OBJECT)
            .is_some_and(|rest| rest.starts_with('.'))
}

/// The environment of an expression.
#[derive(Clone)]
pub(super) struct Environment(pub(super) Arc<Env>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

/// The environment of an expression, with the types that it makes.
pub(super) fn environment_of(expression: &IdedExpr) -> Environment {
    let mut names = BTreeSet::new();
    gather(expression, &mut names);
    let mut environment = fresh_environment();
    for name in names {
        // What is no good name has been refused before.
        let _ = environment.add_type(Made(Type::new_struct(name)));
    }
    library::add_patches(&mut environment);
    Environment(Arc::new(environment))
}

fn gather(expression: &IdedExpr, names: &mut BTreeSet<String>) {
    let entry = |entry: &EntryExpr, names: &mut BTreeSet<String>| match entry {
        EntryExpr::StructField(field) => gather(&field.value, names),
        EntryExpr::MapEntry(entry) => {
            gather(&entry.key, names);
            gather(&entry.value, names);
        }
    };
    match &expression.expr {
        Expr::Call(call) => {
            for part in call.target.iter().map(|target| &**target).chain(&call.args) {
                gather(part, names);
            }
        }
        Expr::Comprehension(inner) => {
            let parts = [
                &inner.iter_range,
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ];
            for part in parts {
                gather(part, names);
            }
        }
        Expr::List(list) => {
            for part in &list.elements {
                gather(part, names);
            }
        }
        Expr::Map(map) => {
            for part in &map.entries {
                entry(&part.expr, names);
            }
        }
        Expr::Select(select) => gather(&select.operand, names),
        Expr::Struct(object) => {
            names.insert(object.type_name.clone());
            for part in &object.entries {
                entry(&part.expr, names);
            }
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// A type that an expression makes values of.
struct Made(Type);

impl StructType for Made {
    fn get_type(&self) -> &Type {
        &self.0
    }

    fn new_value<'b, 'v>(
        &self,
        fields: BTreeMap<String, CowVal<'b, 'v>>,
    ) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let mut entries = BTreeMap::new();
        for (name, value) in fields {
            let value = CelValue::try_from(&*value)?;
            if let Some(value) = present(value) {
                entries.insert(Key::from(plain(&name)), value);
            }
        }
        let map = CelValue::Map(Map {
            map: Arc::new(entries.into_iter().collect()),
        });
        map.try_into()
    }
}

/// The value of a field; none of an optional one that has none.
fn present(value: CelValue) -> Option<CelValue> {
    if let CelValue::Opaque(opaque) = &value {
        let opaque: &dyn Opaque = &**opaque;
        if let Some(optional) = opaque.downcast_ref::<OptionalValue>() {
            return optional.value().cloned();
        }
    }
    Some(value)
}

/// The name of a field as objects write it.
fn plain(name: &str) -> String {
    let word = name
        .strip_prefix("__")
        .and_then(|name| name.strip_suffix("__"));
    if let Some(word) = word
        && EXPRESSION_WORDS.contains(&word)
    {
        return word.to_owned();
    }
    name.replace("__dot__", ".")
        .replace("__dash__", "-")
        .replace("__slash__", "/")
        .replace("__underscores__", "__")
}
