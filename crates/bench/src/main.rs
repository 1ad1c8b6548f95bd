//! Measures the real program: bytes, latencies, processor time and memory.
//!
//! Figures are ratios and costs within one run on one machine; the machine is part of the report. A figure past its bar makes the
//! run fail. Run by `cargo xtask bench`, which builds the server in release first.

mod bytes_sent;
mod client;
mod deploy;
mod emitter;
mod home;
mod machine;
mod opening;
mod passing;
mod relay;
mod report;
mod resting;
mod seed;
mod subject;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use report::Report;

/// What stops a measurement: never a bad figure, always something that did not work.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures the real program.
#[derive(Parser)]
struct Arguments {
    /// The server to measure.
    #[arg(long, default_value = "target/release/thinkheads")]
    binary: PathBuf,
    /// The built site.
    #[arg(long, default_value = "site")]
    site: PathBuf,
    /// Writes the report as JSON here too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// What to measure; everything when absent.
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Clone, PartialEq, Eq, Subcommand)]
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
    /// Puts a person with a session and a conversation into a database and prints the cookie's value and the conversation's
    /// id: the ground of the browser tests.
    #[command(hide = true)]
    Seed {
        /// A data folder, as `THINKHEADS_DATA_DIR`, that no server runs on.
        data: PathBuf,
        /// Messages in the conversation, questions and answers in turn.
        messages: usize,
    },
    /// Serves an empty route: the yardstick of `home`, run as a process of its own.
    #[command(hide = true)]
    Yardstick,
    /// Serves a model that writes time stamps: the upstream of `relay`, run as a process of its own.
    #[command(hide = true)]
    Emitter,
    /// Serves a stand-in for Portainer: the upstream of `deploy`, run as a process of its own.
    #[command(hide = true)]
    Portainer(deploy::Arguments),
    /// Passes bytes on to an upstream: the yardstick of `relay`, run as a process of its own.
    #[command(hide = true)]
    Passing {
        /// Where to, as `http://host:port`.
        upstream: String,
    },
}

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let arguments = Arguments::parse();
    match runtime.block_on(measure(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => failed(&error),
    }
}

fn failed(error: &Failure) -> ExitCode {
    eprintln!("bench: {error}");
    ExitCode::FAILURE
}

/// Measures and prints; says whether every figure is within its bar.
async fn measure(arguments: &Arguments) -> Result<bool, Failure> {
    match &arguments.what {
        Some(What::Seed { data, messages }) => return seed::prepare(data, *messages).await.map(|()| true),
        Some(What::Yardstick) => return home::yardstick().await.map(|()| true),
        Some(What::Emitter) => return emitter::serve().await.map(|()| true),
        Some(What::Portainer(arguments)) => return deploy::serve(arguments).await.map(|()| true),
        Some(What::Passing { upstream }) => return passing::serve(upstream).await.map(|()| true),
        _ => {}
    }
    let wanted = |what| arguments.what.as_ref().is_none_or(|only| *only == what);
    let mut report = Report::new(machine::describe());
    if wanted(What::Bytes) {
        bytes_sent::measure(arguments, &mut report).await?;
    }
    if wanted(What::Resting) {
        resting::measure(arguments, &mut report).await?;
    }
    if wanted(What::Home) {
        home::measure(arguments, &mut report).await?;
    }
    if wanted(What::Opening) {
        opening::measure(arguments, &mut report).await?;
    }
    if wanted(What::Deploy) {
        deploy::measure(&mut report).await?;
    }
    if wanted(What::Relay) {
        relay::measure(arguments, &mut report).await?;
    }
    println!("{report}");
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(report.within_bars())
}
