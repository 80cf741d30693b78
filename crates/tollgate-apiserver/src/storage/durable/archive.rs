//! Snapshots for keeping: a whole state in one file that can be carried away and made into a store again.
//!
//! The file is an image as the store itself writes it (`image`): versioned, with a checksum over every block, and
//! with an end that is missed if it is not there. A saved file appears under its name whole or not at all, and so does a
//! restored directory. Revisions are kept, so what was counted before the snapshot goes on after it.

use super::block::{ReadError, VERSION};
use super::disk::{Disk, Folder, private_file, salt, sync_directory};
use super::log::Log;
use super::{Durability, OpenError, image, temporary, writer};
use crate::storage::{Revision, Snapshot};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What was saved or restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The revision of the state.
    pub revision: Revision,
    /// How many records it has.
    pub records: usize,
    /// How long the file is.
    pub bytes: u64,
}

/// Why a snapshot was not saved or restored. Then nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file is something else.
    #[error("`{}` is not a snapshot", file.display())]
    Foreign {
        /// Which one.
        file: PathBuf,
    },
    /// The file was written by another version of the program.
    #[error("`{}` has data format {found}, and this program reads {known}; use the program that wrote it", file.display())]
    Version {
        /// Which one.
        file: PathBuf,
        /// What it has.
        found: u32,
        /// What could be read.
        known: u32,
    },
    /// The file was cut off or changed.
    #[error("`{}` is damaged at byte {offset}: {what}; nothing was restored", file.display())]
    Corrupt {
        /// Which one.
        file: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// There is something where the store should be.
    #[error("`{}` is not empty; restore into a directory that is new", directory.display())]
    Occupied {
        /// Where.
        directory: PathBuf,
    },
    /// The new store could not be written.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system refuses.
    #[error("cannot {step} `{}`", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ArchiveError {
    fn step(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { step, path, source }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(temporary(""));
    path.with_file_name(name)
}

/// Makes the name of a path durable.
fn sync_name(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => sync_directory(Path::new(".")),
    }
}

/// Saves a state to a file, in the place of one that may be there. The state of a directory, even of one that another
/// process is writing to, is had from [`DurableStore::look`](super::DurableStore::look).
pub fn save(state: &Snapshot, file: &Path) -> Result<Summary, ArchiveError> {
    let unfinished = beside(file);
    let written = write(state, &unfinished).and_then(|bytes| {
        fs::rename(&unfinished, file)?;
        sync_name(file)?;
        Ok(bytes)
    });
    match written {
        Ok(bytes) => Ok(Summary {
            revision: state.revision(),
            records: state.len(),
            bytes,
        }),
        Err(error) => {
            let _ = fs::remove_file(&unfinished);
            Err(ArchiveError::step("save the snapshot to", file)(error))
        }
    }
}

fn write(state: &Snapshot, file: &Path) -> io::Result<u64> {
    let file = private_file().create(true).truncate(true).open(file)?;
    let mut out = BufWriter::new(file);
    let bytes = image::write(state, salt()?, &mut out, &|| true)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(bytes)
}

/// Makes a snapshot into a store, in a directory that is not there yet or is empty. The whole file is checked first.
pub fn restore(file: &Path, directory: &Path) -> Result<Summary, ArchiveError> {
    let open = File::open(file).map_err(ArchiveError::step("open", file))?;
    let bytes = open
        .metadata()
        .map_err(ArchiveError::step("read", file))?
        .len();
    let state = image::read(open).map_err(|error| refused(error, file))?;
    let unfinished = beside(directory);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(ArchiveError::step("remove", &unfinished))?;
    }
    let made = make(&state, &unfinished).and_then(|()| settle(&unfinished, directory));
    if made.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    made.map(|()| Summary {
        revision: state.revision(),
        records: state.len(),
        bytes,
    })
}

fn refused(error: ReadError, file: &Path) -> ArchiveError {
    let file = file.to_owned();
    match error {
        ReadError::Io(source) => ArchiveError::step("read", &file)(source),
        ReadError::Foreign => ArchiveError::Foreign { file },
        ReadError::Version(found) => ArchiveError::Version {
            file,
            found,
            known: VERSION,
        },
        ReadError::Damaged { offset, what } => ArchiveError::Corrupt { file, offset, what },
    }
}

fn make(state: &Snapshot, directory: &Path) -> Result<(), ArchiveError> {
    let folder = Folder::claim(directory, Durability::Full)?;
    writer::make_image(&folder, state, &|| true)
        .and_then(|_| Log::create(&folder, state.revision()))
        .and_then(|_| folder.sync())
        .map_err(ArchiveError::step("write the store in", directory))
}

