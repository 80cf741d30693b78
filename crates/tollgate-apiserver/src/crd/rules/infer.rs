//! What the types of an expression are, as far as the schema tells, and how often its loops may run.

use super::types::{Kind, Type, UNKNOWN, element, field, member};
use super::{cost, library};
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue};

/// Names that are no variables.
const TYPES: &[&str] = &[
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "dyn",
    "timestamp",
    "duration",
];

/// Walks an expression.
pub(super) struct Walk<'s> {
    scope: Vec<(String, Type<'s>)>,
    /// How often what is looked at may run.
    times: f64,
    /// How often all loops may run.
    pub(super) cost: f64,
}

type Found<'s> = Result<Type<'s>, (u64, String)>;

impl<'s> Walk<'s> {
    /// A walk on which `self` and `oldSelf` are of these types.
    pub(super) fn new(own: Type<'s>, old: Type<'s>) -> Self {
        Self {
            scope: vec![("self".to_owned(), own), ("oldSelf".to_owned(), old)],
            times: 1.0,
            cost: 0.0,
        }
    }

    /// What a loop runs over, and what it sees of it.
    fn range(&mut self, range: &IdedExpr) -> Result<(Type<'s>, Type<'s>), (u64, String)> {
        if let Expr::Call(call) = &range.expr
            && call.func_name == library::PAIRS
            && let [of] = call.args.as_slice()
        {
            return Ok((self.infer(of)?, UNKNOWN));
        }
        let range = self.infer(range)?;
        Ok((range, member(range)))
    }

    /// The type of an expression; else the place and the reason why it has none.
    pub(super) fn infer(&mut self, expression: &IdedExpr) -> Found<'s> {
        let id = expression.id;
        match &expression.expr {
            Expr::Ident(name) => {
                let known = self.scope.iter().rev().find(|(known, _)| known == name);
                match known {
                    Some((_, found)) => Ok(*found),
                    None if TYPES.contains(&name.as_str())
                        || library::NAMESPACES.contains(&name.as_str()) =>
                    {
                        Ok(UNKNOWN)
                    }
                    None => Err((
                        id,
                        format!("undeclared reference to '{name}' (in container '')"),
                    )),
                }
            }
            Expr::Select(select) => {
                let operand = self.infer(&select.operand)?;
                let found = field(operand, &select.field)
                    .ok_or_else(|| (id, format!("undefined field '{}'", select.field)))?;
                Ok(if select.test {
                    Type::Plain(Kind::Bool)
                } else {
                    found
                })
            }
            Expr::Call(call) => {
                if let Some(target) = &call.target {
                    self.infer(target)?;
                }
                let mut args = Vec::with_capacity(call.args.len());
                for arg in &call.args {
                    args.push(self.infer(arg)?);
                }
                called(id, &call.func_name, &args)
            }
            Expr::Comprehension(inner) => self.comprehension(inner),
            Expr::Literal(literal) => Ok(Type::Plain(match literal {
                LiteralValue::Boolean(_) => Kind::Bool,
                LiteralValue::String(_) => Kind::Text,
                _ => Kind::Other,
            })),
            Expr::List(list) => {
                for element in &list.elements {
                    self.infer(element)?;
                }
                Ok(Type::Plain(Kind::Other))
            }
            Expr::Map(_) | Expr::Struct(_) => Ok(Type::Plain(Kind::Other)),
            Expr::Unspecified => Ok(UNKNOWN),
        }
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr) -> Found<'s> {
        let (range, item) = self.range(&inner.iter_range)?;
        let start = self.infer(&inner.accu_init)?;
        let depth = self.scope.len();
        self.scope.push((inner.iter_var.clone(), item));
        if let Some(second) = &inner.iter_var2 {
            self.scope.push((second.clone(), UNKNOWN));
        }
        self.scope.push((inner.accu_var.clone(), start));
        let outside = self.times;
        if let Type::Schema(schema, _) = range {
            self.times *= cost::size(schema);
        }
        if !library::is_binding(inner) {
            self.cost += self.times;
        }
        self.infer(&inner.loop_cond)?;
        self.infer(&inner.loop_step)?;
        self.times = outside;
        let found = self.infer(&inner.result);
        self.scope.truncate(depth);
        found
    }
}

/// What a call answers with; an error for a function that nobody has.
fn called<'s>(id: u64, name: &str, args: &[Type<'s>]) -> Found<'s> {
    if library::is_predicate(name) {
        return Ok(Type::Plain(Kind::Bool));
    }
    if !library::is_known(name) {
        return Err((
            id,
            format!("undeclared reference to '{name}' (in container '')"),
        ));
    }
    Ok(match (name, args) {
        ("_[_]", [list, _]) => element(*list),
        ("_?_:_", [_, yes, _]) => *yes,
        ("_+_", [left, _]) if left.kind() == Kind::Text => Type::Plain(Kind::Text),
        ("string" | "join" | "lowerAscii" | "upperAscii" | "format" | "find", _) => {
            Type::Plain(Kind::Text)
        }
        ("size" | "int" | "_-_" | "_*_" | "indexOf", _) => Type::Plain(Kind::Other),
        ("dyn", [inner]) => *inner,
        _ => UNKNOWN,
    })
}
