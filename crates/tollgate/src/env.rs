//! The only place that reads the environment, the clock and the terminal.

use ring::rand::{SecureRandom as _, SystemRandom};
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};
use tollgate_api::Timestamp;
use tollgate_apiserver::environment::Environment;
use tollgate_controllers::clock::Clock;

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether the environment asks for no colour: `NO_COLOR` is set to something, or the terminal is `dumb`.
pub fn refuses_colour() -> bool {
    let is = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    is("NO_COLOR").is_some() || is("TERM").is_some_and(|value| value == "dumb")
}

/// How many threads to work with.
pub fn workers() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The name of this machine, as far as the system tells it.
pub fn hostname() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.map(|text| text.trim().to_owned());
    let named = || std::env::var_os("HOSTNAME")?.into_string().ok();
    told.filter(|name| !name.is_empty())
        .or_else(named)
        .unwrap_or_else(|| "localhost".to_owned())
}

/// The time now, as seconds since 1970-01-01T00:00:00Z.
pub fn now_unix_seconds() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where the clock is read"
    )]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}

/// The time and chance of this machine.
#[derive(Debug)]
pub struct System {
    started: Instant,
    random: SystemRandom,
}

impl System {
    /// The clock starts now.
    #[expect(
        clippy::disallowed_methods,
        clippy::new_without_default,
        reason = "this file is where the clock is read, and doing so has no default"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            random: SystemRandom::new(),
        }
    }
}

impl Environment for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where the clock is read"
    )]
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap_or_default();
        let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
        Timestamp::from_unix(seconds, now.subsec_nanos())
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        // A system without random numbers has no TLS either, so nobody gets here.
        let _ = self.random.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

impl Clock for System {
    fn now(&self) -> Timestamp {
        Environment::now(self)
    }

    fn elapsed(&self) -> Duration {
        Environment::elapsed(self)
    }

    fn random(&self) -> u64 {
        Environment::random(self)
    }
}
