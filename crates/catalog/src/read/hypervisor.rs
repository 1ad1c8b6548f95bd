//! Reads the global settings: how Portainer is reached, and the domain.

use types::catalog::{DiagnosticCode as Code, PortainerSettings, SecretName, SecretSource};
use url::Url;

use super::cursor::{Cursor, Findings};

/// Where Portainer listens with TLS, unless the file says otherwise (its own default).
const PORTAINER_PORT: u16 = 9443;

/// The object with Portainer's settings.
pub(crate) const PORTAINER: &str = "portainer_api";

/// Members of it that hold secrets.
pub(crate) const SECRETS: [&str; 2] = ["password", "api_key"];

/// What was read.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) portainer: PortainerSettings,
    pub(crate) domain_name: Option<String>,
}

/// Reads the settings. The rest of the file is none of ours.
pub(crate) fn read(root: &Cursor<'_>, out: &mut Findings) -> Found {
    if root.node.members().is_none() {
        root.wrong_type("an object", out);
        return Found::default();
    }
    let mut portainer = PortainerSettings::default();
    let network = root.get("network").filter(|network| network.node.members().is_some());
    if let Some(network) = &network {
        portainer.agent_port = network.number("portainer_agent_port", "1 to 65535", out);
    }
    match root.get(PORTAINER) {
        Some(api) if api.node.members().is_none() => api.wrong_type("an object", out),
        Some(api) => self::portainer(&api, network.as_ref(), &mut portainer, out),
        None => portainer.url = network.as_ref().and_then(|network| address_in(network, out)),
    }
    Found { portainer, domain_name: root.filled("domain_name", out) }
}

fn portainer(api: &Cursor<'_>, network: Option<&Cursor<'_>>, to: &mut PortainerSettings, out: &mut Findings) {
    let known = [
        "url",
        "server_hostname",
        "server_ip",
        "port",
        "username",
        "admin_user",
        "password",
        "api_key",
        "ca_file",
        "tls_fingerprint",
        "skip_verify",
    ];
    api.check_keys(&known, out);
    to.username = api.filled("username", out).or_else(|| api.filled("admin_user", out));
    to.password = secret(api, SECRETS[0], out);
    to.api_key = secret(api, SECRETS[1], out);
    to.ca_file = api.filled("ca_file", out);
    to.tls_fingerprint = api.filled("tls_fingerprint", out);
    to.skip_verify = api.flag("skip_verify", out);
    if to.skip_verify {
        let remedy = "Name the server's certificate with “ca_file” or “tls_fingerprint” and remove “skip_verify”.";
        let message = "Any certificate is trusted, so anyone in between can read Portainer's key.";
        api.nearest("/skip_verify").warn(Code::InsecureTransport, message, remedy, out);
    }
    let port = api.number::<u16>("port", "1 to 65535", out);
    let host = api.filled("server_hostname", out).or_else(|| api.filled("server_ip", out));
    to.url = match (api.filled("url", out), host) {
        (Some(url), _) => checked(&api.nearest("/url"), &url, out),
        (None, Some(host)) => Some(put_together(&host, port)),
        (None, None) => network.and_then(|network| address_in(network, out)),
    };
}

fn put_together(host: &str, port: Option<u16>) -> String {
    // An IPv6 address needs brackets.
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    format!("https://{host}:{}", port.unwrap_or(PORTAINER_PORT))
}

fn address_in(network: &Cursor<'_>, out: &mut Findings) -> Option<String> {
    let host = network.filled("portainer_server_ip", out)?;
    Some(put_together(&host, network.number("portainer_server_port", "1 to 65535", out)))
}

fn checked(at: &Cursor<'_>, text: &str, out: &mut Findings) -> Option<String> {
    let remedy = "Write https://HOST:PORT; name and password have their own keys.";
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            at.error(Code::BadAddress, "Portainer's address is neither https nor http.", remedy, out);
            None
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            at.error(Code::BadAddress, "Portainer's address holds a name or a password.", remedy, out);
            None
        }
        Ok(url) => {
            if url.scheme() == "http" {
                let message = "Portainer is reached without TLS, so anyone in between can read its key.";
                at.warn(Code::InsecureTransport, message, "Use https.", out);
            }
            Some(text.to_owned())
        }
        Err(_) => {
            at.error(Code::BadAddress, "Portainer's address is no address.", remedy, out);
            None
        }
    }
}

/// Where a secret is. Its text goes nowhere.
fn secret(api: &Cursor<'_>, key: &str, out: &mut Findings) -> Option<SecretSource> {
    let text = api.filled(key, out)?;
    match named_secret(&text) {
        Some(name) => Some(SecretSource::Vault(name)),
        None => {
            let at = api.nearest(&format!("/{key}"));
            let message = format!("“{key}” stands here in plain text, in every copy of this repository.");
            let remedy = format!("Move it into the vault: phoenix-cli secret adopt {}#{}", at.file, at.pointer);
            at.warn(Code::PlainSecret, message, remedy, out);
            Some(SecretSource::Plain)
        }
    }
}

/// A text that names a secret, as opposed to being one.
pub(crate) fn named_secret(text: &str) -> Option<SecretName> {
    text.starts_with(SecretName::PREFIX).then(|| text.parse().ok()).flatten()
}
