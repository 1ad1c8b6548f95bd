//! The routes beside pages, server functions and site files. The router is built from these tables and from
//! [`app::routes::ROUTES`], [`app::server_function_table`] and the list of site files, and from nothing else: the test that walks
//! every route with every role reads the same tables, so a route without a row there does not pass.

use axum::{
    Router,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{downloads, health, logs, metrics, palette, streams};
use crate::state::AppState;

/// One route.
pub(crate) struct Endpoint {
    /// Its method, for the reader; the filter says the same to the router.
    method: &'static str,
    filter: MethodFilter,
    path: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<AppState>,
}

impl Endpoint {
    const fn get(path: &'static str, handler: fn(MethodFilter) -> MethodRouter<AppState>) -> Self {
        Self { method: "GET", filter: MethodFilter::GET, path, handler }
    }

    const fn post(path: &'static str, handler: fn(MethodFilter) -> MethodRouter<AppState>) -> Self {
        Self { method: "POST", filter: MethodFilter::POST, path, handler }
    }
}

/// Asked by machines; answered without a look at any session.
pub(crate) const MACHINES: &[Endpoint] = &[
    Endpoint::get("/healthz", |filter| on(filter, health::alive)),
    Endpoint::get("/readyz", |filter| on(filter, health::ready)),
    Endpoint::get("/metrics", |filter| on(filter, metrics::show)),
];

/// For scripts of our pages, and files of a bounded size: made whole on a worker, and compressed.
pub(crate) const DATA: &[Endpoint] = &[
    Endpoint::get("/api/palette", |filter| on(filter, palette::show)),
    Endpoint::get("/api/logs/{environment}/{stack}/{container}", |filter| on(filter, logs::download)),
];

/// For people, and never compressed: compression would wait for more.
pub(crate) const STREAMS: &[Endpoint] = &[
    Endpoint::post("/api/stream/generations/{id}", |filter| on(filter, streams::generation)),
    Endpoint::post("/api/stream/applies/{id}", |filter| on(filter, streams::apply)),
    Endpoint::post("/api/stream/containers/{environment}/{stack}/{container}", |filter| on(filter, logs::follow)),
    Endpoint::get("/admin/audit/export", |filter| on(filter, downloads::audit)),
];

/// A router of a table's routes.
pub(crate) fn router(table: &[Endpoint]) -> Router<AppState> {
    table.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)(route.filter)))
}

/// What is served beside pages, server functions and site files: method and path.
pub fn other_routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    MACHINES.iter().chain(DATA).chain(STREAMS).map(|route| (route.method, route.path))
}
