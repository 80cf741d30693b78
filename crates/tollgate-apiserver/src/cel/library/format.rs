//! Named formats: `format.dns1123Label().validate(self.name)` is what is wrong with a text, or nothing.

use super::adapt::{failed, function, member, opaque, optional, own, text, wrap};
use super::url;
use ::cel::common::types::{STRING_TYPE, Type};
use ::cel::objects::{Opaque, ResolveResult};
use ::cel::{Env, Value};
use std::sync::Arc;
use tollgate_api::{Timestamp, names};
use tollgate_objects::structural::has_format;

const NAME: &str = "kubernetes.NamedFormat";

/// A format, by its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named(usize);

impl Opaque for Named {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

type Rule = fn(&str) -> Vec<String>;

/// What is wrong with a text, by the name of the format.
const FORMATS: [(&str, Rule); 13] = [
    ("byte", |text| judged(text, "byte", "invalid base64")),
    ("date", |text| judged(text, "date", "invalid date")),
    ("datetime", |text| {
        let good = Timestamp::parse(text).is_some() || has_format("date-time", text);
        said(good, "invalid datetime")
    }),
    ("dns1035Label", names::dns1035_label),
    ("dns1035LabelPrefix", |text| {
        names::dns1035_label(&whole(text))
    }),
    ("dns1123Label", names::dns1123_label),
    ("dns1123LabelPrefix", |text| {
        names::dns1123_label(&whole(text))
    }),
    ("dns1123Subdomain", names::dns1123_subdomain),
    ("dns1123SubdomainPrefix", |text| {
        names::dns1123_subdomain(&whole(text))
    }),
    ("labelValue", names::label_value),
    ("qualifiedName", names::qualified_name),
    ("uri", |text| url::problem(text).into_iter().collect()),
    ("uuid", |text| {
        judged(text, "uuid", "does not match the UUID format")
    }),
];

fn said(is_good: bool, why: &str) -> Vec<String> {
    if is_good {
        Vec::new()
    } else {
        vec![why.to_owned()]
    }
}

fn judged(text: &str, format: &str, why: &str) -> Vec<String> {
    said(has_format(format, text), why)
}

/// A prefix of names may end in a dash: it is judged with a letter in its place.
fn whole(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(start) => format!("{start}a"),
        None => prefix.to_owned(),
    }
}

fn format() -> Type {
    opaque(NAME)
}

fn named(name: &str) -> Option<Value> {
    let place = FORMATS.iter().position(|(known, _)| *known == name)?;
    Some(wrap(Named(place)))
}

fn constant(name: &str) -> ResolveResult {
    named(name).ok_or_else(|| failed("no such format"))
}

pub(super) fn add(environment: &mut Env) {
    function!(environment, "format.named", [STRING_TYPE], |given| {
        Ok(optional(named(text(given, 0)?)))
    });
    function!(environment, "format.byte", [], |_| constant("byte"));
    function!(environment, "format.date", [], |_| constant("date"));
    function!(environment, "format.datetime", [], |_| constant("datetime"));
    function!(environment, "format.uri", [], |_| constant("uri"));
    function!(environment, "format.uuid", [], |_| constant("uuid"));
    function!(environment, "format.labelValue", [], |_| constant(
        "labelValue"
    ));
    function!(environment, "format.qualifiedName", [], |_| constant(
        "qualifiedName"
    ));
    function!(environment, "format.dns1035Label", [], |_| constant(
        "dns1035Label"
    ));
    function!(environment, "format.dns1035LabelPrefix", [], |_| constant(
        "dns1035LabelPrefix"
    ));
    function!(environment, "format.dns1123Label", [], |_| constant(
        "dns1123Label"
    ));
    function!(environment, "format.dns1123LabelPrefix", [], |_| constant(
        "dns1123LabelPrefix"
    ));
    function!(environment, "format.dns1123Subdomain", [], |_| constant(
        "dns1123Subdomain"
    ));
    function!(environment, "format.dns1123SubdomainPrefix", [], |_| {
        constant("dns1123SubdomainPrefix")
    });
    member!(environment, "validate", format(), [STRING_TYPE], |given| {
        let Named(place) = *own::<Named>(given, 0)?;
        let text = text(given, 1)?;
        let found = FORMATS.get(place).map(|(_, rule)| rule(text));
        let found = found.unwrap_or_default();
        if found.is_empty() {
            return Ok(optional(None));
        }
        let found = found.into_iter().map(|why| Value::String(Arc::new(why)));
        Ok(optional(Some(Value::List(Arc::new(found.collect())))))
    });
}
