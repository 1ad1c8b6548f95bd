//! The client's settings.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::Url;

/// Settings of [`PortainerClient`](super::PortainerClient). `Default` has sensible time-outs, no address and no credential.
#[derive(Clone)]
pub struct PortainerConfig {
    /// Base address, such as `https://portainer.lan:9443`; a path prefix is kept, a trailing `/api` may be there or not.
    pub url: Option<Url>,
    /// Who calls. Without one only the public calls work: status, set-up, the first administrator.
    pub credential: Option<Credential>,
    /// How the server proves who it is. Not used for `http`.
    pub tls: Tls,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// Further tries of a call that is safe to repeat. Default 2.
    pub retries: usize,
    /// Wait before the first of them; doubled each time. Default 200 ms.
    pub retry_pause: Duration,
    /// After a refused password no login is tried for so long. Default 5 minutes. A changed setting means a new client.
    pub wrong_password_pause: Duration,
    /// After Portainer banned this address no login is tried for so long. Portainer bans for one hour; default 61 minutes.
    pub ban_pause: Duration,
}

/// Who calls. The two ways exclude each other: Portainer refuses a request that brings both headers.
#[derive(Clone)]
pub enum Credential {
    /// An API key (`ptr_…`), sent as `X-API-Key`. Survives restarts of Portainer.
    ApiKey(SecretString),
    /// User and password: a login gives a token that ends after hours or with Portainer's process, and is renewed.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
}

/// How an `https` server proves who it is.
#[derive(Clone, Default)]
pub enum Tls {
    /// By a certificate that this machine's certificate authorities vouch for.
    #[default]
    System,
    /// By a certificate that an authority in this PEM file vouches for; the machine's own do not count.
    CaFile(Vec<u8>),
    /// By showing exactly the certificate with this SHA-256. Portainer's self-made certificate names no LAN address, so that
    /// it can be trusted in no other way.
    Sha256Fingerprint([u8; 32]),
    /// No TLS: the address must be `http`. For a link that nobody else can listen on.
    Plain,
}

/// How long calls may take. A write that runs out of time may still have its effect; see
/// [`PortainerError::outcome_unknown`](super::PortainerError::outcome_unknown).
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// TCP and TLS handshake. Default 5 s.
    pub connect: Duration,
    /// A call that only reads. Default 30 s.
    pub read: Duration,
    /// A write that Portainer answers without touching Docker's containers. Registering an environment takes a ping of 3 s and
    /// a snapshot of up to 60 s. Default 90 s.
    pub write: Duration,
    /// A call that deploys or takes down: Portainer answers when it is over, and deploys wait for each other over all
    /// environments. Default 20 minutes.
    pub deploy: Duration,
    /// Without a byte while an image is pulled. Default 5 minutes.
    pub pull_silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(30),
            write: Duration::from_secs(90),
            deploy: Duration::from_secs(20 * 60),
            pull_silence: Duration::from_secs(5 * 60),
        }
    }
}

impl Default for PortainerConfig {
    fn default() -> Self {
        Self {
            url: None,
            credential: None,
            tls: Tls::System,
            timeouts: Timeouts::default(),
            retries: 2,
            retry_pause: Duration::from_millis(200),
            wrong_password_pause: Duration::from_secs(5 * 60),
            ban_pause: Duration::from_secs(61 * 60),
        }
    }
}

impl fmt::Debug for PortainerConfig {
    /// Without secrets and without what may stand in the address beside the host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortainerConfig")
            .field("host", &self.url.as_ref().and_then(Url::host_str))
            .field("credential", &self.credential)
            .field("tls", &self.tls)
            .field("timeouts", &self.timeouts)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey(_) => f.write_str("ApiKey(…)"),
            Self::Password { user, .. } => write!(f, "Password {{ user: {user:?}, … }}"),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::CaFile(pem) => write!(f, "CaFile({} bytes)", pem.len()),
            Self::Sha256Fingerprint(fingerprint) => {
                write!(f, "Sha256Fingerprint({})", super::fingerprint_text(fingerprint))
            }
            Self::Plain => f.write_str("Plain"),
        }
    }
}
