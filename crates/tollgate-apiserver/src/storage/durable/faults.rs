//! A disk in memory that loses power when it is told to, and then forgets what was not synced: all of it, some of it,
//! or pieces of it in any order. It can also be full, or refuse a sync.

use super::disk::{Disk, DiskFile};
use super::{DurableStore, OpenError, Options};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is written in one piece or not at all.
const SECTOR: u64 = 512;

/// Random numbers from a seed, one as good as another.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Dice(pub(in crate::storage) u64);

impl Dice {
    pub(in crate::storage) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

#[derive(Debug, Clone)]
enum Change {
    Bytes { offset: u64, bytes: Vec<u8> },
    Length(u64),
}

#[derive(Debug, Clone, Default)]
struct Content {
    durable: Vec<u8>,
    seen: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Naming {
    Named(String, usize),
    Renamed(String, String),
    Removed(String),
}

#[derive(Debug, Clone, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Naming>,
    salts: u64,
    /// Changes and syncs so far.
    steps: u64,
    /// The step at which the power goes.
    power_until: Option<u64>,
    /// Bytes that the disk has.
    capacity: Option<u64>,
    refuse_syncs: bool,
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

fn change(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => bytes.resize(place(*length), 0),
        Change::Bytes {
            offset,
            bytes: written,
        } => {
            let end = place(*offset) + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[place(*offset)..end].copy_from_slice(written);
        }
    }
}

fn rename(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Named(name, file) => {
            names.insert(name.clone(), *file);
        }
        Naming::Renamed(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Naming::Removed(name) => {
            names.remove(name);
        }
    }
}

impl State {
    /// Counts a step; fails if there is no power for it.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        if self.power_until.is_some_and(|last| self.steps > last) {
            return Err(io::Error::other("there is no power"));
        }
        Ok(())
    }

    fn used(&self) -> u64 {
        self.names
            .values()
            .map(|file| self.files[*file].seen.len() as u64)
            .sum()
    }
}

/// The disk.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct FaultyDisk(Arc<Mutex<State>>);

impl FaultyDisk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many changes and syncs there were.
    pub(super) fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// Takes the power away after so many more steps.
    pub(super) fn cut_power_after(&self, steps: u64) {
        let mut state = self.lock();
        state.power_until = Some(state.steps + steps);
    }

    /// Whether the power is gone.
    pub(super) fn is_dead(&self) -> bool {
        let state = self.lock();
        state.power_until.is_some_and(|last| state.steps > last)
    }

    /// Leaves so much space beside what is used.
    pub(super) fn leave_space(&self, bytes: Option<u64>) {
        let mut state = self.lock();
        state.capacity = bytes.map(|bytes| state.used() + bytes);
    }

    /// Lets every sync of a file fail, or none.
    pub(super) fn refuse_syncs(&self, refuse: bool) {
        self.lock().refuse_syncs = refuse;
    }

    /// What is on the disk when the power is back.
    pub(super) fn reboot(&self, dice: &mut Dice) -> Self {
        let mut state = self.lock().clone();
        // Of what was not synced there is nothing, everything, or something.
        let luck = dice.roll(4);
        let kept = |dice: &mut Dice| luck == 1 || (luck > 1 && dice.roll(2) == 0);
        for file in &mut state.files {
            let mut bytes = std::mem::take(&mut file.durable);
            for unsynced in std::mem::take(&mut file.unsynced) {
                match unsynced {
                    Change::Length(_) if kept(dice) => change(&mut bytes, &unsynced),
                    Change::Length(_) => {}
                    Change::Bytes {
                        offset,
                        bytes: written,
                    } => {
                        let mut at = 0;
                        while at < written.len() {
                            let sector = offset + at as u64;
                            let length = place(SECTOR - sector % SECTOR).min(written.len() - at);
                            if kept(dice) {
                                let bytes_of_sector = written[at..at + length].to_vec();
                                change(
                                    &mut bytes,
                                    &Change::Bytes {
                                        offset: sector,
                                        bytes: bytes_of_sector,
                                    },
                                );
                            }
                            at += length;
                        }
                    }
                }
            }
            file.seen.clone_from(&bytes);
            file.durable = bytes;
        }
        let mut names = state.durable_names.clone();
        for naming in std::mem::take(&mut state.unsynced_names) {
            if kept(dice) {
                rename(&mut names, &naming);
            }
        }
        state.durable_names.clone_from(&names);
        state.names = names;
        state.power_until = None;
        Self(Arc::new(Mutex::new(state)))
    }

    /// The bytes of all files.
    pub(super) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.lock();
        let content =
            |(name, file): (&String, &usize)| (name.clone(), state.files[*file].seen.clone());
        state.names.iter().map(content).collect()
    }

    /// A disk with these files.
    pub(super) fn with(contents: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut state = State::default();
        for (name, bytes) in contents {
            state.names.insert(name.clone(), state.files.len());
            state.files.push(Content {
                durable: bytes.clone(),
                seen: bytes.clone(),
                unsynced: Vec::new(),
            });
        }
        state.durable_names.clone_from(&state.names);
        Self(Arc::new(Mutex::new(state)))
    }

    /// Opens a store on this disk that marks the end of its log after each batch.
    pub(in crate::storage) fn open(&self, options: Options) -> Result<DurableStore, OpenError> {
        DurableStore::open_on(Arc::new(self.clone()), options, Duration::ZERO)
    }
}

