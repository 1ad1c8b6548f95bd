//! The catalog's list: every stack with what is wrong with it, and the switches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use leptos::prelude::*;
use service::{
    Operator,
    deploy::{Draft, Look, Part, targets},
};
use types::catalog::{Guest, Severity, normalise_name};

use super::{
    super::{
        parts::{Area, AreaTabs, many, ok, operator},
        reading::Reading,
        standing::Standing,
    },
    bars,
    matrix::{self, Row},
    narrowed::{Narrowed, Trouble, filters},
    shown::Shown,
};
use crate::{
    pages::parts::done,
    server::{FormState, Page, PageCx, PageResult},
    ui::{ButtonKind, EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Stacks on one page of the list.
pub(super) const SHOWN: usize = 100;

/// What acts on this page lead back with.
const DONE: &[(&str, &str)] = &[
    ("same", "There is nothing to review: every switch is as the catalog says."),
    ("compared", "Compared with the remote."),
    ("synced", "In step with the remote. Nothing is deployed until you apply it."),
];

/// The catalog's list, ready to be shown.
pub(super) struct List {
    /// The environments, a column each.
    pub(super) columns: Vec<String>,
    /// The stacks of this page.
    pub(super) rows: Vec<Row>,
    /// Stacks that the list is narrowed to.
    pub(super) total: usize,
    /// The page shown, from 1, and how many there are.
    pub(super) page: usize,
    pub(super) pages: usize,
    /// How each stack stands on each environment, by its name there; none if nothing was looked at yet.
    pub(super) standings: Option<HashMap<(String, String), Standing>>,
    /// Stack and environment where the draft differs.
    pub(super) changed: BTreeSet<(String, String)>,
}

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the catalog can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let deploy = cx.services().deploy();
    let reading = Reading::of(&cx, &operator);
    let draft = if deploy.has_catalog(&operator) { Some(ok(&cx, deploy.draft(&operator).await)?) } else { None };
    let narrowed = Narrowed::of(&cx);
    let switches = cx.form("/api/switch_stacks");
    let sync = cx.form("/api/sync_catalog").problem;
    let toast = done(cx.query("done"), DONE).filter(|_| !switches.is_refused() && sync.is_none());
    let remote = bars::remote(deploy, &operator, cx.now());
    let now = cx.now();
    let view = move || {
        let body = match draft {
            None => reading.nothing().into_any(),
            Some(draft) => inside(&draft, &reading, &narrowed, &switches, now).into_any(),
        };
        let refused = sync.map(|problem| {
            view! { <Notice tone=Tone::Bad title="The catalog and its remote are not in step"><p>{problem.message}</p></Notice> }
        });
        view! {
            <PageHeader title="Catalog" lead="Which stacks exist, and which runs where. Saving deploys nothing.">
                <LinkButton href="/admin/catalog/history" icon=IconName::Clock>"History"</LinkButton>
                <LinkButton href="/admin/catalog/import" icon=IconName::Download>"Import"</LinkButton>
                <LinkButton href="/admin/catalog/new" kind=ButtonKind::Primary icon=IconName::Plus>"New stack"</LinkButton>
            </PageHeader>
            <AreaTabs current=Area::Catalog />
            <div class="stack">{refused}{remote}{body}</div>
        }
    };
    Ok(Page::new("Catalog", view).toast(toast))
}

fn inside(
    draft: &Draft,
    reading: &Reading,
    narrowed: &Narrowed,
    form: &FormState,
    now: types::Millis,
) -> impl IntoView + use<> {
    let environments: Vec<String> = targets(&draft.reading).into_keys().map(str::to_owned).collect();
    let list = list(draft, reading.look.as_deref(), narrowed);
    let refused = form.problem.clone().map(|problem| {
        view! { <Notice tone=Tone::Bad title="Nothing was switched"><p>{problem.message}" Your switches stand below as you left them."</p></Notice> }
    });
    let body = if draft.reading.catalog.stacks.is_empty() && draft.reading.blocked_stacks.is_empty() {
        view! {
            <EmptyState icon=IconName::Layers title="The catalog has no stack yet" text="A stack is a compose project: from a git repository, or a text kept here. Make one, or bring files of an older tool.">
                <LinkButton href="/admin/catalog/new" kind=ButtonKind::Primary icon=IconName::Plus>"New stack"</LinkButton>
                <LinkButton href="/admin/catalog/import" icon=IconName::Download>"Import"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let body = if list.rows.is_empty() {
            view! { <EmptyState icon=IconName::Search title="No stack is like that" text="Take a word or a choice back, or show all." /> }
                .into_any()
        } else {
            matrix::form(&list, narrowed, &overlay(form)).into_any()
        };
        view! {
            {filters(narrowed, &environments)}
            <p class="muted" role="status">{counted(&list)}</p>
            {environments.is_empty().then(no_environment)}
            {body}
        }
        .into_any()
    };
    view! {
        {refused}
        {bars::draft(draft, now)}
        {bars::catalog_wide(&draft.reading)}
        {body}
    }
}

/// "120 stacks", and which of them are shown.
fn counted(list: &List) -> String {
    let all = many(list.total, "stack");
    if list.pages <= 1 { all } else { format!("{all} · page {} of {}", list.page, list.pages) }
}

/// Says why there are no switches.
fn no_environment() -> impl IntoView {
    view! {
        <Notice tone=Tone::Neutral title="There is nowhere to run a stack yet">
            <p>"Give a machine in phoenix_vm_configs.json a “portainer_environment_name”, the name of its environment in Portainer. Then each stack gets a switch for it here."</p>
        </Notice>
    }
}

/// Switches as they were left in a form that was refused, by stack and environment.
fn overlay(form: &FormState) -> HashMap<(String, String), bool> {
    let shown = form.problem.as_ref().and_then(|_| Shown::read(&form.value("shown"))).unwrap_or_default();
    let turned = shown.turned(|key| !form.value(key).is_empty());
    turned.into_iter().map(|one| ((one.stack, one.environment), one.on)).collect()
}

fn list(draft: &Draft, look: Option<&Look>, narrowed: &Narrowed) -> List {
    let there = targets(&draft.reading);
    let columns: Vec<String> = there
        .keys()
        .filter(|name| narrowed.environment.as_deref().is_none_or(|wanted| wanted == **name))
        .map(|name| (*name).to_owned())
        .collect();
    let (stacks_changed, changed) = differing(draft);
    let mut rows = rows(draft, &there, &columns, &stacks_changed);
    let words = narrowed.words.to_lowercase();
    rows.retain(|row| {
        let is_changed = row.changed || columns.iter().any(|name| changed.contains(&(row.name.clone(), name.clone())));
        let in_trouble = match narrowed.trouble {
            None => true,
            Some(Trouble::Errors) => row.errors > 0,
            Some(Trouble::Warnings) => row.warnings > 0,
            Some(Trouble::Unassigned) => !row.on.contains(&true),
            Some(Trouble::Changed) => is_changed,
        };
        in_trouble && (words.is_empty() || row.name.to_lowercase().contains(&words))
    });
    let total = rows.len();
    let pages = total.div_ceil(SHOWN).max(1);
    let page = narrowed.page.min(pages);
    let rows = rows.into_iter().skip((page - 1) * SHOWN).take(SHOWN).collect();
    List { columns, rows, total, page, pages, standings: look.map(standings), changed }
}

/// How each stack stands, by environment and name there.
fn standings(look: &Look) -> HashMap<(String, String), Standing> {
    let environments = look.overview.environments.iter();
    environments
        .flat_map(|one| one.stacks.iter().map(|stack| ((one.name.clone(), stack.name.clone()), Standing::of(stack))))
        .collect()
}

/// The stacks whose entries differ in the draft, and the switches that do, by stack and environment.
fn differing(draft: &Draft) -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    let (mut stacks, mut switches) = (BTreeSet::new(), BTreeSet::new());
    if !draft.is_changed() {
        return (stacks, switches);
    }
    let environment: HashMap<&str, &str> = draft
        .reading
        .catalog
        .guests
        .iter()
        .filter_map(|guest| Some((guest.name.as_str(), guest.environment.as_deref()?)))
        .collect();
    stacks.extend(draft.unfinished.keys().cloned());
    for part in draft.parts() {
        match part {
            Part::Stack(name) => {
                stacks.insert(name);
            }
            Part::Assignment { guest, stack } => {
                if let Some(environment) = environment.get(guest.as_str()) {
                    switches.insert((stack, (*environment).to_owned()));
                }
            }
            Part::File(_) => {}
        }
    }
    (stacks, switches)
}

/// Every stack, also those that could not be read.
fn rows(
    draft: &Draft,
    there: &BTreeMap<&str, Vec<&Guest>>,
    columns: &[String],
    changed: &BTreeSet<String>,
) -> Vec<Row> {
    let reading = &draft.reading;
    let mut findings: HashMap<&str, (usize, usize)> = HashMap::new();
    for one in &reading.diagnostics {
        let Some(stack) = one.stack.as_deref() else { continue };
        let (errors, warnings) = findings.entry(stack).or_default();
        match one.severity {
            Severity::Error => *errors += 1,
            Severity::Warning => *warnings += 1,
            Severity::Info => {}
        }
    }
    let mut running: Vec<BTreeSet<&str>> = Vec::new();
    for name in columns {
        let guests = there.get(name.as_str()).into_iter().flatten();
        running.push(guests.flat_map(|guest| guest.assignments.iter().map(|one| one.stack.as_str())).collect());
    }
    let known = reading.catalog.stacks.iter().map(|stack| (stack.name.as_str(), stack.description.as_deref(), true));
    let unread = reading.blocked_stacks.iter().map(|name| (name.as_str(), None, false));
    let mut seen = BTreeSet::new();
    let mut rows: Vec<Row> = known
        .chain(unread)
        .filter(|(name, ..)| seen.insert(*name))
        .map(|(name, description, is_read)| {
            let (errors, warnings) = findings.get(name).copied().unwrap_or_default();
            Row {
                name: name.to_owned(),
                there: normalise_name(name),
                description: description.unwrap_or_default().to_owned(),
                errors,
                warnings,
                changed: changed.contains(name),
                is_read,
                on: running.iter().map(|stacks| stacks.contains(name)).collect(),
            }
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

/// The catalog's draft, for pages about one stack.
pub(super) async fn draft(cx: &PageCx, operator: &Operator) -> Result<Option<Draft>, crate::AppError> {
    let deploy = cx.services().deploy();
    if deploy.has_catalog(operator) { Ok(Some(ok(cx, deploy.draft(operator).await)?)) } else { Ok(None) }
}
