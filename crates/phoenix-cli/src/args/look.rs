//! What looking takes.

use clap::Args;

/// See [`Command::Validate`](super::Command::Validate).
#[derive(Args, Debug)]
pub(crate) struct ValidateArgs {
    /// Also read and check the compose files of other repositories.
    #[arg(long)]
    pub(crate) deep: bool,
}

/// See [`Command::Status`](super::Command::Status).
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// Only this environment; may be repeated.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environments: Vec<String>,
    /// Also show every container.
    #[arg(long)]
    pub(crate) containers: bool,
}

/// See [`Command::History`](super::Command::History).
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// Only applies on this environment.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environment: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
}

/// See [`Command::Revisions`](super::Command::Revisions).
#[derive(Args, Debug)]
pub(crate) struct RevisionsArgs {
    /// The stack.
    pub(crate) stack: String,
    /// Its environment.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environment: String,
}
