//! Messages: writing them, and one at a time.

use types::{BranchPosition, ConversationId, Message, MessageId, MessageRole, MessageStatus, Millis, Usage, UserId};

use crate::{
    NewConversation, NewGeneration, Result, Store, StoreError,
    batch::Step,
    codec::{Word, number, parse, parse_optional},
    conversations,
    db::args,
    generations, people,
};

/// A message to be written.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Which.
    pub id: MessageId,
    /// The message it answers or follows; none for a first one.
    pub parent: Option<MessageId>,
    /// Who speaks.
    pub role: MessageRole,
    /// What is said; empty for an answer that is yet to come.
    pub text: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// The model that is asked.
    pub model: Option<String>,
}

/// A person's message with the answer that starts, or an answer alone when one is made anew.
#[derive(Clone, Debug)]
pub struct PromptAndAnswer {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Whose conversation.
    pub user_id: UserId,
    /// What the person says; none when regenerating.
    pub prompt: Option<NewMessage>,
    /// The answer, `Running` and empty.
    pub answer: NewMessage,
    /// The generation that writes the answer.
    pub generation: NewGeneration,
    /// Now.
    pub now: Millis,
}

/// A message as a query gives it.
#[derive(sqlx::FromRow)]
pub(crate) struct MessageDb {
    id: String,
    conversation_id: String,
    parent_id: Option<String>,
    role: String,
    text: String,
    status: String,
    model: Option<String>,
    error: Option<String>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    first_token_ms: Option<i64>,
    duration_ms: Option<i64>,
    created_at: i64,
    place: i64,
    siblings: i64,
    previous_id: Option<String>,
    next_id: Option<String>,
    writing_id: Option<String>,
    last_piece: i64,
}

/// The columns of [`MessageDb`], from rows called `base`. A message that is being written has its text so far, read in
/// the same statement: between two statements the generation may end and its pieces go. Pieces are counted through all
/// generations of a message. Siblings stand in the order of their identifiers, which is the order of their making.
macro_rules! message_columns {
    () => {
        "base.id, base.conversation_id, base.parent_id, base.role, base.status, base.model, base.error, \
         base.prompt_tokens, base.completion_tokens, base.first_token_ms, base.duration_ms, base.created_at, \
         (SELECT count(*) FROM messages s WHERE s.parent_key = base.parent_key AND s.id <= base.id) AS place, \
         (SELECT count(*) FROM messages s WHERE s.parent_key = base.parent_key) AS siblings, \
         (SELECT max(s.id) FROM messages s WHERE s.parent_key = base.parent_key AND s.id < base.id) AS previous_id, \
         (SELECT min(s.id) FROM messages s WHERE s.parent_key = base.parent_key AND s.id > base.id) AS next_id, \
         (SELECT g.id FROM generations g WHERE g.message_id = base.id AND g.state = 'running') AS writing_id, \
         CASE WHEN base.status <> 'running' THEN base.text ELSE base.text || COALESCE( \
         (SELECT string_agg(p.text, '' ORDER BY p.n) FROM generations g JOIN pieces p ON p.generation_id = g.id \
         WHERE g.message_id = base.id AND g.state = 'running'), '') END AS text, \
         COALESCE((SELECT max(p.n) FROM generations g JOIN pieces p ON p.generation_id = g.id \
         WHERE g.message_id = base.id AND g.state = 'running'), \
         (SELECT max(g.last_piece) FROM generations g WHERE g.message_id = base.id), 0) AS last_piece"
    };
}
pub(crate) use message_columns;

impl TryFrom<MessageDb> for Message {
    type Error = StoreError;

