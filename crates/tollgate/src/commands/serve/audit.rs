//! The flags of auditing, and the thread that writes events.

use super::audit_log::{AuditLog, Rotation};
use crate::args::{AuditFormatArg, AuditModeArg, ServeArgs};
use crate::judge::admission_config::read_yaml;
use crate::manifest;
use anyhow::{Context as _, Result};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tollgate_apiserver::audit::{Auditor, Format, Lines, Mode, Policy, queue};
use tollgate_apiserver::environment::Environment;

/// Standard output, as a path.
const STDOUT: &str = "-";

/// The thread that writes events.
#[derive(Debug)]
pub(super) struct Writer(JoinHandle<()>);

impl Writer {
    /// Waits until everything is written. The server must be gone, for it ends with the last who could tell anything.
    pub(super) fn finish(self) {
        // A thread that panicked has said so.
        let _ = self.0.join();
    }
}

/// Prepares auditing as the flags have it; nothing happens without a policy.
pub(super) fn start(
    args: &ServeArgs,
    environment: &Arc<dyn Environment>,
) -> Result<Option<(Auditor, Writer)>> {
    let (Some(file), Some(path)) = (&args.audit_policy_file, &args.audit_log_path) else {
        return Ok(None);
    };
    let policy = read_policy(file).context("loading audit policy file")?;
    let log = if path == Path::new(STDOUT) {
        AuditLog::stdout()
    } else {
        let rotation = Rotation::new(
            args.audit_log_maxsize,
            args.audit_log_maxage,
            args.audit_log_maxbackup,
        );
        let log = AuditLog::open(path, rotation, Arc::clone(environment));
        log.with_context(|| format!("cannot write `{}`", path.display()))?
    };
    let (queue, lines) = queue(match args.audit_log_mode {
        AuditModeArg::Blocking => Mode::Blocking,
        AuditModeArg::Batch => Mode::Batch,
    });
    let thread = std::thread::Builder::new()
        .name("audit-log".to_owned())
        .spawn(move || write(lines, log))
        .context("cannot start the thread of the audit log")?;
    let format = match args.audit_log_format {
        AuditFormatArg::Json => Format::Json,
        AuditFormatArg::Legacy => Format::Legacy,
    };
    let auditor = Auditor::new(policy, queue, format, Arc::clone(environment));
    Ok(Some((auditor, Writer(thread))))
}

fn read_policy(file: &Path) -> Result<Policy> {
    let (document, tree) = read_yaml(file)?;
    let duplicates: Vec<String> = manifest::duplicate_keys(&document, &tree)
        .into_iter()
        .map(|(line, key)| format!("line {line}: key \"{key}\" already set in map"))
        .collect();
    let shown = file.display();
    Policy::from_value(&tree, &duplicates).with_context(|| shown.to_string())
}

/// Writes events until the server has ended: all that are there at a time, then one flush.
#[expect(clippy::print_stderr, reason = "there is nobody else to tell it to")]
fn write(mut lines: Lines, mut log: AuditLog) {
    let mut is_failing = false;
    while let Some(line) = lines.next_blocking() {
        let mut next = Some(line);
        let mut result = Ok(());
        while let Some(line) = next {
            result = log.write(&line.text);
            if result.is_err() {
                lines.count_lost();
                break;
            }
            drop(line);
            next = lines.try_next();
        }
        let result = result.and_then(|()| log.flush());
        match result {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                eprintln!("cannot write the audit log: {error}");
                is_failing = true;
            }
            Err(_) => {}
        }
    }
}
