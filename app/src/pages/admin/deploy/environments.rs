//! Environments: all of them as cards, and one with its stacks and containers.

use leptos::prelude::*;
use service::deploy::{
    EnvironmentOverview, StackOverview,
    model::Reach,
    words::{Surface, Worded, short},
};
use types::Millis;

use super::{
    containers::Containers,
    overview::{DONE, card, why},
    parts::{Area, AreaTabs, Hands, encode, findings, many, onlooker, stack_address},
    reading::Reading,
    standing::{Counts, ReachChip, Standing, StandingChip},
};
use crate::{
    AppError,
    pages::parts::done,
    server::{Page, PageCx, PageResult},
    ui::{EmptyState, Icon, IconName, Notice, PageHeader, Tone},
};

/// All environments.
///
/// # Errors
/// For whoever may not look after deployments.
pub async fn list(cx: PageCx) -> PageResult {
    let reading = Reading::of(&cx, &onlooker(&cx)?);
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let body = match reading.look.clone() {
            None => reading.nothing().into_any(),
            Some(look) if look.overview.environments.is_empty() => nowhere().into_any(),
            Some(look) => {
                let cards = look.overview.environments.iter().map(card).collect_view();
                view! { <div class="cards">{cards}</div> }.into_any()
            }
        };
        view! {
            <PageHeader title="Environments" lead="The Docker hosts, as Portainer sees them." />
            <AreaTabs current=Area::Environments />
            <div class="stack">{reading.bar()}{body}</div>
        }
    };
    Ok(Page::new("Environments", view).toast(toast))
}

/// What stands where the catalog names no environment.
pub(super) fn nowhere() -> impl IntoView {
    view! {
        <EmptyState
            icon=IconName::Server
            title="The catalog names no environment"
            text="Give a machine in phoenix_vm_configs.json a “portainer_environment_name”, the name of its environment in Portainer, and under “docker_stacks” the stacks it runs."
        />
    }
}

/// One environment.
///
/// # Errors
/// For whoever may not look after deployments; when no look has seen such an environment.
pub async fn one(cx: PageCx) -> PageResult {
    let reading = Reading::of(&cx, &onlooker(&cx)?);
    let name: String = cx.param("name")?;
    let toast = done(cx.query("done"), DONE);
    let found =
        reading.look.as_ref().map(|look| look.overview.environments.iter().find(|one| one.name == name).cloned());
    let environment = match found {
        Some(None) => {
            return Err(AppError::not_found(
                "The newest look saw no environment of this name in the catalog. Look at the list of environments.",
            ));
        }
        Some(Some(environment)) => Some(environment),
        None => None,
    };
    let (title, hands) = (name.clone(), Hands::of(&cx));
    let view = move || {
        let now = reading.now;
        let href = format!("/admin/plan?env={}", encode(&name));
        let body = match environment {
            None => reading.nothing().into_any(),
            Some(environment) => inside(environment, now).into_any(),
        };
        view! {
            <PageHeader title=name.clone()>
                {hands.review(Some(&name), href)}
            </PageHeader>
            <AreaTabs current=Area::Environments />
            <div class="stack">{reading.bar()}{body}</div>
        }
    };
    Ok(Page::new(title, view).toast(toast))
}

fn inside(environment: EnvironmentOverview, now: Millis) -> impl IntoView {
    let EnvironmentOverview { name, id, reach, warnings, stacks } = environment;
    if reach != Reach::Up {
        let words = reach.words();
        return view! {
            <Notice tone=Tone::Bad title=words.text>
                <p>{words.remedy.on(Surface::Page).to_owned()}" What runs there was not seen, so nothing is shown."</p>
            </Notice>
        }
        .into_any();
    }
    let standings: Vec<Standing> = stacks.iter().map(Standing::of).collect();
    let warned = findings(&warnings, Tone::Warn);
    let number = id.map(|id| format!(" · number {id} in Portainer"));
    let summary = format!("{}{}", many(stacks.len(), "stack"), number.unwrap_or_default());
    let mut stacks = stacks;
    stacks.sort_by_cached_key(|stack| (Standing::of(stack), stack.name.clone()));
    let blocks = stacks.into_iter().map(|stack| block(&name, stack, now)).collect_view();
    view! {
        <div class="summary">
            <ReachChip reach />
            <span class="muted">{summary}</span>
        </div>
        <Counts standings environment=Some(name.clone()) />
        {(!warned.is_empty()).then(|| view! { <ul class="findings">{warned}</ul> })}
        {blocks}
    }
    .into_any()
}

fn block(environment: &str, stack: StackOverview, now: Millis) -> impl IntoView + use<> {
    let standing = Standing::of(&stack);
    let line = standing.wants_attention().then(|| why(standing, &stack));
    let href = stack_address(environment, &stack.name);
    let facts = [
        stack.revision.map(|number| format!("revision {number}")),
        stack.commit.as_deref().map(|commit| format!("commit {}", short(commit))),
        stack.pin.as_ref().map(|pin| format!("held at revision {}", pin.revision)),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    view! {
        <section class="stack-block">
            <div class="block-head">
                <h2><a class="card-name" href=href>{stack.title}<Icon name=IconName::ChevronRight /></a></h2>
                <StandingChip standing />
            </div>
            {line.map(|line| view! { <p class="muted">{line}</p> })}
            <Containers containers=stack.containers now />
            {(!facts.is_empty()).then(|| view! { <p class="cell-sub">{facts}</p> })}
        </section>
    }
}
