//! `xtask codegen [--check]`: the tables of API types and resources, made from what a real server and its types say.
//!
//! Reads `crates/tollgate-objects/data/*.json.gz`, writes `crates/tollgate-objects/src/schema/generated.rs`.
//!
//! `types-*` say fields, types and patch keys; `openapi-1.36` adds what the published schemas say beyond them: list and
//! map types, keys of lists and their defaults, and (for those who serve schemas) required fields, enums and formats.

mod resources;
mod type_tables;

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tollgate_api::{Value, json};

/// Runs the command.
pub(crate) fn run(check: bool) -> Result<()> {
    let objects = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/tollgate-objects");
    let text = generate(&objects.join("data"))?;
    let path = objects.join("src/schema/generated.rs");
    if check {
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            bail!("{} is stale: run `cargo xtask codegen`", path.display());
        }
        return Ok(());
    }
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn read(data: &Path, name: &str) -> Result<Value> {
    let path: PathBuf = data.join(format!("{name}.json.gz"));
    let file = std::fs::File::open(&path).with_context(|| format!("{}", path.display()))?;
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text)?;
    Ok(json::from_str(&text)?)
}

/// Type names to what the facts say of them, and (apiVersion, kind) to type names.
struct Facts {
    types: BTreeMap<String, Value>,
    kinds: BTreeMap<(String, String), String>,
    /// Type names to what the published schemas say beyond that.
    published: Value,
}

impl Facts {
    fn published(&self, of: &str, field: &str) -> Option<&Value> {
        self.published.at(&["types", of, "fields", field])
    }

    /// Whether objects of a type merge as a whole.
    fn is_atomic(&self, of: &str) -> bool {
        let published = self.published.at(&["types", of]);
        published.and_then(|published| published.str("mapType")) == Some("atomic")
    }

    /// Types and fields that are keys of lists: where one is left out, its default counts.
    fn keys(&self) -> Result<BTreeSet<(String, String)>> {
        let mut keys = BTreeSet::new();
        for (of, entry) in self.published.entries("types") {
            for (name, field) in entry.entries("fields") {
                let named = field.items("mapKeys");
                if named.is_empty() {
                    continue;
                }
                let declared = self
                    .types
                    .get(of)
                    .map_or(&[][..], |declared| declared.items("fields"));
                let member = declared
                    .iter()
                    .find(|declared| declared.str("name") == Some(name))
                    .and_then(|declared| declared.str("type")?.strip_prefix("[]"))
                    .with_context(|| format!("{of}.{name} has map keys and is no list"))?;
                for key in named.iter().filter_map(Value::as_str) {
                    keys.insert((self.declaring(member, key)?, key.to_owned()));
                }
            }
        }
        Ok(keys)
    }

    /// The type that declares `field` of `of`: itself or a struct it inlines.
    fn declaring(&self, of: &str, field: &str) -> Result<String> {
        let entry = self
            .types
            .get(of)
            .with_context(|| format!("no type {of}"))?;
        let is_it = |declared: &&Value| declared.str("name") == Some(field);
        if entry.items("fields").iter().find(is_it).is_some() {
            return Ok(of.to_owned());
        }
        entry
            .items("fields")
            .iter()
            .filter(|declared| declared.str("omit") == Some("inline"))
            .find_map(|declared| self.declaring(declared.str_or_empty("type"), field).ok())
            .with_context(|| format!("{of} has no field {field}"))
    }
}

/// What is served in any group's stead and therefore in no list of kinds.
const PARTIAL_METADATA: &str = include_str!("partial_metadata.json");
/// What a metrics server serves, and no kube-apiserver. Nobody here speaks it in protobuf.
const RESOURCE_METRICS: &str = include_str!("resource_metrics.json");

fn facts(data: &Path) -> Result<Facts> {
    let mut facts = Facts {
        types: BTreeMap::new(),
        kinds: BTreeMap::new(),
        published: read(data, "openapi-1.36")?,
    };
    let files = [
        read(data, "types-1.36")?,
        read(data, "types-1.24")?,
        json::from_str(PARTIAL_METADATA)?,
        json::from_str(RESOURCE_METRICS)?,
    ];
    for value in files {
        for (name, entry) in value.entries("types") {
            facts
                .types
                .entry(name.to_owned())
                .or_insert_with(|| entry.clone());
        }
        for (key, name) in value.str_entries("kinds") {
            let (version, kind) = key
                .split_once(", ")
                .context("a kind is written `version, Kind`")?;
            facts
                .kinds
                .entry((version.to_owned(), kind.to_owned()))
                .or_insert_with(|| name.to_owned());
        }
    }
    Ok(facts)
}

