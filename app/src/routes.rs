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

/// A page for administrators.
const ADMIN: Route = Route { permission: Permission::Administrator, ..PLAIN };

/// A page of deployments to look at.
const LOOK: Route = Route { permission: Permission::Look, ..PLAIN };

/// A page of the catalog, for those who may change it.
const CATALOG: Route = Route { permission: Permission::Administrator, ..PLAIN };

/// Every page.
pub static ROUTES: &[Route] = &[
    Route {
        path: "/",
        permission: Permission::SignedIn,
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
        ..LOOK
    },
    Route { path: "/admin/connect", page: |cx| Box::pin(pages::admin::deploy::connect::page::page(cx)), ..ADMIN },
    Route { path: "/admin/environments/add", page: |cx| Box::pin(pages::admin::deploy::bind::add::page(cx)), ..ADMIN },
    Route {
        path: "/admin/environments/bind",
        page: |cx| Box::pin(pages::admin::deploy::bind::page::page(cx)),
        ..ADMIN
    },
    Route {
        path: "/admin/stacks/{environment}/{stack}/containers/{container}",
        page: |cx| Box::pin(pages::admin::deploy::container::page::page(cx)),
        ..LOOK
    },
    Route { path: "/admin/environments", page: |cx| Box::pin(pages::admin::deploy::environments::list(cx)), ..LOOK },
    Route {
        path: "/admin/environments/{name}",
        page: |cx| Box::pin(pages::admin::deploy::environments::one(cx)),
        ..LOOK
    },
    Route { path: "/admin/stacks", page: |cx| Box::pin(pages::admin::deploy::stacks::page(cx)), ..LOOK },
    Route {
        path: "/admin/stacks/{environment}/{stack}",
        page: |cx| Box::pin(pages::admin::deploy::stack::page(cx)),
        ..LOOK
    },
    Route { path: "/admin/catalog/new", page: |cx| Box::pin(pages::admin::deploy::editor::fresh::page(cx)), ..CATALOG },
    Route {
        path: "/admin/catalog/draft",
        page: |cx| Box::pin(pages::admin::deploy::editor::save::page(cx)),
        ..CATALOG
    },
    Route { path: "/admin/catalog", page: |cx| Box::pin(pages::admin::deploy::assignments::page::page(cx)), ..CATALOG },
    Route {
        path: "/admin/catalog/{stack}/more",
        page: |cx| Box::pin(pages::admin::deploy::assignments::more::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/catalog/history",
        page: |cx| Box::pin(pages::admin::deploy::history::list::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/catalog/history/{version}",
        page: |cx| Box::pin(pages::admin::deploy::history::one::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/catalog/history/{version}/restore",
        page: |cx| Box::pin(pages::admin::deploy::history::restore::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/catalog/import",
        page: |cx| Box::pin(pages::admin::deploy::import::page::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/catalog/{stack}",
        page: |cx| Box::pin(pages::admin::deploy::editor::page::page(cx)),
        ..CATALOG
    },
    Route {
        path: "/admin/plan",
        permission: Permission::Deploy,
        page: |cx| Box::pin(pages::admin::deploy::plan::page::page(cx)),
        ..PLAIN
    },
    Route { path: "/admin/applies", page: |cx| Box::pin(pages::admin::deploy::applies::page::list(cx)), ..LOOK },
    Route { path: "/admin/applies/{id}", page: |cx| Box::pin(pages::admin::deploy::applies::page::one(cx)), ..LOOK },
    Route {
        path: "/admin/people",
        permission: Permission::Administrator,
        menu: Some(Menu { label: "People", icon: IconName::People, administration: true }),
        page: |cx| Box::pin(pages::admin::people::page::page(cx)),
        ..PLAIN
    },
    Route { path: "/admin/people/{id}", page: |cx| Box::pin(pages::admin::people::person::page(cx)), ..ADMIN },
    Route {
        path: "/admin/audit",
        menu: Some(Menu { label: "Audit", icon: IconName::Shield, administration: true }),
        page: |cx| Box::pin(pages::admin::audit::page::page(cx)),
        ..ADMIN
    },
    Route {
        path: "/account",
        permission: Permission::SignedIn,
        page: |cx| Box::pin(pages::account::page::page(cx)),
        ..PLAIN
    },
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
