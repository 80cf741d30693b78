//! `tollgate check`: flags to settings, files to verdicts.

use super::Exit;
use crate::args::{CheckArgs, Colour, FailOn};
use crate::diagnostics::{Destination, Report, Summary};
use crate::judge::admission_config::{self, AdmissionConfig};
use crate::judge::inputs;
use crate::judge::pipeline::{Progress, Run};
use crate::judge::plugins::Plugins;
use crate::judge::settings::{Settings, default_user};
use crate::{diagnostics::render::Format, env};
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use tollgate_api::{Release, Timestamp, UserInfo};
use tollgate_objects::workloads::Cluster;
use tollgate_policy::pod_security::LevelVersion;

/// The releases whose rules and wording are known.
const RELEASES: std::ops::RangeInclusive<u16> = 20..=37;
/// How wide diagnostics are where nobody says otherwise.
const WIDTH: usize = 140;

/// Judges what the arguments name.
pub fn run(args: &CheckArgs, err: &mut dyn Write) -> Result<Exit> {
    let settings = settings(args)?;
    let (state, missing_state) = inputs::find(&args.state, io::empty());
    if let Some(missing) = missing_state.first() {
        bail!("cannot read {}: {}", missing.name, missing.why);
    }
    let (found, missing) = inputs::find(&args.paths, io::stdin());
    let mut report = Report::begin(destinations(args)?).context("cannot write the report")?;
    let mut progress = OnTerminal::new(env::stderr_is_terminal() && !writes_to_terminal(args));
    let run = Run {
        inputs: &found,
        state: &state,
        missing: &missing,
        settings: &settings,
        workers: env::workers(),
        progress: &mut progress,
    };
    run.judge(&mut report)?;
    progress.clear();
    let summary = report.end()?;
    if summary.objects == 0 && summary.broken == 0 {
        writeln!(err, "error: no objects found")?;
        writeln!(
            err,
            "help: folders are searched for *.yaml, *.yml and *.json; name other files by path"
        )?;
        return Ok(Exit::NotJudged);
    }
    Ok(exit(&summary, args.fail_on))
}

fn exit(summary: &Summary, fail_on: FailOn) -> Exit {
    if summary.broken > 0 {
        Exit::NotJudged
    } else if summary.refused > 0 || (fail_on == FailOn::Warning && summary.warnings > 0) {
        Exit::Refused
    } else {
        Exit::Passed
    }
}

fn settings(args: &CheckArgs) -> Result<Settings> {
    let release = release(&args.kubernetes_version)?;
    let plugins = Plugins::from_flags(
        &args.enable_admission_plugins,
        &args.disable_admission_plugins,
    )?;
    let AdmissionConfig {
        mut pod_security,
        limited_resources,
    } = match &args.admission_config {
        Some(path) => admission_config::read(path)?,
        None => AdmissionConfig::default(),
    };
    let defaults = &mut pod_security.defaults;
    for (flag, given, mode) in [
        ("--enforce", &args.enforce, &mut defaults.enforce),
        ("--audit", &args.audit, &mut defaults.audit),
        ("--warn", &args.warn, &mut defaults.warn),
    ] {
        if let Some(given) = given {
            *mode = LevelVersion::parse(given)
                .map_err(|why| anyhow::anyhow!("{flag} {given}: {why}"))?;
        }
    }
    let user = match &args.as_user {
        None => default_user(),
        Some(name) => {
            let mut groups: Vec<_> = args.as_group.iter().map(Into::into).collect();
            // The server adds the group of everybody who is somebody.
            if name != "system:anonymous"
                && !args
                    .as_group
                    .iter()
                    .any(|group| group == "system:authenticated")
            {
                groups.push("system:authenticated".into());
            }
            UserInfo {
                name: name.into(),
                groups,
                ..UserInfo::default()
            }
        }
    };
    Ok(Settings {
        namespace: args.namespace.clone(),
        release,
        cluster: Cluster {
            nodes: u64::from(args.nodes),
        },
        plugins,
        user,
        pod_security,
        limited_resources,
        now: Timestamp::from_unix_seconds(env::now_unix_seconds()),
    })
}

fn release(text: &str) -> Result<Release> {
    if text == "latest" {
        return Ok(Release::default());
    }
    let release: Release = text
        .parse()
        .with_context(|| format!("--kubernetes-version {text}"))?;
    if !RELEASES.contains(&release.minor_number()) {
        bail!(
            "--kubernetes-version {text}: rules are known for 1.{} to 1.{}",
            RELEASES.start(),
            RELEASES.end()
        );
    }
    Ok(release)
}

fn destinations(args: &CheckArgs) -> Result<Vec<Destination>> {
    args.outputs
        .iter()
        .map(|(format, path)| {
            let to_stdout = is_stdout(path.as_ref());
            let colour = match args.color {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => to_stdout && env::stdout_is_terminal() && !env::refuses_colour(),
            };
            let out: Box<dyn Write> = match path {
                Some(path) if !to_stdout => {
                    let file = File::create(path)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    Box::new(BufWriter::new(file))
                }
                _ => Box::new(BufWriter::new(io::stdout())),
            };
            Ok(Destination {
                renderer: format.renderer(colour, WIDTH),
                out,
            })
        })
        .collect()
}

fn is_stdout(path: Option<&PathBuf>) -> bool {
    path.is_none_or(|path| path.as_os_str() == "-")
}

/// Whether findings scroll over a terminal, where a progress line would be in their way.
fn writes_to_terminal(args: &CheckArgs) -> bool {
    env::stdout_is_terminal()
        && args.outputs.iter().any(|(format, path)| {
            is_stdout(path.as_ref()) && matches!(format, Format::Full | Format::Concise)
        })
}

/// A line on standard error that says how far the run is.
#[derive(Debug)]
struct OnTerminal {
    shown: bool,
    is_on: bool,
    last: usize,
}

/// A step of progress that is worth a line.
const PROGRESS_STEP: usize = 1_000;

impl OnTerminal {
    fn new(is_on: bool) -> Self {
        Self {
            shown: false,
            is_on,
            last: 0,
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Progress for OnTerminal {
    fn judged(&mut self, objects: usize) {
        if self.is_on && objects >= self.last + PROGRESS_STEP {
            self.last = objects;
            self.shown = true;
            let _ = write!(io::stderr(), "\r{objects} objects judged");
        }
    }
}
