//! The project's own checks and generators. `cargo xtask help` lists them.

mod vectors;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("vectors") => vectors::run(args),
        _ => bail!("usage: cargo xtask vectors FOLDER [--failures K]"),
    }
}
