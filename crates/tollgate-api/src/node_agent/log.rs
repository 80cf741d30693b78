//! Which part of a log is meant, and how its lines are written.

use crate::time::Timestamp;
use bytes::Bytes;

/// Which of a container's streams a log is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogStream {
    /// Both.
    #[default]
    All,
    /// What it wrote to its standard output.
    Stdout,
    /// What it wrote to its standard error.
    Stderr,
}

impl LogStream {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Stdout => "Stdout",
            Self::Stderr => "Stderr",
        }
    }

    /// The stream that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::All, Self::Stdout, Self::Stderr]
            .into_iter()
            .find(|stream| stream.as_str() == text)
    }
}

/// `PodLogOptions` without the container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Whether to go on with what is written from now on.
    pub follow: bool,
    /// Whether the container before the last restart is meant.
    pub previous: bool,
    /// Only what is at most so old, in seconds.
    pub since_seconds: Option<i64>,
    /// Only what is not older than this.
    pub since_time: Option<Timestamp>,
    /// Whether each line begins with its time.
    pub timestamps: bool,
    /// So many lines from the end.
    pub tail_lines: Option<i64>,
    /// At most so many bytes.
    pub limit_bytes: Option<i64>,
    /// Whose output.
    pub stream: LogStream,
}

/// A line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub time: Timestamp,
    /// Whether to its standard error.
    pub is_stderr: bool,
    /// What, without the line feed.
    pub text: Bytes,
}

impl LogOptions {
    /// Whether a line is old enough, and of the right stream.
    pub fn takes_in(&self, line: &LogLine, now: Timestamp) -> bool {
        let oldest = self.since_time.or_else(|| {
            let seconds = self.since_seconds?.checked_neg()?;
            Some(now.saturating_add_seconds(seconds))
        });
        let of_stream = match self.stream {
            LogStream::All => true,
            LogStream::Stdout => !line.is_stderr,
            LogStream::Stderr => line.is_stderr,
        };
        of_stream && oldest.is_none_or(|oldest| line.time >= oldest)
    }

    /// A line as the client sees it.
    pub fn write(&self, line: &LogLine, out: &mut Vec<u8>) {
        if self.timestamps {
            out.extend_from_slice(rfc3339_nano(line.time).as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(&line.text);
        out.push(b'\n');
    }

    /// The lines that are meant of those that were written, the oldest first. `limit_bytes` is left to whoever sends them.
    pub fn choose<'l>(&self, lines: &'l [LogLine], now: Timestamp) -> Vec<&'l LogLine> {
        let chosen = lines.iter().filter(|line| self.takes_in(line, now));
        let mut chosen: Vec<&LogLine> = chosen.collect();
        if let Some(tail) = self.tail_lines {
            let tail = usize::try_from(tail).unwrap_or_default();
            let surplus = chosen.len().saturating_sub(tail);
            chosen.drain(..surplus);
        }
        chosen
    }
}

/// The time with its fraction, without zeros at its end.
fn rfc3339_nano(time: Timestamp) -> String {
    let whole = Timestamp::from_unix_seconds(time.unix_seconds()).to_string();
    let nanos = time.subsecond_nanos();
    if nanos == 0 {
        return whole;
    }
    let fraction = format!("{nanos:09}");
    let whole = whole.trim_end_matches('Z');
    format!("{whole}.{}Z", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seconds: i64, is_stderr: bool, text: &'static str) -> LogLine {
        LogLine {
            time: Timestamp::from_unix(1_768_478_400 + seconds, 120_000_000),
            is_stderr,
            text: Bytes::from_static(text.as_bytes()),
        }
    }

    #[track_caller]
    fn check(options: &LogOptions, expected: &str) {
        let lines = [line(0, false, "a"), line(5, true, "b"), line(9, false, "c")];
        let now = Timestamp::from_unix_seconds(1_768_478_410);
        let mut out = Vec::new();
        for line in options.choose(&lines, now) {
            options.write(line, &mut out);
        }
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn the_lines_that_are_meant_are_written() {
        let all = LogOptions::default();
        check(&all, "a\nb\nc\n");
        let tail = |tail_lines| LogOptions {
            tail_lines: Some(tail_lines),
            ..LogOptions::default()
        };
        check(&tail(0), "");
        check(&tail(2), "b\nc\n");
        check(&tail(i64::MAX), "a\nb\nc\n");
        let since = LogOptions {
            since_seconds: Some(6),
            ..LogOptions::default()
        };
        check(&since, "b\nc\n");
        let since = LogOptions {
            since_time: Some(Timestamp::from_unix_seconds(1_768_478_406)),
            ..LogOptions::default()
        };
        check(&since, "c\n");
        let errors = LogOptions {
            stream: LogStream::Stderr,
            timestamps: true,
            ..LogOptions::default()
        };
        check(&errors, "2026-01-15T12:00:05.12Z b\n");
    }

    #[test]
    fn seconds_without_end_are_no_bound() {
        let since = LogOptions {
            since_seconds: Some(i64::MAX),
            ..LogOptions::default()
        };
        check(&since, "a\nb\nc\n");
    }
}
