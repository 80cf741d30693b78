//! Which events are one, and which are too many: client-go's correlator with its default settings.

use super::EventType;
use super::reference::Reference;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tollgate_api::Timestamp;
use tollgate_api::value::CompactString;

/// From that many different texts for one reason on, they are put together.
const SIMILAR_MAX: usize = 10;
/// They are forgotten when nothing came for that long.
const SIMILAR_SECONDS: i64 = 600;
/// How many events about one object may come at once.
const BURST: f64 = 25.0;
/// After which time one more may.
const REFILL_SECONDS: f64 = 300.0;
/// How many keys are remembered.
const REMEMBERED_MAX: usize = 4096;

/// Who tells, and what about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) component: CompactString,
    pub(super) host: CompactString,
    pub(super) about: Reference,
}

/// What several events have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    origin: Origin,
    event_type: EventType,
    reason: CompactString,
    /// Empty for those that were put together.
    message: CompactString,
}

/// A map that forgets what was put in first.
#[derive(Debug)]
struct Memory<K, V> {
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self {
            map: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<K: Ord + Clone, V: Default> Memory<K, V> {
    fn entry(&mut self, key: K) -> &mut V {
        if !self.map.contains_key(&key) {
            if self.order.len() >= REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.map.entry(key).or_default()
    }
}

#[derive(Debug, Default)]
struct Similar {
    messages: BTreeSet<CompactString>,
    last: Timestamp,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    count: i64,
    first: Timestamp,
    name: CompactString,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Option<Timestamp>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            tokens: BURST,
            filled: None,
        }
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correlated {
    /// The text to tell.
    pub(super) message: String,
    /// How often it was told, with this time.
    pub(super) count: i64,
    /// When it was told first.
    pub(super) first: Timestamp,
    /// The event in which it was told before, if it was.
    pub(super) known_as: Option<CompactString>,
}

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct Correlator {
    similar: Memory<Sort, Similar>,
    seen: Memory<Sort, Seen>,
    buckets: Memory<Origin, Bucket>,
}

impl Correlator {
    /// What becomes of an event that would be made under `name`; none if it is one too many.
    pub(super) fn correlate(
        &mut self,
        origin: &Origin,
        event_type: EventType,
        reason: &str,
        message: &str,
        name: &str,
        now: Timestamp,
    ) -> Option<Correlated> {
        let mut about = origin.about.clone();
        about.resource_version = CompactString::default();
        let origin = Origin {
            about,
            ..origin.clone()
        };
        let mut sort = Sort {
            origin: origin.clone(),
            event_type,
            reason: reason.into(),
            message: CompactString::default(),
        };
        let mut whole = origin.clone();
        whole.about.field_path = CompactString::default();
        sort.origin = whole.clone();
        let similar = self.similar.entry(sort.clone());
        if now
            .unix_seconds()
            .saturating_sub(similar.last.unix_seconds())
            > SIMILAR_SECONDS
        {
            similar.messages.clear();
        }
        similar.last = now;
        similar.messages.insert(message.into());
        let mut message = message.to_owned();
        if similar.messages.len() >= SIMILAR_MAX {
            similar.messages.pop_last();
            message = format!("(combined from similar events): {message}");
        } else {
            sort.origin = origin;
            sort.message = message.as_str().into();
        }
        let seen = self.seen.entry(sort);
        let known_as = (seen.count > 0).then(|| seen.name.clone());
        if known_as.is_none() {
            seen.first = now;
            seen.name = name.into();
        }
        seen.count = seen.count.saturating_add(1);
        let correlated = Correlated {
            message,
            count: seen.count,
            first: seen.first,
            known_as,
        };
        self.buckets.entry(whole).take(now).then_some(correlated)
    }

    /// The event of that name is gone: it is to be made anew.
    pub(super) fn lost(&mut self, name: &str) {
        for seen in self.seen.map.values_mut() {
            if seen.name == name {
                seen.count = 0;
            }
        }
    }
}

impl Bucket {
    fn take(&mut self, now: Timestamp) -> bool {
        if let Some(filled) = self.filled {
            let passed = now.unix_seconds().saturating_sub(filled.unix_seconds());
            let passed = f64::from(i32::try_from(passed.max(0)).unwrap_or(i32::MAX));
            self.tokens = (self.tokens + passed / REFILL_SECONDS).min(BURST);
        }
        self.filled = Some(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            component: "replicaset-controller".into(),
            host: CompactString::default(),
            about: Reference {
                api_version: "apps/v1".into(),
                kind: "ReplicaSet".into(),
                namespace: "n".into(),
                name: "web".into(),
                uid: "u".into(),
                resource_version: "1".into(),
                field_path: CompactString::default(),
            },
        }
    }

    fn tell(correlator: &mut Correlator, message: &str, second: i64) -> Option<Correlated> {
        let now = Timestamp::from_unix_seconds(1_000_000 + second);
        let name = format!("web.{second}");
        correlator.correlate(
            &origin(),
            EventType::Warning,
            "FailedCreate",
            message,
            &name,
            now,
        )
    }

    #[test]
    fn equal_events_are_counted() {
        let mut correlator = Correlator::default();
        let first = tell(&mut correlator, "no", 0).unwrap();
        assert_eq!((first.count, first.known_as), (1, None));
        let second = tell(&mut correlator, "no", 5).unwrap();
        assert_eq!(second.count, 2);
        assert_eq!(second.known_as.as_deref(), Some("web.0"));
        assert_eq!(second.first.unix_seconds(), 1_000_000);
    }

    #[test]
    fn the_tenth_text_for_one_reason_is_put_together_with_those_after() {
        let mut correlator = Correlator::default();
        for number in 0..9 {
            let told = tell(&mut correlator, &format!("no {number}"), number).unwrap();
            assert_eq!(told.message, format!("no {number}"));
        }
        let told = tell(&mut correlator, "no 9", 9).unwrap();
        assert_eq!(told.message, "(combined from similar events): no 9");
        assert_eq!(told.known_as, None);
        let told = tell(&mut correlator, "no 99", 10).unwrap();
        assert_eq!(told.message, "(combined from similar events): no 99");
        assert_eq!(told.count, 2);
        assert_eq!(told.known_as.as_deref(), Some("web.9"));
    }

    #[test]
    fn who_tells_too_much_is_heard_every_five_minutes() {
        let mut correlator = Correlator::default();
        let heard = (0..40).filter(|_| tell(&mut correlator, "no", 0).is_some());
        assert_eq!(heard.count(), 25);
        assert_eq!(tell(&mut correlator, "no", 299), None);
        assert!(tell(&mut correlator, "no", 301).is_some());
    }
}
