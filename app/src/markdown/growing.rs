//! An answer that is still growing: which of its blocks can no longer change.

use pulldown_cmark::{Event, Parser};

/// How many bytes at the start of a growing text are settled: whole blocks that no text to come can change. Rendering the
/// settled part once and only the rest again keeps a long answer smooth.
///
/// A block is settled when another one has begun after it on a line that is complete. (A reference definition further down
/// could still turn `[x]` into a link; the finished answer is rendered whole.)
#[must_use]
pub fn settled(text: &str) -> usize {
    let complete = text.rfind('\n').map_or(0, |at| at + 1);
    let mut depth = 0_u32;
    let mut last_start = 0;
    for (event, range) in Parser::new_ext(&text[..complete], super::options()).into_offset_iter() {
        match event {
            Event::Start(_) => {
                if depth == 0 {
                    last_start = range.start;
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Rule if depth == 0 => last_start = range.start,
            _ => {}
        }
    }
    // Back to the start of the line: the indentation of an indented code block belongs to it.
    text[..last_start].rfind('\n').map_or(0, |at| at + 1)
}
