//! What can be done at a path, before it is written in the words of a version.

use tollgate_api::GroupVersionKind;

/// A path and what can be done there.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) text: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) operations: Vec<Operation>,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
}

/// A parameter in the path or the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// `string`, `integer` or `boolean`.
    pub(super) kind: &'static str,
    /// Old clients look for these in the operation itself; version 2 keeps the others in one place.
    pub(super) stays: bool,
}

/// The media types of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// Objects.
    Object,
    /// Lists, which can be watched.
    List,
    /// JSON and YAML alone: custom resources.
    Text,
    /// The same, watched.
    TextList,
    /// JSON alone.
    Json,
    /// A media type of its own, or any.
    Other(&'static str),
}

impl Media {
    pub(super) fn types(self) -> &'static [&'static str] {
        const LIST: [&str; 5] = [
            "application/json",
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf",
            "application/vnd.kubernetes.protobuf;stream=watch",
            "application/yaml",
        ];
        const OBJECT: [&str; 3] = [
            "application/json",
            "application/vnd.kubernetes.protobuf",
            "application/yaml",
        ];
        const TEXT: [&str; 2] = ["application/json", "application/yaml"];
        const TEXT_LIST: [&str; 3] = [
            "application/json",
            "application/json;stream=watch",
            "application/yaml",
        ];
        match self {
            Self::Object => &OBJECT,
            Self::List => &LIST,
            Self::Text => &TEXT,
            Self::TextList => &TEXT_LIST,
            Self::Json => &["application/json"],
            Self::Other("*/*") => &["*/*"],
            Self::Other("text/plain") => &["text/plain"],
            Self::Other(_) => &["application/jwk-set+json"],
        }
    }
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Body {
    /// The name of its schema.
    pub(super) schema: String,
    pub(super) media: &'static [&'static str],
    pub(super) required: bool,
}

/// What an answer holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// An object of the schema of that name.
    Schema(String),
    /// Text.
    Text,
}

/// One thing that can be done.
#[derive(Debug)]
pub(super) struct Operation {
    /// `get`, in lower case.
    pub(super) method: &'static str,
    /// Upstream's identifier, by which generators of clients name functions.
    pub(super) id: String,
    pub(super) tag: String,
    /// `x-kubernetes-action` and the kind it is about, where there are such.
    pub(super) about: Option<(&'static str, GroupVersionKind)>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) codes: &'static [u16],
    pub(super) content: Content,
    pub(super) media: Media,
}

/// What an answer's code means.
pub(super) fn meaning(code: u16) -> &'static str {
    match code {
        201 => "Created",
        202 => "Accepted",
        401 => "Unauthorized",
        _ => "OK",
    }
}
