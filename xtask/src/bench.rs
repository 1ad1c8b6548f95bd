//! `cargo xtask bench`: builds in release and measures the real program.

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::{
    build::{self, needs, server, site, target},
    setup::{self, Consent},
    shell,
    steps::Steps,
};

/// Measures the release build: bytes, latencies, processor time, memory. Fails when a figure is past its bar.
#[derive(Parser)]
pub(crate) struct Args {
    /// What to measure; everything when absent.
    what: Option<What>,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Bytes on a first visit.
    Bytes,
    /// The signed-in home under load.
    Home,
    /// What relaying streams costs.
    Relay,
    /// A thousand streams held open, idle memory, time to start.
    Resting,
    /// Opening a long conversation.
    Opening,
    /// Plans and applies.
    Deploy,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(5);
    setup::ensure(needs(true), Consent::from_flag(args.yes), &mut steps)?;
    site(true, &mut steps)?;
    let binary = steps.step("Server", || server(true))?;
    steps
        .step("Measuring program", || shell::run(shell::cargo().args(["build", "--release", "--package", "bench"])))?;
    steps.step("Measurements", || {
        let mut bench = shell::command(target().join("release/bench"));
        bench.arg("--binary").arg(&binary).arg("--json").arg(target().join("bench.json"));
        if let Some(what) = args.what.and_then(|what| what.to_possible_value()) {
            bench.arg(what.get_name());
        }
        shell::run(&mut bench)
    })
}

/// The budgets of a first visit, on whatever server and site were built last: a part of CI.
pub(crate) fn bytes() -> Result<()> {
    let bench = build::bench()?;
    let server = build::server(false)?;
    shell::run(shell::command(bench).arg("--binary").arg(server).arg("bytes"))
}
