//! Colours that mean something; every one stands beside a word or a sign that says the same.

use anstyle::{AnsiColor, Style};

/// What a colour means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// No colour.
    #[default]
    Plain,
    /// What counts most.
    Strong,
    /// What counts least.
    Faint,
    /// Well, new.
    Good,
    /// Look here, changed.
    Warn,
    /// Not well, gone.
    Bad,
    /// A place in a text.
    Place,
}

/// Colours texts, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    pub(crate) const fn new(on: bool) -> Self {
        Self(on)
    }

    /// The text in its colour.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.0 || text.is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warn => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
            Tone::Place => AnsiColor::Cyan.on_default(),
        };
        format!("{style}{text}{style:#}")
    }
}
