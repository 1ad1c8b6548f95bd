//! The engine's data in English: what it is, why it is so, and what to do about it. The pages and the terminal say the same.
//!
//! No secret's value can appear: the engine's types name secrets and hold none.

mod blocked;
mod event;
mod outcome;
mod reason;
mod step;
#[cfg(test)]
mod tests;
mod warning;

use types::Millis;

pub use outcome::unwell;
pub use reason::shown;

/// Where words are read, and so what is at hand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A page: buttons, choices, links.
    Page,
    /// A terminal: commands and their flags.
    Terminal,
}

/// What to do, in whole sentences, by the means of where it is read; empty where there is nothing to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedy {
    page: String,
    terminal: String,
}

impl Remedy {
    /// One way on a page and another in a terminal.
    fn each(page: impl Into<String>, terminal: impl Into<String>) -> Self {
        Self { page: page.into(), terminal: terminal.into() }
    }

    /// The words for where they are read.
    #[must_use]
    pub fn on(&self, surface: Surface) -> &str {
        match surface {
            Surface::Page => &self.page,
            Surface::Terminal => &self.terminal,
        }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.page.is_empty() && self.terminal.is_empty()
    }

    /// With another sentence after it.
    fn and_then(self, sentence: &str) -> Self {
        Self { page: format!("{} {sentence}", self.page), terminal: format!("{} {sentence}", self.terminal) }
    }
}

impl From<&str> for Remedy {
    /// The same everywhere.
    fn from(text: &str) -> Self {
        Self::each(text, text)
    }
}

impl From<String> for Remedy {
    /// The same everywhere.
    fn from(text: String) -> Self {
        Self::each(text.clone(), text)
    }
}

/// Something in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// A few words for a list or a chip, without a full stop.
    pub title: String,
    /// What it is and why, in whole sentences.
    pub text: String,
    /// What to do.
    pub remedy: Remedy,
}

impl Wording {
    fn new(title: impl Into<String>, text: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { title: title.into(), text: text.into(), remedy: remedy.into() }
    }

    /// Words for something that asks for nothing.
    fn said(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(title, text, Remedy::default())
    }

    /// What, why, and what to do, in one line.
    #[must_use]
    pub fn full(&self, surface: Surface) -> String {
        match self.remedy.on(surface) {
            "" => self.text.clone(),
            remedy => format!("{} {remedy}", self.text),
        }
    }
}

/// Data that can be put into words.
pub trait Worded {
    /// The words.
    fn words(&self) -> Wording;

    /// The few words for a list or a chip.
    fn title(&self) -> String {
        self.words().title
    }
}

/// A commit as people read it: its first ten digits, without what a catalog's version adds for hand edits; "none" for an empty one.
#[must_use]
pub fn short(commit: &str) -> &str {
    let commit = commit.split('+').next().unwrap_or(commit);
    if commit.is_empty() { "none" } else { commit.get(..10).unwrap_or(commit) }
}

/// An image digest as people read it: the algorithm is left out, twelve digits stay.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let digits = digest.rsplit(':').next().unwrap_or(digest);
    if digits.is_empty() { "unknown" } else { digits.get(..12).unwrap_or(digits) }
}

/// A moment for people, in UTC; a time that no calendar has is shown as its number.
#[must_use]
pub fn moment(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A length of time for people: `340 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`.
#[must_use]
pub fn lasting(duration: Millis) -> String {
    let seconds = duration.max(0) / 1000;
    match seconds {
        0 => format!("{} ms", duration.max(0)),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn and(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A cause from elsewhere as a sentence: first letter large, a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let text = format!("{first}{}", chars.as_str());
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
