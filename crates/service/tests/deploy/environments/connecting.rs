//! The first connection, as a guided act.

use std::time::Duration;

use secrecy::SecretString;
use service::deploy::environments::{Access, NewConnection, PortainerProbe, SavedConnection, ServerState, Trust};
use types::{Problem, ProblemCode};
use upstream::portainer::{
    fake::{ADMINISTRATOR, API_KEY, DropWhen, FakeConfig, FakeTls, Generation, PASSWORD},
    fingerprint_text,
};

use super::{BOTH, HYPERVISOR, House, Plan, guest, words};

async fn unconnected(fake: FakeConfig) -> House {
    Plan { connected: false, fake, ..Plan::default() }.build(vec![guest(1001, "rumpledev", "rumpledev")]).await
}

async fn self_made(generation: Generation) -> House {
    unconnected(FakeConfig { generation, tls: FakeTls::SelfMade, ..FakeConfig::default() }).await
}

async fn probe(house: &House) -> PortainerProbe {
    house.deploy.probe_portainer(&house.operator, house.fake.url().as_str()).await.unwrap()
}

fn password(user: &str, text: &str) -> Access {
    Access::Password { user: user.to_owned(), password: SecretString::from(text) }
}

async fn save(house: &House, trust: Trust, access: Access) -> Result<SavedConnection, Problem> {
    let new = NewConnection { url: house.fake.url().to_string(), trust, access };
    house.deploy.save_connection(&house.operator, new).await.map_err(words)
}

/// Neither the catalog nor Portainer's keys changed.
async fn nothing_changed(house: &House, before: &types::catalog::CatalogVersion) {
    assert_eq!((house.version().await, house.text(HYPERVISOR)), (before.clone(), None));
    assert!(house.deploy.secrets(&house.operator).await.unwrap().is_empty());
    assert!(house.audit("portainer.connect").await.is_empty());
}

