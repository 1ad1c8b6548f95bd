//! What plans and applies take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use service::deploy::model;

/// Which stacks.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Only this stack; may be repeated.
    #[arg(long = "stack", value_name = "STACK")]
    pub(crate) stacks: Vec<String>,
    /// Only this environment; may be repeated.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environments: Vec<String>,
    /// Also remove stacks that were applied from the catalog before and are not in it any more.
    #[arg(long, conflicts_with_all = ["prune_all", "stacks", "environments"])]
    pub(crate) prune: bool,
    /// Also remove every stack that is not in the catalog, whoever made it.
    #[arg(long, conflicts_with_all = ["stacks", "environments"])]
    pub(crate) prune_all: bool,
    /// What to do when a step fails.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnFailure::Stop)]
    pub(crate) on_failure: OnFailure,
}

impl Selection {
    pub(crate) const fn prune(&self) -> model::Prune {
        match (self.prune, self.prune_all) {
            (_, true) => model::Prune::All,
            (true, false) => model::Prune::Managed,
            (false, false) => model::Prune::No,
        }
    }
}

/// What to do when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnFailure {
    /// Begin no further step, on any environment.
    #[default]
    Stop,
    /// Go on with the steps that do not depend on it.
    Continue,
    /// Bring the stack back to its last good revision, then go on.
    Rollback,
}

impl From<OnFailure> for model::OnFailure {
    fn from(what: OnFailure) -> Self {
        match what {
            OnFailure::Stop => Self::Stop,
            OnFailure::Continue => Self::Continue,
            OnFailure::Rollback => Self::RollBack,
        }
    }
}

/// See [`Command::Plan`](super::Command::Plan).
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Also write the plan to this file, for `apply --plan FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// See [`Command::Apply`](super::Command::Apply).
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Carry out just this plan, or nothing if anything moved since it was made.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stacks", "environments", "prune", "prune_all", "on_failure"])]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask. Needed where nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// See [`Command::Create`](super::Command::Create).
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// The machine as phoenix_vm_configs.json has it: its number, its name, or its environment.
    #[arg(value_name = "VM_ID")]
    pub(crate) guest: String,
    /// Only bind it and show the plan.
    #[arg(long)]
    pub(crate) plan_only: bool,
    /// Do not ask. Needed where nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// See [`Command::Rollback`](super::Command::Rollback).
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The stack.
    pub(crate) stack: String,
    /// Its environment.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environment: String,
    /// The revision to bring back; without it, the one before the newest. `revisions` lists them.
    #[arg(long, value_name = "REVISION")]
    pub(crate) to: Option<u64>,
    /// What to do when it fails.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnFailure::Stop)]
    pub(crate) on_failure: OnFailure,
    /// Do not ask. Needed where nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// See [`Command::Promote`](super::Command::Promote).
#[derive(Args, Debug)]
pub(crate) struct PromoteArgs {
    /// The stack.
    pub(crate) stack: String,
    /// The environment it comes from.
    #[arg(long, value_name = "ENV")]
    pub(crate) from: String,
    /// The environment that gets it.
    #[arg(long, value_name = "ENV")]
    pub(crate) to: String,
    /// The revision there; without it, the newest.
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<u64>,
    /// What to do when it fails.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnFailure::Stop)]
    pub(crate) on_failure: OnFailure,
    /// Do not ask. Needed where nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// See [`Command::Release`](super::Command::Release).
#[derive(Args, Debug)]
pub(crate) struct ReleaseArgs {
    /// The stack.
    pub(crate) stack: String,
    /// Its environment.
    #[arg(long = "env", value_name = "ENV")]
    pub(crate) environment: String,
}

/// An apply.
#[derive(Args, Debug)]
pub(crate) struct ApplyRef {
    /// Its id as `history` lists it, or `latest`.
    pub(crate) apply: String,
}
