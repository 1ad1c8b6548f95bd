//! The pages that say what went wrong and what to do.

use leptos::prelude::*;
use types::{Problem, ProblemCode};

use crate::{
    AppError,
    server::{Layout, Page, PageCx, PageResult, RequestCx},
    ui::{Brand, ButtonKind, ErrorPage, LinkButton},
};

/// A page that is not there.
///
/// # Errors
/// Always `NotFound`.
pub(crate) async fn missing(_: PageCx) -> PageResult {
    Err(AppError::not_found("There is no such page. The address may be cut off or mistyped."))
}

/// The page for a problem: in the frame for people who are signed in, at the gate for others.
pub(crate) fn of(request: &RequestCx, problem: &Problem) -> Page {
    let title = title(problem.code);
    let status = problem.code.status();
    let text = problem.message.clone();
    let trace_id =
        if problem.trace_id.is_empty() { request.viewer.origin().trace_id.clone() } else { problem.trace_id.clone() };
    let signed_in = request.viewer.user().is_some();
    let address = request.site.path.clone();
    let actions = move || {
        let again = matches!(status, 429 | 500..=599)
            .then(|| view! { <LinkButton href=address kind=ButtonKind::Primary>"Try again"</LinkButton> });
        let (home, label) = if signed_in { ("/", "Home") } else { ("/sign-in", "Sign in") };
        view! { {again}<LinkButton href=home kind=ButtonKind::Plain>{label}</LinkButton> }
    };
    let block = move || view! { <ErrorPage status title text trace_id>{actions()}</ErrorPage> };
    let page = if signed_in {
        Page::new(title, block).layout(Layout::Narrow)
    } else {
        Page::new(title, move || {
            view! {
                <div class="gate"><main id="main" class="gate-card" tabindex="-1"><Brand />{block()}</main></div>
            }
        })
        .layout(Layout::Gate)
    };
    page.status(status)
}

/// What happened, in a few words.
const fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::NotFound => "This page is not here",
        ProblemCode::Forbidden => "This is not open to you",
        ProblemCode::SignInRequired => "Sign in first",
        ProblemCode::Gone => "This link is used up",
        ProblemCode::Invalid => "This request makes no sense here",
        ProblemCode::Conflict => "Something changed meanwhile",
        ProblemCode::TooLarge => "That is too large",
        ProblemCode::TooManyRequests => "Too many tries",
        ProblemCode::UpstreamUnavailable => "A service is unreachable",
        ProblemCode::UpstreamRefused => "A service said no",
        ProblemCode::Offline | ProblemCode::Internal => "Something went wrong on our side",
    }
}
