//! How a problem leaves: as a page for people, as JSON for programs. Causes are logged here, once.

use std::error::Error;

use app::server::RequestCx;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use service::ServiceError;
use types::{Problem, ProblemCode};

/// The status that goes with a problem.
pub(crate) fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A problem as JSON (RFC 9457's media type).
pub(crate) fn json(problem: &Problem) -> Response {
    extended(problem, None)
}

/// The same with an extension member (RFC 9457 §3.2) for programs that can make use of it.
pub(crate) fn extended(problem: &Problem, extension: Option<(&str, serde_json::Value)>) -> Response {
    let mut body = serde_json::to_value(problem).unwrap_or_default();
    if let (Some((name, value)), Some(members)) = (extension, body.as_object_mut()) {
        members.insert(name.to_owned(), value);
    }
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    let mut response = (status(problem), kind, body.to_string()).into_response();
    add_retry_after(&mut response, problem);
    response
}

/// A problem as a page, in the frame the viewer knows.
pub(crate) fn page(cx: &RequestCx, problem: &Problem) -> Response {
    let mut response = app::shell::respond_problem(cx, problem).map(Body::from);
    add_retry_after(&mut response, problem);
    response
}

/// A problem in the form the request asked for.
pub(crate) fn respond(cx: &RequestCx, wants_page: bool, problem: Problem) -> Response {
    let problem = with_trace(problem, &cx.viewer.origin().trace_id);
    if wants_page { page(cx, &problem) } else { json(&problem) }
}

/// Fills the trace id in, unless it is there.
pub(crate) fn with_trace(mut problem: Problem, trace_id: &str) -> Problem {
    if problem.trace_id.is_empty() {
        trace_id.clone_into(&mut problem.trace_id);
    }
    problem
}

/// Says how to come in (RFC 9110 §11.6.1), for programs that were refused for want of a token.
pub(crate) fn ask_for_token(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Says when to come back, for programs.
pub(crate) fn add_retry_after(response: &mut Response, problem: &Problem) {
    if let Some(seconds) = problem.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// Logs a fault's cause and gives the problem that leaves. Refusals are part of the day and not logged.
pub(crate) fn from_service(error: &ServiceError, trace_id: &str) -> Problem {
    if error.is_fault() {
        tracing::error!(trace_id, error = %chain(error), "a request failed");
    }
    with_trace(error.problem(), trace_id)
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// What answers a route that knows the path but not the method.
pub(crate) async fn wrong_method(
    axum::Extension(cx): axum::Extension<RequestCx>,
    method: axum::http::Method,
) -> Response {
    let message = format!("{method} is not for this path. /api/v1/openapi.json says what is.");
    let refused = with_trace(Problem::new(ProblemCode::Invalid, message), &cx.viewer.origin().trace_id);
    let mut response = json(&refused);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
