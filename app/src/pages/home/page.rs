//! Home: what this person can use, how it is doing, and where they left off.

use leptos::prelude::*;
use types::{ConversationSummary, Millis, Permission, ServiceState, ServiceStatus};

use crate::{
    pages::{
        admin::deploy::summary::{Counts, Summary, summary},
        parts::{When, done},
    },
    server::{Page, PageCx, PageResult},
    ui::{ButtonKind, Card, EmptyState, Icon, IconName, LinkButton, PageHeader, StatusBadge},
};

/// How many conversations home shows.
const RECENT: usize = 6;

/// Renders it.
///
/// # Errors
/// When the conversations can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let name = cx.user()?.name;
    let chat = match cx.viewer().member() {
        Ok(member) => Some((cx.services().chat().status(), cx.ok(cx.services().chat().list(member, None).await)?)),
        Err(_) => None,
    };
    let (status, recent) = chat.unzip();
    let administrator = cx.viewer().may(Permission::Administrator);
    let deployments = cx.viewer().onlooker().ok().map(|onlooker| summary(&cx, &onlooker));
    let now = cx.now();
    let toast = done(cx.query("done"), &[("joined", "Welcome. Your account is ready.")]);
    let view = move || {
        view! {
            <PageHeader title=format!("Hello, {}", first_word(&name)) lead="This is what you can use here." />
            <div class="cards">
                {status.map(|status| chat_card(status, now))}
                {deployments.map(|summary| deployments_card(summary, now))}
                {administrator.then(people_card)}
                {administrator.then(audit_card)}
            </div>
            {recent.map(|recent| recent_block(recent.conversations, now))}
        }
    };
    Ok(Page::new("Home", view).toast(toast))
}

fn first_word(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

fn chat_card(status: ServiceStatus, now: Millis) -> impl IntoView {
    let text = match status.state {
        ServiceState::Up | ServiceState::Unknown => "Ask a language model that runs on your own machine.".to_owned(),
        ServiceState::NotConfigured => {
            "No model server is set up yet. Your administrator sets PHOENIX_URL; old conversations can be read."
                .to_owned()
        }
        ServiceState::Down => status
            .detail
            .unwrap_or_else(|| "The model server does not answer. Old conversations can still be read.".to_owned()),
    };
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><Icon name=IconName::Chat />"Chat"</h2>
                <StatusBadge state=status.state />
            </div>
            <p class="card-text">{text}</p>
            {status.observed_at.map(|at| view! { <p class="card-text muted">"Seen "<When at now /></p> })}
            <div class="card-foot">
                <LinkButton href="/chat/new" kind=ButtonKind::Primary icon=IconName::Plus>"New chat"</LinkButton>
                <LinkButton href="/chat">"Conversations"</LinkButton>
            </div>
        </Card>
    }
}

fn deployments_card(summary: Summary, now: Millis) -> impl IntoView {
    let Summary { text, at, standings } = summary;
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><Icon name=IconName::Layers />"Deployments"</h2>
            </div>
            <p class="card-text">{text}</p>
            {(!standings.is_empty()).then(|| view! { <Counts standings /> })}
            {at.map(|at| view! { <p class="card-text muted">"Seen "<When at now /></p> })}
            <div class="card-foot"><LinkButton href="/admin">"Open"</LinkButton></div>
        </Card>
    }
}

fn people_card() -> impl IntoView {
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><Icon name=IconName::People />"People"</h2>
            </div>
            <p class="card-text">"Invite people, choose roles and environments, end sessions."</p>
            <div class="card-foot"><LinkButton href="/admin/people">"Open"</LinkButton></div>
        </Card>
    }
}

fn audit_card() -> impl IntoView {
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><Icon name=IconName::Shield />"Audit"</h2>
            </div>
            <p class="card-text">"Who changed what, when and from where."</p>
            <div class="card-foot"><LinkButton href="/admin/audit">"Open"</LinkButton></div>
        </Card>
    }
}

fn recent_block(recent: Vec<ConversationSummary>, now: Millis) -> impl IntoView {
    let body = if recent.is_empty() {
        view! {
            <EmptyState icon=IconName::Chat title="No conversations yet" text="Ask something; it will be listed here.">
                <LinkButton href="/chat/new" icon=IconName::Plus>"New chat"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = recent.into_iter().take(RECENT).map(|conversation| row(conversation, now)).collect_view();
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <section class="block" aria-labelledby="recent">
            <div class="block-head"><h2 id="recent">"Recent conversations"</h2><a href="/chat">"All"</a></div>
            {body}
        </section>
    }
}

fn row(conversation: ConversationSummary, now: Millis) -> impl IntoView {
    view! {
        <li>
            <a class="rowitem rowitem-link" href=format!("/chat/{}", conversation.id)>
                <Icon name=IconName::Chat />
                <div class="rowitem-text">
                    <span class="cell-title">{conversation.title}</span>
                    <span class="cell-sub"><When at=conversation.updated_at now /></span>
                </div>
                <Icon name=IconName::ChevronRight />
            </a>
        </li>
    }
}
