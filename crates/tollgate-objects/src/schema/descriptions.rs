//! What types and fields mean, in our own words, for `kubectl explain` and everybody who reads schemas.
//!
//! The words are data, a line for each type and field: `group.Type<TAB>text`, `group.Type.field<TAB>text`. A line is for
//! all versions of its group. A name that begins with `*` is for all types whose names end so, unless there is a line
//! of their own.

use super::{Field, ShapeRef, StructType};
use std::collections::BTreeMap;

const LINES: &str = include_str!("../../data/descriptions.txt");

/// Types that moved to another group are described there.
const MOVED: [(&str, &[&str]); 1] = [("extensions", &["apps", "networking", "policy"])];

/// All descriptions; made when they are needed, and not kept.
#[derive(Debug)]
pub struct Descriptions {
    lines: BTreeMap<&'static str, &'static str>,
    /// Ends of type names, fields and texts; longer ends come first.
    ends: Vec<(&'static str, &'static str, &'static str)>,
}

impl Descriptions {
    /// Reads all lines.
    pub fn read() -> Self {
        let lines = LINES.lines().filter_map(|line| line.split_once('\t'));
        let lines: BTreeMap<&str, &str> = lines.collect();
        let mut ends: Vec<(&str, &str, &str)> = lines
            .iter()
            .filter_map(|(name, text)| {
                let name = name.strip_prefix('*')?;
                let (end, field) = name.split_once('.').unwrap_or((name, ""));
                Some((end, field, *text))
            })
            .collect();
        ends.sort_by_key(|(end, ..)| std::cmp::Reverse(end.len()));
        Self { lines, ends }
    }

    /// What is said under that very name: `resource.Quantity`, `version.Info.major`.
    pub fn of_name(&self, name: &str) -> Option<&'static str> {
        self.lines.get(name).copied()
    }

    /// What a type means.
    pub fn of_type(&self, of: StructType) -> Option<&'static str> {
        self.said(of, "")
    }

    /// What a field means that a type declares.
    pub fn of_field(&self, declaring: StructType, field: &Field) -> Option<&'static str> {
        let said = self.said(declaring, field.name);
        said.or_else(|| {
            let is_kind = matches!(field.name, "apiVersion" | "kind")
                && matches!(field.shape(), ShapeRef::String);
            let name = is_kind.then(|| format!("meta.TypeMeta.{}", field.name))?;
            self.of_name(&name)
        })
    }

    fn said(&self, of: StructType, field: &str) -> Option<&'static str> {
        let (package, of) = of.name().rsplit_once('.')?;
        let group = package.split('/').next().unwrap_or_default();
        let moved = MOVED.iter().find(|(from, _)| *from == group);
        let groups = moved.map_or(&[][..], |(_, to)| to);
        let dot = if field.is_empty() { "" } else { "." };
        let own = [group]
            .iter()
            .chain(groups)
            .find_map(|group| self.of_name(&format!("{group}.{of}{dot}{field}")));
        own.or_else(|| {
            let mut ends = self.ends.iter();
            let (.., text) = ends.find(|(end, named, _)| *named == field && of.ends_with(end))?;
            Some(*text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::generated::{FIELDS, TYPES};
    use std::collections::BTreeSet;

    /// A stand-in for one that is not there.
    const NONE: &str = "";

    /// Type names and fields as lines write them, without versions.
    fn names() -> Vec<(StructType, Option<&'static Field>)> {
        StructType::all()
            // Go's own type of times has no schema.
            .filter(|of| of.name() != "time.Time")
            .flat_map(|of| {
                let fields = of.fields().iter().filter(|field| !field.name.is_empty());
                let fields = fields.map(move |field| (of, Some(field)));
                std::iter::once((of, None)).chain(fields)
            })
            .collect()
    }

    #[test]
    fn every_type_and_every_field_has_words() {
        let words = Descriptions::read();
        let missing: Vec<String> = names()
            .into_iter()
            .filter_map(|(of, field)| {
                let said = match field {
                    None => words.of_type(of),
                    Some(field) => words.of_field(of, field),
                };
                let field = field.map_or(NONE, |field| field.name);
                said.is_none().then(|| format!("{}.{field}", of.name()))
            })
            .collect();
        assert_eq!(missing, [] as [&str; 0]);
        assert!(names().len() > TYPES.len() && FIELDS.len() > TYPES.len());
    }

    #[test]
    fn every_line_is_about_something() {
        let known: BTreeSet<String> = names()
            .into_iter()
            .flat_map(|(of, field)| {
                let (package, name) = of.name().rsplit_once('.').unwrap();
                let group = package.split('/').next().unwrap_or_default();
                let moved = MOVED.iter().find(|(from, _)| *from == group);
                let groups = moved.map_or(&[][..], |(_, to)| to);
                let dot = field.map_or(NONE, |_| ".");
                let field = field.map_or(NONE, |field| field.name);
                std::iter::once(&group)
                    .chain(groups)
                    .map(|group| format!("{group}.{name}{dot}{field}"))
                    .collect::<Vec<_>>()
            })
            .collect();
        // Types without fields that the table does not have.
        let special = [
            "apiextensions.JSON",
            "apiextensions.JSONSchemaPropsOr",
            "meta.FieldsV1",
            "meta.MicroTime",
            "meta.Patch",
            "meta.Time",
            "meta.TypeMeta",
            "resource.Quantity",
            "runtime.RawExtension",
            "util.IntOrString",
            "version.Info",
        ];
        let is_known = |name: &str| match name.strip_prefix('*') {
            Some(end) => {
                let (end, field) = end.split_once('.').unwrap_or((end, NONE));
                known.iter().any(|known| {
                    let mut parts = known.splitn(3, '.').skip(1);
                    let of = parts.next().unwrap_or_default();
                    of.ends_with(end) && parts.next().unwrap_or_default() == field
                })
            }
            None => known.contains(name) || special.iter().any(|of| name.starts_with(of)),
        };
        let words = Descriptions::read();
        let idle: Vec<&&str> = words.lines.keys().filter(|name| !is_known(name)).collect();
        assert_eq!(idle, [] as [&&str; 0]);
    }

    #[test]
    fn lines_are_sorted_sentences_and_no_name_comes_twice() {
        let names: Vec<&str> = LINES
            .lines()
            .map(|line| line.split_once('\t').expect("a name, a tab and a text"))
            .inspect(|(name, text)| {
                assert!(text.ends_with('.'), "{name}: {text}");
                let first = text.chars().next();
                let is_name = text.starts_with("integer, ") || text.starts_with("object, ");
                assert!(
                    is_name || first.is_some_and(|first| !first.is_lowercase()),
                    "{name}: {text}"
                );
                assert!(!text.contains("  "), "{name}: {text}");
            })
            .map(|(name, _)| name)
            .collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
