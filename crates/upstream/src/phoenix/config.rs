//! The client's settings.

use std::{fmt, sync::Arc, time::Duration};

use secrecy::SecretString;
use types::Millis;
use url::Url;

/// Tells the time, in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Settings of [`PhoenixClient`](super::PhoenixClient). `Default` has sensible time-outs and no address.
#[derive(Clone)]
pub struct PhoenixConfig {
    /// Base address; a path prefix is kept, a trailing `/v1` may be there or not.
    pub url: Option<Url>,
    /// Sent as a bearer token.
    pub api_key: Option<SecretString>,
    /// For the TCP and TLS handshake. Default 5 s.
    pub connect_timeout: Duration,
    /// From the request to the first token. Covers queueing and reading the prompt. Default 120 s.
    pub first_token_timeout: Duration,
    /// Without a byte after the first token. Default 60 s.
    pub silence_timeout: Duration,
    /// For the whole answer of a short call such as the list of models. Default 10 s.
    pub models_timeout: Duration,
    /// How long a list of models is good. Default 60 s.
    pub models_ttl: Duration,
    /// So many outages in a row open the breaker; 0 switches it off. Default 5.
    pub breaker_failures: u32,
    /// How long the breaker stays open before one call may probe. Default 10 s.
    pub breaker_open: Duration,
    /// Dates the observations of `status()`; none leaves them undated.
    pub clock: Option<Clock>,
}

impl Default for PhoenixConfig {
    fn default() -> Self {
        Self {
            url: None,
            api_key: None,
            connect_timeout: Duration::from_secs(5),
            first_token_timeout: Duration::from_secs(120),
            silence_timeout: Duration::from_secs(60),
            models_timeout: Duration::from_secs(10),
            models_ttl: Duration::from_secs(60),
            breaker_failures: 5,
            breaker_open: Duration::from_secs(10),
            clock: None,
        }
    }
}

impl fmt::Debug for PhoenixConfig {
    /// Without the key and without credentials in the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoenixConfig")
            .field("host", &self.url.as_ref().and_then(Url::host_str))
            .field("api_key", &self.api_key.as_ref().map(|_| "…"))
            .field("connect_timeout", &self.connect_timeout)
            .field("first_token_timeout", &self.first_token_timeout)
            .field("silence_timeout", &self.silence_timeout)
            .field("models_ttl", &self.models_ttl)
            .finish_non_exhaustive()
    }
}
