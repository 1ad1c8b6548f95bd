//! The vault through its use cases: values reach containers and nothing else.

use secrecy::SecretString;
use service::deploy::{
    Also, KeySource,
    model::{ApplyVerdict, OnFailure, Reason, Shown, StackRef},
};
use types::{ProblemCode, catalog::SecretName};

use super::yard::{Yard, compose, text_entry};

const FIRST: &str = "first-value-of-the-secret";
const SECOND: &str = "second-value-of-the-secret";

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

async fn with_secret() -> Yard {
    let yard = Yard::new().await;
    let env = ", \"env\": [{ \"name\": \"TOKEN\", \"secret\": \"vault/shop/token\" }]";
    yard.stacks(&[text_entry("shop", env)]);
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &["TOKEN"]));
    yard.assign(&[("rumpledev", &["shop"])]);
    yard.deploy.set_secret(&yard.operator, &name("shop/token"), &FIRST.into()).await.unwrap();
    yard
}

fn token(yard: &Yard) -> Option<String> {
    yard.fake.container_variable("rumpledev", "shop-web-1", "TOKEN")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_secret_reaches_the_container_and_stands_nowhere_else() {
    let yard = with_secret().await;
    let (_, verdict) = yard.converge().await;
    assert_eq!(verdict, ApplyVerdict::Succeeded);
    assert_eq!(token(&yard).as_deref(), Some(FIRST));

    let info = yard.deploy.rotate_secret(&yard.operator, &name("shop/token"), &SECOND.into()).await.unwrap();
    assert_eq!(info.version, 2);
    let plan = yard.plan().await;
    let to = Shown::Secret { name: "shop/token".into(), version: 2 };
    assert!(
        plan.steps[0]
            .reasons
            .iter()
            .any(|one| matches!(one, Reason::VariableChanged { to: shown, .. } if *shown == to)),
        "{plan:#?}"
    );
    yard.converge().await;
    assert_eq!(token(&yard).as_deref(), Some(SECOND));

    // An older revision brings back the older value, from the vault's history.
    let also = Also::Rollback { stack: StackRef::new("rumpledev", "shop"), to: Some(1) };
    let proposal = yard.deploy.propose(&yard.operator, &also, OnFailure::Stop).await.unwrap();
    let id = yard.deploy.apply(&yard.operator, proposal.plan, Some(&also)).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    assert_eq!(token(&yard).as_deref(), Some(FIRST));

    let mut everything = yard.all_bytes();
    let view = yard.deploy.apply_view(&yard.operator, &id).await.unwrap();
    everything.extend(format!("{view:?}").into_bytes());
    everything.extend(format!("{:?}", yard.store.audit(None, 500).await.unwrap()).into_bytes());
    for value in [FIRST, SECOND] {
        assert!(!holds(&everything, value), "no file and no record holds the value");
    }
}

#[tokio::test]
async fn a_secret_in_use_stays_and_a_plain_one_can_be_adopted() {
    let yard = with_secret().await;
    let refused = yard.deploy.remove_secret(&yard.operator, &name("shop/token")).await.unwrap_err();
    let words = service::ServiceError::from(refused).problem();
    assert_eq!(words.code, ProblemCode::Conflict);
    assert!(words.message.contains("“shop”"), "{}", words.message);

    let env = ", \"env\": [{ \"name\": \"DB_PASSWORD\", \"value\": \"plain-password-here\" }]";
    yard.stacks(&[text_entry("shop", env)]);
    let pointer = "/docker_stacks/0/env/0/value";
    let file = "phoenix_stacks_config.json";
    let info = yard.deploy.adopt_secret(&yard.operator, file, pointer, &name("shop/db")).await.unwrap();
    assert_eq!(info.version, 1);
    assert!(yard.read(file).contains("shop/db") && !yard.read(file).contains("plain-password-here"));
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &["DB_PASSWORD"]));
    yard.converge().await;
    let value = yard.fake.container_variable("rumpledev", "shop-web-1", "DB_PASSWORD");
    assert_eq!(value.as_deref(), Some("plain-password-here"));
    yard.deploy.remove_secret(&yard.operator, &name("shop/token")).await.unwrap();
}

#[tokio::test]
async fn another_key_opens_the_vault_after_a_rekey_and_nothing_is_redeployed() {
    let yard = with_secret().await;
    yard.converge().await;
    let KeySource::File(path) = &yard.deploy.settings().key else { panic!("a file") };
    let before = std::fs::read_to_string(path).unwrap();
    let (count, public) = yard.deploy.rekey(&yard.operator, None).await.unwrap();
    assert_eq!(count, 1);
    assert!(public.starts_with("age1"));
    assert_ne!(std::fs::read_to_string(path).unwrap(), before);
    let plan = yard.plan().await;
    assert!(plan.steps.is_empty() && plan.blocked.is_empty(), "{plan:#?}");
    yard.deploy.set_secret(&yard.operator, &name("other"), &SecretString::from("x")).await.unwrap();
    let (another, _store) = yard.another().await;
    assert!(another.plan(&yard.operator, &Default::default()).await.unwrap().plan.blocked.is_empty());
}
