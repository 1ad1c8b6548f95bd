//! Every stack on every environment: a table to search and to narrow down.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use leptos::prelude::*;
use service::deploy::{Look, StackOverview};

use super::{
    overview::DONE,
    parts::{Area, AreaTabs, Hands, encode, many, onlooker, stack_address},
    reading::Reading,
    standing::{Standing, StandingChip},
};
use crate::{
    pages::parts::done,
    server::{Page, PageCx, PageResult},
    ui::{Button, ButtonKind, Choice, EmptyState, Icon, IconName, LinkButton, PageHeader},
};

/// What the list is narrowed down to.
#[derive(Clone, Default)]
struct Narrowed {
    words: String,
    state: Option<Standing>,
    environment: Option<String>,
}

impl Narrowed {
    fn of(cx: &PageCx) -> Self {
        Self {
            words: cx.query("q").map(|words| words.trim().to_owned()).unwrap_or_default(),
            state: cx.query("state").and_then(Standing::from_key),
            environment: cx.query("environment").map(ToOwned::to_owned),
        }
    }

    fn is_any(&self) -> bool {
        !self.words.is_empty() || self.state.is_some() || self.environment.is_some()
    }

    fn takes(&self, environment: &str, stack: &StackOverview) -> bool {
        let words = self.words.to_lowercase();
        let named = || stack.title.to_lowercase().contains(&words) || stack.name.contains(&words);
        self.environment.as_ref().is_none_or(|wanted| wanted == environment)
            && self.state.is_none_or(|wanted| wanted == Standing::of(stack))
            && (words.is_empty() || named())
    }
}

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments.
pub async fn page(cx: PageCx) -> PageResult {
    let reading = Reading::of(&cx, &onlooker(&cx)?);
    let hands = Hands::of(&cx);
    let narrowed = Narrowed::of(&cx);
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let body = match reading.look.clone() {
            None => reading.nothing().into_any(),
            Some(look) => view! {
                {filters(&look, &narrowed)}
                {table(&look, &narrowed)}
            }
            .into_any(),
        };
        view! {
            <PageHeader title="Stacks" lead="Every stack on every environment.">
                {hands.review(None, "/admin/plan".to_owned())}
            </PageHeader>
            <AreaTabs current=Area::Stacks />
            <div class="stack">{reading.bar()}{body}</div>
        }
    };
    Ok(Page::new("Stacks", view).toast(toast))
}

fn filters(look: &Arc<Look>, narrowed: &Narrowed) -> impl IntoView + use<> {
    let environments = look.overview.environments.iter().map(|one| (one.name.clone(), one.name.clone()));
    let environments = with_any("Any environment", environments);
    let states = with_any("Any state", Standing::ALL.map(|one| (one.key().to_owned(), one.word().to_owned())));
    let state = narrowed.state.map(|one| one.key().to_owned()).unwrap_or_default();
    let (words, environment) = (narrowed.words.clone(), narrowed.environment.clone().unwrap_or_default());
    let clear = narrowed
        .is_any()
        .then(|| view! { <LinkButton href="/admin/stacks" kind=ButtonKind::Ghost>"Show all"</LinkButton> });
    view! {
        <form class="filters" method="get" action="/admin/stacks" role="search" aria-label="Stacks">
            <label class="filters-words">
                <span class="sr-only">"Search by name"</span>
                <Icon name=IconName::Search />
                <input class="input" id="q" type="search" name="q" value=words placeholder="Search by name" data-slash="" />
                <kbd class="key" aria-hidden="true">"/"</kbd>
            </label>
            <Choice name="state" label="State" options=states selected=state />
            <Choice name="environment" label="Environment" options=environments selected=environment />
            <Button>"Show"</Button>
            {clear}
        </form>
    }
}

/// The options of a filter, "any" first.
fn with_any(any: &str, options: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), any.to_owned())).chain(options).collect()
}

fn table(look: &Arc<Look>, narrowed: &Narrowed) -> impl IntoView + use<> {
    let overview = &look.overview;
    let columns: Vec<&str> = overview
        .environments
        .iter()
        .map(|one| one.name.as_str())
        .filter(|name| narrowed.environment.as_deref().is_none_or(|wanted| wanted == *name))
        .collect();
    let mut rows: BTreeMap<&str, BTreeMap<&str, &StackOverview>> = BTreeMap::new();
    let mut shown = BTreeSet::new();
    for environment in &overview.environments {
        for stack in &environment.stacks {
            if narrowed.takes(&environment.name, stack) {
                shown.insert(stack.name.as_str());
            }
            rows.entry(&stack.name).or_default().insert(&environment.name, stack);
        }
    }
    rows.retain(|name, _| shown.contains(name));
    if rows.is_empty() {
        let (title, text) = match narrowed.is_any() {
            true => ("No stack is like that", "Take a word or a choice back, or show all."),
            false => (
                "The catalog runs no stack yet",
                "Name a stack in phoenix_stacks_config.json, and give it to a machine in phoenix_vm_configs.json under “docker_stacks”.",
            ),
        };
        return view! { <EmptyState icon=IconName::Layers title text /> }.into_any();
    }
    let count = many(rows.len(), "stack");
    let heads = columns
        .iter()
        .map(|name| {
            let href = format!("/admin/environments/{}", encode(name));
            view! { <th scope="col"><a class="head-link" href=href>{(*name).to_owned()}</a></th> }
        })
        .collect_view();
    let rows = rows.into_iter().map(|(name, on)| row(name, &on, &columns)).collect_view();
    view! {
        <p class="muted" role="status">{count}</p>
        <div class="table-wrap" tabindex="0" role="region" aria-label="Stacks by environment">
            <table class="table matrix">
                <caption class="sr-only">"Stacks by environment"</caption>
                <thead><tr><th scope="col">"Stack"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(name: &str, on: &BTreeMap<&str, &StackOverview>, columns: &[&str]) -> impl IntoView + use<> {
    let title = on.values().find(|stack| stack.title != *name).map_or(name, |stack| stack.title.as_str()).to_owned();
    let cells = columns
        .iter()
        .map(|environment| {
            let label = (*environment).to_owned();
            match on.get(environment) {
                None => view! { <td class="absent" data-label=label><span aria-hidden="true">"–"</span><span class="sr-only">"not there"</span></td> }.into_any(),
                Some(stack) => {
                    let said = format!("{title} on {environment}: {}", Standing::of(stack).word());
                    let pin = stack.pin.as_ref().map(|pin| format!("Held at revision {}", pin.revision));
                    view! {
                        <td data-label=label>
                            <a class="cell-link" href=stack_address(environment, name) aria-label=said>
                                <StandingChip standing=Standing::of(stack) />
                                {pin.map(|words| view! { <span class="pinned" title=words><Icon name=IconName::Pin /></span> })}
                            </a>
                        </td>
                    }
                    .into_any()
                }
            }
        })
        .collect_view();
    view! { <tr><th class="cell-main" scope="row"><span class="cell-title">{title.clone()}</span></th>{cells}</tr> }
}
