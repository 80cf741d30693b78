//! Zones of nodes: how many nodes of a zone are not ready decides how fast they are tainted, and so how fast their pods leave.
//! If no node of the cluster is ready, it is taken for a failure of the network, and all pods stay.
//!
//! Upstream: `handleDisruption` and `RateLimitedTimedQueue` of `pkg/controller/nodelifecycle`, with the defaults of its flags.

use super::limiter::{Limiter, Rate};
use super::taints::Readiness;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tollgate_api::Timestamp;
use tollgate_api::value::CompactString;

/// The part of a zone's nodes that must not be ready for the zone to be disrupted, in hundredths (upstream:
/// `--unhealthy-zone-threshold`), and how many nodes it takes at least.
const UNHEALTHY_HUNDREDTHS: usize = 55;
const UNHEALTHY_MIN: usize = 3;
/// Zones of more nodes than that go on slowly when they are disrupted; smaller ones stop (upstream:
/// `--large-cluster-size-threshold`).
const LARGE: usize = 50;
/// A node every ten seconds (upstream: `--node-eviction-rate`).
const NORMAL: Rate = Rate::OneEach(Duration::from_secs(10));
/// A node every hundred seconds (upstream: `--secondary-node-eviction-rate`).
const SLOW: Rate = Rate::OneEach(Duration::from_secs(100));

/// What counts of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// Its zone.
    pub(super) zone: CompactString,
    /// Whether it is ready; none if it never said.
    pub(super) readiness: Option<Readiness>,
    /// Whether it counts for the state of its zone.
    pub(super) counts: bool,
    /// Which taints make its pods leave.
    pub(super) taints: BTreeSet<&'static str>,
}