#[tokio::test]
async fn a_probe_tells_who_answers_and_how_it_can_be_trusted() {
    for generation in BOTH {
        let house = self_made(generation).await;
        let probe = probe(&house).await;
        let sha256 = fingerprint_text(&house.fake.fingerprint().unwrap());
        assert_eq!((probe.trust, probe.to_confirm), (Trust::Fingerprint { sha256 }, true));
        assert_eq!((probe.version.as_str(), probe.supported), (generation.version(), true));
        assert_eq!(probe.deploys_in_background, generation == Generation::Newer);
        assert_eq!(probe.state, ServerState::Ready);
        for call in house.fake.calls() {
            assert_eq!((call.header("x-api-key"), call.header("authorization")), (None, None));
        }
    }
    let house = unconnected(FakeConfig::default()).await;
    let plain = probe(&house).await;
    assert_eq!((plain.trust, plain.to_confirm), (Trust::Plain, true));
    house.fake.go_down().await;
    let error = house.deploy.probe_portainer(&house.operator, house.fake.url().as_str()).await.unwrap_err();
    assert_eq!(words(error).code, ProblemCode::UpstreamUnavailable);
    for wrong in ["portainer.lan", "ftp://portainer", "https://me:hunter2@portainer"] {
        let error = words(house.deploy.probe_portainer(&house.operator, wrong).await.unwrap_err());
        assert!(error.code == ProblemCode::Invalid && !error.message.contains("hunter2"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_password_becomes_a_key_and_is_kept_nowhere() {
    for generation in BOTH {
        let house = self_made(generation).await;
        let trust = probe(&house).await.trust;
        let saved = save(&house, trust.clone(), password(ADMINISTRATOR, PASSWORD)).await.unwrap();
        assert_eq!((saved.user.as_str(), saved.key_made), (ADMINISTRATOR, true));
        assert!(saved.other_keys.is_empty() && saved.overridden.is_empty(), "{saved:?}");
        assert_eq!(saved.saved.files, [HYPERVISOR, "phoenix_secrets.json"], "one commit");

        let text = house.text(HYPERVISOR).unwrap();
        assert!(
            text.contains("\"api_key\": \"vault/portainer/api_key\"") && text.contains("tls_fingerprint"),
            "{text}"
        );
        let everything = format!(
            "{text}{}{saved:?}{:?}",
            house.text("phoenix_secrets.json").unwrap(),
            house.audit("portainer.connect").await
        );
        for secret in [PASSWORD, "ptr_"] {
            assert!(!everything.contains(secret), "{secret} in {everything}");
        }
        assert_eq!(house.audit("portainer.connect").await.len(), 1);
        // It is in force at once.
        assert_eq!(house.known().await, Vec::<String>::new());

        // Done again the key in the vault is found good, and nothing changes.
        let again = save(&house, trust, password(ADMINISTRATOR, PASSWORD)).await.unwrap();
        assert_eq!((again.key_made, again.saved.commit), (false, None));
        assert_eq!(house.fake.calls_of("POST /api/users/1/tokens").len(), 1);
    }
}

#[tokio::test]
async fn a_key_is_saved_when_it_is_an_administrators() {
    for generation in BOTH {
        let house = self_made(generation).await;
        let trust = probe(&house).await.trust;
        let before = house.version().await;
        let error = save(&house, trust.clone(), Access::ApiKey(SecretString::from("ptr_wrong"))).await.unwrap_err();
        assert!(error.message.contains("API key"), "{}", error.message);
        nothing_changed(&house, &before).await;
        let saved = save(&house, trust, Access::ApiKey(SecretString::from(API_KEY))).await.unwrap();
        assert_eq!((saved.user.as_str(), saved.key_made), (ADMINISTRATOR, false));
        assert_eq!(house.known().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_does_not_work_is_not_saved() {
    let house = self_made(Generation::V2_23).await;
    house.fake.add_user("eve", "another long password");
    let trust = probe(&house).await.trust;
    let before = house.version().await;
    let wrong_trust = Trust::Fingerprint { sha256: "00".repeat(32) };
    for (trust, access, code, word) in [
        (trust.clone(), password(ADMINISTRATOR, "wrong"), ProblemCode::UpstreamRefused, "refused user"),
        (trust.clone(), password("eve", "another long password"), ProblemCode::Forbidden, "no administrator"),
        (wrong_trust, password(ADMINISTRATOR, PASSWORD), ProblemCode::UpstreamRefused, "another certificate"),
        (Trust::System, password(ADMINISTRATOR, PASSWORD), ProblemCode::UpstreamRefused, "not trusted"),
        (Trust::Plain, password(ADMINISTRATOR, PASSWORD), ProblemCode::Invalid, "https://"),
        (Trust::Fingerprint { sha256: "x".into() }, password(ADMINISTRATOR, PASSWORD), ProblemCode::Invalid, "64"),
        (Trust::CaFile { path: "/nowhere.pem".into() }, password(ADMINISTRATOR, PASSWORD), ProblemCode::Invalid, "PEM"),
    ] {
        let error = save(&house, trust, access).await.unwrap_err();
        assert!(error.code == code && error.message.contains(word), "{error:?}");
        assert!(!error.message.contains(PASSWORD));
    }
    nothing_changed(&house, &before).await;
    assert_eq!(house.fake.calls_of("POST /api/users").len(), 0, "no key was made");
    let to_stranger = house.fake.calls_of("POST /api/auth");
    assert_eq!(to_stranger.len(), 2, "no password goes to who has not proven itself");
}

#[tokio::test]
async fn a_key_whose_answer_was_lost_is_revoked() {
    let house = self_made(Generation::V2_23).await;
    let trust = probe(&house).await.trust;
    let before = house.version().await;
    house.fake.drop_connection("POST /api/users/1/tokens", DropWhen::AfterEffect);
    save(&house, trust.clone(), password(ADMINISTRATOR, PASSWORD)).await.unwrap_err();
    nothing_changed(&house, &before).await;
    assert_eq!(house.fake.calls_of("DELETE /api/users/1/tokens").len(), 1, "nobody has it");
    let saved = save(&house, trust, password(ADMINISTRATOR, PASSWORD)).await.unwrap();
    assert!(saved.key_made && saved.other_keys.is_empty(), "{saved:?}");
}

#[tokio::test]
async fn keys_of_other_installations_are_left_alone_and_named() {
    let house = self_made(Generation::V2_23).await;
    let trust = probe(&house).await.trust;
    save(&house, trust.clone(), password(ADMINISTRATOR, PASSWORD)).await.unwrap();
    let name = "portainer/api_key".parse().unwrap();
    house.deploy.rotate_secret(&house.operator, &name, &SecretString::from("ptr_of-another-server")).await.unwrap();
    let saved = save(&house, trust, password(ADMINISTRATOR, PASSWORD)).await.unwrap();
    assert!(saved.key_made && saved.other_keys.len() == 1, "{saved:?}");
    assert_eq!(saved.saved.files, ["phoenix_secrets.json"]);
    assert_eq!(house.fake.calls_of("DELETE").len(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_edited_is_noticed_before_a_key_is_made() {
    let house = self_made(Generation::V2_23).await;
    let trust = probe(&house).await.trust;
    house.write(&[(HYPERVISOR, r#"{"portainer_api": "by hand"}"#)]).await;
    let error = save(&house, trust, password(ADMINISTRATOR, PASSWORD)).await.unwrap_err();
    assert!(error.message.contains(HYPERVISOR), "{}", error.message);
    assert_eq!(house.fake.calls_of("POST").len(), 0);
}

#[tokio::test]
async fn secrets_in_plain_text_make_room() {
    let house = self_made(Generation::V2_23).await;
    let trust = probe(&house).await.trust;
    let text = "{\n  \"x\": 1.50,\n  \"portainer_api\": {\n    \"server_ip\": \"10.0.0.9\",\n    \"username\": \"admin\",\n    \"password\": \"hunter2\"\n  }\n}\n";
    house.write(&[(HYPERVISOR, text)]).await;
    save(&house, trust, password(ADMINISTRATOR, PASSWORD)).await.unwrap();
    let text = house.text(HYPERVISOR).unwrap();
    assert!(text.starts_with("{\n  \"x\": 1.50,\n"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("10.0.0.9"), "{text}");
}

#[tokio::test]
async fn settings_of_this_machine_that_come_first_are_named() {
    let fake = FakeConfig { tls: FakeTls::None, ..FakeConfig::default() };
    let house = Plan { fake, ..Plan::default() }.build(vec![]).await;
    let saved = save(&house, Trust::Plain, Access::ApiKey(SecretString::from(API_KEY))).await.unwrap();
    assert_eq!(saved.overridden, ["PORTAINER_URL", "PORTAINER_API_KEY"]);
}

#[tokio::test]
async fn a_server_that_was_never_set_up_gets_its_administrator() {
    for generation in BOTH {
        let fake = FakeConfig { generation, tls: FakeTls::SelfMade, administrator: None, ..FakeConfig::default() };
        let house = unconnected(fake).await;
        let seen = probe(&house).await;
        assert_eq!(seen.state, ServerState::NoAdministrator);
        let error = save(&house, seen.trust.clone(), password("owner", PASSWORD)).await.unwrap_err();
        assert!(error.message.contains("no administrator yet"), "{}", error.message);

        let url = house.fake.url().to_string();
        let make = |text: &'static str| {
            let (house, url, trust) = (&house, url.as_str(), &seen.trust);
            async move {
                let password = SecretString::from(text);
                house.deploy.create_first_administrator(&house.operator, url, trust, "owner", &password).await
            }
        };
        let error = words(make("short").await.unwrap_err());
        assert!(error.message.contains("12 characters"), "{}", error.message);
        // The answer is lost, and whoever can sign in was made.
        house.fake.drop_connection("POST /api/users/admin/init", DropWhen::AfterEffect);
        make(PASSWORD).await.unwrap();
        let error = words(make(PASSWORD).await.unwrap_err());
        assert!(error.message.contains("already has"), "{}", error.message);
        assert_eq!(probe(&house).await.state, ServerState::Ready);
        let saved = save(&house, seen.trust.clone(), password("owner", PASSWORD)).await.unwrap();
        assert_eq!((saved.user.as_str(), saved.key_made), ("owner", true));
        let audit = format!("{:?}", house.audit("portainer.first_administrator").await);
        assert!(audit.contains("owner") && !audit.contains(PASSWORD), "{audit}");
    }
}

#[tokio::test]
async fn a_locked_server_says_what_to_do() {
    let fake = FakeConfig { tls: FakeTls::SelfMade, administrator: None, ..FakeConfig::default() };
    let house = unconnected(fake).await;
    house.fake.advance(Duration::from_secs(6 * 60));
    let seen = probe(&house).await;
    assert_eq!(seen.state, ServerState::Locked);
    let error = save(&house, seen.trust, password("owner", PASSWORD)).await.unwrap_err();
    assert!(error.message.contains("Restart"), "{}", error.message);
}
