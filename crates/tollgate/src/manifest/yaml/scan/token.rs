//! What the scanner hands to the grammar.

use crate::manifest::yaml::fault::Mark;
use compact_str::CompactString;

/// A piece of YAML and where it stands.
#[derive(Debug, Clone)]
pub(in crate::manifest::yaml) struct Token<'t> {
    pub(in crate::manifest::yaml) kind: Kind<'t>,
    pub(in crate::manifest::yaml) start: Mark,
    pub(in crate::manifest::yaml) end: Mark,
}

/// The kinds of pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest::yaml) enum Kind<'t> {
    StreamEnd,
    /// `%YAML` or `%TAG`; not compatible if it asks for a version other than 1.1.
    Directive {
        compatible: bool,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'t str),
    Anchor(&'t str),
    /// The full tag, `tag:yaml.org,2002:` for `!!`; none if its handle is not known.
    Tag(Option<Box<str>>),
    Scalar {
        text: CompactString,
        plain: bool,
    },
}
