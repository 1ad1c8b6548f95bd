//! Single calls: what is sent, and what the answers mean.

use reconcile::ports::{
    Associate, Configure, Create, Credential, Outcome, PullImages, RefusalKind, Remove, Source, Target, Update,
    Variables,
};
use serde_json::json;
use upstream::portainer::{
    EnvironmentId, Stacks,
    fake::{Behaviour, DropWhen, Generation, HostScript},
};

use super::{
    super::{Repository, client, compose, text_stack},
    Bench, DEV,
};

fn kind(outcome: Outcome) -> RefusalKind {
    match outcome {
        Outcome::Refused(refusal) => refusal.kind,
        other => panic!("{other:?}"),
    }
}

fn from_git(repository: &Repository, reference: Option<&str>, credential: Option<&str>) -> Source {
    Source::Git {
        url: repository.url(),
        reference: reference.map(str::to_owned),
        compose_file: "docker-compose.yml".to_owned(),
        additional_files: Vec::new(),
        credential: credential.map(|secret| Credential(secret.to_owned().into())),
    }
}

fn create(name: &str, source: Source) -> Create {
    Create { environment: DEV.to_owned(), name: name.to_owned(), source, variables: Variables::default(), swarm: false }
}

#[tokio::test]
async fn credentials_and_references_in_every_form() {
    let bench = Bench::of(Generation::V2_23).await;
    let repository = Repository::new(&compose("nginx:1"));
    repository.git(&["tag", "v1"]);
    bench.fake.require_git_login(&repository.url(), "bot", "git-pass-word");
    let refused = bench.target.create(create("none", from_git(&repository, None, None))).await;
    assert_eq!(kind(refused), RefusalKind::Deploy);
    let wrong = bench.target.create(create("wrong", from_git(&repository, None, Some("bot:other-pass-word")))).await;
    let Outcome::Refused(wrong) = wrong else { panic!("{wrong:?}") };
    assert!(!wrong.message.contains("pass-word") && wrong.message.contains("credentials"), "{wrong:?}");
    for (name, reference, sent) in [
        ("head", None, ""),
        ("short", Some("main"), "refs/heads/main"),
        ("full", Some("refs/heads/main"), "refs/heads/main"),
        ("tag", Some("v1"), "refs/tags/v1"),
    ] {
        let made = bench.target.create(create(name, from_git(&repository, reference, Some("bot:git-pass-word")))).await;
        assert_eq!(made, Outcome::Done);
        let body = bench.fake.calls_of("POST /api/stacks/create").pop().unwrap().body;
        assert_eq!((&body["RepositoryReferenceName"], &body["RepositoryUsername"]), (&json!(sent), &json!("bot")));
        assert_eq!(body["AutoUpdate"], serde_json::Value::Null, "Portainer's own polling stays off");
    }
    let token = bench.target.create(create("token", from_git(&repository, None, Some("ghp_token")))).await;
    assert_eq!(kind(token), RefusalKind::Deploy);
    let body = bench.fake.calls_of("POST /api/stacks/create").pop().unwrap().body;
    assert_eq!(
        (&body["RepositoryUsername"], &body["RepositoryPassword"]),
        (&json!("x-access-token"), &json!("ghp_token"))
    );
}

#[tokio::test]
async fn every_change_is_sent_once_whatever_happens() {
    let bench = Bench::of(Generation::V2_23).await;
    let text = || Source::Text(compose("nginx:1"));
    for status in [502, 504, 524] {
        bench.fake.fail_with("POST /api/stacks/create", status, "<html>Bad gateway</html>".into(), 1);
        let outcome = bench.target.create(create("shop", text())).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    }
    bench.fake.drop_connection("POST /api/stacks/create", DropWhen::BeforeEffect);
    assert!(matches!(bench.target.create(create("shop", text())).await, Outcome::Unknown { .. }));
    assert_eq!(bench.asked("POST /api/stacks/create"), 4);
    assert_eq!(bench.target.create(create("shop", text())).await, Outcome::Done);
    assert_eq!(kind(bench.target.create(create("shop", text())).await), RefusalKind::Conflict);
    let id = client(&bench.fake).stacks().await.unwrap()[0].id.0;
    let remove = Remove { environment: DEV.to_owned(), id, name: "shop".to_owned() };
    bench.fake.drop_connection(&format!("DELETE /api/stacks/{id}"), DropWhen::AfterEffect);
    assert!(matches!(bench.target.remove(remove.clone()).await, Outcome::Unknown { .. }));
    assert_eq!(kind(bench.target.remove(remove).await), RefusalKind::NotFound);
    bench.fake.go_down().await;
    assert_eq!(kind(bench.target.create(create("shop", text())).await), RefusalKind::Unavailable);
}

