//! What is in a directory: at most one image that counts, and the logs that go on from it without a gap.

use super::block::ReadError;
use super::disk::{Disk, Stream};
use super::{OpenError, TEMPORARY, image, log};
use crate::storage::{Revision, Snapshot};
use std::io;

/// The state in a directory.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) state: Snapshot,
    /// The log that is to be gone on with; none if the directory is empty.
    pub(super) last: Option<Last>,
    /// How long the image is.
    pub(super) image_bytes: u64,
    /// Files that do not count any more.
    pub(super) stale: Vec<String>,
}

/// The newest log.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) name: String,
    pub(super) end: log::End,
}

/// The name of the image of the state at a revision.
pub(super) fn image_name(revision: Revision) -> String {
    format!("state-{revision:020}")
}

fn revision_of(name: &str, kind: &str) -> Option<Revision> {
    name.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()
}

/// Reads a directory without changing anything in it.
pub(super) fn recover(disk: &dyn Disk) -> Result<Recovered, OpenError> {
    let names = disk
        .names()
        .map_err(OpenError::step("list the files of", "the data directory"))?;
    let mut stale: Vec<String> = names
        .iter()
        .filter(|name| name.ends_with(TEMPORARY))
        .cloned()
        .collect();
    let mut images = Vec::new();
    let mut logs = Vec::new();
    for name in names {
        if let Some(revision) = revision_of(&name, "state") {
            images.push((revision, name));
        } else if let Some(revision) = revision_of(&name, "log") {
            logs.push((revision, name));
        }
    }
    images.sort();
    logs.sort();
    let mut recovered = Recovered {
        state: Snapshot::default(),
        last: None,
        image_bytes: 0,
        stale: Vec::new(),
    };
    let image = images.pop();
    if let Some((revision, name)) = &image {
        (recovered.state, recovered.image_bytes) = load(disk, name)?;
        if recovered.state.revision != *revision {
            return Err(OpenError::corrupt(
                name,
                0,
                "it holds another revision than its name says",
            ));
        }
    }
    let base = recovered.state.revision;
    let fresh = logs.split_off(logs.partition_point(|(revision, _)| *revision < base));
    stale.extend(logs.into_iter().chain(images).map(|(_, name)| name));
    match fresh.first() {
        Some((first, name)) if *first != base => {
            return Err(OpenError::missing(name, base));
        }
        None if image.is_some() || !stale.iter().all(|name| name.ends_with(TEMPORARY)) => {
            return Err(OpenError::missing(&log::name(base), base));
        }
        _ => {}
    }
    recovered.stale = stale;
    follow(disk, fresh, &mut recovered)?;
    Ok(recovered)
}

fn load(disk: &dyn Disk, name: &str) -> Result<(Snapshot, u64), OpenError> {
    let mut file = disk.open(name).map_err(OpenError::step("open", name))?;
    let length = file.len().map_err(OpenError::step("read", name))?;
    let state = image::read(Stream::new(&mut *file, 0))
        .map_err(|error| OpenError::from_read(error, name))?;
    Ok((state, length))
}

fn follow(
    disk: &dyn Disk,
    logs: Vec<(Revision, String)>,
    recovered: &mut Recovered,
) -> Result<(), OpenError> {
    let mut logs = logs.into_iter().peekable();
    while let Some((_, name)) = logs.next() {
        let mut file = disk.open(&name).map_err(OpenError::step("open", &name))?;
        let end = log::replay(&mut *file, &mut recovered.state)
            .map_err(|error| OpenError::from_read(error, &name))?;
        // The next log was begun when all of this one was durable.
        let reached = recovered.state.revision;
        match logs.peek() {
            Some((base, next)) if *base != reached => {
                let what = format!(
                    "its blocks end with revision {reached}, but `{next}` goes on after {base}"
                );
                return Err(OpenError::corrupt(&name, end.offset, &what));
            }
            None if end.is_turned_over => return Err(OpenError::missing(&name, reached)),
            _ => {}
        }
        recovered.last = Some(Last { name, end });
    }
    Ok(())
}

/// Removes what does not count and cuts off what was being written, then returns the log to go on with.
pub(super) fn repair(disk: &dyn Disk, recovered: &Recovered) -> Result<log::Log, OpenError> {
    for name in &recovered.stale {
        match disk.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::step("remove", name)(error));
            }
            _ => {}
        }
    }
    let Some(Last { name, end }) = &recovered.last else {
        let base = recovered.state.revision;
        return log::Log::create(disk, base).map_err(OpenError::step("create", &log::name(base)));
    };
    let mut file = disk.open(name).map_err(OpenError::step("open", name))?;
    if end.is_cut {
        file.set_len(end.offset)
            .and_then(|()| file.sync())
            .map_err(OpenError::step("cut off the end of", name))?;
    }
    Ok(log::Log::resume(file, end.salt, end.offset))
}

impl OpenError {
    fn from_read(error: ReadError, file: &str) -> Self {
        match error {
            ReadError::Io(error) => Self::step("read", file)(error),
            ReadError::Foreign => Self::Foreign {
                file: file.to_owned(),
            },
            ReadError::Version(found) => Self::Version {
                file: file.to_owned(),
                found,
                known: super::block::VERSION,
            },
            ReadError::Damaged { offset, what } => Self::corrupt(file, offset, &what),
        }
    }
}
