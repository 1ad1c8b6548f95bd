//! Carrying out a plan: making way, asking, following to the end, and hearing Ctrl-C.

use std::time::{Duration, Instant};

use serde::Serialize;
use service::deploy::{
    Also, Watched,
    model::{ApplyId, ApplyVerdict, Event, Plan, Receipt, Scope},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

use super::Cx;
use crate::{
    Exit,
    failure::Failure,
    render::{self, Applied},
    terminal::{Progress, Question},
};

/// Between two tries to take up an apply whose lock has not lapsed.
const AGAIN: Duration = Duration::from_millis(500);
/// What a first Ctrl-C does.
const STOPPING: &str = "Stopping after the steps under way. Ctrl-C again leaves at once; the apply is then taken up by the next \
                        `phoenix-cli apply` or a running server.";
/// Beyond the time that a dead process's lock lasts.
const SLACK: Duration = Duration::from_secs(5);

/// Asks whether to carry out this plan. Without anybody to ask, consent must have been given before.
pub(super) fn consent(cx: &Cx<'_>, plan: &Plan, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let removals = render::removals(plan);
    let question = match removals.as_slice() {
        [] => Question {
            about: format!("This changes {}.", render::count(plan.steps.len(), "stack", "stacks")),
            words: vec!["yes".to_owned()],
        },
        names => Question {
            about: format!(
                "This changes {} and REMOVES {}.",
                render::count(plan.steps.len(), "stack", "stacks"),
                names.join(", ")
            ),
            words: names.to_vec(),
        },
    };
    ask(cx, &question)
}

/// Asks, or refuses where nobody can be asked.
pub(super) fn ask(cx: &Cx<'_>, question: &Question) -> Result<(), Failure> {
    if !cx.terminal.can_ask() {
        return Err(Failure::Refused(
            "Nobody can be asked here, so nothing was done. Read the above, then say --yes.".to_owned(),
        ));
    }
    match cx.terminal.ask(question) {
        true => Ok(()),
        false => Err(Failure::Refused("Not confirmed, so nothing was done.".to_owned())),
    }
}

/// Takes up what was broken off on these environments, and waits for what another process does there.
pub(super) async fn make_way(cx: &Cx<'_>, scope: &Scope) -> Result<(), Failure> {
    for one in cx.front.running().await? {
        if !one.plan.steps.iter().any(|step| scope.touches(&step.environment)) {
            continue;
        }
        cx.terminal.say(&format!(
            "The apply {} by {} has not ended. Taking it up first; if its process died, its lock lapses within {} s.",
            one.id,
            one.actor,
            cx.front.lock_patience().as_secs()
        ));
        finish(cx, &one.id).await?;
    }
    Ok(())
}

async fn finish(cx: &Cx<'_>, id: &ApplyId) -> Result<(), Failure> {
    let until = Instant::now() + cx.front.lock_patience() + SLACK;
    let seen = cx.front.apply_view(id).await?.entries;
    let mut follow = cx.front.follow(id, seen).await?;
    let mut interrupt = interrupt()?;
    let mut shown = Shown::new(cx, None);
    loop {
        let took = {
            let take = cx.front.take_up(id);
            tokio::pin!(take);
            loop {
                tokio::select! {
                    took = &mut take => break took,
                    next = follow.next() => match next? {
                        Some(watched) => shown.take(&watched)?,
                        // It ended; whoever took it up says so in a moment.
                        None => break take.await,
                    },
                    _ = interrupt.recv() => return Err(Failure::Left),
                }
            }
        };
        match took {
            Ok(()) => break,
            Err(failure) if failure.is_conflict() && Instant::now() < until => sleep(AGAIN).await,
            Err(failure) if failure.is_conflict() => {
                return Err(Failure::Refused(format!(
                    "The apply {id} is still running in another process. Follow it with `phoenix-cli watch {id}`, then try again."
                )));
            }
            Err(failure) => return Err(failure),
        }
    }
    while let Some(watched) = follow.next().await? {
        shown.take(&watched)?;
    }
    Ok(())
}

fn interrupt() -> Result<Signal, Failure> {
    signal(SignalKind::interrupt()).map_err(|error| Failure::invalid(format!("Ctrl-C can't be heard: {error}.")))
}

/// Begins a plan and follows it to its end.
pub(super) async fn carry_out(cx: &Cx<'_>, plan: Plan, also: Option<&Also>) -> Result<Exit, Failure> {
    let begun = cx.front.apply(plan.clone(), also).await;
    if let Err(Failure::Moved(fresh)) = &begun
        && !cx.terminal.is_json()
    {
        cx.terminal.say(&render::moved(&plan, fresh));
    }
    let id = begun?;
    cx.terminal.say(&format!("Apply {id} has begun. Ctrl-C stops it between two steps."));
    follow(cx, &id, &plan, 0, OnInterrupt::Cancel).await
}

/// What Ctrl-C does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnInterrupt {
    /// Asks the apply to stop between two steps; a second one leaves.
    Cancel,
    /// Only stops watching.
    Leave,
}

