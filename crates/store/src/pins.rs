//! Pins: stacks that are held at a version until they are released.

use types::Millis;

use crate::{Result, Store, db::args};

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRow {
    /// The environment.
    pub environment: String,
    /// The stack's normalised name.
    pub stack: String,
    /// All of it, as JSON.
    pub body: String,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub set_at: Millis,
}

#[derive(sqlx::FromRow)]
struct PinDb {
    environment: String,
    stack: String,
    body: String,
    set_by: String,
    set_at: i64,
}

impl From<PinDb> for PinRow {
    fn from(row: PinDb) -> Self {
        Self { environment: row.environment, stack: row.stack, body: row.body, set_by: row.set_by, set_at: row.set_at }
    }
}

impl Store {
    /// Sets the pin of a stack, in place of the one it has. On the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn set_pin(&self, pin: &PinRow) -> Result<()> {
        self.db
            .execute_durably(
                "INSERT INTO pins (environment, stack, body, set_by, set_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (environment, stack) DO UPDATE \
                 SET body = excluded.body, set_by = excluded.set_by, set_at = excluded.set_at",
                args![&pin.environment, &pin.stack, &pin.body, &pin.set_by, pin.set_at],
            )
            .await?;
        Ok(())
    }

    /// Releases the pin of a stack. On the disk when this returns. Returns whether it had one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn release_pin(&self, environment: &str, stack: &str) -> Result<bool> {
        let released = self
            .db
            .execute_durably("DELETE FROM pins WHERE environment = $1 AND stack = $2", args![environment, stack])
            .await?;
        Ok(released > 0)
    }

    /// All pins, by environment and stack.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn pins(&self) -> Result<Vec<PinRow>> {
        let rows: Vec<PinDb> = self
            .db
            .all("SELECT environment, stack, body, set_by, set_at FROM pins ORDER BY environment, stack", args![])
            .await?;
        Ok(rows.into_iter().map(PinRow::from).collect())
    }
}
