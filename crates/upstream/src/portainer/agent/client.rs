//! The probe over real sockets.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use reqwest::{Response, header::HeaderMap};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    super::transport::{sending, tls},
    AgentAddress, AgentAnswer, AgentError, AgentPlatform, AgentProbe, AgentTimeouts,
};

/// Addresses of one name that are tried: a name with more is a mistake, and each may take its time.
const MOST_ADDRESSES: usize = 4;
/// The longest version that is shown.
const LONGEST_VERSION: usize = 40;

/// Asks agents over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct AgentClient {
    timeouts: AgentTimeouts,
}

impl AgentClient {
    /// A probe that waits so long.
    #[must_use]
    pub const fn new(timeouts: AgentTimeouts) -> Self {
        Self { timeouts }
    }

    async fn try_address(&self, at: SocketAddr) -> Result<(), AgentError> {
        let error = match timeout(self.timeouts.connect, TcpStream::connect(at)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => return Err(AgentError::ConnectTimeout { port: at.port() }),
        };
        Err(match error.kind() {
            ErrorKind::ConnectionRefused => AgentError::Refused { port: at.port() },
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => AgentError::NoRoute,
            ErrorKind::TimedOut => AgentError::ConnectTimeout { port: at.port() },
            kind => AgentError::ConnectFailed { detail: kind.to_string() },
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "`upstream` is where HTTP clients are built; this one has its time-outs"
    )]
    fn http(&self, agent: &AgentAddress, at: IpAddr, seen: &Seen) -> Result<reqwest::Client, AgentError> {
        let failed = |detail: String| AgentError::TlsFailed { detail };
        // The agent's certificate is self-made: taking any is what Portainer does too. What is asked is public.
        let config = tls::pinning(None, Arc::clone(seen)).map_err(|error| failed(error.to_string()))?;
        reqwest::Client::builder()
            .user_agent(concat!("thinkheads/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.timeouts.connect)
            .timeout(self.timeouts.answer)
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .http1_only()
            .resolve(&agent.host(), SocketAddr::new(at, agent.port()))
            .tls_backend_preconfigured(config)
            .build()
            .map_err(|error| failed(error.to_string()))
    }
}

/// The certificate that was shown.
type Seen = Arc<Mutex<Option<[u8; 32]>>>;

#[async_trait]
impl AgentProbe for AgentClient {
    async fn resolve(&self, agent: &AgentAddress) -> Result<Vec<IpAddr>, AgentError> {
        let host = agent.host();
        let lookup = timeout(self.timeouts.resolve, lookup_host((host.clone(), agent.port()))).await;
        let addresses = match lookup {
            Ok(Ok(found)) => found.map(|one| one.ip()).take(MOST_ADDRESSES).collect(),
            Ok(Err(_)) => Vec::new(),
            Err(_) => return Err(AgentError::ResolverSilent { host }),
        };
        if addresses.is_empty() { Err(AgentError::NameUnknown { host }) } else { Ok(addresses) }
    }

    async fn connect(&self, agent: &AgentAddress, addresses: &[IpAddr]) -> Result<IpAddr, AgentError> {
        let mut last = AgentError::NameUnknown { host: agent.host() };
        for ip in addresses.iter().take(MOST_ADDRESSES) {
            match self.try_address(SocketAddr::new(*ip, agent.port())).await {
                Ok(()) => return Ok(*ip),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn ping(&self, agent: &AgentAddress, at: IpAddr) -> Result<AgentAnswer, AgentError> {
        let seen = Seen::default();
        let http = self.http(agent, at, &seen)?;
        let answer = http.get(format!("https://{agent}/ping")).send().await;
        let answer = answer.map_err(|error| failure(&error.without_url(), agent.port()))?;
        let certificate = *seen.lock().unwrap_or_else(PoisonError::into_inner);
        let certificate = certificate.ok_or(AgentError::NoTls { port: agent.port() })?;
        understood(&answer, certificate)
    }
}

fn failure(error: &reqwest::Error, port: u16) -> AgentError {
    match sending::tls_error(error) {
        Some(rustls::Error::InvalidMessage(_)) => AgentError::NoTls { port },
        Some(problem) => AgentError::TlsFailed { detail: problem.to_string() },
        None if error.is_timeout() => AgentError::Silent,
        None => AgentError::HungUp,
    }
}

/// An agent answers 204 and names its version and platform.
fn understood(answer: &Response, certificate: [u8; 32]) -> Result<AgentAnswer, AgentError> {
    let status = answer.status().as_u16();
    let version = header(answer.headers(), "portainer-agent").filter(|_| status == 204);
    let Some(version) = version else { return Err(AgentError::NotAnAgent { status }) };
    let platform = match header(answer.headers(), "portainer-agent-platform").as_deref() {
        Some("1") => AgentPlatform::Docker,
        Some("2") => AgentPlatform::Kubernetes,
        _ => AgentPlatform::Unknown,
    };
    Ok(AgentAnswer { version, platform, certificate })
}

/// A header's visible characters; what a stranger sends may be long and odd.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text: String = text.chars().filter(char::is_ascii_graphic).take(LONGEST_VERSION).collect();
    (!text.is_empty()).then_some(text)
}
