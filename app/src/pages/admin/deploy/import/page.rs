//! The import page: each older part and what it becomes, then what is left as it is.

use std::collections::BTreeMap;

use leptos::prelude::*;
use service::deploy::{ImportReview, ImportStep};
use types::catalog::{Diagnostic, FileChange};

use super::{
    super::{
        findings::diagnostics,
        history::refused::refused,
        parts::{Area, AreaTabs, catalog_crumbs, history_address, many, ok, operator},
        reading::Reading,
    },
    sides::side_by_side,
};
use crate::{
    pages::parts::Hidden,
    server::{FormState, Page, PageCx, PageResult},
    ui::{
        Actions, Button, ButtonKind, Chip, EmptyState, Field, Form, IconName, LinkButton, PageHeader, Section,
        TextArea, Tone,
    },
};

/// Older forms that are understood, as people know them.
const KNOWN: [(&str, &str); 5] = [
    ("phoenix_stacks_config.json", "“docker_stacks” as an object by name, with “compose_file_path”"),
    ("phoenix_stacks_config.json", "“environments” with “variables” and “files”; production is also read as “prod”"),
    ("phoenix_stacks_config.json", "“nginx_proxy” with “hostname”, “services” with “traefik_labels”"),
    (
        "stacks/NAME/phoenix.json",
        "a stack's own file beside its compose text, with “firewall_rules” and “placement_constraints”",
    ),
    ("phoenix_vm_configs.json", "“docker_stacks” as a list of names, or of names with an environment"),
];

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the catalog can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let deploy = cx.services().deploy();
    let reading = Reading::of(&cx, &operator);
    let review =
        if deploy.has_catalog(&operator) { Some(ok(&cx, deploy.review_import(&operator).await)?) } else { None };
    let form = cx.form("/api/import_catalog");
    let theirs = match (form.value("base").parse(), &review) {
        (Ok(read), Some(review)) if form.is_refused() => {
            deploy.difference(&operator, &read, &review.base).await.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let bringing = cx.form("/api/bring_file");
    let view = move || {
        let bring = review.is_some().then(|| bring(&bringing));
        let refused = form.problem.clone().map(|problem| refused(problem, &theirs, "rewritten"));
        let body = match review {
            None => reading.nothing().into_any(),
            Some(review) => inside(&review).into_any(),
        };
        view! {
            {catalog_crumbs()}
            <PageHeader title="Import" lead="Files of older tools, rewritten to the form of this one. Nothing is dropped: what is not understood stays in the file." />
            <AreaTabs current=Area::Catalog />
            <div class="stack">{refused}{body}</div>
            {bring}
        }
    };
    Ok(Page::new("Import", view))
}

fn inside(review: &ImportReview) -> impl IntoView + use<> {
    let ImportReview { import, base, files } = review;
    let left = (!import.left.is_empty()).then(|| left(&import.left));
    let base = base.to_string();
    let rewritten = if files.is_empty() {
        nothing(!import.left.is_empty()).into_any()
    } else {
        let mut steps: BTreeMap<&str, Vec<&ImportStep>> = BTreeMap::new();
        for step in &import.steps {
            steps.entry(&step.file).or_default().push(step);
        }
        let items = files.iter().map(|change| file(change, steps.get(change.path.as_str()))).collect_view();
        let words = format!("Rewrite {}", many(files.len(), "file"));
        let what =
            format!("{} in one commit. Nothing is deployed, and it can be undone.", many(import.steps.len(), "part"));
        view! {
            <ul class="steps">{items}</ul>
            <form class="carry-out" method="post" action="/api/import_catalog">
                <Hidden name="base" value=base />
                <div class="carry-out-line">
                    <p class="carry-out-what">{what}</p>
                    <Button kind=ButtonKind::Primary icon=IconName::Check>{words}</Button>
                </div>
            </form>
        }
        .into_any()
    };
    view! {
        {left}
        {rewritten}
    }
}

/// The form by which a file comes into the draft.
fn bring(form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let (path, text) = (form.value_or("path", "phoenix_stacks_config.json"), form.value("text"));
    view! {
        <Section title="Bring a file" lead="Paste a file of an older tool. It goes into your draft in place of the one of this name: you see the difference before you save it, and what it becomes here afterwards." id="bring">
            <Form action="/api/bring_file" problem=problem.clone()>
                <Field name="path" label="Its place in the catalog" hint="phoenix_stacks_config.json, phoenix_vm_configs.json, stacks/NAME/phoenix.json or stacks/NAME/docker-compose.yml" value=path problem=problem.clone() required=true maxlength=200u32 />
                <TextArea name="text" label="Its text" value=text problem rows=8 required=true />
                <Actions><Button icon=IconName::Plus>"Put it into my draft"</Button></Actions>
            </Form>
        </Section>
    }
}

/// One file: its older parts with what each becomes, then the file before and after.
fn file(change: &FileChange, steps: Option<&Vec<&ImportStep>>) -> impl IntoView + use<> {
    let (icon, tone, word) = match change.after {
        None => (IconName::ArrowRight, Tone::Warn, "Moves"),
        Some(_) => (IconName::Edit, Tone::Accent, "Rewritten"),
    };
    let rows = steps
        .into_iter()
        .flatten()
        .map(|step| {
            let pointer = if step.pointer.is_empty() { "the whole file".to_owned() } else { step.pointer.clone() };
            view! { <tr><th scope="row"><code class="path">{pointer}</code></th><td>{step.becomes.clone()}</td></tr> }
        })
        .collect::<Vec<_>>();
    let caption = format!("What the parts of {} become", change.path);
    let count = rows.len();
    let table = (count > 0).then(|| {
        view! {
            <table class="variables">
                <caption class="sr-only">{caption}</caption>
                <thead class="sr-only"><tr><th scope="col">"Part"</th><th scope="col">"Becomes"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    let path = change.path.clone();
    let href = history_address(Some(&path));
    view! {
        <li class="step">
            <div class="step-head">
                <div class="step-name">
                    <Chip icon tone>{word}</Chip>
                    <a class="path" href=href title="The history of this file"><code>{path}</code></a>
                </div>
            </div>
            {table}
            <details class="diff-fold">
                <summary>"Before and after"</summary>
                {side_by_side(change)}
            </details>
        </li>
    }
}

/// What is not understood, or not done here.
fn left(all: &[Diagnostic]) -> impl IntoView + use<> {
    let title = format!("{} stay as they are", many(all.len(), "part"));
    let is_open = all.len() <= 6;
    let title = if all.len() == 1 { "1 part stays as it is".to_owned() } else { title };
    let list = diagnostics(all);
    view! {
        <details class="warned" open=is_open>
            <summary>{title}": not understood, or not done here"</summary>
            {list}
        </details>
    }
}

/// What stands where nothing is to be rewritten: which forms are known.
fn nothing(something_left: bool) -> impl IntoView {
    let text = match something_left {
        true => "What stands above can't be rewritten by itself: mend it by its remedy.",
        false => "Every file has the form of this program already.",
    };
    let rows = KNOWN
        .map(|(file, form)| view! { <tr><th scope="row"><code class="path">{file}</code></th><td>{form}</td></tr> })
        .into_iter()
        .collect_view();
    view! {
        <EmptyState icon=IconName::Check title="Nothing to rewrite" text>
            <LinkButton href="/admin/catalog">"Catalog"</LinkButton>
        </EmptyState>
        <section class="block" aria-labelledby="known">
            <div class="block-head"><h2 id="known">"Forms that are understood"</h2></div>
            <table class="variables">
                <caption class="sr-only">"Forms that are understood"</caption>
                <thead class="sr-only"><tr><th scope="col">"File"</th><th scope="col">"Form"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}
