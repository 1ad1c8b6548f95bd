//! Signing in, and changing one's password.

use serde_json::json;
use store::UserRecord;
use types::{Millis, Password, ProblemCode, User};

use super::{
    People, devices,
    limits::Limited,
    passwords::Verdict,
    rules::{self, Complaints},
};
use crate::{
    Origin, ServiceError, SignedIn,
    audit::{self, Actor},
    metric,
};

/// Somebody whose password was right.
#[derive(Clone, Debug)]
#[must_use = "a session for them must be confirmed"]
pub struct Recognised {
    /// Who.
    pub user: User,
    /// When the password that was checked had been chosen.
    password_changed_at: Millis,
}

impl People {
    /// Checks an address and a password. The answer and the time are the same for an unknown address, a wrong password and
    /// a disabled person. `device` is the proof that [`People::known_device`] once gave to this device, if it has one: it
    /// has its tries counted apart. The caller then makes the session, and has it confirmed: see [`People::confirm`].
    ///
    /// # Errors
    /// `Invalid` when they do not belong together; `TooManyRequests`, with the time to wait, past the limits of the account
    /// or the network, or when too many people sign in at once; otherwise when the database fails.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Password,
        device: Option<&str>,
        origin: &Origin,
    ) -> Result<Recognised, ServiceError> {
        let outcome = self.try_sign_in(email, password, device, origin).await;
        metric::sign_in(match &outcome {
            Ok(_) => "ok",
            Err(error) => match error.code() {
                ProblemCode::Invalid => "wrong",
                ProblemCode::TooManyRequests => "limited",
                _ => "error",
            },
        });
        outcome
    }

    async fn try_sign_in(
        &self,
        email: &str,
        password: Password,
        device: Option<&str>,
        origin: &Origin,
    ) -> Result<Recognised, ServiceError> {
        let store = &self.context.store;
        let email = rules::normal_email(email);
        let known_device = match device {
            Some(proof) => store
                .user_by_email(&email)
                .await?
                .and_then(|known| devices::recognise(proof, &known, self.context.world.now())),
            None => None,
        };
        let as_known = known_device.is_some_and(|device| self.limits.check_known("device", device.name()).is_ok());
        if !as_known && let Err(limited) = self.limits.check(&email, origin.network) {
            return Err(self.refuse_limited(&limited, "sign_in", "sign-in attempts", origin).await?);
        }
        let known = store.user_by_email(&email).await?;
        let verdict =
            self.passwords.verify(&password, known.as_ref().map(|known| known.password_hash.as_str())).await?;
        match known {
            Some(known) if known.user.disabled_at.is_none() && verdict != Verdict::Wrong => {
                if verdict == Verdict::RightButOld {
                    self.rehash(&known, &password).await;
                }
                let entry = self.entry(Actor::Person(&known.user), origin, "session.sign_in", &known.user);
                store.append_audit(entry).await?;
                Ok(Recognised { user: known.user, password_changed_at: known.password_changed_at })
            }
            known => {
                // What was typed as an address is not kept: people type passwords there.
                let subject = known.map_or_else(|| "user:unknown".into(), |known| audit::user(known.user.id));
                let entry = audit::entry(
                    &self.context.world,
                    Actor::Nobody,
                    Some(origin),
                    "session.sign_in_failed",
                    subject,
                    &json!({}),
                );
                store.append_audit(entry).await?;
                Err(ServiceError::refused(
                    ProblemCode::Invalid,
                    "The e-mail address and the password do not belong together. Check both and try again. If you forgot \
                     the password, ask an administrator for help.",
                ))
            }
        }
    }

    /// Whether the password that was checked is still in force, once the session is stored. A change of the password ends
    /// every other session after it took hold: either it finds this one, or this finds the change. The caller ends the
    /// session when this fails.
    ///
    /// # Errors
    /// `Conflict` when the password was changed or the person disabled meanwhile; otherwise when the database fails.
    pub async fn confirm(&self, recognised: &Recognised) -> Result<(), ServiceError> {
        let now = self.context.store.user_by_id(recognised.user.id).await?;
        let is_as_checked = |now: UserRecord| {
            now.password_changed_at == recognised.password_changed_at && now.user.disabled_at.is_none()
        };
        if now.is_some_and(is_as_checked) {
            return Ok(());
        }
        Err(ServiceError::refused(
            ProblemCode::Conflict,
            "Your account was changed while you were signing in. Sign in again, with the new password if there is one.",
        ))
    }

    /// Gives the person a new password, after proof of the old one, and ends their other sessions.
    ///
    /// # Errors
    /// `Invalid`, at the fields `old_password` or `new_password`; `TooManyRequests` as in [`People::sign_in`]; otherwise when
    /// the database fails.
    pub async fn change_password(
        &self,
        member: SignedIn<'_>,
        old: Password,
        new: Password,
    ) -> Result<(), ServiceError> {
        let user = member.user();
        let origin = member.origin();
        // By session: a stranger who tries at the sign-in does not count here.
        if let Err(limited) = self.limits.check_known("session", &member.session().to_string()) {
            return Err(self
                .refuse_limited(&limited, "change_password", "attempts to change the password", origin)
                .await?);
        }
        let store = &self.context.store;
        let known = store.user_by_id(user.id).await?.ok_or_else(ServiceError::sign_in_required)?;
        if self.passwords.verify(&old, Some(&known.password_hash)).await? == Verdict::Wrong {
            return Err(ServiceError::field("old_password", "This is not your present password. Type it again."));
        }
        let complaints = check_password("new_password", &new, vec![user.email.clone(), user.name.clone()]).await?;
        complaints.settle()?;
        if old == new {
            return Err(ServiceError::field("new_password", "This is your present password. Choose another."));
        }
        let hash = self.passwords.hash(&new).await?;
        let entry = self.entry(Actor::Person(user), origin, "user.password_changed", user);
        let now = self.context.world.now();
        if !store.change_password_hash(user.id, &known.password_hash, &hash, now, entry).await? {
            return Err(ServiceError::refused(
                ProblemCode::Conflict,
                "Your password was changed in another place at this moment, so it was left as it is. Type both again.",
            ));
        }
        self.context.sessions.end_all_but(member, "session.ended_others").await?;
        Ok(())
    }

    /// Stores the password under today's parameters, unless it was changed meanwhile. The sign-in goes on when this fails:
    /// the next one tries again.
    async fn rehash(&self, known: &UserRecord, password: &Password) {
        let stored = async {
            let hash = self.passwords.hash(password).await?;
            self.context.store.renew_password_hash(known.user.id, &known.password_hash, &hash).await?;
            Ok::<_, ServiceError>(())
        };
        if let Err(error) = stored.await {
            tracing::warn!(user = %known.user.id, error = &error as &dyn std::error::Error, "could not renew a password hash");
        }
    }

    /// Records a refused try, once a minute, and words the refusal.
    pub(super) async fn refuse_limited(
        &self,
        limited: &Limited,
        what: &'static str,
        words: &str,
        origin: &Origin,
    ) -> Result<ServiceError, ServiceError> {
        if limited.record {
            let entry = audit::entry(
                &self.context.world,
                Actor::Nobody,
                Some(origin),
                "session.rate_limited",
                format!("network:{}", origin.network),
                &json!({ "what": what, "wait_s": limited.wait_s }),
            );
            self.context.store.append_audit(entry).await?;
        }
        Ok(limited.error(words))
    }

    fn entry(&self, actor: Actor<'_>, origin: &Origin, action: &'static str, about: &User) -> store::AuditEntry {
        audit::entry(&self.context.world, actor, Some(origin), action, audit::user(about.id), &json!({}))
    }
}

/// The rules for a new password, off the runtime's threads: estimating takes milliseconds.
pub(super) async fn check_password(
    field: &'static str,
    password: &Password,
    own: Vec<String>,
) -> Result<Complaints, ServiceError> {
    let password = password.clone();
    tokio::task::spawn_blocking(move || {
        let mut complaints = Complaints::default();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        rules::password(field, &password, &own, &mut complaints);
        complaints
    })
    .await
    .map_err(|error| ServiceError::defect("estimating a password", error))
}
