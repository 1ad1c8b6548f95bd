//! The newest look at everything: how old it is, why a later one failed, and what to say when there is none.

use std::sync::Arc;

use leptos::prelude::*;
use service::{
    Onlooker,
    deploy::{Look, words::short},
};
use types::Millis;

use super::parts::{Hands, is_operator};
use crate::{
    pages::parts::{Hidden, When},
    server::PageCx,
    ui::{Button, ButtonKind, EmptyState, IconName, LinkButton, Notice, Tone},
};

/// The newest look, as pages show it.
#[derive(Clone)]
pub(super) struct Reading {
    /// The look; none before the first.
    pub(super) look: Option<Arc<Look>>,
    trouble: Option<(Millis, String)>,
    has_catalog: bool,
    /// Whether the viewer does everything about deployments.
    operates: bool,
    /// What the viewer may, if it is not everything.
    note: Option<String>,
    catalog: String,
    /// Where to come back to.
    path: String,
    pub(super) now: Millis,
}

impl Reading {
    /// The newest look there is. Nothing is asked for it, so that pages do not wait.
    pub(super) fn of(cx: &PageCx, onlooker: &Onlooker) -> Self {
        let deploy = cx.services().deploy();
        let (look, trouble) = deploy.latest(onlooker);
        Self {
            look,
            trouble,
            note: Hands::of(cx).note(),
            has_catalog: deploy.has_catalog(onlooker),
            operates: is_operator(cx),
            catalog: deploy.settings().catalog.display().to_string(),
            path: cx.request.site.path.clone(),
            now: cx.now(),
        }
    }

    /// How old it is, with a button to look again, and why a later look failed, if one did.
    pub(super) fn bar(&self) -> impl IntoView + use<> {
        let now = self.now;
        let look = self.look.clone();
        let path = self.path.clone();
        let note = self.note.clone().map(|note| format!(" · {note}"));
        let trouble = self.look.as_ref().and(self.trouble.clone());
        look.map(|look| {
            let (at, commit) = (look.overview.at, short(&look.overview.catalog_commit).to_owned());
            view! {
                <div class="reading">
                    <p class="reading-text">"Seen "<When at now />" · catalog "<code>{commit}</code>{note}</p>
                    {look_again(path, "Look again", ButtonKind::Plain)}
                </div>
                {trouble.map(|(at, why)| view! {
                    <Notice tone=Tone::Warn title="What you see is out of date">
                        <p>"A later look failed "<When at now />": "{why}</p>
                    </Notice>
                })}
            }
        })
    }

    /// The way to the guided first connection, for whoever may go it.
    fn connect(&self) -> impl IntoView + use<> {
        self.operates
            .then(|| view! { <LinkButton href="/admin/connect" icon=IconName::Link>"Connect Portainer"</LinkButton> })
    }

    /// What stands in place of a page while nothing was seen yet: why, and how to begin.
    pub(super) fn nothing(&self) -> impl IntoView + use<> {
        let (path, now, connect) = (self.path.clone(), self.now, self.connect());
        if let Some((at, why)) = &self.trouble {
            let (at, why) = (*at, why.clone());
            return view! {
                <div class="stack">
                    <Notice tone=Tone::Bad title="It could not be looked at">
                        <p>{why}</p>
                        <p class="muted">"Tried "<When at now />". Nothing was seen before, so nothing is shown."</p>
                        <div class="actions">
                            {look_again(path, "Try again", ButtonKind::Primary)}
                            {connect}
                        </div>
                    </Notice>
                </div>
            }
            .into_any();
        }
        if !self.has_catalog {
            let text = format!(
                "The catalog is a git repository with three JSON files that say which stacks run where. It will be made at {} when \
                 you look for the first time; or set PHOENIX_CONFIG_DIR to one you have.",
                self.catalog
            );
            return view! {
                <EmptyState icon=IconName::Layers title="There is no catalog yet" text=text>
                    {look_again(path, "Make it and look", ButtonKind::Primary)}
                    {connect}
                </EmptyState>
            }
            .into_any();
        }
        view! {
            <EmptyState
                icon=IconName::Layers
                title="Nothing has been looked at yet"
                text="Looking reads the catalog and asks Portainer what runs. Nothing is changed."
            >
                {look_again(path, "Look now", ButtonKind::Primary)}
                {connect}
            </EmptyState>
        }
        .into_any()
    }
}

/// The script of pages without islands that follow something: a few lines that no other page loads.
#[component]
pub(super) fn AdminScript() -> impl IntoView {
    view! { <script type="module" src="/admin.js"></script> }
}

/// The button that looks afresh and comes back.
pub(super) fn look_again(path: String, words: &'static str, kind: ButtonKind) -> impl IntoView {
    view! {
        <form method="post" action="/api/look_again">
            <Hidden name="next" value=path />
            <Button kind icon=IconName::Refresh>{words}</Button>
        </form>
    }
}
