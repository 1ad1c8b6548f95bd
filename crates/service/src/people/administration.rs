//! What administrators may do about people.

use serde_json::{Value, json};
use store::{AuditEntry, Changed, Records, StoreError};
use types::{Permission, Rights, UserId};

use super::{
    People, last_administrator,
    rules::{self, Complaints},
};
use crate::{
    Admin, ServiceError,
    audit::{self, Actor},
};

impl People {
    /// Gives a person a role, and a deployer their environments. In force with their next request; what is open and not allowed
    /// any more ends at once, and applies on environments they lose are asked to stop between steps. Says whether anything
    /// changed.
    ///
    /// # Errors
    /// `NotFound` for nobody; `Invalid` at `environments`; `Conflict` when this would leave no active administrator; otherwise
    /// when the database fails.
    pub async fn set_role(
        &self,
        admin: Admin<'_>,
        id: UserId,
        rights: impl Into<Rights>,
    ) -> Result<bool, ServiceError> {
        let mut complaints = Complaints::default();
        let rights = rules::rights(rights.into(), &mut complaints);
        complaints.settle()?;
        let after = rights.clone();
        let detail = move |changed: &Changed| json!({ "before": changed.before.rights(), "after": after });
        let records = self.records(admin, "user.role_changed", id, "lost the right to deploy there", detail);
        let uses_chat = rights.role.may(Permission::Member);
        let changed = self.context.store.set_rights(id, rights, self.context.world.now(), records).await;
        let Some(changed) = changed.map_err(person_error)? else { return Ok(false) };
        self.context.sessions.published_end_of_all(id);
        self.deploy.stop_here(&changed.cancelled);
        if !uses_chat {
            self.chat.stop_all_of(id);
        }
        Ok(true)
    }

    /// Shuts a person out: ends every session, token and open stream of theirs, stops their running answers, asks their applies
    /// to stop between steps, and refuses their password.
    ///
    /// # Errors
    /// As in [`People::set_role`].
    pub async fn disable(&self, admin: Admin<'_>, id: UserId) -> Result<(), ServiceError> {
        let detail = |changed: &Changed| json!({ "role": changed.before.role });
        let records = self.records(admin, "user.disabled", id, "was disabled", detail);
        let now = self.context.world.now();
        let changed = self.context.store.set_disabled(id, Some(now), now, records).await.map_err(person_error)?;
        self.context.sessions.published_end_of_all(id);
        self.deploy.stop_here(&changed.cancelled);
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
        self.context.store.set_disabled(id, None, now, entry).await.map(drop).map_err(person_error)
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

    /// The record of an act on a person, and one for each apply of theirs that was asked to stop because of it.
    fn records(
        &self,
        admin: Admin<'_>,
        action: &'static str,
        id: UserId,
        why: &'static str,
        detail: impl FnOnce(&Changed) -> Value + Send + 'static,
    ) -> Records {
        let world = self.context.world.clone();
        let (by, origin) = (admin.user().clone(), admin.origin().clone());
        Records::of(move |changed| {
            let entry = |action, subject, detail: &Value| -> AuditEntry {
                audit::entry(&world, Actor::Person(&by), Some(&origin), action, subject, detail)
            };
            let mut told = detail(changed);
            if !changed.cancelled.is_empty() {
                told["asked_to_stop"] = json!(changed.cancelled);
            }
            let mut entries = vec![entry(action, audit::user(id), &told)];
            let because = format!("{} {why}", changed.before.name);
            entries.extend(
                changed
                    .cancelled
                    .iter()
                    .map(|apply| entry("deploy.cancel", format!("apply:{apply}"), &json!({ "because": because }))),
            );
            entries
        })
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
