//! Invitations on the people page.

use std::collections::BTreeSet;

use leptos::prelude::*;
use types::{Invitation, InvitationState, Millis, Rights, Role};

use crate::{
    pages::{
        copy::CopyButtons,
        parts::{Hidden, When},
    },
    server::{FormState, date},
    ui::{
        Actions, Badge, Button, ButtonKind, CopyField, Dialog, EmptyState, Field, Form, Icon, IconName, Notice,
        SelectField, Tone,
    },
};

use super::rights::{RightsFields, rights_word};

/// The link of an invitation just made. It is shown this once.
#[component]
pub(super) fn Invited(link: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good title="The invitation is ready">
            <div class="stack">
            <p>"Send this link to the person. It works once, and it is shown only now."</p>
            <CopyButtons>
                <CopyField id="invitation-link" label="One-time link" value=link />
            </CopyButtons>
            </div>
        </Notice>
    }
}

/// The invitations, newest first.
#[component]
pub(super) fn InvitationsView(invitations: Vec<Invitation>, now: Millis) -> impl IntoView {
    let body = if invitations.is_empty() {
        view! { <EmptyState icon=IconName::Mail title="No invitations" text="Invite somebody; the link you get works once." /> }
            .into_any()
    } else {
        let rows = invitations.into_iter().map(|invitation| row(invitation, now)).collect_view();
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <section class="block" id="invitations" aria-labelledby="invitations-title">
            <div class="block-head"><h2 id="invitations-title">"Invitations"</h2></div>
            {body}
        </section>
    }
}

fn row(invitation: Invitation, now: Millis) -> impl IntoView {
    let Invitation { id, role, environments, note, state, created_at, expires_at } = invitation;
    let rights = rights_word(&Rights { role, environments });
    let title = if note.is_empty() { format!("For a new {role}") } else { note };
    let label = format!("Revoke: {title}");
    let (tone, word) = match state {
        InvitationState::Open => (Tone::Accent, "Open"),
        InvitationState::Used => (Tone::Good, "Used"),
        InvitationState::Revoked => (Tone::Neutral, "Revoked"),
        InvitationState::Expired => (Tone::Neutral, "Expired"),
    };
    let revoke = (state == InvitationState::Open).then(|| {
        view! {
            <form method="post" action="/api/revoke_invitation">
                <Hidden name="invitation" value=id.to_string() />
                <Button attr:aria-label=label>"Revoke"</Button>
            </form>
        }
    });
    view! {
        <li class="rowitem">
            <Icon name=IconName::Mail />
            <div class="rowitem-text">
                <span class="cell-title">{title}</span>
                <span class="cell-sub">{rights}" · made "<When at=created_at now />" · until "{date(expires_at)}</span>
            </div>
            <Badge tone>{word}</Badge>
            {revoke}
        </li>
    }
}

/// The dialog to invite somebody.
pub(super) fn invite_dialog(form: FormState, environments: BTreeSet<String>) -> impl IntoView {
    let problem = form.problem.clone();
    let days = [(1, "1 day"), (7, "7 days"), (30, "30 days")].map(|(days, words)| (days.to_string(), words.to_owned()));
    let expiry = form.value_or("days", "7");
    let note = form.value("note");
    view! {
        <Dialog id="invite" title="Invite somebody">
            <Form action="/api/invite" problem=problem.clone()>
                <RightsFields now=Rights::from(Role::Member) known=environments form />
                <Field
                    name="note"
                    label="For whom"
                    hint="A note for you; they do not see it."
                    value=note
                    problem=problem.clone()
                    maxlength=200u32
                />
                <SelectField name="days" label="Works for" options=days.into() selected=expiry problem />
                <Actions><Button kind=ButtonKind::Primary>"Make the link"</Button></Actions>
            </Form>
        </Dialog>
    }
}
