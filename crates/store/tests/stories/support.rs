//! Short words for the stories: identifiers from numbers, people, audit entries.

use store::{
    AuditEntry, FinishedGeneration, NewConversation, NewGeneration, NewMessage, NewUser, PromptAndAnswer, SessionRow,
    Store,
};
use types::{
    AuditId, ConversationId, ConversationSettings, GenerationId, GenerationState, MessageId, MessageRole,
    MessageStatus, Millis, Role, SessionPublicId, User, UserId,
};

/// The time at which every story begins.
pub(crate) const T0: Millis = 1_767_225_600_000;

/// Bytes that make identifier `n` differ from the others of its kind, in order of `n`.
pub(crate) fn random(n: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[6..].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn user_id(n: u32) -> UserId {
    UserId::from_parts(T0, random(n))
}

pub(crate) fn message_id(n: u32) -> MessageId {
    MessageId::from_parts(T0 + i64::from(n), random(n))
}

pub(crate) fn generation_id(n: u32) -> GenerationId {
    GenerationId::from_parts(T0, random(n))
}

pub(crate) fn conversation_id(n: u32) -> ConversationId {
    ConversationId::from_parts(T0, random(n))
}

pub(crate) fn entry(n: u32, action: &str) -> AuditEntry {
    AuditEntry {
        id: AuditId::from_parts(T0, random(n)),
        at: T0,
        actor: None,
        actor_label: "the story".into(),
        action: action.into(),
        subject: format!("thing:{n}"),
        detail: "{}".into(),
        network: "127.0.0.1".into(),
        trace_id: "trace".into(),
    }
}

pub(crate) fn person(n: u32, role: Role) -> NewUser {
    NewUser {
        id: user_id(n),
        email: format!("Person{n}@Example.org"),
        name: format!("Person {n}"),
        password_hash: format!("hash {n}"),
        role,
        now: T0,
    }
}

pub(crate) async fn add(store: &Store, n: u32, role: Role) -> User {
    store.create_user(&person(n, role), entry(n, "user.create")).await.unwrap()
}

pub(crate) fn session(n: u32, user: Option<UserId>) -> SessionRow {
    SessionRow {
        id_hash: format!("{n:064}"),
        public_id: SessionPublicId::from_parts(T0, random(n)),
        user_id: user,
        data: "{}".into(),
        user_agent: "Browser/1.0".into(),
        network: "10.0.0.1".into(),
        created_at: T0 + i64::from(n),
        last_seen_at: T0 + i64::from(n),
        expires_at: T0 + 1_000_000,
    }
}

pub(crate) async fn start(store: &Store, n: u32, user: UserId) -> ConversationId {
    let new = fresh(n, user);
    store.create_conversation(&new).await.unwrap();
    new.id
}

/// A conversation that is not stored yet.
pub(crate) fn fresh(n: u32, user: UserId) -> NewConversation {
    let settings = ConversationSettings::default();
    let title = format!("Conversation {n}");
    let id = conversation_id(n);
    NewConversation { id, user_id: user, title, auto_title: true, settings, now: T0 + i64::from(n) }
}

pub(crate) fn said(n: u32, parent: Option<u32>, role: MessageRole, text: &str) -> NewMessage {
    let status = match role {
        MessageRole::User => MessageStatus::Complete,
        MessageRole::Assistant => MessageStatus::Running,
    };
    NewMessage { id: message_id(n), parent: parent.map(message_id), role, text: text.into(), status, model: None }
}

pub(crate) fn generation(n: u32) -> NewGeneration {
    NewGeneration { id: generation_id(n), instance: "one".into(), lease_until: T0 + 30_000 }
}

/// Prompt `n` under `parent`, answer `n + 1`, generation `n`.
pub(crate) fn exchange(conversation: ConversationId, user_id: UserId, n: u32, parent: Option<u32>) -> PromptAndAnswer {
    PromptAndAnswer {
        conversation,
        user_id,
        prompt: Some(said(n, parent, MessageRole::User, &format!("prompt {n}"))),
        answer: said(n + 1, Some(n), MessageRole::Assistant, ""),
        generation: generation(n),
        now: T0 + i64::from(n),
    }
}

/// The end of generation `n` before its first word.
pub(crate) fn ending(n: u32) -> FinishedGeneration {
    FinishedGeneration {
        id: generation_id(n),
        state: GenerationState::Stopped,
        text: String::new(),
        error: None,
        usage: None,
        first_token_ms: None,
        duration_ms: None,
        last_piece: 0,
        now: T0,
        job: None,
    }
}

/// Ends generation `n` before its first word.
pub(crate) async fn stop(store: &Store, n: u32) {
    assert!(store.finish_generation(ending(n)).await.unwrap());
}
