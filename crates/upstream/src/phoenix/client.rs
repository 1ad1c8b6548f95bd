//! The client: one pool of connections, one breaker, one list of models.

use std::{error::Error as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use reqwest::{
    RequestBuilder, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};
use types::{Model, ServiceStatus};
use url::Url;

use super::{
    ChatRequest, ChatStream, Inference, PhoenixConfig, PhoenixError,
    health::{Health, Permit},
    models::ModelCache,
    refusal::{self, Refusal, Scrubber},
    stream::AnswerStream,
    whole,
    wire::{ModelList, RequestBody},
};

/// Below the 5 s after which uvicorn (vLLM) closes an idle connection: a request sent into that moment would be lost.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// Wait before the one retry of a call that could not connect.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// Of a person's text, so much is kept during an answer to recognise an echo of it in an error.
const KEPT_TEXT: usize = 2 * 1024;
/// The opaque id of the person asked for.
const USER_HEADER: HeaderName = HeaderName::from_static("x-phoenix-user");
const TRACE_HEADER: HeaderName = HeaderName::from_static("traceparent");

/// Speaks to Phoenix or to any OpenAI-compatible server.
pub struct PhoenixClient {
    http: reqwest::Client,
    chat_url: Url,
    models_url: Url,
    config: PhoenixConfig,
    health: Arc<Health>,
    models: ModelCache,
}

impl PhoenixClient {
    /// Prepares the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`PhoenixError::NotConfigured`] without an address, [`PhoenixError::Misconfigured`] if the settings cannot work.
    pub fn new(config: PhoenixConfig) -> Result<Self, PhoenixError> {
        let base = config.url.clone().ok_or(PhoenixError::NotConfigured)?;
        let http = http_client(&config, &base)?;
        Ok(Self {
            http,
            chat_url: endpoint(&base, "chat/completions")?,
            models_url: endpoint(&base, "models")?,
            health: Health::new(&config),
            models: ModelCache::new(config.models_ttl),
            config,
        })
    }

    /// Sends; a call that could not connect is tried once more, as nothing of it was sent.
    async fn send(&self, request: impl Fn() -> RequestBuilder, by: Instant) -> Result<Response, PhoenixError> {
        let attempts = async {
            match request().send().await {
                Err(error) if error.is_connect() && !error.is_timeout() => {
                    tokio::time::sleep(RETRY_AFTER).await;
                    request().send().await
                }
                outcome => outcome,
            }
        };
        match timeout_at(by, attempts).await {
            Ok(outcome) => outcome.map_err(transport_error),
            Err(_) => Err(PhoenixError::FirstTokenTimeout),
        }
    }

    async fn fetch_models(&self) -> Result<Vec<Model>, PhoenixError> {
        let permit = self.health.admit()?;
        let by = Instant::now() + self.config.models_timeout;
        let outcome = match timeout_at(by, self.request_models(by)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PhoenixError::FirstTokenTimeout),
        };
        match &outcome {
            Ok(_) => permit.succeeded(),
            Err(error) => permit.failed(error),
        }
        outcome
    }

    async fn request_models(&self, by: Instant) -> Result<Vec<Model>, PhoenixError> {
        let response = self.send(|| self.http.get(self.models_url.clone()), by).await?;
        if !response.status().is_success() {
            let scrubber = Scrubber::new(self.config.api_key.as_ref(), &[], 0);
            return match refusal::read(response, None, &scrubber).await {
                Refusal::Error(error) => Err(error),
                Refusal::StreamOptions => Err(PhoenixError::Refused { status: 400, detail: String::new() }),
            };
        }
        let body = whole::read(Vec::new(), response.bytes_stream()).await?;
        let list: ModelList = serde_json::from_slice(&body).map_err(|_| PhoenixError::NotUnderstood {
            detail: "the list of models is not JSON of OpenAI's shape".to_owned(),
        })?;
        Ok(list.data.unwrap_or_default().into_iter().map(Model::from).collect())
    }

    async fn start(&self, request: &ChatRequest, by: Instant) -> Result<Response, PhoenixError> {
        let response = self.post(request, true, by).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let scrubber = Scrubber::new(self.config.api_key.as_ref(), &request.messages, usize::MAX);
        let first = timeout_at(by, refusal::read(response, Some(&request.model), &scrubber)).await;
        match first.map_err(|_| PhoenixError::FirstTokenTimeout)? {
            Refusal::Error(error) => return Err(error),
            Refusal::StreamOptions => {}
        }
        let response = self.post(request, false, by).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let second = timeout_at(by, refusal::read(response, Some(&request.model), &scrubber)).await;
        match second.map_err(|_| PhoenixError::FirstTokenTimeout)? {
            Refusal::Error(error) => Err(error),
            Refusal::StreamOptions => Err(PhoenixError::Refused { status: 400, detail: String::new() }),
        }
    }

    async fn post(&self, request: &ChatRequest, usage: bool, by: Instant) -> Result<Response, PhoenixError> {
        let body: Bytes = serde_json::to_vec(&RequestBody::new(request, usage))
            .map_err(|_| PhoenixError::Refused {
                status: 0,
                detail: "the request cannot be written as JSON".to_owned(),
            })?
            .into();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json;q=0.5"));
        let optional = [(USER_HEADER, Some(request.user.as_str())), (TRACE_HEADER, request.traceparent.as_deref())];
        for (name, value) in optional {
            if let Some(Ok(value)) = value.filter(|value| !value.is_empty()).map(HeaderValue::from_str) {
                headers.insert(name, value);
            }
        }
        self.send(|| self.http.post(self.chat_url.clone()).headers(headers.clone()).body(body.clone()), by).await
    }

    async fn read(
        &self,
        request: &ChatRequest,
        mut response: Response,
        permit: Permit,
        by: Instant,
    ) -> Result<ChatStream, PhoenixError> {
        let scrubber = Scrubber::new(self.config.api_key.as_ref(), &request.messages, KEPT_TEXT);
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.contains("event-stream") {
            let body = Box::pin(response.bytes_stream());
            return Ok(Box::pin(AnswerStream::new(body, permit, scrubber, by, self.config.silence_timeout)));
        }
        let sniffed = match timeout_at(by, whole::sniff(&mut response)).await {
            Ok(Ok(sniffed)) => sniffed,
            Ok(Err(error)) => return whole::failed(permit, error),
            Err(_) => return whole::failed(permit, PhoenixError::FirstTokenTimeout),
        };
        if !sniffed.is_json {
            let body = Box::pin(stream::iter([Ok(sniffed.start.into())]).chain(response.bytes_stream()));
            return Ok(Box::pin(AnswerStream::new(body, permit, scrubber, by, self.config.silence_timeout)));
        }
        let outcome = match timeout_at(by, whole::read(sniffed.start, response.bytes_stream())).await {
            Ok(body) => body.and_then(|body| whole::deltas(&body, &scrubber)),
            Err(_) => Err(PhoenixError::FirstTokenTimeout),
        };
        match outcome {
            Ok(deltas) => {
                permit.succeeded();
                Ok(Box::pin(stream::iter(deltas.into_iter().map(Ok))))
            }
            Err(error) => whole::failed(permit, error),
        }
    }
}

