//! Reading a branch: upward from its last message, a stretch at a time. The cost follows the stretch, not the
//! conversation.

use types::{ConversationId, Message, MessageId, MessageRole, MessageStatus};

use crate::{
    Result, Store,
    codec::{Word, parse},
    db::args,
    messages::{MessageDb, message_columns},
};

/// Upward from message `$1` of conversation `$2`, at most `$3` messages. The columns travel inside the recursion:
/// joining them afterwards would invite PostgreSQL to scan the table.
const UPWARD: &str = concat!(
    "WITH RECURSIVE base AS ( \
       SELECT m.*, CAST(1 AS BIGINT) AS depth FROM messages m WHERE m.id = $1 AND m.conversation_id = $2 \
       UNION ALL \
       SELECT m.*, base.depth + 1 FROM base JOIN messages m ON m.id = base.parent_id WHERE base.depth < $3 \
     ) SELECT ",
    message_columns!(),
    " FROM base ORDER BY base.depth DESC"
);

#[derive(sqlx::FromRow)]
struct ContextDb {
    role: String,
    text: String,
    status: String,
}

impl Store {
    /// A stretch of the branch that ends at `leaf`, oldest first: its last `limit` messages, or the last `limit` above
    /// `before`. The flag says whether there are more above. A message that is being written has its text so far.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when the database does not answer.
    pub async fn thread(
        &self,
        conversation: ConversationId,
        leaf: MessageId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<(Vec<Message>, bool)> {
        let start = match before {
            None => leaf.to_string(),
            Some(before) => {
                let parent: Option<(Option<String>,)> = self
                    .db
                    .optional(
                        "SELECT parent_id FROM messages WHERE id = $1 AND conversation_id = $2",
                        args![before, conversation],
                    )
                    .await?;
                match parent {
                    Some((Some(parent),)) => parent,
                    _ => return Ok((Vec::new(), false)),
                }
            }
        };
        let rows: Vec<MessageDb> = self.db.all(UPWARD, args![start, conversation, limit]).await?;
        let messages = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>>>()?;
        let more = messages.first().is_some_and(|top| top.parent.is_some());
        Ok((messages, more))
    }

    /// The last message below this one, following the newest child each time: where a branch ends that is turned to.
    /// A message without children is its own.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when there is no such message.
    pub async fn deepest_leaf(&self, message: MessageId) -> Result<MessageId> {
        let (id,): (String,) = self
            .db
            .one(
                "WITH RECURSIVE down AS ( \
                   SELECT m.id, CAST(0 AS BIGINT) AS depth FROM messages m WHERE m.id = $1 \
                   UNION ALL \
                   SELECT (SELECT max(m.id) FROM messages m WHERE m.parent_key = down.id), down.depth + 1 \
                   FROM down WHERE down.id IS NOT NULL \
                 ) SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1",
                args![message],
            )
            .await?;
        parse("messages.id", &id)
    }

    /// What a model is told of the branch that ends at `leaf`: its last `max_messages` messages, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when the database does not answer.
    pub async fn context(
        &self,
        conversation: ConversationId,
        leaf: MessageId,
        max_messages: u32,
    ) -> Result<Vec<(MessageRole, String, MessageStatus)>> {
        let rows: Vec<ContextDb> = self
            .db
            .all(
                "WITH RECURSIVE up AS ( \
                   SELECT m.parent_id, m.role, m.text, m.status, CAST(1 AS BIGINT) AS depth \
                   FROM messages m WHERE m.id = $1 AND m.conversation_id = $2 \
                   UNION ALL \
                   SELECT m.parent_id, m.role, m.text, m.status, up.depth + 1 \
                   FROM up JOIN messages m ON m.id = up.parent_id WHERE up.depth < $3 \
                 ) SELECT role, text, status FROM up ORDER BY depth DESC",
                args![leaf, conversation, max_messages],
            )
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    MessageRole::from_word("messages.role", &row.role)?,
                    row.text,
                    MessageStatus::from_word("messages.status", &row.status)?,
                ))
            })
            .collect()
    }
}
