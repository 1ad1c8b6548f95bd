//! The program `phoenix-cli`.

use std::process::ExitCode;

use clap::Parser as _;
use phoenix_cli::{Cli, run, wrong_usage};

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli).await.into(),
        Err(error) => wrong_usage(&error).into(),
    }
}
