//! What can be known of an expression before it runs: the names it uses, the type of its value, and how deep its loops go.

use super::library::{self, NAMESPACES};
use super::making;
use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

/// The type of a value, as far as the expression alone tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    List(Box<Type>),
    Map,
    Duration,
    Timestamp,
    /// What an expression makes, by the name of its type.
    Object(String),
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Null => f.write_str("null_type"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map => f.write_str("map(dyn, dyn)"),
            Self::Duration => f.write_str("google.protobuf.Duration"),
            Self::Timestamp => f.write_str("google.protobuf.Timestamp"),
            Self::Object(name) => f.write_str(name),
        }
    }
}

/// The names of types, which are values, too.
const TYPES: [&str; 13] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "type",
    "uint",
];
/// How long a list can be that is made from a number.
const RANGE_ITEMS_MAX: usize = 1_000_000;

/// What a walk over an expression found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Names that mean nothing, with the place of each.
    pub(super) undeclared: Vec<(u64, String)>,
    /// How many loops stand within each other.
    pub(super) depth: u32,
    /// How many parts the expression has.
    pub(super) nodes: usize,
    /// Whether texts are taken apart, so that loops may run over their parts.
    pub(super) splits: bool,
    /// How long a list is that is made from a number.
    pub(super) longest_range: usize,
    /// The variables of a policy that are used.
    pub(super) variables: Vec<String>,
}

/// Walks an expression in which these names are known.
pub(super) struct Walk<'w> {
    known: &'w [&'w str],
    /// Whether objects can be made.
    makes: bool,
    scopes: Vec<(String, Type)>,
    depth: u32,
    pub(super) found: Found,
}

impl<'w> Walk<'w> {
    pub(super) fn new(known: &'w [&'w str], makes: bool) -> Self {
        Self {
            known,
            makes,
            scopes: Vec::new(),
            depth: 0,
            found: Found::default(),
        }
    }

    /// The type of an expression.
    pub(super) fn infer(&mut self, expression: &IdedExpr) -> Type {
        self.found.nodes = self.found.nodes.saturating_add(1);
        match &expression.expr {
            Expr::Unspecified => Type::Dyn,
            Expr::Ident(name) => self.name(expression.id, name),
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Bytes(_) => Type::Bytes,
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::String,
                LiteralValue::UInt(_) => Type::Uint,
            },
            Expr::List(list) => {
                let mut types = list.elements.iter().map(|item| self.infer(item));
                let first = types.next().unwrap_or(Type::Dyn);
                // Every item is walked, whatever those before it are.
                let others = types.filter(|item| *item != first).count();
                let same = others == 0;
                Type::List(Box::new(if same { first } else { Type::Dyn }))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    self.entry(&entry.expr);
                }
                Type::Map
            }
            Expr::Struct(object) => {
                let name = &object.type_name;
                if !self.makes || !making::can_make(name) {
                    self.found.undeclared.push((expression.id, name.clone()));
                }
                for entry in &object.entries {
                    self.entry(&entry.expr);
                }
                Type::Object(name.clone())
            }
            Expr::Select(select) => {
                if let Expr::Ident(owner) = &select.operand.expr
                    && owner == "variables"
                {
                    self.found.variables.push(select.field.clone());
                }
                self.infer(&select.operand);
                if select.test { Type::Bool } else { Type::Dyn }
            }
            Expr::Call(call) => self.call(expression.id, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Type {
        if let Some(target) = &call.target {
            self.infer(target);
        }
        let arguments: Vec<Type> = call.args.iter().map(|item| self.infer(item)).collect();
        let name = call.func_name.as_str();
        if !library::is_known(name) {
            self.found.undeclared.push((id, name.to_owned()));
        }
        match name {
            "split" | "findAll" => self.found.splits = true,
            "range" => {
                let length = length_of_range(&call.args);
                self.found.longest_range = self.found.longest_range.max(length);
            }
            _ => {}
        }
        if call.func_name == "_?._"
            && let [owner, field] = call.args.as_slice()
            && let (Expr::Ident(owner), Expr::Literal(LiteralValue::String(field))) =
                (&owner.expr, &field.expr)
            && owner == "variables"
        {
            self.found.variables.push(field.inner().to_string());
        }
        result_of(&call.func_name, call.target.is_some(), &arguments)
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => {
                self.infer(&field.value);
            }
            EntryExpr::MapEntry(entry) => {
                self.infer(&entry.key);
                self.infer(&entry.value);
            }
        }
    }

    fn name(&mut self, id: u64, name: &str) -> Type {
        let mut scopes = self.scopes.iter().rev();
        if let Some((_, known)) = scopes.find(|(known, _)| known == name) {
            return known.clone();
        }
        let plain = name.trim_start_matches('.');
        if !self.known.contains(&plain) && !TYPES.contains(&plain) && !NAMESPACES.contains(&plain) {
            self.found.undeclared.push((id, plain.to_owned()));
        }
        Type::Dyn
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Type {
        let range = self.infer(&comprehension.iter_range);
        let accumulator = self.infer(&comprehension.accu_init);
        let item = match range {
            Type::List(item) => *item,
            _ => Type::Dyn,
        };
        let before = self.scopes.len();
        let outside = self.depth;
        if !library::is_binding(comprehension) {
            self.depth = self.depth.saturating_add(1);
        }
        self.found.depth = self.found.depth.max(self.depth);
        self.scopes.push((comprehension.iter_var.clone(), item));
        if let Some(second) = &comprehension.iter_var2 {
            self.scopes.push((second.clone(), Type::Dyn));
        }
        // What a list gathers is not followed.
        let accumulator = match accumulator {
            Type::List(_) => Type::List(Box::new(Type::Dyn)),
            other => other,
        };
        self.scopes
            .push((comprehension.accu_var.clone(), accumulator));
        self.infer(&comprehension.loop_cond);
        self.infer(&comprehension.loop_step);
        self.depth = outside;
        let result = self.infer(&comprehension.result);
        self.scopes.truncate(before);
        result
    }
}

