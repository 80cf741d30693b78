//! The commands. Each writes to the outputs it is given and returns the exit code.

pub mod check;
pub mod explain;
pub mod serve;
pub mod snapshot;

/// What the process exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing is refused.
    Passed,
    /// 1: something is refused.
    Refused,
    /// 2: something could not be judged.
    NotJudged,
}

impl Exit {
    /// The exit status.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Refused => 1,
            Self::NotJudged => 2,
        }
    }
}
