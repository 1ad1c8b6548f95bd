//! The switches: stacks by environment, one form.

use std::collections::HashMap;

use leptos::prelude::*;

use super::{
    super::{
        parts::{catalog_more_address, catalog_stack_address, environment_address, many, stack_address},
        standing::{Standing, StandingChip},
    },
    narrowed::Narrowed,
    page::List,
    shown::Shown,
};
use crate::{
    pages::parts::Hidden,
    ui::{Button, ButtonKind, Chip, IconLink, IconName, Tone},
};

/// One stack of the list.
pub(super) struct Row {
    /// Its name.
    pub(super) name: String,
    /// Its name on the hosts.
    pub(super) there: String,
    pub(super) description: String,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// Whether its entry differs in the draft.
    pub(super) changed: bool,
    /// Whether its entry could be read: if not, it has no switches.
    pub(super) is_read: bool,
    /// The switches.
    pub(super) on: Vec<bool>,
}

/// The switches, with what leads on from them. `left` are switches as they were left in a form that was refused.
pub(super) fn form(list: &List, narrowed: &Narrowed, left: &HashMap<(String, String), bool>) -> impl IntoView + use<> {
    let shown = Shown {
        environments: list.columns.clone(),
        rows: list.rows.iter().filter(|row| row.is_read).map(|row| (row.name.clone(), row.on.clone())).collect(),
    };
    let heads = list
        .columns
        .iter()
        .map(|name| view! { <th scope="col"><a class="head-link" href=environment_address(name)>{name.clone()}</a></th> })
        .collect_view();
    let mut number = 0;
    let rows = list
        .rows
        .iter()
        .map(|one| {
            let at = number;
            number += usize::from(one.is_read);
            row(one, at, list, left)
        })
        .collect_view();
    let (next, shown) = (narrowed.address(), shown.write());
    view! {
        <form class="stack" method="post" action="/api/switch_stacks">
            <Hidden name="shown" value=shown />
            <Hidden name="next" value=next />
            <div class="table-wrap" tabindex="0" role="region" aria-label="Which stack runs where">
                <table class="table matrix switches">
                    <caption class="sr-only">"Which stack runs where"</caption>
                    <thead><tr><th scope="col">"Stack"</th>{heads}<th scope="col"><span class="sr-only">"More"</span></th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {leading_on(list)}
        </form>
    }
}

/// The buttons of the form.
fn leading_on(list: &List) -> impl IntoView + use<> {
    let page = |number: usize, words: &'static str| {
        view! { <Button name="then" value=number.to_string()>{words}</Button> }
    };
    let (here, last) = (list.page, list.pages);
    view! {
        <div class="carry-out">
            <div class="carry-out-line">
                <p class="carry-out-what">"Switches change your draft. Nothing is saved or deployed yet."</p>
                <div class="actions">
                    <Button kind=ButtonKind::Primary icon=IconName::Changes name="then" value="draft">"Review changes"</Button>
                    {(here > 1).then(|| page(here - 1, "Previous page"))}
                    {(here < last).then(|| page(here + 1, "Next page"))}
                </div>
            </div>
        </div>
    }
}

fn row(one: &Row, number: usize, list: &List, left: &HashMap<(String, String), bool>) -> impl IntoView + use<> {
    let cells = list
        .columns
        .iter()
        .zip(&one.on)
        .enumerate()
        .map(|(column, (environment, on))| {
            if !one.is_read {
                return view! { <td class="absent" data-label=environment.clone()><span aria-hidden="true">"–"</span><span class="sr-only">"can't be switched"</span></td> }
                    .into_any();
            }
            let at = (one.name.clone(), environment.clone());
            let checked = left.get(&at).copied().unwrap_or(*on);
            let label = format!("{} on {environment}", one.name);
            let name = Shown::key(number, column);
            let state = state(one, *on, environment, list);
            view! {
                <td data-label=environment.clone()>
                    <label class="switch"><input class="switch-input" type="checkbox" role="switch" name=name value="1" checked=checked aria-label=label /></label>
                    {state}
                </td>
            }
            .into_any()
        })
        .collect_view();
    let label = format!("More: {}", one.name);
    view! {
        <tr>
            <th class="cell-main" scope="row">
                <a class="cell-title cell-link" href=catalog_stack_address(&one.name)>{one.name.clone()}</a>
                {(!one.description.is_empty()).then(|| view! { <span class="cell-sub">{one.description.clone()}</span> })}
                {marks(one)}
            </th>
            {cells}
            <td class="cell-actions"><IconLink href=catalog_more_address(&one.name) label icon=IconName::More /></td>
        </tr>
    }
}

/// What is to be known of a stack beside its name.
fn marks(one: &Row) -> Option<AnyView> {
    let chip = |count: usize, icon, tone, what: &str| {
        let words = many(count, what);
        (count > 0).then(|| view! { <Chip icon tone>{words}</Chip> })
    };
    let errors = chip(one.errors, IconName::Ban, Tone::Bad, "error");
    let warnings = chip(one.warnings, IconName::Alert, Tone::Warn, "warning");
    let changed = one.changed.then(in_my_draft);
    let is_any = errors.is_some() || warnings.is_some() || changed.is_some();
    is_any.then(|| view! { <span class="marks">{errors}{warnings}{changed}</span> }.into_any())
}

/// Says that only the draft says so.
fn in_my_draft() -> impl IntoView {
    view! { <Chip icon=IconName::Edit tone=Tone::Accent>"In my draft"</Chip> }
}

/// How a stack stands where its switch is: as it was seen, or that only the draft says so.
fn state(one: &Row, on: bool, environment: &str, list: &List) -> Option<AnyView> {
    if list.changed.contains(&(one.name.clone(), environment.to_owned())) {
        return Some(in_my_draft().into_any());
    }
    let standings = list.standings.as_ref()?;
    match standings.get(&(environment.to_owned(), one.there.clone())) {
        Some(standing) => Some(seen(one, *standing, environment)),
        None if on => Some(view! { <span class="muted">"not seen yet"</span> }.into_any()),
        None => None,
    }
}

fn seen(one: &Row, standing: Standing, environment: &str) -> AnyView {
    let said = format!("{} on {environment}: {}", one.name, standing.word());
    view! { <a class="cell-link" href=stack_address(environment, &one.there) aria-label=said><StandingChip standing /></a> }
        .into_any()
}
