//! `fieldsV1`: a set as a tree of JSON objects.

use super::{PathElement, Set};
use std::cmp::Ordering;
use thiserror::Error;
use tollgate_api::{Object, Value};

/// `fieldsV1` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("parsing key as path element: {0}")]
pub struct FieldsError(String);

impl Set {
    /// The set as `fieldsV1` holds it.
    pub fn to_fields(&self) -> Value {
        Value::Object(self.contents(false))
    }

    fn contents(&self, is_member: bool) -> Object {
        let mut object =
            Object::with_capacity(self.members.len().saturating_add(self.children.len()));
        if is_member && !(self.members.is_empty() && self.children.is_empty()) {
            object.push(".", Value::object());
        }
        let (mut members, mut children) = (
            self.members.iter().peekable(),
            self.children.iter().peekable(),
        );
        loop {
            let order = match (members.peek(), children.peek()) {
                (None, None) => return object,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(member), Some((child, _))) => (*member).cmp(child),
            };
            if order.is_lt()
                && let Some(member) = members.next()
            {
                object.push(member.key(), Value::object());
                continue;
            }
            if order.is_eq() {
                members.next();
            }
            if let Some((element, below)) = children.next() {
                object.push(element.key(), Value::Object(below.contents(order.is_eq())));
            }
        }
    }

    /// Reads `fieldsV1`. Elements of a sort that is not known are left out.
    pub fn from_fields(fields: &Value) -> Result<Self, FieldsError> {
        Ok(read(fields)?.0.unwrap_or_default())
    }
}

/// What stands below, and whether the place itself is a member: it is if it says so, or if nothing stands below.
fn read(fields: &Value) -> Result<(Option<Set>, bool), FieldsError> {
    let (mut set, mut is_member) = (None::<Set>, false);
    for (key, below) in fields.as_object().into_iter().flat_map(Object::iter) {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(element) = PathElement::parse(key).map_err(FieldsError)? else {
            continue;
        };
        let (children, child_is_member) = read(below)?;
        let set = set.get_or_insert_default();
        if child_is_member {
            set.insert_member(element.clone());
        }
        if let Some(children) = children {
            set.insert_child(element, children);
        }
    }
    is_member |= set.is_none();
    Ok((set, is_member))
}
