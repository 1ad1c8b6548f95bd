//! One machine as an environment: the way to it, and what can be done.

use leptos::prelude::*;
use service::deploy::environments::{EnvironmentReading, Verdict, Walk, WalkEnd};
use types::catalog::Guest;

use super::{
    super::{
        parts::{Area, AreaTabs, bind_address, encode, ok, operator},
        reading::AdminScript,
    },
    add, walk,
};
use crate::{
    AppError,
    pages::parts::{Hidden, done},
    server::{FormState, Page, PageCx, PageResult},
    ui::{Actions, Button, ButtonKind, EmptyState, Field, Form, IconName, LinkButton, Notice, PageHeader, Tone},
};

const DONE: &[(&str, &str)] = &[
    ("placed", "Written into the catalog. Now test the way to it, and bind it."),
    ("bound", "Bound to the catalog's address."),
];

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the catalog can't be read, or has no such machine.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let deploy = cx.services().deploy();
    let guests = match deploy.has_catalog(&operator) {
        true => ok(&cx, deploy.catalog(&operator).await)?.reading.catalog.guests,
        false => Vec::new(),
    };
    let Some(asked) = cx.query("guest").map(str::to_owned) else { return Ok(which(guests)) };
    let is_asked = |guest: &&Guest| {
        guest.name == asked
            || guest.environment.as_ref() == Some(&asked)
            || guest.vmid.is_some_and(|vmid| vmid.to_string() == asked)
    };
    let Some(guest) = guests.iter().find(is_asked).cloned() else {
        return Err(AppError::not_found(
            "The catalog has no such machine. Look at the list of environments, or add it there.",
        ));
    };
    let walk = deploy.walk_of(&operator, &guest.name);
    let hosts = deploy.hosts(&operator);
    let host = guest.environment.as_ref().and_then(|name| hosts.as_ref()?.of(name).cloned());
    let refused =
        ["/api/test_environment", "/api/bind_environment"].into_iter().find_map(|action| cx.form(action).problem);
    // What ended so is told below, with its steps.
    let told = |walk: &Walk| matches!(&walk.end, Some(WalkEnd::Refused(problem)) if refused.as_ref().is_some_and(|one| one.message == problem.message));
    let refused = if walk.as_ref().is_some_and(told) { None } else { refused };
    let (place, unbind) = (cx.form("/api/place_guest"), cx.form("/api/unbind_environment"));
    let toast = done(cx.query("done"), DONE);
    let now = cx.now();
    let running = walk.as_ref().is_some_and(|walk| walk.end.is_none());
    let title = format!("Connection of {}", guest.name);
    let tab = title.clone();
    let view = move || {
        let is_placed = guest.environment.is_some() && guest.agent_host.is_some();
        let body = if is_placed {
            let at = facts(&guest, host.as_ref()).into_any();
            let acts = acts(&guest, host.as_ref(), walk.as_ref()).into_any();
            let unbind = host.filter(|host| host.id.is_some()).map(|host| unbinding(&host.name, &unbind));
            view! {
                {at}
                {acts}
                {walk.map(|walk| walk::shown(walk, now))}
                {unbind}
            }
            .into_any()
        } else {
            add::place(&guest, &place).into_any()
        };
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/environments">"Environments"</a></nav>
            <PageHeader title=title lead="Portainer reaches a machine through the agent that runs on it." />
            <AreaTabs current=Area::Environments />
            <div class="stack walk">
                {refused.map(|problem| view! { <Notice tone=Tone::Bad>{problem.message}</Notice> })}
                {body}
            </div>
            {running.then(|| view! { <AdminScript /> })}
        }
    };
    Ok(Page::new(tab, view).toast(toast).refresh(running.then_some(walk::AGAIN_S)))
}

/// Which machine, if none was named.
fn which(guests: Vec<Guest>) -> Page {
    let rows: Vec<_> = guests
        .into_iter()
        .filter(|guest| !guest.is_template)
        .map(|guest| {
            let about = guest.environment.unwrap_or_else(|| "no environment yet".to_owned());
            let href = bind_address(&guest.name);
            view! {
                <li>
                    <a class="rowitem rowitem-link" href=href>
                        <span class="cell-title">{guest.name}</span><span class="cell-sub">{about}</span>
                    </a>
                </li>
            }
        })
        .collect();
    Page::new("Bind a machine", move || {
        let body = if rows.is_empty() {
            view! {
                <EmptyState icon=IconName::Server title="The catalog has no machine yet" text="A machine with Docker and Portainer's agent becomes an environment. Add the first one.">
                    <LinkButton href="/admin/environments/add" kind=ButtonKind::Primary icon=IconName::Plus>"Add an environment"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <ul class="rows">{rows}</ul> }.into_any()
        };
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/environments">"Environments"</a></nav>
            <PageHeader title="Bind a machine" lead="Which one?" />
            <AreaTabs current=Area::Environments />
            {body}
        }
    })
}

