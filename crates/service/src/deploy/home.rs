//! Where deployments come from and go to: the catalog's repository, the vault's key, and the connection to Portainer. Opened when
//! first needed, so that a machine without git or Portainer still runs everything else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use catalog::{
    Reading, Repository, Snapshot,
    git::{Address, Credential, Git, Remote},
    vault::{Vault, VaultError, VaultKey},
};
use reconcile::model::{Digest, SecretRef, Trouble};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use types::{
    ProblemCode,
    catalog::{PortainerSettings, SecretName, SecretSource},
};
use upstream::portainer::{
    Credential as PortainerCredential, Portainer, PortainerClient, PortainerConfig, Tls, engine::PortainerTarget,
    parse_fingerprint,
};

use super::{DeployError, DeploySettings, KeySource};

/// In which context live values and desired ones are digested: both sides must name the same one.
const DIGEST_CONTEXT: &str = "variable";

/// The catalog's file with `portainer_api`, and the place of its secrets.
const HYPERVISOR: &str = catalog::HYPERVISOR_FILE;

/// Where deployments come from and go to.
pub(super) struct Home {
    pub(super) settings: DeploySettings,
    git: Git,
    remote: Remote,
    repository: OnceCell<Repository>,
    key: Mutex<Option<Arc<VaultKey>>>,
    connection: Mutex<Option<Connection>>,
}

/// Portainer, as it is reached now.
#[derive(Clone)]
pub(super) struct Connection {
    /// Digest of all that it was built from.
    made_from: [u8; 32],
    /// The calls.
    pub(super) client: Arc<dyn Portainer>,
    /// The engine's hands over it.
    pub(super) target: Arc<PortainerTarget>,
}

/// The catalog at one moment.
pub(super) struct Now {
    pub(super) snapshot: Snapshot,
    pub(super) reading: Reading,
    pub(super) vault: Result<Vault, VaultError>,
    /// Secrets looked up so far: opening one is slow, and many stacks share them.
    pub(super) secrets: Mutex<BTreeMap<SecretName, Looked>>,
}

/// A secret's version and keyed digest, or why it can't be had.
pub(super) type Looked = Result<(SecretRef, Digest), Trouble>;

impl Home {
    pub(super) fn new(settings: DeploySettings) -> Self {
        let git = Git::new(settings.git.clone());
        let remote = Remote::new(git.clone(), settings.cache.clone());
        Self { settings, git, remote, repository: OnceCell::new(), key: Mutex::default(), connection: Mutex::default() }
    }

    /// The catalog's repository, made if it does not exist.
    pub(super) async fn repository(&self) -> Result<&Repository, DeployError> {
        let open = || Repository::open(self.settings.catalog.clone(), self.git.clone());
        Ok(self.repository.get_or_try_init(open).await?)
    }

    /// Repositories of stacks.
    pub(super) const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The catalog as it stands, hand edits included.
    pub(super) async fn now(&self) -> Result<Now, DeployError> {
        let repository = self.repository().await?;
        let snapshot = repository.snapshot().await?;
        let reading = repository.reading_of(&snapshot);
        let vault = Vault::of(&snapshot);
        Ok(Now { snapshot, reading, vault, secrets: Mutex::default() })
    }

    /// The vault's key, made once if there is none.
    pub(super) fn key(&self) -> Result<Arc<VaultKey>, VaultError> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*known {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(match &self.settings.key {
            KeySource::Text(text) => VaultKey::parse(text)?,
            KeySource::File(path) => VaultKey::open_or_create(path)?,
        });
        *known = Some(Arc::clone(&key));
        Ok(key)
    }

    /// Forgets the key, so that it is read again.
    pub(super) fn forget_key(&self) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A value of the vault as it is now.
    pub(super) fn reveal(&self, now: &Now, name: &SecretName) -> Result<SecretString, VaultError> {
        let vault = now.vault.as_ref().map_err(Clone::clone)?;
        Ok(vault.reveal(&*self.key()?, name)?.value)
    }

    /// The credential for a repository, from the vault.
    pub(super) fn credential(&self, now: &Now, name: Option<&SecretName>) -> Result<Option<Credential>, DeployError> {
        let Some(name) = name else { return Ok(None) };
        Ok(Some(Credential::parse(&self.reveal(now, name)?)?))
    }

