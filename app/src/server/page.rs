//! What a page hands to the shell.

use leptos::prelude::{AnyView, IntoAny, IntoView};

use crate::{AppError, ui::Tone};

/// A page, or why there is none.
pub type PageResult = Result<Page, AppError>;

type View = Box<dyn FnOnce() -> AnyView + Send>;

/// What stands around a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// The signed-in frame with the menu; the page is a padded column.
    #[default]
    Frame,
    /// The same with a narrower column: settings, errors.
    Narrow,
    /// The frame, filled to its edges by the conversation list (`thread: false`) or one conversation (`thread: true`).
    Chat {
        /// Whether a phone shows the conversation, not the list.
        thread: bool,
    },
    /// Nothing around it: for people who are not signed in.
    Gate,
}

/// A short message after something was done.
pub struct ToastNote {
    /// What was done.
    pub text: String,
    /// How it is coloured.
    pub tone: Tone,
    /// What can be done about it, e.g. a form with "Undo".
    pub action: Option<View>,
}

/// A loaded page, ready to be rendered.
pub struct Page {
    pub(crate) title: String,
    pub(crate) status: u16,
    pub(crate) redirect: Option<String>,
    pub(crate) layout: Layout,
    pub(crate) toast: Option<ToastNote>,
    pub(crate) refresh_s: Option<u32>,
    pub(crate) islands: bool,
    pub(crate) secret: bool,
    pub(crate) keeps: bool,
    pub(crate) view: View,
}

impl Page {
    /// A page with status 200 in the signed-in frame. `title` stands in the browser's tab.
    pub fn new<V: IntoView + 'static>(title: impl Into<String>, view: impl FnOnce() -> V + Send + 'static) -> Self {
        Self {
            title: title.into(),
            status: 200,
            redirect: None,
            layout: Layout::default(),
            toast: None,
            refresh_s: None,
            islands: false,
            secret: false,
            keeps: false,
            view: Box::new(move || view().into_any()),
        }
    }

    /// No page but another address to go to (303).
    #[must_use]
    pub fn to(address: impl Into<String>) -> Self {
        Self { redirect: Some(address.into()), ..Self::new("", || ()) }
    }

    /// Sets the status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Sets what stands around the page.
    #[must_use]
    pub fn layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// Says that something was done.
    #[must_use]
    pub fn toast(self, toast: Option<ToastNote>) -> Self {
        Self { toast, ..self }
    }

    /// Loads the script for islands that only this rendering of the page has; see also [`crate::routes::Route::islands`].
    #[must_use]
    pub fn islands(self, islands: bool) -> Self {
        Self { islands, ..self }
    }

    /// Says that the page, or its address, holds something that works once: no cache may keep it, the browser's own included.
    #[must_use]
    pub fn secret(self, secret: bool) -> Self {
        Self { secret, ..self }
    }

    /// Says that the page has a form whose fields are kept as they are typed: loads the small script that does so.
    #[must_use]
    pub fn keeps(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Without scripts, loads the page again after so many seconds: an answer is being written.
    #[must_use]
    pub fn refresh(self, refresh_s: Option<u32>) -> Self {
        Self { refresh_s, ..self }
    }
}

impl ToastNote {
    /// A message without an action.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Good, action: None }
    }

    /// Adds what can be done about it.
    #[must_use]
    pub fn action<V: IntoView + 'static>(self, view: impl FnOnce() -> V + Send + 'static) -> Self {
        Self { action: Some(Box::new(move || view().into_any())), ..self }
    }
}