#[async_trait]
impl Inference for PhoenixClient {
    async fn models(&self) -> Result<Vec<Model>, PhoenixError> {
        self.models.get(|| self.fetch_models()).await.map(|models| models.to_vec())
    }

    fn last_models(&self) -> Vec<Model> {
        self.models.last_seen().to_vec()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, PhoenixError> {
        let permit = self.health.admit()?;
        let by = Instant::now() + self.config.first_token_timeout;
        match self.start(&request, by).await {
            Ok(response) => self.read(&request, response, permit, by).await,
            Err(error) => whole::failed(permit, error),
        }
    }

    fn status(&self) -> ServiceStatus {
        self.health.status()
    }
}

/// `base` with `v1/path`; a prefix stays, a trailing `v1` is not doubled, query and fragment go.
fn endpoint(base: &Url, path: &str) -> Result<Url, PhoenixError> {
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return Err(PhoenixError::Misconfigured {
            detail: "the address must begin with http:// or https://".to_owned(),
        });
    }
    if !base.username().is_empty() || base.password().is_some() {
        let detail = "the address must not hold a user or a password; use PHOENIX_API_KEY".to_owned();
        return Err(PhoenixError::Misconfigured { detail });
    }
    let prefix = base.path().trim_end_matches('/');
    let prefix = prefix.strip_suffix("/v1").unwrap_or(prefix);
    let mut url = base.clone();
    url.set_path(&format!("{prefix}/v1/{path}"));
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[expect(clippy::disallowed_methods, reason = "`upstream` is where HTTP clients are built; this one has its time-outs")]
fn http_client(config: &PhoenixConfig, base: &Url) -> Result<reqwest::Client, PhoenixError> {
    // reqwest was built without a crypto provider of its own. Someone else may have installed one: that is as good.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _already_there = rustls::crypto::ring::default_provider().install_default();
    }
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("thinkheads/", env!("CARGO_PKG_VERSION")))
        .default_headers(authorization(config.api_key.as_ref())?)
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy();
    if base.scheme() == "http" {
        // No CA certificates are needed, so none are loaded: it costs memory and fails on an image without them.
        builder = builder.tls_certs_only([]).http1_only();
    }
    builder.build().map_err(|error| PhoenixError::Misconfigured { detail: causes(&error) })
}

fn authorization(key: Option<&SecretString>) -> Result<HeaderMap, PhoenixError> {
    let mut headers = HeaderMap::new();
    if let Some(key) = key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty()) {
        let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| PhoenixError::Misconfigured {
            detail: "the API key holds characters that cannot be sent".to_owned(),
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// A call that brought no answer. The cause goes to the log, without the address.
fn transport_error(error: reqwest::Error) -> PhoenixError {
    let error = error.without_url();
    tracing::warn!(cause = causes(&error), "Phoenix was not reached");
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => PhoenixError::ConnectTimeout,
        (false, true) => PhoenixError::FirstTokenTimeout,
        (_, false) => PhoenixError::Unreachable,
    }
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
        for (base, wanted) in [
            ("http://gpu:8000", "http://gpu:8000/v1/models"),
            ("http://gpu:8000/", "http://gpu:8000/v1/models"),
            ("http://gpu:8000/v1", "http://gpu:8000/v1/models"),
            ("http://gpu:8000/v1/", "http://gpu:8000/v1/models"),
            ("https://host/llm/api", "https://host/llm/api/v1/models"),
            ("https://host/llm/v1/?a=b#c", "https://host/llm/v1/models"),
        ] {
            assert_eq!(endpoint(&Url::parse(base).unwrap(), "models").unwrap().as_str(), wanted);
        }
        for base in ["ftp://gpu/", "unix:/run/x", "http://me:secret@gpu/"] {
            let error = endpoint(&Url::parse(base).unwrap(), "models").unwrap_err();
            assert!(matches!(error, PhoenixError::Misconfigured { .. }));
            assert!(!error.message().contains("secret"));
        }
    }
}
