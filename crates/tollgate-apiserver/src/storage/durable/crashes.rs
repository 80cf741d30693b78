//! What is left after losses of power, damage, and disks that are full or fail.

use super::faults::{Dice, FaultyDisk};
use super::{DurableStore, OpenError, Options, recover};
use crate::storage::{Key, Receipt, Revision, Snapshot, Store, StoreError, Write};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Logs so short that images are made all the time.
fn options() -> Options {
    Options {
        log_bytes_min: 2000,
        ..Options::default()
    }
}

type Model = BTreeMap<String, Vec<u8>>;

fn contents(state: &Snapshot) -> Model {
    let content = |(key, record): (&Key, &std::sync::Arc<crate::storage::Record>)| {
        (key.to_string(), record.value.to_vec())
    };
    state.range("").map(content).collect()
}

/// A client that knows what the state is after each revision, and which ones it was promised.
#[derive(Debug, Clone, Default)]
struct Client {
    states: Vec<Model>,
    promised: Revision,
    written: u8,
}

impl Client {
    fn new() -> Self {
        Self {
            states: vec![Model::new()],
            ..Self::default()
        }
    }

    /// Writes something that changes the state, without waiting.
    fn write(&mut self, store: &DurableStore, dice: &mut Dice) -> Result<Receipt, StoreError> {
        self.written = self.written.wrapping_add(1);
        let filler = self.written;
        let mut next = Model::new();
        let receipt = store.transact(&mut |state| {
            next = contents(state);
            let mut writes = Vec::new();
            for _ in 0..=dice.roll(3) {
                let name = format!("/pods/shop/web-{}", dice.roll(12));
                let key = Key::from_text(name.as_str());
                if dice.roll(3) == 0 && next.remove(&name).is_some() {
                    writes.push(Write::Delete { key });
                } else {
                    let value = vec![filler; 1 + usize::try_from(dice.roll(900)).unwrap()];
                    next.insert(name, value.clone());
                    let value = Bytes::from(value);
                    writes.push(Write::Put { key, value });
                }
            }
            writes
        })?;
        // A batch that failed has taken back what nobody was promised.
        let revision = usize::try_from(receipt.revision()).unwrap();
        assert!(receipt.revision() > self.promised && revision <= self.states.len());
        self.states.truncate(revision);
        self.states.push(next);
        Ok(receipt)
    }

    /// Works until there is an error or enough was done.
    fn work(&mut self, store: &DurableStore, dice: &mut Dice) -> Result<(), StoreError> {
        for _ in 0..12 {
            let batch = 1 + dice.roll(4);
            let receipts: Vec<_> = (0..batch).map(|_| self.write(store, dice)).collect();
            // All of them are waited for: after one that failed, another may have been written.
            let wait = |receipt: Result<Receipt, StoreError>| receipt.and_then(Receipt::wait);
            for promised in receipts.into_iter().map(wait).collect::<Vec<_>>() {
                self.promised = promised?;
            }
        }
        Ok(())
    }

    /// Nothing that was promised is missing and nothing is there that never was. Goes on from what is there.
    fn check(&mut self, state: &Snapshot) {
        let revision = state.revision();
        assert!(
            revision >= self.promised,
            "{} was promised, {revision} is there",
            self.promised
        );
        assert_eq!(
            contents(state),
            self.states[usize::try_from(revision).unwrap()]
        );
        self.states.truncate(usize::try_from(revision).unwrap() + 1);
        self.promised = revision;
    }
}

#[test]
fn nothing_promised_is_lost_wherever_the_power_goes() {
    let mut cuts = 0;
    for seed in 0..8 {
        for first_cut in 0.. {
            let mut dice = Dice(seed);
            let mut disk = FaultyDisk::default();
            let mut client = Client::new();
            let mut is_through = false;
            // The second and third losses meet what recovery has made of the first.
            for cut in [first_cut, dice.roll(60), dice.roll(60)] {
                disk.cut_power_after(cut);
                if let Ok(store) = disk.open(options()) {
                    client.check(&store.snapshot());
                    let worked = client.work(&store, &mut dice);
                    drop(store);
                    assert!(worked.is_ok() || disk.is_dead(), "{worked:?}");
                    is_through |= cut == first_cut && !disk.is_dead();
                }
                cuts += u64::from(disk.is_dead());
                disk = disk.reboot(&mut dice);
            }
            let store = disk.open(options()).unwrap();
            client.check(&store.snapshot());
            if is_through {
                break;
            }
        }
    }
    assert!(cuts > 500, "{cuts}");
}

