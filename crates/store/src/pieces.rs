//! Pieces: the text of a running generation, in the order it came.

use std::sync::LazyLock;

use types::GenerationId;

use crate::{
    Result, Store,
    codec::number,
    db::{Args, Tx, args},
};

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

/// Rows that one statement writes; what is left over takes the next smaller size.
const SIZES: [usize; 3] = [64, 8, 1];

/// One statement per size, made once. Leaves out generations that ended meanwhile, so that one of them does not spoil
/// the others' batch, and rows that are there already, so that a batch may be tried again.
static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| {
    SIZES.map(|rows| {
        let values: Vec<String> =
            (0..rows).map(|row| row * 3).map(|at| format!("(${}, ${}, ${})", at + 1, at + 2, at + 3)).collect();
        format!(
            "INSERT INTO pieces (generation_id, n, text) SELECT v.column1, v.column2, v.column3 FROM (VALUES {}) AS v \
             JOIN generations g ON g.id = v.column1 WHERE g.state = 'running' ON CONFLICT DO NOTHING",
            values.join(", ")
        )
    })
});

#[derive(sqlx::FromRow)]
struct PieceDb {
    n: i64,
    text: String,
}

/// Deletes a generation's pieces, once the message holds the whole text.
pub(crate) async fn delete(tx: &mut Tx, generation: GenerationId) -> Result<()> {
    tx.execute("DELETE FROM pieces WHERE generation_id = $1", args![generation]).await?;
    Ok(())
}

impl Store {
    /// Writes pieces of any number of generations in one transaction. Those of generations that have ended are left
    /// out.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when the database does not answer; then none is written and the same call may
    /// be made again.
    pub async fn append_pieces(&self, batches: &[PieceBatch]) -> Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        let mut rest = batches;
        for (rows, sql) in SIZES.into_iter().zip(INSERTS.iter()) {
            while rest.len() >= rows {
                let (now, later) = rest.split_at(rows);
                let args: Args = now.iter().flat_map(|batch| args![batch.generation, batch.n, &batch.text]).collect();
                tx.execute(sql.as_str(), args).await?;
                rest = later;
            }
        }
        tx.commit().await
    }

    /// A running generation's batches that end after piece `n`, in order, each with the number of its last piece. A
    /// batch may begin at or before `n` when `n` is not the end of a batch.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when the database does not answer.
    pub async fn pieces_after(&self, generation: GenerationId, n: u64) -> Result<Vec<(u64, String)>> {
        let rows: Vec<PieceDb> = self
            .db
            .all("SELECT n, text FROM pieces WHERE generation_id = $1 AND n > $2 ORDER BY n", args![generation, n])
            .await?;
        rows.into_iter().map(|row| Ok((number("pieces.n", row.n)?, row.text))).collect()
    }
}
