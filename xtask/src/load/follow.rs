//! Follows the pods of a namespace as client-go's reflector does: a watch, another one from where it ended, and all anew if
//! the server does not remember that any more.

use super::now;
use anyhow::{Context as _, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tollgate_testkit::client::{Connection, Request, Target, Who};

/// How far a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Created,
    Scheduled,
    Running,
    Deleted,
}

const STAGES: [Stage; 4] = [
    Stage::Created,
    Stage::Scheduled,
    Stage::Running,
    Stage::Deleted,
];

/// A watch of pods, begun anew whenever it ends.
#[derive(Debug)]
pub(super) struct Follower<'t> {
    target: &'t Target,
    path: String,
    pods: usize,
    lines: Lines,
    /// How new what was told last is.
    revision: String,
    /// What has been told of a list that is under way; none if there is none.
    listed: Option<BTreeSet<String>>,
    stages: BTreeMap<String, Stage>,
    /// How many pods have come how far.
    pub(super) counts: BTreeMap<Stage, usize>,
    /// When all pods had come so far.
    pub(super) reached: BTreeMap<Stage, Duration>,
    /// How many events were told.
    pub(super) events: usize,
    /// How often a watch ended.
    ended: usize,
    /// How often all was told anew.
    relisted: usize,
}

/// A watch, line by line.
#[derive(Debug)]
struct Lines {
    connection: Connection,
    rest: Vec<u8>,
}

impl Lines {
    fn begin(target: &Target, path: &str) -> Result<Self> {
        let mut connection = target.connect(Who::Admin)?;
        connection.write(&Request::new("GET", path))?;
        let answer = connection.read_head()?;
        if answer.status != 200 {
            bail!("the watch was answered with {}", answer.status);
        }
        Ok(Self {
            connection,
            rest: Vec::new(),
        })
    }

    /// The whole lines that have come; none if the watch has ended.
    fn read(&mut self) -> Result<Option<String>> {
        loop {
            let Some(chunk) = self.connection.chunk()? else {
                return Ok(None);
            };
            self.rest.extend_from_slice(&chunk);
            if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let later = self.rest.split_off(end.saturating_add(1));
                let lines = std::mem::replace(&mut self.rest, later);
                return Ok(Some(String::from_utf8(lines)?));
            }
        }
    }
}

/// A watch that begins with what is there.
fn list_path(path: &str) -> String {
    format!(
        "{path}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    )
}

/// The text that stands behind a key. It is searched, not parsed: on the same cores the client is to cost little.
fn text<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(key)?;
    rest.split('"').next()
}

impl<'t> Follower<'t> {
    /// Begins to follow so many pods.
    pub(super) fn begin(target: &'t Target, path: String, pods: usize) -> Result<Self> {
        Ok(Self {
            lines: Lines::begin(target, &list_path(&path))?,
            target,
            path,
            pods,
            revision: String::new(),
            listed: Some(BTreeSet::new()),
            stages: BTreeMap::new(),
            counts: BTreeMap::new(),
            reached: BTreeMap::new(),
            events: 0,
            ended: 0,
            relisted: 0,
        })
    }

    /// Reads what has come, and takes it in.
    pub(super) fn read(&mut self, began: Instant) -> Result<()> {
        let Some(lines) = self.lines.read()? else {
            return self.resume();
        };
        let elapsed = now().duration_since(began);
        for line in lines.lines() {
            if line.starts_with(r#"{"type":"ERROR""#) {
                return self.relist(line);
            }
            self.take(line, elapsed)?;
        }
        Ok(())
    }

    /// Goes on from where a watch ended; one that ended while it listed lists again.
    fn resume(&mut self) -> Result<()> {
        self.ended = self.ended.saturating_add(1);
        if self.listed.is_some() || self.revision.is_empty() {
            return self.relist("");
        }
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&resourceVersion={}",
            self.path, self.revision
        );
        self.lines = Lines::begin(self.target, &path)?;
        Ok(())
    }

    /// Begins anew: the server does not know any more what happened since.
    fn relist(&mut self, why: &str) -> Result<()> {
        if !why.is_empty() && !why.contains(r#""code":410"#) {
            bail!("the watch has failed: {why}");
        }
        self.relisted = self.relisted.saturating_add(1);
        self.listed = Some(BTreeSet::new());
        self.lines = Lines::begin(self.target, &list_path(&self.path))?;
        Ok(())
    }

    fn take(&mut self, line: &str, elapsed: Duration) -> Result<()> {
        let (_, object) = line.split_once(r#""metadata":{"#).unwrap_or_default();
        if let Some(revision) = text(object, r#""resourceVersion":""#) {
            revision.clone_into(&mut self.revision);
        }
        if line.starts_with(r#"{"type":"BOOKMARK""#) {
            if line.contains("k8s.io/initial-events-end") {
                self.end_list(elapsed);
            }
            return Ok(());
        }
        self.events = self.events.saturating_add(1);
        let name = text(object, r#""name":""#);
        let name = name.with_context(|| format!("no event about a pod: {line}"))?;
        let stage = if line.starts_with(r#"{"type":"DELETED""#) {
            Stage::Deleted
        } else if line.contains(r#""phase":"Running""#) {
            Stage::Running
        } else if line.contains(r#""nodeName":""#) {
            Stage::Scheduled
        } else {
            Stage::Created
        };
        if let Some(listed) = &mut self.listed {
            listed.insert(name.to_owned());
        }
        self.reach(name, stage, elapsed);
        Ok(())
    }

    /// What is known and was not listed is gone.
    fn end_list(&mut self, elapsed: Duration) {
        let listed = self.listed.take().unwrap_or_default();
        let known = self.stages.keys().filter(|name| !listed.contains(*name));
        let gone: Vec<String> = known.cloned().collect();
        for name in gone {
            self.reach(&name, Stage::Deleted, elapsed);
        }
    }

    fn reach(&mut self, name: &str, stage: Stage, elapsed: Duration) {
        let before = self.stages.insert(name.to_owned(), stage);
        for reached in STAGES {
            let is_new = before.is_none_or(|before| before < reached) && reached <= stage;
            if !is_new {
                continue;
            }
            let count = self.counts.entry(reached).or_default();
            *count = count.saturating_add(1);
            if *count == self.pods {
                self.reached.insert(reached, elapsed);
            }
        }
    }

    /// What the watch has been through.
    pub(super) fn story(&self) -> String {
        let (events, ended, relisted) = (self.events, self.ended, self.relisted);
        format!(
            "{events} events watched, the watch ended {ended} times, all was told anew {relisted} times"
        )
    }
}
