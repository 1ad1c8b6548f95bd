//! Drafts: what a person changes in the catalog and has not saved yet.

use types::{Millis, UserId};

use crate::{Result, Store, codec::number, db::args};

/// A person's draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftRow {
    /// Rises with each writing; 0 is "never written".
    pub number: u64,
    /// The draft as JSON; none if nothing is being changed.
    pub body: Option<String>,
    /// The last one that was thrown away.
    pub discarded: Option<String>,
    /// When it was last written.
    pub changed_at: Millis,
}

#[derive(sqlx::FromRow)]
struct DraftDb {
    number: i64,
    body: Option<String>,
    discarded: Option<String>,
    changed_at: i64,
}

impl Store {
    /// A person's draft; one that was never written if there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer.
    pub async fn draft(&self, user: UserId) -> Result<DraftRow> {
        let row: Option<DraftDb> = self
            .db
            .optional("SELECT number, body, discarded, changed_at FROM catalog_drafts WHERE user_id = $1", args![user])
            .await?;
        let Some(row) = row else { return Ok(DraftRow::default()) };
        let DraftDb { number: count, body, discarded, changed_at } = row;
        Ok(DraftRow { number: number("number", count)?, body, discarded, changed_at })
    }

    /// Writes a person's draft in place of the one whose number `draft` carries; it then has the next number. On the disk when this
    /// returns. Returns whether it was written: not if somebody else was quicker.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database does not answer;
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) when there is no such person.
    pub async fn put_draft(&self, user: UserId, draft: &DraftRow) -> Result<bool> {
        let written = if draft.number == 0 {
            self.db
                .execute_durably(
                    "INSERT INTO catalog_drafts (user_id, number, body, discarded, changed_at) VALUES ($1, 1, $2, $3, $4) \
                     ON CONFLICT (user_id) DO NOTHING",
                    args![user, draft.body.clone(), draft.discarded.clone(), draft.changed_at],
                )
                .await?
        } else {
            self.db
                .execute_durably(
                    "UPDATE catalog_drafts SET number = number + 1, body = $3, discarded = $4, changed_at = $5 \
                     WHERE user_id = $1 AND number = $2",
                    args![user, draft.number, draft.body.clone(), draft.discarded.clone(), draft.changed_at],
                )
                .await?
        };
        Ok(written > 0)
    }
}
