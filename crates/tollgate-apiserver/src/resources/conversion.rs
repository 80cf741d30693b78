//! From the version in which objects are stored to those in which they are served, and back.

use tollgate_api::{GroupVersionKind, Value};

/// The sort of conversion that a resource needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conversion {
    /// Stored as it is served.
    #[default]
    None,
    /// Only `apiVersion` and `kind` differ.
    Relabel,
    /// `events.k8s.io` events are stored as those of the core group.
    Events,
    /// Autoscalers of `autoscaling/v1` are stored as those of `autoscaling/v2`.
    Autoscalers,
}

impl Conversion {
    /// Turns an object of the served version into one of the stored version.
    pub fn to_stored(self, kind: &GroupVersionKind, object: &mut Value) {
        match self {
            Self::None => return,
            Self::Relabel => {}
            Self::Events => rename(object, EVENT_FIELDS, |(served, stored)| (served, stored)),
            Self::Autoscalers => super::autoscalers::v1_to_v2(object),
        }
        label(kind, object);
    }

    /// Turns an object of the stored version into one of the served version.
    pub fn to_served(self, kind: &GroupVersionKind, object: &mut Value) {
        match self {
            Self::None => return,
            Self::Relabel => {}
            Self::Events => rename(object, EVENT_FIELDS, |(served, stored)| (stored, served)),
            Self::Autoscalers => super::autoscalers::v2_to_v1(object),
        }
        label(kind, object);
    }
}

fn label(kind: &GroupVersionKind, object: &mut Value) {
    object.set("apiVersion", kind.api_version());
    object.set("kind", kind.kind.clone());
}

/// Fields of an event: in `events.k8s.io/v1`, in `v1`.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
    ("reportingController", "reportingComponent"),
];

fn rename(
    object: &mut Value,
    fields: &'static [(&'static str, &'static str)],
    direction: fn((&'static str, &'static str)) -> (&'static str, &'static str),
) {
    for (from, to) in fields.iter().copied().map(direction) {
        if let Some(value) = object.remove(from) {
            object.set(to, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn an_event_of_either_group_is_the_same_event() {
        let core = from_str(
            r#"{"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"name":"p"},
                "message":"m","reason":"r","count":3,"reportingComponent":"c","reportingInstance":"i"}"#,
        )
        .unwrap();
        let served = from_str(
            r#"{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"regarding":{"name":"p"},
                "note":"m","reason":"r","deprecatedCount":3,"reportingController":"c","reportingInstance":"i"}"#,
        )
        .unwrap();
        let mut object = core.clone();
        Conversion::Events.to_served(&GroupVersionKind::of(&served), &mut object);
        assert_eq!(object, served);
        Conversion::Events.to_stored(&GroupVersionKind::of(&core), &mut object);
        assert_eq!(object, core);
    }
}