fn facts(guest: &Guest, host: Option<&EnvironmentReading>) -> impl IntoView + use<> {
    let known = host.and_then(|host| host.address.clone());
    let rows = [
        (
            "Machine",
            Some(match guest.vmid {
                Some(vmid) => format!("{} · number {vmid}", guest.name),
                None => guest.name.clone(),
            }),
        ),
        ("Environment", guest.environment.clone()),
        ("Its agent, says the catalog", host.and_then(|host| host.wanted.clone()).or_else(|| guest.agent_host.clone())),
        ("Its agent, says Portainer", known),
    ];
    let rows = rows
        .into_iter()
        .filter_map(|(term, text)| Some(view! { <div><dt>{term}</dt><dd class="image">{text?}</dd></div> }))
        .collect_view();
    let misplaced = host.is_some_and(|host| host.misplaced);
    view! {
        <dl class="facts facts-wide">{rows}</dl>
        {misplaced.then(|| view! {
            <Notice tone=Tone::Warn title="Portainer reaches it elsewhere">
                "Re-binding gives it the catalog's address. If Portainer is right, correct the catalog instead."
            </Notice>
        })}
    }
}

/// What can be done. The most likely comes first and is the main one.
fn acts(guest: &Guest, host: Option<&EnvironmentReading>, walk: Option<&Walk>) -> impl IntoView + use<> {
    let running = walk.is_some_and(|walk| walk.end.is_none());
    let verdict = match walk.and_then(|walk| walk.end.as_ref()) {
        Some(WalkEnd::Tested(diagnosis)) => Some(diagnosis.verdict),
        Some(WalkEnd::Bound(_)) => Some(Verdict::Connected),
        _ => None,
    };
    let is_bound = verdict == Some(Verdict::Connected) || host.is_some_and(|host| host.id.is_some() && !host.misplaced);
    let misplaced = host.is_some_and(|host| host.misplaced) && verdict != Some(Verdict::Connected);
    let plan = guest.environment.as_ref().map(|name| format!("/admin/plan?env={}", encode(name)));
    let can_bind = matches!(verdict, Some(Verdict::Ready | Verdict::Unclear));
    let kind = |main: bool| if main { ButtonKind::Primary } else { ButtonKind::Plain };
    let form = |action: &'static str, rebind: bool, kind: ButtonKind, icon: IconName, words: &'static str| {
        let guest = guest.name.clone();
        view! {
            <form method="post" action=action>
                <Hidden name="guest" value=guest />
                {rebind.then(|| view! { <Hidden name="rebind" value="true" /> })}
                <Button kind icon disabled=running>{words}</Button>
            </form>
        }
    };
    let test_first = !can_bind && !is_bound && !misplaced;
    view! {
        <div class="actions">
            {misplaced.then(|| form("/api/bind_environment", true, ButtonKind::Primary, IconName::Link, "Re-bind to this address"))}
            {(!is_bound && !misplaced && can_bind).then(|| form("/api/bind_environment", false, kind(true), IconName::Link, "Bind, then plan its stacks"))}
            {is_bound.then(|| plan.map(|href| view! { <LinkButton href kind=ButtonKind::Primary icon=IconName::Changes>"Plan its stacks"</LinkButton> }))}
            {form("/api/test_environment", false, kind(test_first), IconName::Search, "Test the connection")}
            {(!is_bound && !misplaced && !can_bind).then(|| form("/api/bind_environment", false, kind(false), IconName::Link, "Bind, then plan its stacks"))}
        </div>
    }
}

fn unbinding(environment: &str, form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let opened = form.is_refused();
    let confirm = form.value("confirm");
    let name = environment.to_owned();
    let words = format!("Unbind {name}");
    let label = format!("Type {name} if its stacks are to run on unattended");
    view! {
        <details class="more-acts" open=opened>
            <summary>"Let it go"</summary>
            <p class="muted">"Portainer forgets the environment. Nothing is stopped: its containers run on, and nobody looks after them from here. While stacks of the catalog run there it is refused, unless you type its name."</p>
            <Form action="/api/unbind_environment" problem=problem.clone()>
                <Hidden name="environment" value=name />
                <Field name="confirm" label=label value=confirm problem=problem autocomplete="off" />
                <Actions><Button kind=ButtonKind::Danger icon=IconName::Trash>{words}</Button></Actions>
            </Form>
        </details>
    }
}
