//! The smallest change of a field after which a check is content.

use std::fmt::{self, Write as _};
use tollgate_api::field::FieldPath;
use tollgate_api::go_format::quote;

/// One change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remedy {
    /// The field, as seen from the pod.
    pub(super) field: FieldPath,
    /// What to do with it.
    pub(super) fix: Fix,
}

/// What to do with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fix {
    /// Give it this value.
    Set(&'static str),
    /// Put this value into the list that it is.
    Add(&'static str),
    /// Take these values out of the list that it is.
    Take(Vec<String>),
    /// Remove it.
    Remove,
    /// Put something of this kind in its place.
    Replace(&'static str),
}

impl Remedy {
    /// Give `field` the value `value`.
    pub(super) const fn set(field: FieldPath, value: &'static str) -> Self {
        let fix = Fix::Set(value);
        Self { field, fix }
    }

    /// Remove `field`.
    pub(super) const fn remove(field: FieldPath) -> Self {
        let fix = Fix::Remove;
        Self { field, fix }
    }
}

/// All changes as one text: `set A, B to false; remove C`, fields as seen from the object that holds the pod at
/// `prefix`.
pub(super) fn print(remedies: &[Remedy], prefix: &FieldPath) -> Option<String> {
    let mut text = String::with_capacity(remedies.len() * PRINTED_BYTES);
    for group in remedies.chunk_by(|a, b| a.fix == b.fix) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        let fields = Fields { group, prefix };
        // Writing to a text does not fail.
        let _ = match &group.first()?.fix {
            Fix::Set(value) => write!(text, "set {fields} to {value}"),
            Fix::Add(value) => write!(text, "add {} to {fields}", quote(value)),
            Fix::Take(values) => {
                let values: Vec<String> = values.iter().map(|value| quote(value)).collect();
                write!(text, "remove {} from {fields}", values.join(", "))
            }
            Fix::Remove => write!(text, "remove {fields}"),
            Fix::Replace(kind) => write!(text, "replace {fields} with {kind}"),
        };
    }
    (!text.is_empty()).then_some(text)
}

/// Room for one printed change.
const PRINTED_BYTES: usize = 96;

/// The fields of changes, with commas.
struct Fields<'r> {
    group: &'r [Remedy],
    prefix: &'r FieldPath,
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, remedy) in self.group.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            remedy.field.below(self.prefix).fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::field::Path;

    #[test]
    fn says_the_same_change_of_several_fields_once() {
        let field = |name: &str| Path::root("spec").child(name).to_owned();
        let remedies = [
            Remedy::set(field("hostPID"), "false"),
            Remedy::set(field("hostIPC"), "false"),
            Remedy::remove(field("volumes")),
        ];
        assert_eq!(
            print(&remedies, &Path::root("template").to_owned()).unwrap(),
            "set template.spec.hostPID, template.spec.hostIPC to false; remove template.spec.volumes"
        );
        assert_eq!(print(&[], &FieldPath::default()), None);
    }
}
