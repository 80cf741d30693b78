//! Which form an answer takes: media types, and the objects that stand in place of the object.

use crate::error;
use tollgate_api::Status;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Media {
    /// `application/json`
    #[default]
    Json,
    /// `application/yaml`
    Yaml,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

impl Media {
    /// The media type.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Json, Self::Yaml, Self::Protobuf]
            .into_iter()
            .find(|media| media.as_str() == text)
    }
}

/// The version of `meta.k8s.io` that stands around a Table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetaVersion {
    /// `meta.k8s.io/v1`
    V1,
    /// `meta.k8s.io/v1beta1`
    V1Beta1,
}

impl MetaVersion {
    /// The version alone.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }
}

/// What is written in place of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// The object itself.
    #[default]
    Object,
    /// A `Table`.
    Table(MetaVersion),
    /// A `PartialObjectMetadata`.
    Partial(MetaVersion),
    /// A `PartialObjectMetadataList`.
    PartialList(MetaVersion),
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Form {
    /// How it is written.
    pub media: Media,
    /// What is written.
    pub shape: Shape,
    /// Whether it is indented.
    pub pretty: bool,
}

/// What can be asked for at one place.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch for each thing that a client can ask for"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// Whether there is protobuf: not of custom resources.
    pub protobuf: bool,
    /// Whether there are Tables.
    pub tables: bool,
    /// Whether there is PartialObjectMetadata, and for lists its list.
    pub partial: bool,
    /// Whether the answer is a list.
    pub list: bool,
    /// Whether the answer is a stream.
    pub stream: bool,
}

impl Offer {
    /// Plain objects, in every media type.
    pub(super) const OBJECT: Self = Self {
        protobuf: true,
        tables: false,
        partial: false,
        list: false,
        stream: false,
    };

    fn accepted(self) -> String {
        let media = [Media::Json, Media::Yaml, Media::Protobuf];
        let offered: Vec<&str> = media
            .into_iter()
            .filter(|media| self.offers(*media))
            .map(Media::as_str)
            .collect();
        offered.join(", ")
    }

    /// Everything that the path can answer with, as upstream's router lists it.
    fn representations(self) -> String {
        let mut text = self.accepted();
        if !(self.list || self.stream) {
            return text;
        }
        text.push_str(", application/json;stream=watch");
        if self.protobuf {
            text.push_str(", application/vnd.kubernetes.protobuf;stream=watch");
        }
        text
    }

    fn offers(self, media: Media) -> bool {
        self.protobuf || media != Media::Protobuf
    }
}

/// One entry of an Accept header.
#[derive(Debug, Clone, PartialEq)]
struct Clause<'h> {
    main: &'h str,
    sub: &'h str,
    quality: f32,
    parameters: Vec<(&'h str, &'h str)>,
}

fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = accept.split(',').filter_map(clause).collect();
    // The best first; of equal ones a definite type before a wildcard, else in written order.
    clauses.sort_by(|a, b| {
        (b.quality.total_cmp(&a.quality))
            .then_with(|| (a.main == "*").cmp(&(b.main == "*")))
            .then_with(|| (a.sub == "*").cmp(&(b.sub == "*")))
    });
    clauses
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let (main, sub) = match parts.next()? {
        "*" => ("*", "*"),
        media => media.split_once('/')?,
    };
    let mut clause = Clause {
        main: main.trim(),
        sub: sub.trim(),
        quality: 1.0,
        parameters: Vec::new(),
    };
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name == "q" {
            clause.quality = value.parse().unwrap_or(1.0);
        } else {
            clause.parameters.push((name, value));
        }
    }
    Some(clause)
}

/// Chooses the form of an answer, or says why none fits.
pub(super) fn negotiate(accept: Option<&str>, offer: Offer) -> Result<Form, Status> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Ok(Form::default());
    };
    let routed = accept.split(',').any(|entry| {
        let media = entry.split(';').next().unwrap_or_default().trim();
        media == "*/*" || Media::parse(media).is_some_and(|media| offer.offers(media))
    });
    if !routed {
        return Err(error::no_representation(&offer.representations()));
    }
    clauses(accept)
        .iter()
        .find_map(|clause| form(clause, offer))
        .ok_or_else(|| error::not_acceptable(&offer.accepted()))
}

/// Whether the best clause that can be answered at all is JSON with these parameters.
pub(super) fn prefers_json_with(accept: Option<&str>, parameters: &[(&str, &str)]) -> bool {
    for clause in clauses(accept.unwrap_or_default()) {
        let is_json = clause.main == "application" && clause.sub == "json";
        if is_json
            && parameters
                .iter()
                .all(|wanted| clause.parameters.contains(wanted))
        {
            return true;
        }
        if form(&clause, Offer::OBJECT).is_some() {
            return false;
        }
    }
    false
}

/// Which of the offered media types is accepted best; without a header the first.
pub(super) fn first_of(accept: Option<&str>, offered: &[&str]) -> Option<usize> {
    let accept = accept.filter(|accept| !accept.trim().is_empty());
    let matches = |clause: &Clause<'_>, media: &str| {
        let (main, sub) = media.split_once('/').unwrap_or_default();
        (clause.main == "*" || clause.main == main) && (clause.sub == "*" || clause.sub == sub)
    };
    clauses(accept.unwrap_or("*/*"))
        .iter()
        .find_map(|clause| offered.iter().position(|media| matches(clause, media)))
}

