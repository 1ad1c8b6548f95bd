//! The client's settings.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::Url;

/// Settings of [`PortalClient`](super::PortalClient).
#[derive(Clone)]
pub struct PortalConfig {
    /// The server's public address, such as `https://heads.example`.
    pub url: Url,
    /// The token (`tht_…`).
    pub token: SecretString,
    /// A PEM file's bytes with the certificate authorities to trust instead of the machine's own.
    pub ca: Option<Vec<u8>>,
    /// For the TCP and TLS handshake. Default 5 s.
    pub connect_timeout: Duration,
    /// For a whole answer. Default 100 s.
    pub answer_timeout: Duration,
    /// Without a byte while following an apply. Default 40 s.
    pub silence_timeout: Duration,
    /// Further tries of a call that may be repeated. Default 2.
    pub retries: usize,
    /// Wait before the first of them; doubled each time. Default 300 ms.
    pub retry_pause: Duration,
    /// Tries in a row to go on following an apply that bring nothing new. Default 10.
    pub reconnects: usize,
}

impl PortalConfig {
    /// The defaults for a server and a token.
    #[must_use]
    pub fn new(url: Url, token: SecretString) -> Self {
        Self {
            url,
            token,
            ca: None,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(100),
            silence_timeout: Duration::from_secs(40),
            retries: 2,
            retry_pause: Duration::from_millis(300),
            reconnects: 10,
        }
    }
}

impl fmt::Debug for PortalConfig {
    /// Without the token and without what may stand in the address beside the host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalConfig")
            .field("host", &self.url.host_str())
            .field("token", &"…")
            .field("answer_timeout", &self.answer_timeout)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
