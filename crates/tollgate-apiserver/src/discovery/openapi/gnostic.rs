//! The document of OpenAPI version 2 in the protobuf form of gnostic's models, which old clients insist on.
//!
//! The models mirror the JSON one to one, so a table says which key has which number and form.

use super::DocumentError;
use super::v2::{self, Model};
use crate::discovery::document::Packer;
use tollgate_api::{Object, Release, Value, json};

/// How the value of a key is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Text,
    Texts,
    Flag,
    Integer,
    Double,
    /// Any JSON, as YAML text in a message: JSON is YAML.
    Any,
    Anys,
    /// A message.
    One(&'static Message),
    /// Messages.
    Many(&'static Message),
    /// A message in field 1 of another.
    Wrapped(&'static Message),
    /// Text, or texts, in field 1 of a message.
    WrappedTexts,
    /// An object: names and messages in field 1 of a message.
    Named(&'static Message),
    /// A boolean in field 2 of a message, or a schema in its field 1.
    SchemaOrFlag,
}

/// Which keys a message has.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) fields: &'static [(&'static str, u32, Form)],
    /// The number of the list of vendor extensions; 0 if there is none.
    pub(super) extensions: u32,
}

const fn message(fields: &'static [(&'static str, u32, Form)], extensions: u32) -> Message {
    Message { fields, extensions }
}

pub(super) static SCHEMA: Message = message(
    &[
        ("$ref", 1, Form::Text),
        ("format", 2, Form::Text),
        ("title", 3, Form::Text),
        ("description", 4, Form::Text),
        ("default", 5, Form::Any),
        ("multipleOf", 6, Form::Double),
        ("maximum", 7, Form::Double),
        ("exclusiveMaximum", 8, Form::Flag),
        ("minimum", 9, Form::Double),
        ("exclusiveMinimum", 10, Form::Flag),
        ("maxLength", 11, Form::Integer),
        ("minLength", 12, Form::Integer),
        ("pattern", 13, Form::Text),
        ("maxItems", 14, Form::Integer),
        ("minItems", 15, Form::Integer),
        ("uniqueItems", 16, Form::Flag),
        ("maxProperties", 17, Form::Integer),
        ("minProperties", 18, Form::Integer),
        ("required", 19, Form::Texts),
        ("enum", 20, Form::Anys),
        ("additionalProperties", 21, Form::SchemaOrFlag),
        ("type", 22, Form::WrappedTexts),
        ("items", 23, Form::Wrapped(&SCHEMA)),
        ("properties", 25, Form::Named(&SCHEMA)),
        ("example", 30, Form::Any),
    ],
    31,
);

static INFO: Message = message(&[("title", 1, Form::Text), ("version", 2, Form::Text)], 7);

static BODY_PARAMETER: Message = message(
    &[
        ("description", 1, Form::Text),
        ("name", 2, Form::Text),
        ("in", 3, Form::Text),
        ("required", 4, Form::Flag),
        ("schema", 5, Form::One(&SCHEMA)),
    ],
    6,
);

static QUERY_PARAMETER: Message = message(
    &[
        ("required", 1, Form::Flag),
        ("in", 2, Form::Text),
        ("description", 3, Form::Text),
        ("name", 4, Form::Text),
        ("type", 6, Form::Text),
        ("format", 7, Form::Text),
        ("uniqueItems", 20, Form::Flag),
    ],
    23,
);

static PATH_PARAMETER: Message = message(
    &[
        ("required", 1, Form::Flag),
        ("in", 2, Form::Text),
        ("description", 3, Form::Text),
        ("name", 4, Form::Text),
        ("type", 5, Form::Text),
        ("format", 6, Form::Text),
        ("uniqueItems", 19, Form::Flag),
    ],
    22,
);

static REFERENCE: Message = message(&[("$ref", 1, Form::Text)], 0);

/// Which of the parameters' models is meant shows in the value: see [`choose`].
static NON_BODY: Message = message(
    &[
        ("(query)", 3, Form::One(&QUERY_PARAMETER)),
        ("(path)", 4, Form::One(&PATH_PARAMETER)),
    ],
    0,
);

