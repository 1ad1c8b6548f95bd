//! The person's draft as a whole: what differs, what is wrong, and the button that saves it as one commit.

use leptos::prelude::*;
use service::{
    Operator,
    deploy::{Draft, Part, Unfinished},
};
use types::{
    Millis,
    catalog::{Diagnostic, Severity},
};

use super::{
    super::{
        parts::{Area, AreaTabs, all_of, encode, ok, operator},
        reading::Reading,
    },
    acts::address,
    clashes, difference, text,
};
use crate::{
    pages::parts::{When, done},
    server::{FormState, Page, PageCx, PageResult, ToastNote},
    ui::{Actions, Button, ButtonKind, EmptyState, Form, IconName, LinkButton, Notice, PageHeader, TextArea, Tone},
};

/// What can be said to have been done.
const DONE: &[(&str, &str)] =
    &[("saved", "Saved. Nothing was deployed."), ("together", "Brought together."), ("back", "Your draft is back.")];

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the catalog can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    if !cx.services().deploy().has_catalog(&operator) {
        // Opening a page makes no repository.
        let reading = Reading::of(&cx, &operator);
        return Ok(Page::new("Your draft", move || {
            view! {
                <PageHeader title="Your draft" />
                <AreaTabs current=Area::Catalog />
                {reading.nothing()}
            }
        }));
    }
    let draft = match ok(&cx, cx.services().deploy().draft(&operator).await) {
        Ok(draft) => draft,
        Err(error) => return Ok(unopened(error.0.message)),
    };
    let toast = match cx.query("done") {
        Some("discarded") => Some(ToastNote::new("Thrown away.").action(undo)),
        word => done(word, DONE),
    };
    let saved = if cx.query("done") == Some("saved") { saved(&cx, &operator, &draft) } else { Vec::new() };
    let save = cx.form("/api/save_draft");
    let refused = ["/api/rebase_draft", "/api/discard_draft", "/api/bring_back_draft"]
        .into_iter()
        .find_map(|action| cx.form(action).problem)
        .map(|problem| problem.message);
    let now = cx.now();
    let view = move || {
        let body = if !draft.clashes.is_empty() {
            clashes::all(
                &draft.clashes,
                draft.clash_mark(),
                refused.clone().or_else(|| save.problem.clone().map(|one| one.message)),
            )
            .into_any()
        } else if draft.is_changed() {
            changed(&draft, &save, now).into_any()
        } else {
            nothing(&draft, saved).into_any()
        };
        let other = refused.filter(|_| draft.clashes.is_empty());
        view! {
            <PageHeader title="Your draft" lead="What you changed in the catalog and have not saved yet. Saving is a commit; it deploys nothing." />
            <AreaTabs current=Area::Catalog />
            <div class="stack">
                {other.map(|message| view! { <Notice tone=Tone::Bad><p>{message}</p></Notice> })}
                {body}
                {draft.is_changed().then(discard)}
            </div>
        }
    };
    Ok(Page::new("Your draft", view).toast(toast))
}

/// What stands in place of a draft that can't be shown: why, and the way out.
fn unopened(why: String) -> Page {
    Page::new("Your draft", move || {
        view! {
            <PageHeader title="Your draft" />
            <AreaTabs current=Area::Catalog />
            <div class="stack">
                <Notice tone=Tone::Bad title="Your draft can't be opened"><p>{why}</p></Notice>
                {discard()}
            </div>
        }
    })
}

fn undo() -> impl IntoView {
    view! { <form method="post" action="/api/bring_back_draft"><Button kind=ButtonKind::Ghost>"Undo"</Button></form> }
}

fn discard() -> impl IntoView {
    view! {
        <form method="post" action="/api/discard_draft">
            <Button kind=ButtonKind::Ghost icon=IconName::Trash>"Throw the draft away"</Button>
        </form>
    }
}

/// The stacks that were saved, as `ENVIRONMENT/STACK` wherever they run.
fn saved(cx: &PageCx, _: &Operator, draft: &Draft) -> Vec<String> {
    let named = all_of(&cx.request.site.path, "stack");
    let guests = draft.reading.catalog.guests.iter().filter(|guest| guest.is_target());
    let mut places = Vec::new();
    for guest in guests {
        let Some(environment) = &guest.environment else { continue };
        let runs = guest.assignments.iter().filter(|one| named.contains(&one.stack));
        places.extend(runs.map(|one| format!("{environment}/{}", one.stack)));
    }
    places
}

fn nothing(draft: &Draft, saved: Vec<String>) -> impl IntoView + use<> {
    let review = (!saved.is_empty()).then(|| {
        let only: Vec<String> = saved.iter().map(|place| format!("only={}", encode(place))).collect();
        let href = format!("/admin/plan?{}", only.join("&"));
        view! {
            <Notice tone=Tone::Good title="Saved, and not deployed yet">
                <p>{format!("It concerns {}.", saved.join(", "))}</p>
                <div class="actions">
                    <LinkButton href kind=ButtonKind::Primary icon=IconName::Changes>"Review changes"</LinkButton>
                </div>
            </Notice>
        }
    });
    let back = draft.has_discarded.then(|| {
        view! {
            <form method="post" action="/api/bring_back_draft">
                <Button icon=IconName::Undo>"Bring back the draft thrown away last"</Button>
            </form>
        }
    });
    view! {
        {review}
        <EmptyState
            icon=IconName::Edit
            title="Nothing is being changed"
            text="Open a stack and edit it, or add one. What you type is kept here until you save it or throw it away, on every device you sign in on."
        >
            <LinkButton href="/admin/catalog/new" icon=IconName::Plus>"New stack"</LinkButton>
            {back}
        </EmptyState>
    }
}

