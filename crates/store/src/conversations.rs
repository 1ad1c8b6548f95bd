//! Conversations: their heads and their list.

use types::{Conversation, ConversationId, ConversationSettings, ConversationSummary, MessageId, Millis, UserId};

use crate::{
    Result, Store, StoreError,
    batch::Step,
    codec::{parse, parse_optional},
    db::args,
};

/// A conversation to be made.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// Which.
    pub id: ConversationId,
    /// Whose.
    pub user_id: UserId,
    /// Its title, not empty.
    pub title: String,
    /// Whether the program made the title up, so that it may make a better one later.
    pub auto_title: bool,
    /// Its settings.
    pub settings: ConversationSettings,
    /// Now.
    pub now: Millis,
}

#[derive(sqlx::FromRow)]
struct ConversationDb {
    id: String,
    title: String,
    model: Option<String>,
    system_prompt: String,
    temperature: Option<f64>,
    leaf_id: Option<String>,
    updated_at: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SummaryDb {
    conversation_id: String,
    title: String,
    updated_at: i64,
}

impl TryFrom<ConversationDb> for Conversation {
    type Error = StoreError;

    fn try_from(row: ConversationDb) -> Result<Self> {
        Ok(Self {
            id: parse("conversations.id", &row.id)?,
            title: row.title,
            settings: ConversationSettings {
                model: row.model,
                system_prompt: row.system_prompt,
                temperature: row.temperature,
            },
            leaf: parse_optional("conversations.leaf_id", row.leaf_id.as_deref())?,
            updated_at: row.updated_at,
        })
    }
}

impl TryFrom<SummaryDb> for ConversationSummary {
    type Error = StoreError;

    fn try_from(row: SummaryDb) -> Result<Self> {
        Ok(Self { id: parse("conversations.id", &row.conversation_id)?, title: row.title, updated_at: row.updated_at })
    }
}

/// Makes a conversation that shows the branch which ends in `leaf`, if its person is enabled.
pub(crate) fn begin(new: &NewConversation, leaf: MessageId) -> Step {
    (
        "INSERT INTO conversations \
         (id, user_id, title, auto_title, model, system_prompt, temperature, created_at, updated_at, leaf_id) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, $9 \
         WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND u.disabled_at IS NULL)",
        args![
            new.id,
            new.user_id,
            &new.title,
            new.auto_title,
            new.settings.model.as_deref(),
            &new.settings.system_prompt,
            new.settings.temperature,
            new.now,
            leaf
        ],
    )
}

impl Store {
    /// Makes an empty conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when its person does not exist.
    pub async fn create_conversation(&self, new: &NewConversation) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO conversations \
                 (id, user_id, title, auto_title, model, system_prompt, temperature, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
                args![
                    new.id,
                    new.user_id,
                    &new.title,
                    new.auto_title,
                    new.settings.model.as_deref(),
                    &new.settings.system_prompt,
                    new.settings.temperature,
                    new.now
                ],
            )
            .await?;
        Ok(())
    }

    /// A person's conversation; deleted ones are absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Option<Conversation>> {
        let row: Option<ConversationDb> = self
            .db
            .optional(
                "SELECT id, title, model, system_prompt, temperature, leaf_id, updated_at FROM conversations \
                 WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL",
                args![user, id],
            )
            .await?;
        row.map(Conversation::try_from).transpose()
    }

    /// A page of a person's conversations, most recent first: at most `limit`, those after the entry `before` in this
    /// order if given.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn conversations(
        &self,
        user: UserId,
        before: Option<(Millis, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>> {
        let (time, id) = before.map_or((Millis::MAX, String::new()), |(time, id)| (time, id.to_string()));
        let rows: Vec<SummaryDb> = self
            .db
            .all(
                "SELECT id AS conversation_id, title, updated_at FROM conversations \
                 WHERE user_id = $1 AND deleted_at IS NULL AND (updated_at, id) < ($2, $3) \
                 ORDER BY updated_at DESC, id DESC LIMIT $4",
                args![user, time, id, limit],
            )
            .await?;
        rows.into_iter().map(ConversationSummary::try_from).collect()
    }

    /// Gives a conversation a title. An automatic one (`auto`) only takes the place of an automatic one. Does not move
    /// the conversation in the list. Returns whether it did.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn rename_conversation(&self, user: UserId, id: ConversationId, title: &str, auto: bool) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE conversations SET title = $3, auto_title = $4 \
                 WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL AND auto_title >= $4",
                args![user, id, title, auto],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Writes a conversation's settings. Returns whether there is such a conversation.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn set_conversation_settings(
        &self,
        user: UserId,
        id: ConversationId,
        settings: &ConversationSettings,
    ) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE conversations SET model = $3, system_prompt = $4, temperature = $5 \
                 WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL",
                args![user, id, settings.model.as_deref(), &settings.system_prompt, settings.temperature],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Deletes a conversation so that it can be restored, and asks its running generations to stop. Returns whether
    /// there was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn delete_conversation(&self, user: UserId, id: ConversationId, now: Millis) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE conversations SET deleted_at = $3 WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL",
                args![user, id, now],
            )
            .await?;
        if changed > 0 {
            tx.execute(
                "UPDATE generations SET stop_requested = 1 WHERE conversation_id = $1 AND state = 'running'",
                args![id],
            )
            .await?;
            tx.commit().await?;
        }
        Ok(changed > 0)
    }

    /// Brings a deleted conversation back. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn restore_conversation(&self, user: UserId, id: ConversationId) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE conversations SET deleted_at = NULL \
                 WHERE id = $2 AND user_id = $1 AND deleted_at IS NOT NULL",
                args![user, id],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Removes conversations that were deleted before `before`, with all that is in them. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn purge_deleted_conversations(&self, before: Millis) -> Result<u64> {
        self.db.execute("DELETE FROM conversations WHERE deleted_at < $1", args![before]).await
    }

    /// Shows the branch that ends at this message. Returns whether both exist and belong together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn set_leaf(&self, user: UserId, id: ConversationId, leaf: MessageId) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE conversations SET leaf_id = $3 WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL \
                 AND EXISTS (SELECT 1 FROM messages m WHERE m.id = $3 AND m.conversation_id = $2)",
                args![user, id, leaf],
            )
            .await?;
        Ok(changed > 0)
    }
}
