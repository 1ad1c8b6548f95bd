//! From a loaded page to a whole HTTP answer: permission, document, frame, headers.

mod document;
mod frame;
mod headers;
mod palette;

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header};
use hydration_context::SsrSharedContext;
use leptos::{
    nonce::{Nonce, provide_nonce, use_nonce},
    prelude::*,
};
use types::{Problem, ProblemCode};

use self::headers::Keep;
pub use self::palette::{Place, places};
use crate::{
    pages::errors,
    routes::Route,
    server::{Page, PageCx, RequestCx, admit},
};

/// Answers a request for a page: nobody goes to sign in, who may not gets the 403 page, everybody else the page, whole, in one
/// piece.
pub async fn respond(route: &'static Route, cx: PageCx) -> Response<String> {
    let request = cx.request.clone();
    let refused = cx.form.as_ref().map(|form| form.problem.code.status());
    let loaded = match admit(&request, route.permission) {
        Ok(()) => (route.page)(cx).await,
        Err(error) => Err(error),
    };
    match loaded {
        Ok(page) if page.redirect.is_some() => see_other(page.redirect.as_deref().unwrap_or("/")),
        Ok(page) => {
            let status = refused.filter(|_| page.status == 200).unwrap_or(page.status);
            render(&request, Some(route), page.status(status))
        }
        Err(error) => respond_problem(&request, &with_granters(&request, error.0).await),
    }
}

/// A refusal for want of a right, with the names of those who can give it.
async fn with_granters(request: &RequestCx, problem: Problem) -> Problem {
    let (ProblemCode::Forbidden, Ok(person)) = (problem.code, request.viewer.signed_in()) else { return problem };
    match request.services.people().administrators(person).await {
        Ok(names) if !names.is_empty() => {
            let message = format!("{} Administrators here: {}.", problem.message, names.join(", "));
            Problem { message, ..problem }
        }
        // The refusal stands without them.
        _ => problem,
    }
}

/// The page that says what went wrong. Nobody is sent to sign in where that is what is missing.
#[must_use]
pub fn respond_problem(request: &RequestCx, problem: &Problem) -> Response<String> {
    if problem.code == ProblemCode::SignInRequired {
        return see_other(&sign_in_address(&request.site.path));
    }
    let mut response = render(request, None, errors::of(request, problem));
    if let Some(seconds) = problem.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The last resort: nothing is known about the request, and nothing may fail again.
#[must_use]
pub fn respond_panic() -> Response<String> {
    let mut response = Response::new(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Something went wrong · ThinkHeads</title></head>\
         <body><main><h1>Something went wrong on our side</h1><p>It is in the log. Go back and try again.</p>\
         <p><a href=\"/\">Home</a></p></main></body></html>"
            .to_owned(),
    );
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    headers::set(response.headers_mut(), "", Keep::Nowhere);
    response
}

/// Where to sign in, and to come back from there.
fn sign_in_address(path: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    if path == "/" {
        "/sign-in".into()
    } else {
        format!("/sign-in?next={}", utf8_percent_encode(path, NON_ALPHANUMERIC))
    }
}

fn see_other(address: &str) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    headers::set(response.headers_mut(), "", Keep::Nowhere);
    response
}

/// Renders the whole document. Nothing is awaited here, so it leaves complete: tunnels buffer half documents.
fn render(request: &RequestCx, route: Option<&'static Route>, page: Page) -> Response<String> {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::OK);
    // A page that says what went wrong may stand at the address of a one-time link.
    let keep = if page.secret || route.is_none() { Keep::Nowhere } else { Keep::ForBack };
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let (html, nonce) = owner.with(|| {
        provide_nonce();
        // For links that are shown to whom they lead somewhere.
        provide_context(request.viewer.clone());
        let nonce = use_nonce();
        let html = document::document(request, route, page).to_html();
        (html, nonce.as_ref().map(Nonce::to_string).unwrap_or_default())
    });
    owner.unset_with_forced_cleanup();
    let mut response = Response::new(html);
    *response.status_mut() = status;
    headers::set(response.headers_mut(), &nonce, keep);
    response
}