pub(super) static PARAMETER: Message = message(
    &[
        ("(body)", 1, Form::One(&BODY_PARAMETER)),
        ("(other)", 2, Form::One(&NON_BODY)),
    ],
    0,
);

static PARAMETER_OR_REFERENCE: Message = message(
    &[
        ("(parameter)", 1, Form::One(&PARAMETER)),
        ("(reference)", 2, Form::One(&REFERENCE)),
    ],
    0,
);

static RESPONSE: Message = message(
    &[
        ("description", 1, Form::Text),
        ("schema", 2, Form::Wrapped(&SCHEMA)),
    ],
    5,
);

static RESPONSE_OR_REFERENCE: Message = message(&[("(response)", 1, Form::One(&RESPONSE))], 0);

static OPERATION: Message = message(
    &[
        ("tags", 1, Form::Texts),
        ("description", 3, Form::Text),
        ("operationId", 5, Form::Text),
        ("produces", 6, Form::Texts),
        ("consumes", 7, Form::Texts),
        ("parameters", 8, Form::Many(&PARAMETER_OR_REFERENCE)),
        ("responses", 9, Form::Named(&RESPONSE_OR_REFERENCE)),
        ("schemes", 10, Form::Texts),
    ],
    13,
);

pub(super) static PATH_ITEM: Message = message(
    &[
        ("get", 2, Form::One(&OPERATION)),
        ("put", 3, Form::One(&OPERATION)),
        ("post", 4, Form::One(&OPERATION)),
        ("delete", 5, Form::One(&OPERATION)),
        ("patch", 8, Form::One(&OPERATION)),
        ("parameters", 9, Form::Many(&PARAMETER_OR_REFERENCE)),
    ],
    10,
);

static API_KEY: Message = message(
    &[
        ("type", 1, Form::Text),
        ("name", 2, Form::Text),
        ("in", 3, Form::Text),
    ],
    5,
);

static SECURITY_DEFINITION: Message = message(&[("(key)", 2, Form::One(&API_KEY))], 0);

/// The numbers of what a document holds.
pub(super) mod number {
    pub(in super::super) const SWAGGER: u32 = 1;
    pub(in super::super) const INFO: u32 = 2;
    pub(in super::super) const PATHS: u32 = 8;
    pub(in super::super) const DEFINITIONS: u32 = 9;
    pub(in super::super) const PARAMETERS: u32 = 10;
    pub(in super::super) const SECURITY: u32 = 12;
    pub(in super::super) const SECURITY_DEFINITIONS: u32 = 13;
    /// Paths stand beside vendor extensions.
    pub(in super::super) const PATH: u32 = 2;
    /// Everything else that has names stands alone.
    pub(in super::super) const NAMED: u32 = 1;
}

/// Writes the document.
pub(super) fn write(
    model: &Model<'_>,
    release: Release,
    out: &mut Packer,
) -> Result<(), DocumentError> {
    let mut piece = Vec::new();
    text(&mut piece, number::SWAGGER, "2.0");
    nested(
        &mut piece,
        number::INFO,
        &encoded(&v2::info(release), &INFO),
    );
    let mut paths = Vec::new();
    for (path, item) in model.paths() {
        named(&mut paths, number::PATH, path, &encoded(&item, &PATH_ITEM));
    }
    nested(&mut piece, number::PATHS, &paths);
    out.push(&piece)?;
    drop((piece, paths));

    let mut definitions = Vec::new();
    for (name, schema) in model.definitions() {
        named(
            &mut definitions,
            number::NAMED,
            name,
            &encoded(&schema, &SCHEMA),
        );
    }
    let mut piece = Vec::new();
    nested(&mut piece, number::DEFINITIONS, &definitions);
    let form = Form::Named(&PARAMETER);
    field(&mut piece, number::PARAMETERS, form, &model.parameters());
    for requirement in v2::security().as_array().unwrap_or_default() {
        let mut schemes = Vec::new();
        for (name, _) in requirement.as_object().into_iter().flat_map(Object::iter) {
            named(&mut schemes, number::NAMED, name, &[]);
        }
        nested(&mut piece, number::SECURITY, &schemes);
    }
    let form = Form::Named(&SECURITY_DEFINITION);
    let definitions = v2::security_definitions();
    field(&mut piece, number::SECURITY_DEFINITIONS, form, &definitions);
    out.push(&piece)?;
    Ok(())
}

