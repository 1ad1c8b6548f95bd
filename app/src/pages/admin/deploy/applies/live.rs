//! The parts of an apply's page that change while it runs, and the stream of them.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use futures::{Stream, stream};
use leptos::prelude::*;
use service::{
    DeployError, Deployer, Onlooker, ServiceError, Services,
    deploy::{
        ApplyState, ApplyView, Deploy, Watching,
        model::{ApplyId, Receipt, StackRef, StepId, Verdict},
        words::{Worded, lasting, moment},
    },
};

use super::{
    super::{
        containers::{ConditionChip, Log, capital},
        parts::{Finding, stack_address},
    },
    Frame, Part,
    list::ApplyChip,
    progress::{self, Phase, Progress},
    verdict,
};
use crate::{
    pages::parts::Hidden,
    ui::{Button, ButtonKind, Chip, IconName, Tone},
};

/// Entries that come within this time are shown together: a page need not change more often.
const TOGETHER: Duration = Duration::from_millis(200);

/// An apply as its page tells it.
pub(super) struct Told {
    /// The apply.
    pub(super) view: ApplyView,
    /// Of steps that failed: the newest revision that was good before, to go back to.
    pub(super) good: BTreeMap<StepId, u64>,
    /// Whether the reader may deploy to every environment it touches.
    pub(super) may: bool,
}

impl Told {
    /// Reads it.
    pub(super) async fn read(
        deploy: &Deploy,
        onlooker: &Onlooker,
        deployer: Option<&Deployer>,
        id: &ApplyId,
    ) -> Result<Self, DeployError> {
        let view = deploy.apply_view(onlooker, id).await?;
        let mut steps = view.summary.plan.steps.iter();
        let may = deployer.is_some_and(|deployer| steps.all(|step| deployer.may(&step.environment)));
        let mut good = BTreeMap::new();
        if view.summary.state != ApplyState::Running {
            for receipt in view.receipts.iter().filter(|one| matches!(one.verdict, Verdict::Failed { .. })) {
                let Some(step) = view.summary.plan.step(&receipt.step) else { continue };
                let revisions = deploy.revisions(onlooker, &StackRef::new(&step.environment, &step.stack)).await?;
                if let Some(newest) = revisions.first() {
                    good.insert(step.id.clone(), newest.number);
                }
            }
        }
        Ok(Self { view, good, may })
    }
}

/// The ids of the parts, and what each holds.
pub(super) fn parts(told: &Told) -> Vec<(String, AnyView)> {
    let view = &told.view;
    let steps = progress::of(view);
    let mut parts = vec![
        ("apply-state".to_owned(), head(view, &steps).into_any()),
        ("apply-end".to_owned(), verdict::of(told).unwrap_or_else(|| ().into_any())),
        ("apply-cancel".to_owned(), cancel(view, told.may)),
    ];
    parts.extend(steps.iter().enumerate().map(|(index, one)| (step_id(index), step(one).into_any())));
    parts
}

/// The element of a step.
pub(super) fn step_id(index: usize) -> String {
    format!("step-{index}")
}

