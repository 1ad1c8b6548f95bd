//! Tokens for programs, on the account page.

use leptos::prelude::*;
use types::{ApiToken, Millis, Problem};

use crate::{
    pages::{
        copy::CopyButtons,
        parts::{Hidden, When},
    },
    server::{FormState, date},
    ui::{Actions, Button, CopyField, Field, Form, Icon, IconName, Notice, Section, SelectField, Tone},
};

/// What came of the last form.
pub(super) struct Shown {
    /// The token just made. It is shown this once.
    pub(super) made: Option<String>,
    /// The form that makes one.
    pub(super) form: FormState,
    /// Why one could not be ended.
    pub(super) ending: Option<Problem>,
}

/// The person's tokens, newest first, and the form that makes one.
#[component]
pub(super) fn TokensView(tokens: Vec<ApiToken>, shown: Shown, now: Millis) -> impl IntoView {
    let Shown { made, form, ending } = shown;
    let has_any = !tokens.is_empty();
    let rows = tokens.into_iter().map(|token| row(token, now)).collect_view();
    view! {
        <Section
            id="tokens"
            title="API tokens"
            lead="With a token a program may do through the API what you may do. Keep it as you keep a password."
        >
            {made.map(|token| view! { <Made token /> })}
            {has_any.then(|| view! { <ul class="rows">{rows}</ul> })}
            {ending.map(|problem| view! { <p class="field-error">{problem.message}</p> })}
            {create(&form)}
        </Section>
    }
}

#[component]
fn Made(token: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good title="The token is ready">
            <div class="stack">
            <p>"Copy it to where it is needed. It is shown only now."</p>
            <CopyButtons>
                <CopyField id="api-token" label="Token" value=token />
            </CopyButtons>
            </div>
        </Notice>
    }
}

fn row(token: ApiToken, now: Millis) -> impl IntoView {
    let ApiToken { id, name, created_at, expires_at, last_used_at } = token;
    let used = match last_used_at {
        Some(at) => view! { "used "<When at now /> }.into_any(),
        None => "never used".into_any(),
    };
    let until = expires_at.map_or_else(|| "until you end it".to_owned(), |at| format!("until {}", date(at)));
    view! {
        <li class="rowitem">
            <Icon name=IconName::Key />
            <div class="rowitem-text">
                <span class="cell-title">{name.clone()}</span>
                <span class="cell-sub">{used}" · made "<When at=created_at now />" · "{until}</span>
            </div>
            <form method="post" action="/api/end_token">
                <Hidden name="token" value=id.to_string() />
                <Button attr:aria-label=format!("End the token {name}")>"End"</Button>
            </form>
        </li>
    }
}

fn create(form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let lasts = [(30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until I end it")];
    let lasts = lasts.map(|(days, words)| (days.to_string(), words.to_owned()));
    let (name, days) = (form.value("name"), form.value_or("days", "90"));
    view! {
        <Form action="/api/create_token" problem=problem.clone()>
            <Field
                name="name"
                label="What it is for"
                hint="Such as “nightly deploy”."
                value=name
                problem=problem.clone()
                required=true
                maxlength=60u32
            />
            <SelectField name="days" label="Works for" options=lasts.into() selected=days problem />
            <Actions><Button>"Make a token"</Button></Actions>
        </Form>
    }
}
