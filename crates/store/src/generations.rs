//! Generations: answers being written, and how they end.

use types::{ConversationId, GenerationId, GenerationState, MessageId, Millis, Usage, UserId};

use crate::{
    Backend, NewJob, Result, Store, StoreError,
    batch::Step,
    codec::{Word, number, parse},
    db::{Tx, args},
    jobs, people, pieces,
};

/// A generation to be started.
#[derive(Clone, Debug)]
pub struct NewGeneration {
    /// Which.
    pub id: GenerationId,
    /// The server process that writes it.
    pub instance: String,
    /// Until when that process answers for it, unless it renews.
    pub lease_until: Millis,
}

/// A generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRow {
    /// Which.
    pub id: GenerationId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The message it writes.
    pub message: MessageId,
    /// Whose conversation.
    pub user_id: UserId,
    /// The server process that writes it.
    pub instance: String,
    /// Where it stands.
    pub state: GenerationState,
    /// Whether somebody asked it to stop.
    pub stop_requested: bool,
    /// Number of its last stored piece.
    pub last_piece: u64,
}

/// How a generation ended.
#[derive(Clone, Debug)]
pub struct FinishedGeneration {
    /// Which.
    pub id: GenerationId,
    /// How; not `Running`.
    pub state: GenerationState,
    /// The message's whole text, with what it had before a "continue".
    pub text: String,
    /// Why it ended badly, for people.
    pub error: Option<String>,
    /// Token counts, if the upstream told.
    pub usage: Option<Usage>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<i64>,
    /// Milliseconds from the request to the end.
    pub duration_ms: Option<i64>,
    /// Number of the last piece in `text`.
    pub last_piece: u64,
    /// Now.
    pub now: Millis,
    /// A job to enqueue with it.
    pub job: Option<NewJob>,
}

#[derive(sqlx::FromRow)]
struct GenerationDb {
    id: String,
    conversation_id: String,
    message_id: String,
    user_id: String,
    instance: String,
    state: String,
    stop_requested: i64,
    last: i64,
}

impl TryFrom<GenerationDb> for GenerationRow {
    type Error = StoreError;

    fn try_from(row: GenerationDb) -> Result<Self> {
        Ok(Self {
            id: parse("generations.id", &row.id)?,
            conversation: parse("generations.conversation_id", &row.conversation_id)?,
            message: parse("generations.message_id", &row.message_id)?,
            user_id: parse("conversations.user_id", &row.user_id)?,
            instance: row.instance,
            state: GenerationState::from_word("generations.state", &row.state)?,
            stop_requested: row.stop_requested != 0,
            last_piece: number("generations.last_piece", row.last)?,
        })
    }
}

/// Starts a generation, if its message is there.
pub(crate) fn insert(conversation: ConversationId, message: MessageId, new: &NewGeneration, now: Millis) -> Step {
    (
        "INSERT INTO generations \
         (id, conversation_id, message_id, instance, state, stop_requested, lease_until, started_at, last_piece) \
         SELECT $1, $2, $3, $4, 'running', 0, $5, $6, 0 WHERE EXISTS (SELECT 1 FROM messages m WHERE m.id = $3)",
        args![new.id, conversation, message, &new.instance, new.lease_until, now],
    )
}

/// Asks all running generations of a person to stop, inside a transaction.
pub(crate) async fn request_stop_of_all(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.execute(
        "UPDATE generations SET stop_requested = 1 WHERE state = 'running' \
         AND conversation_id IN (SELECT c.id FROM conversations c WHERE c.user_id = $1)",
        args![user],
    )
    .await?;
    Ok(())
}

fn ids(rows: Vec<(String,)>) -> Result<Vec<GenerationId>> {
    rows.iter().map(|(id,)| parse("generations.id", id)).collect()
}

