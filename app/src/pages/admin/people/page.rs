//! People: who is here, what they may do, and who was invited.

use leptos::prelude::*;
use types::{Millis, Role, User, UserId};

use super::invitations::{InvitationsView, Invited, invite_dialog};
use crate::{
    AppError,
    pages::parts::{Hidden, When, done},
    server::{Page, PageCx, PageResult, RequestCx, respond, take_flash},
    ui::{Badge, ButtonKind, IconName, Menu, MenuButton, Notice, PageHeader, PopButton, Table, Tone},
};

const DONE: &[(&str, &str)] = &[
    ("revoked", "The invitation is taken back."),
    ("role", "The role is changed."),
    ("disabled", "Disabled. Every session and token of that person has ended."),
    ("enabled", "Enabled. They can sign in again."),
    ("sessions", "Every session and token of that person has ended."),
];

/// Renders it.
///
/// # Errors
/// When people or invitations can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let admin = cx.ok(cx.viewer().admin())?;
    let people = cx.ok(cx.services().people().users(admin).await)?;
    let invitations = cx.ok(cx.services().people().invitations(admin).await)?;
    let link = take_flash(&cx.request, "invitation").await;
    let shows_link = link.is_some();
    let (me, now) = (admin.user().id, cx.now());
    let refused = ["/api/set_role", "/api/set_disabled", "/api/end_sessions_of", "/api/revoke_invitation"]
        .into_iter()
        .find_map(|action| cx.form(action).problem);
    let invite = cx.form("/api/invite");
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let invite_problem = invite.problem.clone();
        view! {
            <PageHeader title="People" lead="Who can sign in here, and what they may do.">
                <PopButton target="invite" kind=ButtonKind::Primary icon=IconName::Plus>"Invite"</PopButton>
            </PageHeader>
            <div class="stack">
                {refused.or(invite_problem).map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
                {link.map(|link| view! { <Invited link /> })}
                {people_table(people, me, now)}
            </div>
            <InvitationsView invitations now />
            {invite_dialog(&invite)}
        }
    };
    Ok(Page::new("People", view).toast(toast).islands(shows_link).secret(shows_link))
}

/// Shuts a person out, or lets them in again.
pub(super) async fn disable(cx: &RequestCx, user: UserId, disabled: bool) -> Result<(), AppError> {
    let admin = respond(cx, cx.viewer.admin())?;
    let people = cx.services.people();
    respond(cx, if disabled { people.disable(admin, user).await } else { people.enable(admin, user).await })
}

fn people_table(people: Vec<User>, me: UserId, now: Millis) -> impl IntoView {
    let rows = people.into_iter().map(|user| row(user, me, now)).collect_view();
    view! { <Table caption="People" head=vec!["Name", "Role", "State", "Last seen", ""]>{rows}</Table> }
}

fn row(user: User, me: UserId, now: Millis) -> impl IntoView {
    let mine = user.id == me;
    let state = if user.disabled_at.is_some() {
        view! { <Badge tone=Tone::Bad>"Disabled"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Good>"Active"</Badge> }.into_any()
    };
    let seen = match user.last_seen_at {
        Some(at) => view! { <When at now /> }.into_any(),
        None => if mine { "just now" } else { "never" }.into_any(),
    };
    let (name, email, role) = (user.name.clone(), user.email.clone(), user.role);
    view! {
        <tr>
            <td class="cell-main">
                <span class="cell-title">{name}{mine.then_some(" (you)")}</span>
                <span class="cell-sub">{email}</span>
            </td>
            <td data-label="Role">{role_word(role)}</td>
            <td data-label="State">{state}</td>
            <td data-label="Last seen">{seen}</td>
            <td class="cell-actions">{acts(user, mine)}</td>
        </tr>
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Member => "Member",
        Role::Administrator => "Administrator",
    }
}

/// The acts on one person. Nobody shuts themselves out by a slip: disabling oneself is not offered.
fn acts(user: User, mine: bool) -> impl IntoView {
    let (role, role_label) = match user.role {
        Role::Member => (Role::Administrator, "Make administrator"),
        Role::Administrator => (Role::Member, "Make member"),
    };
    let enabled = user.disabled_at.is_none();
    let disable_label = if enabled { "Disable" } else { "Enable" };
    let form = move |action: &'static str, field: Option<(&'static str, String)>, button: AnyView| {
        let id = user.id.to_string();
        view! {
            <form class="menu-form" method="post" action=action>
                <Hidden name="user" value=id />
                {field.map(|(name, value)| view! { <Hidden name value /> })}
                {button}
            </form>
        }
    };
    let role_button = view! { <MenuButton icon=IconName::Shield>{role_label}</MenuButton> }.into_any();
    let end_button = view! { <MenuButton icon=IconName::SignOut>"End sessions and tokens"</MenuButton> }.into_any();
    let disable_button =
        view! { <MenuButton icon=IconName::Lock danger=enabled>{disable_label}</MenuButton> }.into_any();
    view! {
        <Menu id=format!("person-{}", user.id) label=format!("More: {}", user.name)>
            {form("/api/set_role", Some(("role", role.to_string())), role_button)}
            {form("/api/end_sessions_of", None, end_button)}
            {(!mine).then(|| form("/api/set_disabled", Some(("disabled", enabled.to_string())), disable_button))}
        </Menu>
    }
}
