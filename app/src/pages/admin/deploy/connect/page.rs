//! The page of the first connection. It stands on the session's note of the Portainer that was looked at, so that nothing typed is
//! lost and "back" works; secrets are in no note.

use leptos::prelude::*;
use service::deploy::environments::{ConnectionSet, PortainerProbe, ServerState, Trust};

use super::{
    super::{
        parts::{Area, AreaTabs, ok, operator},
        reading::look_again,
    },
    acts::{PROBE, SAVED},
    steps::{self, Access},
};
use crate::{
    server::{Page, PageCx, PageResult, peek_flash, take_flash},
    ui::{ButtonKind, LinkButton, Notice, PageHeader, Tone},
};

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the catalog can't be read.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let set = ok(&cx, cx.services().deploy().connection(&operator).await)?;
    let saved = take_flash(&cx.request, SAVED).await;
    let note = peek_flash(&cx.request, PROBE).await;
    let probe: Option<PortainerProbe> = note.and_then(|note| serde_json::from_str(&note).ok());
    let asks_address = cx.query("step").is_none() || cx.query("step") == Some("address");
    let confirmed = cx.query("trusted").map(str::to_owned).filter(|_| cx.query("compared").is_some());
    let (address, connect) = (cx.form("/api/probe_portainer"), cx.form("/api/connect_portainer"));
    let view = move || {
        let body = match (saved, probe) {
            (Some(saved), _) => done(&saved).into_any(),
            (None, Some(probe)) if !asks_address && !address.is_refused() => {
                let is_trusted = !probe.to_confirm || confirmed.as_deref() == Some(steps::trusted_word(&probe.trust));
                let lets_in = probe.state != ServerState::Locked;
                let access = (is_trusted && lets_in).then(|| Access { probe: probe.clone(), form: connect });
                let asks_trust = lets_in && !is_trusted;
                view! {
                    {steps::found(&probe)}
                    {lets_in.then(|| steps::trust(&probe, asks_trust))}
                    {access.map(steps::access)}
                }
                .into_any()
            }
            (None, probe) => {
                let url = probe.map(|probe| probe.url).or_else(|| set.url.clone()).unwrap_or_default();
                steps::address(&address, url).into_any()
            }
        };
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/environments">"Environments"</a></nav>
            <PageHeader title="Connect Portainer" lead="Portainer carries out what the catalog says. Where is it, is it the right one, and who calls?" />
            <AreaTabs current=Area::Environments />
            <div class="stack walk">
                {in_force(&set)}
                {body}
            </div>
        }
    };
    Ok(Page::new("Connect Portainer", view))
}

/// What is set up already, and what would come before what is saved here.
fn in_force(set: &ConnectionSet) -> impl IntoView + use<> {
    let now = set.url.clone().map(|url| view! { <p class="muted">"Now it is "<code>{url}</code>"."</p> });
    let overriding = set.overriding.join(", ");
    let warns = (!overriding.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Warn title="This machine's settings come first">
                <p>{overriding}" is set on this machine and comes before the catalog. What you save here is kept, and is in force once that is taken away."</p>
            </Notice>
        }
    });
    view! {
        {now}
        {warns}
    }
}

fn done(saved: &str) -> impl IntoView + use<> {
    let lines = saved.lines().map(str::to_owned).map(|line| view! { <p>{line}</p> }).collect_view();
    view! {
        <Notice tone=Tone::Good title="Portainer is connected">{lines}</Notice>
        <div class="actions">
            {look_again("/admin/environments".to_owned(), "Look at the environments", ButtonKind::Primary)}
            <LinkButton href="/admin/environments/add">"Add an environment"</LinkButton>
        </div>
    }
}

/// The certificate in words, where a person has nothing to compare.
pub(super) const fn trust_words(trust: &Trust) -> &'static str {
    match trust {
        Trust::System => "An authority this machine trusts vouches for its certificate.",
        Trust::CaFile { .. } => "The authority in a file of this machine vouches for its certificate.",
        Trust::Fingerprint { .. } => "It shows the certificate you compared.",
        Trust::Plain => "There is no TLS, and you said that nobody else can listen on the link.",
    }
}
