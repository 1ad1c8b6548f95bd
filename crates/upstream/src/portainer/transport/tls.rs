//! Who the server is: certificate authorities, or one pinned certificate.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::ClientBuilder;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};
use url::Url;

use super::super::{PortainerConfig, PortainerError, Tls};

/// The server showed another certificate than the pinned one.
#[derive(Debug, thiserror::Error)]
#[error("another certificate than the pinned one")]
pub(super) struct OtherCertificate {
    pub(super) seen: [u8; 32],
}

/// Takes exactly one certificate, or (`pinned: None`) any, and notes which was shown. That the server holds the
/// certificate's key is checked in either case.
#[derive(Debug)]
struct Pin {
    pinned: Option<[u8; 32]>,
    seen: Arc<Mutex<Option<[u8; 32]>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen: [u8; 32] = Sha256::digest(end_entity.as_ref()).into();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        if self.pinned.is_some_and(|pinned| pinned != seen) {
            let other = CertificateError::Other(OtherError(Arc::new(OtherCertificate { seen })));
            return Err(rustls::Error::InvalidCertificate(other));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The process' crypto provider; reqwest was built without one of its own.
pub(super) fn provider() -> Arc<CryptoProvider> {
    if let Some(provider) = CryptoProvider::get_default() {
        return Arc::clone(provider);
    }
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
}

pub(in crate::portainer) fn pinning(
    pinned: Option<[u8; 32]>,
    seen: Arc<Mutex<Option<[u8; 32]>>>,
) -> Result<ClientConfig, PortainerError> {
    let provider = provider();
    let pin = Pin { pinned, seen, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PortainerError::Misconfigured { detail: error.to_string() })?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(pin)).with_no_client_auth())
}

/// Gives the client what it needs to know the server.
///
/// # Errors
/// [`PortainerError::Misconfigured`] if the settings do not fit the address, or the PEM file holds no certificate.
pub(super) fn configure(
    builder: ClientBuilder,
    config: &PortainerConfig,
    base: &Url,
) -> Result<ClientBuilder, PortainerError> {
    let misconfigured = |detail: &str| PortainerError::Misconfigured { detail: detail.to_owned() };
    let _installed = provider();
    if base.scheme() == "http" {
        if matches!(config.tls, Tls::CaFile(_) | Tls::Sha256Fingerprint(_)) {
            return Err(misconfigured(
                "a certificate is set, but the address begins with http://; use https:// (port 9443)",
            ));
        }
        // No certificates are needed, so none are loaded: it costs memory and fails on an image without them.
        return Ok(builder.tls_certs_only([]));
    }
    match &config.tls {
        Tls::System => Ok(builder),
        Tls::CaFile(pem) => {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| misconfigured("PORTAINER_CA_FILE is not a PEM file of certificates"))?;
            if certificates.is_empty() {
                return Err(misconfigured("PORTAINER_CA_FILE holds no certificate"));
            }
            Ok(builder.tls_certs_only(certificates))
        }
        Tls::Sha256Fingerprint(fingerprint) => {
            Ok(builder.tls_backend_preconfigured(pinning(Some(*fingerprint), Arc::default())?))
        }
        Tls::Plain => Err(misconfigured("TLS is switched off, but the address begins with https://")),
    }
}

/// The SHA-256 of the certificate a server shows, for a person to compare before it is pinned. Sends no credential.
///
/// # Errors
/// [`PortainerError::Unreachable`] and its kin; [`PortainerError::Misconfigured`] if the address is not `https`.
pub async fn shown_fingerprint(config: &PortainerConfig) -> Result<[u8; 32], PortainerError> {
    let url = config.url.as_ref().ok_or(PortainerError::NotConfigured)?;
    let base = super::base(url)?;
    if base.scheme() != "https" {
        return Err(PortainerError::Misconfigured { detail: "the address must begin with https://".to_owned() });
    }
    let seen = Arc::new(Mutex::new(None));
    let http = super::builder(config)
        .tls_backend_preconfigured(pinning(None, Arc::clone(&seen))?)
        .timeout(config.timeouts.read)
        .build()
        .map_err(|error| PortainerError::Misconfigured { detail: super::causes(&error) })?;
    let outcome = http.get(super::address(&base, "status")).send().await;
    let shown = *seen.lock().unwrap_or_else(PoisonError::into_inner);
    match (shown, outcome) {
        (Some(fingerprint), _) => Ok(fingerprint),
        (None, Err(error)) => Err(super::sending::failure(error, "show its certificate", false)),
        (None, Ok(_)) => Err(PortainerError::NotUnderstood { detail: "it showed no certificate".to_owned() }),
    }
}
