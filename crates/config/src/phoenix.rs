//! How to reach the inference service.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::source::Reader;

/// Phoenix's address, key and time-outs.
#[derive(Clone, Debug)]
pub struct PhoenixSettings {
    /// Its URL (`PHOENIX_URL`); none means that chat says it is not set up.
    pub url: Option<Url>,
    /// Its API key (`PHOENIX_API_KEY`).
    pub api_key: Option<SecretString>,
    /// Longest wait for a connection (`PHOENIX_CONNECT_TIMEOUT_S`).
    pub connect_timeout: Duration,
    /// Longest wait for the first token (`PHOENIX_FIRST_TOKEN_TIMEOUT_S`).
    pub first_token_timeout: Duration,
    /// Longest silence in mid-answer (`PHOENIX_SILENCE_TIMEOUT_S`).
    pub silence_timeout: Duration,
}

impl PhoenixSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        const NAME: &str = "PHOENIX_URL";
        let url = reader.given(NAME).and_then(|text| match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                reader.wrong(NAME, "a URL with http or https and a host, such as http://phoenix:8000");
                None
            }
        });
        Self {
            url,
            api_key: reader.secret("PHOENIX_API_KEY"),
            connect_timeout: reader.seconds("PHOENIX_CONNECT_TIMEOUT_S"),
            first_token_timeout: reader.seconds("PHOENIX_FIRST_TOKEN_TIMEOUT_S"),
            silence_timeout: reader.seconds("PHOENIX_SILENCE_TIMEOUT_S"),
        }
    }
}
