//! A loopback agent with what may be wrong with one.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    super::fake::{FakeTls, tls::ServerTls},
    AgentAddress,
};

/// The version it calls itself.
pub const VERSION: &str = "2.23.0";
/// The longest request that is read.
const LONGEST_REQUEST: usize = 16 * 1024;

/// What it does with a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentBehaviour {
    /// Answers as an agent on Docker does.
    #[default]
    Answers,
    /// Answers as an agent on Kubernetes does.
    Kubernetes,
    /// Answers with this status, and with the headers of an agent.
    Status(u16),
    /// Answers 204 without the headers of an agent.
    NoHeaders,
    /// Speaks HTTP without TLS.
    NoTls,
    /// Takes the connection and says nothing, not even in the handshake.
    SilentHandshake,
    /// Takes the request and says nothing.
    SilentAnswer,
    /// Takes the request and closes the connection.
    HangsUp,
}

/// The stand-in. Stops when dropped, and its port is closed then.
pub struct FakeAgent {
    address: SocketAddr,
    fingerprint: [u8; 32],
    requests: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

impl FakeAgent {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The system gives no port, or no certificate could be made.
    pub async fn start(behaviour: AgentBehaviour) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let tls = ServerTls::new(FakeTls::SelfMade)?.ok_or_else(|| io::Error::other("no certificate was made"))?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let visit = Visit { behaviour, acceptor: tls.acceptor, requests: Arc::clone(&requests) };
        tokio::spawn(accept(listener, visit, stop.clone()));
        Ok(Self { address, fingerprint: tls.fingerprint, requests, _stop: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub const fn socket(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as Portainer and the probe take it.
    ///
    /// # Panics
    /// Never: a socket's address is one.
    #[must_use]
    pub fn address(&self) -> AgentAddress {
        AgentAddress::parse(&self.address.to_string(), self.address.port())
            .unwrap_or_else(|error| panic!("a socket's address: {error}"))
    }

    /// SHA-256 of its certificate.
    #[must_use]
    pub const fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// The requests it read, with their headers.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Clone)]
struct Visit {
    behaviour: AgentBehaviour,
    acceptor: TlsAcceptor,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn accept(listener: TcpListener, visit: Visit, stop: CancellationToken) {
    // Dropped with the loop, and the open connections with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let visit = visit.clone();
        connections.spawn(async move {
            if let Err(error) = visit.receive(stream).await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Visit {
    async fn receive(&self, mut stream: TcpStream) -> io::Result<()> {
        match self.behaviour {
            AgentBehaviour::SilentHandshake => std::future::pending().await,
            AgentBehaviour::NoTls => {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await?;
                return stream.shutdown().await;
            }
            _ => {}
        }
        let mut stream = self.acceptor.accept(stream).await?;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        let headers = |platform: u8| format!("Portainer-Agent: {VERSION}\r\nPortainer-Agent-Platform: {platform}\r\n");
        let (status, headers) = match self.behaviour {
            AgentBehaviour::SilentAnswer => std::future::pending().await,
            AgentBehaviour::HangsUp => return Ok(()),
            _ if path != "/ping" => (404, String::new()),
            AgentBehaviour::Status(status) => (status, headers(1)),
            AgentBehaviour::NoHeaders => (204, String::new()),
            AgentBehaviour::Kubernetes => (204, headers(2)),
            _ => (204, headers(1)),
        };
        let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
        let answer = format!("HTTP/1.1 {status} Said\r\n{headers}{length}Connection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    }
}
