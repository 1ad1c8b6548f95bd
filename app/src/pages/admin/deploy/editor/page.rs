//! One stack of the person's draft: its form beside its text, or its text alone.

use leptos::prelude::*;
use service::{
    Operator,
    deploy::{Draft, Fields, RepositoryLook, StackForm, Unfinished, lacking},
};
use types::{
    Millis, Problem, ProblemCode,
    catalog::{Diagnostic, Stack},
};

use super::{
    super::{
        parts::{Area, AreaTabs, encode, many, ok, operator},
        reading::Reading,
    },
    acts::{SAVE, address},
    fields, text,
};
use crate::{
    AppError,
    pages::parts::{Hidden, When, done},
    server::{FormState, Page, PageCx, PageResult},
    ui::{Button, ButtonKind, IconName, LinkButton, Notice, PageHeader, Tab, Tabs, Tone},
};

/// What can be said to have been done.
const DONE: &[(&str, &str)] =
    &[("begun", "The stack is in your draft. It exists once you save."), ("dropped", "Dropped what was half typed.")];

/// All that the page of a stack shows.
pub(super) struct Editor {
    pub(super) name: String,
    /// The environment whose settings are edited; none is what holds everywhere.
    pub(super) environment: Option<String>,
    pub(super) draft: Draft,
    /// The stack, if it can be read.
    pub(super) stack: Option<Stack>,
    pub(super) form: Option<StackForm>,
    /// A form that was refused, with what was typed.
    pub(super) refused: Option<Problem>,
    /// The text of a refused one.
    pub(super) typed_text: Option<String>,
    /// The names of the vault's secrets.
    pub(super) secrets: Vec<String>,
    pub(super) environments: Vec<String>,
    pub(super) look: Option<RepositoryLook>,
    pub(super) compose: Vec<(String, String)>,
    /// Variables the compose files ask for, and whether it fails without them.
    pub(super) lacking: Vec<(String, bool)>,
    pub(super) seen: String,
    pub(super) now: Millis,
}

impl Editor {
    /// Whether the page shows what the server did not keep. Where somebody else was quicker, nothing is kept by itself: whoever sees
    /// both decides.
    pub(super) fn is_unkept(&self) -> bool {
        self.refused.as_ref().is_some_and(|problem| problem.code != ProblemCode::Conflict)
    }
}

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when neither catalog nor draft has such a stack.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let name: String = cx.param("stack")?;
    if !cx.services().deploy().has_catalog(&operator) {
        // Opening a page makes no repository.
        let reading = Reading::of(&cx, &operator);
        return Ok(Page::new(name.clone(), move || {
            view! {
                <PageHeader title=name />
                <AreaTabs current=Area::Catalog />
                {reading.nothing()}
            }
        }));
    }
    let as_text = cx.query("as") == Some("text");
    let editor = load(&cx, &operator, name).await?;
    let title = format!("{} in the catalog", editor.name);
    let toast = done(cx.query("done"), DONE);
    Ok(Page::new(title, move || whole(editor, as_text)).toast(toast).keeps(true))
}

async fn load(cx: &PageCx, operator: &Operator, name: String) -> Result<Editor, AppError> {
    let deploy = cx.services().deploy();
    let draft = ok(cx, deploy.draft(operator).await)?;
    if draft.stack_text(&name).is_none() {
        return Err(AppError::not_found(
            "Neither the catalog nor your draft has a stack of this name. It may have been renamed or taken away.",
        ));
    }
    let environment = cx.query("on").map(str::to_owned);
    let stack = draft.reading.catalog.stack(&name).cloned();
    let mut form = draft.form(&name, environment.as_deref());
    // A form that was refused as a whole keeps what was typed.
    let mut refused = None;
    for action in ["/api/keep_stack_form", "/api/look_at_repository", "/api/store_stack_secret"] {
        let state = cx.form(action);
        if let Some(problem) = &state.problem {
            refused = Some(problem.clone());
            form = form.map(|form| typed(&state, form));
        }
    }
    let text = cx.form("/api/keep_stack_text");
    let typed_text = text.is_refused().then(|| text.value("text"));
    refused = refused.or(text.problem).or(cx.form("/api/drop_typed").problem);
    let secrets = deploy.secrets(operator).await.unwrap_or_default();
    let compose = stack.as_ref().map(|stack| deploy.draft_compose(operator, &draft, stack)).unwrap_or_default();
    let wanted = stack.as_ref().map(|stack| lacking(stack, environment.as_deref(), &compose)).unwrap_or_default();
    Ok(Editor {
        environments: environments(&draft, stack.as_ref()),
        look: stack.as_ref().and_then(|stack| deploy.repository_look(operator, stack)),
        secrets: secrets.into_iter().map(|one| one.name.to_string()).collect(),
        seen: draft.mark(&name),
        now: cx.now(),
        lacking: wanted,
        name,
        environment,
        draft,
        stack,
        form,
        refused,
        typed_text,
        compose,
    })
}

