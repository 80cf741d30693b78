//! Whether an object fits its schema.

use super::node::Node;
use super::types::{Atom, List, Map, Scalar, Type};
use crate::patch::field_set::PathElement;
use crate::patch::go_value::{Printed, write_float};
use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use tollgate_api::go_format::quote;
use tollgate_api::value::CompactString;
use tollgate_api::{Number, Object, Value};
use tollgate_objects::schema::ListType;

/// What does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    path: String,
    message: String,
}

/// All that does not fit, as upstream prints it.
pub(crate) fn printed(misfits: &[Misfit]) -> String {
    let one = |misfit: &Misfit| match misfit.path.as_str() {
        "" => misfit.message.clone(),
        path => format!("{path}: {}", misfit.message),
    };
    match misfits {
        [misfit] => one(misfit),
        misfits => misfits.iter().fold("errors:".to_owned(), |text, misfit| {
            format!("{text}\n  {}", one(misfit))
        }),
    }
}

/// What of `value` does not fit `of`; nothing if all does.
pub(crate) fn misfits(value: &Value, of: Type<'_>, duplicates_allowed: bool) -> Vec<Misfit> {
    let mut check = Check {
        duplicates_allowed,
        misfits: Vec::new(),
    };
    check.value(Node::of(value), of, Place::Root);
    check.misfits
}

/// Where the check is; text is made of it only if something does not fit.
#[derive(Clone, Copy)]
enum Place<'p> {
    Root,
    Field(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
    Element(&'p Place<'p>, &'p PathElement),
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Element(parent, element) => write!(f, "{parent}{element}"),
        }
    }
}

struct Check {
    duplicates_allowed: bool,
    misfits: Vec<Misfit>,
}

impl Check {
    fn misfit(&mut self, place: Place<'_>, message: String) {
        self.misfits.push(Misfit {
            path: place.to_string(),
            message,
        });
    }

    fn value(&mut self, node: Node<'_>, of: Type<'_>, place: Place<'_>) {
        match of.atom(Some(node)) {
            Some(Atom::Scalar(scalar)) => {
                if let Some(message) = scalar_misfit(scalar, node) {
                    self.misfit(place, message);
                }
            }
            Some(Atom::List(list)) => match (node, node.items()) {
                (_, Some(items)) => self.list(items, &list, place),
                (Node::Value(value), None) => {
                    self.misfit(place, format!("expected list, got {}", Held(value)));
                }
                _ => {}
            },
            Some(Atom::Map(map)) => match node {
                Node::Null | Node::Zero => {}
                Node::Value(Value::Object(object)) => self.map(object, &map, place),
                Node::Value(value) => {
                    self.misfit(place, format!("expected map, got {}", Held(value)));
                }
            },
            None => self.misfit(place, "schema error: invalid atom: inlined".to_owned()),
        }
    }

    fn list(&mut self, items: &[Value], list: &List<'_>, place: Place<'_>) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if list.relation == ListType::Atomic {
                self.value(Node::of(item), list.element, Place::Index(&place, index));
                continue;
            }
            let element = match element_of(list, item) {
                Ok(element) => element,
                Err(why) => {
                    self.misfit(place, format!("element {index}: {why}"));
                    return;
                }
            };
            if !self.duplicates_allowed && seen.contains(&element) {
                self.misfit(place, format!("duplicate entries for key {element}"));
            }
            self.value(
                Node::of(item),
                list.element,
                Place::Element(&place, &element),
            );
            if !self.duplicates_allowed {
                seen.insert(element);
            }
        }
    }

    fn map(&mut self, object: &Object, map: &Map<'_>, place: Place<'_>) {
        for (key, value) in object.iter() {
            let below = Place::Field(&place, key);
            let Some(of) = map.at(key) else {
                self.misfit(below, "field not declared in schema".to_owned());
                return;
            };
            self.value(Node::of(value), of, below);
        }
    }
}

fn scalar_misfit(scalar: Scalar, node: Node<'_>) -> Option<String> {
    let value = match node {
        Node::Null => return None,
        Node::Value(value) => value,
        Node::Zero => return Some("expected any scalar, got struct".to_owned()),
    };
    match (scalar, value) {
        (Scalar::Numeric, Value::Number(_))
        | (Scalar::Text, Value::String(_))
        | (Scalar::Boolean, Value::Bool(_))
        | (Scalar::Any, Value::Number(_) | Value::String(_) | Value::Bool(_)) => None,
        (Scalar::Numeric, _) => Some(format!(
            "expected numeric (int or float), got {}",
            go_type(value)
        )),
        (Scalar::Text, _) => Some(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            Syntax(value)
        )),
        (Scalar::Boolean, _) => Some(format!("expected boolean, got {}", Held(value))),
        (Scalar::Any, _) => Some(format!("expected any scalar, got {}", Held(value))),
    }
}

/// The step to a member of a set or of a list with keys.
pub(super) fn element_of(list: &List<'_>, item: &Value) -> Result<PathElement, String> {
    if list.relation == ListType::Map {
        return keyed(list, item);
    }
    match item {
        Value::Object(_) => {
            Err("associative list without keys has an element that's a map type".to_owned())
        }
        Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
        Value::Null => {
            Err("associative list without keys has an element that's an explicit null".to_owned())
        }
        item => Ok(PathElement::Value(item.clone())),
    }
}

fn keyed(list: &List<'_>, item: &Value) -> Result<PathElement, String> {
    let object = match item {
        Value::Object(object) => object,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let names = list.keys.names();
    let mut keys: Vec<(CompactString, Value)> = Vec::with_capacity(names.len());
    for name in &names {
        let value = match object.get_or_null(name) {
            Some(value) => Some(value.clone()),
            None => match list.element.atoms().map {
                Some(map) => map.key_default(name),
                None => {
                    return Err(format!(
                        "couldn't find default value for {name}: associative list may not have non-map types"
                    ));
                }
            },
        };
        if let Some(value) = value {
            keys.push(((*name).into(), value));
        }
    }
    if keys.is_empty() && !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    keys.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(PathElement::Key(keys))
}

/// Go's type of a value that comes from YAML.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints a pointer to the struct that upstream holds it in.
struct Held<'v>(&'v Value);

impl Display for Held<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Number(Number::Int(_) | Number::Float(_)) => {
                write!(f, "&{{{}}}", Syntax(self.0))
            }
            value => write!(f, "&{{{}}}", Printed(value)),
        }
    }
}

/// A value as Go's `%#v` prints it; numbers from YAML are floats.
struct Syntax<'v>(&'v Value);

impl Display for Syntax<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("interface {}(nil)"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(number) => write_float(f, number.as_f64()),
            Value::String(text) => f.write_str(&quote(text)),
            Value::Array(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| Syntax(item).to_string()).collect();
                write!(f, "[]interface {{}}{{{}}}", items.join(", "))
            }
            Value::Object(object) => {
                let entries: std::collections::BTreeMap<&str, &Value> = object.iter().collect();
                let entries: Vec<String> = entries
                    .into_iter()
                    .map(|(key, value)| format!("{}:{}", quote(key), Syntax(value)))
                    .collect();
                write!(f, "map[string]interface {{}}{{{}}}", entries.join(", "))
            }
        }
    }
}
