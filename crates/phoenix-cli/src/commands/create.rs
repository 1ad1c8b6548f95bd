//! `create`.

use serde::Serialize;
use service::deploy::{
    environments::{CreateEvent, create_words},
    model::{Plan, Scope, StackRef},
};

use super::{
    Cx,
    run::{carry_out, consent, make_way},
};
use crate::{Exit, args::CreateArgs, failure::Failure, render};

#[derive(Serialize)]
struct Told<'a> {
    told: &'a CreateEvent,
}

#[derive(Serialize)]
struct Created<'a> {
    in_step: bool,
    plan: &'a Plan,
}

pub(super) async fn create(cx: &Cx<'_>, args: &CreateArgs) -> Result<Exit, Failure> {
    let plan = cx
        .front
        .create(&args.guest, &|event| match cx.terminal.is_json() {
            // What can't be written is noticed with the plan.
            true => drop(cx.terminal.json("creating", &Told { told: event })),
            false => cx.terminal.say(&create_words(event)),
        })
        .await?;
    let in_step = plan.is_in_step();
    if cx.terminal.is_json() {
        cx.terminal.json("created", &Created { in_step, plan: &plan })?;
    } else {
        cx.terminal.out(&format!("\n{}", render::plan(&plan, cx.terminal.paint())))?;
    }
    if in_step || args.plan_only {
        return Ok(if in_step { Exit::Done } else { Exit::Changes });
    }
    if plan.steps.is_empty() {
        return Ok(Exit::Failed);
    }
    consent(cx, &plan, args.yes)?;
    let stacks = plan.steps.iter().map(|step| StackRef::new(&step.environment, &step.stack)).collect();
    make_way(cx, &Scope::Only(stacks)).await?;
    let blocked = !plan.blocked.is_empty();
    let exit = carry_out(cx, plan, None).await?;
    Ok(if blocked && exit == Exit::Done { Exit::Failed } else { exit })
}
