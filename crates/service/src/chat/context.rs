//! What a model is given to read: the system prompt and as much of the branch as fits.

use types::{MessageRole, MessageStatus};
use upstream::phoenix::{ChatMessage, ChatRole};

/// The most messages of a branch that are sent.
pub(super) const MAX_MESSAGES: u32 = 200;
/// The most text that is sent when the model's context is not known, in bytes.
const MAX_BYTES: usize = 400_000;
/// What a token is taken for, in bytes. Tokens of European languages are 3 to 5 bytes long.
const BYTES_PER_TOKEN: usize = 4;

/// One message of the branch: who, what, and where it stands.
pub(super) type Said = (MessageRole, String, MessageStatus);

/// Puts the system prompt and the branch (oldest first) together. The oldest messages go first when it does not fit; the
/// last one always stays. Empty answers are left out, and neighbours with one role are joined, because many chat templates
/// refuse two in a row.
pub(super) fn build(system_prompt: &str, branch: Vec<Said>, context_tokens: Option<u32>) -> Vec<ChatMessage> {
    let budget = budget(context_tokens).saturating_sub(system_prompt.len());
    let mut kept: Vec<ChatMessage> = Vec::new();
    let mut used = 0_usize;
    for (role, text, _) in branch.into_iter().rev().filter(|(_, text, _)| !text.trim().is_empty()) {
        used = used.saturating_add(text.len());
        if used > budget && !kept.is_empty() {
            break;
        }
        kept.push(ChatMessage { role: chat_role(role), content: text });
    }
    // A branch that was cut begins with the person, as every chat does.
    while kept.len() > 1 && kept.last().is_some_and(|oldest| oldest.role == ChatRole::Assistant) {
        kept.pop();
    }
    let mut messages: Vec<ChatMessage> = Vec::with_capacity(kept.len() + 1);
    if !system_prompt.trim().is_empty() {
        messages.push(ChatMessage { role: ChatRole::System, content: system_prompt.to_owned() });
    }
    for message in kept.into_iter().rev() {
        match messages.last_mut() {
            Some(last) if last.role == message.role => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.content);
            }
            _ => messages.push(message),
        }
    }
    messages
}

/// Bytes for the prompt: three quarters of the context, the rest is for the answer.
fn budget(context_tokens: Option<u32>) -> usize {
    context_tokens
        .and_then(|tokens| usize::try_from(tokens).ok())
        .map_or(MAX_BYTES, |tokens| tokens.saturating_mul(BYTES_PER_TOKEN) / 4 * 3)
}

const fn chat_role(role: MessageRole) -> ChatRole {
    match role {
        MessageRole::User => ChatRole::User,
        MessageRole::Assistant => ChatRole::Assistant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Said {
        (MessageRole::User, text.into(), MessageStatus::Complete)
    }

    fn model(text: &str, status: MessageStatus) -> Said {
        (MessageRole::Assistant, text.into(), status)
    }

    fn shown(messages: &[ChatMessage]) -> Vec<(ChatRole, &str)> {
        messages.iter().map(|message| (message.role, message.content.as_str())).collect()
    }

    #[test]
    fn failed_empty_answers_are_skipped_and_neighbours_joined() {
        let branch = vec![user("one"), model("", MessageStatus::Failed), user("two")];
        let messages = build("Be kind.", branch, None);
        assert_eq!(shown(&messages), [(ChatRole::System, "Be kind."), (ChatRole::User, "one\n\ntwo")]);
    }

    #[test]
    fn an_interrupted_answer_stays_last_to_be_continued() {
        let branch = vec![user("tell"), model("once", MessageStatus::Running)];
        assert_eq!(shown(&build("", branch, None)), [(ChatRole::User, "tell"), (ChatRole::Assistant, "once")]);
    }

    #[test]
    fn the_oldest_go_when_it_does_not_fit_and_the_last_stays() {
        let branch =
            vec![user(&"a".repeat(100)), model(&"b".repeat(100), MessageStatus::Complete), user(&"c".repeat(100))];
        // 100 tokens: 300 bytes of prompt.
        assert_eq!(build("", branch.clone(), Some(100)).len(), 3);
        assert_eq!(
            build("x", branch.clone(), Some(100)).len(),
            2,
            "the system prompt counts; a cut branch begins with the person"
        );
        assert_eq!(build("", branch, Some(1)).len(), 1);
    }
}