impl Store {
    /// Ends a generation: the message gets its whole text and its figures, the pieces go, the job is enqueued. Returns
    /// whether it was still running; if not (it was taken for dead meanwhile), nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn finish_generation(&self, end: FinishedGeneration) -> Result<bool> {
        let usage = end.usage;
        let mut steps: Vec<Step> = vec![
            // Locks the row on PostgreSQL; whoever takes the generation for dead at the same time waits here, or has been faster.
            ("UPDATE generations SET ended_at = $2 WHERE id = $1 AND state = 'running'", args![end.id, end.now]),
            (
                "UPDATE messages SET text = $2, status = $3, error = $4, prompt_tokens = $5, completion_tokens = $6, \
                 first_token_ms = $7, duration_ms = $8 \
                 WHERE id = (SELECT g.message_id FROM generations g WHERE g.id = $1 AND g.state = 'running')",
                args![
                    end.id,
                    end.text,
                    end.state.word(),
                    end.error,
                    usage.map(|usage| i64::from(usage.prompt_tokens)),
                    usage.map(|usage| i64::from(usage.completion_tokens)),
                    end.first_token_ms,
                    end.duration_ms
                ],
            ),
            (pieces::DELETE, args![end.id]),
        ];
        steps.extend(end.job.map(|job| jobs::insert_at_end_of(&job, end.id)));
        // Last, as the others hang on it.
        steps.push((
            "UPDATE generations SET state = $2, last_piece = $3 WHERE id = $1 AND state = 'running'",
            args![end.id, end.state.word(), end.last_piece],
        ));
        Ok(self.db.batch(steps).await?.last() == Some(&1))
    }

    /// Goes on with a message whose writing ended: a new generation appends to the text that is there. Returns the
    /// conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such answer or its person is disabled; [`StoreError::Conflict`] when
    /// it is being written already (on `generations_message_id` or `generations_conversation_id`), or another answer is
    /// being written in its conversation (on `generations_conversation_id`).
    pub async fn restart_generation(
        &self,
        message: MessageId,
        new: &NewGeneration,
        now: Millis,
    ) -> Result<ConversationId> {
        let mut tx = self.db.begin().await?;
        let user: Option<(String,)> = tx
            .optional(
                "SELECT c.user_id FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1",
                args![message],
            )
            .await?;
        let (user,) = user.ok_or(StoreError::NotFound)?;
        people::hold_enabled(&mut tx, parse("conversations.user_id", &user)?).await?;
        let (conversation,): (String,) = tx
            .one(
                "UPDATE messages SET status = 'running', error = NULL \
                 WHERE id = $1 AND role = 'assistant' RETURNING conversation_id",
                args![message],
            )
            .await?;
        let conversation = parse("messages.conversation_id", &conversation)?;
        let (sql, args) = insert(conversation, message, new, now);
        tx.execute(sql, args).await?;
        tx.execute("UPDATE conversations SET updated_at = $2 WHERE id = $1", args![conversation, now]).await?;
        tx.commit().await?;
        Ok(conversation)
    }

    /// A person's generation. Those of deleted conversations are absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn generation(&self, user: UserId, id: GenerationId) -> Result<Option<GenerationRow>> {
        let row: Option<GenerationDb> = self
            .db
            .optional(
                "SELECT g.id, g.conversation_id, g.message_id, c.user_id, g.instance, g.state, g.stop_requested, \
                 COALESCE((SELECT max(p.n) FROM pieces p WHERE p.generation_id = g.id), g.last_piece) AS last \
                 FROM generations g JOIN conversations c ON c.id = g.conversation_id \
                 WHERE g.id = $2 AND c.user_id = $1 AND c.deleted_at IS NULL",
                args![user, id],
            )
            .await?;
        row.map(GenerationRow::try_from).transpose()
    }

    /// The latest running generation of a conversation.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn running_generation_of(&self, conversation: ConversationId) -> Result<Option<GenerationId>> {
        let row: Option<(String,)> = self
            .db
            .optional(
                "SELECT id FROM generations WHERE conversation_id = $1 AND state = 'running' ORDER BY id DESC LIMIT 1",
                args![conversation],
            )
            .await?;
        row.map(|(id,)| parse("generations.id", &id)).transpose()
    }

    /// Asks a running generation to stop, whichever process writes it. Returns whether it was running.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn request_stop(&self, id: GenerationId) -> Result<bool> {
        let changed = self
            .db
            .execute("UPDATE generations SET stop_requested = 1 WHERE id = $1 AND state = 'running'", args![id])
            .await?;
        Ok(changed > 0)
    }

    /// The running generations of a process that were asked to stop.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn stop_requested(&self, instance: &str) -> Result<Vec<GenerationId>> {
        ids(self
            .db
            .all(
                "SELECT id FROM generations WHERE state = 'running' AND instance = $1 AND stop_requested = 1",
                args![instance],
            )
            .await?)
    }

    /// Says that a process still answers for these of its generations. Returns how many of them are running.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn renew_leases(&self, live: &[GenerationId], until: Millis) -> Result<u64> {
        const SQLITE: &str = "UPDATE generations SET lease_until = $2 WHERE state = 'running' \
                              AND id IN (SELECT value FROM json_each($1))";
        const POSTGRES: &str = "UPDATE generations SET lease_until = $2 WHERE state = 'running' \
                                AND id IN (SELECT json_array_elements_text(CAST($1 AS json)))";
        let sql = match self.backend() {
            Backend::Sqlite => SQLITE,
            Backend::Postgres => POSTGRES,
        };
        // A list as one parameter. Identifiers hold nothing that JSON would escape.
        let live: Vec<String> = live.iter().map(|id| format!("\"{id}\"")).collect();
        self.db.execute(sql, args![format!("[{}]", live.join(",")), until]).await
    }

    /// Ends generations whose process is gone: the lease ran out, or it is one of `also_instance` (a process that stops,
    /// or was started again under the same name). Their text so far is kept, marked interrupted. Returns which.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn interrupt_expired(&self, now: Millis, also_instance: Option<&str>) -> Result<Vec<GenerationId>> {
        const DEAD: &str =
            "SELECT id FROM generations WHERE state = 'running' AND (lease_until <= $1 OR instance = $2) ORDER BY id";
        let dead = ids(self.db.all(DEAD, args![now, also_instance]).await?)?;
        if dead.is_empty() {
            return Ok(dead);
        }
        let mut interrupted = Vec::new();
        let mut tx = self.db.begin().await?;
        for id in dead {
            let message: Option<(String,)> = tx
                .optional(
                    "UPDATE generations SET state = 'interrupted', ended_at = $2, last_piece = COALESCE( \
                     (SELECT max(p.n) FROM pieces p WHERE p.generation_id = $1), 0) \
                     WHERE id = $1 AND state = 'running' AND (lease_until <= $2 OR instance = $3) \
                     RETURNING message_id",
                    args![id, now, also_instance],
                )
                .await?;
            let Some((message,)) = message else { continue };
            tx.execute(
                "UPDATE messages SET status = 'interrupted', text = text || COALESCE( \
                 (SELECT string_agg(p.text, '' ORDER BY p.n) FROM pieces p WHERE p.generation_id = $2), '') \
                 WHERE id = $1",
                args![message, id],
            )
            .await?;
            tx.execute(pieces::DELETE, args![id]).await?;
            interrupted.push(id);
        }
        tx.commit().await?;
        Ok(interrupted)
    }
}