#[tokio::test]
async fn a_row_is_held_against_what_the_engine_took_it_for() {
    let bench = Bench::of(Generation::V2_23).await;
    let other = bench.fake.add_environment("other", HostScript::default());
    let client = client(&bench.fake);
    let id = client.create_stack(&text_stack(other, "shop", &compose("nginx:1"))).await.unwrap().id.0;
    let name = || "shop".to_owned();
    let home = || DEV.to_owned();
    let source = || Source::Text(compose("nginx:2"));
    let remove = Remove { environment: home(), id, name: name() };
    assert_eq!(kind(bench.target.remove(remove).await), RefusalKind::NotFound);
    let renamed = Remove { environment: "other".to_owned(), id, name: "else".to_owned() };
    assert_eq!(kind(bench.target.remove(renamed).await), RefusalKind::NotFound);
    let update = Update {
        environment: home(),
        id,
        name: name(),
        source: source(),
        variables: Variables::default(),
        swarm: false,
    };
    assert_eq!(kind(bench.target.update(update).await), RefusalKind::NotFound);
    let configure =
        Configure { environment: "other".to_owned(), id, source: source(), variables: Variables::default() };
    assert_eq!(kind(bench.target.configure(configure).await), RefusalKind::Unsupported);
    let associate = Associate { environment: home(), id, swarm: false };
    assert_eq!(kind(bench.target.associate(associate).await), RefusalKind::Conflict, "its environment is still there");
    assert_eq!(bench.fake.containers_on("other"), ["shop-web-1"]);
    let nowhere = Create { environment: "nowhere".to_owned(), ..create("shop", source()) };
    assert_eq!(kind(bench.target.create(nowhere).await), RefusalKind::NotFound);
    let swarm = Create { swarm: true, ..create("shop", source()) };
    assert_eq!(kind(bench.target.create(swarm).await), RefusalKind::Unsupported);
    assert_eq!(bench.asked("PUT ") + bench.asked("DELETE "), 0, "nothing was sent");
    assert_eq!(bench.asked("POST /api/stacks/create"), 1);
}

#[tokio::test]
async fn an_image_that_wants_a_login_is_left_to_the_deploy() {
    let bench = Bench::of(Generation::V2_23).await;
    let pull =
        |image: &str| PullImages { environment: DEV.to_owned(), images: vec![image.to_owned(), "b:1".to_owned()] };
    let route = "POST /api/endpoints/1/docker/images/create";
    let denied = json!({ "message": "pull access denied for lan/a, may require 'docker login'" });
    bench.fake.fail_with(route, 404, denied, 1);
    assert_eq!(kind(bench.target.pull_images(pull("lan/a:1")).await), RefusalKind::Unsupported);
    assert_eq!(bench.asked(route), 2, "the others are pulled");
    bench.fake.fail_with(route, 404, json!({ "message": "manifest unknown" }), 1);
    assert_eq!(kind(bench.target.pull_images(pull("lan/a:2")).await), RefusalKind::Deploy);
    bench.fake.set_host_up(DEV, false);
    assert!(matches!(bench.target.pull_images(pull("lan/a:1")).await, Outcome::Unknown { .. }), "a bare 502");
}

#[tokio::test]
async fn a_swarm_stack_gets_its_swarm() {
    let bench = Bench::of(Generation::Newer).await;
    let environment: EnvironmentId = bench.fake.add_environment("swarm", HostScript::default().swarm("s1"));
    let call =
        Create { environment: "swarm".to_owned(), swarm: true, ..create("shop", Source::Text(compose("nginx:1"))) };
    assert_eq!(bench.target.create(call).await, Outcome::Done);
    let row = client(&bench.fake).stacks_named(environment, "shop").await.unwrap().remove(0);
    assert_eq!(row.swarm_id, "s1");
}

#[tokio::test]
async fn what_portainer_repeats_of_secrets_is_not_told() {
    for generation in super::super::BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.behave(DEV, "web", Behaviour::MissingImage);
        let text = "services:\n  web:\n    image: ${TOKEN}\n";
        let variables = Variables([("TOKEN".to_owned(), "very-secret-value".to_owned().into())].into());
        let call = Create { variables: variables.clone(), ..create("shop", Source::Text(text.to_owned())) };
        assert!(!format!("{call:?}").contains("very-secret-value"));
        let outcome = bench.target.create(call).await;
        let told = format!("{outcome:?}");
        assert!(!told.contains("very-secret-value"), "{told}");
        if let Outcome::Refused(refusal) = &outcome {
            assert!(refusal.message.contains("manifest for … not found"), "the cause: {refusal:?}");
            assert!(refusal.message.contains("Correct the compose file"), "the remedy: {refusal:?}");
        }
        let unsafe_one = Variables([("TOKEN".to_owned(), "it's $5 very-secret-value".to_owned().into())].into());
        let call = Create { variables: unsafe_one, ..create("other", Source::Text(text.to_owned())) };
        let Outcome::Refused(refusal) = bench.target.create(call).await else { panic!("compose would mangle it") };
        assert_eq!(refusal.kind, RefusalKind::Invalid);
        assert!(refusal.message.contains("“TOKEN”") && !refusal.message.contains("very-secret"), "{refusal:?}");
        assert_eq!(bench.asked("POST /api/stacks/create"), 1, "not sent");
    }
}
