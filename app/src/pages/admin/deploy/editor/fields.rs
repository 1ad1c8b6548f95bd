//! A stack's form.

use leptos::prelude::*;
use service::deploy::StackForm;
use types::{Problem, catalog::Stack};

use super::{acts::address, page::Editor, source, text, variables};
use crate::{
    pages::parts::Hidden,
    ui::{Button, ButtonKind, Check, Field, FieldKind, TextArea},
};

/// Rows of variables a refused form gives back.
pub(super) const MOST_VARIABLES: usize = 400;

/// Fields by name, with their complaints: what a part of the form is made from.
pub(super) struct Typed {
    form: StackForm,
    pub(super) problem: Option<Problem>,
}

impl Typed {
    /// What stands in a field.
    pub(super) fn value(&self, name: &str) -> String {
        self.form.fields.get(name).cloned().unwrap_or_default()
    }

    /// Whether a field is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.form.fields.get(name).is_some_and(|text| !text.is_empty())
    }

    /// How many rows of variables there are.
    pub(super) fn rows(&self) -> usize {
        let index = |key: &String| key.strip_prefix("var.")?.split_once('.')?.0.parse::<usize>().ok();
        let filled = self.form.fields.iter().filter(|(_, text)| !text.is_empty());
        filled.filter_map(|(key, _)| index(key)).max().map_or(0, |last| last + 1).min(MOST_VARIABLES)
    }
}

/// The form: of what holds everywhere, or of what differs on one environment.
pub(super) fn form(editor: &Editor, stack: &Stack, form: &StackForm) -> impl IntoView + use<> {
    let problem = editor.refused.clone().or_else(|| form.problem.clone());
    let typed = Typed { form: form.clone(), problem };
    let parts = match &editor.environment {
        None => everywhere(editor, &typed).into_any(),
        Some(environment) => differing(editor, stack, environment, &typed).into_any(),
    };
    let environment = editor.environment.clone().unwrap_or_default();
    let message = form.problem.as_ref().map(|problem| problem.message.clone());
    let (name, seen) = (editor.name.clone(), editor.seen.clone());
    let page = address(&name, &environment);
    let refused = editor.is_unkept().then_some("");
    view! {
        <form class="form" method="post" action="/api/keep_stack_form" autocomplete="off" data-draft="" data-page=page data-refused=refused>
            // The key Enter takes the first button.
            <button type="submit" hidden></button>
            <Hidden name="stack" value=name />
            <Hidden name="environment" value=environment />
            <input type="hidden" name="seen" id="seen" data-live="" value=seen />
            {parts}
            <div class="keep-bar">
                <Button kind=ButtonKind::Primary>"Keep"</Button>
                <output class="said muted" data-said="">{message}</output>
            </div>
        </form>
    }
}

fn everywhere(editor: &Editor, typed: &Typed) -> impl IntoView + use<> {
    let problem = typed.problem.clone();
    view! {
        <Field name="description" label="What it is for" value=typed.value("description") problem=problem />
        {source::all(editor, typed)}
        {variables::all(editor, typed, &[])}
        {dependencies(editor, typed)}
        {published(typed, None)}
        {health(typed, None)}
        <Check
            name="swarm"
            label="Deployed as a swarm stack"
            checked=typed.has("swarm")
            hint="Only where the host is a swarm manager."
        />
    }
}

fn differing(editor: &Editor, stack: &Stack, environment: &str, typed: &Typed) -> impl IntoView + use<> {
    let lead = format!("What differs on {environment}. What is empty here is as under “Everywhere”.");
    view! {
        <p class="muted">{lead}</p>
        {source::differing(editor, stack, typed)}
        {variables::all(editor, typed, &stack.env)}
        {published(typed, Some(stack))}
        {health(typed, Some(stack))}
    }
}

