//! From a [`Call`] to an answer: address, credential, time-outs, retries, errors.

pub(super) mod call;
pub(super) mod refusal;
pub(super) mod sending;
pub(super) mod session;
pub(super) mod tls;

use std::{error::Error as _, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::{
    ClientBuilder, Method, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
    multipart,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::{sync::Mutex, time::timeout};
use url::Url;

use self::{
    call::{Body, Call, Patience},
    refusal::Refusal,
    session::{Session, Token},
};
use super::{Credential, PortainerConfig, PortainerError};

/// Go's server keeps idle connections; a restart or a proxy between does not.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// The largest answer that is read: snapshots of a busy host have some megabytes.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The largest error answer that is read.
const MAX_REFUSAL: usize = 1024 * 1024;

/// Sends calls.
pub(super) struct Transport {
    reads: reqwest::Client,
    /// Keeps no connection: a write must not go out on one that a restart has ended, for then its outcome would be unknown.
    writes: reqwest::Client,
    base: Url,
    config: PortainerConfig,
    api_key: Option<HeaderValue>,
    session: Mutex<Session>,
}

impl Transport {
    /// Connects to nothing yet.
    pub(super) fn new(config: PortainerConfig) -> Result<Self, PortainerError> {
        let base = base(config.url.as_ref().ok_or(PortainerError::NotConfigured)?)?;
        let build = |builder| {
            let built = tls::configure(builder, &config, &base)?.build();
            built.map_err(|error| PortainerError::Misconfigured { detail: causes(&error) })
        };
        let reads = build(builder(&config))?;
        let writes = build(builder(&config).pool_max_idle_per_host(0))?;
        let api_key = match &config.credential {
            Some(Credential::ApiKey(key)) => Some(key_header(key)?),
            _ => None,
        };
        Ok(Self { reads, writes, base, config, api_key, session: Mutex::default() })
    }

    /// How long what is only read may be silent.
    pub(super) const fn read_silence(&self) -> Duration {
        self.config.timeouts.read
    }

    /// How long an image's pull may be silent.
    pub(super) const fn pull_silence(&self) -> Duration {
        self.config.timeouts.pull_silence
    }

    /// Calls and reads a JSON answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, PortainerError> {
        let attempt = || self.fetch_once(call.clone());
        self.retrying(attempt, &call).await
    }

    /// Calls and reads an answer that is not one JSON value.
    pub(super) async fn fetch_bytes(&self, call: Call) -> Result<Vec<u8>, PortainerError> {
        let attempt = || async {
            let whole = async { self.body(self.answer(&call).await?, &call).await };
            self.in_time(whole, &call).await
        };
        self.retrying(attempt, &call).await
    }

    /// Calls; whatever a success says is skipped.
    pub(super) async fn run(&self, call: Call) -> Result<(), PortainerError> {
        self.fetch_bytes(call).await.map(drop)
    }

    /// Calls and hands out the answer when its head is there, for streams.
    pub(super) async fn open(&self, call: Call) -> Result<Response, PortainerError> {
        let attempt = || self.in_time(self.answer(&call), &call);
        self.retrying(attempt, &call).await
    }

    /// Calls once and gives the status and the body, whatever they are; without credential.
    pub(super) async fn probe(&self, call: Call) -> Result<u16, PortainerError> {
        let attempt = || async {
            let answer = self.in_time(self.exchange(&call, None), &call).await?;
            match answer.status().as_u16() {
                status @ (200..=299 | 404) => Ok(status),
                _ => Err(self.refusal(answer, &call).await),
            }
        };
        self.retrying(attempt, &call).await
    }

    async fn fetch_once<T: DeserializeOwned>(&self, call: Call) -> Result<T, PortainerError> {
        let whole = async { self.read_json(self.answer(&call).await?, &call).await };
        self.in_time(whole, &call).await
    }

    /// Lets a new password, or a set-up just done, be tried at once.
    pub(super) async fn resume_logins(&self) {
        self.session.lock().await.resume();
    }

    /// What must not be shown: our credential and what the call brings along.
    pub(super) fn secrets(&self, call: &Call) -> Vec<SecretString> {
        let ours = match &self.config.credential {
            Some(Credential::ApiKey(secret) | Credential::Password { password: secret, .. }) => Some(secret.clone()),
            None => None,
        };
        ours.into_iter().chain(call.secrets.iter().cloned()).collect()
    }

    async fn retrying<T, F: Future<Output = Result<T, PortainerError>>>(
        &self,
        attempt: impl FnMut() -> F,
        call: &Call,
    ) -> Result<T, PortainerError> {
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.config.retry_pause)
            .with_factor(2.0)
            .with_max_times(self.config.retries);
        attempt.retry(waits).sleep(tokio::time::sleep).when(|error| repeatable(error, call)).await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, PortainerError>>,
        call: &Call,
    ) -> Result<T, PortainerError> {
        let timeouts = &self.config.timeouts;
        let limit = match call.patience {
            Patience::Read => timeouts.read,
            Patience::Write => timeouts.write,
            Patience::Deploy => timeouts.deploy,
        };
        match timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PortainerError::TimedOut { call: call.what, write: call.write }),
        }
    }

    /// A success, after a second login if the token had ended: every restart of Portainer voids all tokens. A 401 means that
    /// nothing was done, so that a write may be repeated.
    async fn answer(&self, call: &Call) -> Result<Response, PortainerError> {
        let password = if call.public { None } else { self.user_and_password() };
        let Some((user, password)) = password else {
            if !call.public && self.config.credential.is_none() {
                return Err(PortainerError::NoCredential);
            }
            let answer = self.exchange(call, None).await?;
            return self.successful(answer, call).await;
        };
        let token = self.token(user, password, None).await?;
        let answer = self.exchange(call, Some(&token)).await?;
        if answer.status().as_u16() != 401 {
            return self.successful(answer, call).await;
        }
        let token = self.token(user, password, Some(&token)).await?;
        let answer = self.exchange(call, Some(&token)).await?;
        self.successful(answer, call).await
    }

    async fn successful(&self, answer: Response, call: &Call) -> Result<Response, PortainerError> {
        if answer.status().is_success() { Ok(answer) } else { Err(self.refusal(answer, call).await) }
    }

    /// Sends once and takes whatever comes back.
    async fn exchange(&self, call: &Call, token: Option<&Token>) -> Result<Response, PortainerError> {
        let mut url = address(&self.base, &call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let http = if call.method == Method::GET { &self.reads } else { &self.writes };
        let mut request = http.request(call.method.clone(), url);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        // Never both: Portainer refuses that.
        match (token, &self.api_key) {
            (Some(token), _) => request = request.header(AUTHORIZATION, &token.header),
            (None, Some(key)) if !call.public => request = request.header(API_KEY_HEADER, key),
            (None, _) => {}
        }
        request = match &call.body {
            Body::Empty if call.method == Method::GET || call.docker => request,
            // Go's form reading would otherwise look for a form.
            Body::Empty => request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")),
            Body::Json(body) => {
                request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone())
            }
            Body::Form(fields) => {
                let form = multipart::Form::new();
                request.multipart(fields.iter().fold(form, |form, (name, value)| form.text(*name, value.clone())))
            }
        };
        request.send().await.map_err(|error| sending::failure(error, call.what, call.write))
    }

    async fn refusal(&self, mut answer: Response, call: &Call) -> PortainerError {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_REFUSAL {
                break;
            }
        }
        let mut secrets = self.secrets(call);
        let token = self.session.try_lock().ok().and_then(|session| session.secret());
        secrets.extend(token);
        let refusal = Refusal { status: answer.status(), headers: answer.headers(), body: &body };
        refusal::judge(&refusal, call, self.config.credential.as_ref(), &secrets)
    }

    async fn body(&self, mut answer: Response, call: &Call) -> Result<Vec<u8>, PortainerError> {
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => return Err(sending::failure(error, call.what, call.write)),
            }
            if body.len() > MAX_BODY {
                return Err(PortainerError::NotUnderstood { detail: "the answer is larger than 64 MiB".to_owned() });
            }
        }
    }

    async fn read_json<T: DeserializeOwned>(&self, answer: Response, call: &Call) -> Result<T, PortainerError> {
        let body = self.body(answer, call).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let detail = if body.trim_ascii_start().starts_with(b"<") {
                "a web page came back".to_owned()
            } else {
                // Only the kind and place: serde's text may repeat values.
                format!("asked to {}, line {} of the answer is not as expected", call.what, error.line())
            };
            PortainerError::NotUnderstood { detail }
        })
    }
}

