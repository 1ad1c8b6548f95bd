//! The overview of deployments: what asks for attention first, then the environments, then what was done lately.

use leptos::prelude::*;
use service::deploy::{
    ApplySummary, EnvironmentOverview, Look, StackOverview,
    model::{Reach, Reason},
    words::{Surface, Worded, Wording},
};
use types::Millis;

use super::{
    applies::list::{ApplyRow, apply_title},
    environments::nowhere,
    parts::{Area, AreaTabs, Hands, environment_address, is_operator, many, ok, onlooker, stack_address},
    reading::Reading,
    standing::{Counts, ReachChip, Standing, StandingChip},
};
use crate::{
    pages::parts::{When, done},
    server::{Page, PageCx, PageResult},
    ui::{Card, Chip, EmptyState, Icon, IconName, PageHeader, Tone},
};

/// Things that ask for attention shown before "and n more".
const MOST: usize = 12;
/// Applies shown.
const LATEST: u32 = 5;

/// What acts on these pages lead back with.
pub(super) const DONE: &[(&str, &str)] = &[
    ("looked", "Looked again: what you see is what runs now."),
    ("released", "Released. The next plan follows the catalog again."),
    ("unbound", "Unbound. Portainer does not know it any more; its containers run on."),
    ("orphaned", "Unbound. Rows of its stacks are left in Portainer without a host; its containers run on."),
    ("cancelled", "Cancelling: the step under way is brought to its end, no further one is begun."),
];

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the database fails.
pub async fn page(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let deploy = cx.services().deploy();
    let reading = Reading::of(&cx, &onlooker);
    let operates = is_operator(&cx);
    let hands = Hands::of(&cx);
    let running = ok(&cx, deploy.running(&onlooker).await)?;
    let latest = ok(&cx, deploy.applies(&onlooker, None, None, LATEST).await)?;
    let refused = cx.form("/api/look_again").problem.is_some();
    let toast = done(cx.query("done"), DONE).filter(|_| !refused);
    let view = move || {
        let now = reading.now;
        let body = match reading.look.clone() {
            None => view! {
                {(!running.is_empty()).then(|| view! { <ul class="rows">{running.iter().map(|one| under_way(one, now)).collect_view()}</ul> })}
                {reading.nothing()}
            }
            .into_any(),
            Some(look) if look.overview.environments.is_empty() => nowhere(operates).into_any(),
            Some(look) => view! {
                {attention(&look, &running, now)}
                {environments(&look)}
            }
            .into_any(),
        };
        view! {
            <PageHeader title="Deployments" lead="What is desired, what runs, and what to do about the difference.">
                {hands.review(None, "/admin/plan".to_owned())}
            </PageHeader>
            <AreaTabs current=Area::Overview />
            <div class="stack">
                {reading.bar()}
                {body}
            </div>
            {lately(latest, now)}
        }
    };
    Ok(Page::new("Deployments", view).toast(toast))
}

/// One thing that asks for attention.
struct Matter {
    standing: Standing,
    place: String,
    title: String,
    why: String,
    href: String,
}

fn attention(look: &Look, running: &[ApplySummary], now: Millis) -> impl IntoView + use<> {
    let mut matters: Vec<Matter> = look.overview.environments.iter().flat_map(of_environment).collect();
    matters.sort_by(|one, other| {
        (one.standing, &one.place, &one.title).cmp(&(other.standing, &other.place, &other.title))
    });
    let more = matters.len().saturating_sub(MOST);
    let under_way = running.iter().map(|one| under_way(one, now)).collect_view();
    let rows = matters.into_iter().take(MOST).map(matter).collect::<Vec<_>>();
    let body = if rows.is_empty() && running.is_empty() {
        view! {
            <EmptyState icon=IconName::Check title="All is in step" text="Every stack runs as the catalog wants it, and every container is well." />
        }
        .into_any()
    } else {
        view! {
            <ul class="rows">{under_way}{rows}</ul>
            {(more > 0).then(|| view! { <p><a class="more" href="/admin/stacks">"and "{more.to_string()}" more"</a></p> })}
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="attention">
            <div class="block-head"><h2 id="attention">"Needs attention"</h2></div>
            {body}
        </section>
    }
}

fn of_environment(environment: &EnvironmentOverview) -> Vec<Matter> {
    let name = &environment.name;
    if environment.reach != Reach::Up {
        let words = environment.reach.words();
        return vec![Matter {
            standing: Standing::Unknown,
            place: String::new(),
            title: name.clone(),
            why: format!("{} {} unseen.", words.text, many(environment.stacks.len(), "stack")),
            href: environment_address(name),
        }];
    }
    let asking = environment.stacks.iter().map(|stack| (Standing::of(stack), stack));
    asking
        .filter(|(standing, _)| standing.wants_attention())
        .map(|(standing, stack)| Matter {
            standing,
            place: name.clone(),
            title: stack.title.clone(),
            why: why(standing, stack),
            href: stack_address(name, &stack.name),
        })
        .collect()
}

/// Why a stack asks for attention, in a line.
pub(super) fn why(standing: Standing, stack: &StackOverview) -> String {
    let titles = |words: Vec<String>| match words.as_slice() {
        [] => stack.state.words().text,
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first}, {second} and {} more", rest.len()),
        few => few.join(", "),
    };
    match (standing, &stack.blocked) {
        (Standing::Blocked, Some(cause)) => cause.words().text,
        (Standing::Failing, _) => titles(
            stack
                .containers
                .iter()
                .filter(|one| !one.condition.is_good())
                .map(|one| format!("{} is {}", one.service, one.condition.title()))
                .collect(),
        ),
        (Standing::Surplus, _) => stack.state.words().text,
        _ => titles(stack.reasons.iter().map(reason).collect()),
    }
}

