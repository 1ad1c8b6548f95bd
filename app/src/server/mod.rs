//! The only door to `service`: what a request carries, and how a page or a server function answers it. The server builds these
//! types; pages and server functions read them.

mod answer;
mod device;
mod form;
mod page;
mod time;

use std::{collections::HashMap, fmt, sync::Arc};

use leptos::prelude::use_context;
use service::{Services, Viewer};
use tower_sessions::Session;
use types::{Millis, Permission, Problem, ProblemCode, User};

pub use answer::{
    enter, flash, leave, local_path, mend, peek_flash, redirect, respond, set_theme_cookie, sign_in, sign_out,
    take_flash, welcome,
};
pub use device::{device, remember_device};
pub use form::{FormOutcome, FormState};
pub use page::{Layout, Page, PageResult, ToastNote};
pub use time::{date, day, exact, machine, relative};

use crate::AppError;

/// What every request carries.
#[derive(Clone)]
pub struct RequestCx {
    /// The use cases.
    pub services: Services,
    /// Who is looking.
    pub viewer: Viewer,
    /// The session, to sign in and out and to keep a note for the next page.
    pub session: Session,
    /// Where and how the site is being looked at.
    pub site: SiteFacts,
}

/// Where and how the site is being looked at.
#[derive(Clone, Debug)]
pub struct SiteFacts {
    /// The site's address without a trailing slash.
    pub public_url: Arc<str>,
    /// The subdomain asked, if it was one of ours.
    pub subdomain: Option<&'static str>,
    /// The canonical path with its query, after host mapping.
    pub path: String,
    /// Whether the answer may never be seen: a HEAD request, or a page fetched ahead. Such a request uses nothing up.
    pub speculative: bool,
    /// The look asked for by the cookie `theme`.
    pub theme: Theme,
    /// Whether sample services stand in for the real ones.
    pub demo: bool,
    /// The folder of the build's own files, e.g. `pkg/1a2b3c`.
    pub pkg: Arc<str>,
}

impl SiteFacts {
    /// The canonical path without its query.
    #[must_use]
    pub fn path_only(&self) -> &str {
        self.path.split('?').next().unwrap_or("/")
    }
}

/// Light, dark, or what the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The word in the cookie and in the form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the word; anything unknown is the system's choice.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// What a page is made from.
#[derive(Clone)]
pub struct PageCx {
    /// The request.
    pub request: RequestCx,
    /// The path's parameters.
    pub params: HashMap<String, String>,
    /// The query's parameters.
    pub query: HashMap<String, String>,
    /// The form that was refused, when the page is shown again because of it.
    pub form: Option<FormOutcome>,
}

impl fmt::Debug for PageCx {
    /// Names the page, not the person nor what was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCx").field("path", &self.request.site.path_only()).finish_non_exhaustive()
    }
}

impl PageCx {
    /// The use cases.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.request.services
    }

    /// Who is looking.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        &self.request.viewer
    }

    /// The person who is looking. Routes that are not public reach their page only with one.
    ///
    /// # Errors
    /// `SignInRequired` for nobody.
    pub fn user(&self) -> Result<User, AppError> {
        Ok(mend(&self.request, self.viewer().signed_in())?.user().clone())
    }

    /// Now, by the clock of the use cases.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.services().world().now()
    }

    /// A parameter of the query, unless it is absent or empty.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter of the path as an identifier.
    ///
    /// # Errors
    /// `NotFound` when it is not one: such a page cannot exist.
    pub fn param<T: std::str::FromStr>(&self, name: &str) -> Result<T, AppError> {
        self.params
            .get(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| AppError::not_found("There is no such page. The address may be cut off or mistyped."))
    }

    /// The state of the form that posts to `action`: what was typed and what was wrong with it, or nothing.
    #[must_use]
    pub fn form(&self, action: &str) -> FormState {
        FormState::of(self.form.as_ref(), action)
    }

    /// Lets the service's answer through, or its problem. Causes are logged here.
    ///
    /// # Errors
    /// The problem the service refused with.
    pub fn ok<T>(&self, result: Result<T, service::ServiceError>) -> Result<T, AppError> {
        mend(&self.request, result)
    }
}

/// The request that the running server function answers.
///
/// # Errors
/// `Internal` when nobody provided one, which is a fault of the wiring.
pub fn request() -> Result<RequestCx, AppError> {
    use_context::<RequestCx>().ok_or_else(|| {
        tracing::error!("a server function runs without its request");
        AppError(Problem::new(ProblemCode::Internal, "Something went wrong on our side. Try again."))
    })
}

/// Whether a viewer meets a permission, as the problem to show when not.
///
/// # Errors
/// `SignInRequired` for nobody, `Forbidden` for whose role does not have it.
pub fn admit(request: &RequestCx, permission: Permission) -> Result<(), AppError> {
    mend(request, request.viewer.admit(permission))
}
