//! A person's own account: password, sessions, tokens, appearance.

use leptos::prelude::*;
use types::{Millis, Problem, SessionInfo, User};

use super::tokens::{Shown, TokensView};
use crate::{
    pages::parts::{Hidden, When, done},
    server::{Page, PageCx, PageResult, Theme, take_flash},
    ui::{
        Actions, Badge, Button, ButtonKind, Field, FieldKind, Form, Icon, IconName, PageHeader, Section, Segment,
        Segmented, Tone,
    },
};

const DONE: &[(&str, &str)] = &[
    ("password", "Your password is changed."),
    ("ended", "Ended. Whoever used it must sign in again."),
    ("token", "The token is ended. Programs that use it are refused."),
    ("theme", "The look is changed in this browser."),
];

/// Renders it.
///
/// # Errors
/// When the sessions or tokens can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let member = cx.ok(cx.viewer().signed_in())?;
    let sessions = cx.ok(cx.services().sessions().of(member).await)?;
    let tokens = cx.ok(cx.services().people().tokens(member).await)?;
    let user = member.user().clone();
    let made = take_flash(&cx.request, "token").await;
    let shows_token = made.is_some();
    let shown = Shown { made, form: cx.form("/api/create_token"), ending: cx.form("/api/end_token").problem };
    let (now, theme) = (cx.now(), cx.request.site.theme);
    let password = cx.form("/api/change_password").problem;
    let ending = cx.form("/api/end_session").problem;
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        view! {
            <PageHeader title="Account" />
            {who(user)}
            {password_section(password)}
            {sessions_section(sessions, ending, now)}
            <TokensView tokens shown now />
            {appearance(theme)}
            {leave()}
        }
    };
    Ok(Page::new("Account", view).toast(toast).islands(shows_token).secret(shows_token))
}

fn who(user: User) -> impl IntoView {
    let names = user.environments.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let role = if names.is_empty() { user.role.to_string() } else { format!("{} on {names}", user.role) };
    view! {
        <Section title="You" lead="An administrator can change your role.">
            <dl class="facts">
                <div><dt>"Name"</dt><dd>{user.name}</dd></div>
                <div><dt>"Email"</dt><dd>{user.email}</dd></div>
                <div><dt>"Role"</dt><dd>{role}</dd></div>
            </dl>
        </Section>
    }
}

fn password_section(problem: Option<Problem>) -> impl IntoView {
    view! {
        <Section title="Password" lead="Your other sessions are ended when it changes.">
            <Form action="/api/change_password" problem=problem.clone()>
                <Field name="old_password" label="Password now" kind=FieldKind::Password problem=problem.clone() required=true />
                <Field
                    name="new_password"
                    label="New password"
                    kind=FieldKind::NewPassword
                    hint="At least 10 characters. A few unrelated words make a good one."
                    problem
                    required=true
                    minlength=10u32
                />
                <Actions><Button kind=ButtonKind::Primary>"Change password"</Button></Actions>
            </Form>
        </Section>
    }
}

fn sessions_section(sessions: Vec<SessionInfo>, problem: Option<Problem>, now: Millis) -> impl IntoView {
    let others = sessions.iter().any(|session| !session.current);
    let rows = sessions.into_iter().map(|session| session_row(session, now)).collect_view();
    view! {
        <Section title="Sessions" lead="Where you are signed in. End what you do not know.">
            <ul class="rows">{rows}</ul>
            {problem.map(|problem| view! { <p class="field-error">{problem.message}</p> })}
            {others.then(|| view! {
                <form method="post" action="/api/end_other_sessions">
                    <Actions><Button>"End all others"</Button></Actions>
                </form>
            })}
        </Section>
    }
}

fn session_row(session: SessionInfo, now: Millis) -> impl IntoView {
    let SessionInfo { id, device, network, last_seen_at, current, .. } = session;
    let end = if current {
        view! { <Badge tone=Tone::Accent>"This device"</Badge> }.into_any()
    } else {
        view! {
            <form method="post" action="/api/end_session">
                <Hidden name="session" value=id.to_string() />
                <Button attr:aria-label=format!("End the session of {device}")>"End"</Button>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="rowitem">
            <Icon name=IconName::Device />
            <div class="rowitem-text">
                <span class="cell-title">{device.clone()}</span>
                <span class="cell-sub">{network}" · "<When at=last_seen_at now /></span>
            </div>
            {end}
        </li>
    }
}

fn appearance(theme: Theme) -> impl IntoView {
    let options = vec![
        Segment::new("system", "System").with_icon(IconName::System),
        Segment::new("light", "Light").with_icon(IconName::Sun),
        Segment::new("dark", "Dark").with_icon(IconName::Moon),
    ];
    view! {
        <Section title="Appearance" lead="For this browser.">
            <Form action="/api/set_theme">
                <Segmented name="theme" label="Look" options selected=theme.as_str() />
                <Actions><Button>"Save"</Button></Actions>
            </Form>
        </Section>
    }
}

fn leave() -> impl IntoView {
    view! {
        <Section title="Sign out" lead="On this device only.">
            <form method="post" action="/api/sign_out">
                <Button icon=IconName::SignOut>"Sign out"</Button>
            </form>
        </Section>
    }
}