/// Shapes get numbers in the order in which they are met.
#[derive(Default)]
struct Shapes {
    numbers: BTreeMap<String, usize>,
    lines: Vec<String>,
}

impl Shapes {
    fn number(&mut self, text: &str, types: &BTreeMap<String, usize>) -> Result<usize> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let line = if let Some(inner) = text.strip_prefix("[]") {
            format!("Shape::List({})", self.number(inner, types)?)
        } else if let Some(inner) = text.strip_prefix("map[string]") {
            format!("Shape::Map({})", self.number(inner, types)?)
        } else {
            match text {
                "string" => "Shape::String".to_owned(),
                "bool" => "Shape::Bool".to_owned(),
                "int32" => "Shape::Int32".to_owned(),
                "int64" => "Shape::Int64".to_owned(),
                "float64" => "Shape::Float64".to_owned(),
                "bytes" => "Shape::Bytes".to_owned(),
                "resource.Quantity" => "Shape::Quantity".to_owned(),
                "util/intstr.IntOrString" => "Shape::IntOrString".to_owned(),
                "meta/v1.Time" => "Shape::Time".to_owned(),
                "meta/v1.MicroTime" => "Shape::MicroTime".to_owned(),
                "runtime.RawExtension" | "meta/v1.FieldsV1" | "apiextensions/v1.JSON" => {
                    "Shape::Any".to_owned()
                }
                "apiextensions/v1.JSONSchemaPropsOrBool"
                | "apiextensions/v1.JSONSchemaPropsOrArray"
                | "apiextensions/v1.JSONSchemaPropsOrStringArray" => {
                    let schema = types.get("apiextensions/v1.JSONSchemaProps");
                    let schema = schema.context("no JSONSchemaProps")?;
                    let other = text.rsplit_once("Or").map_or("", |(_, other)| other);
                    let other = match other {
                        "Bool" => "Bool",
                        "Array" => "Schemas",
                        _ => "Strings",
                    };
                    format!("Shape::SchemaOr({schema}, Alternative::{other})")
                }
                _ => match types.get(text) {
                    Some(number) => format!("Shape::Struct({number})"),
                    None => bail!("unknown type `{text}`"),
                },
            }
        };
        let number = self.lines.len();
        self.lines.push(line);
        self.numbers.insert(text.to_owned(), number);
        Ok(number)
    }
}

fn generate(data: &Path) -> Result<String> {
    let facts = facts(data)?;
    let numbers: BTreeMap<String, usize> = facts
        .types
        .keys()
        .enumerate()
        .map(|(number, name)| (name.clone(), number))
        .collect();
    let mut shapes = Shapes::default();
    let mut fields = String::new();
    let mut starts = BTreeMap::new();
    let mut field_count = 0;
    let keys = facts.keys()?;
    for (name, entry) in &facts.types {
        starts.insert(name.as_str(), field_count);
        for field in entry.items("fields") {
            if entry.get("encoding").is_none() {
                let line = field_line(field, &mut shapes, &numbers)?;
                let more = published_line(&facts, &keys, name, field)?;
                writeln!(fields, "    {line}{more},")?;
                field_count += 1;
            }
        }
    }
    let tables = type_tables::types_tables(&facts, &starts)?;
    let kinds = kind_lines(&facts, &numbers)?;
    let (resource_count, resources) = resources::lines(data, &facts)?;
    let lookup_count = tables.lookup_count;
    Ok(format!(
        "// @generated by `cargo xtask codegen`: do not edit.\n\n\
         use super::table::{{Alternative, Field, Resource, Shape, Type, f, r, t}};\n\n\
         pub(super) static SHAPES: [Shape; {}] = [\n    {},\n];\n\n\
         pub(super) static FIELDS: [Field; {field_count}] = [\n{fields}];\n\n\
         pub(super) static TYPES: [Type; {}] = [\n{}];\n\n\
         pub(super) static LOOKUP: [u16; {lookup_count}] = [\n{}];\n\n\
         pub(super) static LENGTHS: [u8; {lookup_count}] = [\n{}];\n\n\
         pub(super) static ORDER: [u16; {lookup_count}] = [\n{}];\n\n\
         pub(super) static WIRE: [u16; {}] = [\n{}];\n\n\
         pub(super) static KINDS: [(&str, &str, u16); {}] = [\n{kinds}];\n\n\
         pub(super) static RESOURCES: [Resource; {resource_count}] = [\n{resources}];\n",
        shapes.lines.len(),
        shapes.lines.join(",\n    "),
        facts.types.len(),
        tables.types,
        tables.lookup,
        tables.lengths,
        tables.order,
        tables.wire_count,
        tables.wire,
        facts.kinds.len(),
    ))
}

