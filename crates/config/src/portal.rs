//! The running server that the terminal program goes through, and who sits at the terminal.

use secrecy::SecretString;
use url::Url;

use crate::source::Reader;

/// What only the terminal program needs.
#[derive(Clone, Debug, Default)]
pub struct PortalSettings {
    /// The server (`THINKHEADS_SERVER`); none: catalog and database are opened here.
    pub server: Option<Url>,
    /// The API token for it (`THINKHEADS_TOKEN`).
    pub token: Option<SecretString>,
    /// A certificate authority in PEM to trust for it (`THINKHEADS_SERVER_CA_FILE`).
    pub ca: Option<Vec<u8>>,
    /// The name of the system's user (`USER`, else `LOGNAME`), which stands in commits and applies.
    pub user: Option<String>,
}

impl PortalSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        const SERVER: &str = "THINKHEADS_SERVER";
        const CA: &str = "THINKHEADS_SERVER_CA_FILE";
        let server = reader.given(SERVER).and_then(|text| match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                reader.wrong(SERVER, "a URL with http or https and a host, such as https://example.org");
                None
            }
        });
        let user = reader.standard("USER").or_else(|| reader.standard("LOGNAME"));
        let ca = reader.given(CA).and_then(|path| {
            let pem = std::fs::read(path).ok();
            if pem.is_none() {
                reader.wrong(CA, "the path of a certificate in PEM that can be read");
            }
            pem
        });
        Self { server, token: reader.secret("THINKHEADS_TOKEN"), ca, user }
    }
}
