//! The first connection: a credential that works, kept as an API key in the vault, and everything else in the catalog, as one
//! commit.

use catalog::{Change, Edit, apply_edits, vault::Vault};
use secrecy::SecretString;
use serde_json::json;
use types::{
    ProblemCode,
    catalog::{PortainerSettings, SecretName, SecretSource},
};
use upstream::portainer::{
    Credential, PortainerClient, PortainerError, System as _,
    system::{ApiKey, SetupState, User},
};
use url::Url;

use super::probing::{Trust, address, shown};
use crate::deploy::{Deploy, DeployError, Operator, Saved, home::Now};

/// The vault's name for Portainer's API key.
const SECRET: &str = "portainer/api_key";
/// What the key is called in Portainer.
const DESCRIPTION: &str = "ThinkHeads";

/// How Portainer is to be reached from now on.
#[derive(Debug)]
pub struct NewConnection {
    /// Its address.
    pub url: String,
    /// How it proves who it is.
    pub trust: Trust,
    /// Who calls.
    pub access: Access,
}

/// Who calls. An administrator's, for nobody else may register environments.
#[derive(Debug)]
pub enum Access {
    /// An API key made in Portainer.
    ApiKey(SecretString),
    /// User and password: they are used once, to make an API key, and kept nowhere.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
}

/// A connection that works and was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedConnection {
    /// The address.
    pub url: String,
    /// Whose key it is.
    pub user: String,
    /// Whether a key was made; if not, the one given or the one in the vault is used.
    pub key_made: bool,
    /// Beginnings of other keys of this user that are called as ours: of other installations, or left over. They can be revoked
    /// in Portainer.
    pub other_keys: Vec<String>,
    /// Settings of this machine that come before the catalog, so that what was saved is not, or not wholly, in force here.
    pub overridden: Vec<&'static str>,
    /// The commit.
    pub saved: Saved,
}

/// The connection that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSet {
    /// Portainer's address; none if none is set up.
    pub url: Option<String>,
    /// Settings of this machine that come before the catalog.
    pub overriding: Vec<&'static str>,
}

/// A key that works.
struct Key {
    secret: SecretString,
    user: User,
    /// Its number, if it was made now.
    made: Option<i64>,
    others: Vec<String>,
}

impl Deploy {
    /// Tries a connection as an administrator and saves it: the API key into the vault, address and trust into `portainer_api`, as
    /// one commit. Nothing is saved that does not work. Whatever else `portainer_api` held of secrets is taken away.
    ///
    /// # Errors
    /// [`PortainerError`]'s words when it does not work; `Forbidden` for a user who is no administrator; as
    /// [`save`](Self::save).
    pub async fn save_connection(
        &self,
        operator: &Operator,
        new: NewConnection,
    ) -> Result<SavedConnection, DeployError> {
        let url = address(&new.url)?;
        let name: SecretName = SECRET
            .parse()
            .map_err(|problem| DeployError::refused(ProblemCode::Invalid, format!("“{SECRET}” {problem}.")))?;
        let now = self.0.home.now().await?;
        let edit = Edit::SetPortainer(Box::new(settings(&now, &url, &new.trust, &name)));
        // Before Portainer is asked for anything: a file that can't be edited, a vault that can't be opened.
        apply_edits(&now.snapshot, std::slice::from_ref(&edit))
            .map_err(|error| DeployError::refused(ProblemCode::Invalid, error.to_string()))?;
        let vault = now.vault.clone()?;
        self.0.home.key()?;
        match self.client(&url, &new.trust, None)?.setup_state().await? {
            SetupState::Ready => {}
            SetupState::NoAdministrator => return Err(PortainerError::NoAdministrator.into()),
            SetupState::WindowMissed => return Err(PortainerError::SetupWindowMissed.into()),
        }
        let key = match new.access {
            Access::ApiKey(secret) => {
                let user = self.proven(&url, &new.trust, &secret).await?;
                Key { secret, user, made: None, others: Vec::new() }
            }
            Access::Password { user, password } => {
                let known = now.vault.as_ref().ok().filter(|vault| vault.get(&name).is_some());
                let known = known.and_then(|_| self.0.home.reveal(&now, &name).ok());
                let credential = Credential::Password { user, password };
                self.key_by_password(&url, &new.trust, credential, known).await?
            }
        };
        let saved = self.save_key(operator, &now, vault, &name, &key.secret, edit, &url).await;
        let saved = match saved {
            Ok(saved) => saved,
            Err(error) => {
                // Nobody has the key that was made.
                if let (Some(id), Ok(client)) = (key.made, self.by_key(&url, &new.trust, &key.secret))
                    && let Err(left) = client.delete_api_key(id).await
                {
                    tracing::warn!(error = %left, "an API key that was not saved could not be revoked");
                }
                return Err(error);
            }
        };
        let detail = json!({ "url": shown(&url), "user": key.user.name, "key_made": key.made.is_some() });
        self.record(operator, "portainer.connect", "portainer".to_owned(), &detail).await?;
        Ok(SavedConnection {
            url: shown(&url),
            user: key.user.name,
            key_made: key.made.is_some(),
            other_keys: key.others,
            overridden: self.overridden(),
            saved,
        })
    }

