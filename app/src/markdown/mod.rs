//! Markdown to HTML, on both sides: whole on the server, growing in the browser. Safe by construction: raw HTML is shown as
//! text, links lead only to the web and to mail, images become links, and every attribute is written here.

mod address;
mod escape;
mod growing;
#[cfg(test)]
mod tests;
mod writer;

use pulldown_cmark::{Options, Parser};

pub use growing::settled;
pub use writer::Highlight;

/// Renders an answer without highlighting: what the browser does while it is being written.
#[must_use]
pub fn to_html(text: &str) -> String {
    to_html_with(text, &|_, _| None)
}

/// Renders an answer. `highlight` takes a code block's language and text and gives its inner HTML, or none to leave it plain;
/// what it gives is not looked at again, so it must escape.
#[must_use]
pub fn to_html_with(text: &str, highlight: Highlight<'_>) -> String {
    writer::write(Parser::new_ext(text, options()), text.len(), highlight)
}

/// What beyond CommonMark is understood: GitHub's tables, task lists and strike-through.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH
}
