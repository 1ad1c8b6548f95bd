//! One person: what they may do, whether they may come in, and what ends with that.

use leptos::prelude::*;
use types::{Millis, Problem, Role, User, UserId};

use super::{
    page::{StateChip, seen},
    rights::{RightsFields, known, rights_word},
};
use crate::{
    AppError,
    pages::parts::{Hidden, When, done},
    server::{Page, PageCx, PageResult, RequestCx, respond},
    ui::{
        Actions, Button, ButtonKind, Dialog, Form, IconName, LinkButton, Notice, PageHeader, PopButton, Section, Tone,
    },
};

const DONE: &[(&str, &str)] = &[
    ("role", "The role is changed. What they may no longer do has ended."),
    ("same", "Nothing changed: they have these rights already."),
    (
        "disabled",
        "Disabled. Every session and token of that person was ended; an apply of theirs stops after the step under way.",
    ),
    ("enabled", "Enabled. They can sign in again."),
    ("sessions", "Every session and token of that person has ended."),
];

/// Renders it.
///
/// # Errors
/// When there is no such person, or they can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let admin = cx.ok(cx.viewer().admin())?;
    let id: UserId = cx.param("id")?;
    let people = cx.ok(cx.services().people().users(admin).await)?;
    let active = people.iter().filter(|user| user.role == Role::Administrator && user.disabled_at.is_none());
    let is_only = active.map(|user| user.id).eq([id]);
    let Some(user) = people.into_iter().find(|user| user.id == id) else {
        return Err(AppError::not_found("There is nobody of this kind here. Look at the list of people."));
    };
    let tokens = cx.ok(cx.services().people().tokens_of(admin, id).await)?.len();
    let environments = known(&cx).await;
    let (mine, now) = (admin.user().id == id, cx.now());
    let rights_form = cx.form("/api/set_role");
    let refused: Option<Problem> =
        ["/api/set_disabled", "/api/end_sessions_of"].into_iter().find_map(|action| cx.form(action).problem);
    let toast = done(cx.query("done"), DONE);
    let title = user.name.clone();
    let view = move || {
        let sub = if mine { format!("{} · this is you", user.email) } else { user.email.clone() };
        let log = format!("/admin/audit?person={id}");
        let rights = user.rights();
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/people">"People"</a></nav>
            <PageHeader title=user.name.clone() lead=sub>
                <LinkButton href=log icon=IconName::Shield>"What they did"</LinkButton>
            </PageHeader>
            {refused.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
            {facts(&user, mine, tokens, now)}
            <Section title="Role" lead="In force with their next click. What is open and not allowed any more ends at once.">
                {is_only.then(|| view! {
                    <Notice tone=Tone::Neutral title="The only active administrator">
                        <p>"Make somebody else an administrator first; until then this role stays."</p>
                    </Notice>
                })}
                <Form action="/api/set_role" problem=rights_form.problem.clone()>
                    <Hidden name="user" value=id.to_string() />
                    <RightsFields now=rights known=environments form=rights_form />
                    <Actions><Button kind=ButtonKind::Primary>"Save the role"</Button></Actions>
                </Form>
            </Section>
            {sessions(&user)}
            {access(&user, mine, is_only)}
        }
    };
    Ok(Page::new(title, view).toast(toast))
}

/// Shuts a person out, or lets them in again.
pub(super) async fn disable(cx: &RequestCx, user: UserId, disabled: bool) -> Result<(), AppError> {
    let admin = respond(cx, cx.viewer.admin())?;
    let people = cx.services.people();
    respond(cx, if disabled { people.disable(admin, user).await } else { people.enable(admin, user).await })
}

fn facts(user: &User, mine: bool, tokens: usize, now: Millis) -> impl IntoView + use<> {
    let seen = seen(user, mine, now);
    let tokens = if tokens == 0 { "none".to_owned() } else { tokens.to_string() };
    view! {
        <dl class="facts facts-narrow">
            <div><dt>"State"</dt><dd><StateChip disabled=user.disabled_at.is_some() /></dd></div>
            <div><dt>"Role"</dt><dd>{rights_word(&user.rights())}</dd></div>
            <div><dt>"Last seen"</dt><dd>{seen}</dd></div>
            <div><dt>"Joined"</dt><dd><When at=user.created_at now /></dd></div>
            <div><dt>"API tokens"</dt><dd>{tokens}</dd></div>
        </dl>
    }
}

fn sessions(user: &User) -> impl IntoView + use<> {
    let (id, name) = (user.id, user.name.clone());
    view! {
        <Section title="Sessions and tokens" lead="Ends every session, API token and open page of theirs. They can sign in again.">
            <Actions><PopButton target="end-sessions" icon=IconName::SignOut>"End sessions and tokens"</PopButton></Actions>
            <Dialog id="end-sessions" title=format!("End all sessions of {name}?")>
                <Form action="/api/end_sessions_of">
                    <Hidden name="user" value=id.to_string() />
                    <p>"Every browser and program that "{name}" uses is signed out at once."</p>
                    <Actions><Button kind=ButtonKind::Danger>"End them"</Button></Actions>
                </Form>
            </Dialog>
        </Section>
    }
}

/// Nobody shuts themselves out by a slip: disabling oneself is not offered.
fn access(user: &User, mine: bool, is_only: bool) -> impl IntoView + use<> {
    let (id, name) = (user.id, user.name.clone());
    if user.disabled_at.is_some() {
        return view! {
            <Section title="Access" lead="They can't sign in. What they made is kept.">
                <Form action="/api/set_disabled">
                    <Hidden name="user" value=id.to_string() />
                    <Hidden name="disabled" value="false" />
                    <Actions><Button icon=IconName::Check>{format!("Enable {name}")}</Button></Actions>
                </Form>
            </Section>
        }
        .into_any();
    }
    let why_not = match (mine, is_only) {
        (true, _) => Some("This is you: another administrator can disable you."),
        (_, true) => Some("The only active administrator can't be disabled."),
        _ => None,
    };
    if let Some(why) = why_not {
        return view! { <Section title="Access" lead=why><p class="muted">"They can sign in."</p></Section> }
            .into_any();
    }
    view! {
        <Section title="Access" lead="Disabling shuts them out at once and keeps what they made.">
            <Actions><PopButton target="disable" kind=ButtonKind::Danger icon=IconName::Lock>"Disable"</PopButton></Actions>
            <Dialog id="disable" title=format!("Disable {name}?")>
                <Form action="/api/set_disabled">
                    <Hidden name="user" value=id.to_string() />
                    <Hidden name="disabled" value="true" />
                    <p>
                        "Every session, token and open page of "{name.clone()}" ends at once, running answers stop, and applies "
                        "they began stop after the step under way. You can enable them again."
                    </p>
                    <Actions><Button kind=ButtonKind::Danger>{format!("Disable {name}")}</Button></Actions>
                </Form>
            </Dialog>
        </Section>
    }
    .into_any()
}
