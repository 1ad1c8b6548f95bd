//! Tokens: how a program asks on a person's behalf. What a token may do is what its owner may do.

use std::{sync::PoisonError, time::Duration};

use serde_json::json;
use store::NewTokenRow;
use types::{ApiToken, ApiTokenId, Millis, NewApiToken, ProblemCode, UserId};

use super::People;
use crate::{
    Admin, Origin, ServiceError, SignedIn, Viewer,
    audit::{self, Actor},
    sessions::sha256_hex,
    world::millis,
};

/// What every token begins with, so that people and scanners of leaked secrets know it.
pub const TOKEN_PREFIX: &str = "tht_";
/// Characters after the prefix: 32 bytes as base64url.
const TOKEN_CHARS: usize = 43;
/// Longest name of a token, in characters.
const NAME_CHARS: usize = 60;
/// Days a token may last, if it is to run out.
const DAYS: std::ops::RangeInclusive<u32> = 1..=730;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Living tokens a person may have.
const MOST: u32 = 50;

impl People {
    /// Makes a token for the person. Its text is given here and never again. `days` is how long it lasts; none is until it
    /// is ended.
    ///
    /// # Errors
    /// `Invalid`, at the fields `name` or `days`; `Conflict` when they have too many; otherwise when the database fails.
    pub async fn create_token(
        &self,
        member: SignedIn<'_>,
        name: &str,
        days: Option<u32>,
    ) -> Result<NewApiToken, ServiceError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
            return Err(ServiceError::field(
                "name",
                format!("Say what it is for, in at most {NAME_CHARS} characters: “backup script”."),
            ));
        }
        if days.is_some_and(|days| !DAYS.contains(&days)) {
            return Err(ServiceError::field(
                "days",
                format!("A token lasts from {} to {} days, or until you end it.", DAYS.start(), DAYS.end()),
            ));
        }
        let world = &self.context.world;
        let (now, id) = (world.now(), world.id::<ApiTokenId>());
        let text = format!("{TOKEN_PREFIX}{}", world.token());
        let expires_at = days.map(|days| now.saturating_add(millis(DAY.saturating_mul(days))));
        let row = NewTokenRow {
            id,
            user: member.user().id,
            name: name.to_owned(),
            digest: sha256_hex(&text),
            now,
            expires_at,
            most: MOST,
        };
        let detail = json!({ "name": name, "expires_at": expires_at });
        let entry = self.about_token(member, "token.created", id, &detail);
        self.context.store.create_token(&row, entry).await.map_err(|error| match error {
            error if error.is_conflict("api_tokens_most") => ServiceError::refused(
                ProblemCode::Conflict,
                format!("You have {MOST} tokens, which is as many as one may have. End one that is not used any more."),
            ),
            error => error.into(),
        })?;
        let token = ApiToken { id, name: row.name, created_at: now, expires_at, last_used_at: None };
        Ok(NewApiToken { token, text })
    }

    /// The person's own living tokens, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self, member: SignedIn<'_>) -> Result<Vec<ApiToken>, ServiceError> {
        Ok(self.context.store.tokens_of(member.user().id, self.context.world.now()).await?)
    }

    /// Ends one of the person's own tokens, and what it has open.
    ///
    /// # Errors
    /// `NotFound` when the person has no such token; otherwise when the database fails.
    pub async fn end_token(&self, member: SignedIn<'_>, token: ApiTokenId) -> Result<(), ServiceError> {
        self.end(member, member.user().id, token).await
    }

    /// Somebody's living tokens, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens_of(&self, _: Admin<'_>, user: UserId) -> Result<Vec<ApiToken>, ServiceError> {
        Ok(self.context.store.tokens_of(user, self.context.world.now()).await?)
    }

    /// Ends somebody's token, and what it has open.
    ///
    /// # Errors
    /// `NotFound` when that person has no such token; otherwise when the database fails.
    pub async fn end_token_of(&self, admin: Admin<'_>, user: UserId, token: ApiTokenId) -> Result<(), ServiceError> {
        self.end(admin.signed_in(), user, token).await
    }

    async fn end(&self, by: SignedIn<'_>, user: UserId, token: ApiTokenId) -> Result<(), ServiceError> {
        let entry = self.about_token(by, "token.ended", token, &json!({ "of": user }));
        if !self.context.store.end_token(user, token, self.context.world.now(), entry).await? {
            return Err(ServiceError::not_found("That token"));
        }
        self.context.sessions.published_end_of_token(user, token);
        Ok(())
    }

    /// Who asks with this token: the other way to a [`Viewer`] with a person. One query, by the token's digest. Notes "last
    /// used" in the background, at most once a minute.
    ///
    /// # Errors
    /// `SignInRequired` when there is no such living token; `TooManyRequests` when too many wrong ones came from this network;
    /// otherwise when the database fails.
    pub async fn viewer_by_token(&self, text: &str, origin: Origin) -> Result<Viewer, ServiceError> {
        let now = self.context.world.now();
        let found = match is_token(text) {
            true => self.context.store.token_with_user(&sha256_hex(text), now).await?,
            false => None,
        };
        let Some((token, user)) = found else { return Err(self.refuse_token(&origin).await?) };
        let rests = millis(self.context.settings.sessions.touch_every);
        if token.last_used_at.is_none_or(|last| now - last >= rests) {
            self.touch(token.id, now.saturating_sub(rests), now);
        }
        Ok(Viewer::person(user, token.id.into(), origin))
    }

    async fn refuse_token(&self, origin: &Origin) -> Result<ServiceError, ServiceError> {
        if let Err(limited) = self.limits.check_wrong_token(origin.network) {
            return self.refuse_limited(&limited, "api_token", "requests with a wrong token", origin).await;
        }
        Ok(ServiceError::refused(
            ProblemCode::SignInRequired,
            "This token does not let anybody in: it was mistyped, has run out, or was ended. Make a new one under Account, \
             API tokens.",
        ))
    }

    fn touch(&self, token: ApiTokenId, before: Millis, now: Millis) {
        let touching = std::sync::Arc::clone(&self.touching);
        if !touching.lock().unwrap_or_else(PoisonError::into_inner).insert(token) {
            return;
        }
        let store = self.context.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.touch_token(token, before, now).await {
                tracing::warn!(%error, "could not note when a token was last used");
            }
            touching.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
        });
    }

    fn about_token(
        &self,
        by: SignedIn<'_>,
        action: &'static str,
        token: ApiTokenId,
        detail: &serde_json::Value,
    ) -> store::AuditEntry {
        let actor = Actor::Person(by.user());
        audit::entry(&self.context.world, actor, Some(by.origin()), action, format!("token:{token}"), detail)
    }
}

/// Whether a text has a token's shape: anything else needs no look into the database.
fn is_token(text: &str) -> bool {
    text.strip_prefix(TOKEN_PREFIX).is_some_and(|rest| {
        rest.len() == TOKEN_CHARS
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}
