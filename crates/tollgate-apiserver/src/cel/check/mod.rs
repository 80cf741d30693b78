//! What can be known of an expression before it runs: what is wrong with its names and types.
//!
//! The rules and the words are those of cel-go's checker (`checker/checker.go`). What is not known is `dyn`, which fits
//! everywhere; which fields objects have is known as far as the [`Scope`] tells.

mod calls;
mod fields;
mod functions;
mod literals;
mod loops;
mod scope;
#[cfg(test)]
mod tests;
mod types;
mod unify;

pub use scope::Scope;
pub(super) use types::Type;

use super::making;
use ::cel::common::ast::{
    EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SelectExpr, StructExpr,
};
use std::collections::BTreeSet;
use unify::{Unifier, most_general};

/// What a walk over an expression found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is wrong, with the place of each.
    pub(super) errors: Vec<(u64, String)>,
    /// The calls that could be of several functions, as far as the types tell.
    pub(super) ambiguous: BTreeSet<u64>,
    /// The variables of a policy that are used.
    pub(super) variables: Vec<String>,
}

/// Looks at an expression in which the names of a scope are known; the type of its value, and what else was found.
pub(super) fn check<'s>(
    expression: &IdedExpr,
    scope: &Scope<'s>,
    makes: bool,
) -> (Type<'s>, Found) {
    let mut walk = Walk {
        scope,
        makes,
        locals: Vec::new(),
        types: Unifier::new(),
        formats: 0,
        alike: Vec::new(),
        found: Found::default(),
    };
    let of = walk.infer(expression);
    let of = walk.types.resolved(&of, true);
    if walk.found.errors.is_empty() {
        walk.look_at_members();
        literals::check(expression, &mut walk.found.errors);
    }
    (of, walk.found)
}

struct Walk<'w, 's> {
    scope: &'w Scope<'s>,
    /// Whether objects can be made.
    makes: bool,
    locals: Vec<(String, Type<'s>)>,
    types: Unifier<'s>,
    /// How many calls of `format` this is within: their lists may have members of several types.
    formats: usize,
    /// Members of lists and maps that have to be of one type.
    alike: Vec<Vec<(u64, Type<'s>)>>,
    found: Found,
}

impl<'s> Walk<'_, 's> {
    fn infer(&mut self, expression: &IdedExpr) -> Type<'s> {
        let id = expression.id;
        match &expression.expr {
            Expr::Unspecified => Type::Dyn,
            Expr::Ident(name) => self.name(id, name),
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Bytes(_) => Type::Bytes,
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::String,
                LiteralValue::UInt(_) => Type::Uint,
            },
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Struct(object) => self.object(id, object),
            Expr::Select(select) => self.select(expression, select),
            Expr::Call(call) => self.call(id, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn error(&mut self, id: u64, why: String) {
        self.found.errors.push((id, why));
    }

    fn undeclared(&mut self, id: u64, name: &str) -> Type<'s> {
        self.error(
            id,
            format!("undeclared reference to '{name}' (in container '')"),
        );
        Type::Error
    }

    fn name(&mut self, id: u64, name: &str) -> Type<'s> {
        let mut locals = self.locals.iter().rev();
        if let Some((_, known)) = locals.find(|(known, _)| known == name) {
            return known.clone();
        }
        let plain = name.trim_start_matches('.');
        let known = self.global(plain);
        known.unwrap_or_else(|| self.undeclared(id, plain))
    }

