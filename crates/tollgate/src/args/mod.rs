//! The command line.

mod config;
mod duration;
mod serve;
mod snapshot;

pub use config::ConfigError;
pub use serve::{AuditFormatArg, AuditModeArg, DurabilityArg, ServeArgs};
pub use snapshot::{SnapshotAction, SnapshotArgs, SnapshotPaths};

use crate::diagnostics::render::Format;
use clap::{
    ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug, Parser)]
#[command(
    name = "tollgate",
    version,
    about = "Kubernetes' namespace policies, exact, before you deploy",
    long_about = "Tollgate answers what Kubernetes would answer at the door of a namespace: LimitRange, \
                  ResourceQuota, PodSecurityPolicy and Pod Security Standards, on manifests, with no cluster.",
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge manifests: what would Kubernetes refuse, why, and on which line
    Check(Box<CheckArgs>),
    /// Explain a control or a quota key, with a failing and a passing example
    Explain(ExplainArgs),
    /// Run a Kubernetes API server with the policies at its door
    Serve(Box<ServeArgs>),
    /// Save what a server keeps to a file, or restore it
    Snapshot(SnapshotArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `tollgate man | man -l -`
    Man,
}

/// `tollgate check`
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 if nothing is refused, 1 if something is refused (see --fail-on), 2 if something \
                  could not be judged.",
    after_long_help = "Exit status:\n  0  nothing is refused\n  1  something is refused (--fail-on warning: or warned about)\n  \
                       2  something could not be judged: bad flags, unreadable files, broken documents\n\n\
                       Examples:\n  tollgate check deploy/\n  helm template . | tollgate check -n shop --enforce restricted -\n  \
                       kubectl get all,quota,limits,ns -A -o yaml > state.yaml; tollgate check --state state.yaml new/\n  \
                       tollgate check --format github --format sarif --output tollgate.sarif deploy/"
)]
pub struct CheckArgs {
    /// Files, folders (recursive; .gitignore is honoured) or - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// What exists already (files, folders; `kubectl get … -o yaml`): counts against quotas, is not judged
    #[arg(long, value_name = "PATH")]
    pub state: Vec<PathBuf>,

    /// The namespace of objects that name none
    #[arg(
        short,
        long,
        value_name = "NAME",
        default_value = "default",
        help_heading = "Cluster"
    )]
    pub namespace: String,

    /// Which release's rules and wording: 1.20 to 1.37, or latest
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "latest",
        help_heading = "Cluster"
    )]
    pub kubernetes_version: String,

    /// How many nodes a DaemonSet runs on
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Cluster")]
    pub nodes: u32,

    /// Pod Security level to enforce in namespaces without labels
    #[arg(long, value_name = "LEVEL[:VERSION]", help_heading = "Policies")]
    pub enforce: Option<String>,

    /// Pod Security level to audit in namespaces without labels
    #[arg(long, value_name = "LEVEL[:VERSION]", help_heading = "Policies")]
    pub audit: Option<String>,

    /// Pod Security level to warn about in namespaces without labels
    #[arg(long, value_name = "LEVEL[:VERSION]", help_heading = "Policies")]
    pub warn: Option<String>,

    /// kube-apiserver's `AdmissionConfiguration` file (`PodSecurity` and `ResourceQuota` are read)
    #[arg(
        long,
        visible_alias = "admission-control-config-file",
        value_name = "FILE",
        help_heading = "Policies"
    )]
    pub admission_config: Option<PathBuf>,

    /// Admission plugins to enable beside the default ones
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub enable_admission_plugins: Vec<String>,

    /// Admission plugins to disable
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub disable_admission_plugins: Vec<String>,

    /// Who creates the objects
    #[arg(long = "as", value_name = "USER", help_heading = "Identity")]
    pub as_user: Option<String>,

    /// The groups of that user (repeatable)
    #[arg(
        long = "as-group",
        value_name = "GROUP",
        requires = "as_user",
        help_heading = "Identity"
    )]
    pub as_group: Vec<String>,

    /// What makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, help_heading = "Output")]
    pub fail_on: FailOn,

    /// Output format (repeatable, each with an --output of its own) [default: full]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub format: Vec<Format>,

    /// Where the --format before it goes; - is standard output, where it goes without this
    #[arg(
        short,
        long,
        value_name = "FILE",
        requires = "format",
        help_heading = "Output"
    )]
    pub output: Vec<PathBuf>,

    /// When to use colour
    #[arg(long, value_enum, default_value_t = Colour::Auto, help_heading = "Output")]
    pub color: Colour,

    /// Each format with where it goes; filled in from the order of the flags.
    #[arg(skip)]
    pub outputs: Vec<(Format, Option<PathBuf>)>,
}

