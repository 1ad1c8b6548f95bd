//! The calls.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        PortainerClient, PortainerError,
        transport::{call::Call, session::UserAndPassword},
    },
    ApiKey, NewApiKey, ServerStatus, SetupState, System, User,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusReply {
    version: String,
    #[serde(rename = "InstanceID", default)]
    instance_id: Option<String>,
}

/// The reply to `admin/init` also holds the password's hash, which is not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserReply {
    id: i64,
    username: String,
    /// 1 administrator, 2 other.
    #[serde(default)]
    role: i64,
}

#[derive(Serialize)]
struct NewKeyRequest<'a> {
    password: &'a str,
    description: &'a str,
}

#[derive(Deserialize)]
struct NewKeyReply {
    #[serde(rename = "rawAPIKey")]
    raw: String,
    #[serde(rename = "apiKey")]
    record: KeyReply,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyReply {
    id: i64,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    date_created: Option<i64>,
    #[serde(default)]
    last_used: Option<i64>,
}

impl From<UserReply> for User {
    fn from(reply: UserReply) -> Self {
        Self { id: reply.id, name: reply.username, administrator: reply.role == 1 }
    }
}

impl From<KeyReply> for ApiKey {
    fn from(reply: KeyReply) -> Self {
        Self {
            id: reply.id,
            description: reply.description.unwrap_or_default(),
            prefix: reply.prefix.unwrap_or_default(),
            created: reply.date_created.unwrap_or_default(),
            last_used: reply.last_used.unwrap_or_default(),
        }
    }
}

#[async_trait]
impl System for PortainerClient {
    async fn server_status(&self) -> Result<ServerStatus, PortainerError> {
        let ask = |path| Call::get("tell its version", path).public();
        let reply: Result<StatusReply, _> = self.transport.fetch(ask("system/status")).await;
        let reply = match reply {
            // A locked server answers at the old path only.
            Err(PortainerError::SetupWindowMissed) => self.transport.fetch(ask("status")).await?,
            reply => reply?,
        };
        Ok(ServerStatus { version: reply.version, instance_id: reply.instance_id.unwrap_or_default() })
    }

    async fn setup_state(&self) -> Result<SetupState, PortainerError> {
        match self.transport.probe(Call::get("check its set-up", "users/admin/check").public()).await {
            Ok(404) => Ok(SetupState::NoAdministrator),
            Ok(_) => Ok(SetupState::Ready),
            Err(PortainerError::SetupWindowMissed) => Ok(SetupState::WindowMissed),
            Err(error) => Err(error),
        }
    }

    async fn create_first_administrator(&self, user: &str, password: &SecretString) -> Result<User, PortainerError> {
        let body = UserAndPassword { username: user, password: password.expose_secret() };
        let call = Call::post("create its administrator", "users/admin/init").public();
        let reply: UserReply = self.transport.fetch(call.json(&body)?.secrets([password.clone()])).await?;
        self.transport.resume_logins().await;
        Ok(reply.into())
    }

    async fn whoami(&self) -> Result<User, PortainerError> {
        let reply: UserReply = self.transport.fetch(Call::get("tell who we are", "users/me")).await?;
        Ok(reply.into())
    }

    async fn create_api_key(&self, description: &str) -> Result<NewApiKey, PortainerError> {
        let (user, password) = self.transport.user_and_password().ok_or(PortainerError::PasswordNeeded)?;
        let me = self.whoami().await?;
        let body = NewKeyRequest { password: password.expose_secret(), description };
        let call = Call::post("make an API key", format!("users/{}/tokens", me.id)).json(&body)?;
        let reply: Result<NewKeyReply, _> = self.transport.counted(call).await;
        match reply {
            Ok(reply) => Ok(NewApiKey { key: reply.raw.into(), record: reply.record.into() }),
            Err(PortainerError::Forbidden { detail }) if detail.contains("password doesn't match") => {
                Err(PortainerError::WrongPassword { user: user.to_owned() })
            }
            // What a ban says; one's own keys are never forbidden otherwise.
            Err(PortainerError::Forbidden { detail }) if detail.contains("Access denied") => {
                Err(self.transport.banned())
            }
            Err(error) => Err(error),
        }
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>, PortainerError> {
        let me = self.whoami().await?;
        let call = Call::get("list the API keys", format!("users/{}/tokens", me.id));
        let reply: Vec<KeyReply> = self.transport.fetch(call).await?;
        Ok(reply.into_iter().map(ApiKey::from).collect())
    }

    async fn delete_api_key(&self, id: i64) -> Result<(), PortainerError> {
        let me = self.whoami().await?;
        self.transport.run(Call::delete("revoke an API key", format!("users/{}/tokens/{id}", me.id))).await
    }
}
