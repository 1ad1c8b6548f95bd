//! Which Portainer is asked, and with what.

use secrecy::SecretString;
use service::{ServiceError, deploy::PortainerSource};
use types::ProblemCode;
use upstream::portainer::fake::{ADMINISTRATOR, API_KEY, PASSWORD};

use super::yard::{Yard, compose, text_entry};

async fn yard() -> Yard {
    let yard = Yard::with(Default::default(), |settings| settings.portainer = PortainerSource::default()).await;
    yard.stacks(&[text_entry("shop", "")]);
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &[]));
    yard.assign(&[("rumpledev", &["shop"])]);
    yard
}

fn hypervisor(yard: &Yard, rest: &str) {
    let url = yard.fake.url();
    yard.write(
        "phoenix_hypervisor_config.json",
        &format!("{{\n  \"portainer_api\": {{ \"url\": \"{url}\", {rest} }}\n}}\n"),
    );
}

async fn refusal(yard: &Yard) -> (ProblemCode, String) {
    let error = yard.deploy.plan(&yard.operator, &Default::default()).await.unwrap_err();
    let problem = ServiceError::from(error).problem();
    (problem.code, problem.message)
}

#[tokio::test]
async fn the_catalog_says_which_portainer_and_a_change_is_followed_at_once() {
    let yard = yard().await;
    let (code, words) = refusal(&yard).await;
    assert_eq!(code, ProblemCode::UpstreamUnavailable);
    assert!(words.contains("PORTAINER_URL") && words.contains("portainer_api"), "{words}");

    hypervisor(&yard, &format!("\"username\": \"{ADMINISTRATOR}\", \"password\": \"{PASSWORD}\""));
    assert_eq!(yard.plan().await.steps.len(), 1, "user and password in plain text work");

    hypervisor(&yard, "\"api_key\": \"vault/portainer/key\"");
    let (_, words) = refusal(&yard).await;
    assert!(words.contains("portainer/key"), "{words}");
    yard.deploy
        .set_secret(&yard.operator, &"portainer/key".parse().unwrap(), &SecretString::from(API_KEY))
        .await
        .unwrap();
    assert_eq!(yard.plan().await.steps.len(), 1, "the key comes from the vault");

    yard.deploy
        .rotate_secret(&yard.operator, &"portainer/key".parse().unwrap(), &SecretString::from("ptr_wrong"))
        .await
        .unwrap();
    let (code, words) = refusal(&yard).await;
    assert_eq!(code, ProblemCode::UpstreamUnavailable);
    assert!(!words.contains("ptr_wrong"), "{words}");
}

#[tokio::test]
async fn trusting_anybody_is_not_followed() {
    let yard = yard().await;
    yard.write(
        "phoenix_hypervisor_config.json",
        "{ \"portainer_api\": { \"url\": \"https://127.0.0.1:1\", \"skip_verify\": true, \"username\": \"a\", \"password\": \"b\" } }\n",
    );
    let (code, words) = refusal(&yard).await;
    assert_eq!(code, ProblemCode::Invalid);
    assert!(words.contains("tls_fingerprint"), "{words}");
}

#[tokio::test]
async fn without_git_the_catalog_says_what_is_missing() {
    let yard = Yard::with(Default::default(), |settings| settings.git.program = "/no/such/git".into()).await;
    let (_, words) = refusal(&yard).await;
    assert!(words.to_lowercase().contains("git"), "{words}");
}
