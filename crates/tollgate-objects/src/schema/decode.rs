//! Strict decoding: a tree against its type (`sigs.k8s.io/json`, strict).

use super::go_type::{bare_name, go_type, go_type_of};
use super::lookup::{ShapeRef, StructType};
use super::problem::{Problem, ProblemKind};
use super::{base64, time, type_of};
use compact_str::CompactString;
use tollgate_api::field::{FieldPath, Segment};
use tollgate_api::{GroupVersionKind, Number, Quantity, Value, spelling};

/// Upstream keeps this many strict errors.
const STRICT_ERRORS_MAX: usize = 100;

/// Checks `object` against the type of `kind` and makes it what a typed decoder sees: no nulls, no unknown fields, no
/// duplicates (the last one counts). Of a kind that is not built in only `metadata` is checked.
///
/// Returns what strict field validation refuses, in the order of the document. A value of the wrong type is removed, so
/// that whoever goes on finds it absent.
pub fn decode(kind: &GroupVersionKind, object: &mut Value) -> Vec<Problem> {
    let mut walk = Walk {
        problems: Vec::new(),
        strict: 0,
        path: Vec::new(),
        in_member: false,
    };
    if let Some(of) = type_of(kind) {
        walk.check(object, ShapeRef::Struct(of), None);
        return walk.problems;
    }
    let meta = type_of(&GroupVersionKind::new("v1", "Pod"))
        .and_then(|pod| pod.field("metadata"))
        .map(super::Field::shape);
    walk.drop_duplicates(object);
    if let (Some(shape), Some(metadata)) = (meta, object.get_mut("metadata")) {
        walk.path.push(Segment::Field("metadata".into()));
        if !walk.check(metadata, shape, None) {
            *metadata = Value::object();
        }
    }
    walk.problems
}

/// The struct and the path of fields that Go's decoder names in its errors.
#[derive(Clone, Copy)]
struct Context<'c> {
    of: StructType,
    field: &'static super::Field,
    outer: Option<&'c Context<'c>>,
}

struct Walk {
    problems: Vec<Problem>,
    strict: usize,
    path: Vec<Segment>,
    /// Whether the value in hand is a member of a list or map and no field itself.
    in_member: bool,
}

impl Walk {
    /// Whether `value` fits; what does not is reported.
    fn check(&mut self, value: &mut Value, shape: ShapeRef, context: Option<&Context<'_>>) -> bool {
        match shape {
            ShapeRef::Struct(of) => self.check_struct(value, of, context),
            ShapeRef::List(member) => self.check_list(value, member.shape(), shape, context),
            ShapeRef::Map(member) => self.check_map(value, member.shape(), shape, context),
            ShapeRef::SchemaOr(of) => match value {
                Value::Object(_) => self.check_struct(value, of, context),
                Value::Bool(_) | Value::Array(_) => true,
                _ => self.mismatch(value, shape, context),
            },
            ShapeRef::Any => true,
            _ => self.check_scalar(value, shape, context),
        }
    }

    fn check_struct(
        &mut self,
        value: &mut Value,
        of: StructType,
        context: Option<&Context<'_>>,
    ) -> bool {
        if value.as_object().is_none() {
            return self.mismatch(value, ShapeRef::Struct(of), context);
        }
        self.drop_duplicates(value);
        let Some(object) = value.as_object_mut() else {
            return false;
        };
        object.retain(|key, member| {
            let Some(field) = of.field(key) else {
                let help = || {
                    let meant = spelling::nearest(key, of.names())?;
                    Some(format!("write `{meant}` instead of `{key}`"))
                };
                self.strict_problem(ProblemKind::UnknownField, key, help);
                return false;
            };
            if member.is_null() {
                return false;
            }
            let context = Context {
                of,
                field,
                outer: context,
            };
            self.path
                .push(Segment::Field(CompactString::const_new(field.name)));
            let before = std::mem::replace(&mut self.in_member, false);
            let fits = self.check(member, field.shape(), Some(&context));
            self.in_member = before;
            self.path.pop();
            fits
        });
        true
    }

    fn check_list(
        &mut self,
        value: &mut Value,
        member: ShapeRef,
        shape: ShapeRef,
        context: Option<&Context<'_>>,
    ) -> bool {
        let Value::Array(items) = value else {
            return self.mismatch(value, shape, context);
        };
        let mut all_fit = true;
        for (index, item) in items.iter_mut().enumerate() {
            if item.is_null() {
                *item = zero(member);
                continue;
            }
            self.path.push(Segment::Index(index));
            all_fit &= self.check_member(item, member, context);
            self.path.pop();
        }
        all_fit
    }

    fn check_map(
        &mut self,
        value: &mut Value,
        member: ShapeRef,
        shape: ShapeRef,
        context: Option<&Context<'_>>,
    ) -> bool {
        if value.as_object().is_none() {
            return self.mismatch(value, shape, context);
        }
        self.drop_duplicates(value);
        let Some(object) = value.as_object_mut() else {
            return false;
        };
        object.retain(|key, item| {
            if item.is_null() {
                *item = zero(member);
                return true;
            }
            self.path.push(Segment::Key(key.into()));
            let fits = self.check_member(item, member, context);
            self.path.pop();
            fits
        });
        true
    }

    /// A list's member or a map's value: Go names the field that holds the list or map.
    fn check_member(
        &mut self,
        item: &mut Value,
        member: ShapeRef,
        context: Option<&Context<'_>>,
    ) -> bool {
        let before = std::mem::replace(&mut self.in_member, true);
        let fits = self.check(item, member, context);
        self.in_member = before;
        fits
    }

