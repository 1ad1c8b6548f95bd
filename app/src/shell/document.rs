//! The document around everything: head, theme, scripts, toasts.

use leptos::{config::LeptosOptions, html, hydration::HydrationScripts, prelude::*};

use super::frame::{Frame, Spot};
use crate::{
    routes::Route,
    server::{Layout, Page, RequestCx, SiteFacts, Theme, ToastNote},
    ui::{DemoBar, Toast, Toasts},
};

/// Theme colours of the browser's own bars. They are the page's background in `style/tokens`.
const LIGHT: &str = "#f6f4ef";
const DARK: &str = "#151715";

/// The whole document.
pub(super) fn document(request: &RequestCx, route: Option<&'static Route>, page: Page) -> impl IntoView {
    let site = &request.site;
    let islands = page.islands || route.is_some_and(|route| route.islands);
    let title = format!("{} · ThinkHeads", page.title);
    let canonical = format!("{}{}", site.public_url, site.path_only());
    let theme = match site.theme {
        Theme::System => None,
        chosen => Some(chosen.as_str()),
    };
    // Who is not signed in has no menu, and so no places to go to.
    let keys = (page.layout != Layout::Gate).then(|| keys(site));
    let head = view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" />
        <title>{title}</title>
        <meta name="color-scheme" content=theme.unwrap_or("light dark") />
        {theme_colours(site.theme)}
        <link rel="stylesheet" href=style_sheet(&site.pkg) />
        // Drawn in one piece: what is centred would jump while the parser is still at work below it.
        <link rel="expect" href="#toasts" blocking="render" />
        <link rel="canonical" href=canonical />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="icon" href="/icons/icon-192.png" sizes="192x192" type="image/png" />
        <link rel="apple-touch-icon" href="/icons/apple-touch-icon.png" />
        <link rel="manifest" href="/manifest.webmanifest" />
        {page.refresh_s.map(|seconds| view! { <noscript><meta http-equiv="refresh" content=seconds.to_string() /></noscript> })}
        {keys}
        {islands.then(|| scripts(site))}
        {page.keeps.then(|| view! { <script src="/keep.js" defer></script> })}
    };
    let toast = page.toast;
    let body = match page.layout {
        Layout::Gate => (page.view)(),
        layout => {
            let home = if site.subdomain.is_some() { format!("{}/", site.public_url) } else { "/".to_owned() };
            let spot = Spot { user: request.viewer.user().cloned(), path: site.path_only().to_owned(), home, layout };
            let viewer = request.viewer.clone();
            view! { <Frame viewer spot>{(page.view)()}</Frame> }.into_any()
        }
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>{head}</head>
            <body>
                <a class="skip" href="#main">"Skip to content"</a>
                {site.demo.then(|| view! { <DemoBar /> })}
                {body}
                <Toasts>{toast.map(toast_view)}</Toasts>
            </body>
        </html>
    }
}

fn theme_colours(theme: Theme) -> AnyView {
    match theme {
        Theme::System => {
            // `media` is a custom attribute to Leptos, which does not know it on `meta`.
            let colour = |media, colour| html::meta().name("theme-color").attr("media", media).content(colour);
            (colour("(prefers-color-scheme: light)", LIGHT), colour("(prefers-color-scheme: dark)", DARK)).into_any()
        }
        Theme::Light => view! { <meta name="theme-color" content=LIGHT /> }.into_any(),
        Theme::Dark => view! { <meta name="theme-color" content=DARK /> }.into_any(),
    }
}

/// The script that wakes the islands, from the folder of this very build: a page and its script never differ.
fn scripts(site: &SiteFacts) -> impl IntoView {
    let options = LeptosOptions::builder().output_name("thinkheads").site_pkg_dir(site.pkg.clone()).build();
    view! { <HydrationScripts options islands=true /> }
}

/// The script of the keys and the command palette. `cargo leptos` knows nothing of it.
fn keys(site: &SiteFacts) -> Option<impl IntoView + use<>> {
    (&*site.pkg != "pkg").then(|| view! { <script type="module" src=format!("/{}/keys.js", site.pkg)></script> })
}

fn toast_view(toast: ToastNote) -> impl IntoView {
    let ToastNote { text, tone, action } = toast;
    view! { <Toast tone text>{action.map(|action| action())}</Toast> }
}

/// The style sheet among a build's files. `cargo leptos` builds straight into `pkg` and names it after the program.
fn style_sheet(pkg: &str) -> String {
    let name = if pkg == "pkg" { "thinkheads" } else { "main" };
    format!("/{pkg}/{name}.css")
}
