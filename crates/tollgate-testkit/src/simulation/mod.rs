//! The life of a whole cluster under a seed: what people do to it and what goes wrong are chosen by the seed, laws are
//! checked after every transaction, and once nothing goes wrong any more everything has to settle.
//!
//! The same seed gives the same life, to the byte.

pub mod day;
mod free;
mod laws;
mod life;
mod mirror;
mod outcome;
mod question;

use crate::cluster::Cluster;
use laws::{Circumstances, Law, Watches};
use life::{Dice, Life};
use mirror::{Change, Mirror};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Release;
use tollgate_controllers::clock::Clock;
use tollgate_controllers::node::{Kubelets, config};
use tollgate_controllers::registry::{self, Settings};
use tollgate_controllers::scheduler::Scheduler;

/// What each simulated node has: little, so that pods have to wait for one another.
const CAPACITY: &str = "cpu=4,memory=6Gi,pods=14,example.com/gpu=2";
/// How long a cluster may take to settle once all is well.
const SETTLING: Duration = Duration::from_mins(10);
/// How many steps it may take for it.
const SETTLING_STEPS_MAX: u64 = 60_000;
/// How often it is looked whether it has settled.
const LOOK: Duration = Duration::from_secs(20);
/// How many steps may be taken without the clock moving.
const STEPS_MAX: u64 = 50_000;
/// How many actions a failure tells of.
const STORY_MAX: usize = 40;

/// How long a life is.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many things people do.
    pub actions: u64,
    /// Of how many nodes the cluster is.
    pub nodes: u32,
    /// A failure tells every change of objects whose places hold this text, such as `pods/alpha/a-`.
    pub trace: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            actions: 90,
            nodes: 3,
            trace: None,
        }
    }
}

/// A law that was broken, and how it came to it.
#[derive(Debug)]
pub struct Failure(pub String);

/// A cluster, and those who watch it.
pub struct Simulation {
    /// The cluster.
    pub cluster: Cluster,
    seed: u64,
    dice: Dice,
    mirror: Mirror,
    laws: Vec<Box<dyn Law>>,
    watches: Watches,
    life: Life,
    trace: Option<String>,
    /// How many steps have been taken.
    pub steps: u64,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// A cluster with every controller, the scheduler and so many nodes.
pub fn whole_cluster(seed: u64, nodes: u32) -> Cluster {
    let controllers = move || {
        let capacity = config::parse_capacity(CAPACITY).expect("a capacity");
        let plans = config::equal_nodes(nodes, capacity).expect("few nodes");
        let release = Release::default();
        let mut controllers = registry::controllers(&Settings {
            root_ca: "simulated".to_owned(),
            ..Settings::default()
        });
        controllers.push(Arc::new(Scheduler::new(release)));
        controllers.push(Arc::new(Kubelets::new(plans, release)));
        controllers
    };
    Cluster::new(seed, Box::new(controllers))
}

impl Simulation {
    /// A cluster that has just begun.
    pub fn new(seed: u64, plan: &Plan) -> Self {
        let cluster = whole_cluster(seed, plan.nodes);
        let mut watches = Watches::default();
        watches.begin(&cluster);
        Self {
            seed,
            dice: Dice(Arc::clone(&cluster.world)),
            mirror: Mirror::new(&*cluster.store),
            laws: laws::all(),
            watches,
            life: Life::new(&cluster),
            cluster,
            trace: plan.trace.clone(),
            steps: 0,
        }
    }

    fn failure(&self, what: &str) -> Failure {
        let (seed, steps) = (self.seed, self.steps);
        let time = self.cluster.world.elapsed_now();
        let mut text = format!(
            "seed {seed}, step {steps}, revision {}, after {time:?}: {what}\nwhat came before:\n",
            self.mirror.revision
        );
        let story = &self.life.story;
        let told_max = if self.trace.is_some() {
            usize::MAX
        } else {
            STORY_MAX
        };
        for told in story.iter().skip(story.len().saturating_sub(told_max)) {
            writeln!(text, "  {told}").expect("a string takes everything");
        }
        Failure(text)
    }

    /// Judges what people have done since the last time.
    pub fn judge(&mut self) -> Result<(), Failure> {
        self.judge_work(None)
    }

    /// Judges what has happened since the last time; `worker` did it.
    fn judge_work(&mut self, worker: Option<&'static str>) -> Result<(), Failure> {
        loop {
            let changes = self.mirror.follow();
            if changes.is_empty() {
                return Ok(());
            }
            self.note(&changes);
            let circumstances = Circumstances {
                lost: self.cluster.faults.answers_lost(),
                worker,
                known: self.cluster.cache(),
                now: Clock::now(&*self.cluster.world),
            };
            let mut judged = Ok(());
            for law in &mut self.laws {
                judged = judged.and_then(|()| law.judge(&self.mirror, &changes, circumstances));
            }
            judged.map_err(|broken| self.failure(&broken))?;
        }
    }

    /// Writes down what is traced.
    fn note(&mut self, changes: &[Change]) {
        let Some(trace) = &self.trace else {
            return;
        };
        for change in changes
            .iter()
            .filter(|change| change.key.as_str().contains(trace))
        {
            let object = change.new.as_deref().map(ToString::to_string);
            let (revision, lost) = (self.mirror.revision, self.cluster.faults.answers_lost());
            let object = object.unwrap_or_else(|| "gone".to_owned());
            let told = format!("revision {revision} ({lost} lost) {} {object}", change.key);
            self.life.story.push(told);
        }
    }