/// Gives the finished directory its name.
fn settle(unfinished: &Path, directory: &Path) -> Result<(), ArchiveError> {
    match fs::remove_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            let directory = directory.to_owned();
            return Err(ArchiveError::Occupied { directory });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(ArchiveError::step("replace", directory)(error));
        }
        _ => {}
    }
    fs::rename(unfinished, directory)
        .and_then(|()| sync_name(directory))
        .map_err(ArchiveError::step("make", directory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{DurableStore, Key, MemoryStore, Options, Store, Write};

    /// A folder of the test's own that goes when the test ends.
    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Self {
            let name = format!("tollgate-archive-{}-{test}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn names(&self) -> Vec<String> {
            let name =
                |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
            let mut names: Vec<_> = fs::read_dir(&self.0).unwrap().map(name).collect();
            names.sort();
            names
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn some_state() -> Snapshot {
        let store = MemoryStore::default();
        for n in 0..9 {
            let key = Key::new("", "pods", "shop", &format!("web-{}", n % 4));
            let value = format!("value {n}").into();
            let write = if n == 6 {
                Write::Delete { key }
            } else {
                Write::Put { key, value }
            };
            store
                .transact(&mut |_| vec![write.clone()])
                .unwrap()
                .wait()
                .unwrap();
        }
        store.snapshot()
    }

    #[test]
    fn what_is_saved_is_restored_with_its_revisions() {
        let place = Place::new("round");
        let state = some_state();
        let saved = save(&state, &place.at("file")).unwrap();
        assert_eq!((saved.revision, saved.records), (9, 3));
        assert_eq!(saved.bytes, fs::metadata(place.at("file")).unwrap().len());
        assert_eq!(
            restore(&place.at("file"), &place.at("store")).unwrap(),
            saved
        );
        assert_eq!(place.names(), ["file", "store"]);
        let store = DurableStore::open(&place.at("store"), Options::default()).unwrap();
        assert_eq!(store.snapshot().revision(), 9);
        assert!(store.snapshot().range("").eq(state.range("")));
        let write = Write::Delete {
            key: Key::new("", "pods", "shop", "web-0"),
        };
        let receipt = store.transact(&mut |_| vec![write.clone()]).unwrap();
        assert_eq!(receipt.wait().unwrap(), 10);
        // A snapshot of what another process is writing to.
        let looked = DurableStore::look(&place.at("store")).unwrap();
        assert_eq!((looked.revision(), looked.len()), (10, 2));
    }

    #[test]
    fn an_empty_state_is_kept_too() {
        let place = Place::new("empty");
        save(&Snapshot::default(), &place.at("file")).unwrap();
        fs::create_dir(place.at("store")).unwrap();
        restore(&place.at("file"), &place.at("store")).unwrap();
        let store = DurableStore::open(&place.at("store"), Options::default()).unwrap();
        assert!(store.snapshot().is_empty());
    }

    #[test]
    fn a_file_that_was_changed_or_cut_off_is_refused_and_leaves_nothing() {
        let place = Place::new("damaged");
        let file = place.at("file");
        save(&some_state(), &file).unwrap();
        let whole = fs::read(&file).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..whole.len())
            .map(|length| whole[..length].to_vec())
            .collect();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            damaged.push(bytes);
        }
        damaged.push([whole, b"\n".to_vec()].concat());
        for bytes in damaged {
            fs::write(&file, bytes).unwrap();
            let error = restore(&file, &place.at("store")).unwrap_err();
            assert!(
                matches!(
                    error,
                    ArchiveError::Corrupt { .. }
                        | ArchiveError::Foreign { .. }
                        | ArchiveError::Version { .. }
                ),
                "{error}"
            );
            assert_eq!(place.names(), ["file"]);
        }
        fs::write(&file, "apiVersion: v1\nkind: List\n").unwrap();
        let error = restore(&file, &place.at("store")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{}` is not a snapshot", file.display())
        );
    }

    #[test]
    fn a_directory_with_something_in_it_is_left_alone() {
        let place = Place::new("occupied");
        save(&some_state(), &place.at("file")).unwrap();
        drop(DurableStore::open(&place.at("store"), Options::default()).unwrap());
        let error = restore(&place.at("file"), &place.at("store")).unwrap_err();
        assert!(matches!(error, ArchiveError::Occupied { .. }), "{error}");
        assert_eq!(place.names(), ["file", "store"]);
        let store = DurableStore::open(&place.at("store"), Options::default()).unwrap();
        assert_eq!(store.snapshot().revision(), 0);
    }

    #[test]
    fn a_snapshot_that_cannot_be_written_leaves_nothing() {
        let place = Place::new("unwritable");
        fs::create_dir(place.at("file")).unwrap();
        let error = save(&some_state(), &place.at("file")).unwrap_err();
        assert!(matches!(error, ArchiveError::Io { .. }), "{error}");
        assert!(save(&some_state(), &place.at("none/file")).is_err());
        assert_eq!(place.names(), ["file"]);
    }

    #[test]
    fn there_is_nothing_to_save_in_a_directory_without_a_store() {
        let place = Place::new("nothing");
        assert!(matches!(
            DurableStore::look(&place.0),
            Err(OpenError::Missing { .. })
        ));
        assert!(DurableStore::look(&place.at("none")).is_err());
    }
}
