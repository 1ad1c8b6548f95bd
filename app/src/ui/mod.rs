//! The design system: plain components without server calls. What each renders is styled by the file of the same name
//! under `style/ui/`.
//!
//! Text comes in as `impl Into<String>`; attributes and listeners may be added at the call (`attr:id="…"`, `on:click=…`).

mod avatar;
mod button;
mod chat;
mod dialog;
mod feedback;
mod field;
mod form;
mod icon;
mod layout;
mod menu;
mod table;
mod toast;

pub use avatar::*;
pub use button::*;
pub use chat::*;
pub use dialog::*;
pub use feedback::*;
pub use field::*;
pub use form::*;
pub use icon::*;
pub use layout::*;
pub use menu::*;
pub use table::*;
pub use toast::*;

/// What a coloured thing wants to say. Never by colour alone: a word or an icon goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Neutral,
    /// Ours: the accent colour.
    Accent,
    /// It works, it is done.
    Good,
    /// Look here.
    Warn,
    /// It failed, or it destroys.
    Bad,
}

impl Tone {
    /// The word in `data-tone`, which the style sheet reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The icon that goes with the tone in notices and toasts.
    #[must_use]
    pub const fn icon(self) -> IconName {
        match self {
            Self::Neutral | Self::Accent => IconName::Info,
            Self::Good => IconName::Check,
            Self::Warn | Self::Bad => IconName::Alert,
        }
    }
}
