//! A title for a new conversation, asked from the model after the first answer. What the model says is cleaned, and thrown
//! away when it is no title; a title given by a person is never touched.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use types::{ConversationId, Message, MessageId, UserId};
use upstream::phoenix::{ChatDelta, ChatMessage, ChatRequest, ChatRole, Inference, PhoenixError};

use super::words::{AUTO_TITLE, NEW_CONVERSATION, first_title, shorten};
use crate::{
    Context,
    jobs::{Job, JobError},
};

/// The instruction. Fixed words: nothing of the person goes in here.
const INSTRUCTION: &str = "Write a title of at most six words for the conversation below, in the language of the \
    conversation. Answer with the title only: no quotes, no markdown, no full stop.";
/// How much of each side the model gets to read, in characters.
const EXCERPT: usize = 1_000;
/// More than this is no title.
const MAX_ANSWER: usize = 2_000;
/// A title is not worth more of the GPU's time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which conversation wants a title, and the answer that made it worth one.
#[derive(Serialize, Deserialize)]
pub(crate) struct TitlePayload {
    pub(super) user: UserId,
    pub(super) conversation: ConversationId,
    pub(super) answer: MessageId,
}

#[async_trait]
impl Job for TitlePayload {
    const NAME: &'static str = "chat.title";
    const MAX_ATTEMPTS: u32 = 3;

    async fn run(self, context: &Context) -> Result<(), JobError> {
        let store = &context.store;
        let Some((_, answer)) = store.message(self.user, self.answer).await? else { return Ok(()) };
        let Some(parent) = answer.parent else { return Ok(()) };
        let Some((_, prompt)) = store.message(self.user, parent).await? else { return Ok(()) };
        let Some(model) = answer.model.clone() else { return Ok(()) };
        // Only the made-up title is replaced: neither a person's nor one that a model gave before.
        match store.conversation(self.user, self.conversation).await? {
            Some(now) if [first_title(&prompt.text).as_str(), NEW_CONVERSATION].contains(&now.title.as_str()) => {}
            _ => return Ok(()),
        }
        let request = request(model, &prompt, &answer, self.user);
        let said = match tokio::time::timeout(PATIENCE, ask(context.inference.as_ref(), request)).await {
            Ok(Ok(said)) => said,
            Ok(Err(error)) if error.is_retryable() => return Err(JobError::retryable(error.message())),
            Ok(Err(error)) => return Err(JobError::permanent(error.message())),
            Err(_) => return Err(JobError::retryable("the model took too long to find a title")),
        };
        match clean(&said) {
            Some(title) => {
                store.rename_conversation(self.user, self.conversation, &title, true).await?;
            }
            None => tracing::debug!(conversation = %self.conversation, "the model gave no usable title"),
        }
        Ok(())
    }
}

fn request(model: String, prompt: &Message, answer: &Message, user: UserId) -> ChatRequest {
    let excerpt = |text: &str| text.chars().take(EXCERPT).collect::<String>();
    let content = format!("Person: {}\n\nAssistant: {}", excerpt(&prompt.text), excerpt(&answer.text));
    ChatRequest {
        model,
        messages: vec![
            ChatMessage { role: ChatRole::System, content: INSTRUCTION.into() },
            ChatMessage { role: ChatRole::User, content },
        ],
        temperature: Some(0.2),
        max_tokens: Some(24),
        user: user.to_string(),
        traceparent: None,
    }
}

async fn ask(inference: &dyn Inference, request: ChatRequest) -> Result<String, PhoenixError> {
    let mut stream = inference.chat(request).await?;
    let mut said = String::new();
    while let Some(delta) = stream.next().await {
        if let ChatDelta::Text(text) = delta? {
            said.push_str(&text);
            if said.len() > MAX_ANSWER {
                break;
            }
        }
    }
    Ok(said)
}

/// The title in what a model said, if there is one: the first line with words, without quotes, markdown, labels, a full
/// stop or emoji at the end.
fn clean(said: &str) -> Option<String> {
    // Reasoning models think aloud first. Without an end, there is only thinking.
    let said = match said.split_once("</think>") {
        Some((_, rest)) => rest,
        None if said.trim_start().starts_with("<think>") => return None,
        None => said,
    };
    let line = said.lines().map(strip).find(|line| line.chars().any(char::is_alphanumeric))?;
    let lower = line.to_lowercase();
    let line = match ["title:", "titel:", "titre:", "título:"].iter().find(|label| lower.starts_with(**label)) {
        Some(label) => strip(line.get(label.len()..)?),
        None => line,
    };
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let usable = words.chars().filter(|c| c.is_alphanumeric()).count() >= 2
        && !words.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
        && !words.contains("<|");
    usable.then(|| shorten(&words, AUTO_TITLE))
}

/// Takes decoration off both ends. What belongs to words stays: letters, digits, brackets, "?" and "!".
fn strip(line: &str) -> &str {
    let keeps_at_start = |c: char| c.is_alphanumeric() || matches!(c, '(' | '[' | '¿' | '¡' | '/' | '.' | '<');
    let keeps_at_end =
        |c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '?' | '!' | '%' | '+' | '#' | '…' | ':');
    let line = line.trim_start_matches(|c: char| !keeps_at_start(c));
    let line = line.trim_end_matches(|c: char| !keeps_at_end(c));
    // "C#" keeps its mark, "## Heading ##" does not.
    if line.ends_with(" #") || line.ends_with("##") { line.trim_end_matches(['#', ' ']) } else { line }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn decoration_goes_and_the_words_stay() {
        for (said, title) in [
            ("Baking bread", "Baking bread"),
            ("\"Baking bread\"", "Baking bread"),
            ("**Baking bread.**", "Baking bread"),
            ("# Title: Baking bread\nHere is why…", "Baking bread"),
            ("Titel: „Brot backen“ 🍞🥖", "Brot backen"),
            ("Baking bread 🍞", "Baking bread"),
            ("How to bake bread?", "How to bake bread?"),
            ("Sorting in C#", "Sorting in C#"),
            ("<think>hm, bread</think>\n\nBaking bread", "Baking bread"),
            ("パンの焼き方", "パンの焼き方"),
            ("\n\n  Baking\u{a0}  bread  ", "Baking bread"),
        ] {
            assert_eq!(clean(said).as_deref(), Some(title), "{said:?}");
        }
    }

    #[test]
    fn garbage_is_no_title() {
        for said in ["", "\n\n", "🍞🍞🍞", "---", "<think>I wonder what", "\u{fffd}\u{fffd}ab\u{fffd}cd", "a"] {
            assert_eq!(clean(said), None, "{said:?}");
        }
        assert!(clean(&"word ".repeat(100)).is_some_and(|title| title.chars().count() <= 60));
    }
}