/// The form with what was typed into the refused one. A box that is not ticked is not sent.
fn typed(state: &FormState, form: StackForm) -> StackForm {
    let StackForm { fields: before, problem } = form;
    let is_field = |name: &str| !matches!(name, "seen" | "stack" | "environment");
    let sent = state.fields().filter(|(name, _)| is_field(name));
    let mut fields: Fields = sent.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let is_box = |name: &str| name == "swarm" || name.starts_with("depends.");
    for (name, text) in before.into_iter().filter(|(name, _)| !is_box(name)) {
        fields.entry(name).or_insert(text);
    }
    StackForm { fields, problem }
}

/// Whether no field that is seen at once carries the complaint.
fn is_elsewhere(problem: &Problem) -> bool {
    problem.fields.iter().all(|one| one.field.starts_with("secret_") || one.field == "password")
}

/// The environments a stack may differ on: those of machines, and those it names.
fn environments(draft: &Draft, stack: Option<&Stack>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let of_machines = draft.reading.catalog.guests.iter().filter_map(|guest| guest.environment.clone());
    let of_stack = stack.iter().flat_map(|stack| stack.environments.keys().cloned()).collect::<Vec<_>>();
    for name in of_machines.chain(of_stack) {
        if !names.iter().any(|known| types::catalog::same_environment(known, &name)) {
            names.push(name);
        }
    }
    names
}

fn whole(editor: Editor, as_text: bool) -> impl IntoView {
    let name = editor.name.clone();
    let lead = editor.stack.as_ref().and_then(|stack| stack.description.clone()).unwrap_or_default();
    view! {
        <nav class="crumbs" aria-label="Above"><a href="/admin/catalog">"Catalog"</a></nav>
        <PageHeader title=name.clone() lead=lead>
            <LinkButton href=SAVE kind=ButtonKind::Primary icon=IconName::Changes>"Your draft"</LinkButton>
        </PageHeader>
        <AreaTabs current=Area::Catalog />
        {tabs(&editor, as_text)}
        <div class="stack">
            {bar(&editor.draft, editor.now)}
            {half_typed(&editor, as_text)}
            {editor.refused.clone().filter(is_elsewhere).map(|problem| view! {
                <Notice tone=Tone::Bad title="It was not kept"><p>{problem.message}</p></Notice>
            })}
        </div>
        {if as_text { alone(&editor).into_any() } else { beside(&editor).into_any() }}
    }
}

fn tabs(editor: &Editor, as_text: bool) -> impl IntoView + use<> {
    let tab = |href: String, label: String, current: bool| Tab { href, label, current };
    let name = &editor.name;
    let on = |environment: Option<&str>| !as_text && editor.environment.as_deref() == environment;
    let mut items = vec![tab(address(name, ""), "Everywhere".to_owned(), on(None))];
    for environment in &editor.environments {
        items.push(tab(address(name, environment), format!("On {environment}"), on(Some(environment))));
    }
    items.push(tab(format!("/admin/catalog/{}?as=text", encode(name)), "As text".to_owned(), as_text));
    view! { <Tabs label=format!("Settings of {name}") items=items /> }
}

/// What the draft holds, and the way to save it.
pub(super) fn bar(draft: &Draft, now: Millis) -> impl IntoView + use<> {
    let stacks = draft.stacks();
    let said = match (draft.changed_at, stacks.len()) {
        (None, _) => view! { <span>"Your draft says what the catalog says. What you type is kept in it; nothing is saved or deployed by that."</span> }.into_any(),
        (Some(at), count) => {
            let what = if count == 0 { "something is half typed".to_owned() } else { format!("{} changed", many(count, "stack")) };
            view! { <span>"Your draft: "{what}", kept "<When at now />". "<a href=SAVE>"See and save"</a></span> }.into_any()
        }
    };
    let clashes = (!draft.clashes.is_empty()).then(|| {
        view! { <span>" Somebody else changed the same. "<a href=SAVE>"Bring them together"</a></span> }
    });
    view! { <p class="reading-text" id="draft-bar" data-live="">{said}{clashes}</p> }
}