impl Disk for FaultyDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.lock();
        state.step()?;
        let file = state.files.len();
        state.files.push(Content::default());
        let naming = Naming::Named(name.to_owned(), file);
        rename(&mut state.names, &naming);
        state.unsynced_names.push(naming);
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            file,
        }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = *self.lock().names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            file,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        let stepped = state.step();
        let naming = Naming::Renamed(from.to_owned(), to.to_owned());
        rename(&mut state.names, &naming);
        state.unsynced_names.push(naming);
        stepped
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        let naming = Naming::Removed(name.to_owned());
        rename(&mut state.names, &naming);
        state.unsynced_names.push(naming);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.step()?;
        state.unsynced_names.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn salt(&self) -> io::Result<u64> {
        let mut state = self.lock();
        state.salts += 1;
        Ok(Dice(state.salts).roll(u64::MAX))
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    file: usize,
}

impl FaultyFile {
    fn change(&self, changed: Change) {
        let content = &mut self.disk.lock().files[self.file];
        change(&mut content.seen, &changed);
        content.unsynced.push(changed);
    }
}

impl DiskFile for FaultyFile {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.disk.lock().files[self.file].seen.len() as u64)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.lock();
        let bytes = state.files[self.file]
            .seen
            .get(place(offset)..)
            .unwrap_or_default();
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (alive, space) = {
            let mut state = self.disk.lock();
            let alive = state.power_until.is_none_or(|last| state.steps <= last);
            let length = state.files[self.file].seen.len() as u64;
            let free = state
                .capacity
                .map(|capacity| capacity.saturating_sub(state.used()));
            let space = free.map_or(u64::MAX, |free| (length + free).saturating_sub(offset));
            // The power may go while bytes are being written: then it is as if they were written and not synced.
            (alive.then(|| state.step()), space)
        };
        let Some(stepped) = alive else {
            return Err(io::Error::other("there is no power"));
        };
        let fitting = bytes
            .len()
            .min(usize::try_from(space).unwrap_or(usize::MAX));
        self.change(Change::Bytes {
            offset,
            bytes: bytes[..fitting].to_vec(),
        });
        if fitting < bytes.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        stepped
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.disk.lock().step()?;
        self.change(Change::Length(length));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.step()?;
        if state.refuse_syncs {
            return Err(io::Error::other("the disk does not answer"));
        }
        let content = &mut state.files[self.file];
        content.durable = content.seen.clone();
        content.unsynced.clear();
        Ok(())
    }
}
