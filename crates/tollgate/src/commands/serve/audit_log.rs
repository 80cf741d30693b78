//! The file of the audit log: when it has become large it is put aside under a name with the time, and what was put
//! aside long ago goes.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Result, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_api::Timestamp;
use tollgate_apiserver::environment::Environment;

/// How large a file may become if the flag says 0, in megabytes.
const MEGABYTES_DEFAULT: u32 = 100;
const MEGABYTE: u64 = 1024 * 1024;
const DAY_SECONDS: i64 = 86_400;

/// When a file is put aside, and for how long it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rotation {
    bytes_max: u64,
    /// 0 is for ever.
    days: u32,
    /// 0 is all.
    files: u32,
}

impl Rotation {
    /// As the flags have it.
    pub(super) fn new(megabytes: u32, days: u32, files: u32) -> Self {
        let megabytes = match megabytes {
            0 => MEGABYTES_DEFAULT,
            megabytes => megabytes,
        };
        Self {
            bytes_max: u64::from(megabytes).saturating_mul(MEGABYTE),
            days,
            files,
        }
    }
}

/// Where events are written.
#[derive(Debug)]
pub(super) enum AuditLog {
    /// Standard output.
    Stdout(BufWriter<std::io::Stdout>),
    /// A file.
    File(Box<LogFile>),
}

/// A file that others take the place of.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    environment: Arc<dyn Environment>,
    file: BufWriter<File>,
    bytes: u64,
}

impl AuditLog {
    /// Writes to standard output.
    pub(super) fn stdout() -> Self {
        Self::Stdout(BufWriter::new(std::io::stdout()))
    }

    /// Writes to the end of a file, which is made if it is not there.
    pub(super) fn open(
        path: &Path,
        rotation: Rotation,
        environment: Arc<dyn Environment>,
    ) -> Result<Self> {
        let file = append_to(path)?;
        Ok(Self::File(Box::new(LogFile {
            path: path.to_owned(),
            rotation,
            environment,
            bytes: file.metadata()?.len(),
            file: BufWriter::new(file),
        })))
    }

    /// Writes one event.
    pub(super) fn write(&mut self, line: &[u8]) -> Result<()> {
        match self {
            Self::Stdout(out) => out.write_all(line),
            Self::File(log) => log.write(line),
        }
    }

    /// Hands on what is in memory.
    pub(super) fn flush(&mut self) -> Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(log) => log.file.flush(),
        }
    }
}

/// Only the owner reads it: objects stand in it as the policy wants them.
fn append_to(path: &Path) -> Result<File> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).open(path)
}

impl LogFile {
    fn write(&mut self, line: &[u8]) -> Result<()> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let full = self.bytes.saturating_add(length) > self.rotation.bytes_max;
        if full && self.bytes > 0 {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.bytes = self.bytes.saturating_add(length);
        Ok(())
    }

    fn rotate(&mut self) -> Result<()> {
        self.file.flush()?;
        let now = self.environment.now();
        let mut number = 0;
        let mut aside = self.aside(now, number);
        while aside.exists() {
            number += 1;
            aside = self.aside(now, number);
        }
        std::fs::rename(&self.path, &aside)?;
        self.file = BufWriter::new(append_to(&self.path)?);
        self.bytes = 0;
        self.forget(now);
        Ok(())
    }

    /// The parts of the name between which the time of an old file stands.
    fn around_time(&self) -> (String, String) {
        let part = |part: Option<&std::ffi::OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let extension = part(self.path.extension());
        let end = if extension.is_empty() {
            String::new()
        } else {
            format!(".{extension}")
        };
        (format!("{}-", part(self.path.file_stem())), end)
    }

    /// What the file is called once it is put aside; several of one moment are told apart by the milliseconds.
    fn aside(&self, now: Timestamp, number: u32) -> PathBuf {
        let (start, end) = self.around_time();
        let millis = (now.subsecond_nanos() / 1_000_000).saturating_add(number);
        let time = now.to_string().replace(':', "-");
        let time = time.trim_end_matches('Z');
        self.path
            .with_file_name(format!("{start}{time}.{millis:03}{end}"))
    }

    /// Removes old files: those beyond the number that is kept, and those that are too old. One that cannot be removed
    /// is tried again the next time.
    fn forget(&self, now: Timestamp) {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let (start, end) = self.around_time();
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        let mut old: Vec<(String, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let time = name.strip_prefix(&start)?.strip_suffix(&end)?;
                time_of(time)?;
                Some((time.to_owned(), entry.path()))
            })
            .collect();
        // Names sort as their times do.
        old.sort();
        let kept = match self.rotation.files {
            0 => old.len(),
            files => usize::try_from(files).unwrap_or(usize::MAX),
        };
        let surplus = old.len().saturating_sub(kept);
        let age = i64::from(self.rotation.days).saturating_mul(DAY_SECONDS);
        let oldest = now.unix_seconds().saturating_sub(age);
        for (place, (time, path)) in old.iter().enumerate() {
            let too_old = age > 0 && time_of(time).is_some_and(|time| time < oldest);
            if place < surplus || too_old {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// The time in the name of an old file: `2026-01-15T12-00-00.000`.
fn time_of(text: &str) -> Option<i64> {
    let (day, time) = text.split_once('T')?;
    let (time, _) = time.split_once('.')?;
    let time = Timestamp::parse(&format!("{day}T{}Z", time.replace('-', ":")))?;
    Some(time.unix_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    #[derive(Debug, Default)]
    struct Clock(AtomicI64);

    impl Environment for Clock {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_seconds(self.0.load(Ordering::Relaxed))
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        fn random(&self) -> u64 {
            0
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_large_file_is_put_aside_and_old_ones_go() {
        let folder = std::env::temp_dir().join(format!("tollgate-audit-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let path = folder.join("deep/audit.log");
        let clock = Arc::new(Clock::default());
        let shared: Arc<dyn Environment> = Arc::clone(&clock) as Arc<dyn Environment>;
        let rotation = Rotation {
            bytes_max: 8,
            days: 1,
            files: 2,
        };
        let open = || AuditLog::open(&path, rotation, Arc::clone(&shared)).unwrap();
        let mut log = open();
        let folder = folder.join("deep");
        let write = |seconds: i64, log: &mut AuditLog| {
            clock.0.store(seconds, Ordering::Relaxed);
            log.write(b"12345\n").unwrap();
            log.flush().unwrap();
        };
        write(0, &mut log);
        // What a former start wrote counts.
        let mut log = open();
        write(1, &mut log);
        write(1, &mut log);
        assert_eq!(
            names(&folder),
            [
                "audit-1970-01-01T00-00-01.000.log",
                "audit-1970-01-01T00-00-01.001.log",
                "audit.log"
            ]
        );
        write(2, &mut log);
        assert_eq!(
            names(&folder),
            [
                "audit-1970-01-01T00-00-01.001.log",
                "audit-1970-01-01T00-00-02.000.log",
                "audit.log"
            ]
        );
        std::fs::write(folder.join("audit-notes.log"), "kept").unwrap();
        write(2 + DAY_SECONDS, &mut log);
        assert_eq!(
            names(&folder),
            [
                "audit-1970-01-01T00-00-02.000.log",
                "audit-1970-01-02T00-00-02.000.log",
                "audit-notes.log",
                "audit.log"
            ]
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "12345\n");
        std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }
}
