//! The lives of clusters under seeds.
//!
//! `TOLLGATE_SEED` replays one, with `TOLLGATE_SEEDS` so many from there on; `TOLLGATE_TRACE` adds every change of objects
//! whose places hold that text to a failure; `TOLLGATE_HOURS` is how long a day is.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test ends by panics and tells what it saw"
)]

use std::time::Duration;
use tollgate_testkit::simulation::{Failure, Plan, Simulation, day, live};

/// How many new seeds are lived if nobody says.
const SEEDS: u64 = 2;
/// Seeds that once failed.
const FAILED: &str = include_str!("../data/seeds.txt");
/// How many steps a quiet cluster of three nodes may take in an hour: a lease every ten seconds takes three of them.
const QUIET_STEPS_MAX: u64 = 6_000;
/// How long a day is if nobody says: as much as passes in a few seconds without optimization.
const HOURS: u64 = 3;

/// The only place that reads the environment.
fn text(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

fn number(name: &str) -> Option<u64> {
    let number = text(name)?.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a number")))
}

fn plan() -> Plan {
    Plan {
        trace: text("TOLLGATE_TRACE"),
        ..Plan::default()
    }
}

fn lived(seed: u64, plan: &Plan) -> Simulation {
    live(seed, plan).unwrap_or_else(|Failure(text)| panic!("{text}"))
}

fn failed_once() -> impl Iterator<Item = u64> {
    let lines = FAILED.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn whatever_happens_laws_hold_and_all_settles() {
    let seeds: Vec<u64> = match (number("TOLLGATE_SEED"), number("TOLLGATE_SEEDS")) {
        (Some(first), count) => (first..first + count.unwrap_or(1)).collect(),
        (None, count) => (0..count.unwrap_or(SEEDS)).chain(failed_once()).collect(),
    };
    let mut failures = Vec::new();
    for seed in seeds {
        if let Err(Failure(text)) = live(seed, &plan()) {
            println!("{text}");
            failures.push(seed);
        }
    }
    assert!(
        failures.is_empty(),
        "seeds failed: {failures:?}; replay one with TOLLGATE_SEED"
    );
}

#[test]
fn a_cluster_that_is_left_alone_does_next_to_nothing() {
    let mut simulation = lived(2, &plan());
    let before = simulation.steps;
    if let Err(Failure(text)) = simulation.advance(Duration::from_hours(1)) {
        panic!("{text}");
    }
    let steps = simulation.steps - before;
    assert!(steps < QUIET_STEPS_MAX, "{steps} steps");
}

#[test]
fn people_are_not_refused_most_of_what_they_do() {
    let (mut done, mut refused) = (0, 0);
    let plan = Plan {
        actions: 60,
        ..plan()
    };
    for (action, (times, refusals)) in lived(4, &plan).done() {
        println!("{action}: {times}, refused {refusals}");
        done += times;
        refused += refusals;
    }
    assert!(done > 40 && refused * 2 < done, "{refused} of {done}");
}

#[test]
fn the_same_seed_gives_the_same_life() {
    let plan = Plan {
        actions: 40,
        ..plan()
    };
    let sum = || {
        let lived = lived(5, &plan);
        (lived.steps, lived.checksum())
    };
    assert_eq!(sum(), sum());
}

#[test]
fn a_day_of_cluster_life() {
    let hours = number("TOLLGATE_HOURS").unwrap_or(HOURS).max(3);
    let evening = day::live(1, hours).unwrap_or_else(|Failure(text)| panic!("{text}"));
    println!("{hours} hours: {evening:?}");
    // Three that are kept or one less while the next runs, one that failed, those that have not outlived themselves.
    assert!((2..=4).contains(&evening.jobs.0), "{evening:?}");
    assert!(evening.jobs.1 <= 4, "{evening:?}");
    // Every five minutes once the wait has grown, from the moment on at which the node went away.
    assert!((20..=15 * 24).contains(&evening.restarts), "{evening:?}");
    assert_eq!(evening.ready, 4, "{evening:?}");
    assert!(evening.objects < 100, "{evening:?}");
}