    fn try_from(row: MessageDb) -> Result<Self> {
        let usage = match (row.prompt_tokens, row.completion_tokens) {
            (Some(prompt), Some(completion)) => Some(Usage {
                prompt_tokens: number("messages.prompt_tokens", prompt)?,
                completion_tokens: number("messages.completion_tokens", completion)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: parse("messages.id", &row.id)?,
            parent: parse_optional("messages.parent_id", row.parent_id.as_deref())?,
            role: MessageRole::from_word("messages.role", &row.role)?,
            text: row.text,
            status: MessageStatus::from_word("messages.status", &row.status)?,
            model: row.model,
            error: row.error,
            usage,
            first_token_ms: row.first_token_ms,
            duration_ms: row.duration_ms,
            created_at: row.created_at,
            branch: BranchPosition {
                index: number("messages.place", row.place)?,
                count: number("messages.siblings", row.siblings)?,
                previous: parse_optional("messages.id", row.previous_id.as_deref())?,
                next: parse_optional("messages.id", row.next_id.as_deref())?,
            },
            generation: parse_optional("generations.id", row.writing_id.as_deref())?,
            last_piece: number("generations.last_piece", row.last_piece)?,
        })
    }
}

/// Writes a message, if its conversation shows the branch that ends in `leaf`.
fn insert(conversation: ConversationId, new: &NewMessage, leaf: MessageId, now: Millis) -> Step {
    (
        "INSERT INTO messages (id, conversation_id, parent_id, parent_key, role, text, status, model, created_at) \
         SELECT $1, $2, $3, COALESCE($3, $2), $4, $5, $6, $7, $8 \
         WHERE EXISTS (SELECT 1 FROM conversations c WHERE c.id = $2 AND c.leaf_id = $9)",
        args![
            new.id,
            conversation,
            new.parent,
            new.role.word(),
            &new.text,
            new.status.word(),
            new.model.as_deref(),
            now,
            leaf
        ],
    )
}

/// Shows the branch that ends in the new answer and puts the conversation on top of the list, if all is as it must be: the
/// person enabled, the conversation theirs and not deleted, the parents its messages.
fn show(new: &PromptAndAnswer, parents: [Option<MessageId>; 2]) -> Step {
    let [first, second] = parents;
    (
        "UPDATE conversations SET leaf_id = $3, updated_at = $4 \
         WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL \
         AND EXISTS (SELECT 1 FROM users u WHERE u.id = $1 AND u.disabled_at IS NULL) \
         AND ($5 IS NULL OR EXISTS (SELECT 1 FROM messages p WHERE p.id = $5 AND p.conversation_id = $2)) \
         AND ($6 IS NULL OR EXISTS (SELECT 1 FROM messages p WHERE p.id = $6 AND p.conversation_id = $2))",
        args![new.user_id, new.conversation, new.answer.id, new.now, first, second],
    )
}

impl Store {
    /// Writes a person's message and the answer that starts, shows their branch, puts the conversation on top of the
    /// list, and starts the generation: all or nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the conversation is not this person's, is deleted, or has no such parent, or when the
    /// person is disabled; [`StoreError::Conflict`] on `generations_conversation_id` while another answer is being
    /// written in the conversation.
    pub async fn append_prompt_and_answer(&self, new: PromptAndAnswer) -> Result<()> {
        self.append(None, new).await
    }

    /// As [`Store::append_prompt_and_answer`], in a conversation that is made with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the person is disabled or does not exist, or a message has a parent elsewhere.
    pub async fn begin_conversation(&self, conversation: &NewConversation, new: PromptAndAnswer) -> Result<()> {
        self.append(Some(conversation), new).await
    }

    async fn append(&self, begun: Option<&NewConversation>, new: PromptAndAnswer) -> Result<()> {
        let prompt = new.prompt.as_ref();
        let elsewhere = new.answer.parent.filter(|parent| prompt.is_none_or(|prompt| prompt.id != *parent));
        let parents = [prompt.and_then(|prompt| prompt.parent), elsewhere];
        let mut steps: Vec<Step> = vec![(people::HOLD_ENABLED, args![new.user_id])];
        match begun {
            Some(begun) if parents == [None, None] => steps.push(conversations::begin(begun, new.answer.id)),
            Some(_) => return Err(StoreError::NotFound),
            None => steps.push(show(&new, parents)),
        }
        // What follows hangs on the conversation's new end, which only the step before can have written.
        let leaf = new.answer.id;
        steps.extend(prompt.map(|prompt| insert(new.conversation, prompt, leaf, new.now)));
        steps.push(insert(new.conversation, &new.answer, leaf, new.now));
        steps.push(generations::insert(new.conversation, leaf, &new.generation, new.now));
        match self.db.batch(steps).await?.as_slice() {
            [1, 1, ..] => Ok(()),
            _ => Err(StoreError::NotFound),
        }
    }

    /// One message of a person, with its conversation. Deleted conversations are absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn message(&self, user: UserId, id: MessageId) -> Result<Option<(ConversationId, Message)>> {
        let row: Option<MessageDb> = self
            .db
            .optional(
                concat!(
                    "SELECT ",
                    message_columns!(),
                    " FROM messages base JOIN conversations c ON c.id = base.conversation_id \
                     WHERE base.id = $2 AND c.user_id = $1 AND c.deleted_at IS NULL"
                ),
                args![user, id],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let conversation = parse("messages.conversation_id", &row.conversation_id)?;
        Ok(Some((conversation, row.try_into()?)))
    }

    /// The length of a message's text in bytes, with what is written of it so far; 0 for no message. Reads no text.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn text_size(&self, id: MessageId) -> Result<u64> {
        let row: Option<(i64,)> = self
            .db
            .optional(
                "SELECT CAST(octet_length(m.text) + COALESCE((SELECT sum(octet_length(p.text)) FROM pieces p \
                 JOIN generations g ON g.id = p.generation_id WHERE g.message_id = m.id), 0) AS BIGINT) \
                 FROM messages m WHERE m.id = $1",
                args![id],
            )
            .await?;
        number("messages.text", row.map_or(0, |(size,)| size))
    }
}
