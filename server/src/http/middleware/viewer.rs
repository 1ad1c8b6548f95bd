//! Who is looking: by a session's cookie, or on the JSON API by a token. One query, and only when one of them came.

use axum::{
    Extension,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tower_sessions::Session;

use super::{bearer, panics};
use crate::{
    http::{facts::Facts, problem},
    state::{AppState, theme},
};

/// Puts the request's [`app::server::RequestCx`] into its extensions. Panics behind it are shown in the viewer's own
/// frame.
pub(crate) async fn attach(
    State(state): State<AppState>,
    Extension(facts): Extension<Facts>,
    Extension(session): Extension<Session>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer::token(request.uri().path(), request.headers());
    let found = match token {
        Some(token) => state.services.people().viewer_by_token(token, facts.origin.clone()).await,
        None => {
            let id = session.id().map(|id| id.to_string());
            state.services.sessions().viewer(id.as_deref(), facts.origin.clone()).await
        }
    };
    // A cookie beside a token is not looked at, nor written.
    let session = if token.is_some() { state.no_session() } else { session };
    let viewer = match found {
        Ok(viewer) => viewer,
        Err(error) => {
            let found = problem::from_service(&error, &facts.origin.trace_id);
            let refused = problem::respond(&state.stranger(&facts), facts.wants_page, found);
            return if token.is_some() { problem::ask_for_token(refused) } else { refused };
        }
    };
    let cx = state.request(&facts, viewer, session, theme(request.headers()));
    request.extensions_mut().insert(cx.clone());
    panics::guard(next.run(request), &state.panics, facts.wants_page, move || cx).await
}
