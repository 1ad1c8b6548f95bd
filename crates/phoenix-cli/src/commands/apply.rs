//! `apply`.

use service::deploy::model::Plan;

use super::{
    Cx,
    look::PlanFile,
    run::{carry_out, consent, make_way},
    select,
};
use crate::{Exit, args::ApplyArgs, failure::Failure, render};

pub(super) async fn apply(cx: &Cx<'_>, args: &ApplyArgs) -> Result<Exit, Failure> {
    let plan = match &args.plan {
        Some(path) => {
            let plan = PlanFile::read(path)?.plan;
            make_way(cx, &plan.options.scope).await?;
            plan
        }
        None => {
            let options = select::options(cx, &args.selection).await?;
            make_way(cx, &options.scope).await?;
            cx.front.plan(&options).await?
        }
    };
    if plan.steps.is_empty() {
        return nothing_to_do(cx, &plan);
    }
    if !cx.terminal.is_json() {
        cx.terminal.out(&render::plan(&plan, cx.terminal.paint()))?;
    }
    consent(cx, &plan, args.yes)?;
    let blocked = plan.blocked.len();
    let exit = carry_out(cx, plan, None).await?;
    if blocked > 0 {
        cx.terminal.say(&format!(
            "{} could not be planned; the plan above says why.",
            render::count(blocked, "stack", "stacks")
        ));
    }
    Ok(match exit {
        Exit::Done if blocked > 0 => Exit::Failed,
        other => other,
    })
}

/// In step, or nothing that can be done.
fn nothing_to_do(cx: &Cx<'_>, plan: &Plan) -> Result<Exit, Failure> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        apply: Option<&'a str>,
        in_step: bool,
        plan: &'a Plan,
    }
    if cx.terminal.is_json() {
        cx.terminal.json("applied", &Body { apply: None, in_step: plan.is_in_step(), plan })?;
    } else {
        cx.terminal.out(&render::plan(plan, cx.terminal.paint()))?;
    }
    Ok(if plan.is_in_step() { Exit::Done } else { Exit::Failed })
}
