//! The frame around a page and the blocks inside it.

use leptos::prelude::*;

use super::{Icon, IconName, Mark};

/// The mark and the name, leading home.
#[component]
pub fn Brand(
    /// Where home is, seen from here.
    #[prop(default = "/".to_owned())]
    home: String,
) -> impl IntoView {
    view! {
        <a class="brand" href=home>
            <Mark />
            <span class="brand-name">"ThinkHeads"</span>
        </a>
    }
}

/// One entry of the main navigation.
#[component]
pub fn NavItem(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// Its icon.
    icon: IconName,
    /// Its words.
    #[prop(into)]
    label: String,
    /// Whether the page belongs to it.
    #[prop(optional)]
    current: bool,
) -> impl IntoView {
    view! {
        <a class="nav-item" href=href aria-current=current.then_some("page")>
            <Icon name=icon />
            <span>{label}</span>
        </a>
    }
}

/// The strip that says on every screen that nothing here is real.
#[component]
pub fn DemoBar() -> impl IntoView {
    view! {
        <aside class="demo-bar" aria-label="Demo">
            <strong>"Demo"</strong>
            " Sample answers and deployments by stand-ins."
        </aside>
    }
}

/// The page for somebody who is not signed in: one card in the middle.
#[component]
pub fn Gate(
    /// The page's heading.
    #[prop(into)]
    title: String,
    /// A sentence below it.
    #[prop(optional, into)]
    lead: Option<String>,
    /// The form and what stands below it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="gate">
            <main id="main" class="gate-card" tabindex="-1">
                <Brand />
                <h1 class="gate-title">{title}</h1>
                {lead.map(|text| view! { <p class="lead">{text}</p> })}
                {children()}
            </main>
        </div>
    }
}

/// A page's heading with its main acts.
#[component]
pub fn PageHeader(
    /// The heading.
    #[prop(into)]
    title: String,
    /// A sentence below it.
    #[prop(optional, into)]
    lead: Option<String>,
    /// Buttons beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-head">
            <div class="page-head-text">
                <h1 class="page-title">{title}</h1>
                {lead.map(|text| view! { <p class="lead">{text}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-head-actions">{children()}</div> })}
        </header>
    }
}

/// A part of a long page: what it is at the left, its form at the right.
#[component]
pub fn Section(
    /// The heading.
    #[prop(into)]
    title: String,
    /// What it is for.
    #[prop(optional, into)]
    lead: Option<String>,
    /// To lead to it: `/page#id`.
    #[prop(optional, into)]
    id: Option<String>,
    /// The form or the list.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="section" id=id>
            <div class="section-head">
                <h2 class="section-title">{title}</h2>
                {lead.map(|text| view! { <p class="muted">{text}</p> })}
            </div>
            <div class="section-body">{children()}</div>
        </section>
    }
}

/// A card with whatever is put in it.
#[component]
pub fn Card(
    /// `card-head`, `card-text`, `card-foot`.
    children: Children,
) -> impl IntoView {
    view! { <section class="card">{children()}</section> }
}

/// One of several pages that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Where it leads.
    pub href: String,
    /// Its words.
    pub label: String,
    /// Whether it is the page shown.
    pub current: bool,
}

/// Links between pages that belong together.
#[component]
pub fn Tabs(
    /// What they belong to.
    #[prop(into)]
    label: String,
    /// The pages.
    items: Vec<Tab>,
) -> impl IntoView {
    let links = items
        .into_iter()
        .map(|tab| {
            view! {
                <a class="tab" href=tab.href aria-current=tab.current.then_some("page")>
                    {tab.label}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=label>
            {links}
        </nav>
    }
}

/// What an error page says: what happened, what to do, and the number to find it in the log.
#[component]
pub fn ErrorPage(
    /// The HTTP status.
    status: u16,
    /// What happened, in a few words.
    #[prop(into)]
    title: String,
    /// What it means and what to do.
    #[prop(into)]
    text: String,
    /// The request's trace id; may be empty.
    #[prop(optional, into)]
    trace_id: String,
    /// Ways on.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="error-page">
            <p class="error-status num">{status.to_string()}</p>
            <h1 class="error-title">{title}</h1>
            <p class="error-text">{text}</p>
            <div class="actions">{children()}</div>
            {(!trace_id.is_empty())
                .then(|| {
                    view! {
                        <p class="error-trace">
                            "Trace "
                            <code>{trace_id}</code>
                        </p>
                    }
                })}
        </div>
    }
}
