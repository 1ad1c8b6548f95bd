//! What other programs read.

use clap::Args;
use clap_complete::Shell;

/// See [`Command::Completions`](super::Command::Completions).
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Which shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// See [`Command::Man`](super::Command::Man).
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The command, such as `secret set`; without it, the whole program.
    pub(crate) command: Vec<String>,
}
