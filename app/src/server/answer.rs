//! How a server function answers: its status, a redirect, a cookie, a note for the next page.

use http::{HeaderValue, StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use service::ServiceError;
use types::{Problem, ProblemCode, UserId};

use super::{RequestCx, Theme, remember_device};
use crate::AppError;

/// The key of the session's data that names the person.
const USER_KEY: &str = "user";

/// Lets the service's answer through, or its problem with the trace id filled in. The cause is logged here and goes no
/// further.
///
/// # Errors
/// The problem the service refused with.
pub fn mend<T>(request: &RequestCx, result: Result<T, ServiceError>) -> Result<T, AppError> {
    result.map_err(|error| {
        let trace_id = request.viewer.origin().trace_id.clone();
        if error.is_fault() {
            // Not the path: it may be a one-time link. The access log has the route under the same trace id.
            tracing::error!(error = &error as &dyn std::error::Error, trace_id, "request failed");
        } else {
            tracing::debug!(code = ?error.code(), trace_id, "request refused");
        }
        AppError(Problem { trace_id, ..error.problem() })
    })
}

/// The same for a server function: also sets the status of its response.
///
/// # Errors
/// The problem the service refused with.
pub fn respond<T>(request: &RequestCx, result: Result<T, ServiceError>) -> Result<T, AppError> {
    mend(request, result).inspect_err(|error| {
        if let (Some(options), Ok(status)) =
            (use_context::<ResponseOptions>(), StatusCode::from_u16(error.0.code.status()))
        {
            options.set_status(status);
        }
    })
}

/// Sends the browser to a path of this site after the form.
pub fn redirect(path: &str) {
    leptos_axum::redirect(path);
}

/// A path of this site, or `/`: `next=` must not lead anywhere else.
#[must_use]
pub fn local_path(path: Option<&str>) -> &str {
    match path {
        // Browsers read `//host` and `/\host` as another site, and drop tabs and line ends before they look.
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') =>
        {
            path
        }
        _ => "/",
    }
}

/// Puts a person into the session: [`enter`], then [`welcome`].
///
/// # Errors
/// `Internal` when the session cannot be kept.
pub async fn sign_in(request: &RequestCx, user: UserId, path: &str) -> Result<(), AppError> {
    enter(request, user).await?;
    welcome(request, user, path).await;
    Ok(())
}

/// Puts a person into the session. The session gets a new key, so that one planted before is worth
/// nothing. A session that was alive ends with its open streams, and nothing of it carries over.
///
/// # Errors
/// `Internal` when the session cannot be kept.
pub async fn enter(request: &RequestCx, user: UserId) -> Result<(), AppError> {
    let session = &request.session;
    if let Ok(member) = request.viewer.signed_in() {
        respond(request, request.services.sessions().replace(member).await)?;
    }
    session.clear().await;
    kept(request, session.cycle_id().await)?;
    kept(request, session.insert(USER_KEY, user).await)?;
    kept(request, session.save().await)
}

/// Takes a person out of the session again.
///
/// # Errors
/// `Internal` when the session cannot be ended.
pub async fn leave(request: &RequestCx) -> Result<(), AppError> {
    kept(request, request.session.flush().await)
}

/// Remembers the device of somebody who has got in, and leads on to a path.
pub async fn welcome(request: &RequestCx, user: UserId, path: &str) {
    remember_device(request, user).await;
    redirect(path);
}

/// Ends the session and drops its cookie.
///
/// # Errors
/// `Internal` when the session cannot be ended.
pub async fn sign_out(request: &RequestCx) -> Result<(), AppError> {
    if let Ok(member) = request.viewer.signed_in() {
        respond(request, request.services.sessions().sign_out(member).await)?;
    }
    // "Back" must not bring a private page out of the browser's memory.
    if let Some(options) = use_context::<ResponseOptions>() {
        options
            .insert_header(header::HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));
    }
    kept(request, request.session.flush().await)
}

/// Keeps a text for the next page that asks for it, once, and leads on to a path.
///
/// # Errors
/// `Internal` when the session cannot be kept.
pub async fn flash(request: &RequestCx, key: &str, text: String, path: &str) -> Result<(), AppError> {
    kept(request, request.session.insert(key, text).await)?;
    kept(request, request.session.save().await)?;
    redirect(path);
    Ok(())
}

/// Takes a text kept by [`flash`]; it is gone afterwards, unless nobody sees the answer for sure.
pub async fn take_flash(request: &RequestCx, key: &str) -> Option<String> {
    let session = &request.session;
    if request.site.speculative {
        return session.get(key).await.ok().flatten();
    }
    let text = session.remove::<String>(key).await.ok().flatten()?;
    session.save().await.ok()?;
    Some(text)
}

/// Looks at a text kept by [`flash`], and leaves it for the next page too.
pub async fn peek_flash(request: &RequestCx, key: &str) -> Option<String> {
    request.session.get(key).await.ok().flatten()
}

/// Remembers light, dark or system in a cookie of this site and its subdomains. It is no secret, and only the server reads it.
pub fn set_theme_cookie(request: &RequestCx, theme: Theme) {
    let Some(options) = use_context::<ResponseOptions>() else { return };
    let url = &*request.site.public_url;
    let secure = if url.starts_with("https://") { "; Secure" } else { "" };
    let domain = cookie_domain(url).map(|domain| format!("; Domain={domain}")).unwrap_or_default();
    let age = if theme == Theme::System { 0 } else { 31_536_000 };
    let cookie = format!("theme={}; Path=/; Max-Age={age}; SameSite=Lax; HttpOnly{secure}{domain}", theme.as_str());
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        options.append_header(header::SET_COOKIE, value);
    }
}

/// The host whose subdomains share a cookie. None for an address or a bare name, which share nothing.
pub(super) fn cookie_domain(url: &str) -> Option<&str> {
    let authority = url.split("://").nth(1)?.split('/').next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { authority }
    });
    let named = host.contains('.') && host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    named.then_some(host)
}

fn kept<T>(request: &RequestCx, result: Result<T, tower_sessions::session::Error>) -> Result<T, AppError> {
    result.map_err(|error| {
        let trace_id = request.viewer.origin().trace_id.clone();
        tracing::error!(error = &error as &dyn std::error::Error, trace_id, "the session could not be kept");
        AppError(Problem {
            trace_id,
            ..Problem::new(ProblemCode::Internal, "Your session could not be kept. Try again in a moment.")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_stays_on_this_site() {
        assert_eq!(local_path(Some("/chat?q=a%20b")), "/chat?q=a%20b");
        for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "chat", ""] {
            assert_eq!(local_path(Some(elsewhere)), "/");
        }
        assert_eq!(local_path(None), "/");
    }

    #[test]
    fn only_a_name_with_a_dot_shares_cookies() {
        assert_eq!(cookie_domain("https://think.example.org"), Some("think.example.org"));
        assert_eq!(cookie_domain("http://thinkheads.localhost:3000"), Some("thinkheads.localhost"));
        for alone in ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"] {
            assert_eq!(cookie_domain(alone), None);
        }
    }
}