impl Fact {
    /// The taint that it should have and has not.
    fn lacks(&self) -> Option<&'static str> {
        let wanted = self.readiness?.taint()?;
        (!self.taints.contains(wanted)).then_some(wanted)
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pass {
    /// Nodes that get a taint, by which their pods leave, and lose the other one.
    pub(super) taint: Vec<(CompactString, &'static str)>,
    /// Nodes that lose these taints.
    pub(super) untaint: Vec<CompactString>,
    /// Whether all nodes are as if they had been heard of just now.
    pub(super) begins_anew: bool,
    /// When another node may be tainted, if one waits.
    pub(super) wait: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Normal,
    PartialDisruption,
    FullDisruption,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    ready: usize,
    not_ready: usize,
}

impl Tally {
    fn state(self) -> State {
        let all = self.ready.saturating_add(self.not_ready);
        let is_much =
            self.not_ready.saturating_mul(100) >= all.saturating_mul(UNHEALTHY_HUNDREDTHS);
        if self.ready == 0 && self.not_ready > 0 {
            State::FullDisruption
        } else if self.not_ready >= UNHEALTHY_MIN && is_much {
            State::PartialDisruption
        } else {
            State::Normal
        }
    }

    fn rate(self) -> Rate {
        let is_large = self.ready.saturating_add(self.not_ready) > LARGE;
        match self.state() {
            State::PartialDisruption if is_large => SLOW,
            State::PartialDisruption => Rate::Never,
            State::Normal | State::FullDisruption => NORMAL,
        }
    }
}

#[derive(Debug)]
struct Zone {
    /// None before it was looked at.
    state: Option<State>,
    limiter: Limiter,
    /// Nodes that wait for their taint.
    waiting: Vec<CompactString>,
    /// Nodes whose turn has come.
    granted: Vec<CompactString>,
}

/// All zones of a cluster.
#[derive(Debug, Default)]
pub(super) struct Zones(BTreeMap<CompactString, Zone>);

impl Zones {
    /// Looks at all nodes.
    pub(super) fn pass(&mut self, nodes: &BTreeMap<CompactString, Fact>, now: Timestamp) -> Pass {
        let mut tallies: BTreeMap<&CompactString, Tally> = BTreeMap::new();
        for fact in nodes.values().filter(|fact| fact.counts) {
            let tally = tallies.entry(&fact.zone).or_default();
            if fact.readiness == Some(Readiness::Ready) {
                tally.ready += 1;
            } else {
                tally.not_ready += 1;
            }
        }
        self.keep(nodes);
        let mut pass = Pass::default();
        if self.settle_states(&tallies, &mut pass, now) {
            let tainted = nodes.iter().filter(|(_, fact)| !fact.taints.is_empty());
            pass.untaint = tainted.map(|(name, _)| name.clone()).collect();
            return pass;
        }
        self.judge(nodes, &mut pass);
        for zone in self.0.values_mut() {
            while !zone.waiting.is_empty() && zone.limiter.accepts(now) {
                zone.granted.push(zone.waiting.remove(0));
            }
            if !zone.waiting.is_empty() {
                let waits = [pass.wait, zone.limiter.wait(now)];
                pass.wait = waits.into_iter().flatten().min();
            }
            let granted = zone.granted.iter();
            pass.taint.extend(granted.filter_map(|name| {
                let taint = nodes.get(name)?.lacks()?;
                Some((name.clone(), taint))
            }));
        }
        pass
    }

    /// Makes room for new zones, and forgets nodes that need no taint any more or are in another zone.
    fn keep(&mut self, nodes: &BTreeMap<CompactString, Fact>) {
        for fact in nodes.values() {
            if !self.0.contains_key(&fact.zone) {
                let zone = Zone {
                    state: None,
                    limiter: Limiter::new(NORMAL),
                    waiting: Vec::new(),
                    granted: Vec::new(),
                };
                self.0.insert(fact.zone.clone(), zone);
            }
        }
        for (name, zone) in &mut self.0 {
            let waits = |node: &CompactString| {
                let fact = nodes.get(node).filter(|fact| fact.zone == *name);
                fact.is_some_and(|fact| fact.lacks().is_some())
            };
            zone.waiting.retain(waits);
            zone.granted.retain(waits);
        }
    }

    /// Takes in how the zones are. True if from now on no node of the cluster is ready.
    fn settle_states(
        &mut self,
        tallies: &BTreeMap<&CompactString, Tally>,
        pass: &mut Pass,
        now: Timestamp,
    ) -> bool {
        let is_full = |state: State| state == State::FullDisruption;
        let all_are = tallies.values().all(|tally| is_full(tally.state()));
        let mut all_were = true;
        for (name, zone) in &mut self.0 {
            if !tallies.contains_key(name) {
                zone.state = None;
            } else if !zone.state.is_some_and(is_full) {
                all_were = false;
            }
        }
        if all_are && all_were {
            return false;
        }
        for (name, tally) in tallies {
            let Some(zone) = self.0.get_mut(*name) else {
                continue;
            };
            let state = tally.state();
            if all_are {
                zone.limiter.swap(Rate::Never, now);
                zone.waiting.clear();
                zone.granted.clear();
            } else if all_were || zone.state != Some(state) {
                zone.limiter.swap(tally.rate(), now);
            }
            zone.state = Some(state);
        }
        pass.begins_anew = all_were && !all_are;
        all_are
    }

    /// Which nodes get or lose their taint at once, and which wait for it.
    fn judge(&mut self, nodes: &BTreeMap<CompactString, Fact>, pass: &mut Pass) {
        for (name, fact) in nodes {
            if fact.readiness == Some(Readiness::Ready) {
                if !fact.taints.is_empty() {
                    pass.untaint.push(name.clone());
                }
                continue;
            }
            let Some(taint) = fact.lacks() else {
                continue;
            };
            // Who has the other one has had its turn.
            if !fact.taints.is_empty() {
                pass.taint.push((name.clone(), taint));
                continue;
            }
            if let Some(zone) = self.0.get_mut(&fact.zone)
                && !zone.waiting.contains(name)
                && !zone.granted.contains(name)
            {
                zone.waiting.push(name.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::taints::{NOT_READY, UNREACHABLE};
    use super::*;

    const START: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

    #[derive(Default)]
    struct World {
        zones: Zones,
        nodes: BTreeMap<CompactString, Fact>,
        now: i64,
    }

    impl World {
        fn new(zones: &[(&str, usize)]) -> Self {
            let mut world = Self::default();
            for (zone, count) in zones {
                for number in 0..*count {
                    let fact = Fact {
                        zone: (*zone).into(),
                        readiness: Some(Readiness::Ready),
                        counts: true,
                        taints: BTreeSet::new(),
                    };
                    world.nodes.insert(format!("{zone}{number}").into(), fact);
                }
            }
            world.pass();
            world
        }

        fn set(&mut self, zone: &str, count: usize, readiness: Readiness) {
            let of_zone = self.nodes.values_mut().filter(|fact| fact.zone == zone);
            for fact in of_zone.take(count) {
                fact.readiness = Some(readiness);
            }
        }

        /// Does what a pass says, and says how many nodes are tainted then, and when the next may be.
        fn pass(&mut self) -> (usize, Option<u64>) {
            let now = START.saturating_add_seconds(self.now);
            let pass = self.zones.pass(&self.nodes, now);
            for (name, taint) in pass.taint {
                self.nodes.get_mut(&name).unwrap().taints = BTreeSet::from([taint]);
            }
            for name in pass.untaint {
                self.nodes.get_mut(&name).unwrap().taints.clear();
            }
            (self.tainted(), pass.wait.map(|wait| wait.as_secs()))
        }

        fn after(&mut self, seconds: i64) -> (usize, Option<u64>) {
            self.now += seconds;
            self.pass()
        }

        fn tainted(&self) -> usize {
            let tainted = self.nodes.values().filter(|fact| !fact.taints.is_empty());
            tainted.count()
        }
    }

    #[test]
    fn nodes_of_a_healthy_zone_are_tainted_one_each_ten_seconds() {
        let mut world = World::new(&[("a", 10)]);
        world.set("a", 3, Readiness::Unknown);
        assert_eq!(world.pass(), (1, Some(10)));
        assert_eq!(world.after(9), (1, Some(1)));
        assert_eq!(world.after(1), (2, Some(10)));
        assert_eq!(world.after(10), (3, None));
        // What comes back loses its taint, and what changes its mind changes it at once.
        world.set("a", 3, Readiness::NotReady);
        assert_eq!(world.after(1), (3, None));
        assert!(
            world
                .nodes
                .values()
                .take(3)
                .all(|fact| fact.taints.contains(NOT_READY))
        );
        world.set("a", 2, Readiness::Ready);
        assert_eq!(world.after(1), (1, None));
    }

    #[test]
    fn a_small_zone_that_is_disrupted_stops_and_a_large_one_is_slow() {
        let mut world = World::new(&[("a", 5), ("b", 60), ("c", 1)]);
        world.set("a", 3, Readiness::Unknown);
        assert_eq!(world.pass(), (0, None), "three of five");
        world.set("a", 2, Readiness::Ready);
        world.set("b", 33, Readiness::Unknown);
        // One of five is no disruption any more; its turn comes ten seconds later, that of the large zone in a hundred.
        assert_eq!(world.after(100), (1, Some(10)));
        assert_eq!(world.after(10), (2, Some(90)));
        assert_eq!(world.after(90), (3, Some(100)));
    }

    #[test]
    fn a_zone_without_a_ready_node_goes_on_as_long_as_another_has_one() {
        let mut world = World::new(&[("a", 4), ("b", 1)]);
        world.set("a", 4, Readiness::Unknown);
        assert_eq!(world.pass(), (1, Some(10)));
        world.set("b", 1, Readiness::Unknown);
        // Nobody is ready: it is the network.
        assert_eq!(world.after(1), (0, None));
        assert_eq!(world.after(1000), (0, None));
        world.set("b", 1, Readiness::Ready);
        let now = START.saturating_add_seconds(world.now);
        assert!(world.zones.pass(&world.nodes, now).begins_anew);
        assert_eq!(world.after(0), (0, Some(10)));
        assert_eq!(world.after(10), (1, Some(10)));
    }

    #[test]
    fn nodes_that_are_excluded_or_gone_do_not_count() {
        let mut world = World::new(&[("a", 2)]);
        world.nodes.get_mut("a1").unwrap().counts = false;
        world.set("a", 1, Readiness::Unknown);
        assert_eq!(
            world.pass(),
            (0, None),
            "of one node that counts none is ready"
        );
        world.nodes.remove("a0");
        world.set("a", 1, Readiness::Unknown);
        assert_eq!(
            world.pass(),
            (0, None),
            "nobody counts, and the limit is as it was"
        );
        assert!(world.nodes["a1"].taints.is_empty());
        assert_eq!(Readiness::Unknown.taint(), Some(UNREACHABLE));
    }

    #[test]
    fn a_turn_that_has_come_is_not_lost_if_the_taint_could_not_be_written() {
        let mut world = World::new(&[("a", 4)]);
        world.set("a", 2, Readiness::Unknown);
        let first = world.zones.pass(&world.nodes, START);
        assert_eq!(first.taint, [("a0".into(), UNREACHABLE)]);
        let again = world.zones.pass(&world.nodes, START);
        assert_eq!(again, first);
    }
}
