//! What administrators may do about people.

use serde_json::{Value, json};
use store::StoreError;
use types::{Role, UserId};

use super::{People, last_administrator};
use crate::{
    Admin, ServiceError,
    audit::{self, Actor},
};

impl People {
    /// Gives a person a role. In force with their next request.
    ///
    /// # Errors
    /// `NotFound` for nobody; `Conflict` when this would leave no active administrator; otherwise when the database fails.
    pub async fn set_role(&self, admin: Admin<'_>, id: UserId, role: Role) -> Result<(), ServiceError> {
        let entry = self.about(admin, "user.role_changed", id, &json!({ "role": role }));
        self.context.store.set_role(id, role, entry).await.map_err(person_error)
    }

    /// Shuts a person out: ends every session, token and open stream of theirs, stops their running answers, and refuses their
    /// password.
    ///
    /// # Errors
    /// As in [`People::set_role`].
    pub async fn disable(&self, admin: Admin<'_>, id: UserId) -> Result<(), ServiceError> {
        let entry = self.about(admin, "user.disabled", id, &json!({}));
        let now = self.context.world.now();
        self.context.store.set_disabled(id, Some(now), now, entry).await.map_err(person_error)?;
        self.context.sessions.published_end_of_all(id);
        self.chat.stop_all_of(id);
        Ok(())
    }

    /// Lets a disabled person sign in again.
    ///
    /// # Errors
    /// `NotFound` for nobody; otherwise when the database fails.
    pub async fn enable(&self, admin: Admin<'_>, id: UserId) -> Result<(), ServiceError> {
        let entry = self.about(admin, "user.enabled", id, &json!({}));
        let now = self.context.world.now();
        self.context.store.set_disabled(id, None, now, entry).await.map_err(person_error)
    }

    /// Ends every session, token and open stream of a person; they may sign in again. Says how many sessions there were.
    ///
    /// # Errors
    /// `NotFound` for nobody; otherwise when the database fails.
    pub async fn end_sessions_of(&self, admin: Admin<'_>, id: UserId) -> Result<u64, ServiceError> {
        let store = &self.context.store;
        store.user_by_id(id).await?.ok_or_else(|| ServiceError::not_found("That person"))?;
        let entry = self.about(admin, "user.sessions_ended", id, &json!({}));
        let ended = store.delete_sessions_of(id, None, self.context.world.now(), entry).await?;
        self.context.sessions.published_end_of_all(id);
        Ok(ended)
    }

    fn about(&self, admin: Admin<'_>, action: &'static str, id: UserId, detail: &Value) -> store::AuditEntry {
        audit::entry(
            &self.context.world,
            Actor::Person(admin.user()),
            Some(admin.origin()),
            action,
            audit::user(id),
            detail,
        )
    }
}

fn person_error(error: StoreError) -> ServiceError {
    match error {
        StoreError::NotFound => ServiceError::not_found("That person"),
        error if error.is_conflict("last_administrator") => last_administrator(),
        error => error.into(),
    }
}
