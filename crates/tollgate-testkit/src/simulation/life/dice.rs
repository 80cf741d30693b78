//! Choices by a seed.

use crate::cluster::World;
use std::sync::Arc;

/// What chooses.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) Arc<World>);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.0.chance() % end.max(1)
    }

    /// Whether something happens that happens so many times of a hundred.
    pub(crate) fn percent(&self, of: u64) -> bool {
        self.below(100) < of
    }

    /// One of these.
    pub(crate) fn pick<'c, T: ?Sized>(&self, choices: &[&'c T]) -> &'c T {
        let place = usize::try_from(self.below(choices.len() as u64)).unwrap_or_default();
        choices[place]
    }

    /// One of these, if there are any.
    pub(crate) fn one_of<T>(&self, mut choices: Vec<T>) -> Option<T> {
        if choices.is_empty() {
            return None;
        }
        let place = usize::try_from(self.below(choices.len() as u64)).unwrap_or_default();
        Some(choices.swap_remove(place))
    }
}
