//! At which step the way to an agent ends, in words the owner understands.

use serde::{Deserialize, Serialize};

/// Why an agent could not be asked from this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[error("{}", self.message())]
pub enum AgentError {
    /// The name has no address.
    NameUnknown {
        /// The name.
        host: String,
    },
    /// Nobody told the name's address in time.
    ResolverSilent {
        /// The name.
        host: String,
    },
    /// The machine answers, and nobody listens on the port.
    Refused {
        /// The port.
        port: u16,
    },
    /// No way leads to the machine.
    NoRoute,
    /// Nothing came back in time: the machine is off, or a firewall swallows what is sent.
    ConnectTimeout {
        /// The port.
        port: u16,
    },
    /// The system refused to connect for another reason.
    ConnectFailed {
        /// The system's word for it.
        detail: String,
    },
    /// What listens there speaks no TLS.
    NoTls {
        /// The port.
        port: u16,
    },
    /// TLS could not be agreed upon.
    TlsFailed {
        /// What the TLS library found.
        detail: String,
    },
    /// It took the connection and never answered.
    Silent,
    /// It took the connection and closed it without an answer.
    HungUp,
    /// It answers, but not as an agent does.
    NotAnAgent {
        /// Its HTTP status; an agent says 204 and its version.
        status: u16,
    },
}

impl AgentError {
    /// What was found.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NameUnknown { host } => format!("This machine knows no address for “{host}”."),
            Self::ResolverSilent { host } => format!("Nobody told this machine the address of “{host}” in time."),
            Self::Refused { port } => format!("The machine answers, but nothing listens on port {port}."),
            Self::NoRoute => "No way leads from this machine to that one.".to_owned(),
            Self::ConnectTimeout { port } => format!("Nothing came back from port {port} in time."),
            Self::ConnectFailed { detail } => format!("This machine could not connect ({detail})."),
            Self::NoTls { port } => format!("What listens on port {port} speaks no TLS, so it is no agent."),
            Self::TlsFailed { detail } => format!("TLS failed: {detail}."),
            Self::Silent => "It took the connection and did not answer in time.".to_owned(),
            Self::HungUp => "It took the connection and closed it without an answer.".to_owned(),
            Self::NotAnAgent { status } => format!("What answers there (HTTP {status}) is no Portainer agent."),
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NameUnknown { .. } => {
                "Correct “portainer_agent_hostname”, or add the name to the DNS or the hosts file."
            }
            Self::ResolverSilent { .. } => "Check this machine's DNS server, or write an IP address.",
            Self::Refused { .. } => "Start the agent's container on that machine and publish its port.",
            Self::NoRoute => "Check the address, the network and the bridge of the machine.",
            Self::ConnectTimeout { .. } => {
                "Check that the machine is switched on and that its firewall lets the port through."
            }
            Self::ConnectFailed { .. } => "Check the address and this machine's network.",
            Self::NoTls { .. } | Self::NotAnAgent { .. } => {
                "Check “portainer_agent_port”: another program has this port."
            }
            Self::TlsFailed { .. } | Self::HungUp => "Look at the log of the agent's container, and restart it.",
            Self::Silent => "Look at the log and the load of that machine, and restart the agent's container.",
        }
    }

    /// Cause and remedy.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{} {}", self.detail(), self.remedy())
    }
}