#[test]
fn any_damaged_byte_is_noticed_or_harmless() {
    let disk = FaultyDisk::default();
    let mut dice = Dice(7);
    let mut client = Client::new();
    let options = Options {
        log_bytes_min: 8000,
        ..Options::default()
    };
    let store = disk.open(options).unwrap();
    while !disk
        .contents()
        .keys()
        .any(|name| name.starts_with("state-"))
    {
        client.work(&store, &mut dice).unwrap();
    }
    drop(store);
    let files = disk.contents();
    let logs = files.keys().filter(|name| name.starts_with("log-")).count();
    let mut noticed = 0;
    for (name, bytes) in &files {
        for at in 0..bytes.len() {
            let mut damaged = files.clone();
            damaged.get_mut(name).unwrap()[at] ^= 1 << dice.roll(8);
            match recover::recover(&FaultyDisk::with(&damaged)) {
                Ok(recovered) => client.clone().check(&recovered.state),
                Err(
                    OpenError::Corrupt { file, .. }
                    | OpenError::Foreign { file }
                    | OpenError::Version { file, .. },
                ) => {
                    assert_eq!(&file, name);
                    noticed += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    // Only the marks at the ends of logs do not matter.
    let all: usize = files.values().map(Vec::len).sum();
    assert_eq!(all - noticed, logs * super::block::BlockHeader::BYTES);
}

#[test]
fn a_file_that_is_missing_is_missed() {
    let disk = FaultyDisk::default();
    let store = disk.open(options()).unwrap();
    Client::new().work(&store, &mut Dice(3)).unwrap();
    drop(store);
    let files = disk.contents();
    for name in files.keys() {
        let mut fewer = files.clone();
        fewer.remove(name);
        let error = recover::recover(&FaultyDisk::with(&fewer)).unwrap_err();
        assert!(
            matches!(error, OpenError::Missing { .. } | OpenError::Corrupt { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_full_disk_refuses_writes_and_takes_them_again_when_there_is_space() {
    let disk = FaultyDisk::default();
    let mut dice = Dice(5);
    let mut client = Client::new();
    let store = disk.open(options()).unwrap();
    for space in [0, 10, 700, 3000] {
        disk.leave_space(Some(space));
        let error = loop {
            if let Err(error) = client.work(&store, &mut dice) {
                break error;
            }
        };
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        client.check(&store.snapshot());
        disk.leave_space(None);
        client.work(&store, &mut dice).unwrap();
    }
    drop(store);
    client.check(&disk.open(options()).unwrap().snapshot());
}

#[test]
fn a_sync_that_fails_breaks_the_store_but_not_its_readers() {
    let disk = FaultyDisk::default();
    let mut dice = Dice(6);
    let mut client = Client::new();
    let store = disk.open(options()).unwrap();
    client.work(&store, &mut dice).unwrap();
    disk.refuse_syncs(true);
    let error = client.work(&store, &mut dice).unwrap_err();
    assert!(matches!(error, StoreError::Broken(_)), "{error}");
    disk.refuse_syncs(false);
    let again = client.write(&store, &mut dice).unwrap_err();
    assert_eq!(again, error);
    client.check(&store.snapshot());
    drop(store);
    client.check(&disk.open(options()).unwrap().snapshot());
}

#[test]
fn opening_a_store_and_closing_it_changes_nothing() {
    let disk = FaultyDisk::default();
    let mut client = Client::new();
    let store = disk.open(options()).unwrap();
    client.work(&store, &mut Dice(8)).unwrap();
    drop(store);
    let files = disk.contents();
    drop(disk.open(options()).unwrap());
    assert_eq!(disk.contents(), files);
    assert!(disk.steps() > 0);
}

#[test]
fn a_directory_is_one_stores_alone() {
    let folder = std::env::temp_dir().join(format!("tollgate-store-{}", std::process::id()));
    let store = DurableStore::open(&folder, Options::default()).unwrap();
    let error = DurableStore::open(&folder, Options::default()).unwrap_err();
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
    let mut client = Client::new();
    client.work(&store, &mut Dice(9)).unwrap();
    client.check(&DurableStore::look(&folder).unwrap());
    drop(store);
    client.check(
        &DurableStore::open(&folder, Options::default())
            .unwrap()
            .snapshot(),
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_another_format_is_refused_by_name() {
    let disk = FaultyDisk::default();
    drop(disk.open(options()).unwrap());
    let mut files = disk.contents();
    let (name, bytes) = files.iter_mut().next().unwrap();
    bytes[12] = 9;
    let name = name.clone();
    let error = recover::recover(&FaultyDisk::with(&files)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{name}` has data format 9, and this program reads 1; use the program that wrote it"
        )
    );
}