/// A reason in a few words.
fn reason(reason: &Reason) -> String {
    match reason {
        Reason::VariableAdded { name, .. } => format!("{name} is new"),
        Reason::VariableChanged { name, .. } => format!("{name} changes"),
        Reason::VariableRemoved { name } => format!("{name} goes"),
        other => other.title(),
    }
}

fn matter(one: Matter) -> AnyView {
    let place = Some(one.place).filter(|place| !place.is_empty());
    view! {
        <li>
            <a class="rowitem rowitem-link matter" href=one.href>
                <StandingChip standing=one.standing />
                <div class="rowitem-text">
                    <span class="cell-title">{one.title}{place.map(|place| view! { <span class="cell-sub">" on "{place}</span> })}</span>
                    <span class="cell-sub">{one.why}</span>
                </div>
                <Icon name=IconName::ChevronRight />
            </a>
        </li>
    }
    .into_any()
}

fn under_way(apply: &ApplySummary, now: Millis) -> impl IntoView + use<> {
    let href = format!("/admin/applies/{}", apply.id);
    let (title, at, actor) = (apply_title(apply), apply.began_at, apply.actor.clone());
    view! {
        <li>
            <a class="rowitem rowitem-link matter" href=href>
                <Chip icon=IconName::Play tone=Tone::Accent>"Applying"</Chip>
                <div class="rowitem-text">
                    <span class="cell-title">{title}</span>
                    <span class="cell-sub">"by "{actor}", begun "<When at now /></span>
                </div>
                <Icon name=IconName::ChevronRight />
            </a>
        </li>
    }
}

fn environments(look: &Look) -> impl IntoView + use<> {
    let cards = look.overview.environments.iter().map(card).collect_view();
    view! {
        <section class="block" aria-labelledby="environments">
            <div class="block-head"><h2 id="environments">"Environments"</h2><a href="/admin/environments">"All"</a></div>
            <div class="cards cards-small">{cards}</div>
        </section>
    }
}

/// An environment in short.
pub(super) fn card(environment: &EnvironmentOverview) -> impl IntoView + use<> {
    let (name, reach) = (environment.name.clone(), environment.reach);
    let standings: Vec<Standing> = environment.stacks.iter().map(Standing::of).collect();
    let warnings: Vec<Wording> = environment.warnings.iter().map(Worded::words).collect();
    let containers: usize = environment.stacks.iter().map(|stack| stack.containers.len()).sum();
    let sub = match reach {
        Reach::Up => format!("{}, {}", many(standings.len(), "stack"), many(containers, "container")),
        Reach::Down | Reach::Missing => reach.words().full(Surface::Page),
    };
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><a class="card-name" href=environment_address(&name)><Icon name=IconName::Server />{name.clone()}</a></h2>
                <ReachChip reach />
            </div>
            <p class="card-text">{sub}</p>
            {(reach == Reach::Up).then(|| view! { <Counts standings environment=Some(name) /> })}
            {warnings.into_iter().map(|words| view! { <p class="card-text">{words.full(Surface::Page)}</p> }).collect_view()}
        </Card>
    }
}

fn lately(applies: Vec<ApplySummary>, now: Millis) -> impl IntoView {
    (!applies.is_empty()).then(|| {
        let rows = applies.into_iter().map(|apply| view! { <ApplyRow apply now /> }).collect_view();
        view! {
            <section class="block" aria-labelledby="lately">
                <div class="block-head"><h2 id="lately">"Latest applies"</h2><a href="/admin/applies">"All"</a></div>
                <ul class="rows">{rows}</ul>
            </section>
        }
    })
}
