//! Certificates made on the spot.

use std::{io, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::FakeTls;

/// The server's side of TLS.
pub(in crate::portainer) struct ServerTls {
    pub(in crate::portainer) acceptor: TlsAcceptor,
    pub(in crate::portainer) fingerprint: [u8; 32],
    pub(in crate::portainer) ca_pem: Option<String>,
}

impl ServerTls {
    pub(in crate::portainer) fn new(tls: FakeTls) -> io::Result<Option<Self>> {
        match tls {
            FakeTls::None => Ok(None),
            FakeTls::SelfMade => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let params = params(&["localhost", "0.0.0.0"])?;
                let certificate = params.self_signed(&key).map_err(io::Error::other)?;
                Self::of(certificate.der().clone(), &key, None).map(Some)
            }
            FakeTls::FromAuthority => {
                let ca_key = KeyPair::generate().map_err(io::Error::other)?;
                let mut ca = params(&[])?;
                ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
                ca.distinguished_name.push(DnType::CommonName, "stand-in authority");
                let ca_pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();
                let key = KeyPair::generate().map_err(io::Error::other)?;
                let leaf = params(&["127.0.0.1"])?;
                let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).map_err(io::Error::other)?;
                Self::of(leaf.der().clone(), &key, Some(ca_pem)).map(Some)
            }
        }
    }

    fn of(certificate: CertificateDer<'static>, key: &KeyPair, ca_pem: Option<String>) -> io::Result<Self> {
        let fingerprint = Sha256::digest(certificate.as_ref()).into();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), fingerprint, ca_pem })
    }
}

fn params(names: &[&str]) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).map_err(io::Error::other)
}