/// Reads freely; a write only if it is sure that nothing was done.
fn repeatable(error: &PortainerError, call: &Call) -> bool {
    match error {
        PortainerError::Unreachable | PortainerError::ConnectTimeout | PortainerError::Busy => true,
        PortainerError::ConnectionLost { .. }
        | PortainerError::Gateway { .. }
        | PortainerError::HostUnreachable { .. } => call.method == Method::GET,
        _ => false,
    }
}

fn key_header(key: &SecretString) -> Result<HeaderValue, PortainerError> {
    let key = key.expose_secret().trim();
    if key.is_empty() {
        return Err(PortainerError::Misconfigured { detail: "the API key is empty".to_owned() });
    }
    let mut value = HeaderValue::try_from(key).map_err(|_| PortainerError::Misconfigured {
        detail: "the API key holds characters that cannot be sent".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// `…/prefix/` of the address, without a trailing `api`, query and fragment.
fn base(url: &Url) -> Result<Url, PortainerError> {
    let misconfigured = |detail: &str| PortainerError::Misconfigured { detail: detail.to_owned() };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(misconfigured("the address must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(misconfigured("the address must not hold a user or a password"));
    }
    let prefix = url.path().trim_end_matches('/');
    let prefix = if prefix == "api" { "" } else { prefix.strip_suffix("/api").unwrap_or(prefix) };
    let mut base = url.clone();
    base.set_path(&format!("{prefix}/"));
    base.set_query(None);
    base.set_fragment(None);
    Ok(base)
}

/// `path` below `api/`.
fn address(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}api/{path}", base.path()));
    url
}

#[expect(clippy::disallowed_methods, reason = "`upstream` is where HTTP clients are built; this one has its time-outs")]
fn builder(config: &PortainerConfig) -> ClientBuilder {
    // No cookie jar: the login's cookie would bring Portainer's CSRF check upon every write. No Referer and Origin: newer
    // versions check them. Portainer itself speaks HTTP/1.1 only.
    reqwest::Client::builder()
        .user_agent(concat!("thinkheads/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.timeouts.connect)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .http1_only()
}

/// An error and what caused it, in one line.
fn causes(error: &reqwest::Error) -> String {
    let chain = std::iter::successors(error.source(), |cause| (*cause).source());
    chain.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_usual_form() {
        for (given, wanted) in [
            ("https://portainer:9443", "https://portainer:9443/api/stacks"),
            ("https://portainer:9443/", "https://portainer:9443/api/stacks"),
            ("https://portainer:9443/api", "https://portainer:9443/api/stacks"),
            ("https://portainer:9443/api/?a=b#c", "https://portainer:9443/api/stacks"),
            ("https://host/docker/portainer", "https://host/docker/portainer/api/stacks"),
            ("http://host/docker/api/", "http://host/docker/api/stacks"),
        ] {
            assert_eq!(address(&base(&Url::parse(given).unwrap()).unwrap(), "stacks").as_str(), wanted);
        }
        for given in ["ftp://host/", "unix:/run/x", "http://me:secret@host/"] {
            let error = base(&Url::parse(given).unwrap()).unwrap_err();
            assert!(matches!(error, PortainerError::Misconfigured { .. }));
            assert!(!error.message().contains("secret"));
        }
    }
}
