//! What may be typed.

mod catalog;
mod deploy;
mod look;
mod programs;

use clap::{ArgAction, Args, Parser, Subcommand};

pub(crate) use catalog::{DiffArgs, ImportArgs, LogArgs, SecretCommand, SecretInput};
pub(crate) use deploy::{ApplyArgs, ApplyRef, CreateArgs, PlanArgs, PromoteArgs, ReleaseArgs, RollbackArgs, Selection};
pub(crate) use look::{HistoryArgs, RevisionsArgs, StatusArgs, ValidateArgs};
pub(crate) use programs::{CompletionsArgs, ManArgs};

const AFTER: &str = "\
Exit codes:
  0    done; plan and drift: everything is in step
  1    failed, or the command line is wrong
  2    plan has changes, drift found some, or something could not be looked at
  3    nothing was done: something moved since the plan, another apply is in the way, or nobody confirmed
  130  left by a second Ctrl-C; the apply goes on when somebody takes it up again

Settings come from the environment or thinkheads.toml, as the server's: PHOENIX_CONFIG_DIR, PORTAINER_URL, PORTAINER_API_KEY, \
THINKHEADS_DATA_DIR, DATABASE_URL, … `thinkheads check-config` prints what is in force.";

/// Deploys the stack catalog to Docker hosts through Portainer.
///
/// The catalog is a git repository with phoenix_stacks_config.json (which stacks exist) and phoenix_vm_configs.json (which machine runs
/// which). `plan` says what would be done, `apply` does it and watches the containers until they are healthy.
#[derive(Debug, Parser)]
#[command(name = "phoenix-cli", version, after_help = AFTER, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Go through a running server instead of opening catalog and database here (or THINKHEADS_SERVER).
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    pub(crate) server: Option<String>,
    /// API token for that server. Better in THINKHEADS_TOKEN or the file THINKHEADS_TOKEN_FILE: other users see command lines.
    #[arg(long, global = true, value_name = "TOKEN", help_heading = "Everywhere")]
    pub(crate) token: Option<String>,
    /// Print JSON: one object, or one a line while an apply runs.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// No colours, as with NO_COLOR.
    #[arg(long, global = true, alias = "no-color", help_heading = "Everywhere")]
    pub(crate) no_colour: bool,
    /// No progress and no notices; answers and errors stay.
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// Log to standard error: -v what happens, -vv every detail.
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = "Everywhere")]
    pub(crate) verbose: u8,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong with the catalog, by file and line.
    Validate(ValidateArgs),
    /// Say what would be done. Changes nothing.
    Plan(PlanArgs),
    /// Bring the Docker hosts to what the catalog wants, after showing the plan and asking.
    Apply(ApplyArgs),
    /// Bind a machine of the catalog to Portainer and deploy its stacks, after showing the plan and asking.
    Create(CreateArgs),
    /// Show where every stack stands.
    Status(StatusArgs),
    /// Say what changed past the catalog since it was applied.
    Drift,
    /// Bring a stack back to an earlier revision and hold it there.
    Rollback(RollbackArgs),
    /// Carry a stack's version over from one environment to another and hold it there.
    Promote(PromoteArgs),
    /// Let the catalog decide again about a stack that is held at a version. Deploys nothing.
    Release(ReleaseArgs),
    /// List applies, newest first.
    History(HistoryArgs),
    /// Show an apply with all its steps.
    Show(ApplyRef),
    /// Follow an apply until it ends. Ctrl-C stops watching, not the apply.
    Watch(ApplyRef),
    /// Ask an apply to stop between two steps.
    Cancel(ApplyRef),
    /// List what was applied to a stack and proved healthy, newest first.
    Revisions(RevisionsArgs),
    /// Rewrite older forms of the catalog's files to the present one.
    Import(ImportArgs),
    /// Take over what the catalog's remote has, and give it what it has not.
    Sync,
    /// List the commits of the catalog.
    Log(LogArgs),
    /// Show how the catalog differs between two versions, secrets hidden.
    Diff(DiffArgs),
    /// Look after the vault. Values go in and never come out.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Print the completions for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or that of one command.
    Man(ManArgs),
    /// Print the commands for docs/CLI.md.
    #[command(hide = true)]
    Reference,
}
