//! One stack on one environment: how it stands and why, its containers, its past, and what can be done.

use leptos::prelude::*;
use service::{
    ServiceError,
    deploy::{
        LogLine, PinOverview, StackOverview, StackState,
        model::{PinOrigin, Revision, StackRef},
        words::{Worded, short},
    },
};
use types::Millis;

use super::{
    containers::{Containers, Log, capital},
    overview::DONE,
    parts::{
        Area, AreaTabs, Finding, Hands, encode, environment_address, findings, ok, onlooker, plan_address,
        stack_address,
    },
    reading::Reading,
    standing::{Standing, StandingChip},
};
use crate::{
    AppError,
    pages::parts::{Hidden, When, done},
    server::{Page, PageCx, PageResult},
    ui::{Button, ButtonKind, EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Revisions shown.
const SHOWN: usize = 20;

/// Lines of each container's log.
const LOG_LINES: u32 = 40;

/// Lines of logs, or why they can't be read.
type Logs = Result<Vec<LogLine>, String>;

/// The same stack on another environment.
struct Elsewhere {
    environment: String,
    standing: Standing,
    revision: Option<u64>,
}

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when no look has seen such a stack and it was never applied.
pub async fn page(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let (environment, name): (String, String) = (cx.param("environment")?, cx.param("stack")?);
    let reading = Reading::of(&cx, &onlooker);
    let at = StackRef::new(&environment, &name);
    let revisions = ok(&cx, cx.services().deploy().revisions(&onlooker, &at).await)?;
    let (mut stack, mut elsewhere) = (None, Vec::new());
    for one in reading.look.iter().flat_map(|look| &look.overview.environments) {
        let Some(found) = one.stacks.iter().find(|stack| stack.name == name) else { continue };
        if one.name == environment {
            stack = Some(found.clone());
        } else {
            let (standing, revision) = (Standing::of(found), found.revision);
            elsewhere.push(Elsewhere { environment: one.name.clone(), standing, revision });
        }
    }
    if stack.is_none() && revisions.is_empty() && reading.look.is_some() {
        return Err(AppError::not_found(
            "The newest look saw no such stack on this environment, and none was ever applied there. Look at the list of stacks.",
        ));
    }
    let logs = match cx.query("logs") {
        Some(_) => Some(cx.services().deploy().last_logs(&onlooker, &at, LOG_LINES).await),
        None => None,
    };
    let logs = logs.map(|logs| cx.ok(logs.map_err(ServiceError::from)).map_err(|error| error.0.message));
    let refused = cx.form("/api/release_pin").problem;
    let toast = done(cx.query("done"), DONE);
    let is_well =
        stack.as_ref().is_none_or(|stack| matches!(Standing::of(stack), Standing::InStep | Standing::Starting));
    let title = stack.as_ref().map_or_else(|| name.clone(), |stack| stack.title.clone());
    let tab = format!("{title} on {environment}");
    let hands = Hands::of(&cx);
    let may = hands.may(&environment);
    let review = match stack.as_ref().map(|stack| stack.state) {
        Some(StackState::Surplus) if hands.everywhere() => "/admin/plan?prune=all".to_owned(),
        _ => plan_address(&environment, &name),
    };
    let view = move || {
        let now = reading.now;
        let is_seen = reading.look.is_some();
        let body = match stack {
            Some(stack) => seen(&at, stack, logs, may, now).into_any(),
            None if is_seen => view! {
                <Notice tone=Tone::Neutral title="It does not run here any more">
                    <p>"The newest look saw no such stack on this environment. Its revisions are kept."</p>
                </Notice>
            }
            .into_any(),
            None => reading.nothing().into_any(),
        };
        view! {
            <nav class="crumbs" aria-label="Above">
                <a href="/admin/stacks">"Stacks"</a>
                <a href=environment_address(&environment)>{environment.clone()}</a>
            </nav>
            <PageHeader title=title lead=format!("on {environment}")>
                {hands.review(Some(&environment), review)}
            </PageHeader>
            <AreaTabs current=Area::Stacks />
            <div class="stack">
                {refused.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
                {reading.bar()}
                {body}
            </div>
            {past(&at, revisions, is_well, may, now)}
            {others(&at, elsewhere, may)}
        }
    };
    Ok(Page::new(tab, view).toast(toast))
}

fn seen(at: &StackRef, stack: StackOverview, logs: Option<Logs>, may: bool, now: Millis) -> impl IntoView + use<> {
    let standing = Standing::of(&stack);
    let state = match standing {
        Standing::Failing => "A container is not well.".to_owned(),
        _ => stack.state.words().text,
    };
    let action = stack.action.as_ref().map(|action| {
        let words = action.words();
        format!("The plan would {}: {}", words.title, words.text)
    });
    let facts = [
        ("Applied", stack.revision.map(|number| format!("revision {number}"))),
        ("Runs", stack.commit.as_deref().map(|commit| format!("commit {}", short(commit)))),
        ("Wanted", stack.wanted.as_deref().map(|commit| format!("commit {}", short(commit)))),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(term, text)| Some(view! { <div><dt>{term}</dt><dd>{text?}</dd></div> }))
        .collect_view();
    let blocked =
        stack.blocked.as_ref().map(|cause| view! { <Finding words=cause.words() tone=Tone::Bad icon=IconName::Ban /> });
    let tone = if standing == Standing::Changes { Tone::Accent } else { Tone::Warn };
    let icon = standing.icon();
    let reasons =
        stack.reasons.iter().map(|reason| view! { <Finding words=reason.words() tone icon /> }).collect_view();
    let warnings = findings(&stack.warnings, Tone::Warn);
    view! {
        <div class="summary">
            <StandingChip standing />
            <span class="muted">{state}</span>
        </div>
        {stack.pin.map(|pin| held(at, pin, may, now))}
        <ul class="findings">{blocked}{reasons}{warnings}</ul>
        {action.map(|text| view! { <p class="muted">{text}</p> })}
        <section aria-labelledby="containers">
            <div class="block-head"><h2 id="containers">"Containers"</h2></div>
            <Containers environment=at.environment.clone() stack=at.stack.clone() containers=stack.containers now />
            {(standing == Standing::Failing).then(|| last_lines(at, logs))}
        </section>
        <dl class="facts facts-narrow">{facts}</dl>
    }
}

/// The last lines of what is not well, once asked for: reading them asks the host.
fn last_lines(at: &StackRef, logs: Option<Logs>) -> AnyView {
    let href = format!("{}?logs=show#logs", stack_address(&at.environment, &at.stack));
    let label = format!("Last log lines of {}", at.stack);
    match logs {
        None => view! { <div class="actions"><LinkButton href>"Show the last log lines"</LinkButton></div> }.into_any(),
        Some(Ok(lines)) if lines.is_empty() => {
            view! { <p class="muted" id="logs">"What is not well has written nothing."</p> }.into_any()
        }
        Some(Ok(lines)) => view! { <div id="logs"><Log label lines /></div> }.into_any(),
        Some(Err(why)) => {
            view! { <Notice tone=Tone::Bad title="The log can't be read"><p>{why}</p></Notice> }.into_any()
        }
    }
}

fn held(at: &StackRef, pin: PinOverview, may: bool, now: Millis) -> impl IntoView + use<> {
    let from = match pin.origin {
        PinOrigin::Rollback => "Rolled back".to_owned(),
        PinOrigin::Promotion { from } => format!("Promoted from {from}"),
    };
    let (environment, stack) = (at.environment.clone(), at.stack.clone());
    let review = format!("{}&release=true", plan_address(&environment, &stack));
    view! {
        <Notice tone=Tone::Accent title=format!("Held at revision {}", pin.revision)>
            <p>{from}" by "{pin.by}" "<When at=pin.at now />". Changes of the catalog wait until it is released."</p>
            {may.then(|| view! {
                <div class="actions">
                    <LinkButton href=review>"Review what the catalog wants"</LinkButton>
                    <form method="post" action="/api/release_pin">
                        <Hidden name="environment" value=environment />
                        <Hidden name="stack" value=stack />
                        <Button kind=ButtonKind::Ghost>"Release without deploying"</Button>
                    </form>
                </div>
            })}
        </Notice>
    }
}

fn past(at: &StackRef, revisions: Vec<Revision>, is_well: bool, may: bool, now: Millis) -> impl IntoView + use<> {
    let base = plan_address(&at.environment, &at.stack);
    let more = revisions.len().saturating_sub(SHOWN);
    let body = if revisions.is_empty() {
        view! {
            <EmptyState
                icon=IconName::Clock
                title="No revision yet"
                text="Each apply that ends healthy keeps one, with its commit, variables and images. You can go back to any of them."
            />
        }
        .into_any()
    } else {
        let rows = revisions
            .into_iter()
            .take(SHOWN)
            .enumerate()
            .map(|(index, revision)| {
                // The newest is what runs, unless something is amiss.
                let back = (may && (index > 0 || !is_well)).then(|| format!("{base}&rollback={}", revision.number));
                row(revision, back, now)
            })
            .collect_view();
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <section class="block" aria-labelledby="revisions">
            <div class="block-head"><h2 id="revisions">"Revisions"</h2></div>
            {body}
            {(more > 0).then(|| view! { <p class="muted">{format!("{more} older ones are kept too.")}</p> })}
        </section>
    }
}

fn row(revision: Revision, back: Option<String>, now: Millis) -> impl IntoView {
    let number = revision.number;
    let href = format!("/admin/applies/{}", revision.apply);
    let held = revision.pin.as_ref().map(|pin| match &pin.origin {
        PinOrigin::Rollback => format!("rolled back to {}", pin.revision),
        PinOrigin::Promotion { from } => format!("promoted from {from}"),
    });
    let word = held.unwrap_or_else(|| revision.action.title());
    let catalog = short(&revision.catalog_commit).to_owned();
    view! {
        <li class="rowitem">
            <span class="revision num">{number.to_string()}</span>
            <div class="rowitem-text">
                <span class="cell-title">{capital(&word)}</span>
                <span class="cell-sub">
                    <When at=revision.at now />" by "{revision.actor}" · catalog "<code>{catalog}</code>" · "
                    <a href=href>"apply"</a>
                </span>
            </div>
            {back.map(|href| view! {
                <LinkButton href attr:aria-label=format!("Roll back to revision {number}") icon=IconName::Undo>"Roll back"</LinkButton>
            })}
        </li>
    }
}

fn others(at: &StackRef, elsewhere: Vec<Elsewhere>, may: bool) -> impl IntoView + use<> {
    let rows = elsewhere
        .into_iter()
        .map(|one| {
            let promote = one.revision.filter(|_| may).map(|_| {
                format!("{}&promote={}", plan_address(&at.environment, &at.stack), encode(&one.environment))
            });
            let label = format!("Promote from {} to {}", one.environment, at.environment);
            let revision = one.revision.map_or_else(|| "never applied".to_owned(), |number| format!("revision {number}"));
            view! {
                <li class="rowitem">
                    <div class="rowitem-text">
                        <a class="cell-title" href=stack_address(&one.environment, &at.stack)>{one.environment.clone()}</a>
                        <span class="cell-sub">{revision}</span>
                    </div>
                    <StandingChip standing=one.standing />
                    {promote.map(|href| view! { <LinkButton href attr:aria-label=label>"Promote here"</LinkButton> })}
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="block" aria-labelledby="elsewhere">
                <div class="block-head"><h2 id="elsewhere">"On other environments"</h2></div>
                <ul class="rows">{rows}</ul>
            </section>
        }
    })
}
