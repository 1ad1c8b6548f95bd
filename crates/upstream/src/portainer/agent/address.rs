//! Where an agent listens.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::Host;

/// Where an agent listens. Two that are equal are the same place, however they were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AgentAddress {
    host: Host,
    port: u16,
}

/// Why a text is no address of an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no address of an agent: write a host name or an IP address, with “:PORT” if it is not the usual one")]
pub struct BadAgentAddress(pub String);

impl TryFrom<String> for AgentAddress {
    type Error = BadAgentAddress;

    /// As it was written by `into`: always with its port.
    fn try_from(text: String) -> Result<Self, BadAgentAddress> {
        Self::parse(&text, 0)
    }
}

impl AgentAddress {
    /// Reads `host`, `host:port`, `tcp://host:port`, with an IPv6 address in brackets or bare. Without a port it is `default_port`.
    ///
    /// # Errors
    /// [`BadAgentAddress`] for everything else, such as a socket's path.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, BadAgentAddress> {
        let bad = || BadAgentAddress(text.chars().take(100).collect());
        let rest = text.trim();
        let rest = rest.strip_prefix("tcp://").unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if let Ok(ip) = rest.parse::<IpAddr>() {
            return Self::of(ip, default_port).ok_or_else(bad);
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (rest, default_port),
        };
        // A host name of letters, digits, `-`, `_` and dots; what else `Host` takes would be a mistake here.
        let good = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '[' | ']' | ':');
        if port == 0 || !host.chars().all(good) {
            return Err(bad());
        }
        Ok(Self { host: Host::parse(host).map_err(|_| bad())?, port })
    }

    fn of(ip: IpAddr, port: u16) -> Option<Self> {
        let host = match ip {
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        };
        (port != 0).then_some(Self { host, port })
    }

    /// Its host, as a resolver takes it: an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        }
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// As Portainer keeps it: `tcp://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("tcp://{self}")
    }
}

impl fmt::Display for AgentAddress {
    /// `HOST:PORT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl From<AgentAddress> for String {
    fn from(address: AgentAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::AgentAddress;

    #[test]
    fn addresses_in_every_usual_form() {
        for (text, host, shown) in [
            ("rumpledev", "rumpledev", "rumpledev:9001"),
            (" Rumple_Dev.LAN:9002 ", "rumple_dev.lan", "rumple_dev.lan:9002"),
            ("tcp://10.0.0.4:9001", "10.0.0.4", "10.0.0.4:9001"),
            ("tcp://10.0.0.4:9001/", "10.0.0.4", "10.0.0.4:9001"),
            ("fd00::1", "fd00::1", "[fd00::1]:9001"),
            ("[fd00:0::1]", "fd00::1", "[fd00::1]:9001"),
            ("tcp://[fd00::1]:9002", "fd00::1", "[fd00::1]:9002"),
        ] {
            let address = AgentAddress::parse(text, 9001).unwrap();
            assert_eq!((address.host().as_str(), address.to_string().as_str()), (host, shown), "{text}");
            assert_eq!(AgentAddress::parse(&address.url(), 1), Ok(address), "{text}");
        }
        for text in [
            "",
            "unix:///var/run/docker.sock",
            "https://h:9001",
            "me@h:1",
            "h:0",
            "h:70000",
            "a b",
            "h/x",
            "h:1:2",
            "[fd00::1",
        ] {
            assert!(AgentAddress::parse(text, 9001).is_err(), "{text}");
        }
    }
}