    fn check_scalar(
        &mut self,
        value: &Value,
        shape: ShapeRef,
        context: Option<&Context<'_>>,
    ) -> bool {
        let fits = match (shape, value) {
            (ShapeRef::String | ShapeRef::IntOrString, Value::String(_))
            | (ShapeRef::Bool, Value::Bool(_))
            | (ShapeRef::Float64, Value::Number(_)) => true,
            (ShapeRef::Int64, Value::Number(number)) => number.as_i64().is_some(),
            (ShapeRef::Int32 | ShapeRef::IntOrString, Value::Number(number)) => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            (ShapeRef::Bytes, Value::String(text)) => match base64::illegal_at(text) {
                None => true,
                Some(at) => {
                    return self
                        .undecodable(format!("illegal base64 data at input byte {at}"), None);
                }
            },
            (ShapeRef::Time { micro }, Value::String(text)) => match time::problem(text, micro) {
                None => true,
                Some(why) => return self.undecodable(why, None),
            },
            (ShapeRef::Quantity, value) => match Quantity::from_value(value) {
                Ok(_) => true,
                Err(why) => return self.undecodable(why.to_string(), None),
            },
            _ => false,
        };
        fits || self.mismatch(value, shape, context)
    }

    fn mismatch(&mut self, value: &Value, shape: ShapeRef, context: Option<&Context<'_>>) -> bool {
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            // A number that is of the right sort but does not fit is shown.
            Value::Number(number @ (Number::Int(_) | Number::Float(_)))
                if matches!(
                    shape,
                    ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::IntOrString
                ) =>
            {
                format!("number {number}")
            }
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        let message = match context {
            None => format!(
                "json: cannot unmarshal {found} into Go value of type {}",
                go_type(shape)
            ),
            Some(context) => {
                let wanted = if self.in_member {
                    go_type(shape)
                } else {
                    go_type_of(context.field, context.of.name())
                };
                format!(
                    "json: cannot unmarshal {found} into Go struct field {}.{} of type {wanted}",
                    bare_name(context.of.name()),
                    context.fields()
                )
            }
        };
        self.undecodable(message, help_with_type(value, shape))
    }

    fn undecodable(&mut self, message: String, help: Option<String>) -> bool {
        self.problems.push(Problem {
            kind: ProblemKind::Undecodable,
            message,
            path: FieldPath(self.path.clone()),
            help,
        });
        false
    }

    fn strict_problem(
        &mut self,
        kind: ProblemKind,
        key: &str,
        help: impl FnOnce() -> Option<String>,
    ) {
        self.strict += 1;
        if self.strict > STRICT_ERRORS_MAX {
            return;
        }
        let mut path = FieldPath(self.path.clone());
        path.0.push(Segment::Field(key.into()));
        let what = if kind == ProblemKind::UnknownField {
            "unknown"
        } else {
            "duplicate"
        };
        let message = format!("{what} field \"{}\"", strict_path(&path));
        if !self
            .problems
            .iter()
            .any(|problem| problem.message == message)
        {
            self.problems.push(Problem {
                kind,
                message,
                path,
                help: help(),
            });
        }
    }

    /// Keeps the last of each key.
    fn drop_duplicates(&mut self, value: &mut Value) {
        let Some(object) = value.as_object_mut() else {
            return;
        };
        if !object.has_duplicates() {
            return;
        }
        for key in object.drop_duplicates() {
            let help = || Some(format!("remove all but one `{key}`"));
            self.strict_problem(ProblemKind::DuplicateField, &key, help);
        }
    }
}

impl Context<'_> {
    fn fields(&self) -> String {
        match self.outer {
            None => self.field.name.to_owned(),
            Some(outer) => format!("{}.{}", outer.fields(), self.field.name),
        }
    }
}

/// The quotes to add or to take away so that a value is of the wanted type.
fn help_with_type(value: &Value, shape: ShapeRef) -> Option<String> {
    match (shape, value) {
        (ShapeRef::String, Value::Number(_) | Value::Bool(_)) => {
            // As it stands in the text: `1.10` is no longer that in the tree.
            Some("write it in quotes".to_owned())
        }
        (ShapeRef::Int32 | ShapeRef::Int64, Value::String(text)) if text.parse::<i32>().is_ok() => {
            Some(format!("write it without quotes: `{text}`"))
        }
        (ShapeRef::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            Some(format!("write it without quotes: `{text}`"))
        }
        (ShapeRef::List(_), Value::Object(_)) => {
            Some("begin each member of the list with `- `".to_owned())
        }
        _ => None,
    }
}

/// What Go leaves in the place of a `null` in a list or map.
fn zero(shape: ShapeRef) -> Value {
    match shape {
        ShapeRef::String | ShapeRef::Bytes => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => {
            0_i64.into()
        }
        ShapeRef::Quantity => "0".into(),
        ShapeRef::Struct(_) | ShapeRef::SchemaOr(_) => Value::object(),
        ShapeRef::Time { .. } | ShapeRef::Any | ShapeRef::List(_) | ShapeRef::Map(_) => Value::Null,
    }
}

/// The strict decoder prints map keys as it prints fields.
fn strict_path(path: &FieldPath) -> String {
    let mut text = String::new();
    for segment in &path.0 {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Field(name) | Segment::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
        }
    }
    text
}
