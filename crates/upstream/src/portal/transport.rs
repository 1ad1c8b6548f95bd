//! Requests, retries and refusals.

use std::{error::Error as StdError, io, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use reconcile::model::Plan;
use reqwest::{
    Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{sync::OnceCell, time::timeout};
use types::{
    Problem, ProblemCode,
    deploy::{EditConflict, ServerInfo},
};
use url::{Host, Url};

use super::{PortalConfig, PortalError};

/// Below the 20 s after which the server closes an idle connection: a write sent into that moment would be lost.
const IDLE_CONNECTION: Duration = Duration::from_secs(15);
/// The largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// One call.
#[derive(Clone)]
pub(super) struct Call {
    method: Method,
    /// Below `/api/v1`, in parts, so that a name with a slash in it stays one part.
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Arc<str>>,
    /// Whether it changes something.
    write: bool,
}

impl Call {
    /// Reads.
    pub(super) fn get<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        let path = path.into_iter().map(ToOwned::to_owned).collect();
        Self { method: Method::GET, path, query: Vec::new(), body: None, write: false }
    }

    /// Changes something.
    pub(super) fn post<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self { method: Method::POST, write: true, ..Self::get(path) }
    }

    /// Puts something in its place.
    pub(super) fn put<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self { method: Method::PUT, write: true, ..Self::get(path) }
    }

    /// Takes something away.
    pub(super) fn delete<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self { method: Method::DELETE, write: true, ..Self::get(path) }
    }

    /// It changes nothing, although it is no GET.
    pub(super) fn harmless(self) -> Self {
        Self { write: false, ..self }
    }

    pub(super) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(super) fn json(self, body: &impl Serialize) -> Result<Self, PortalError> {
        let text = serde_json::to_string(body)
            .map_err(|_| PortalError::Misconfigured { detail: "what is to be sent has no JSON form".to_owned() })?;
        Ok(Self { body: Some(text.into()), ..self })
    }
}

/// The connections to one server.
pub(super) struct Transport {
    http: reqwest::Client,
    /// The address of `/api/v1`.
    base: Url,
    authorization: HeaderValue,
    pub(super) config: PortalConfig,
    known: OnceCell<ServerInfo>,
}

impl Transport {
    pub(super) fn new(config: PortalConfig) -> Result<Self, PortalError> {
        let base = base(&config.url)?;
        let token = config.token.expose_secret().trim();
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .ok()
            .filter(|_| !token.is_empty())
            .ok_or_else(|| misconfigured("the token is empty or holds characters that can't be sent"))?;
        authorization.set_sensitive(true);
        Ok(Self { http: client(&config, &base)?, base, authorization, config, known: OnceCell::new() })
    }

    /// What the server is. Asked once, without the token: only what is ours gets it to see.
    pub(super) async fn server(&self) -> Result<&ServerInfo, PortalError> {
        self.known.get_or_try_init(|| self.retrying(|| self.introduce(), false)).await
    }

    async fn introduce(&self) -> Result<ServerInfo, PortalError> {
        let call = Call::get(["server"]);
        let response = self.in_time(self.send(&call, false), &call).await?;
        let status = response.status().as_u16();
        let stranger = |detail: String| PortalError::NotThinkHeads { detail };
        match status {
            200 => {}
            502..=504 => return Err(PortalError::Gateway { status, write: false }),
            _ => return Err(stranger(format!("it answered with {status}"))),
        }
        let body = self.in_time(whole(response, false), &call).await?;
        let said = |body: &[u8]| serde_json::from_slice::<ServerInfo>(body).ok();
        let info = said(&body).filter(|info| info.product == ServerInfo::PRODUCT);
        let info = info.ok_or_else(|| stranger("it does not say what it is".to_owned()))?;
        if info.api != ServerInfo::API {
            let older = info.api < ServerInfo::API;
            return Err(PortalError::OtherVersion { version: info.version, api: info.api, older });
        }
        Ok(info)
    }

    /// Calls and reads the answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, PortalError> {
        let body = self.call(call).await?;
        serde_json::from_slice(&body).map_err(|error| PortalError::NotUnderstood {
            detail: format!("line {}, column {} of it", error.line(), error.column()),
        })
    }

    /// Calls, for its effect.
    pub(super) async fn run(&self, call: Call) -> Result<(), PortalError> {
        self.call(call).await.map(drop)
    }

    async fn call(&self, call: Call) -> Result<Vec<u8>, PortalError> {
        self.server().await?;
        let attempt = || async {
            let answer = async { whole(accepted(self.send(&call, true).await?, call.write).await?, call.write).await };
            self.in_time(answer, &call).await
        };
        self.retrying(attempt, call.write).await
    }

    /// Calls once and hands out the answer when its head is there.
    pub(super) async fn open(&self, call: &Call) -> Result<Response, PortalError> {
        self.server().await?;
        let answer = async { accepted(self.send(call, true).await?, call.write).await };
        self.in_time(answer, call).await
    }

    async fn send(&self, call: &Call, with_token: bool) -> Result<Response, PortalError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.http.request(call.method.clone(), url).header(ACCEPT, "application/json");
        if with_token {
            request = request.header(AUTHORIZATION, &self.authorization);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        request.send().await.map_err(|error| failure(error, call.write))
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, PortalError>>,
        call: &Call,
    ) -> Result<T, PortalError> {
        let late = PortalError::NoAnswer { write: call.write };
        timeout(self.config.answer_timeout, work).await.unwrap_or(Err(late))
    }

    async fn retrying<T, F: Future<Output = Result<T, PortalError>>>(
        &self,
        attempt: impl FnMut() -> F,
        write: bool,
    ) -> Result<T, PortalError> {
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.config.retry_pause)
            .with_factor(2.0)
            .with_max_times(self.config.retries);
        let repeatable = |error: &PortalError| error.is_passing() && (!write || error.was_not_sent());
        attempt.retry(waits).sleep(tokio::time::sleep).when(repeatable).await
    }
}

