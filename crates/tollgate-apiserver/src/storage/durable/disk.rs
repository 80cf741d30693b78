//! What the store needs of a disk, so that tests can put a bad one in its place: files with numbered bytes, names, and
//! two kinds of sync. Nothing that was not synced need survive a loss of power, nor keep its order.

use super::{Durability, OpenError};
use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file that a process holds locked while the directory is its own.
const LOCK: &str = "LOCK";

/// A directory of files.
pub(super) trait Disk: Send + Sync + Debug {
    /// The names of all files.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Opens a new, empty file; one of the same name is emptied.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file that is there.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name; a file that had it is gone.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable.
    fn sync(&self) -> io::Result<()>;
    /// A number that nobody can foresee.
    fn salt(&self) -> io::Result<u64>;
}

/// An open file.
pub(super) trait DiskFile: Send + Debug {
    /// How many bytes it has.
    fn len(&mut self) -> io::Result<u64>;
    /// Reads some bytes; none at the end.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all bytes.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file off.
    fn set_len(&mut self, length: u64) -> io::Result<()>;
    /// Makes bytes and length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file as a stream that is read or written from some place on. Written bytes are synced now and then, so that a long
/// file does not flood the disk and with it those who wait for short ones.
#[derive(Debug)]
pub(super) struct Stream<'f> {
    file: &'f mut dyn DiskFile,
    offset: u64,
    unsynced: usize,
}

impl<'f> Stream<'f> {
    const UNSYNCED_MAX: usize = 4 << 20;

    pub(super) fn new(file: &'f mut dyn DiskFile, offset: u64) -> Self {
        Self {
            file,
            offset,
            unsynced: 0,
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(self.offset, into)?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Stream<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => self.file.len()?.checked_add_signed(by),
        }
        .ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.offset, bytes)?;
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        self.unsynced = self.unsynced.saturating_add(bytes.len());
        if self.unsynced > Self::UNSYNCED_MAX {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unsynced = 0;
        self.file.sync()
    }
}

/// A directory of the file system.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    durability: Durability,
    lock: Option<File>,
}

impl Folder {
    /// Makes the directory if need be and claims it for this process.
    pub(super) fn claim(path: &Path, durability: Durability) -> Result<Self, OpenError> {
        let shown = path.display().to_string();
        let failed = |step| OpenError::step(step, &shown);
        private_directory(path).map_err(failed("make the directory"))?;
        let lock = private_file()
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(failed("make the lock file in"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked {
                    directory: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock")(error)),
        }
        Ok(Self {
            path: path.to_owned(),
            durability,
            lock: Some(lock),
        })
    }

    /// The directory as it is, for reading: it may belong to another process.
    pub(super) fn look(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            durability: Durability::Full,
            lock: None,
        }
    }

    fn file(&self, file: File) -> Box<dyn DiskFile> {
        Box::new(PlainFile {
            file,
            durability: self.durability,
        })
    }
}

/// Options that open a file for its owner alone: the store holds secrets.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

impl Disk for Folder {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = private_file()
            .create(true)
            .truncate(true)
            .open(self.path.join(name))?;
        Ok(self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let writable = self.lock.is_some();
        let file = OpenOptions::new()
            .read(true)
            .write(writable)
            .open(self.path.join(name))?;
        Ok(self.file(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        match self.durability {
            Durability::Full => sync_directory(&self.path),
            Durability::None => Ok(()),
        }
    }

    fn salt(&self) -> io::Result<u64> {
        salt()
    }
}

/// A random number from the system.
pub(super) fn salt() -> io::Result<u64> {
    let mut bytes = [0; 8];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(u64::from_le_bytes(bytes))
}

#[derive(Debug)]
struct PlainFile {
    file: File,
    durability: Durability,
}

impl DiskFile for PlainFile {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read(into)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.durability {
            Durability::Full => self.file.sync_data(),
            Durability::None => Ok(()),
        }
    }
}
