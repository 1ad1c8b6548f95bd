//! What people may do, and what ends with it.

use types::{Millis, Permission, Rights, Role, User, UserId};

use crate::{
    AuditEntry, Result, Store, StoreError, applies, audit,
    db::{Tx, args},
    generations,
    people::{by_id, grant, hold_enabled, keep_an_administrator},
    revocations, sessions, tokens,
};

/// What a change of somebody's rights found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The person as they were.
    pub before: User,
    /// Applies of theirs that were asked to stop between steps, because they may no longer apply there.
    pub cancelled: Vec<String>,
}

type Tell = dyn FnOnce(&Changed) -> Vec<AuditEntry> + Send;

/// What the audit is to hold of a change, once it is known what it changed.
pub struct Records(Box<Tell>);

impl Records {
    /// Records that tell of what was found.
    pub fn of(tell: impl FnOnce(&Changed) -> Vec<AuditEntry> + Send + 'static) -> Self {
        Self(Box::new(tell))
    }

    async fn append(self, tx: &mut Tx, changed: &Changed) -> Result<()> {
        for entry in (self.0)(changed) {
            audit::append(tx, entry).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").finish_non_exhaustive()
    }
}

impl From<AuditEntry> for Records {
    fn from(entry: AuditEntry) -> Self {
        Self::of(|_| vec![entry])
    }
}

/// Holds a person's row as [`hold_enabled`] does, and refuses unless they may deploy to each of these environments: what they
/// begin then cannot cross the loss of that right.
pub(crate) async fn hold_deployer(tx: &mut Tx, id: UserId, environments: &[String]) -> Result<()> {
    let refused = || StoreError::conflict("may_not_deploy");
    hold_enabled(tx, id)
        .await
        .map_err(|error| if matches!(error, StoreError::NotFound) { refused() } else { error })?;
    let rights = by_id(tx, id).await?.rights();
    if environments.iter().all(|environment| rights.may_deploy_to(environment)) { Ok(()) } else { Err(refused()) }
}

impl Store {
    /// Gives a person a role, and a deployer their environments. What they may no longer do ends: open streams look again at
    /// what is allowed, running answers are asked to stop if the role has no chat, and applies on environments that are not
    /// granted any more are asked to stop between steps, whichever process runs them. Gives what it found and did; if there
    /// was nothing to change, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for nobody; [`StoreError::Conflict`] on `last_administrator` when this would leave no
    /// active administrator.
    pub async fn set_rights(
        &self,
        id: UserId,
        rights: impl Into<Rights>,
        now: Millis,
        records: impl Into<Records>,
    ) -> Result<Option<Changed>> {
        let (rights, records) = (rights.into(), records.into());
        let mut tx = self.db.begin().await?;
        if rights.role != Role::Administrator {
            keep_an_administrator(&mut tx, id).await?;
        }
        // Changing the role first takes the row's lock: whoever begins an apply meanwhile is seen below or sees this.
        tx.execute("UPDATE users SET role = role WHERE id = $1", args![id]).await?;
        let before = by_id(&mut tx, id).await?;
        if before.rights() == rights {
            return Ok(None);
        }
        tx.execute("UPDATE users SET role = $2 WHERE id = $1", args![id, rights.role.as_str()]).await?;
        tx.execute("DELETE FROM user_environments WHERE user_id = $1", args![id]).await?;
        grant(&mut tx, id, &rights.environments).await?;
        revocations::insert(&mut tx, id, None, None, now).await?;
        if !rights.role.may(Permission::Member) {
            generations::request_stop_of_all(&mut tx, id).await?;
        }
        let cancelled = applies::cancel_of(&mut tx, id, Some(&rights), now).await?;
        let changed = Changed { before, cancelled };
        records.append(&mut tx, &changed).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }

    /// Disables a person (`disabled_at` given) or enables them again. Disabling ends all their sessions and tokens in the same
    /// transaction and writes a revocation, so that open streams end too, and asks their running answers to stop and their
    /// applies to stop between steps, whichever process runs them. Gives what it found and did.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for nobody; [`StoreError::Conflict`] on `last_administrator` when this would leave no
    /// active administrator.
    pub async fn set_disabled(
        &self,
        id: UserId,
        disabled_at: Option<Millis>,
        now: Millis,
        records: impl Into<Records>,
    ) -> Result<Changed> {
        let records = records.into();
        let mut tx = self.db.begin().await?;
        if disabled_at.is_some() {
            keep_an_administrator(&mut tx, id).await?;
        }
        let before = by_id(&mut tx, id).await?;
        tx.execute("UPDATE users SET disabled_at = $2 WHERE id = $1", args![id, disabled_at]).await?;
        let mut cancelled = Vec::new();
        // Also when somebody is let in again: a sign-in that crossed the disabling may have left one that slept since.
        sessions::delete_all(&mut tx, id, None).await?;
        if disabled_at.is_some() {
            tokens::end_all(&mut tx, id, now).await?;
            revocations::insert(&mut tx, id, None, None, now).await?;
            generations::request_stop_of_all(&mut tx, id).await?;
            cancelled = applies::cancel_of(&mut tx, id, None, now).await?;
        }
        let changed = Changed { before, cancelled };
        records.append(&mut tx, &changed).await?;
        tx.commit().await?;
        Ok(changed)
    }
}