fn head(view: &ApplyView, steps: &[Progress<'_>]) -> impl IntoView + use<> {
    let ended = steps.iter().filter(|one| matches!(one.phase, Phase::Ended(_))).count();
    let all = steps.len();
    let time = match view.summary.ended_at {
        Some(at) => format!("took {}", lasting(at - view.summary.began_at)),
        None => format!("begun {}", moment(view.summary.began_at)),
    };
    view! {
        <div class="summary">
            <ApplyChip state=view.summary.state />
            <span class="num">{format!("{ended} of {all} steps ended")}</span>
            <span class="muted">{time}</span>
        </div>
        <progress class="progress" max=all.to_string() value=ended.to_string() aria-label="Steps that ended"></progress>
    }
}

fn cancel(view: &ApplyView, may: bool) -> AnyView {
    if view.summary.state != ApplyState::Running || !may {
        return ().into_any();
    }
    let id = view.summary.id.0.clone();
    view! {
        <form method="post" action="/api/cancel_apply">
            <Hidden name="apply" value=id />
            <Button kind=ButtonKind::Danger icon=IconName::Stop>"Cancel after this step"</Button>
        </form>
    }
    .into_any()
}

fn step(one: &Progress<'_>) -> impl IntoView + use<> {
    let (icon, tone, word) = phase_chip(&one.phase);
    let at = one.step;
    let href = stack_address(&at.environment, &at.stack);
    let verb = capital(&at.action.title());
    let time = match &one.phase {
        Phase::Ended(receipt) => {
            let kept = receipt.revision.map(|number| format!(" · kept as revision {number}")).unwrap_or_default();
            Some(format!(" · took {}{kept}", lasting(receipt.ended_at - receipt.started_at)))
        }
        _ => one.began.map(|began| format!(" · since {}", moment(began))),
    };
    // What ended well is told by its verdict.
    let is_well = matches!(&one.phase, Phase::Ended(receipt) if receipt.verdict.is_success());
    let containers = one
        .containers
        .iter()
        .filter(|_| !is_well)
        .map(|(name, (service, condition))| {
            let (name, service) = ((*name).to_owned(), (*service).to_owned());
            view! { <li class="container-line"><span>{service}" "<span class="cell-sub">{name}</span></span><ConditionChip condition=*condition /></li> }
        })
        .collect::<Vec<_>>();
    let end = match &one.phase {
        Phase::Ended(receipt) => Some(ending(receipt)),
        _ => None,
    };
    view! {
        <div class="step-head">
            <div class="step-name">
                <a class="cell-title" href=href>{at.stack.clone()}</a>
                <span class="cell-sub num">{verb}" on "{at.environment.clone()}{time}</span>
            </div>
            <Chip icon tone>{word}</Chip>
        </div>
        {(!containers.is_empty()).then(|| view! { <ul class="container-lines">{containers}</ul> })}
        {end}
    }
}

fn phase_chip(phase: &Phase<'_>) -> (IconName, Tone, String) {
    match phase {
        Phase::Waiting => (IconName::Clock, Tone::Neutral, "Waits".to_owned()),
        Phase::Begun => (IconName::Play, Tone::Accent, "Begun".to_owned()),
        Phase::Calling(call) => (IconName::Play, Tone::Accent, capital(&call.title())),
        Phase::Unsure(call) => (IconName::Question, Tone::Warn, format!("No answer to “{}”: looking", call.title())),
        Phase::Watching => (IconName::Play, Tone::Accent, "Waiting for health".to_owned()),
        Phase::Settling => (IconName::Clock, Tone::Accent, "Settling".to_owned()),
        Phase::RollingBack => (IconName::Undo, Tone::Warn, "Rolling back".to_owned()),
        Phase::Untold => (IconName::Question, Tone::Neutral, "Not made".to_owned()),
        Phase::Ended(receipt) => {
            let (icon, tone) = match &receipt.verdict {
                Verdict::Healthy => (IconName::Check, Tone::Good),
                Verdict::Removed => (IconName::Trash, Tone::Good),
                Verdict::Failed { .. } => (IconName::Alert, Tone::Bad),
                Verdict::Skipped { .. } => (IconName::Stop, Tone::Neutral),
            };
            (icon, tone, capital(&receipt.verdict.title()))
        }
    }
}

/// How a step ended: why, what became of bringing it back, and the last lines of what was not well.
fn ending(receipt: &Receipt) -> impl IntoView + use<> {
    let tone = match receipt.verdict {
        Verdict::Failed { .. } => Tone::Bad,
        _ => Tone::Neutral,
    };
    let told = (!receipt.verdict.is_success())
        .then(|| view! { <ul class="findings"><Finding words=receipt.verdict.words() tone /></ul> });
    let label = format!("Last log lines of {}", receipt.step);
    let lines = receipt.last_logs.clone();
    let logs = (!lines.is_empty()).then(|| view! { <Log label lines /> });
    view! {
        {told}
        {logs}
    }
}

/// Follows an apply from the entry after `after`: the first frame comes at once, each later one with the parts that changed, the last
/// when the apply has ended. The stream also ends, without that, when the database fails: whoever reads it asks again.
///
/// # Errors
/// `NotFound` when there is no such apply.
pub async fn frames(
    services: &Services,
    onlooker: Onlooker,
    deployer: Option<Deployer>,
    id: ApplyId,
    after: u64,
) -> Result<impl Stream<Item = Frame> + Send + 'static + use<>, ServiceError> {
    let deploy = services.deploy();
    let told = Told::read(deploy, &onlooker, deployer.as_ref(), &id).await.map_err(ServiceError::from)?;
    let watching = deploy.watch(&onlooker, &id, told.view.entries).await.map_err(ServiceError::from)?;
    let mut shown = HashMap::new();
    let mut first = frame(&told, &mut shown);
    if after == told.view.entries && !first.ended {
        // The reader's page is as fresh.
        first.parts.clear();
    }
    let services = services.clone();
    let follower = Follower { services, onlooker, deployer, id, watching, shown, first: Some(first), is_over: false };
    Ok(stream::unfold(follower, Follower::next))
}

struct Follower {
    services: Services,
    onlooker: Onlooker,
    deployer: Option<Deployer>,
    id: ApplyId,
    watching: Watching,
    /// The parts as the reader has them.
    shown: HashMap<String, String>,
    first: Option<Frame>,
    is_over: bool,
}

impl Follower {
    async fn next(mut self) -> Option<(Frame, Self)> {
        if let Some(first) = self.first.take() {
            self.is_over = first.ended;
            return Some((first, self));
        }
        while !self.is_over {
            self.watching.next().await.ok()?;
            tokio::time::sleep(TOGETHER).await;
            let told =
                Told::read(self.services.deploy(), &self.onlooker, self.deployer.as_ref(), &self.id).await.ok()?;
            let frame = frame(&told, &mut self.shown);
            self.is_over = frame.ended;
            if frame.ended || !frame.parts.is_empty() {
                return Some((frame, self));
            }
        }
        None
    }
}

/// The parts that changed, and the end if it is there.
fn frame(told: &Told, shown: &mut HashMap<String, String>) -> Frame {
    let owner = Owner::new();
    let parts = owner.with(|| {
        parts(told)
            .into_iter()
            .map(|(id, view)| Part { id, html: view.to_html() })
            .filter(|part| shown.get(&part.id) != Some(&part.html))
            .collect::<Vec<_>>()
    });
    owner.cleanup();
    shown.extend(parts.iter().map(|part| (part.id.clone(), part.html.clone())));
    let view = &told.view;
    Frame { n: view.entries, parts, ended: view.summary.state != ApplyState::Running }
}