    fn step(&mut self) -> Result<bool, Failure> {
        let is_taken = self.cluster.step();
        self.steps += u64::from(is_taken);
        self.judge_work(self.cluster.worker())?;
        Ok(is_taken)
    }

    /// Takes steps until the clock has to move, or so many.
    fn settle(&mut self, steps_max: u64) -> Result<(), Failure> {
        for _ in 0..steps_max {
            if !self.step()? {
                return Ok(());
            }
        }
        if steps_max == STEPS_MAX {
            return Err(self.failure("there is no end to what is to be done at one moment"));
        }
        Ok(())
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) -> Result<(), Failure> {
        let end = self.cluster.world.elapsed_now() + time;
        loop {
            self.settle(STEPS_MAX)?;
            let due = self.cluster.next_due().filter(|due| *due <= end);
            self.cluster.world.move_to(due.unwrap_or(end));
            if due.is_none() {
                return self.settle(STEPS_MAX);
            }
        }
    }

    /// Begins: nodes register, namespaces are made.
    pub fn begin(&mut self) -> Result<(), Failure> {
        self.settle(STEPS_MAX)?;
        Life::begin(&self.cluster);
        self.advance(Duration::from_secs(1))
    }

    /// Lives: people do things, things go wrong.
    pub fn live(&mut self, actions: u64) -> Result<(), Failure> {
        // Every fourth cluster meets nothing but what people do.
        if !self.seed.is_multiple_of(4) {
            let (refused, lost) = (self.dice.below(200), self.dice.below(60));
            self.cluster.faults.set(refused, lost, self.dice.below(40));
        }
        for _ in 0..actions {
            let acted = self.life.act(&self.cluster, &self.mirror);
            self.judge()?;
            acted.map_err(|wrong| self.failure(&wrong))?;
            match self.dice.below(10) {
                0..=4 => self.settle(self.dice.below(40))?,
                5..=7 => self.settle(STEPS_MAX)?,
                8 => self.advance(Duration::from_millis(self.dice.below(20_000)))?,
                _ => self.advance(Duration::from_millis(self.dice.below(90_000)))?,
            }
            self.interfere();
            self.judge()?;
            if self.dice.percent(10) {
                self.compare()?;
            }
        }
        self.compare()
    }

    /// What goes wrong with processes and clocks.
    fn interfere(&mut self) {
        match self.dice.below(100) {
            0 | 1 => {
                self.cluster.restart_controllers();
                self.life.story.push("controllers began anew".to_owned());
            }
            2 => {
                self.cluster.restart();
                self.watches.begin(&self.cluster);
                self.life.story.push("the server began anew".to_owned());
            }
            3 => {
                let forth = i64::try_from(self.dice.below(3000)).unwrap_or_default();
                let seconds = if self.dice.percent(50) {
                    forth
                } else {
                    -(forth % 30)
                };
                self.cluster.world.jump(seconds);
                self.life
                    .story
                    .push(format!("the clock jumped {seconds} s"));
            }
            _ => {}
        }
    }

    fn compare(&mut self) -> Result<(), Failure> {
        let compared = self.watches.judge(&self.cluster, &self.mirror);
        compared.map_err(|broken| self.failure(&broken))
    }

    /// Lets all be well, and waits until the cluster has settled.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.cluster.faults.stop();
        // Nodes that were deleted come back with their kubelets.
        self.cluster.restart_controllers();
        self.settle(STEPS_MAX)?;
        self.life.end(&self.cluster, &self.mirror);
        let (end, first) = (self.cluster.world.elapsed_now() + SETTLING, self.steps);
        loop {
            self.advance(LOOK)?;
            let open = outcome::unsettled(&self.mirror);
            if open.is_empty() {
                break;
            }
            if self.cluster.world.elapsed_now() >= end {
                return Err(self.failure(&format!("has not settled: {}", open.join("\n  "))));
            }
        }
        if self.steps - first > SETTLING_STEPS_MAX {
            let steps = self.steps - first;
            return Err(self.failure(&format!("took {steps} steps to settle")));
        }
        self.compare()
    }

    /// Asks whether what was refused would be refused still.
    pub fn question(&mut self) -> Result<(), Failure> {
        let end = self.cluster.world.elapsed_now() + SETTLING;
        loop {
            let lies = question::untrue_refusals(&self.cluster, &self.mirror);
            self.judge()?;
            let is_late = self.cluster.world.elapsed_now() >= end;
            let told = lies.iter().filter(|lie| is_late || !lie.may_wait);
            let told: Vec<&str> = told.map(|lie| lie.text.as_str()).collect();
            if !told.is_empty() {
                return Err(self.failure(&told.join("\n  ")));
            }
            if lies.is_empty() {
                return Ok(());
            }
            self.advance(LOOK)?;
        }
    }

    /// How often people did what, and how often they were refused.
    pub fn done(&self) -> &BTreeMap<&'static str, (u64, u64)> {
        &self.life.done
    }

    /// A checksum of everything that is stored.
    pub fn checksum(&self) -> u64 {
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        let mut take = |bytes: &[u8]| {
            for byte in bytes {
                sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for (key, record) in self.cluster.store.snapshot().range("") {
            take(key.as_str().as_bytes());
            take(&record.revision.to_le_bytes());
            take(&record.value);
        }
        sum
    }
}

/// Lives a whole life.
pub fn live(seed: u64, plan: &Plan) -> Result<Simulation, Failure> {
    let mut simulation = Simulation::new(seed, plan);
    simulation.begin()?;
    simulation.live(plan.actions)?;
    simulation.end()?;
    simulation.question()?;
    Ok(simulation)
}
