//! The schemas of types that have a JSON form of their own, and no fields.

use super::fields::describe;
use super::names;
use tollgate_api::Value;
use tollgate_objects::schema::Descriptions;

/// A type without fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Special {
    /// Its full name.
    pub(super) name: &'static str,
    /// The name under which it is described.
    said: &'static str,
    kind: &'static str,
    format: &'static str,
    /// Version 3 says that either will do; version 2 has no words for it.
    one_of: &'static [&'static str],
}

const fn special(
    name: &'static str,
    said: &'static str,
    kind: &'static str,
    format: &'static str,
) -> Special {
    Special {
        name,
        said,
        kind,
        format,
        one_of: &[],
    }
}

pub(super) const QUANTITY: Special = Special {
    one_of: &["string", "number"],
    ..special(names::QUANTITY, "resource.Quantity", "string", "")
};
pub(super) const INT_OR_STRING: Special = Special {
    one_of: &["integer", "string"],
    ..special(
        names::INT_OR_STRING,
        "util.IntOrString",
        "string",
        "int-or-string",
    )
};
pub(super) const RAW_EXTENSION: Special =
    special(names::RAW_EXTENSION, "runtime.RawExtension", "object", "");
pub(super) const TIME: Special = special(names::TIME, "meta.Time", "string", "date-time");
pub(super) const MICRO_TIME: Special =
    special(names::MICRO_TIME, "meta.MicroTime", "string", "date-time");
pub(super) const FIELDS_V1: Special = special(names::FIELDS_V1, "meta.FieldsV1", "object", "");
pub(super) const PATCH: Special = special(names::PATCH, "meta.Patch", "object", "");
pub(super) const INFO: Special = special(names::INFO, "version.Info", "object", "");
pub(super) const JSON: Special = special(names::JSON, "apiextensions.JSON", "", "");
pub(super) const SCHEMA_OR_BOOL: Special = special(
    names::SCHEMA_OR_BOOL,
    "apiextensions.JSONSchemaPropsOrBool",
    "",
    "",
);
pub(super) const SCHEMA_OR_ARRAY: Special = special(
    names::SCHEMA_OR_ARRAY,
    "apiextensions.JSONSchemaPropsOrArray",
    "",
    "",
);
pub(super) const SCHEMA_OR_STRINGS: Special = special(
    names::SCHEMA_OR_STRINGS,
    "apiextensions.JSONSchemaPropsOrStringArray",
    "",
    "",
);

/// The fields of what `/version` answers, and whether they always stand there.
const INFO_FIELDS: [(&str, bool); 13] = [
    ("buildDate", true),
    ("compiler", true),
    ("emulationMajor", false),
    ("emulationMinor", false),
    ("gitCommit", true),
    ("gitTreeState", true),
    ("gitVersion", true),
    ("goVersion", true),
    ("major", true),
    ("minCompatibilityMajor", false),
    ("minCompatibilityMinor", false),
    ("minor", true),
    ("platform", true),
];

impl Special {
    /// The schema as version 3 writes it, or version 2.
    pub(super) fn schema(self, v3: bool, words: &Descriptions) -> Value {
        let mut schema = Value::object();
        describe(&mut schema, words.of_name(self.said));
        if v3 && !self.one_of.is_empty() {
            set_format(&mut schema, self.format);
            let kinds = self.one_of.iter().map(|kind| {
                let entry: Value = [("type", *kind)].into_iter().collect();
                entry
            });
            schema.set("oneOf", Value::Array(kinds.collect()));
            return schema;
        }
        if !self.kind.is_empty() {
            schema.set("type", self.kind);
        }
        set_format(&mut schema, self.format);
        if self == INFO {
            describe_info(&mut schema, v3, words);
        }
        schema
    }
}

fn set_format(schema: &mut Value, format: &'static str) {
    if !format.is_empty() {
        schema.set("format", format);
    }
}

fn describe_info(schema: &mut Value, v3: bool, words: &Descriptions) {
    let required = INFO_FIELDS.iter().filter(|(_, always)| *always);
    let required: Vec<&str> = required.map(|(name, _)| *name).collect();
    schema.set("required", required);
    for (name, always) in INFO_FIELDS {
        let mut field = Value::object();
        describe(&mut field, words.of_name(&format!("version.Info.{name}")));
        field.set("type", "string");
        if always && v3 {
            field.set("default", "");
        }
        schema.child_mut("properties").set(name, field);
    }
}