fn kind_lines(facts: &Facts, numbers: &BTreeMap<String, usize>) -> Result<String> {
    let mut kinds = String::new();
    for ((version, kind), name) in &facts.kinds {
        let number = numbers
            .get(name)
            .with_context(|| format!("no type {name}"))?;
        writeln!(kinds, "    ({version:?}, {kind:?}, {number}),")?;
    }
    Ok(kinds)
}

fn field_line(
    field: &Value,
    shapes: &mut Shapes,
    numbers: &BTreeMap<String, usize>,
) -> Result<String> {
    let shape = shapes.number(field.str_or_empty("type"), numbers)?;
    let mut flags = u8::from(field.bool("pointer") == Some(true));
    flags |= match field.str_or_empty("omit") {
        "omitempty" => 2,
        "omitzero" => 4,
        "inline" => 8,
        _ => 0,
    };
    if is_silent(field) {
        flags |= 16;
    }
    Ok(format!(
        "f({:?}, {shape}, {flags}, {}, {:?}, {:?}, {:?})",
        field.str_or_empty("name"),
        type_tables::tag_number(field),
        field.str_or_empty("protobuf"),
        field.str_or_empty("patchStrategy"),
        field.str_or_empty("patchMergeKey"),
    ))
}

/// Whether Go writes nothing of the field where nothing is set: `omitempty` leaves out no struct, except behind a pointer.
fn is_silent(field: &Value) -> bool {
    let of = field.str_or_empty("type");
    let is_struct = of.contains('.') && !of.starts_with("[]") && !of.starts_with("map[");
    match field.str_or_empty("omit") {
        "omitempty" => field.bool("pointer") == Some(true) || !is_struct,
        omit => omit == "omitzero",
    }
}

/// Lists whose Go types have names of their own: protobuf has them as messages, which the tags do not tell.
const WRAPPED: [(&str, &str); 1] = [("meta/v1.APIResource", "verbs")];

/// Fields whose structs merge field by field though their type merges as a whole (`structType=granular`), which the facts
/// leave out.
const GRANULAR: [(&str, &str); 1] = [("core/v1.PersistentVolumeSpec", "claimRef")];

/// What the published schemas add to a field: how it merges under server-side apply.
fn published_line(
    facts: &Facts,
    keys: &BTreeSet<(String, String)>,
    of: &str,
    field: &Value,
) -> Result<String> {
    let name = field.str_or_empty("name");
    let wrapped = WRAPPED.contains(&(of, name)).then_some(".wrapped()");
    let published = facts.published(of, name);
    let said = |key: &str| published.and_then(|published| published.str(key));
    let mut line = wrapped.unwrap_or_default().to_owned();
    let strategy = field.str_or_empty("patchStrategy");
    match (
        said("listType"),
        strategy.split(',').any(|part| part == "merge"),
    ) {
        (Some("map"), _) => {
            let keys = published.map_or(&[][..], |published| published.items("mapKeys"));
            let keys: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
            write!(line, ".keyed(&{keys:?})")?;
        }
        (Some("set"), _) => line.push_str(".set()"),
        (None, true) if field.str_or_empty("type").starts_with("[]") => {
            match field.str_or_empty("patchMergeKey") {
                "" => line.push_str(".set()"),
                key => write!(line, ".keyed(&[{key:?}])")?,
            }
        }
        _ => {}
    }
    if said("mapType") == Some("atomic") {
        line.push_str(".atomic()");
    }
    if GRANULAR.contains(&(of, name)) {
        line.push_str(".granular()");
    }
    let default = published.and_then(|published| published.get("default"));
    if let (Some(default), true) = (default, keys.contains(&(of.to_owned(), name.to_owned()))) {
        write!(line, ".default({:?})", json::to_string(default))?;
    }
    Ok(line)
}
