//! The lives of clusters under seeds. `TOLLGATE_SEED` replays one, `TOLLGATE_SEEDS` lives so many; seeds that once failed
//! are in `simulation/seeds.txt`.

use tollgate_testkit::simulation::{Failure, Plan, live};

/// How many seeds are lived if nobody says.
const SEEDS: u64 = 8;

/// The only place that reads the environment.
fn text(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

fn number(name: &str) -> Option<u64> {
    let number = text(name)?.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Lives these and tells of every failure.
fn live_all(seeds: impl Iterator<Item = u64>) {
    let mut failures = Vec::new();
    for seed in seeds {
        let plan = Plan {
            trace: text("TOLLGATE_TRACE"),
            ..Plan::default()
        };
        if let Err(Failure(text)) = live(seed, &plan) {
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
fn whatever_happens_laws_hold_and_all_settles() {
    let seeds = match number("TOLLGATE_SEED") {
        Some(seed) => seed..seed + number("TOLLGATE_SEEDS").unwrap_or(1),
        None => 0..number("TOLLGATE_SEEDS").unwrap_or(SEEDS),
    };
    live_all(seeds);
}