    /// Which Portainer is set up, by this machine's settings or by the catalog.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn connection(&self, operator: &Operator) -> Result<ConnectionSet, DeployError> {
        let overriding = self.overridden();
        if let Some(set) = &self.settings().portainer.url {
            return Ok(ConnectionSet { url: Some(shown(set)), overriding });
        }
        if !self.has_catalog(operator) {
            return Ok(ConnectionSet { url: None, overriding });
        }
        Ok(ConnectionSet { url: self.0.home.now().await?.reading.catalog.portainer.url, overriding })
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of one commit")]
    async fn save_key(
        &self,
        operator: &Operator,
        now: &Now,
        mut vault: Vault,
        name: &SecretName,
        secret: &SecretString,
        edit: Edit,
        url: &Url,
    ) -> Result<Saved, DeployError> {
        let at = self.0.world.now();
        let mut edits = vec![edit];
        let is_known = self.0.home.reveal(now, name).is_ok_and(|known| same(&known, secret));
        if !is_known {
            vault.set(&*self.0.home.key()?, name, secret, operator.name(), at)?;
            edits.push(vault.edit());
        }
        let message = format!("Portainer at {}", shown(url));
        let change = Change { edits, base: now.reading.version.clone(), author: operator.author(), message, at };
        let done = self.0.home.repository().await?.commit(&change).await?;
        Ok(Saved { version: done.version, commit: done.commit, files: done.files })
    }

    fn by_key(&self, url: &Url, trust: &Trust, secret: &SecretString) -> Result<PortainerClient, DeployError> {
        self.client(url, trust, Some(Credential::ApiKey(secret.clone())))
    }

    /// The administrator whose key it is.
    async fn proven(&self, url: &Url, trust: &Trust, secret: &SecretString) -> Result<User, DeployError> {
        administrator(self.by_key(url, trust, secret)?.whoami().await?)
    }

    /// The key in the vault if it is this user's on this Portainer, else a new one.
    async fn key_by_password(
        &self,
        url: &Url,
        trust: &Trust,
        credential: Credential,
        known: Option<SecretString>,
    ) -> Result<Key, DeployError> {
        let client = self.client(url, trust, Some(credential))?;
        let user = administrator(client.whoami().await?)?;
        let ours =
            |keys: Vec<ApiKey>| keys.into_iter().filter(|key| key.description == DESCRIPTION).collect::<Vec<_>>();
        let before = ours(client.api_keys().await?);
        if let Some(secret) = known
            && self.proven(url, trust, &secret).await.is_ok_and(|whose| whose.id == user.id)
        {
            return Ok(Key { secret, user, made: None, others: Vec::new() });
        }
        let made = match client.create_api_key(DESCRIPTION).await {
            Ok(made) => made,
            Err(error) => {
                if error.outcome_unknown() {
                    // It may have been made, and was shown to nobody.
                    for left in ours(client.api_keys().await?) {
                        if !before.iter().any(|one| one.id == left.id) {
                            client.delete_api_key(left.id).await?;
                        }
                    }
                }
                return Err(error.into());
            }
        };
        let user = self.proven(url, trust, &made.key).await?;
        let others = before.into_iter().map(|key| format!("{}…", key.prefix)).collect();
        Ok(Key { secret: made.key, user, made: Some(made.record.id), others })
    }

    fn overridden(&self) -> Vec<&'static str> {
        let source = &self.settings().portainer;
        let set = [
            (source.url.is_some(), "PORTAINER_URL"),
            (source.api_key.is_some(), "PORTAINER_API_KEY"),
            (source.ca.is_some(), "PORTAINER_CA_FILE"),
            (source.certificate.is_some(), "PORTAINER_CERT_SHA256"),
        ];
        set.into_iter().filter_map(|(is_set, name)| is_set.then_some(name)).collect()
    }
}

fn administrator(user: User) -> Result<User, DeployError> {
    if user.administrator {
        return Ok(user);
    }
    Err(DeployError::refused(
        ProblemCode::Forbidden,
        format!(
            "Portainer's user “{}” is no administrator, and only one may register environments and deploy everywhere. Use an administrator's.",
            user.name
        ),
    ))
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    use secrecy::ExposeSecret as _;
    one.expose_secret() == other.expose_secret()
}

fn settings(now: &Now, url: &Url, trust: &Trust, name: &SecretName) -> PortainerSettings {
    let (fingerprint, file) = match trust {
        Trust::Fingerprint { sha256 } => (Some(sha256.clone()), None),
        Trust::CaFile { path } => (None, Some(path.clone())),
        Trust::Plain | Trust::System => (None, None),
    };
    PortainerSettings {
        url: Some(shown(url)),
        username: None,
        password: None,
        api_key: Some(SecretSource::Vault(name.clone())),
        ca_file: file,
        tls_fingerprint: fingerprint,
        skip_verify: false,
        agent_port: now.reading.catalog.portainer.agent_port,
    }
}
