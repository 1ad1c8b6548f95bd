//! Conversations: listing, finding, opening, naming, deleting and bringing back.

use store::NewConversation;
use types::{
    Conversation, ConversationId, ConversationPage, ConversationSettings, ConversationSummary, GenerationState,
    Message, MessageId, MessageStatus, Millis, ProblemCode, SearchHit, Thread,
};

use super::{Chat, live::Cause, words};
use crate::{Member, ServiceError};

/// Conversations per page of the list.
const LIST_PAGE: u32 = 50;
/// Messages per stretch of an opened conversation.
const THREAD_PAGE: u32 = 50;
/// Hits of a search.
const SEARCH_HITS: u32 = 50;

/// A fresh conversation as it is stored. Its title is a made-up one.
pub(super) fn row(member: Member<'_>, fresh: &Conversation) -> NewConversation {
    NewConversation {
        id: fresh.id,
        user_id: member.user().id,
        title: fresh.title.clone(),
        auto_title: true,
        settings: fresh.settings.clone(),
        now: fresh.updated_at,
    }
}

impl Chat {
    /// A page of the person's conversations, most recent first. `before` is the `next` of the page above.
    ///
    /// # Errors
    /// `Invalid` when `before` was not made here.
    pub async fn list(&self, member: Member<'_>, before: Option<&str>) -> Result<ConversationPage, ServiceError> {
        let before = before.map(read_cursor).transpose()?;
        // One more than shown tells whether there is a next page.
        let mut conversations =
            self.inner.store.conversations(member.user().id, before, LIST_PAGE.saturating_add(1)).await?;
        let more = conversations.len() > LIST_PAGE as usize;
        conversations.truncate(LIST_PAGE as usize);
        let next = conversations.last().filter(|_| more).map(cursor);
        Ok(ConversationPage { conversations, next })
    }

    /// Looks for words in the person's titles and messages.
    ///
    /// # Errors
    /// Only when the database fails.
    pub async fn search(&self, member: Member<'_>, words: &str) -> Result<Vec<SearchHit>, ServiceError> {
        match words::search(words) {
            Some(words) => Ok(self.inner.store.search(member.user().id, &words, SEARCH_HITS).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Opens a conversation at its end, or the stretch above `before`.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn open(
        &self,
        member: Member<'_>,
        id: ConversationId,
        before: Option<MessageId>,
    ) -> Result<Thread, ServiceError> {
        let conversation = self.conversation(member, id).await?;
        let Some(leaf) = conversation.leaf else {
            return Ok(Thread { conversation, messages: Vec::new(), earlier: None });
        };
        let (mut messages, has_more) = self.inner.store.thread(id, leaf, before, THREAD_PAGE).await?;
        for message in &mut messages {
            self.freshen(message);
        }
        let earlier = messages.first().filter(|_| has_more).map(|message| message.id);
        Ok(Thread { conversation, messages, earlier })
    }

    /// Makes an empty conversation.
    ///
    /// # Errors
    /// Only when the database fails.
    pub async fn create(&self, member: Member<'_>) -> Result<Conversation, ServiceError> {
        let conversation = self.fresh(words::NEW_CONVERSATION.to_owned(), ConversationSettings::default());
        self.inner.store.create_conversation(&row(member, &conversation)).await?;
        Ok(conversation)
    }

    /// A conversation that is not stored yet.
    pub(super) fn fresh(&self, title: String, settings: ConversationSettings) -> Conversation {
        Conversation { id: self.inner.world.id(), title, settings, leaf: None, updated_at: self.inner.world.now() }
    }

    /// Gives a conversation a title of the person's own; no automatic one replaces it from then on.
    ///
    /// # Errors
    /// `Invalid` for an empty or endless title, `NotFound`.
    pub async fn rename(&self, member: Member<'_>, id: ConversationId, title: &str) -> Result<(), ServiceError> {
        let title = words::title(title)?;
        found(self.inner.store.rename_conversation(member.user().id, id, &title, false).await?)
    }

    /// Deletes a conversation and stops what is being written in it. [`Chat::restore`] brings it back.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, member: Member<'_>, id: ConversationId) -> Result<(), ServiceError> {
        // Also asks whatever other process writes in it to stop.
        found(self.inner.store.delete_conversation(member.user().id, id, self.inner.world.now()).await?)?;
        for live in self.inner.hub.running_in(id) {
            live.call_off(Cause::Person);
        }
        Ok(())
    }

    /// Brings a deleted conversation back.
    ///
    /// # Errors
    /// `NotFound`, also when it was purged meanwhile.
    pub async fn restore(&self, member: Member<'_>, id: ConversationId) -> Result<(), ServiceError> {
        found(self.inner.store.restore_conversation(member.user().id, id).await?)
    }

    /// Sets a conversation's model, system prompt and temperature for the answers to come.
    ///
    /// # Errors
    /// `Invalid` with a complaint per field, `NotFound`.
    pub async fn settings(
        &self,
        member: Member<'_>,
        id: ConversationId,
        settings: ConversationSettings,
    ) -> Result<(), ServiceError> {
        let settings = words::settings(settings)?;
        found(self.inner.store.set_conversation_settings(member.user().id, id, &settings).await?)
    }

    /// Shows the branch that goes through `message`, down to its newest end.
    ///
    /// # Errors
    /// `NotFound` when the message is not in this conversation.
    pub async fn select_branch(
        &self,
        member: Member<'_>,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), ServiceError> {
        let user = member.user().id;
        match self.inner.store.message(user, message).await? {
            Some((conversation, _)) if conversation == id => {}
            _ => return Err(ServiceError::not_found("That message")),
        }
        let leaf = self.inner.store.deepest_leaf(message).await?;
        found(self.inner.store.set_leaf(user, id, leaf).await?)
    }

    /// One message, as fresh as it is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn message(&self, member: Member<'_>, id: MessageId) -> Result<Message, ServiceError> {
        let (_, mut message) = self.message_of(member, id).await?;
        self.freshen(&mut message);
        Ok(message)
    }

    /// A conversation's head: its title and settings, without its messages.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn head(&self, member: Member<'_>, id: ConversationId) -> Result<Conversation, ServiceError> {
        self.conversation(member, id).await
    }

