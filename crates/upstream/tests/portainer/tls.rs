//! Who the server is.

use secrecy::SecretString;
use tokio::net::TcpListener;
use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, PortainerError, System, Tls,
    fake::{FakeConfig, FakePortainer, FakeTls},
    fingerprint_text, parse_fingerprint, shown_fingerprint,
};
use url::Url;

use super::{SHORT, config};

async fn fake_with(tls: FakeTls) -> FakePortainer {
    FakePortainer::start(FakeConfig { tls, ..FakeConfig::default() }).await.unwrap()
}

async fn ask(fake: &FakePortainer, tls: Tls) -> Result<String, PortainerError> {
    let client = PortainerClient::new(PortainerConfig { tls, retries: 0, ..config(fake) })?;
    Ok(client.server_status().await?.version)
}

#[tokio::test]
async fn a_self_made_certificate_is_good_only_when_pinned() {
    let fake = fake_with(FakeTls::SelfMade).await;
    let fingerprint = fake.fingerprint().unwrap();
    assert_eq!(ask(&fake, Tls::Sha256Fingerprint(fingerprint)).await.unwrap(), "2.23.0");

    let mut other = fingerprint;
    other[31] ^= 1;
    let error = ask(&fake, Tls::Sha256Fingerprint(other)).await.unwrap_err();
    assert_eq!(error, PortainerError::OtherCertificate { seen: fingerprint });
    assert!(error.message().contains(&fingerprint_text(&fingerprint)), "the remedy can be copied");

    let error = ask(&fake, Tls::System).await.unwrap_err();
    assert!(matches!(error, PortainerError::UntrustedCertificate { .. }), "{error:?}");
    assert!(error.message().contains("PORTAINER_CERT_SHA256"));
    assert!(!error.retriable());
}

#[tokio::test]
async fn a_certificate_authoritys_file() {
    let fake = fake_with(FakeTls::FromAuthority).await;
    let pem = fake.ca_pem().unwrap().into_bytes();
    assert_eq!(ask(&fake, Tls::CaFile(pem.clone())).await.unwrap(), "2.23.0");
    assert_eq!(ask(&fake, Tls::Sha256Fingerprint(fake.fingerprint().unwrap())).await.unwrap(), "2.23.0");
    let stranger = fake_with(FakeTls::FromAuthority).await;
    for tls in [Tls::System, Tls::CaFile(stranger.ca_pem().unwrap().into_bytes())] {
        let error = ask(&fake, tls).await.unwrap_err();
        assert!(matches!(error, PortainerError::UntrustedCertificate { .. }), "{error:?}");
    }
    // It vouches for 127.0.0.1, not for every name.
    let mut url = fake.url();
    url.set_host(Some("localhost")).unwrap();
    let elsewhere = PortainerConfig { url: Some(url), tls: Tls::CaFile(pem), retries: 0, ..config(&fake) };
    let error = PortainerClient::new(elsewhere).unwrap().server_status().await.unwrap_err();
    assert!(matches!(error, PortainerError::UntrustedCertificate { .. }), "{error:?}");
}

#[tokio::test]
async fn the_first_look_sends_no_credential() {
    let fake = fake_with(FakeTls::SelfMade).await;
    let shown = shown_fingerprint(&config(&fake)).await.unwrap();
    assert_eq!(Some(shown), fake.fingerprint());
    assert_eq!(parse_fingerprint(&fingerprint_text(&shown)), Ok(shown));
    for call in fake.calls() {
        assert_eq!((call.header("x-api-key"), call.header("authorization")), (None, None));
    }
}

#[tokio::test]
async fn the_wrong_kind_of_address() {
    let plain = fake_with(FakeTls::None).await;
    let mut as_https = plain.url();
    as_https.set_scheme("https").unwrap();
    let tls = Tls::Sha256Fingerprint([0; 32]);
    let https = PortainerConfig { url: Some(as_https), tls, retries: 0, ..config(&plain) };
    let error = PortainerClient::new(https.clone()).unwrap().server_status().await.unwrap_err();
    assert!(error.message().contains("9000"), "{error:?}");
    assert!(shown_fingerprint(&https).await.is_err());
    assert!(matches!(shown_fingerprint(&config(&plain)).await, Err(PortainerError::Misconfigured { .. })));

    let secure = fake_with(FakeTls::SelfMade).await;
    let mut as_http = secure.url();
    as_http.set_scheme("http").unwrap();
    let http = PortainerConfig { url: Some(as_http), retries: 0, ..config(&secure) };
    let error = PortainerClient::new(http).unwrap().server_status().await.unwrap_err();
    assert!(matches!(error, PortainerError::ConnectionLost { .. } | PortainerError::NotUnderstood { .. }), "{error:?}");
}

#[tokio::test]
async fn settings_that_cannot_work() {
    let base = PortainerConfig { url: Some(Url::parse("https://portainer.lan:9443").unwrap()), ..Default::default() };
    let refused = |config: PortainerConfig| match PortainerClient::new(config) {
        Err(PortainerError::Misconfigured { detail }) => detail,
        _ => panic!("it is accepted"),
    };
    let plain = Some(Url::parse("http://portainer.lan:9000").unwrap());
    refused(PortainerConfig { tls: Tls::CaFile(b"no pem".to_vec()), ..base.clone() });
    refused(PortainerConfig { tls: Tls::Plain, ..base.clone() });
    refused(PortainerConfig { tls: Tls::Sha256Fingerprint([1; 32]), url: plain.clone(), ..base.clone() });
    refused(PortainerConfig { url: Some(Url::parse("https://me:hunter2@host").unwrap()), ..base.clone() });
    for key in ["", "a\nb"] {
        let credential = Some(Credential::ApiKey(SecretString::from(key)));
        refused(PortainerConfig { credential, ..base.clone() });
    }
    assert_eq!(PortainerClient::new(PortainerConfig::default()).err(), Some(PortainerError::NotConfigured));
    let plain = PortainerConfig { url: plain, tls: Tls::Plain, ..base };
    assert!(PortainerClient::new(plain).is_ok());
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent() {
    // It listens and never answers: the handshake must not wait for ever.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let mut config = PortainerConfig { url: Some(url), retries: 0, ..Default::default() };
    config.timeouts.connect = SHORT;
    let error = PortainerClient::new(config.clone()).unwrap().server_status().await.unwrap_err();
    assert_eq!(error, PortainerError::ConnectTimeout);
    assert!(shown_fingerprint(&config).await.is_err());
}