/// Follows an apply to its end and says how that was.
pub(super) async fn follow(
    cx: &Cx<'_>,
    id: &ApplyId,
    plan: &Plan,
    after: u64,
    on_interrupt: OnInterrupt,
) -> Result<Exit, Failure> {
    let mut follow = cx.front.follow(id, after).await?;
    let mut interrupt = interrupt()?;
    let mut shown = Shown::new(cx, Some(plan));
    let mut cancelled = false;
    let verdict = loop {
        tokio::select! {
            next = follow.next() => match next? {
                Some(Watched::Ended(verdict)) => break verdict,
                Some(watched) => shown.take(&watched)?,
                None => return Err(Failure::invalid(format!("The apply {id} ended without a word. `phoenix-cli show {id}` says more."))),
            },
            _ = interrupt.recv() => match on_interrupt {
                OnInterrupt::Leave => {
                    cx.terminal.say("Stopped watching. The apply goes on.");
                    return Ok(Exit::Left);
                }
                OnInterrupt::Cancel if cancelled => return Err(Failure::Left),
                OnInterrupt::Cancel => {
                    cancelled = true;
                    match cx.front.cancel(id).await {
                        // It ended in this moment.
                        Err(failure) if failure.is_conflict() => {}
                        other => {
                            other?;
                            shown.progress.above(|| cx.terminal.complain(STOPPING));
                        }
                    }
                }
            },
        }
    };
    end(cx, id, plan, verdict).await
}

async fn end(cx: &Cx<'_>, id: &ApplyId, plan: &Plan, verdict: ApplyVerdict) -> Result<Exit, Failure> {
    let receipts = cx.front.apply_view(id).await?.receipts;
    if cx.terminal.is_json() {
        cx.terminal.json("applied", &Applied { apply: &id.0, verdict, receipts: &receipts })?;
    } else {
        cx.terminal.out(&render::applied(&id.0, verdict, plan, &receipts, cx.terminal.paint()))?;
    }
    Ok(match verdict {
        ApplyVerdict::Succeeded => Exit::Done,
        ApplyVerdict::Failed | ApplyVerdict::Cancelled => Exit::Failed,
    })
}

/// Shows what is watched.
struct Shown<'a> {
    cx: &'a Cx<'a>,
    progress: Progress,
    /// Whether events are the answer; what is made way for is a notice.
    is_answer: bool,
}

#[derive(Serialize)]
struct EventBody<'a> {
    number: u64,
    event: &'a Event,
}

#[derive(Serialize)]
struct ReceiptBody<'a> {
    number: u64,
    receipt: &'a Receipt,
}

impl<'a> Shown<'a> {
    fn new(cx: &'a Cx<'a>, plan: Option<&Plan>) -> Self {
        Self { cx, progress: cx.terminal.progress(), is_answer: plan.is_some() }
    }

    fn take(&mut self, watched: &Watched) -> Result<(), Failure> {
        let terminal = self.cx.terminal;
        if terminal.is_json() && self.is_answer {
            return match watched {
                Watched::Event(number, event) => terminal.json("event", &EventBody { number: *number, event }),
                Watched::Receipt(number, receipt) => {
                    terminal.json("receipt", &ReceiptBody { number: *number, receipt })
                }
                Watched::Ended(_) => Ok(()),
            };
        }
        let Watched::Event(_, event) = watched else { return Ok(()) };
        let Some(line) = self.progress.take(event) else { return Ok(()) };
        self.progress.above(|| match self.is_answer {
            true => terminal.out(&format!("{line}\n")),
            false => {
                terminal.say(&line);
                Ok(())
            }
        })
    }
}
