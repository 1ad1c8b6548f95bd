//! The agent on a Docker host, asked from this machine: a diagnosis of what lies between. See `README.md` in this folder.

mod address;
mod client;
mod error;
#[cfg(feature = "fake")]
pub mod fake;

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use address::{AgentAddress, BadAgentAddress};
pub use client::AgentClient;
pub use error::AgentError;

/// The port an agent listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 9001;

/// Asks an agent, one step after the other, so that whoever asks learns at which step it ends.
#[async_trait]
pub trait AgentProbe: Send + Sync {
    /// The addresses of its name, as this machine resolves it; never none.
    ///
    /// # Errors
    /// [`AgentError::NameUnknown`], [`AgentError::ResolverSilent`].
    async fn resolve(&self, agent: &AgentAddress) -> Result<Vec<IpAddr>, AgentError>;

    /// Opens a TCP connection to the first of the addresses that takes one, and closes it.
    ///
    /// # Errors
    /// That of the last address: [`AgentError::Refused`], [`AgentError::NoRoute`], [`AgentError::ConnectTimeout`].
    async fn connect(&self, agent: &AgentAddress, addresses: &[IpAddr]) -> Result<IpAddr, AgentError>;

    /// Asks for the agent's public `/ping` over TLS. Nothing secret is sent, and the certificate, which the agent makes itself, is
    /// noted and not verified.
    ///
    /// # Errors
    /// [`AgentError::NoTls`], [`AgentError::TlsFailed`], [`AgentError::Silent`], [`AgentError::HungUp`], [`AgentError::NotAnAgent`].
    async fn ping(&self, agent: &AgentAddress, at: IpAddr) -> Result<AgentAnswer, AgentError>;
}

/// What an agent says of itself to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentAnswer {
    /// Its version.
    pub version: String,
    /// What it stands on.
    pub platform: AgentPlatform,
    /// SHA-256 of the certificate it showed.
    #[serde(serialize_with = "as_fingerprint")]
    pub certificate: [u8; 32],
}

/// What an agent stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentPlatform {
    /// Docker.
    Docker,
    /// Kubernetes, where no compose stack can go.
    Kubernetes,
    /// It says nothing that this client knows.
    Unknown,
}

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct AgentTimeouts {
    /// Asking for the addresses of a name. Default 3 s.
    pub resolve: Duration,
    /// TCP to one address; TLS once more. Default 3 s, which is also what Portainer gives its agents to answer.
    pub connect: Duration,
    /// Connection, TLS and answer together. Default 5 s.
    pub answer: Duration,
}

impl Default for AgentTimeouts {
    fn default() -> Self {
        Self { resolve: Duration::from_secs(3), connect: Duration::from_secs(3), answer: Duration::from_secs(5) }
    }
}

fn as_fingerprint<S: serde::Serializer>(fingerprint: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&super::fingerprint_text(fingerprint))
}