fn changed(draft: &Draft, save: &FormState, now: Millis) -> impl IntoView + use<> {
    let files = draft.diff().iter().map(|change| difference::of_file(change).into_any()).collect_view();
    let is_ready = draft.unfinished.is_empty();
    let at = draft.changed_at.unwrap_or(now);
    let problem = save.problem.clone();
    let message = save.value_or("message", message(draft));
    view! {
        <p class="reading-text">"Kept "<When at now />". Stacks: "{links(draft)}</p>
        {half_typed(draft)}
        {wrong(draft)}
        <section class="stack-block" aria-labelledby="difference">
            <h2 id="difference">"What saving changes"</h2>
            {files}
        </section>
        {is_ready.then(|| view! {
            <Form action="/api/save_draft" problem=problem.clone()>
                <TextArea
                    name="message"
                    label="What you changed and why"
                    value=message.clone()
                    problem=problem
                    rows=2
                    required=true
                    hint="It stands in the history, with your name."
                />
                <Actions>
                    <Button kind=ButtonKind::Primary icon=IconName::Check>"Save"</Button>
                </Actions>
            </Form>
        })}
    }
}

fn links(draft: &Draft) -> impl IntoView + use<> {
    let mut names = draft.stacks();
    names.extend(draft.unfinished.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    names
        .into_iter()
        .map(|name| match draft.stack_text(&name) {
            Some(_) => view! { <a class="more" href=address(&name, "")>{name.clone()}</a>" " }.into_any(),
            None => view! { <span>{name.clone()}" (taken away) "</span> }.into_any(),
        })
        .collect_view()
}

fn half_typed(draft: &Draft) -> impl IntoView + use<> {
    let items = draft
        .unfinished
        .iter()
        .map(|(name, typed)| {
            let (what, href) = match typed {
                Unfinished::Text { .. } => ("text", format!("{}?as=text", address(name, ""))),
                Unfinished::Form { environment, .. } => {
                    ("form", address(name, environment.as_deref().unwrap_or_default()))
                }
            };
            view! { <li><a class="more" href=href>{format!("The {what} of {name}")}</a></li> }
        })
        .collect::<Vec<_>>();
    (!items.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Warn title="Something is half typed">
                <p>"Mend it or drop it, then save."</p>
                <ul>{items}</ul>
            </Notice>
        }
    })
}

/// What would be wrong with the catalog once this is saved: what is new first, then what concerns the stacks that change.
fn wrong(draft: &Draft) -> impl IntoView + use<> {
    let before = service::deploy::read_snapshot(&draft.base).diagnostics;
    let known = |one: &Diagnostic| before.iter().any(|old| old.message == one.message && old.file == one.file);
    let stacks = draft.stacks();
    let about = |one: &&Diagnostic| one.stack.as_ref().is_some_and(|name| stacks.contains(name));
    let serious = |one: &&Diagnostic| one.severity > Severity::Info;
    let found: Vec<Diagnostic> =
        draft.reading.diagnostics.iter().filter(serious).filter(|one| !known(one) || about(one)).cloned().collect();
    let blocks = found.iter().any(|one| one.severity == Severity::Error);
    let title = if blocks { "It can be saved, but not all of it deployed" } else { "Look at this before you save" };
    (!found.is_empty()).then(|| {
        view! { <Notice tone=Tone::Warn title=title>{text::findings(&found, false)}</Notice> }
    })
}

/// A message that says what changed.
fn message(draft: &Draft) -> String {
    let mut added = Vec::new();
    let mut changed = Vec::new();
    let mut removed = Vec::new();
    let mut more = Vec::new();
    for part in draft.parts() {
        match part {
            Part::Stack(name) => {
                let (before, after) =
                    (draft.base.stack_text(&name).is_some(), draft.snapshot.stack_text(&name).is_some());
                match (before, after) {
                    (false, _) => added.push(name),
                    (_, false) => removed.push(name),
                    _ => changed.push(name),
                }
            }
            Part::Assignment { guest, stack } => {
                let found = draft.reading.catalog.guest(&guest);
                let runs = found.is_some_and(|guest| guest.assignments.iter().any(|one| one.stack == stack));
                more.push(format!("{}{stack} on {guest}", if runs { "" } else { "no " }));
            }
            Part::File(path) => changed.push(path),
        }
    }
    let say = |verb: &str, names: Vec<String>| match names.len() {
        0 => None,
        1..=4 => Some(format!("{verb} {}", names.join(", "))),
        count => Some(format!("{verb} {count} stacks")),
    };
    let parts: Vec<String> = [say("Add", added), say("Change", changed), say("Remove", removed), say("Run", more)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() { "Change the catalog".to_owned() } else { parts.join("; ") }
}
