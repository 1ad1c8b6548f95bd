//! Plain forms, as a browser sends them before and without WASM.
//!
//! A form that went well leads on (303), so that "reload" does not send it again. One that was refused shows its page
//! again with what was typed and what is wrong with it, under the problem's status.

use std::{collections::HashMap, sync::Arc};

use app::server::{FormOutcome, RequestCx, local_path};
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tower::ServiceExt as _;
use types::{Permission, Problem};
use url::Url;

use super::{
    api::{self, Outcome},
    facts::Facts,
    middleware::host::Hosts,
    problem,
};
use crate::state::AppState;

/// Set by `leptos_axum::redirect` when the answer is not for a browser's form.
const REDIRECT: HeaderName = HeaderName::from_static("serverfnredirect");

/// Whether a request is a form as browsers send it.
pub(crate) fn is_plain(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::POST && kind.starts_with("application/x-www-form-urlencoded")
}

/// The page a form was sent from.
struct Back {
    /// Where to send the browser.
    address: String,
    /// The page's path and query on the main host.
    path: String,
}

/// Runs the server function behind a form and answers with a page.
pub(crate) async fn submit(
    state: &AppState,
    pages: Router,
    permission: Permission,
    mut cx: RequestCx,
    facts: Facts,
    mut parts: Parts,
    body: Bytes,
) -> Response {
    let back = back(&parts, &facts, &state.hosts);
    let action = parts.uri.path().to_owned();
    let came_from = back.as_ref().map(|back| came_from(&action, &back.path, &state.hosts));
    let values = values(&body);
    // Leptos would answer a form by itself, with the error in the address. Asked for data, it leaves that to us.
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let (answer, refusal) = match api::call(&cx, permission, parts, body).await {
        Outcome::Done(answer) => return onward(answer, back),
        Outcome::Refused(answer, refusal) => (answer, *refusal),
    };
    let outcome = FormOutcome { action, problem: refusal.clone(), values };
    let again = back.and_then(|back| page_again(back, &cx, facts, outcome));
    let mut page = match again {
        Some(request) => pages.oneshot(request).await.into_response(),
        None => {
            // After signing in there is no form to come back to.
            cx.site.path = "/".into();
            problem::page(&cx, &refusal)
        }
    };
    dress(&mut page, &answer, &refusal);
    if let Some(cookie) = came_from.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

/// The cookie that remembers the page of a refused form. The page shown again stands at the address of the server function,
/// so the next try names that address as where it came from.
fn came_from(action: &str, path: &str, hosts: &Hosts) -> String {
    let secure = if hosts.secure() { "; Secure" } else { "" };
    let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
    format!("{}={path}; Path=/api; Max-Age=3600; HttpOnly; SameSite=Lax{secure}", memory(action))
}

/// The name of that cookie: one for each action, so that two refused forms do not mix their pages up.
fn memory(action: &str) -> String {
    format!("from_{}", action.rsplit('/').next().unwrap_or_default())
}

/// The page that an earlier refusal of the form at `address` remembered.
fn remembered(parts: &Parts, address: &str) -> Option<Back> {
    let name = memory(address);
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    let path = percent_decode_str(value).decode_utf8().ok()?;
    let path = local_path(Some(&path)).to_owned();
    Some(Back { address: path.clone(), path })
}

/// Leads on: to where the server function says, or back to the form's page.
fn onward(answer: Response, back: Option<Back>) -> Response {
    let (mut parts, _) = answer.into_parts();
    parts.status = StatusCode::SEE_OTHER;
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, REDIRECT] {
        parts.headers.remove(name);
    }
    let home = || HeaderValue::from_static("/");
    let target = back.and_then(|back| HeaderValue::from_str(&back.address).ok()).unwrap_or_else(home);
    parts.headers.entry(header::LOCATION).or_insert(target);
    Response::from_parts(parts, Body::empty())
}

/// The request for the form's page, with what was typed.
fn page_again(back: Back, cx: &RequestCx, mut facts: Facts, outcome: FormOutcome) -> Option<Request> {
    let mut cx = cx.clone();
    facts.path = Arc::from(back.path.as_str());
    cx.site.path.clone_from(&back.path);
    let mut request = Request::builder().uri(back.path).body(Body::empty()).ok()?;
    let extensions = request.extensions_mut();
    extensions.insert(facts);
    extensions.insert(cx);
    extensions.insert(outcome);
    Some(request)
}

/// Gives the page shown again the refusal's status and the cookies the server function had set.
fn dress(page: &mut Response, answer: &Response, refusal: &Problem) {
    if page.status() == StatusCode::OK {
        *page.status_mut() = problem::status(refusal);
    }
    problem::add_retry_after(page, refusal);
    for cookie in answer.headers().get_all(header::SET_COOKIE) {
        page.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
}

/// Where a form came from, if that was a page of ours.
fn back(parts: &Parts, facts: &Facts, hosts: &Hosts) -> Option<Back> {
    let mut url = Url::parse(parts.headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    if !hosts.is_own_origin(&url.origin().ascii_serialization(), facts.host.as_deref()) {
        return None;
    }
    if url.path().starts_with("/api/") {
        return remembered(parts, url.path());
    }
    let subdomain = hosts.find(url.host_str()?)?.subdomain;
    let path = hosts.canonical(subdomain, url.path(), |_| false).into_owned();
    let path = url.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    url.set_fragment(None);
    Some(Back { address: url.into(), path })
}

/// In the names of fields that hold what nobody is to read. A field that says which secret is meant holds none.
const SECRET: [&str; 2] = ["password", "api_key"];

/// What was typed, to be shown again. A secret never is.
fn values(body: &[u8]) -> HashMap<String, String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let is_secret = |name: &str| SECRET.iter().any(|word| name.contains(word));
    pairs.into_iter().filter(|(name, _)| !is_secret(&name.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_given_back() {
        let typed = values(b"email=ada%40example.org&password=secret&new_Password=secret2&api_key=ptr_x&note=a+b");
        let mut names: Vec<_> = typed.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["email", "note"]);
        assert_eq!(typed["email"], "ada@example.org");
        assert_eq!(typed["note"], "a b");
    }
}