/// How long a list of numbers is; as long as one can be if nobody knows.
fn length_of_range(arguments: &[IdedExpr]) -> usize {
    match arguments {
        [argument] => match &argument.expr {
            Expr::Literal(LiteralValue::Int(length)) => {
                usize::try_from(*length.inner()).unwrap_or_default()
            }
            _ => RANGE_ITEMS_MAX,
        },
        _ => RANGE_ITEMS_MAX,
    }
}

/// The type of what a function gives.
fn result_of(name: &str, is_member: bool, arguments: &[Type]) -> Type {
    if library::is_predicate(name) {
        return Type::Bool;
    }
    match name {
        "size" | "int" | "indexOf" | "lastIndexOf" | "asInteger" | "sign" | "compareTo"
        | "family" | "prefixLength" | "major" | "minor" | "patch" => Type::Int,
        "uint" => Type::Uint,
        "double" | "asApproximateFloat" => Type::Double,
        "string" | "lowerAscii" | "upperAscii" | "trim" | "replace" | "substring" | "join"
        | "charAt" | "find" | "quote" | "getScheme" | "getHost" | "getHostname" | "getPort"
        | "getEscapedPath" | "reason" => Type::String,
        "format" if is_member => Type::String,
        "@map" | "@merged" => Type::Map,
        "bytes" => Type::Bytes,
        "split" | "findAll" => Type::List(Box::new(Type::String)),
        "duration" if !is_member => Type::Duration,
        "timestamp" if !is_member => Type::Timestamp,
        "_+_" | "_-_" | "_*_" | "_/_" | "_%_" => match arguments {
            [a, b] if a == b => a.clone(),
            _ => Type::Dyn,
        },
        "-_" => arguments.first().cloned().unwrap_or(Type::Dyn),
        "_?_:_" => match arguments {
            [_, a, b] if a == b => a.clone(),
            _ => Type::Dyn,
        },
        _ => Type::Dyn,
    }
}
