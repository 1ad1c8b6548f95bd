//! One axum route for each entry of [`ROUTES`], and the page for everything else.

use std::collections::HashMap;

use app::{
    routes::{ROUTES, Route},
    server::{FormOutcome, PageCx, RequestCx},
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query, Request, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{Method, StatusCode, header};
use types::{Problem, ProblemCode};

use super::{facts::Facts, problem};
use crate::state::AppState;

/// The pages.
pub(crate) fn router() -> Router<AppState> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(
            route.path,
            get(move |cx, params, query, form| async move { show(route, cx, params, query, form).await }),
        )
    })
}

type Pairs = HashMap<String, String>;

async fn show(
    route: &'static Route,
    Extension(request): Extension<RequestCx>,
    Path(params): Path<Pairs>,
    query: Result<Query<Pairs>, QueryRejection>,
    form: Option<Extension<FormOutcome>>,
) -> Response {
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let form = form.map(|Extension(form)| form);
    app::shell::respond(route, PageCx { request, params, query, form }).await.map(Body::from)
}

/// What nothing else answers: a missing page, or one with a slash too many.
pub(crate) async fn missing(
    Extension(cx): Extension<RequestCx>,
    Extension(facts): Extension<Facts>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let trimmed = path.trim_end_matches('/');
    // `//host` would be another site.
    if reads && !trimmed.is_empty() && trimmed != path && !path.starts_with("//") {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{trimmed}{query}"))]).into_response();
    }
    let missing = Problem::new(ProblemCode::NotFound, "There is no such page. The address may be cut off or mistyped.");
    problem::respond(&cx, facts.wants_page, missing)
}