/// `--fail-on`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something is refused
    Error,
    /// Something is refused or warned about
    Warning,
}

/// `--color`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `tollgate explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The name of a control or quota key (`hostPorts`, `requests.cpu`); without one, all are listed
    pub name: Option<String>,
}

/// Reads the command line. An error is what clap prints: help, version, or what is wrong.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let mut arguments: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    let mut matches = command.try_get_matches_from_mut(arguments.clone())?;
    if let Some(file) = config_file(&matches) {
        let flags = config::flags(&file)
            .map_err(|why| command.error(clap::error::ErrorKind::Io, format!("{why:#}")))?;
        // Behind the command's name and before its flags, so that those win.
        let place = arguments.iter().position(|argument| argument == "serve");
        let place = place.map_or(arguments.len(), |place| place + 1);
        arguments.splice(place..place, flags.into_iter().map(Into::into));
        matches = command.try_get_matches_from_mut(arguments)?;
    }
    let mut cli = Cli::from_arg_matches(&matches)?;
    if let (Command::Check(check), Some(("check", matches))) =
        (&mut cli.command, matches.subcommand())
    {
        check.outputs = pair_outputs(check, matches)
            .map_err(|why| command.error(clap::error::ErrorKind::ArgumentConflict, why))?;
    }
    Ok(cli)
}

/// The file of `serve --config`.
fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    let matches = matches.subcommand_matches("serve")?;
    matches.get_one::<PathBuf>("config").cloned()
}

/// Pairs each `--output` with the `--format` that stands before it.
fn pair_outputs(
    check: &CheckArgs,
    matches: &ArgMatches,
) -> Result<Vec<(Format, Option<PathBuf>)>, String> {
    let places = |name| {
        matches
            .indices_of(name)
            .map(Iterator::collect)
            .unwrap_or_default()
    };
    let format_places: Vec<usize> = places("format");
    let output_places: Vec<usize> = places("output");
    let mut pairs: Vec<(Format, Option<PathBuf>)> =
        check.format.iter().map(|format| (*format, None)).collect();
    for (place, path) in output_places.iter().zip(&check.output) {
        let before = format_places
            .iter()
            .filter(|format| *format < place)
            .count();
        let slot = before.checked_sub(1).and_then(|index| pairs.get_mut(index));
        let Some((_, slot)) = slot else {
            return Err("--output belongs behind the --format it is for".to_owned());
        };
        if slot.is_some() {
            return Err("two --output for one --format: give each its own --format".to_owned());
        }
        *slot = Some(path.clone());
    }
    let to_stdout =
        |path: &Option<PathBuf>| path.as_ref().is_none_or(|path| path.as_os_str() == "-");
    if pairs.iter().filter(|(_, path)| to_stdout(path)).count() > 1 {
        return Err(
            "two formats for standard output: give all but one an --output FILE".to_owned(),
        );
    }
    let mut files: Vec<_> = pairs.iter().filter_map(|(_, path)| path.as_ref()).collect();
    files.sort_unstable();
    if let Some([same, _]) = files.array_windows().find(|[one, other]| one == other) {
        return Err(format!("two formats for {}", same.display()));
    }
    if pairs.is_empty() {
        pairs.push((Format::Full, None));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str]) -> Result<CheckArgs, String> {
        let all = ["tollgate", "check"]
            .iter()
            .chain(arguments)
            .map(Into::into);
        match parse(all).map_err(|error| error.to_string())?.command {
            Command::Check(args) => Ok(*args),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_output_belongs_to_the_format_before_it() {
        let args = check(&[
            "--format", "github", "--format", "sarif", "--output", "x", "a.yaml",
        ])
        .unwrap();
        assert_eq!(
            args.outputs,
            [(Format::Github, None), (Format::Sarif, Some("x".into()))]
        );
        assert_eq!(check(&["a.yaml"]).unwrap().outputs, [(Format::Full, None)]);
    }

    #[test]
    fn two_formats_cannot_share_standard_output() {
        assert!(check(&["--format", "json", "--format", "sarif", "a.yaml"]).is_err());
        assert!(check(&["--output", "x", "--format", "json", "a.yaml"]).is_err());
        assert!(check(&["--format", "json", "-o", "x", "-o", "y", "a.yaml"]).is_err());
    }

    #[test]
    fn plugins_are_lists_with_commas() {
        let args = check(&[
            "--enable-admission-plugins",
            "A,B",
            "--enable-admission-plugins=C",
            "x",
        ])
        .unwrap();
        assert_eq!(args.enable_admission_plugins, ["A", "B", "C"]);
        assert!(check(&[]).is_err());
    }
}