/// Whether an `Accept-Encoding` header takes gzip.
pub(super) fn accepts_gzip(header: Option<&str>) -> bool {
    let entries = header.unwrap_or_default().split(',');
    entries.into_iter().any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let quality = |part: &str| {
            part.strip_prefix("q=")
                .and_then(|text| text.parse::<f32>().ok())
        };
        parts.next() == Some("gzip") && parts.all(|part| quality(part) != Some(0.0))
    })
}

fn form(clause: &Clause<'_>, offer: Offer) -> Option<Form> {
    let media = [Media::Json, Media::Yaml, Media::Protobuf]
        .into_iter()
        .filter(|media| offer.offers(*media))
        // There is no stream of YAML.
        .filter(|media| !(offer.stream && *media == Media::Yaml))
        .find(|media| {
            let (main, sub) = media.as_str().split_once('/').unwrap_or_default();
            (clause.main == "*" || clause.main == main) && (clause.sub == "*" || clause.sub == sub)
        })?;
    let parameter = |name: &str| {
        let found = clause
            .parameters
            .iter()
            .rev()
            .find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| *value)
    };
    let stream = parameter("stream");
    if !(stream.is_empty() || stream == "watch" && media != Media::Yaml) {
        return None;
    }
    let shape = shape(parameter("as"), parameter("g"), parameter("v"), offer)?;
    if media == Media::Protobuf && matches!(shape, Shape::Table(_)) {
        return None;
    }
    Some(Form {
        media,
        shape,
        pretty: parameter("pretty") == "1",
    })
}

fn shape(kind: &str, group: &str, version: &str, offer: Offer) -> Option<Shape> {
    if kind.is_empty() {
        return Some(Shape::Object);
    }
    if group != "meta.k8s.io" {
        return None;
    }
    let version = match version {
        "v1" => MetaVersion::V1,
        "v1beta1" => MetaVersion::V1Beta1,
        _ => return None,
    };
    match kind {
        "Table" => offer.tables.then_some(Shape::Table(version)),
        "PartialObjectMetadata" => offer.partial.then_some(Shape::Partial(version)),
        "PartialObjectMetadataList" => offer.partial.then_some(Shape::PartialList(version)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: Offer = Offer {
        tables: true,
        partial: true,
        list: true,
        ..Offer::OBJECT
    };

    #[track_caller]
    fn check(accept: &str, media: Media, shape: Shape) {
        let form = negotiate(Some(accept), LIST).unwrap();
        assert_eq!((form.media, form.shape), (media, shape), "{accept}");
    }

    #[test]
    fn takes_the_first_form_that_there_is() {
        assert_eq!(negotiate(None, LIST), Ok(Form::default()));
        check("*/*", Media::Json, Shape::Object);
        check("application/json, */*", Media::Json, Shape::Object);
        check(
            "application/vnd.kubernetes.protobuf,application/json",
            Media::Protobuf,
            Shape::Object,
        );
        check(
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io",
            Media::Json,
            Shape::Table(MetaVersion::V1),
        );
        check(
            "application/json;as=Foo;v=v1;g=meta.k8s.io,application/json",
            Media::Json,
            Shape::Object,
        );
        check(
            "application/json;q=0.1,application/yaml",
            Media::Yaml,
            Shape::Object,
        );
    }

    #[test]
    fn refuses_in_two_ways() {
        let message = |accept: &str| negotiate(Some(accept), LIST).unwrap_err().message;
        assert_eq!(
            message("text/xml"),
            "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        );
        assert_eq!(
            message("application/json;as=Table;v=v9;g=meta.k8s.io"),
            "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        );
    }

    #[test]
    fn an_old_version_of_aggregated_discovery_is_passed_over() {
        let wanted = [("as", "L"), ("g", "d.k8s.io"), ("v", "v2")];
        let prefers = |accept: &str| prefers_json_with(Some(accept), &wanted);
        assert!(prefers(
            "application/json;g=d.k8s.io;v=v2;as=L,application/json"
        ));
        assert!(prefers(
            "application/json;g=d.k8s.io;v=v9;as=L,application/json;g=d.k8s.io;v=v2;as=L"
        ));
        assert!(!prefers(
            "application/json;g=d.k8s.io;v=v9;as=L,application/json"
        ));
        assert!(!prefers(
            "application/json,application/json;g=d.k8s.io;v=v2;as=L"
        ));
        assert!(!prefers(""));
    }

    #[test]
    fn a_media_type_with_an_at_sign_is_found() {
        let offered = ["application/json", "application/x@v1.0+protobuf"];
        assert_eq!(first_of(None, &offered), Some(0));
        assert_eq!(
            first_of(Some("application/x@v1.0+protobuf"), &offered),
            Some(1)
        );
        assert_eq!(first_of(Some("text/html"), &offered), None);
    }

    #[test]
    fn gzip_may_be_refused() {
        assert!(accepts_gzip(Some("deflate, gzip;q=0.5")));
        assert!(!accepts_gzip(Some("gzip;q=0")));
        assert!(!accepts_gzip(Some("identity")) && !accepts_gzip(None));
    }

    proptest! {
        #[test]
        fn no_header_makes_a_panic(accept in "\\PC*") {
            let _ = negotiate(Some(&accept), LIST);
        }
    }
}
