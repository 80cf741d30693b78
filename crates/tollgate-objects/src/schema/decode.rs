//! Strict decoding: a tree against its type (`sigs.k8s.io/json`, strict).

use super::canonical::{self, zero};
use super::go_type::{bare_name, go_type, go_type_of};
use super::lookup::{ShapeRef, StructType};
use super::place::{Place, Step};
use super::problem::{Problem, ProblemKind};
use super::{Field, base64, time, type_of};
use std::collections::BTreeSet;
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
    walk(kind, object, false)
}

/// The same, and amounts, times, bytes and whole numbers get the one form in which upstream writes them: as a server
/// compares and shows objects.
pub fn decode_canonical(kind: &GroupVersionKind, object: &mut Value) -> Vec<Problem> {
    walk(kind, object, true)
}

fn walk(kind: &GroupVersionKind, object: &mut Value, canonical: bool) -> Vec<Problem> {
    let mut walk = Walk {
        problems: Vec::new(),
        strict: 0,
        canonical,
    };
    let root = Place::ROOT;
    if let Some(of) = type_of(kind) {
        walk.check(object, ShapeRef::Struct(of), &root);
        return walk.problems;
    }
    let meta = type_of(&GroupVersionKind::new("v1", "Pod"))
        .and_then(|pod| pod.field("metadata"))
        .map(Field::shape);
    walk.drop_duplicates(object, &root);
    if let (Some(shape), Some(metadata)) = (meta, object.get_mut("metadata"))
        && !walk.check(metadata, shape, &root.step(Step::Untyped("metadata")))
    {
        *metadata = Value::object();
    }
    walk.problems
}

struct Walk {
    problems: Vec<Problem>,
    strict: usize,
    canonical: bool,
}

impl Walk {
    /// Whether `value` fits; what does not is reported.
    fn check(&mut self, value: &mut Value, shape: ShapeRef, place: &Place<'_>) -> bool {
        match shape {
            ShapeRef::Struct(of) => self.check_struct(value, of, place),
            ShapeRef::List(member) => self.check_list(value, member.shape(), shape, place),
            ShapeRef::Map(member) => self.check_map(value, member.shape(), shape, place),
            ShapeRef::SchemaOr(of, _) => match value {
                Value::Object(_) => self.check_struct(value, of, place),
                Value::Bool(_) | Value::Array(_) => true,
                _ => self.mismatch(value, shape, place),
            },
            ShapeRef::Any => true,
            _ => self.check_scalar(value, shape, place),
        }
    }

    fn check_struct(&mut self, value: &mut Value, of: StructType, place: &Place<'_>) -> bool {
        if value.as_object().is_none() {
            return self.mismatch(value, ShapeRef::Struct(of), place);
        }
        let Some(object) = value.as_object_mut() else {
            return false;
        };
        // The decoder tells what it finds in the order of the text.
        let mut seen = object.has_duplicates().then(BTreeSet::new);
        let mut all_stay = true;
        for (key, member) in object.iter_mut() {
            let stays = if let Some(field) = of.field(key) {
                if let Some(seen) = &mut seen
                    && !seen.insert(key.to_owned())
                {
                    self.duplicate_field(key, place);
                }
                !member.is_null()
                    && self.check(member, field.shape(), &place.step(Step::Field(of, field)))
            } else {
                self.unknown_field(of, key, place);
                false
            };
            if !stays {
                *member = Value::Null;
                all_stay = false;
            }
        }
        if seen.is_some() {
            object.drop_duplicates();
        }
        if !all_stay {
            object.retain(|_, member| !member.is_null());
        }
        true
    }

    fn check_list(
        &mut self,
        value: &mut Value,
        member: ShapeRef,
        shape: ShapeRef,
        place: &Place<'_>,
    ) -> bool {
        let Value::Array(items) = value else {
            return self.mismatch(value, shape, place);
        };
        let mut all_fit = true;
        for (index, item) in items.iter_mut().enumerate() {
            if item.is_null() {
                *item = zero(member);
                continue;
            }
            all_fit &= self.check(item, member, &place.step(Step::Index(index)));
        }
        all_fit
    }

    fn check_map(
        &mut self,
        value: &mut Value,
        member: ShapeRef,
        shape: ShapeRef,
        place: &Place<'_>,
    ) -> bool {
        if value.as_object().is_none() {
            return self.mismatch(value, shape, place);
        }
        self.drop_duplicates(value, place);
        let Some(object) = value.as_object_mut() else {
            return false;
        };
        object.retain(|key, item| {
            if item.is_null() {
                *item = zero(member);
                return true;
            }
            self.check(item, member, &place.step(Step::Key(key)))
        });
        true
    }

    #[inline]
    fn check_scalar(&mut self, value: &mut Value, shape: ShapeRef, place: &Place<'_>) -> bool {
        let fits = match (shape, &*value) {
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
                    return self.undecodable(
                        format!("illegal base64 data at input byte {at}"),
                        None,
                        place,
                    );
                }
            },
            (ShapeRef::Time { micro }, Value::String(text)) => match time::problem(text, micro) {
                None => true,
                Some(why) => return self.undecodable(why, None, place),
            },
            (ShapeRef::Quantity, value) => match Quantity::from_value(value) {
                Ok(_) => true,
                Err(why) => return self.undecodable(why.to_string(), None, place),
            },
            _ => false,
        };
        if !fits {
            return self.mismatch(value, shape, place);
        }
        !self.canonical || canonical::settle(value, shape)
    }

    #[cold]
    fn mismatch(&mut self, value: &Value, shape: ShapeRef, place: &Place<'_>) -> bool {
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
        let message = match place.field() {
            None => format!(
                "json: cannot unmarshal {found} into Go value of type {}",
                go_type(shape)
            ),
            Some((holder, of, field)) => {
                let wanted = if std::ptr::eq(holder, place) {
                    go_type_of(field, of.name())
                } else {
                    go_type(shape)
                };
                format!(
                    "json: cannot unmarshal {found} into Go struct field {}.{} of type {wanted}",
                    bare_name(of.name()),
                    holder.fields()
                )
            }
        };
        self.undecodable(message, help_with_type(value, shape), place)
    }

    #[cold]
    fn undecodable(&mut self, message: String, help: Option<String>, place: &Place<'_>) -> bool {
        self.problems.push(Problem {
            kind: ProblemKind::Undecodable,
            message,
            path: place.path(),
            help,
        });
        false
    }

    #[cold]
    fn unknown_field(&mut self, of: StructType, key: &str, place: &Place<'_>) {
        let help = || {
            let meant = spelling::nearest(key, of.names())?;
            Some(format!("write `{meant}` instead of `{key}`"))
        };
        self.strict_problem(ProblemKind::UnknownField, key, place, help);
    }

    fn strict_problem(
        &mut self,
        kind: ProblemKind,
        key: &str,
        place: &Place<'_>,
        help: impl FnOnce() -> Option<String>,
    ) {
        self.strict += 1;
        if self.strict > STRICT_ERRORS_MAX {
            return;
        }
        let mut path = place.path();
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
    fn drop_duplicates(&mut self, value: &mut Value, place: &Place<'_>) {
        let Some(object) = value.as_object_mut() else {
            return;
        };
        if !object.has_duplicates() {
            return;
        }
        for key in object.drop_duplicates() {
            self.duplicate_field(&key, place);
        }
    }

    #[cold]
    fn duplicate_field(&mut self, key: &str, place: &Place<'_>) {
        let help = || Some(format!("remove all but one `{key}`"));
        self.strict_problem(ProblemKind::DuplicateField, key, place, help);
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
