//! The project's own checks and generators. `cargo xtask` lists them.

#![expect(clippy::print_stderr, reason = "a command line tool of the developers")]

mod ci;
mod clients;
mod codegen;
mod corpus;
mod load;
mod scenarios;
mod server;
mod tidy;
mod vectors;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  ci                            every check, cheapest first: what CI runs
  clients [--tollgate BINARY]   programs of ordinary users, with client libraries as they are published
  codegen [--check]             the tables of API types; --check only compares
  corpus FOLDER [DEPLOYMENTS]   manifests for the benchmark of `tollgate check`
  load --kubeconfig FILE [--create | --get | --list | --delete | --rollout PODS [--keep]] [-n REQUESTS] [-c CONNECTIONS]
       [--namespace NAME] [--prefix TEXT]
                                pods over connections that are kept alive: rate and latencies
  scenarios [PART OF A NAME]... [--tollgate BINARY]
                                command scripts with real kubectl against a real server
  tidy                          the rules about files that no compiler knows
  vectors FOLDER [--failures K] replay conformance vectors, a line per file";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("ci") => ci::run(),
        Some("clients") => clients::run(args),
        Some("codegen") => codegen::run(args.next().as_deref() == Some("--check")),
        Some("corpus") => corpus::run(args),
        Some("load") => load::run(args),
        Some("scenarios") => scenarios::run(args),
        Some("tidy") => tidy::run(),
        Some("vectors") => vectors::run(args),
        _ => bail!("{USAGE}"),
    }
}
