//! The router and the order of its layers, from the outside in:
//!
//! 1. the border ([`border::cross`]): trace id and span, the client's address; on the way out the security headers, the
//!    access log's line and the metrics. Inside it, in this order: is the host ours (and which page does it mean), does a
//!    write come from our own pages, is the body small enough, does the answer come in time, did the handler panic;
//! 2. routing: site files, health and metrics end here, without a look at any session;
//! 3. the session cookie;
//! 4. the viewer ([`viewer::attach`]): one query if a cookie or a token came; panics from here on are shown in the viewer's frame;
//! 5. on to a worker: up to here, and for streams altogether, the thread of the connections does it all ([`aside::answer`]);
//! 6. compression of pages and data. Streams stand beside it;
//! 7. the page, the server function, or the form around it.

use axum::{Router, middleware};

use super::{
    api, api_v1, aside,
    middleware::{border, compression, session, viewer},
    pages, table,
};
use crate::state::AppState;

/// Builds it all, with `more` routes beside the pages. Needs a [`super::facts::Peer`] in every request's extensions.
pub(crate) fn build(state: AppState, more: Router) -> Router {
    let pages = pages::router();
    let api = api::router(&pages.clone().with_state(state.clone()));
    let lifetime = state.services.settings().sessions.absolute;
    let people = pages
        .merge(api)
        .merge(api_v1::table::router(false))
        .merge(table::router(table::DATA))
        .merge(more.with_state(()))
        .fallback(pages::missing)
        .layer(compression::layer())
        .layer(middleware::from_fn_with_state(state.clone(), aside::answer))
        .merge(table::router(table::STREAMS))
        .merge(api_v1::table::router(true))
        .layer(middleware::from_fn_with_state(state.clone(), viewer::attach))
        .layer(session::layer((*state.sessions).clone(), &state.hosts, lifetime));
    let machines = state.site.router().merge(table::router(table::MACHINES));
    let inner = people.merge(machines).layer(middleware::from_fn(border::name_route)).with_state(state.clone());
    // The border may give a request another path, so it stands around the router and not in it.
    Router::new().fallback_service(inner).layer(middleware::from_fn_with_state(state, border::cross))
}
