//! Findings about what could not be judged, or only in part: files, documents, kinds.

use super::chunks::Unreadable;
use super::load::NotAnObject;
use super::object::Judged;
use super::source::Source;
use crate::diagnostics::{Document, Finding, Label, Level, ObjectRef, Place, Rule, Summary};
use std::sync::Arc;
use tollgate_api::field::FieldPath;
use tollgate_api::{GroupVersionKind, spelling};
use tollgate_objects::schema;

/// How many unknown kinds are reported.
const UNKNOWN_KINDS_MAX: usize = 100;

/// A file, or a stretch of it, that cannot be read.
pub fn unreadable(file: &Arc<str>, why: &Unreadable) -> Finding {
    let line = match why {
        Unreadable::NotUtf8 { line } => *line,
        Unreadable::TooLarge { first_line } => *first_line,
        Unreadable::Failed(_) => 1,
    };
    let document = Arc::new(Document::new(Arc::clone(file), line, String::new()));
    broken(
        format!("cannot read {file}: {why}"),
        Place::new(document, 0..0),
    )
}

/// A document that is no YAML or JSON, broken at `place`.
pub fn malformed(place: Place, message: String) -> Finding {
    let text = place.document.text.as_str();
    let is_tab = text
        .get(place.span.start..)
        .is_some_and(|rest| rest.starts_with('\t'));
    let help = if is_tab {
        Some("indent with spaces: YAML has no place for tabs there")
    } else if text.contains("{{") {
        Some("this looks like a template: judge what `helm template` makes of it")
    } else {
        None
    };
    let mut finding = broken(message, place);
    finding.help.extend(help.map(str::to_owned));
    finding
}

/// A document that holds no object.
pub fn no_object(source: &Source, why: &NotAnObject) -> Finding {
    broken(why.to_string(), source.place(&FieldPath::default()))
}

fn broken(message: String, place: Place) -> Finding {
    Finding {
        level: Level::Broken,
        rule: Rule::Syntax,
        object: None,
        message,
        verdict: None,
        labels: vec![Label {
            place,
            text: String::new(),
        }],
        policy_labels: Vec::new(),
        help: Vec::new(),
    }
}

/// The note about a kind that nobody described, for the first object of it.
pub fn unknown_kind(judged: &Judged, summary: &mut Summary) -> Option<Finding> {
    let ObjectRef {
        api_version, kind, ..
    } = &judged.reference;
    let is_new = summary.unknown_kinds.len() < UNKNOWN_KINDS_MAX
        && summary
            .unknown_kinds
            .insert((api_version.clone(), kind.clone()));
    let help = known_kind(api_version, kind).unwrap_or_else(|| {
        "its CustomResourceDefinition, in the input or in --state, makes it known".to_owned()
    });
    is_new.then(|| Finding {
        level: Level::Note,
        rule: Rule::UnknownKind,
        object: Some(judged.reference.clone()),
        message: format!(
            "kind `{kind}` of `{api_version}` is unknown: quotas count such objects, nothing else is judged"
        ),
        verdict: None,
        labels: vec![judged.source.label(&FieldPath::parse("kind"), "")],
        policy_labels: Vec::new(),
        help: vec![help],
    })
}

/// The kind that was meant: the same in another version, or one of the same version with nearly that name.
fn known_kind(api_version: &str, kind: &str) -> Option<String> {
    let version_of = |resource: &schema::Resource| {
        let served = GroupVersionKind {
            group: resource.group.into(),
            version: resource.version.into(),
            kind: resource.kind.into(),
        };
        served.api_version()
    };
    let resources = schema::resources();
    let same = resources
        .iter()
        .filter(|resource| resource.kind == kind)
        .max_by_key(|resource| (!resource.version.contains(['a', 'b']), resource.version));
    if let Some(same) = same {
        return Some(format!("`{kind}` is known in `{}`", version_of(same)));
    }
    let beside = resources
        .iter()
        .filter(|resource| version_of(resource) == api_version)
        .map(|resource| resource.kind);
    let meant = spelling::nearest(kind, beside)?;
    Some(format!("write `{meant}` instead of `{kind}`"))
}
