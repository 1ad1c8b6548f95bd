//! Who calls: keys, logins, set-up.

use std::time::Duration;

use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use upstream::portainer::{
    Credential, Environments, PortainerClient, PortainerConfig, PortainerError, Stacks, System,
    fake::{ADMINISTRATOR, API_KEY, FakeConfig, FakePortainer, HostScript, PASSWORD},
    system::SetupState,
};

use super::{BOTH, by_password, client, config, fake, fake_of};

fn with_password(fake: &FakePortainer, password: &str) -> PortainerClient {
    let credential = Credential::Password { user: ADMINISTRATOR.to_owned(), password: SecretString::from(password) };
    PortainerClient::new(PortainerConfig { credential: Some(credential), ..config(fake) }).unwrap()
}

#[tokio::test]
async fn the_version_needs_no_credential_and_proves_none() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let anybody = PortainerClient::new(PortainerConfig { credential: None, ..config(&fake) }).unwrap();
        let status = anybody.server_status().await.unwrap();
        assert_eq!(status.version, generation.version());
        assert!(!status.instance_id.is_empty());
        assert_eq!(anybody.capabilities().await.unwrap().version.to_string(), generation.version());
        assert_eq!(anybody.whoami().await, Err(PortainerError::NoCredential));
        let wrong = Credential::ApiKey(SecretString::from("ptr_wrong"));
        let wrong = PortainerClient::new(PortainerConfig { credential: Some(wrong), ..config(&fake) }).unwrap();
        assert!(wrong.server_status().await.is_ok());
        assert_eq!(wrong.whoami().await, Err(PortainerError::WrongApiKey));
        let me = client(&fake).whoami().await.unwrap();
        assert!(me.administrator && me.name == ADMINISTRATOR);
    }
}

#[tokio::test]
async fn only_one_header_and_no_cookie_is_ever_sent() {
    let fake = fake().await;
    fake.add_environment("dev", HostScript::default());
    for client in [client(&fake), by_password(&fake)] {
        client.stacks().await.unwrap();
        // The login's cookie, if it were kept, would spoil every write by Portainer's CSRF check.
        client.refresh_environment(upstream::portainer::EnvironmentId(1)).await.unwrap();
        client.refresh_environment(upstream::portainer::EnvironmentId(1)).await.unwrap();
    }
    for call in fake.calls() {
        let credentials = [call.header("x-api-key"), call.header("authorization")];
        assert!(credentials.iter().flatten().count() <= 1, "{call:?}");
        assert_eq!([call.header("cookie"), call.header("origin"), call.header("referer")], [None; 3]);
    }
    let key = fake.calls_of("GET /api/stacks")[0].header("x-api-key").map(str::to_owned);
    assert_eq!(key.as_deref(), Some(API_KEY), "with + / and = as they are");
}

#[tokio::test]
async fn many_calls_share_one_login() {
    let fake = fake().await;
    fake.delay("POST /api/auth", Duration::from_millis(30));
    let client = by_password(&fake);
    let outcomes = join_all((0..40).map(|_| client.stacks())).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(fake.counts().counted_logins, 1);
}

#[tokio::test]
async fn a_restart_voids_the_token_and_not_the_key() {
    let fake = fake().await;
    let (with_key, with_password) = (client(&fake), by_password(&fake));
    with_key.stacks().await.unwrap();
    with_password.stacks().await.unwrap();
    fake.restart().await.unwrap();
    with_key.stacks().await.unwrap();
    let outcomes = join_all((0..20).map(|_| with_password.stacks())).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(fake.counts().counted_logins, 2, "one login for all");
}

#[tokio::test]
async fn a_write_is_repeated_after_a_void_token_and_done_once() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let client = by_password(&fake);
    client.stacks().await.unwrap();
    fake.restart().await.unwrap();
    let new = super::text_stack(environment, "shop", &super::compose("nginx:1"));
    client.create_stack(&new).await.unwrap();
    assert_eq!(client.stacks().await.unwrap().len(), 1);
    assert_eq!(fake.calls_of("POST /api/stacks/create").len(), 2, "refused once, done once");
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_the_ban_is_never_reached() {
    let fake = fake().await;
    let client = with_password(&fake, "not this one, no");
    let wrong = PortainerError::WrongPassword { user: ADMINISTRATOR.to_owned() };
    let outcomes = join_all((0..50).map(|_| client.whoami())).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(wrong.clone())));
    assert_eq!(client.stacks().await.unwrap_err(), wrong);
    assert_eq!(fake.counts().counted_logins, 1);
    assert!(!format!("{wrong:?} {wrong}").contains("not this one"));
    with_password(&fake, PASSWORD).whoami().await.expect("a changed setting is tried at once");
}

