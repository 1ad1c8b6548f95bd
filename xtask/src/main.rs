//! `cargo xtask`: the commands of the README and of CI.

mod bench;
mod build;
mod checks;
mod ci;
mod docker;
mod fake;
mod run;
mod screenshots;
mod setup;
mod shell;
mod steps;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::Parser;

/// Builds, runs and tests ThinkHeads.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    Run(run::Args),
    Test(test::Args),
    Bench(bench::Args),
    Build(build::Args),
    BundleSystem(docker::system::Args),
    Check(checks::Args),
    Ci(ci::Args),
    DockerCheck(docker::Args),
    Fake(fake::Args),
    Screenshots(screenshots::Args),
    Setup(setup::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Run(args) => run::main(&args),
        Command::Test(args) => test::main(&args),
        Command::Bench(args) => bench::main(&args),
        Command::Build(args) => build::main(&args),
        Command::BundleSystem(args) => docker::system::main(&args),
        Command::Check(args) => checks::main(&args),
        Command::Ci(args) => ci::main(&args),
        Command::DockerCheck(args) => docker::main(&args),
        Command::Fake(args) => fake::main(&args),
        Command::Screenshots(args) => screenshots::main(&args),
        Command::Setup(args) => setup::main(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", steps::paint("1;31", "error:"));
            ExitCode::FAILURE
        }
    }
}
