//! Changes of pods that are gathered: a look at what is made of thousands of pods looks at all of them, so that each of
//! thousands of changes would be dearer the more pods there are.

use crate::controller::{Change, Enqueue, Key};
use crate::driver::Cache;
use crate::resources::PODS;
use std::time::Duration;

/// What is made of so many pods is looked at as soon as one changes.
const SMALL: usize = 1000;
/// How long changes are gathered otherwise, for each pod.
const FOR_EACH: Duration = Duration::from_micros(10);

/// A queue whose keys wait the longer, the more pods the controller of a pod has. A new pod does not wait: more may have
/// to follow it.
pub(crate) struct Gathering<'q> {
    queue: &'q mut dyn Enqueue,
    delay: Duration,
}

impl<'q> Gathering<'q> {
    /// Where the change of a pod is told.
    pub(crate) fn of(change: &Change<'_>, cache: &Cache, queue: &'q mut dyn Enqueue) -> Self {
        let pods = change.old.map_or(0, |pod| {
            let meta = &pod.meta;
            let owner = meta.controller();
            owner.map_or(0, |owner| {
                cache.count_controlled_by(&PODS, &meta.namespace, &owner.uid)
            })
        });
        let counted = if pods < SMALL { 0 } else { pods };
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        Self {
            queue,
            delay: FOR_EACH.saturating_mul(counted),
        }
    }
}

impl Enqueue for Gathering<'_> {
    fn add(&mut self, key: Key) {
        if self.delay.is_zero() {
            self.queue.add(key);
        } else {
            self.queue.add_after(key, self.delay);
        }
    }

    fn add_after(&mut self, key: Key, delay: Duration) {
        self.queue.add_after(key, delay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::Cached;
    use std::sync::Arc;
    use tollgate_api::client::Stored;

    #[derive(Default)]
    struct Added(Vec<Duration>);

    impl Enqueue for Added {
        fn add(&mut self, _: Key) {
            self.0.push(Duration::ZERO);
        }

        fn add_after(&mut self, _: Key, delay: Duration) {
            self.0.push(delay);
        }
    }

    fn pod(number: usize) -> Stored {
        let json = format!(
            r#"{{"metadata":{{"name":"p{number}","namespace":"n","uid":"{number}","ownerReferences":[{{"uid":"u","controller":true}}]}}}}"#
        );
        Stored {
            json: json.into_bytes().into(),
            revision: 1,
        }
    }

    #[test]
    fn only_changes_of_many_pods_wait_and_new_pods_never() {
        let cached = Arc::new(Cached::new(&pod(0), true).unwrap());
        let delay = |pods: usize, old: Option<&Arc<Cached>>| {
            let cache = Cache::default();
            let stored: Vec<Stored> = (0..pods).map(pod).collect();
            cache.keep(&PODS, &stored);
            let change = Change {
                resource: &PODS,
                old,
                new: Some(&cached),
            };
            let mut added = Added::default();
            Gathering::of(&change, &cache, &mut added).add(Key::new("n", "set"));
            added.0[0]
        };
        assert_eq!(delay(999, Some(&cached)), Duration::ZERO);
        assert_eq!(delay(2000, Some(&cached)), Duration::from_millis(20));
        assert_eq!(delay(2000, None), Duration::ZERO);
    }
}
