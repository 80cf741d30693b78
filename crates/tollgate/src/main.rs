//! The `tollgate` binary: arguments in, exit code out.

use anyhow::Result;
use clap::CommandFactory as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use tollgate::args::{self, Cli, Command};
use tollgate::commands::{Exit, check, explain, serve, snapshot};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a shell reports for a process that wrote to a closed pipe.
const BROKEN_PIPE: u8 = 128 + 13;

fn main() -> ExitCode {
    let cli = match args::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Help and version are answers, not errors.
            return ExitCode::from(if error.use_stderr() {
                Exit::NotJudged.code()
            } else {
                0
            });
        }
    };
    match run(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(BROKEN_PIPE),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(Exit::NotJudged.code())
        }
    }
}

fn run(cli: Cli) -> Result<Exit> {
    let mut out = io::BufWriter::new(io::stdout());
    let exit = match cli.command {
        Command::Check(args) => check::run(&args, &mut io::stderr())?,
        Command::Explain(args) => explain::run(args.name.as_deref(), &mut out, &mut io::stderr())?,
        Command::Serve(args) => serve::run(&args, &mut out)?,
        Command::Snapshot(args) => snapshot::run(&args, &mut out)?,
        Command::Completions { shell } => {
            // It panics where it cannot write, and whoever reads may leave early.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tollgate", &mut script);
            out.write_all(&script)?;
            Exit::Passed
        }
        Command::Man => {
            manual(&mut out)?;
            Exit::Passed
        }
    };
    out.flush()?;
    Ok(exit)
}

/// The page of the program, followed by those of its commands.
fn manual(out: &mut dyn io::Write) -> io::Result<()> {
    let mut program = Cli::command();
    program.build();
    clap_mangen::Man::new(program.clone()).render(out)?;
    for command in program.get_subcommands() {
        clap_mangen::Man::new(command.clone()).render(out)?;
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
