//! Looking back at applies, following them, stopping them.

use serde::Serialize;
use service::deploy::{ApplyState, model::ApplyId};

use super::{
    Cx,
    run::{OnInterrupt, follow},
};
use crate::{
    Exit,
    args::{ApplyRef, HistoryArgs},
    failure::Failure,
    render::{self, ApplyJson, SummaryJson},
};

#[derive(Serialize)]
struct History<'a> {
    applies: Vec<SummaryJson<'a>>,
}

pub(super) async fn history(cx: &Cx<'_>, args: &HistoryArgs) -> Result<Exit, Failure> {
    let applies = cx.front.history(args.environment.as_deref(), args.limit).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("history", &History { applies: applies.iter().map(SummaryJson::from).collect() })?;
    } else {
        cx.terminal.out(&render::history(&applies, cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}

/// The apply that was meant.
async fn meant(cx: &Cx<'_>, args: &ApplyRef) -> Result<ApplyId, Failure> {
    if args.apply != "latest" {
        return Ok(ApplyId(args.apply.clone()));
    }
    let latest = cx.front.history(None, 1).await?.into_iter().next();
    latest.map(|one| one.id).ok_or_else(|| {
        Failure::failed(service::deploy::ProblemCode::NotFound, "Nothing was applied yet, so there is no latest apply.")
    })
}

pub(super) async fn show(cx: &Cx<'_>, args: &ApplyRef) -> Result<Exit, Failure> {
    let view = cx.front.apply_view(&meant(cx, args).await?).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("apply", &ApplyJson::from(&view))?;
    } else {
        cx.terminal.out(&render::apply(&view, cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}

pub(super) async fn watch(cx: &Cx<'_>, args: &ApplyRef) -> Result<Exit, Failure> {
    let id = meant(cx, args).await?;
    let view = cx.front.apply_view(&id).await?;
    if view.summary.state == ApplyState::Running {
        cx.terminal.say("Ctrl-C stops watching, not the apply.");
    }
    follow(cx, &id, &view.summary.plan, 0, OnInterrupt::Leave).await
}

#[derive(Serialize)]
struct Cancelling<'a> {
    apply: &'a str,
}

pub(super) async fn cancel(cx: &Cx<'_>, args: &ApplyRef) -> Result<Exit, Failure> {
    let id = meant(cx, args).await?;
    cx.front.cancel(&id).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("cancelling", &Cancelling { apply: &id.0 })?;
    } else {
        cx.terminal
            .out(&format!("The apply {id} stops after the steps under way. `phoenix-cli watch {id}` shows it.\n"))?;
    }
    Ok(Exit::Done)
}