    /// The remote of the catalog, if one is set.
    pub(super) fn upstream(&self, now: &Now) -> Result<catalog::Upstream, DeployError> {
        let Some(remote) = &self.settings.remote else {
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                "The catalog has no remote. Set PHOENIX_CONFIG_REMOTE to the address of a git repository to keep it in step with.",
            ));
        };
        let address = Address::parse(&remote.address).map_err(|problem| {
            DeployError::refused(ProblemCode::Invalid, format!("PHOENIX_CONFIG_REMOTE {problem}."))
        })?;
        let name: Option<SecretName> = match &remote.credential {
            None => None,
            Some(name) => Some(name.parse().map_err(|problem| {
                DeployError::refused(ProblemCode::Invalid, format!("PHOENIX_CONFIG_CREDENTIAL {problem}."))
            })?),
        };
        let credential = self.credential(now, name.as_ref())?;
        Ok(catalog::Upstream { address, branch: remote.branch.clone(), credential })
    }

    /// Makes the keyed digest in which variables' values are compared.
    pub(super) fn digest(key: &VaultKey, value: &SecretString) -> Digest {
        Digest::from_text(key.digest(DIGEST_CONTEXT, value).to_string())
    }

    /// Portainer as the settings and the catalog say now. A connection is kept until one of them changes.
    pub(super) fn portainer(&self, now: &Now) -> Result<Connection, DeployError> {
        let (config, made_from) = self.portainer_config(now)?;
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = kept.as_ref().filter(|one| one.made_from == made_from) {
            return Ok(connection.clone());
        }
        let client: Arc<dyn Portainer> = Arc::new(PortainerClient::new(config)?);
        let key = self.key()?;
        let digest = Arc::new(move |value: &str| Self::digest(&key, &SecretString::from(value)));
        let target = Arc::new(PortainerTarget::new(Arc::clone(&client), digest, self.settings.protected.clone()));
        let connection = Connection { made_from, client, target };
        *kept = Some(connection.clone());
        Ok(connection)
    }

    fn portainer_config(&self, now: &Now) -> Result<(PortainerConfig, [u8; 32]), DeployError> {
        let (source, file) = (&self.settings.portainer, &now.reading.catalog.portainer);
        let invalid = |message: String| DeployError::refused(ProblemCode::Invalid, message);
        let url = match (&source.url, &file.url) {
            (Some(url), _) => url.clone(),
            (None, Some(text)) => text.parse().map_err(|_| {
                invalid(format!(
                    "“url” of portainer_api in {HYPERVISOR} is no URL. Write one such as https://portainer.lan:9443."
                ))
            })?,
            (None, None) => {
                return Err(DeployError::refused(
                    ProblemCode::UpstreamUnavailable,
                    "No Portainer is set up. Set PORTAINER_URL and PORTAINER_API_KEY, or fill in portainer_api in the catalog.",
                ));
            }
        };
        let credential = match &source.api_key {
            Some(key) => Some(PortainerCredential::ApiKey(key.clone())),
            None => self.file_credential(now, file)?,
        };
        let tls = match (url.scheme(), &source.ca, source.certificate.as_ref()) {
            ("http", ..) => Tls::Plain,
            (_, Some(pem), _) => Tls::CaFile(pem.clone()),
            (_, None, Some(text)) => Tls::Sha256Fingerprint(parse_fingerprint(text)?),
            (_, None, None) => file_tls(file)?,
        };
        let mut hasher = Sha256::new();
        hasher.update(url.as_str());
        match &credential {
            None => hasher.update([0]),
            Some(PortainerCredential::ApiKey(key)) => {
                hasher.update([1]);
                hasher.update(key.expose_secret());
            }
            Some(PortainerCredential::Password { user, password }) => {
                hasher.update([2]);
                hasher.update(Sha256::digest(user));
                hasher.update(password.expose_secret());
            }
        }
        match &tls {
            Tls::System => hasher.update([0]),
            Tls::CaFile(pem) => hasher.update(pem),
            Tls::Sha256Fingerprint(fingerprint) => hasher.update(fingerprint),
            Tls::Plain => hasher.update([3]),
        }
        let config = PortainerConfig { url: Some(url), credential, tls, ..source.base.clone() };
        Ok((config, hasher.finalize().into()))
    }

    fn file_credential(&self, now: &Now, file: &PortainerSettings) -> Result<Option<PortainerCredential>, DeployError> {
        let value = |source: &SecretSource, key: &str| match source {
            SecretSource::Vault(name) => Ok::<_, DeployError>(Some(self.reveal(now, name)?)),
            SecretSource::Plain => Ok(now.snapshot.plain_secret(HYPERVISOR, &format!("/portainer_api/{key}"))),
        };
        if let Some(source) = &file.api_key {
            return Ok(value(source, "api_key")?.map(PortainerCredential::ApiKey));
        }
        let (Some(user), Some(source)) = (&file.username, &file.password) else { return Ok(None) };
        Ok(value(source, "password")?.map(|password| PortainerCredential::Password { user: user.clone(), password }))
    }
}

/// How the catalog's `portainer_api` wants the server to prove who it is.
fn file_tls(file: &PortainerSettings) -> Result<Tls, DeployError> {
    if let Some(text) = &file.tls_fingerprint {
        return Ok(Tls::Sha256Fingerprint(parse_fingerprint(text)?));
    }
    if let Some(path) = &file.ca_file {
        let pem = std::fs::read(path).map_err(|error| {
            DeployError::refused(
                ProblemCode::Invalid,
                format!("“ca_file” of portainer_api in {HYPERVISOR} can't be read ({error}). Name a PEM file of this machine."),
            )
        })?;
        return Ok(Tls::CaFile(pem));
    }
    if file.skip_verify {
        return Err(DeployError::refused(
            ProblemCode::Invalid,
            format!(
                "“skip_verify” of portainer_api in {HYPERVISOR} would trust anybody, so it is not followed. Put the certificate's \
                 SHA-256 into “tls_fingerprint”: `phoenix-cli status` shows it when it can't connect."
            ),
        ));
    }
    Ok(Tls::System)
}
