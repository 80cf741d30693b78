//! Runs the machine by hand: one step at a time, in an order that the caller chooses, on one thread.
//!
//! With a clock that stands still until it is moved, weeks of a cluster's life take milliseconds, and the same choices
//! give the same life.

use super::machine::{Listing, Machine};
use crate::resources::CUSTOM_RESOURCE_DEFINITIONS;
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{GroupVersionResource, Watch, WatchEvent};

/// A step that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Tell the controllers the next change of a resource.
    Deliver(GroupVersionResource),
    /// Let the controller at that place work on its next key.
    Work(usize),
    /// Write events.
    Record,
}

#[derive(Debug)]
struct Follow {
    watch: Box<dyn Watch>,
    listing: Listing,
    next: Option<WatchEvent>,
}

/// Runs a machine by hand.
#[derive(Debug)]
pub struct Stepper {
    machine: Arc<Machine>,
    follows: BTreeMap<GroupVersionResource, Follow>,
    /// Whether other resources may be served than before.
    stale: bool,
    /// What was delivered last, if nothing else was done since: that alone can have changed.
    delivered: Option<GroupVersionResource>,
}

impl Stepper {
    /// Takes a machine that nobody runs.
    pub fn new(machine: Arc<Machine>) -> Self {
        Self {
            machine,
            follows: BTreeMap::new(),
            stale: true,
            delivered: None,
        }
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Begins watches that are wanted, ends those that are not, and looks for the next change in each.
    fn follow(&mut self) {
        let mut wanted = self.machine.wanted();
        if wanted.is_empty() || std::mem::take(&mut self.stale) {
            wanted = self.machine.refresh();
        }
        let gone: Vec<GroupVersionResource> = self
            .follows
            .keys()
            .filter(|resource| !wanted.contains(*resource))
            .cloned()
            .collect();
        for resource in gone {
            self.drop_watch(&resource);
            self.machine.end(&resource);
        }
        for resource in &*wanted {
            if !self.follows.contains_key(resource)
                && let Ok(watch) = self.machine.watch(resource)
            {
                self.machine.begin(resource);
                let follow = Follow {
                    watch,
                    listing: Listing::default(),
                    next: None,
                };
                self.follows.insert(resource.clone(), follow);
            }
        }
        self.look(None);
    }

    /// Looks for the next change of one resource or of all.
    fn look(&mut self, only: Option<&GroupVersionResource>) {
        let mut over = Vec::new();
        for (resource, follow) in &mut self.follows {
            if follow.next.is_none() && only.is_none_or(|only| only == resource) {
                match follow.watch.next().now_or_never() {
                    Some(Some(event)) => follow.next = Some(event),
                    Some(None) => over.push(resource.clone()),
                    None => {}
                }
            }
        }
        for resource in over {
            self.drop_watch(&resource);
        }
    }

    /// Loses the watch of a resource; it will be begun anew.
    pub fn drop_watch(&mut self, resource: &GroupVersionResource) {
        self.follows.remove(resource);
        self.delivered = None;
    }

    /// The steps that can be taken now, in a fixed order.
    pub fn steps(&mut self) -> Vec<Step> {
        // A delivery writes nothing. What somebody outside has written meanwhile is seen a step later.
        if let Some(resource) = self.delivered.take()
            && !self.stale
        {
            self.look(Some(&resource));
            let steps = self.known_steps();
            if !steps.is_empty() {
                return steps;
            }
        }
        self.follow();
        self.known_steps()
    }

    fn known_steps(&self) -> Vec<Step> {
        let now = self.machine.clock.elapsed();
        let follows = self.follows.iter();
        let deliveries = follows
            .filter(|(_, follow)| follow.next.is_some())
            .map(|(resource, _)| Step::Deliver(resource.clone()));
        let mut steps: Vec<Step> = deliveries.collect();
        for (index, running) in self.machine.controllers.iter().enumerate() {
            // Most queues are empty: that is found out faster than whether all has been listed.
            if running.queue.is_ready(now) && self.machine.is_ready(running) {
                steps.push(Step::Work(index));
            }
        }
        if self.machine.recorder.is_waiting() {
            steps.push(Step::Record);
        }
        steps
    }

    /// Takes a step. False if it waits for something that no step brings: a store that answers at once never does.
    pub fn take(&mut self, step: &Step) -> bool {
        match step {
            Step::Deliver(resource) => {
                if let Some(follow) = self.follows.get_mut(resource)
                    && let Some(event) = follow.next.take()
                {
                    self.machine.take(resource, &event, &mut follow.listing);
                    self.stale |= *resource == CUSTOM_RESOURCE_DEFINITIONS;
                }
                self.delivered = Some(resource.clone());
                true
            }
            Step::Work(index) => {
                let now = self.machine.clock.elapsed();
                let Some(running) = self.machine.controllers.get(*index) else {
                    return true;
                };
                let Some(key) = running.queue.next(now) else {
                    return true;
                };
                self.machine.work(running, key).now_or_never().is_some()
            }
            Step::Record => self.machine.recorder.write().now_or_never().is_some(),
        }
    }

    /// The controller that works in a step; none if nobody does.
    pub fn worker(&self, step: &Step) -> Option<&'static str> {
        let Step::Work(index) = step else {
            return None;
        };
        let running = self.machine.controllers.get(*index)?;
        Some(running.controller.name())
    }

    /// When the next key that waits is due.
    pub fn next_due(&self) -> Option<Duration> {
        let queues = self.machine.controllers.iter();
        queues.filter_map(|running| running.queue.next_due()).min()
    }
}
