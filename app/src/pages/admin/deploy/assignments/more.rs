//! What else can be done with a stack of the catalog: another name, a copy, taking it away. All of it in the draft.

use leptos::prelude::*;
use types::catalog::normalise_name;

use super::{
    super::{
        parts::{Area, AreaTabs, catalog_stack_address, operator},
        reading::Reading,
    },
    page::draft,
};
use crate::{
    AppError,
    pages::parts::Hidden,
    server::{FormState, Page, PageCx, PageResult},
    ui::{Actions, Button, ButtonKind, Field, Form, IconName, LinkButton, PageHeader, Section},
};

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when there is no such stack.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let name: String = cx.param("stack")?;
    let draft = draft(&cx, &operator).await?;
    let is_there = draft.is_some_and(|draft| {
        draft.reading.catalog.stacks.iter().any(|one| one.name == name) || draft.snapshot.stack_text(&name).is_some()
    });
    if !is_there {
        return Err(AppError::not_found("The catalog has no stack of this name. Look at the catalog's list."));
    }
    let there = normalise_name(&name);
    let reading = Reading::of(&cx, &operator);
    let environments = reading.look.iter().flat_map(|look| &look.overview.environments);
    let runs: Vec<String> = environments
        .filter(|one| one.stacks.iter().any(|stack| stack.name == there && !stack.containers.is_empty()))
        .map(|one| one.name.clone())
        .collect();
    let forms = ["/api/rename_stack", "/api/copy_stack", "/api/remove_stack"].map(|action| cx.form(action));
    let tab = format!("More: {name}");
    Ok(Page::new(tab, move || {
        let [renaming, copying, removing] = forms;
        let href = catalog_stack_address(&name);
        view! {
            <nav class="crumbs" aria-label="Above">
                <a href="/admin/catalog">"Catalog"</a>
                <a href=href.clone()>{name.clone()}</a>
            </nav>
            <PageHeader title=name.clone() lead="Rename it, copy it, or take it away. Each changes your draft, which you read before it is saved.">
                <LinkButton href icon=IconName::Edit>"Edit"</LinkButton>
            </PageHeader>
            <AreaTabs current=Area::Catalog />
            {rename(&name, &runs, &renaming)}
            {copy(&name, &copying)}
            {remove(&name, &runs, &removing)}
        }
    }))
}

/// Where it runs now, in words.
fn running(runs: &[String]) -> String {
    match runs {
        [] => "The newest look saw it running nowhere.".to_owned(),
        names => format!("It runs on {}.", names.join(", ")),
    }
}

fn rename(name: &str, runs: &[String], form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let what = match runs {
        [] => String::new(),
        _ => " What runs keeps the old name: the next apply makes the new one beside it, with empty volumes, and removes the old one only when it prunes. Both may want the same ports.".to_owned(),
    };
    let lead = format!("The catalog says the new name everywhere. {}{what}", running(runs));
    let (typed, from) = (form.value_or("to", name), name.to_owned());
    view! {
        <Section title="Rename" lead id="rename">
            <Form action="/api/rename_stack" problem=problem.clone()>
                <Hidden name="from" value=from />
                <Field name="to" id="rename-to" label="New name" hint="Small letters, digits, - and _." value=typed problem required=true maxlength=100u32 />
                <Actions><Button icon=IconName::Edit>"Rename in my draft"</Button></Actions>
            </Form>
        </Section>
    }
}

fn copy(name: &str, form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let (typed, from) = (form.value_or("to", format!("{name}-copy")), name.to_owned());
    view! {
        <Section title="Duplicate" lead="A second stack with the same settings, under another name. It runs nowhere until you assign it. A published name or port must differ before both can run on one environment." id="duplicate">
            <Form action="/api/copy_stack" problem=problem.clone()>
                <Hidden name="from" value=from />
                <Field name="to" id="copy-to" label="Name of the copy" hint="Small letters, digits, - and _." value=typed problem required=true maxlength=100u32 />
                <Actions><Button icon=IconName::Copy>"Duplicate in my draft"</Button></Actions>
            </Form>
        </Section>
    }
}

fn remove(name: &str, runs: &[String], form: &FormState) -> impl IntoView + use<> {
    let lead = format!(
        "Takes it out of the catalog and off every environment. {} What runs goes away at the next apply with pruning only; until \
         then it is shown as “not in catalog”. Its compose text and its history stay.",
        running(runs)
    );
    let words = format!("Delete {name} in my draft");
    let (stack, problem) = (name.to_owned(), form.problem.clone());
    view! {
        <Section title="Delete" lead id="delete">
            <Form action="/api/remove_stack" problem>
                <Hidden name="name" value=stack />
                <Actions><Button kind=ButtonKind::Danger icon=IconName::Trash>{words}</Button></Actions>
            </Form>
        </Section>
    }
}