#[tokio::test]
async fn logins_come_one_a_second_at_most() {
    let fake = fake().await;
    let credential = Credential::Password { user: "admin".to_owned(), password: SecretString::from("wrong wrong") };
    let config =
        PortainerConfig { credential: Some(credential), wrong_password_pause: Duration::ZERO, ..config(&fake) };
    let client = PortainerClient::new(config).unwrap();
    let began = tokio::time::Instant::now();
    for _ in 0..3 {
        assert!(matches!(client.whoami().await, Err(PortainerError::WrongPassword { .. })));
    }
    assert_eq!(fake.counts().counted_logins, 3);
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_ban_made_by_others_is_waited_out() {
    let fake = fake().await;
    fake.fail_with(
        "POST /api/auth",
        403,
        serde_json::json!({ "message": "Access denied", "details": "Access denied to resource" }),
        1,
    );
    let client = by_password(&fake);
    for _ in 0..5 {
        let error = client.whoami().await.unwrap_err();
        assert!(matches!(error, PortainerError::LoginBanned { retry_in_s } if retry_in_s > 3500), "{error:?}");
        assert!(error.message().contains("minutes") && error.retriable());
    }
    assert_eq!(fake.calls_of("POST /api/auth").len(), 1, "no login while it lasts");
}

#[tokio::test]
async fn the_first_set_up() {
    let fake = FakePortainer::start(FakeConfig { administrator: None, ..FakeConfig::default() }).await.unwrap();
    let client = with_password(&fake, "a long enough one");
    assert_eq!(client.setup_state().await, Ok(SetupState::NoAdministrator));
    assert_eq!(client.whoami().await, Err(PortainerError::NoAdministrator), "the answer is that of a wrong password");
    let create =
        async |user: &str, password: &str| client.create_first_administrator(user, &SecretString::from(password)).await;
    assert_eq!(create("admin", "short").await, Err(PortainerError::WeakPassword));
    assert!(matches!(create("ad min", "a long enough one").await, Err(PortainerError::Invalid { .. })));
    let admin = create(ADMINISTRATOR, "a long enough one").await.unwrap();
    assert!(admin.administrator && !format!("{admin:?}").contains("$2a$"), "the hash is not kept");
    assert_eq!(client.setup_state().await, Ok(SetupState::Ready));
    assert_eq!(client.whoami().await.unwrap().name, ADMINISTRATOR);
    assert_eq!(create("other", "a long enough one").await, Err(PortainerError::AlreadySetUp));
}

#[tokio::test]
async fn the_window_closes_after_five_minutes_and_a_restart_opens_it() {
    let fake = FakePortainer::start(FakeConfig { administrator: None, ..FakeConfig::default() }).await.unwrap();
    let client = client(&fake);
    fake.advance(Duration::from_secs(299));
    assert_eq!(client.setup_state().await, Ok(SetupState::NoAdministrator));
    fake.advance(Duration::from_secs(2));
    assert_eq!(client.setup_state().await, Ok(SetupState::WindowMissed));
    assert_eq!(client.server_status().await.unwrap().version, "2.23.0", "the old path still answers");
    assert_eq!(client.stacks().await, Err(PortainerError::SetupWindowMissed));
    let password = SecretString::from("a long enough one");
    let error = client.create_first_administrator("admin", &password).await.unwrap_err();
    assert_eq!(error, PortainerError::SetupWindowMissed);
    assert!(error.message().contains("Restart"));
    fake.restart().await.unwrap();
    client.create_first_administrator("admin", &password).await.unwrap();
    assert_eq!(client.setup_state().await, Ok(SetupState::Ready));
}

#[tokio::test]
async fn api_keys() {
    let fake = fake().await;
    assert_eq!(client(&fake).create_api_key("x").await.unwrap_err(), PortainerError::PasswordNeeded);
    let owner = by_password(&fake);
    let new = owner.create_api_key("thinkheads").await.unwrap();
    let key = new.key.expose_secret().to_owned();
    assert!(key.starts_with("ptr_") && !format!("{new:?}").contains(&key));
    let keys = owner.api_keys().await.unwrap();
    assert!(keys.iter().any(|one| one.description == "thinkheads" && key.starts_with(&one.prefix)));
    let credential = Some(Credential::ApiKey(new.key));
    let with_key = PortainerClient::new(PortainerConfig { credential, ..config(&fake) }).unwrap();
    with_key.whoami().await.unwrap();
    owner.delete_api_key(new.record.id).await.unwrap();
    assert_eq!(with_key.whoami().await, Err(PortainerError::WrongApiKey));
    assert!(matches!(owner.delete_api_key(99).await, Err(PortainerError::NotFound { .. })));
    assert!(matches!(owner.create_api_key(" ").await, Err(PortainerError::Invalid { .. })));
}

#[tokio::test]
async fn oauth_only_and_users_without_rights() {
    let fake = fake().await;
    fake.add_user("guest", "another long password");
    let credential =
        Credential::Password { user: "guest".to_owned(), password: SecretString::from("another long password") };
    let guest = PortainerClient::new(PortainerConfig { credential: Some(credential), ..config(&fake) }).unwrap();
    let error = guest.refresh_environment(upstream::portainer::EnvironmentId(1)).await.unwrap_err();
    assert!(matches!(error, PortainerError::Forbidden { .. }), "{error:?}");
    assert!(error.message().contains("administrator"));
    fake.set_oauth_only(true);
    let error = by_password(&fake).whoami().await.unwrap_err();
    assert_eq!(error, PortainerError::OauthOnly);
}
