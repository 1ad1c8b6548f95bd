//! Logins by password: one at a time, at most one a second, none while Portainer would count it against us.
//!
//! Portainer bans an address for an hour after more than ten logins in a second, and every program behind the same proxy shares
//! that ban.

use std::{sync::Arc, time::Duration};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    super::{Credential, PortainerError},
    Transport,
    call::Call,
};

/// Between two calls that Portainer counts.
const PACE: Duration = Duration::from_secs(1);

/// A login's outcome.
#[derive(Clone)]
pub(super) struct Token {
    /// `Bearer …`, marked as sensitive.
    pub(super) header: HeaderValue,
    pub(super) secret: Arc<SecretString>,
    /// Grows with each login.
    serial: u64,
}

/// What is known about logins.
#[derive(Default)]
pub(super) struct Session {
    token: Option<Token>,
    serial: u64,
    last_counted: Option<Instant>,
    /// No login before then, and why.
    paused: Option<(Instant, PortainerError)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::portainer) struct UserAndPassword<'a> {
    pub(in crate::portainer) username: &'a str,
    pub(in crate::portainer) password: &'a str,
}

#[derive(Deserialize)]
struct LoginReply {
    jwt: String,
}

impl Transport {
    /// A token other than `refused`: the present one, or one of a new login.
    pub(super) async fn token(
        &self,
        user: &str,
        password: &SecretString,
        refused: Option<&Token>,
    ) -> Result<Token, PortainerError> {
        let mut session = self.session.lock().await;
        if let Some(token) = &session.token
            && refused.is_none_or(|refused| refused.serial != token.serial)
        {
            return Ok(token.clone());
        }
        session.token = None;
        session.check_pause()?;
        session.pace().await;
        match self.login(user, password).await {
            Ok(secret) => {
                let header = HeaderValue::try_from(format!("Bearer {}", secret.expose_secret()));
                let mut header = header.map_err(|_| PortainerError::NotUnderstood {
                    detail: "the login gave a token that cannot be sent".to_owned(),
                })?;
                header.set_sensitive(true);
                session.serial += 1;
                let token = Token { header, secret: Arc::new(secret), serial: session.serial };
                session.token = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                let pause = match &error {
                    PortainerError::WrongPassword { .. } | PortainerError::OauthOnly => {
                        Some(self.config.wrong_password_pause)
                    }
                    PortainerError::LoginBanned { .. } => Some(self.config.ban_pause),
                    _ => None,
                };
                session.paused = pause.map(|pause| (Instant::now() + pause, error.clone()));
                Err(session.check_pause().err().unwrap_or(error))
            }
        }
    }

    async fn login(&self, user: &str, password: &SecretString) -> Result<SecretString, PortainerError> {
        let body = UserAndPassword { username: user, password: password.expose_secret() };
        let call = Call::post("log in", "auth").public().changes_nothing().json(&body)?.secrets([password.clone()]);
        let answer = self.exchange(&call, None).await?;
        match answer.status().as_u16() {
            200 => Ok(self.read_json::<LoginReply>(answer, &call).await?.jwt.into()),
            403 => Err(self.banned()),
            422 => {
                let oauth = self.body(answer, &call).await?.windows(5).any(|words| words == b"oauth");
                // The same answer comes from a server without an administrator.
                let check = self.exchange(&Call::get("check its set-up", "users/admin/check").public(), None).await?;
                Err(match (oauth, check.status().as_u16()) {
                    (true, _) => PortainerError::OauthOnly,
                    (false, 404) => PortainerError::NoAdministrator,
                    _ => PortainerError::WrongPassword { user: user.to_owned() },
                })
            }
            _ => Err(self.refusal(answer, &call).await),
        }
    }

    /// Sends another call that Portainer counts like a login, in turn with them.
    pub(in crate::portainer) async fn counted<T: serde::de::DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<T, PortainerError> {
        self.session.lock().await.pace().await;
        self.fetch_once(call).await
    }

    /// The ban, just noticed.
    pub(in crate::portainer) fn banned(&self) -> PortainerError {
        PortainerError::LoginBanned { retry_in_s: seconds(self.config.ban_pause) }
    }

    /// The user and password, if that is how we call.
    pub(in crate::portainer) fn user_and_password(&self) -> Option<(&str, &SecretString)> {
        match &self.config.credential {
            Some(Credential::Password { user, password }) => Some((user, password)),
            _ => None,
        }
    }
}

impl Session {
    /// Forgets a refused login: the server has changed since.
    pub(super) fn resume(&mut self) {
        self.paused = None;
    }

    /// The present token, to be kept out of texts.
    pub(super) fn secret(&self) -> Option<SecretString> {
        self.token.as_ref().map(|token| SecretString::clone(&token.secret))
    }

    fn check_pause(&self) -> Result<(), PortainerError> {
        let Some((until, error)) = &self.paused else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        Err(match error {
            PortainerError::LoginBanned { .. } => PortainerError::LoginBanned { retry_in_s: seconds(left) },
            other => other.clone(),
        })
    }

    async fn pace(&mut self) {
        if let Some(last) = self.last_counted {
            tokio::time::sleep_until(last + PACE).await;
        }
        self.last_counted = Some(Instant::now());
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}
