//! The table of types and the lists of their fields: by name, in the order of JSON, by protobuf number.

use super::Facts;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tollgate_api::Value;

/// The table of types and the lists of their fields: by name, in the order of JSON, by protobuf number.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) types: String,
    pub(super) lookup: String,
    pub(super) lengths: String,
    pub(super) lookup_count: usize,
    pub(super) order: String,
    pub(super) wire: String,
    pub(super) wire_count: usize,
}

pub(super) fn types_tables(facts: &Facts, starts: &BTreeMap<&str, usize>) -> Result<Tables> {
    let mut tables = Tables::default();
    for (name, entry) in &facts.types {
        let own = entry.get("encoding").is_some();
        let declared = if own { &[] } else { entry.items("fields") };
        let (mut found, mut ordered) = (BTreeMap::new(), Vec::new());
        if !own {
            flatten(name, facts, starts, &mut found);
            in_order(name, facts, starts, &found, &mut ordered);
        }
        // By length first, so that most steps of a search compare two numbers.
        let mut by_length: Vec<_> = found.iter().collect();
        by_length.sort_by_key(|(name, _)| (name.len(), *name));
        for (name, number) in by_length {
            write!(tables.lookup, "{number},")?;
            write!(tables.lengths, "{},", name.len())?;
        }
        tables.lengths.push('\n');
        tables.lookup.push('\n');
        for number in &ordered {
            write!(tables.order, "{number},")?;
        }
        tables.order.push('\n');
        let start = starts.get(name.as_str()).copied().unwrap_or_default();
        let mut wired: Vec<(u32, usize)> = declared
            .iter()
            .enumerate()
            .map(|(offset, field)| (tag_number(field), start + offset))
            .filter(|(tag, _)| *tag != 0)
            .collect();
        wired.sort_unstable();
        for (_, number) in &wired {
            write!(tables.wire, "{number},")?;
        }
        tables.wire.push('\n');
        let atomic = if facts.is_atomic(name) {
            ".atomic()"
        } else {
            ""
        };
        writeln!(
            tables.types,
            "    t({name:?}, [{start}, {}, {}, {}, {}, {}]){atomic},",
            declared.len(),
            tables.lookup_count,
            found.len(),
            tables.wire_count,
            wired.len(),
        )?;
        tables.lookup_count += found.len();
        tables.wire_count += wired.len();
    }
    Ok(tables)
}

/// The number in the protobuf tag `bytes,3,opt,name=x`; 0 if there is none.
pub(super) fn tag_number(field: &Value) -> u32 {
    let mut parts = field.str_or_empty("protobuf").split(',');
    let number = parts.nth(1).and_then(|number| number.parse().ok());
    number.unwrap_or_default()
}

/// The fields of `found` in the order in which Go writes them: an inlined struct's stand where the struct does.
fn in_order<'f>(
    name: &str,
    facts: &'f Facts,
    starts: &BTreeMap<&str, usize>,
    found: &BTreeMap<&'f str, usize>,
    ordered: &mut Vec<usize>,
) {
    let Some(entry) = facts.types.get(name) else {
        return;
    };
    let start = starts.get(name).copied().unwrap_or_default();
    for (offset, field) in entry.items("fields").iter().enumerate() {
        if field.str_or_empty("omit") == "inline" {
            in_order(field.str_or_empty("type"), facts, starts, found, ordered);
        } else if found.get(field.str_or_empty("name")) == Some(&(start + offset)) {
            ordered.push(start + offset);
        }
    }
}

/// The fields of a type by JSON name, those of inlined structs included.
fn flatten<'f>(
    name: &str,
    facts: &'f Facts,
    starts: &BTreeMap<&str, usize>,
    found: &mut BTreeMap<&'f str, usize>,
) {
    let Some(entry) = facts.types.get(name) else {
        return;
    };
    let start = starts.get(name).copied().unwrap_or_default();
    let mut inlined = Vec::new();
    for (offset, field) in entry.items("fields").iter().enumerate() {
        if field.str_or_empty("omit") == "inline" {
            inlined.push(field.str_or_empty("type"));
        } else {
            found.insert(field.str_or_empty("name"), start + offset);
        }
    }
    for inner in inlined {
        let mut deeper = BTreeMap::new();
        flatten(inner, facts, starts, &mut deeper);
        for (name, number) in deeper {
            // A field of the outer struct hides one of the inlined.
            found.entry(name).or_insert(number);
        }
    }
}
