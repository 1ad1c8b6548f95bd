//! Server functions: one route for each, with the request's context and honest statuses.

use app::{AppError, server::RequestCx};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use bytes::Bytes;
use http::{StatusCode, header, request::Parts};
use leptos::prelude::provide_context;
use tracing::Instrument as _;
use types::{Permission, Problem, ProblemCode};

use super::{
    facts::Facts,
    forms,
    middleware::{limits, session},
    problem,
};
use crate::state::AppState;

/// Set by Leptos on the answer of a server function that failed.
const FAILED: &str = "serverfnerror";

/// The server functions. `pages` shows a page again when its form was refused.
pub(crate) fn router(pages: &Router) -> Router<AppState> {
    app::register_server_functions();
    app::server_function_table().iter().fold(Router::new(), |router, &(path, permission)| {
        let function = Function { permission, pages: pages.clone() };
        router.route(path, post(move |state, cx, facts, request| answer(function, state, cx, facts, request)))
    })
}

/// A server function as it is mounted.
#[derive(Clone)]
struct Function {
    /// Checked before its arguments are read; the use cases behind it ask for their proofs again.
    permission: Permission,
    pages: Router,
}

async fn answer(
    Function { permission, pages }: Function,
    State(state): State<AppState>,
    Extension(cx): Extension<RequestCx>,
    Extension(facts): Extension<Facts>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match limits::read(body).await {
        Ok(body) => body,
        Err(refused) => return problem::respond(&cx, facts.wants_page, refused),
    };
    if facts.wants_page && forms::is_plain(&parts) {
        return forms::submit(&state, pages, permission, cx, facts, parts, body).await;
    }
    match call(&cx, permission, parts, body).await {
        Outcome::Done(response) | Outcome::Refused(response, _) => response,
    }
}

/// What came of a server function.
pub(crate) enum Outcome {
    /// It went well.
    Done(Response),
    /// It was refused or failed; the response says so for programs.
    Refused(Response, Box<Problem>),
}

/// Runs a server function. Leptos answers every failure with 500 unless the function set a status: here the status always
/// is the problem's.
pub(crate) async fn call(cx: &RequestCx, permission: Permission, parts: Parts, body: Bytes) -> Outcome {
    let trace_id = &cx.viewer.origin().trace_id;
    if let Err(AppError(refusal)) = app::server::admit(cx, permission) {
        let refusal = problem::with_trace(refusal, trace_id);
        return Outcome::Refused(problem::json(&refusal), Box::new(refusal));
    }
    let response = run(cx, Request::from_parts(parts, Body::from(body))).await;
    if response.status().as_u16() < 400 && !response.headers().contains_key(FAILED) {
        return Outcome::Done(response);
    }
    let (mut parts, body) = response.into_parts();
    let said = limits::read(body).await.unwrap_or_default();
    let found = serde_json::from_slice(&said).unwrap_or_else(|_| {
        tracing::error!(status = parts.status.as_u16(), "a server function answered with something that is no problem");
        Problem::new(ProblemCode::Internal, "Something went wrong on our side. Try again.")
    });
    let found = problem::with_trace(found, trace_id);
    parts.status = problem::status(&found);
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = serde_json::to_vec(&found).unwrap_or_default();
    let mut response = Response::from_parts(parts, Body::from(body));
    problem::add_retry_after(&mut response, &found);
    Outcome::Refused(response, Box::new(found))
}

/// Runs a server function to its end even if the browser goes away meanwhile: a message that was stored must get its
/// answer, a changed password must end the other sessions.
async fn run(cx: &RequestCx, request: Request) -> Response {
    let (context, origin) = (cx.clone(), cx.viewer.origin().clone());
    let work = session::from(origin, async move {
        leptos_axum::handle_server_fns_with_context(move || provide_context(context.clone()), request)
            .await
            .into_response()
    });
    match tokio::spawn(work.instrument(tracing::Span::current())).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the runtime's end cancels it, and then nobody reads this.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}
