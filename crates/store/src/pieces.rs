//! Pieces: the text of a running generation, in the order it came.

use types::GenerationId;

use crate::{Backend, Result, Store, StoreError, codec::number, db::args};

/// Consecutive pieces of one generation, joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceBatch {
    /// Whose.
    pub generation: GenerationId,
    /// Number of the last piece in `text`.
    pub n: u64,
    /// Their text.
    pub text: String,
}

/// The batches as one parameter: `[["generation", n, "text"], …]`, so that one statement writes any number of them. Leaves out
/// generations that ended meanwhile, so that one of them does not spoil the others' batch, and rows that are there already, so
/// that a batch may be tried again.
const INSERT_SQLITE: &str = "INSERT INTO pieces (generation_id, n, text) \
     SELECT g.id, v.value ->> 1, v.value ->> 2 FROM json_each($1) AS v JOIN generations g ON g.id = v.value ->> 0 \
     WHERE g.state = 'running' ON CONFLICT DO NOTHING";
const INSERT_POSTGRES: &str = "INSERT INTO pieces (generation_id, n, text) \
     SELECT g.id, CAST(v.value ->> 1 AS BIGINT), v.value ->> 2 FROM json_array_elements(CAST($1 AS json)) AS v \
     JOIN generations g ON g.id = v.value ->> 0 WHERE g.state = 'running' ON CONFLICT DO NOTHING";

/// Deletes a generation's pieces, once the message holds the whole text.
pub(crate) const DELETE: &str = "DELETE FROM pieces WHERE generation_id = $1";

#[derive(sqlx::FromRow)]
struct PieceDb {
    n: i64,
    text: String,
}

impl Store {
    /// Writes pieces of any number of generations in one statement. Those of generations that have ended are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; then none is written and the same call may
    /// be made again.
    pub async fn append_pieces(&self, batches: &[PieceBatch]) -> Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = batches.iter().map(|batch| (batch.generation, batch.n, &batch.text)).collect();
        let rows = serde_json::to_string(&rows).map_err(|error| StoreError::Database(error.into()))?;
        let sql = match self.backend() {
            Backend::Sqlite => INSERT_SQLITE,
            Backend::Postgres => INSERT_POSTGRES,
        };
        self.db.execute(sql, args![rows]).await?;
        Ok(())
    }

    /// A running generation's batches that end after piece `n`, in order, each with the number of its last piece. A
    /// batch may begin at or before `n` when `n` is not the end of a batch.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn pieces_after(&self, generation: GenerationId, n: u64) -> Result<Vec<(u64, String)>> {
        let rows: Vec<PieceDb> = self
            .db
            .all("SELECT n, text FROM pieces WHERE generation_id = $1 AND n > $2 ORDER BY n", args![generation, n])
            .await?;
        rows.into_iter().map(|row| Ok((number("pieces.n", row.n)?, row.text))).collect()
    }
}
