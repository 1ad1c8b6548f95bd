//! People: who is here, what they may do, and who was invited.

use leptos::prelude::*;
use types::{Millis, User, UserId};

use super::{
    invitations::{InvitationsView, Invited, invite_dialog},
    rights::{known, rights_word, role_icon},
};
use crate::{
    pages::parts::{When, done},
    server::{Page, PageCx, PageResult, take_flash},
    ui::{ButtonKind, Chip, Icon, IconName, Notice, PageHeader, PopButton, Table, Tone},
};

const DONE: &[(&str, &str)] = &[("revoked", "The invitation is taken back.")];

/// Renders it.
///
/// # Errors
/// When people or invitations can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let admin = cx.ok(cx.viewer().admin())?;
    let people = cx.ok(cx.services().people().users(admin).await)?;
    let invitations = cx.ok(cx.services().people().invitations(admin).await)?;
    let environments = known(&cx).await;
    let link = take_flash(&cx.request, "invitation").await;
    let shows_link = link.is_some();
    let (me, now) = (admin.user().id, cx.now());
    let refused = cx.form("/api/revoke_invitation").problem;
    let invite = cx.form("/api/invite");
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let problem = refused.or(invite.problem.clone());
        view! {
            <PageHeader title="People" lead="Who can sign in here, and what they may do.">
                <PopButton target="invite" kind=ButtonKind::Primary icon=IconName::Plus>"Invite"</PopButton>
            </PageHeader>
            <div class="stack">
                {problem.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
                {link.map(|link| view! { <Invited link /> })}
                {people_table(people, me, now)}
            </div>
            <InvitationsView invitations now />
            {invite_dialog(invite, environments)}
        }
    };
    Ok(Page::new("People", view).toast(toast).islands(shows_link).secret(shows_link))
}

fn people_table(people: Vec<User>, me: UserId, now: Millis) -> impl IntoView {
    let rows = people.into_iter().map(|user| row(user, me, now)).collect_view();
    view! { <Table caption="People" head=vec!["Name", "Role", "State", "Last seen"]>{rows}</Table> }
}

/// Whether somebody may come in.
#[component]
pub(super) fn StateChip(disabled: bool) -> impl IntoView {
    if disabled {
        view! { <Chip icon=IconName::Lock tone=Tone::Bad>"Disabled"</Chip> }
    } else {
        view! { <Chip icon=IconName::Check tone=Tone::Good>"Active"</Chip> }
    }
}

/// When somebody was last seen.
pub(super) fn seen(user: &User, mine: bool, now: Millis) -> AnyView {
    match user.last_seen_at {
        Some(at) => view! { <When at now /> }.into_any(),
        None => if mine { "just now" } else { "never" }.into_any(),
    }
}

fn row(user: User, me: UserId, now: Millis) -> impl IntoView {
    let mine = user.id == me;
    let seen = seen(&user, mine, now);
    let rights = rights_word(&user.rights());
    let (name, email, icon, disabled) = (user.name, user.email, role_icon(user.role), user.disabled_at.is_some());
    view! {
        <tr>
            <td class="cell-main">
                <a class="cell-title person-link" href=format!("/admin/people/{}", user.id)>{name}</a>
                <span class="cell-sub">{mine.then_some("you · ")}{email}</span>
            </td>
            <td data-label="Role"><span class="role"><Icon name=icon />{rights}</span></td>
            <td data-label="State"><StateChip disabled /></td>
            <td data-label="Last seen">{seen}</td>
        </tr>
    }
}