/// The key in a table of choices under which a value is written; others are written by their own keys.
pub(super) fn choose(key: &'static str, value: &Value) -> bool {
    let place = value.str_or_empty("in");
    match key {
        "(body)" => place == "body",
        "(other)" => place != "body",
        "(query)" => place == "query",
        "(path)" => place == "path",
        "(reference)" => value.get("$ref").is_some(),
        "(parameter)" => value.get("$ref").is_none(),
        _ => true,
    }
}

/// A value as the message of a table.
fn encoded(value: &Value, message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, number, form) in message.fields {
        let member = if key.starts_with('(') {
            choose(key, value).then_some(value)
        } else {
            value.get(key)
        };
        if let Some(member) = member {
            field(&mut out, *number, *form, member);
        }
    }
    if message.extensions > 0 {
        let entries = value.as_object().into_iter().flat_map(Object::iter);
        for (key, extension) in entries.filter(|(key, _)| key.starts_with("x-")) {
            named(&mut out, message.extensions, key, &any(extension));
        }
    }
    out
}

fn field(out: &mut Vec<u8>, number: u32, form: Form, value: &Value) {
    match form {
        Form::Text => text(out, number, value.as_str().unwrap_or_default()),
        Form::Texts => {
            let texts = value.as_array().unwrap_or_default().iter();
            texts.for_each(|value| text(out, number, value.as_str().unwrap_or_default()));
        }
        Form::Flag => {
            varint(out, u64::from(number) << 3);
            varint(out, u64::from(value.as_bool() == Some(true)));
        }
        Form::Integer => {
            varint(out, u64::from(number) << 3);
            varint(out, value.as_i64().unwrap_or_default().cast_unsigned());
        }
        Form::Double => {
            varint(out, u64::from(number) << 3 | 1);
            let double = match value {
                Value::Number(number) => number.as_f64(),
                _ => 0.0,
            };
            out.extend(double.to_le_bytes());
        }
        Form::Any => nested(out, number, &any(value)),
        Form::Anys => {
            let values = value.as_array().unwrap_or_default().iter();
            values.for_each(|value| nested(out, number, &any(value)));
        }
        Form::One(message) => nested(out, number, &encoded(value, message)),
        Form::Many(message) => {
            let values = value.as_array().unwrap_or_default().iter();
            values.for_each(|value| nested(out, number, &encoded(value, message)));
        }
        Form::Wrapped(message) => {
            let mut inner = Vec::new();
            nested(&mut inner, 1, &encoded(value, message));
            nested(out, number, &inner);
        }
        Form::WrappedTexts => {
            let mut inner = Vec::new();
            match value {
                Value::Array(_) => field(&mut inner, 1, Form::Texts, value),
                _ => field(&mut inner, 1, Form::Text, value),
            }
            nested(out, number, &inner);
        }
        Form::Named(message) => {
            let mut inner = Vec::new();
            for (key, member) in value.as_object().into_iter().flat_map(Object::iter) {
                named(&mut inner, 1, key, &encoded(member, message));
            }
            nested(out, number, &inner);
        }
        Form::SchemaOrFlag => {
            let mut inner = Vec::new();
            match value {
                Value::Bool(_) => field(&mut inner, 2, Form::Flag, value),
                _ => nested(&mut inner, 1, &encoded(value, &SCHEMA)),
            }
            nested(out, number, &inner);
        }
    }
}

fn varint(out: &mut Vec<u8>, mut rest: u64) {
    loop {
        let low = (rest & 0x7f).to_le_bytes()[0];
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn nested(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    varint(out, u64::from(number) << 3 | 2);
    varint(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}

fn text(out: &mut Vec<u8>, number: u32, text: &str) {
    nested(out, number, text.as_bytes());
}

fn any(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    text(&mut out, 2, &json::to_string(value));
    out
}

/// A name and a message.
fn named(out: &mut Vec<u8>, number: u32, name: &str, message: &[u8]) {
    let mut inner = Vec::new();
    text(&mut inner, 1, name);
    nested(&mut inner, 2, message);
    nested(out, number, &inner);
}
