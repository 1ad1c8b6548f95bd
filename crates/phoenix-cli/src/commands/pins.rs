//! Going back, carrying over, letting go.

use serde::Serialize;
use service::deploy::{
    Also, Proposal,
    model::{OnFailure, Revision, StackRef},
};

use super::{
    Cx,
    run::{carry_out, consent, make_way},
    select::stack,
};
use crate::{
    Exit,
    args::{PromoteArgs, ReleaseArgs, RevisionsArgs, RollbackArgs},
    failure::Failure,
    render,
};

pub(super) async fn rollback(cx: &Cx<'_>, args: &RollbackArgs) -> Result<Exit, Failure> {
    let also = Also::Rollback { stack: stack(&args.environment, &args.stack), to: args.to };
    carry_out_proposal(cx, &also, args.on_failure.into(), args.yes).await
}

pub(super) async fn promote(cx: &Cx<'_>, args: &PromoteArgs) -> Result<Exit, Failure> {
    let also = Also::Promote { stack: stack(&args.to, &args.stack), from: args.from.clone(), revision: args.revision };
    carry_out_proposal(cx, &also, args.on_failure.into(), args.yes).await
}

async fn carry_out_proposal(cx: &Cx<'_>, also: &Also, on_failure: OnFailure, yes: bool) -> Result<Exit, Failure> {
    let scope = service::deploy::model::Scope::Only([also.stack().clone()].into());
    make_way(cx, &scope).await?;
    let proposal = cx.front.propose(also, on_failure).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("proposal", &proposal)?;
    } else {
        cx.terminal.out(&render::proposal(&proposal, cx.terminal.paint()))?;
    }
    let Proposal { also, plan, .. } = proposal;
    if let Some(blocked) = plan.blocked.first() {
        use service::deploy::words::{Surface, Worded as _};
        return Err(Failure::invalid(blocked.cause.words().full(Surface::Terminal)));
    }
    if plan.steps.is_empty() {
        return Err(Failure::Refused("It runs just that already, so nothing was done.".to_owned()));
    }
    consent(cx, &plan, yes)?;
    carry_out(cx, plan, Some(&also)).await
}

#[derive(Serialize)]
struct Released<'a> {
    stack: &'a StackRef,
}

pub(super) async fn release(cx: &Cx<'_>, args: &ReleaseArgs) -> Result<Exit, Failure> {
    let stack = stack(&args.environment, &args.stack);
    cx.front.release(&stack).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("released", &Released { stack: &stack })?;
    } else {
        cx.terminal.out(&format!(
            "{}/{} follows the catalog again. Nothing was deployed: `phoenix-cli plan --env {} --stack {}` shows what waits.\n",
            stack.environment, stack.stack, stack.environment, stack.stack
        ))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Revisions<'a> {
    stack: &'a StackRef,
    held_at: Option<u64>,
    revisions: &'a [Revision],
}

pub(super) async fn revisions(cx: &Cx<'_>, args: &RevisionsArgs) -> Result<Exit, Failure> {
    let stack = stack(&args.environment, &args.stack);
    let revisions = cx.front.revisions(&stack).await?;
    let pin = cx.front.pin(&stack).await?;
    if cx.terminal.is_json() {
        let held_at = pin.as_ref().map(|pin| pin.revision);
        cx.terminal.json("revisions", &Revisions { stack: &stack, held_at, revisions: &revisions })?;
    } else {
        cx.terminal.out(&render::revisions(&revisions, pin.as_ref(), cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}