    pub(super) async fn conversation(
        &self,
        member: Member<'_>,
        id: ConversationId,
    ) -> Result<Conversation, ServiceError> {
        self.inner
            .store
            .conversation(member.user().id, id)
            .await?
            .ok_or_else(|| ServiceError::not_found("That conversation"))
    }

    pub(super) async fn message_of(
        &self,
        member: Member<'_>,
        id: MessageId,
    ) -> Result<(ConversationId, Message), ServiceError> {
        self.inner.store.message(member.user().id, id).await?.ok_or_else(|| ServiceError::not_found("That message"))
    }

    /// Puts in what this process knows and the database does not yet.
    pub(super) fn freshen(&self, message: &mut Message) {
        if message.status != MessageStatus::Running {
            return;
        }
        let Some(live) = message.generation.and_then(|id| self.inner.hub.get(id)) else { return };
        let (text, last_piece, ending) = live.snapshot();
        message.text = text;
        message.last_piece = last_piece;
        if let Some(ending) = ending {
            message.status = status(ending.state);
            message.error = ending.error;
            message.generation = None;
        }
    }
}

/// Where a message stands when its generation is in a state.
pub(super) const fn status(state: GenerationState) -> MessageStatus {
    match state {
        GenerationState::Running => MessageStatus::Running,
        GenerationState::Complete => MessageStatus::Complete,
        GenerationState::Stopped => MessageStatus::Stopped,
        GenerationState::Interrupted => MessageStatus::Interrupted,
        GenerationState::Failed => MessageStatus::Failed,
    }
}

fn found(was: bool) -> Result<(), ServiceError> {
    if was { Ok(()) } else { Err(ServiceError::not_found("That conversation")) }
}

fn cursor(last: &ConversationSummary) -> String {
    format!("{}.{}", last.updated_at, last.id)
}

fn read_cursor(text: &str) -> Result<(Millis, ConversationId), ServiceError> {
    text.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?))).ok_or_else(|| {
        ServiceError::refused(ProblemCode::Invalid, "This page of the list does not exist. Start at the top.")
    })
}
