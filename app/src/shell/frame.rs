//! What stands around a signed-in page: the menu, at the side on a desktop and at the bottom on a phone.

use leptos::prelude::*;
use service::Viewer;
use types::User;

use crate::{
    routes::{Menu, Route, menu},
    server::Layout,
    ui::{Avatar, Brand, NavItem},
};

/// Where in the site a page stands, and whose.
pub(super) struct Spot {
    /// Who is signed in.
    pub(super) user: Option<User>,
    /// The canonical path.
    pub(super) path: String,
    /// Where home is: on a subdomain `/` is the subdomain's own first page.
    pub(super) home: String,
    /// How the page fills the frame.
    pub(super) layout: Layout,
}

/// The frame.
#[component]
pub(super) fn Frame(viewer: Viewer, spot: Spot, children: Children) -> impl IntoView {
    let Spot { user, path, home, layout } = spot;
    let shown: Vec<_> = menu().filter(|(route, _)| viewer.may(route.permission)).collect();
    let here = nearest(&path, shown.iter().map(|(route, _)| route.path));
    let item = |(route, menu): &(&'static Route, Menu)| {
        let current = here == Some(route.path);
        let href = if route.path == "/" { home.clone() } else { route.path.to_owned() };
        view! { <NavItem href icon=menu.icon label=menu.label current /> }
    };
    let items = shown.iter().filter(|(_, menu)| !menu.administration).map(item).collect_view();
    let administration = shown.iter().filter(|(_, menu)| menu.administration).map(item).collect_view();
    let heading = (!administration.is_empty()).then(|| view! { <span class="side-group">"Administration"</span> });
    view! {
        <div class="frame">
            <header class="side">
                <Brand home=home />
                <nav class="side-nav" aria-label="Main">{items}{heading}{administration}</nav>
                <button class="side-keys" type="button" data-palette="" aria-keyshortcuts="Control+K Meta+K">"Go to …"<kbd>"Ctrl K"</kbd></button>
                {user.map(|user| person(user.name, is_within(&path, "/account")))}
            </header>
            {main_part(layout, children)}
        </div>
    }
}

fn person(name: String, current: bool) -> impl IntoView {
    view! {
        <a class="side-person" href="/account" aria-current=current.then_some("page")>
            <Avatar name=name.clone() />
            <span class="side-person-text">
                <span class="side-person-name">{name}</span>
                <span class="side-person-sub">"Account"</span>
            </span>
        </a>
    }
}

fn main_part(layout: Layout, children: Children) -> AnyView {
    match layout {
        Layout::Chat { thread } => view! {
            <main id="main" class="main chat" data-view=if thread { "thread" } else { "list" } tabindex="-1">{children()}</main>
        }
        .into_any(),
        _ => {
            let class = if layout == Layout::Narrow { "page page-narrow" } else { "page" };
            view! { <main id="main" class="main" tabindex="-1"><div class=class>{children()}</div></main> }.into_any()
        }
    }
}

/// Whether `path` is the page `root` or one under it. Everything is under `/`, which therefore only stands for itself.
fn is_within(path: &str, root: &str) -> bool {
    path == root || (root != "/" && path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
}

/// The entry a page stands under: the longest of those it is within.
fn nearest<'a>(path: &str, roots: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    roots.filter(|root| is_within(path, root)).max_by_key(|root| root.len())
}

#[cfg(test)]
mod tests {
    use super::{is_within, nearest};

    #[test]
    fn a_page_under_two_entries_marks_the_nearer_one() {
        let roots = ["/", "/admin", "/admin/people"];
        assert_eq!(nearest("/admin/people", roots.into_iter()), Some("/admin/people"));
        assert_eq!(nearest("/admin/stacks", roots.into_iter()), Some("/admin"));
        assert_eq!(nearest("/account", roots.into_iter()), None);
    }

    #[test]
    fn a_page_marks_the_entry_it_stands_under() {
        assert!(is_within("/chat/0190", "/chat"));
        assert!(!is_within("/chatter", "/chat"));
        assert!(!is_within("/chat", "/"));
        assert!(is_within("/", "/"));
    }
}
