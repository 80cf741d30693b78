//! The flags of `tollgate snapshot`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `tollgate snapshot`
#[derive(Debug, Args)]
#[command(
    after_help = "A snapshot holds every object with its revision. Certificates and keys are not in it: they stay in \
                  the data directory, in `pki`."
)]
pub struct SnapshotArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: SnapshotAction,
}

/// What can be done with snapshots.
#[derive(Debug, Subcommand)]
pub enum SnapshotAction {
    /// Save all objects to a file; the server may be running
    Save(SnapshotPaths),
    /// Make a data directory from a file; it must hold no objects yet
    Restore(SnapshotPaths),
}

/// Which file and which data.
#[derive(Debug, Args)]
pub struct SnapshotPaths {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The data directory, as `tollgate serve` has it
    #[arg(long, value_name = "DIR", default_value = "tollgate-data")]
    pub data_dir: PathBuf,
}