fn published(typed: &Typed, inherited: Option<&Stack>) -> impl IntoView + use<> {
    let of = |stack: &Stack| stack.publish.clone();
    let placeholder = inherited.map(of).unwrap_or_default();
    let problem = typed.problem.clone();
    view! {
        <fieldset class="group">
            <legend>"Published as"</legend>
            <div class="pair">
                <Field
                    name="hostname"
                    label="Host name"
                    value=typed.value("hostname")
                    problem=problem.clone()
                    placeholder=placeholder.hostname.unwrap_or_else(|| "docs.example.org".to_owned())
                />
                <Field
                    name="port"
                    label="Port on the Docker host"
                    value=typed.value("port")
                    problem=problem
                    inputmode="numeric"
                    placeholder=placeholder.port.map_or_else(|| "8080".to_owned(), |port| port.to_string())
                />
            </div>
        </fieldset>
    }
}

fn health(typed: &Typed, inherited: Option<&Stack>) -> impl IntoView + use<> {
    let known = inherited.map(|stack| stack.health.clone()).unwrap_or_default();
    let shown =
        |seconds: Option<u32>| seconds.map_or_else(|| "as the program has it".to_owned(), |one| one.to_string());
    let problem = typed.problem.clone();
    view! {
        <fieldset class="group">
            <legend>"When it counts as healthy"</legend>
            <div class="pair">
                <Field
                    name="timeout_s"
                    label="Seconds to wait at most"
                    value=typed.value("timeout_s")
                    problem=problem.clone()
                    inputmode="numeric"
                    placeholder=shown(known.timeout_s)
                    hint="For every container to run and be healthy."
                />
                <Field
                    name="stable_s"
                    label="Seconds to stay so"
                    value=typed.value("stable_s")
                    problem=problem
                    inputmode="numeric"
                    placeholder=shown(known.stable_s)
                    hint="Before it is believed."
                />
            </div>
        </fieldset>
    }
}

/// The other stacks, as boxes to tick: those that must be healthy first.
fn dependencies(editor: &Editor, typed: &Typed) -> impl IntoView + use<> {
    let mut others: Vec<String> = editor
        .draft
        .reading
        .catalog
        .stacks
        .iter()
        .map(|one| one.name.clone())
        .filter(|name| *name != editor.name)
        .collect();
    // One that the catalog does not have any more can still be taken away.
    let named = editor.stack.iter().flat_map(|stack| stack.depends_on.clone());
    others.extend(named.filter(|name| editor.draft.reading.catalog.stack(name).is_none()));
    let chosen = others.iter().filter(|name| typed.has(&format!("depends.{name}"))).count();
    let boxes = others
        .into_iter()
        .map(|name| {
            let field = format!("depends.{name}");
            let checked = typed.has(&field);
            view! { <Check name=field label=name checked=checked /> }
        })
        .collect_view();
    let is_open = chosen > 0;
    let summary = if chosen == 0 { "none".to_owned() } else { chosen.to_string() };
    view! {
        <details class="group" open=is_open>
            <summary>{format!("Stacks that must be healthy first: {summary}")}</summary>
            <div class="boxes">{boxes}</div>
        </details>
    }
}

/// The compose files, as far as they are known.
pub(super) fn compose(editor: &Editor) -> impl IntoView + use<> {
    editor
        .compose
        .iter()
        .map(|(path, compose)| {
            let label = format!("The compose file {path}");
            view! {
                <details class="diff-fold">
                    <summary><span>"Compose file "<code>{path.clone()}</code></span></summary>
                    {text::numbered(compose, "yaml", label, &[], false)}
                </details>
            }
        })
        .collect_view()
}

/// A box for several lines, such as further compose files.
pub(super) fn lines(
    typed: &Typed,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
) -> impl IntoView + use<> {
    view! {
        <TextArea name=name label=label value=typed.value(name) hint=hint problem=typed.problem.clone() rows=2 />
    }
}

/// A line of text.
pub(super) fn line(
    typed: &Typed,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
) -> impl IntoView + use<> {
    view! {
        <Field name=name label=label value=typed.value(name) hint=hint problem=typed.problem.clone() kind=FieldKind::Text />
    }
}