    /// What a name stands for that is the same everywhere in the expression.
    fn global(&mut self, name: &str) -> Option<Type<'s>> {
        self.scope.of(name).or_else(|| type_named(name))
    }

    /// Joins the types of the members of a list or a map; whether they may differ is for others to say.
    fn join(&mut self, before: Option<Type<'s>>, next: Type<'s>) -> Type<'s> {
        match before {
            None => next,
            Some(before) if self.types.fits(&before, &next) => most_general(before, next),
            Some(_) => Type::Dyn,
        }
    }

    /// Whether the members of each list and map are of the very same type.
    fn look_at_members(&mut self) {
        for members in std::mem::take(&mut self.alike) {
            let mut first = None;
            for (id, of) in members {
                let of = self.types.resolved(&of, true);
                let first = first.get_or_insert_with(|| of.clone());
                if *first != of {
                    self.mismatch(id, &first.clone(), &of);
                    break;
                }
            }
        }
    }

    fn mismatch(&mut self, id: u64, wanted: &Type<'s>, found: &Type<'s>) {
        let wanted = self.types.resolved(wanted, true);
        let found = self.types.resolved(found, true);
        let (wanted, found) = (wanted.told(), found.told());
        self.error(id, format!("expected type '{wanted}' but found '{found}'"));
    }

    /// The type of what may be left out: that within an optional value.
    fn unwrapped(&mut self, id: u64, of: &Type<'s>) -> Type<'s> {
        let of = self.types.resolved(of, false);
        match of {
            Type::Optional(inner) => (*inner).clone(),
            Type::Dyn | Type::Error | Type::Variable(_) => Type::Dyn,
            other => {
                self.mismatch(id, &Type::optional(other.clone()), &other);
                other
            }
        }
    }

    fn list(&mut self, list: &ListExpr) -> Type<'s> {
        let mut joined = None;
        let mut members = Vec::with_capacity(list.elements.len());
        for (place, item) in list.elements.iter().enumerate() {
            let mut of = self.infer(item);
            if list.optional_indices.contains(&place) {
                of = self.unwrapped(item.id, &of);
            }
            joined = Some(self.join(joined, of.clone()));
            members.push((item.id, of));
        }
        self.same(members);
        Type::list(joined.unwrap_or_else(|| self.types.open()))
    }

    /// Notes members that have to be of one type.
    fn same(&mut self, members: Vec<(u64, Type<'s>)>) {
        if members.len() > 1 && self.formats == 0 {
            self.alike.push(members);
        }
    }

    fn map(&mut self, map: &MapExpr) -> Type<'s> {
        let (mut keys, mut values) = (None, None);
        let (mut all_keys, mut all_values) = (Vec::new(), Vec::new());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            let key = self.infer(&entry.key);
            keys = Some(self.join(keys, key.clone()));
            all_keys.push((entry.key.id, key));
            let mut value = self.infer(&entry.value);
            if entry.optional {
                value = self.unwrapped(entry.value.id, &value);
            }
            values = Some(self.join(values, value.clone()));
            all_values.push((entry.value.id, value));
        }
        self.same(all_keys);
        self.same(all_values);
        let key = keys.unwrap_or_else(|| self.types.open());
        Type::map(key, values.unwrap_or_else(|| self.types.open()))
    }

    fn object(&mut self, id: u64, object: &StructExpr) -> Type<'s> {
        let name = object.type_name.as_str();
        let is_known = self.makes && making::can_make(name);
        if !is_known {
            self.undeclared(id, name);
        }
        for entry in &object.entries {
            let EntryExpr::StructField(field) = &entry.expr else {
                continue;
            };
            let given = self.infer(&field.value);
            if is_known {
                self.field_of_made(entry.id, name, &field.field, &given);
            }
        }
        if is_known {
            Type::Made(name.into())
        } else {
            Type::Error
        }
    }

    /// Of what can be made only operations of a patch have fields of certain types.
    fn field_of_made(&mut self, id: u64, made: &str, field: &str, given: &Type<'s>) {
        let wanted = match (made, field) {
            (making::PATCH, "op" | "path" | "from") => Some(Type::String),
            (making::PATCH, "value") => return,
            (making::PATCH, _) => None,
            _ => return,
        };
        let fits = wanted
            .as_ref()
            .is_some_and(|wanted| self.types.fits(wanted, given));
        if !fits {
            let given = self.types.resolved(given, true);
            let wanted = wanted.map_or_else(String::new, |wanted| wanted.to_string());
            let why = format!(
                "expected type of field '{field}' is '{wanted}' but provided type is '{}'",
                given.told()
            );
            self.error(id, why);
        }
    }

    fn select(&mut self, whole: &IdedExpr, select: &SelectExpr) -> Type<'s> {
        if !select.test
            && let Some(name) = qualified(whole)
            && self.is_global(&name)
            && let Some(of) = self.global(&name)
        {
            return of;
        }
        let of = self.field(whole.id, &select.operand, &select.field, false);
        if select.test { Type::Bool } else { of }
    }

    /// Whether a name with dots begins with none that a loop gave.
    fn is_global(&self, name: &str) -> bool {
        let root = name.split('.').next();
        !self
            .locals
            .iter()
            .any(|(known, _)| Some(known.as_str()) == root)
    }

    /// The type of a field of what an expression gives.
    fn field(&mut self, id: u64, of: &IdedExpr, name: &str, optional: bool) -> Type<'s> {
        if let Expr::Ident(owner) = &of.expr
            && owner == "variables"
        {
            self.found.variables.push(name.to_owned());
        }
        let owner = self.infer(of);
        let owner = self.types.resolved(&owner, false);
        let (owner, was_optional) = match owner {
            Type::Optional(inner) => ((*inner).clone(), true),
            plain => (plain, false),
        };
        let of = match &owner {
            Type::Map(of) => of.1.clone(),
            Type::Struct(of) => of.field(name).unwrap_or_else(|| {
                self.error(id, format!("undefined field '{name}'"));
                Type::Error
            }),
            Type::Variable(_) => {
                self.types.fits(&Type::Dyn, &owner);
                Type::Dyn
            }
            Type::Dyn | Type::Error | Type::Made(_) => Type::Dyn,
            Type::Opaque(name) => {
                self.error(id, format!("unexpected failed resolution of '{name}'"));
                Type::Error
            }
            other => {
                let why = format!("type '{}' does not support field selection", other.told());
                self.error(id, why);
                Type::Dyn
            }
        };
        if optional || was_optional {
            Type::optional(of)
        } else {
            of
        }
    }

    fn assert(&mut self, id: u64, wanted: &Type<'s>, found: &Type<'s>) {
        if !self.types.fits(wanted, found) {
            self.mismatch(id, wanted, found);
        }
    }
}

/// A name with dots that an expression spells.
fn qualified(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.trim_start_matches('.').to_owned()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

/// The type of a name that is one of a type.
fn type_named(name: &str) -> Option<Type<'static>> {
    let of = match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "dyn" => Type::Dyn,
        "duration" | "google.protobuf.Duration" => Type::Duration,
        "int" => Type::Int,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "null_type" => Type::Null,
        "optional_type" => Type::optional(Type::Dyn),
        "string" => Type::String,
        "timestamp" | "google.protobuf.Timestamp" => Type::Timestamp,
        "type" => Type::meta(Type::Dyn),
        "uint" => Type::Uint,
        "net.IP" => Type::Opaque("net.IP"),
        "net.CIDR" => Type::Opaque("net.CIDR"),
        _ => return None,
    };
    Some(Type::meta(of))
}
