//! Environments: all of them as cards, and one with its stacks and containers.

use leptos::prelude::*;
use service::deploy::{
    EnvironmentOverview, StackOverview, environments::EnvironmentReading, model::Reach, words::short,
};
use types::{Millis, catalog::Guest};

use super::{
    containers::Containers,
    hosts,
    overview::{DONE, why},
    parts::{Area, AreaTabs, Hands, bind_address, encode, findings, is_operator, many, onlooker, stack_address},
    reading::Reading,
    standing::{Counts, ReachChip, Standing, StandingChip},
};
use crate::{
    AppError,
    pages::parts::done,
    server::{Page, PageCx, PageResult},
    ui::{ButtonKind, EmptyState, Icon, IconName, LinkButton, PageHeader, Tone},
};

/// All environments.
///
/// # Errors
/// For whoever may not look after deployments.
pub async fn list(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let reading = Reading::of(&cx, &onlooker);
    let toast = done(cx.query("done"), DONE);
    let deploy = cx.services().deploy();
    let hosts = deploy.hosts(&onlooker);
    // Read without asking anybody else. A catalog that can't be read is told by the look.
    let guests = match cx.viewer().operator() {
        Ok(operator) if deploy.has_catalog(&operator) => {
            deploy.catalog(&operator).await.map(|view| view.reading.catalog.guests).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let operates = is_operator(&cx);
    let unbound: Vec<Guest> =
        guests.into_iter().filter(|guest| guest.environment.is_none() && !guest.is_template).collect();
    let view = move || {
        let now = reading.now;
        let body = match reading.look.clone() {
            None => reading.nothing().into_any(),
            Some(look) => {
                let known = &look.overview.environments;
                let is_strange =
                    |one: &&EnvironmentReading| one.guest.is_none() && known.iter().all(|of| of.name != one.name);
                let strangers = hosts.iter().flat_map(|hosts| &hosts.reading.environments).filter(is_strange);
                let strangers: Vec<_> = strangers.map(|host| hosts::stranger(host, operates, now)).collect();
                let cards: Vec<_> = known.iter().map(|one| hosts::card(one, hosts.as_deref(), operates, now)).collect();
                let empty = cards.is_empty() && strangers.is_empty();
                view! {
                    {empty.then(|| nowhere(operates))}
                    {(!empty).then(|| view! { <div class="cards">{cards}{strangers}</div> })}
                }
                .into_any()
            }
        };
        view! {
            <PageHeader title="Environments" lead="The Docker hosts, as Portainer sees them.">
                {operates.then(|| view! { <LinkButton href="/admin/environments/add" icon=IconName::Plus>"Add an environment"</LinkButton> })}
            </PageHeader>
            <AreaTabs current=Area::Environments />
            <div class="stack">{reading.bar()}{body}</div>
            {hosts::unbound(unbound)}
            {operates.then(|| view! { <p class="block cell-sub">"Another Portainer, or a new key? "<a href="/admin/connect">"Connect Portainer"</a></p> })}
        }
    };
    Ok(Page::new("Environments", view).toast(toast))
}

/// What stands where the catalog names no environment.
pub(super) fn nowhere(operates: bool) -> impl IntoView {
    view! {
        <EmptyState
            icon=IconName::Server
            title="The catalog names no environment"
            text="An environment is a machine with Docker and Portainer's agent. Add one here; or give a machine in phoenix_vm_configs.json a “portainer_environment_name”, and under “docker_stacks” the stacks it runs."
        >
            {operates.then(|| view! { <LinkButton href="/admin/environments/add" kind=ButtonKind::Primary icon=IconName::Plus>"Add an environment"</LinkButton> })}
        </EmptyState>
    }
}

/// One environment.
///
/// # Errors
/// For whoever may not look after deployments; when no look has seen such an environment.
pub async fn one(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let reading = Reading::of(&cx, &onlooker);
    let name: String = cx.param("name")?;
    let toast = done(cx.query("done"), DONE);
    let found =
        reading.look.as_ref().map(|look| look.overview.environments.iter().find(|one| one.name == name).cloned());
    let host = cx.services().deploy().hosts(&onlooker).and_then(|hosts| hosts.of(&name).cloned());
    let environment = match found {
        Some(None) => {
            return Err(AppError::not_found(
                "The newest look saw no environment of this name in the catalog. Look at the list of environments.",
            ));
        }
        Some(Some(environment)) => Some(environment),
        None => None,
    };
    let (title, hands, operates) = (name.clone(), Hands::of(&cx), is_operator(&cx));
    let view = move || {
        let now = reading.now;
        let href = format!("/admin/plan?env={}", encode(&name));
        let body = match environment {
            None => reading.nothing().into_any(),
            Some(environment) => inside(environment, host, operates, now).into_any(),
        };
        view! {
            <PageHeader title=name.clone()>
                {hands.review(Some(&name), href)}
                {operates.then(|| view! { <LinkButton href=bind_address(&name) icon=IconName::Link>"Connection"</LinkButton> })}
            </PageHeader>
            <AreaTabs current=Area::Environments />
            <div class="stack">{reading.bar()}{body}</div>
        }
    };
    Ok(Page::new(title, view).toast(toast))
}

fn inside(
    environment: EnvironmentOverview,
    host: Option<EnvironmentReading>,
    operates: bool,
    now: Millis,
) -> impl IntoView {
    let EnvironmentOverview { name, id, reach, warnings, stacks } = environment;
    if reach != Reach::Up {
        return hosts::unseen(&name, reach, operates).into_any();
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
        {host.map(|host| view! { <div class="facts-narrow">{hosts::about(&host, now)}</div> })}
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
            <Containers environment=environment.to_owned() stack=stack.name.clone() containers=stack.containers now />
            {(!facts.is_empty()).then(|| view! { <p class="cell-sub">{facts}</p> })}
        </section>
    }
}
