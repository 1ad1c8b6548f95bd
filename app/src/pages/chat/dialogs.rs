//! A conversation's head: title, settings, deletion and its undoing.

use leptos::prelude::*;
use types::{Conversation, ConversationId, ConversationSettings};

use crate::{
    pages::parts::Hidden,
    server::{FormState, ToastNote},
    ui::{
        Actions, Button, ButtonKind, Dialog, Field, FieldKind, Form, Icon, IconLink, IconName, LinkButton, Menu,
        MenuButton, MenuLink, Notice, SelectField, TextArea, Tone,
    },
};

/// The head with its tools, and the dialogs they open.
#[component]
pub(super) fn ThreadHead(
    conversation: Conversation,
    models: Vec<String>,
    /// Whether the title is being changed.
    renaming: bool,
    rename: FormState,
    settings: FormState,
) -> impl IntoView {
    let Conversation { id, title, settings: held, .. } = conversation;
    let refused = settings.problem.clone();
    let heading = if renaming {
        rename_form(id, &title, &rename).into_any()
    } else {
        view! { <h1 class="thread-title">{title}</h1> }.into_any()
    };
    view! {
        <header class="thread-head">
            <IconLink href="/chat" label="All conversations" icon=IconName::ArrowLeft attr:class="btn btn-ghost btn-icon thread-back" />
            {heading}
            <div class="thread-tools">
                <button
                    class="btn btn-ghost btn-icon"
                    type="button"
                    popovertarget="settings"
                    aria-haspopup="dialog"
                    aria-label="Conversation settings"
                    title="Conversation settings"
                >
                    <Icon name=IconName::Sliders />
                </button>
                <Menu id="thread-menu" label="More about this conversation">
                    <MenuLink href=format!("/chat/{id}?rename=1") icon=IconName::Edit>"Rename"</MenuLink>
                    <form class="menu-form" method="post" action="/api/delete_conversation">
                        <Hidden name="conversation" value=id.to_string() />
                        <MenuButton icon=IconName::Trash danger=true>"Delete"</MenuButton>
                    </form>
                </Menu>
            </div>
        </header>
        {refused.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
        {settings_dialog(id, &held, models, &settings)}
    }
}

/// In place of the title, so that it needs no script to open.
fn rename_form(id: ConversationId, title: &str, form: &FormState) -> impl IntoView + use<> {
    let value = form.value_or("title", title);
    let problem = form.problem.as_ref().map(|problem| problem.message.clone());
    view! {
        <h1 class="sr-only">"Rename: "{title.to_owned()}</h1>
        <form class="thread-rename row" method="post" action="/api/rename">
            <Hidden name="conversation" value=id.to_string() />
            <input
                class="input"
                name="title"
                value=value
                aria-label="Title"
                required=true
                autofocus=true
                maxlength="200"
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=problem.is_some().then_some("rename-error")
            />
            <Button kind=ButtonKind::Primary>"Save"</Button>
            <LinkButton href=format!("/chat/{id}") kind=ButtonKind::Ghost>"Cancel"</LinkButton>
            {problem.map(|message| view! { <p class="field-error" id="rename-error">{message}</p> })}
        </form>
    }
}

fn settings_dialog(
    id: ConversationId,
    held: &ConversationSettings,
    models: Vec<String>,
    form: &FormState,
) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let model = form.value_or("model", held.model.clone().unwrap_or_default());
    let system_prompt = form.value_or("system_prompt", held.system_prompt.clone());
    let temperature = form.value_or("temperature", held.temperature.map(|value| value.to_string()).unwrap_or_default());
    let mut options = vec![(String::new(), "The first that is offered".to_owned())];
    // A model that is gone stays chosen until the person takes another one.
    if !model.is_empty() && !models.contains(&model) {
        options.push((model.clone(), format!("{model} (not offered now)")));
    }
    options.extend(models.into_iter().map(|model| (model.clone(), model)));
    view! {
        <Dialog id="settings" title="Conversation settings" panel=true>
            <Form action="/api/save_settings" problem=problem.clone()>
                <Hidden name="conversation" value=id.to_string() />
                <SelectField name="model" label="Model" id="settings-model" options selected=model problem=problem.clone() />
                <TextArea
                    name="system_prompt"
                    label="System prompt"
                    hint="Said to the model before your messages."
                    value=system_prompt
                    rows=6
                    maxlength=20_000u32
                    problem=problem.clone()
                />
                <Field
                    name="temperature"
                    label="Temperature"
                    kind=FieldKind::Number
                    hint="0 is strict, 2 is wild; empty leaves it to the model server."
                    value=temperature
                    min="0"
                    max="2"
                    step="0.1"
                    inputmode="decimal"
                    problem
                />
                <Actions><Button kind=ButtonKind::Primary>"Save"</Button></Actions>
            </Form>
        </Dialog>
    }
}

/// Says that a conversation was deleted and offers to bring it back.
pub(super) fn delete_toast(id: ConversationId) -> ToastNote {
    ToastNote::new("Conversation deleted.").action(move || {
        view! {
            <form method="post" action="/api/restore_conversation">
                <Hidden name="conversation" value=id.to_string() />
                <Button kind=ButtonKind::Ghost icon=IconName::Undo>"Undo"</Button>
            </form>
        }
    })
}