/// Says that something of the stack is half typed where this page can't show it.
fn half_typed(editor: &Editor, as_text: bool) -> Option<AnyView> {
    let (what, href) = match editor.draft.unfinished.get(&editor.name)? {
        Unfinished::Text { .. } if as_text => return None,
        Unfinished::Text { .. } => ("The text", format!("/admin/catalog/{}?as=text", encode(&editor.name))),
        Unfinished::Form { environment, .. } if !as_text && *environment == editor.environment => return None,
        Unfinished::Form { environment, .. } => {
            ("A form", address(&editor.name, environment.as_deref().unwrap_or_default()))
        }
    };
    let stack = editor.name.clone();
    Some(
        view! {
            <Notice tone=Tone::Warn title=format!("{what} of this stack is half typed")>
                <p>"Mend it first, or drop it: until then nothing else of the stack can be changed."</p>
                <div class="actions">
                    <LinkButton href>"Go there"</LinkButton>
                    <form method="post" action="/api/drop_typed">
                        <Hidden name="stack" value=stack />
                        <Button kind=ButtonKind::Ghost>"Drop what is half typed"</Button>
                    </form>
                </div>
            </Notice>
        }
        .into_any(),
    )
}

/// The form, and beside it the text that it makes.
fn beside(editor: &Editor) -> impl IntoView + use<> {
    let is_blocked = match editor.draft.unfinished.get(&editor.name) {
        Some(Unfinished::Form { environment, .. }) => *environment != editor.environment,
        Some(Unfinished::Text { .. }) => true,
        None => false,
    };
    let form = match (&editor.form, &editor.stack) {
        (Some(form), Some(stack)) if !is_blocked => fields::form(editor, stack, form).into_any(),
        (_, None) => view! {
            <Notice tone=Tone::Warn title="This entry can't be read as a stack">
                <p>"What is wrong stands beside it. Mend it as text."</p>
            </Notice>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let compose = fields::compose(editor);
    view! {
        <div class="editor">
            <div class="editor-main">{form}</div>
            <aside class="editor-side" aria-label="What it becomes">{shown(editor, false)}{compose}</aside>
        </div>
    }
}

/// The text to type in, and beside it what is wrong with it.
fn alone(editor: &Editor) -> impl IntoView + use<> {
    let is_blocked = matches!(editor.draft.unfinished.get(&editor.name), Some(Unfinished::Form { .. }))
        && editor.typed_text.is_none();
    let entry = editor.typed_text.clone().or_else(|| editor.draft.stack_text(&editor.name)).unwrap_or_default();
    let box_to_type =
        (!is_blocked).then(|| text::editor(&editor.name, &entry, editor.seen.clone(), editor.is_unkept()));
    view! {
        <div class="editor">
            <div class="editor-main">{box_to_type}</div>
            <aside class="editor-side" aria-label="What is wrong, by line">{shown(editor, true)}</aside>
        </div>
    }
}

/// The text with numbered lines, below it what is wrong elsewhere.
fn shown(editor: &Editor, with_lead: bool) -> impl IntoView + use<> {
    let name = &editor.name;
    let entry = editor.draft.stack_text(name).unwrap_or_default();
    let found = editor.draft.check_stack_text(name, &entry);
    let file = editor.draft.snapshot.stack_text(name).map(|text| text.file).unwrap_or_default();
    let elsewhere: Vec<Diagnostic> =
        editor.draft.reading.about_stack(name).filter(|one| one.file != file).cloned().collect();
    let well = found.is_empty() && elsewhere.is_empty();
    let lead = (with_lead && well).then(|| view! { <p class="muted">"Nothing is wrong with it."</p> });
    view! {
        <section class="stack-block" id="text-view" data-live="" aria-labelledby="text-view-title">
            <h2 id="text-view-title">"Its text in the catalog"</h2>
            <div id="text-findings">{lead}{text::findings(&found, true)}</div>
            {text::numbered(&entry, "json", format!("The text of {name}"), &found, true)}
            {text::findings(&elsewhere, false)}
        </section>
    }
}
