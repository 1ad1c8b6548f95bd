//! The one table of pages: the server's router, the menu and the host mapping all read it.

use std::pin::Pin;

use types::Permission;

use crate::{
    pages,
    server::{PageCx, PageResult},
    ui::IconName,
};

/// A page being loaded.
pub type PageFuture = Pin<Box<dyn Future<Output = PageResult> + Send>>;

/// One page of the site.
#[derive(Debug)]
pub struct Route {
    /// Its path, in axum's syntax.
    pub path: &'static str,
    /// The subdomain under which the same page stands with its first segment cut off: `chat.HOST/x` is `HOST/chat/x`.
    pub subdomain: Option<&'static str>,
    /// Who may see it. Whatever it shows is proven again by the service calls behind it.
    pub permission: Permission,
    /// Its entry in the menu, if it has one.
    pub menu: Option<Menu>,
    /// Whether the page has islands, and so loads the script and the WASM.
    pub islands: bool,
    /// Loads and renders it.
    pub page: fn(PageCx) -> PageFuture,
}

/// An entry of the menu.
#[derive(Clone, Copy, Debug)]
pub struct Menu {
    /// What it is called.
    pub label: &'static str,
    /// Its picture.
    pub icon: IconName,
    /// Whether it stands among the entries for those who look after the house.
    pub administration: bool,
}

/// A page without islands, menu entry and subdomain.
const PLAIN: Route = Route {
    path: "",
    subdomain: None,
    permission: Permission::Member,
    menu: None,
    islands: false,
    page: |cx| Box::pin(pages::errors::missing(cx)),
};

/// A page of the chat.
const CHAT: Route = Route { subdomain: Some("chat"), islands: true, ..PLAIN };

/// A page for those who look after deployments.
const ADMIN: Route = Route { permission: Permission::Administrator, ..PLAIN };

/// Every page.
pub static ROUTES: &[Route] = &[
    Route {
        path: "/",
        menu: Some(Menu { label: "Home", icon: IconName::Home, administration: false }),
        page: |cx| Box::pin(pages::home::page::page(cx)),
        ..PLAIN
    },
    Route {
        path: "/chat",
        menu: Some(Menu { label: "Chat", icon: IconName::Chat, administration: false }),
        page: |cx| Box::pin(pages::chat::page::list(cx)),
        ..CHAT
    },
    Route { path: "/chat/new", page: |cx| Box::pin(pages::chat::page::new(cx)), ..CHAT },
    Route { path: "/chat/{id}", page: |cx| Box::pin(pages::chat::page::thread(cx)), ..CHAT },
    Route {
        path: "/admin",
        menu: Some(Menu { label: "Deployments", icon: IconName::Layers, administration: true }),
        page: |cx| Box::pin(pages::admin::deploy::overview::page(cx)),
        ..ADMIN
    },
    Route { path: "/admin/environments", page: |cx| Box::pin(pages::admin::deploy::environments::list(cx)), ..ADMIN },
    Route {
        path: "/admin/environments/{name}",
        page: |cx| Box::pin(pages::admin::deploy::environments::one(cx)),
        ..ADMIN
    },
    Route {
        path: "/admin/stacks",
        islands: true,
        page: |cx| Box::pin(pages::admin::deploy::stacks::page(cx)),
        ..ADMIN
    },
    Route {
        path: "/admin/stacks/{environment}/{stack}",
        page: |cx| Box::pin(pages::admin::deploy::stack::page(cx)),
        ..ADMIN
    },
    Route { path: "/admin/catalog", page: |cx| Box::pin(pages::admin::deploy::assignments::page::page(cx)), ..ADMIN },
    Route {
        path: "/admin/catalog/{stack}/more",
        page: |cx| Box::pin(pages::admin::deploy::assignments::more::page(cx)),
        ..ADMIN
    },
    Route { path: "/admin/catalog/history", page: |cx| Box::pin(pages::admin::deploy::history::list::page(cx)), ..ADMIN },
    Route {
        path: "/admin/catalog/history/{version}",
        page: |cx| Box::pin(pages::admin::deploy::history::one::page(cx)),
        ..ADMIN
    },
    Route {
        path: "/admin/catalog/history/{version}/restore",
        page: |cx| Box::pin(pages::admin::deploy::history::restore::page(cx)),
        ..ADMIN
    },
    Route { path: "/admin/catalog/import", page: |cx| Box::pin(pages::admin::deploy::import::page::page(cx)), ..ADMIN },
    Route { path: "/admin/catalog/new", page: |cx| Box::pin(pages::admin::deploy::editor::fresh::page(cx)), ..ADMIN },
    Route { path: "/admin/catalog/draft", page: |cx| Box::pin(pages::admin::deploy::editor::save::page(cx)), ..ADMIN },
    Route {
        path: "/admin/catalog/{stack}",
        page: |cx| Box::pin(pages::admin::deploy::editor::page::page(cx)),
        ..ADMIN
    },
    Route { path: "/admin/plan", page: |cx| Box::pin(pages::admin::deploy::plan::page::page(cx)), ..ADMIN },
    Route { path: "/admin/applies", page: |cx| Box::pin(pages::admin::deploy::applies::page::list(cx)), ..ADMIN },
    Route { path: "/admin/applies/{id}", page: |cx| Box::pin(pages::admin::deploy::applies::page::one(cx)), ..ADMIN },
    Route {
        path: "/admin/people",
        permission: Permission::Administrator,
        menu: Some(Menu { label: "People", icon: IconName::People, administration: true }),
        page: |cx| Box::pin(pages::admin::people::page::page(cx)),
        ..PLAIN
    },
    Route { path: "/account", page: |cx| Box::pin(pages::account::page::page(cx)), ..PLAIN },
    Route {
        path: "/sign-in",
        permission: Permission::Public,
        page: |cx| Box::pin(pages::sign_in::page::page(cx)),
        ..PLAIN
    },
    Route {
        path: "/join/{token}",
        permission: Permission::Public,
        page: |cx| Box::pin(pages::join::page::page(cx)),
        ..PLAIN
    },
];

/// The routes that stand in the menu, in its order.
pub fn menu() -> impl Iterator<Item = (&'static Route, Menu)> {
    ROUTES.iter().filter_map(|route| route.menu.map(|menu| (route, menu)))
}
