//! What people type, checked and cut to size.

use types::{ConversationSettings, Problem};

/// The longest message, in characters.
pub const MAX_MESSAGE: usize = 100_000;
/// The longest system prompt, in characters.
pub const MAX_SYSTEM_PROMPT: usize = 20_000;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// The longest title that is made up here, in characters.
pub(super) const AUTO_TITLE: usize = 60;
/// The longest name of a model, in characters.
const MAX_MODEL: usize = 200;
/// The longest search, in characters.
const MAX_SEARCH: usize = 200;
/// The title of a conversation that has no words to take one from.
pub(super) const NEW_CONVERSATION: &str = "New conversation";

/// Checks a message's text. It is kept byte for byte.
pub(super) fn message(text: String) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::field("text", "Write a message first."));
    }
    let count = text.chars().count();
    if count > MAX_MESSAGE {
        return Err(Problem::field(
            "text",
            format!(
                "A message may have {MAX_MESSAGE} characters; this one has {count}. Shorten it or send it in parts."
            ),
        ));
    }
    if text.contains('\0') {
        return Err(Problem::field("text", "The message contains a NUL character. Remove it and send again."));
    }
    Ok(text)
}

/// Checks a title typed by a person.
pub(super) fn title(text: &str) -> Result<String, Problem> {
    let title = one_line(text);
    if title.is_empty() {
        return Err(Problem::field("title", "Give the conversation a title."));
    }
    if title.chars().count() > MAX_TITLE {
        return Err(Problem::field("title", format!("A title may have {MAX_TITLE} characters.")));
    }
    Ok(title)
}

/// Checks the name of a model; none and empty mean "no choice".
pub(super) fn model(name: Option<String>) -> Result<Option<String>, Problem> {
    let Some(name) = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) else { return Ok(None) };
    if name.chars().count() > MAX_MODEL || name.chars().any(char::is_control) {
        return Err(Problem::field("model", "Choose one of the offered models."));
    }
    Ok(Some(name))
}

/// Checks a conversation's settings; every complaint in one problem.
pub(super) fn settings(settings: ConversationSettings) -> Result<ConversationSettings, Problem> {
    let mut complaints = Vec::new();
    let model = model(settings.model).unwrap_or_else(|problem| {
        complaints.push(problem);
        None
    });
    let count = settings.system_prompt.chars().count();
    if count > MAX_SYSTEM_PROMPT || settings.system_prompt.contains('\0') {
        complaints.push(Problem::field(
            "system_prompt",
            format!("The system prompt may have {MAX_SYSTEM_PROMPT} characters; this one has {count}."),
        ));
    }
    if settings.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
        complaints.push(Problem::field("temperature", "The temperature lies between 0 and 2."));
    }
    if complaints.is_empty() {
        return Ok(ConversationSettings { model, ..settings });
    }
    let message = complaints.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ");
    let fields = complaints.into_iter().flat_map(|problem| problem.fields).collect();
    Err(Problem { fields, ..Problem::new(types::ProblemCode::Invalid, message) })
}

/// The words of a search; none when there is nothing to look for.
pub(super) fn search(words: &str) -> Option<String> {
    let words: String = one_line(words).chars().take(MAX_SEARCH).collect();
    (!words.is_empty()).then_some(words)
}

/// The first title of a conversation: the first line of its first message.
pub(super) fn first_title(text: &str) -> String {
    let line = text.lines().map(one_line).find(|line| line.chars().any(char::is_alphanumeric));
    line.map_or_else(
        || NEW_CONVERSATION.to_owned(),
        |line| shorten(line.trim_start_matches(['#', '>', '*', '-', ' ']), AUTO_TITLE),
    )
}

/// Cuts at a word so that at most `max` characters remain, the mark of the cut included.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let head: String = text.chars().take(max - 1).collect();
    // A cut inside a word goes back to its start, unless the text is one long word.
    let inside = text[head.len()..].chars().next().is_some_and(|next| !next.is_whitespace());
    let start = head.rfind(' ').filter(|at| inside && *at > head.len() / 2);
    let words = start.map_or(head.as_str(), |at| &head[..at]);
    format!("{}…", words.trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation()))
}

/// All white space and control characters as single spaces.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_as_typed_within_limits() {
        assert_eq!(message("  hi\n".into()).as_deref(), Ok("  hi\n"));
        assert!(message(" \n\t".into()).is_err_and(|problem| problem.for_field("text").is_some()));
        assert!(message("ä".repeat(MAX_MESSAGE)).is_ok());
        assert!(message("ä".repeat(MAX_MESSAGE + 1)).is_err());
        assert!(message("a\0b".into()).is_err());
    }

    #[test]
    fn the_first_title_is_the_first_line_cut_at_a_word() {
        assert_eq!(first_title("\n\n## How do I  bake bread?\nAnd more"), "How do I bake bread?");
        assert_eq!(first_title("```\n!!!"), NEW_CONVERSATION);
        let long = first_title("Please explain to me in great detail how the borrow checker of Rust works");
        assert_eq!(long, "Please explain to me in great detail how the borrow checker…");
        assert!(long.chars().count() <= AUTO_TITLE);
        assert_eq!(first_title(&"x".repeat(500)).chars().count(), AUTO_TITLE);
    }

    #[test]
    fn settings_complain_about_every_field_at_once() {
        let problem = settings(ConversationSettings {
            model: Some("m".repeat(201)),
            system_prompt: "x".repeat(MAX_SYSTEM_PROMPT + 1),
            temperature: Some(f64::NAN),
        })
        .expect_err("all three are wrong");
        for field in ["model", "system_prompt", "temperature"] {
            assert!(problem.for_field(field).is_some(), "{field}");
        }
        let fine =
            ConversationSettings { model: Some(" ".into()), system_prompt: String::new(), temperature: Some(2.0) };
        assert_eq!(settings(fine).map(|settings| settings.model), Ok(None));
    }

    #[test]
    fn searches_and_titles_are_one_line() {
        assert_eq!(search("  two\nwords "), Some("two words".into()));
        assert_eq!(search(" \n"), None);
        assert_eq!(title(" A\tB ").as_deref(), Ok("A B"));
        assert!(title("").is_err());
    }
}
