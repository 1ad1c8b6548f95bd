//! Where the server listens and how the world reaches it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use crate::source::Reader;

/// Listening address, public URL and what is believed of the network in front.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address to listen on (`THINKHEADS_ADDR`).
    pub addr: SocketAddr,
    /// The URL people type (`THINKHEADS_PUBLIC_URL`); `http` or `https`, a host, no path.
    pub public_url: Url,
    /// Networks whose forwarded addresses are believed (`THINKHEADS_TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// Folder with the built site files (`THINKHEADS_SITE_DIR`).
    pub site_dir: PathBuf,
    /// How long running answers get at shutdown (`THINKHEADS_SHUTDOWN_GRACE_S`).
    pub shutdown_grace: Duration,
    /// Bearer token for `/metrics` (`THINKHEADS_METRICS_TOKEN`).
    pub metrics_token: Option<SecretString>,
    /// Most connections at once (`THINKHEADS_MAX_CONNECTIONS`), at least 1.
    pub max_connections: usize,
    /// Most answers one person may follow at once (`THINKHEADS_STREAMS_PER_PERSON`), at least 1.
    pub streams_per_person: usize,
}

impl HttpConfig {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let addr = reader.parse(
            "THINKHEADS_ADDR",
            "an address and a port, such as 127.0.0.1:3000 or [::]:8080",
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        );
        Self {
            addr,
            public_url: public_url(reader),
            trusted_proxies: trusted_proxies(reader),
            site_dir: PathBuf::from(reader.text("THINKHEADS_SITE_DIR")),
            shutdown_grace: reader.seconds("THINKHEADS_SHUTDOWN_GRACE_S"),
            metrics_token: reader.secret("THINKHEADS_METRICS_TOKEN"),
            max_connections: reader.count("THINKHEADS_MAX_CONNECTIONS"),
            streams_per_person: reader.count("THINKHEADS_STREAMS_PER_PERSON"),
        }
    }

    /// The public URL without a trailing slash.
    #[must_use]
    pub fn public_origin(&self) -> String {
        self.public_url.as_str().trim_end_matches('/').to_owned()
    }
}

fn public_url(reader: &mut Reader) -> Url {
    const NAME: &str = "THINKHEADS_PUBLIC_URL";
    let acceptable = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.username().is_empty()
    };
    let parsed: Result<Url, _> = reader.text(NAME).parse();
    match parsed {
        Ok(url) if acceptable(&url) => url,
        _ => {
            reader.wrong(
                NAME,
                "a URL with http or https, a host and nothing behind it, such as https://thinkheadsai.com",
            );
            fallback_url()
        }
    }
}

#[expect(clippy::expect_used, reason = "a constant that a test parses")]
fn fallback_url() -> Url {
    Url::parse("http://localhost:3000").expect("a valid URL")
}

fn trusted_proxies(reader: &mut Reader) -> Vec<IpNet> {
    const NAME: &str = "THINKHEADS_TRUSTED_PROXIES";
    let text = reader.text(NAME);
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let networks: Result<Vec<IpNet>, _> = parts
        .map(|part| part.parse().or_else(|_| part.parse().map(|address: std::net::IpAddr| IpNet::from(address))))
        .collect();
    networks.unwrap_or_else(|_| {
        reader.wrong(NAME, "a comma-separated list of addresses or networks, such as 127.0.0.1, 10.0.0.0/8");
        Vec::new()
    })
}

impl Reader {
    /// A setting that counts something there must be at least one of.
    pub(crate) fn count(&mut self, name: &'static str) -> usize {
        const RIGHT: &str = "a whole number of 1 or more";
        let count = self.parse(name, RIGHT, 1_usize);
        if count == 0 {
            self.wrong(name, RIGHT);
        }
        count
    }

    /// A setting in whole or decimal seconds.
    pub(crate) fn seconds(&mut self, name: &'static str) -> Duration {
        let parsed = self.text(name).parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        parsed.unwrap_or_else(|| {
            self.wrong(name, "a number of seconds, 0 or more");
            Duration::ZERO
        })
    }
}
