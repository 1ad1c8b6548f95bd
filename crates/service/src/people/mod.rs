//! People: how they come in, how they prove who they are, and what administrators may do about them.

mod administration;
mod devices;
mod invitations;
mod limits;
mod passwords;
mod rules;
mod sign_in;
mod tokens;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use types::{ApiTokenId, ProblemCode, Role, User};

use crate::{Admin, Chat, Context, Deploy, ServiceError, SignedIn};

pub use devices::DEVICE_LIFETIME;
pub use invitations::InvitationView;
pub use sign_in::Recognised;
pub use tokens::TOKEN_PREFIX;

use limits::Limits;
use passwords::Passwords;

/// People, invitations and passwords.
pub struct People {
    context: Context,
    /// To stop the answers of whoever is shut out.
    chat: Chat,
    /// To stop the applies of whoever may no longer apply.
    deploy: Deploy,
    passwords: Passwords,
    limits: Limits,
    /// Tokens whose "last used" is being written: requests that come meanwhile need not write it again.
    touching: Arc<Mutex<HashSet<ApiTokenId>>>,
}

impl People {
    pub(crate) fn new(context: Context, chat: Chat, deploy: Deploy) -> Result<Self, ServiceError> {
        Ok(Self {
            chat,
            deploy,
            passwords: Passwords::new(context.settings.passwords, context.world.clone())?,
            limits: Limits::new(&context.settings.limits, &context.world),
            touching: Arc::default(),
            context,
        })
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self, _: Admin<'_>) -> Result<Vec<User>, ServiceError> {
        Ok(self.context.store.users().await?)
    }

    /// The names of those who can grant rights here, for whoever lacks one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrators(&self, _: SignedIn<'_>) -> Result<Vec<String>, ServiceError> {
        let users = self.context.store.users().await?.into_iter();
        let active = users.filter(|user| user.role == Role::Administrator && user.disabled_at.is_none());
        Ok(active.map(|user| user.name).collect())
    }

    /// How many passwords were computed since the start, for checks and for new ones.
    #[cfg(test)]
    pub(crate) fn password_hashes(&self) -> u64 {
        self.passwords.computed()
    }
}

/// The place would be left without an administrator.
fn last_administrator() -> ServiceError {
    ServiceError::refused(
        ProblemCode::Conflict,
        "This is the only active administrator. Make somebody else an administrator first, then repeat this.",
    )
}
