//! Kinds to resources.

use super::generated::RESOURCES;
use super::table::Resource;
use tollgate_api::GroupVersionKind;

/// The resource of a built-in kind.
pub fn resource_of(kind: &GroupVersionKind) -> Option<&'static Resource> {
    let found = RESOURCES.binary_search_by(|resource| {
        (resource.group.cmp(kind.group.as_str()))
            .then_with(|| resource.version.cmp(kind.version.as_str()))
            .then_with(|| resource.kind.cmp(kind.kind.as_str()))
    });
    RESOURCES.get(found.ok()?)
}

/// All built-in resources, by group, version and kind.
pub fn resources() -> &'static [Resource] {
    &RESOURCES
}

/// The plural that most kinds have (`UnsafeGuessKindToResource`): for kinds that nobody described.
pub fn guess_plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    if lower == "endpoints" {
        return lower;
    }
    match lower.as_bytes().last() {
        Some(b's') => format!("{lower}es"),
        Some(b'y') => format!("{}ies", lower.trim_end_matches('y')),
        Some(_) => format!("{lower}s"),
        None => lower,
    }
}
