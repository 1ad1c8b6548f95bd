//! The first look at a Portainer: who it is, how it proves that, whether it was set up. Sends no credential.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use types::ProblemCode;
use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, PortainerError, System as _, Tls, fingerprint_text,
    parse_fingerprint, shown_fingerprint,
    system::{Capabilities, ServerStatus, SetupState},
};
use url::Url;

use crate::deploy::{Deploy, DeployError, Operator};

/// How a Portainer proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trust", rename_all = "snake_case")]
pub enum Trust {
    /// Not at all: the address is `http`. For a link that nobody else can listen on.
    Plain,
    /// By a certificate that this machine's authorities vouch for.
    System,
    /// By showing this very certificate, which a person has compared.
    Fingerprint {
        /// Its SHA-256: 64 hexadecimal digits, with or without colons.
        sha256: String,
    },
    /// By a certificate that an authority in this PEM file of this machine vouches for.
    CaFile {
        /// The file's path.
        path: String,
    },
}

/// A Portainer as it shows itself to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortainerProbe {
    /// Its address, as it is to be saved.
    pub url: String,
    /// Its version.
    pub version: String,
    /// Whether this version is known here.
    pub supported: bool,
    /// Whether a deployment that fails may take down what ran before.
    pub failed_update_may_take_down: bool,
    /// Whether it deploys in the background.
    pub deploys_in_background: bool,
    /// Stays the same for the life of its database.
    pub instance_id: String,
    /// Whether it was set up.
    pub state: ServerState,
    /// How it can be trusted.
    pub trust: Trust,
    /// Whether a person has to confirm the trust: compare the certificate's SHA-256 with the one on Portainer's own machine, or
    /// accept that there is no TLS.
    pub to_confirm: bool,
}

/// Whether a Portainer was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// It has an administrator.
    Ready,
    /// It waits for its first administrator, until five minutes after its start.
    NoAdministrator,
    /// It waited in vain: it must be restarted.
    Locked,
}

impl From<SetupState> for ServerState {
    fn from(state: SetupState) -> Self {
        match state {
            SetupState::Ready => Self::Ready,
            SetupState::NoAdministrator => Self::NoAdministrator,
            SetupState::WindowMissed => Self::Locked,
        }
    }
}

impl Deploy {
    /// Looks at the Portainer at an address. Sends no credential and changes nothing.
    ///
    /// # Errors
    /// When nothing answers there, or not as Portainer does.
    pub async fn probe_portainer(&self, _: &Operator, url: &str) -> Result<PortainerProbe, DeployError> {
        let url = address(url)?;
        let (status, trust, client) = self.first_look(&url).await?;
        let capabilities = Capabilities::of(&status.version);
        let state = client.setup_state().await?.into();
        Ok(PortainerProbe {
            url: shown(&url),
            supported: capabilities.supported,
            failed_update_may_take_down: capabilities.failed_update_may_take_down,
            deploys_in_background: capabilities.may_deploy_in_background,
            version: status.version,
            instance_id: status.instance_id,
            state,
            to_confirm: trust != Trust::System,
            trust,
        })
    }

    async fn first_look(&self, url: &Url) -> Result<(ServerStatus, Trust, PortainerClient), DeployError> {
        if url.scheme() == "http" {
            let client = self.client(url, &Trust::Plain, None)?;
            return Ok((client.server_status().await?, Trust::Plain, client));
        }
        let by_system = match self.client(url, &Trust::System, None) {
            Ok(client) => client.server_status().await.map(|status| (status, client)),
            // A machine without authorities of its own can still pin a certificate.
            Err(_) => Err(PortainerError::UntrustedCertificate { detail: String::new() }),
        };
        match by_system {
            Ok((status, client)) => Ok((status, Trust::System, client)),
            Err(PortainerError::UntrustedCertificate { .. }) => {
                let shown = shown_fingerprint(&self.config(url, Tls::System, None)).await?;
                let trust = Trust::Fingerprint { sha256: fingerprint_text(&shown) };
                let client = self.client(url, &trust, None)?;
                Ok((client.server_status().await?, trust, client))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn config(&self, url: &Url, tls: Tls, credential: Option<Credential>) -> PortainerConfig {
        PortainerConfig { url: Some(url.clone()), credential, tls, ..self.settings().portainer.base.clone() }
    }

    /// A client for an address that is not saved yet.
    pub(super) fn client(
        &self,
        url: &Url,
        trust: &Trust,
        credential: Option<Credential>,
    ) -> Result<PortainerClient, DeployError> {
        Ok(PortainerClient::new(self.config(url, tls(url, trust)?, credential))?)
    }

    /// Makes the first administrator of a Portainer that waits for one.
    ///
    /// # Errors
    /// When it has one already, waited too long, or finds the password too weak.
    pub async fn create_first_administrator(
        &self,
        operator: &Operator,
        url: &str,
        trust: &Trust,
        user: &str,
        password: &SecretString,
    ) -> Result<(), DeployError> {
        let url = address(url)?;
        let client = self.client(&url, trust, None)?;
        let detail = serde_json::json!({ "url": shown(&url), "user": user });
        self.record(operator, "portainer.first_administrator", "portainer".to_owned(), &detail).await?;
        match client.create_first_administrator(user, password).await {
            Ok(_) => Ok(()),
            Err(error) if error.outcome_unknown() => {
                // Whoever can sign in with this password was made by this call.
                let credential = Credential::Password { user: user.to_owned(), password: password.clone() };
                let client = self.client(&url, trust, Some(credential))?;
                if client.whoami().await.is_ok_and(|user| user.administrator) { Ok(()) } else { Err(error.into()) }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads a Portainer's address.
pub(super) fn address(text: &str) -> Result<Url, DeployError> {
    let refused = |text: &str| DeployError::refused(ProblemCode::Invalid, text);
    let mut url: Url = text
        .trim()
        .parse()
        .map_err(|_| refused("This is no address of a Portainer. Write one such as https://portainer.lan:9443."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused(
            "Portainer's address must begin with https:// (or http://, on a link nobody else can listen on).",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("The address must not hold a name or a password: they have fields of their own."));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// An address as it is saved.
pub(super) fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn tls(url: &Url, trust: &Trust) -> Result<Tls, DeployError> {
    let refused = |text: String| DeployError::refused(ProblemCode::Invalid, text);
    match (url.scheme(), trust) {
        ("http", Trust::Plain) => Ok(Tls::Plain),
        ("http", _) => Err(refused("A certificate is to be checked, but the address begins with http://.".to_owned())),
        (_, Trust::Plain) => {
            Err(refused("The address begins with https://: say how its certificate is to be trusted.".to_owned()))
        }
        (_, Trust::System) => Ok(Tls::System),
        (_, Trust::Fingerprint { sha256 }) => match parse_fingerprint(sha256) {
            Ok(fingerprint) => Ok(Tls::Sha256Fingerprint(fingerprint)),
            Err(_) => Err(refused(
                "The certificate's SHA-256 must be 64 hexadecimal digits, with or without colons.".to_owned(),
            )),
        },
        (_, Trust::CaFile { path }) => std::fs::read(path).map(Tls::CaFile).map_err(|error| {
            refused(format!(
                "The file of certificates “{path}” can't be read ({error}). Name a PEM file of this machine."
            ))
        }),
    }
}
