//! The pages of applies: the list, and one as it goes.

use leptos::prelude::*;
use service::deploy::{
    ApplyState,
    model::ApplyId,
    words::{Worded, short},
};

use super::{
    super::{
        overview::DONE,
        parts::{Area, AreaTabs, Hands, encode, ok, onlooker},
    },
    Follow,
    list::{ApplyRow, apply_title},
    live::{self, Told},
};
use crate::{
    pages::parts::{When, done},
    server::{Page, PageCx, PageResult},
    ui::{EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Applies on one page.
const SHOWN: u32 = 30;
/// How often a page without scripts is loaded again while the apply runs, in seconds.
const REFRESH_S: u32 = 3;

/// All applies: those under way first, then the latest.
///
/// # Errors
/// For whoever may not look after deployments; when the database fails.
pub async fn list(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let hands = Hands::of(&cx);
    let deploy = cx.services().deploy();
    let environment = cx.query("environment").map(ToOwned::to_owned);
    let before = cx.query("before").map(ToOwned::to_owned);
    let mut applies = ok(&cx, deploy.applies(&onlooker, environment.as_deref(), before.as_deref(), SHOWN + 1).await)?;
    let more = applies.len() > SHOWN as usize;
    applies.truncate(SHOWN as usize);
    let next = applies.last().filter(|_| more).map(|last| {
        let of = environment.as_ref().map(|name| format!("&environment={}", encode(name))).unwrap_or_default();
        format!("/admin/applies?before={}{of}", encode(&last.id.0))
    });
    // Stable: within each group the latest stays first.
    applies.sort_by_key(|one| one.state != ApplyState::Running);
    let (now, is_first) = (cx.now(), before.is_none());
    let toast = done(cx.query("done"), DONE);
    let view = move || {
        let body = if applies.is_empty() {
            let (title, text) = match is_first {
                true => (
                    "Nothing was applied yet",
                    "Review the changes, then apply them: each apply is kept here with its evidence.",
                ),
                false => ("That is all", "There are no earlier applies."),
            };
            view! {
                <EmptyState icon=IconName::Play title text>
                    {hands.any().then(|| view! { <LinkButton href="/admin/plan" icon=IconName::Changes>"Review changes"</LinkButton> })}
                </EmptyState>
            }
            .into_any()
        } else {
            let rows = applies.into_iter().map(|apply| view! { <ApplyRow apply now /> }).collect_view();
            view! { <ul class="rows">{rows}</ul> }.into_any()
        };
        view! {
            <PageHeader title="Applies" lead="What was carried out, by whom, and how it went." />
            <AreaTabs current=Area::Applies />
            <div class="stack">
                {body}
                {next.map(|href| view! { <div class="actions"><LinkButton href>"Earlier"</LinkButton></div> })}
            </div>
        }
    };
    Ok(Page::new("Applies", view).toast(toast))
}

/// One apply.
///
/// # Errors
/// For whoever may not look after deployments; when there is no such apply.
pub async fn one(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let deployer = cx.viewer().deployer().ok();
    let id: String = cx.param("id")?;
    let told = ok(&cx, Told::read(cx.services().deploy(), &onlooker, deployer.as_ref(), &ApplyId(id.clone())).await)?;
    let view = &told.view;
    let running = view.summary.state == ApplyState::Running;
    let refused = cx.form("/api/cancel_apply").problem;
    let toast = done(cx.query("done"), DONE).filter(|_| running);
    let title = apply_title(&view.summary);
    let tab = title.clone();
    let (now, after) = (cx.now(), view.entries);
    let body = move || {
        let mut parts = live::parts(&told).into_iter();
        let mut part = || parts.next().map(|(_, content)| content);
        let (head, end, cancel) = (part(), part(), part());
        let steps = parts.map(|(id, content)| view! { <li class="step" id=id>{content}</li> }).collect_view();
        let summary = &told.view.summary;
        let failure = summary.plan.options.on_failure.words().text;
        let (actor, commit) = (summary.actor.clone(), short(&summary.plan.catalog_commit).to_owned());
        let at = summary.began_at;
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/applies">"Applies"</a></nav>
            <PageHeader title=title><div id="apply-cancel">{cancel}</div></PageHeader>
            <AreaTabs current=Area::Applies />
            <div class="stack">
                {refused.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
                <div id="apply-state">{head}</div>
                {running.then(|| view! { <Follow apply=id after /> })}
                {running.then(|| view! { <noscript><p class="muted">"This page loads itself again every few seconds."</p></noscript> })}
                <div id="apply-end">{end}</div>
                <ul class="steps">{steps}</ul>
                <p class="cell-sub">
                    "By "{actor}", "<When at now />" · catalog "<code>{commit}</code>" · "{failure}
                </p>
            </div>
        }
    };
    Ok(Page::new(tab, body).toast(toast).islands(running).refresh(running.then_some(REFRESH_S)))
}
