//! `tollgate snapshot`: all objects in one file, and back.

use super::{Exit, serve};
use crate::args::{SnapshotAction, SnapshotArgs, SnapshotPaths};
use anyhow::Result;
use std::io::Write;
use tollgate_apiserver::storage::DurableStore;
use tollgate_apiserver::storage::archive::{self, Summary};

/// Saves or restores, and says what.
pub fn run(args: &SnapshotArgs, out: &mut dyn Write) -> Result<Exit> {
    match &args.action {
        SnapshotAction::Save(paths) => {
            let state = DurableStore::look(&serve::store_directory(&paths.data_dir))?;
            let summary = archive::save(&state, &paths.file)?;
            tell(out, "saved", summary, paths)?;
        }
        SnapshotAction::Restore(paths) => {
            let directory = serve::store_directory(&paths.data_dir);
            serve::make_data_directory(&paths.data_dir)?;
            let summary = archive::restore(&paths.file, &directory)?;
            tell(out, "restored", summary, paths)?;
        }
    }
    Ok(Exit::Passed)
}

fn tell(
    out: &mut dyn Write,
    done: &str,
    summary: Summary,
    paths: &SnapshotPaths,
) -> std::io::Result<()> {
    let Summary {
        revision,
        records,
        bytes,
    } = summary;
    writeln!(
        out,
        "{done} {records} objects at revision {revision} ({bytes} bytes): file {}, data {}",
        paths.file.display(),
        paths.data_dir.display()
    )
}
