//! What kube-apiserver 1.36 answered, sequence by sequence, against a server of ours.

use super::running::Running;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use tollgate_testkit::replay::{Sequence, sequences};

/// The sequences that are known not to pass yet: `name: why`. One that passes must leave the list.
const NOT_YET: &str = include_str!("recorded/not-yet.txt");
const SIDE_BY_SIDE: usize = 4;
/// How many sequences need controllers.
const CONTROLLED: usize = 4;

/// Replays all sequences, the exclusive ones alone: what differs, by name.
fn replay(server: &Running, all: &[Sequence]) -> BTreeMap<String, Vec<String>> {
    let (alone, together): (Vec<&Sequence>, Vec<&Sequence>) =
        all.iter().partition(|sequence| sequence.is_exclusive());
    let queue = Mutex::new(together);
    let failures = Mutex::new(BTreeMap::new());
    let one = |sequence: &Sequence| {
        let found = sequence
            .replay(&server.target)
            .unwrap_or_else(|error| vec![format!("{error:#}")]);
        if !found.is_empty() {
            let name = sequence.name().to_owned();
            failures.lock().unwrap().insert(name, found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some(next) = queue.lock().unwrap().pop() else {
                        return;
                    };
                    one(next);
                }
            });
        }
    });
    alone.into_iter().for_each(one);
    failures.into_inner().unwrap()
}

/// Replays sequences; those that differ must be those that are known to.
fn check(server: &Running, all: &[Sequence]) {
    let failures = replay(server, all);
    let known: BTreeSet<&str> = NOT_YET
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| all.iter().any(|sequence| sequence.name() == *name))
        .collect();
    let fails: BTreeSet<&str> = failures.keys().map(String::as_str).collect();
    let unknown: Vec<String> = fails
        .difference(&known)
        .map(|name| format!("{name}:\n  {}", failures[*name].join("\n  ")))
        .collect();
    assert!(unknown.is_empty(), "differ now:\n{}", unknown.join("\n"));
    let passes: Vec<_> = known.difference(&fails).collect();
    assert!(
        passes.is_empty(),
        "pass, so take them off the list: {passes:?}"
    );
}

fn recorded(is_wanted: impl Fn(&Sequence) -> bool) -> Vec<Sequence> {
    let all = sequences().unwrap().into_iter();
    all.filter(|sequence| is_wanted(sequence)).collect()
}

#[test]
fn answers_are_those_that_were_recorded() {
    let all = recorded(Sequence::is_without_controllers);
    assert_eq!(all.len(), 66);
    let server = Running::start("recorded", &[]);
    check(&server, &all);
}

#[test]
fn answers_are_those_that_were_recorded_beside_controllers() {
    let all = recorded(Sequence::needs_controllers);
    assert_eq!(all.len(), CONTROLLED);
    let server = Running::start("controlled", &["--controllers=*"]);
    check(&server, &all);
}
