//! What each command does, over a [`Front`].

mod applies;
mod apply;
mod catalog;
mod create;
mod look;
mod pins;
mod programs;
mod run;
mod secrets;
mod select;

pub(crate) use programs::{completions, man, reference};

use crate::{Exit, args::Command, failure::Failure, front::Front, terminal::Terminal};

/// What commands work with.
pub(crate) struct Cx<'a> {
    pub(crate) front: &'a dyn Front,
    pub(crate) terminal: &'a Terminal,
}

/// Does what was typed.
pub(crate) async fn run(cx: &Cx<'_>, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Validate(args) => look::validate(cx, &args).await,
        Command::Plan(args) => look::plan(cx, &args).await,
        Command::Apply(args) => apply::apply(cx, &args).await,
        Command::Create(args) => create::create(cx, &args).await,
        Command::Status(args) => look::status(cx, &args).await,
        Command::Drift => look::drift(cx).await,
        Command::Rollback(args) => pins::rollback(cx, &args).await,
        Command::Promote(args) => pins::promote(cx, &args).await,
        Command::Release(args) => pins::release(cx, &args).await,
        Command::History(args) => applies::history(cx, &args).await,
        Command::Show(args) => applies::show(cx, &args).await,
        Command::Watch(args) => applies::watch(cx, &args).await,
        Command::Cancel(args) => applies::cancel(cx, &args).await,
        Command::Revisions(args) => pins::revisions(cx, &args).await,
        Command::Import(args) => catalog::import(cx, &args).await,
        Command::Sync => catalog::sync(cx).await,
        Command::Log(args) => catalog::log(cx, &args).await,
        Command::Diff(args) => catalog::diff(cx, &args).await,
        Command::Secret(command) => secrets::secret(cx, command).await,
        // What needs neither settings nor catalog was done before.
        Command::Completions(args) => completions(cx.terminal, &args),
        Command::Man(args) => man(cx.terminal, &args),
        Command::Reference => reference(cx.terminal),
    }
}