fn misconfigured(detail: &str) -> PortalError {
    PortalError::Misconfigured { detail: detail.to_owned() }
}

/// The address of the API. A token goes over https, or stays on this machine.
fn base(url: &Url) -> Result<Url, PortalError> {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(misconfigured("the token would travel in clear; the address must begin with https://")),
        _ => return Err(misconfigured("the address must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(misconfigured("the address holds a user or a password; the token is all that is needed"));
    }
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    base.path_segments_mut()
        .map_err(|()| misconfigured("the address has no host"))?
        .pop_if_empty()
        .extend(["api", "v1"]);
    Ok(base)
}

#[expect(clippy::disallowed_methods, reason = "this crate builds the clients, with time-outs")]
fn client(config: &PortalConfig, base: &Url) -> Result<reqwest::Client, PortalError> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _already_there = rustls::crypto::ring::default_provider().install_default();
    }
    let mut builder = reqwest::Client::builder()
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_CONNECTION)
        .read_timeout(config.silence_timeout.max(config.answer_timeout))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("thinkheads/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if base.scheme() == "http" {
        // No certificates are needed, so none are loaded: it costs memory and fails on an image without them.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = &config.ca {
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .ok()
            .filter(|certificates| !certificates.is_empty())
            .ok_or_else(|| misconfigured("the CA file is not a PEM file of certificates"))?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(|error| PortalError::Misconfigured { detail: causes(&error) })
}

/// Reads an answer to its end.
async fn whole(mut response: Response, write: bool) -> Result<Vec<u8>, PortalError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(error, write))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(PortalError::NotUnderstood { detail: "it is larger than 64 MiB".to_owned() });
        }
    }
    Ok(body)
}

/// A refusal with what may come along.
#[derive(Deserialize)]
struct Refusal {
    #[serde(flatten)]
    problem: Problem,
    fresh: Option<Box<Plan>>,
    conflict: Option<Box<EditConflict>>,
}

/// A success, or the refusal as an error.
async fn accepted(response: Response, write: bool) -> Result<Response, PortalError> {
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Ok(response);
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/problem+json") {
        return Err(match status {
            502..=504 | 520..=530 => PortalError::Gateway { status, write },
            _ => PortalError::NotThinkHeads { detail: format!("it answered with {status}") },
        });
    }
    let body = whole(response, write).await?;
    let Ok(Refusal { problem, fresh, conflict }) = serde_json::from_slice(&body) else {
        return Err(PortalError::NotUnderstood { detail: format!("a refusal with {status} of an unknown shape") });
    };
    Err(match (fresh, conflict, problem.code) {
        (Some(fresh), _, _) => PortalError::Moved(fresh),
        (None, Some(conflict), _) => PortalError::Conflict(conflict),
        (None, None, ProblemCode::SignInRequired) => PortalError::Unauthorised,
        (None, None, ProblemCode::Forbidden) => PortalError::Forbidden { message: problem.message },
        (None, None, _) => PortalError::Refused(Box::new(problem)),
    })
}

/// The error of a call that brought no, or half an, answer. The cause goes to the log, without the address.
pub(super) fn failure(error: reqwest::Error, write: bool) -> PortalError {
    let error = error.without_url();
    tracing::debug!(cause = causes(&error), "the server was not reached");
    if let Some(detail) = certificate_problem(&error) {
        return PortalError::UntrustedCertificate { detail };
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => PortalError::ConnectTimeout,
        (true, false) => PortalError::Unreachable,
        (false, _) => PortalError::NoAnswer { write },
    }
}

fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    let first: &(dyn StdError + 'static) = error;
    let found = std::iter::successors(Some(first), |cause| next(*cause)).find_map(|cause| cause.downcast_ref());
    match found? {
        rustls::Error::InvalidCertificate(problem) => Some(problem.to_string()),
        rustls::Error::InvalidMessage(_) => Some("no TLS is spoken at this address".to_owned()),
        problem @ (rustls::Error::NoCertificatesPresented | rustls::Error::PeerIncompatible(_)) => {
            Some(problem.to_string())
        }
        _ => None,
    }
}

/// What caused it. An `io::Error` names the cause of what it wraps, not the wrapped error itself.
fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
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
    fn a_token_goes_over_https_or_stays_here() {
        for (url, wanted) in [
            ("https://heads.example", "https://heads.example/api/v1"),
            ("https://heads.example/", "https://heads.example/api/v1"),
            ("https://heads.example/below/?a=b#c", "https://heads.example/below/api/v1"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/api/v1"),
            ("http://[::1]:3000/", "http://[::1]:3000/api/v1"),
            ("http://localhost:3000", "http://localhost:3000/api/v1"),
        ] {
            assert_eq!(base(&Url::parse(url).unwrap()).unwrap().as_str(), wanted);
        }
        for url in
            ["http://heads.example", "http://10.0.0.7:3000", "ftp://heads.example", "https://me:secret@heads.example"]
        {
            let error = base(&Url::parse(url).unwrap()).unwrap_err();
            assert!(matches!(error, PortalError::Misconfigured { .. }), "{url}");
            assert!(!error.message().contains("secret@"));
        }
    }
}
