//! From an edit to a healthy container, and what stands in the way.

use service::{
    DeployError,
    deploy::{
        StackState,
        model::{
            Action, ApplyVerdict, FailureCause, OnFailure, PlanOptions, Prune, Reason, RollbackOutcome, Scope,
            StackRef, Verdict,
        },
    },
};
use types::ProblemCode;
use upstream::portainer::fake::{After, Behaviour, Generation};

use super::yard::{PATIENCE, Repository, Yard, compose, git_entry, text_entry};

#[tokio::test]
async fn from_an_edit_to_a_healthy_container() {
    for generation in [Generation::V2_23, Generation::Newer] {
        let yard = Yard::of(generation).await;
        let repository = Repository::new(&compose("nginx:1", &["MODE"]));
        let env = ", \"env\": [{ \"name\": \"MODE\", \"value\": \"slow\" }], \"environments\": { \"rumpletest\": { \"env\": [{ \"name\": \"MODE\", \"value\": \"test # it\" }] } }";
        yard.stacks(&[git_entry("Shop", &repository, env), text_entry("cache", "")]);
        yard.write("stacks/cache/docker-compose.yml", &compose("redis:7", &[]));
        yard.assign(&[("rumpledev", &["Shop", "cache"]), ("rumpletest", &["Shop"])]);

        let (plan, verdict) = yard.converge().await;
        assert_eq!(verdict, ApplyVerdict::Succeeded);
        assert_eq!(plan.steps.len(), 3);
        assert!(yard.plan().await.is_in_step());
        assert_eq!(yard.fake.container_variable("rumpledev", "shop-web-1", "MODE").as_deref(), Some("slow"));
        assert_eq!(yard.fake.container_variable("rumpletest", "shop-web-1", "MODE").as_deref(), Some("test # it"));

        // A new commit, and nothing else: only the stack that follows it changes.
        let commit = repository.commit("docker-compose.yml", &compose("nginx:2", &["MODE"]));
        let plan = yard.plan().await;
        assert_eq!(plan.steps.len(), 2, "{plan:#?}");
        let moved = |reason: &Reason| matches!(reason, Reason::CommitMoved { to, .. } if *to == commit);
        assert!(plan.steps.iter().all(|step| step.reasons.iter().any(moved)));
        let look = yard.deploy.look(&yard.operator).await.unwrap();
        let dev = look.overview.environments.iter().find(|one| one.name == "rumpledev").unwrap();
        let states: Vec<(&str, StackState)> = dev.stacks.iter().map(|one| (one.title.as_str(), one.state)).collect();
        assert_eq!(states, [("cache", StackState::InStep), ("Shop", StackState::Changes)]);
        let (_, verdict) = yard.converge().await;
        assert_eq!(verdict, ApplyVerdict::Succeeded);

        let history = yard.deploy.applies(&yard.operator, None, None, 10).await.unwrap();
        assert_eq!(history.len(), 2);
        assert!(history.iter().all(|one| one.actor == "ada"));
    }
}

#[tokio::test]
async fn a_plan_is_refused_when_the_world_moved_and_the_new_one_is_shown() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop"])]);
    let plan = yard.plan().await;
    let commit = repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let Err(DeployError::Moved(fresh)) = yard.deploy.apply(&yard.operator, plan, None).await else {
        panic!("a commit came in between")
    };
    assert_eq!(yard.asked("POST /api/stacks/create"), 0, "nothing was done");
    let acts =
        async || yard.store.audit(None, 500).await.unwrap().iter().filter(|one| one.action == "deploy.apply").count();
    assert_eq!(acts().await, 0, "what did not begin stands in no record");
    let id = yard.deploy.apply(&yard.operator, *fresh, None).await.unwrap();
    assert_eq!(acts().await, 1);
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    let look = yard.deploy.look(&yard.operator).await.unwrap();
    assert_eq!(look.overview.environments[0].stacks[0].commit.as_deref(), Some(commit.as_str()));
}

#[tokio::test]
async fn one_stack_alone_asks_no_other_repository() {
    let yard = Yard::new().await;
    let (near, far) = (Repository::new(&compose("nginx:1", &[])), Repository::new(&compose("nginx:1", &[])));
    yard.stacks(&[git_entry("near", &near, ""), git_entry("far", &far, "")]);
    yard.assign(&[("rumpledev", &["near", "far"])]);
    yard.converge().await;
    far.commit("docker-compose.yml", &compose("nginx:2", &[]));
    near.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let options =
        PlanOptions { scope: Scope::Only([StackRef::new("rumpledev", "near")].into()), ..PlanOptions::default() };
    let planned = yard.deploy.plan(&yard.operator, &options).await.unwrap();
    assert_eq!(planned.plan.steps.len(), 1);
    let id = yard.deploy.apply(&yard.operator, planned.plan, None).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
    assert_eq!(yard.plan().await.steps.len(), 1, "the other one still waits");

    let unknown = Scope::Only([StackRef::new("rumpledev", "nera")].into());
    let refused =
        yard.deploy.plan(&yard.operator, &PlanOptions { scope: unknown, ..PlanOptions::default() }).await.unwrap_err();
    let words = service::ServiceError::from(refused).problem();
    assert_eq!(words.code, ProblemCode::NotFound);
    assert!(words.message.contains("near"), "{}", words.message);
}

#[tokio::test]
async fn a_failing_health_check_is_rolled_back_by_itself() {
    let yard = Yard::of(Generation::Newer).await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop"])]);
    yard.converge().await;

    yard.fake.behave("rumpledev", "nginx:2", Behaviour::Unhealthy(After::Polls(1)));
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let options = PlanOptions { on_failure: OnFailure::RollBack, ..PlanOptions::default() };
    let plan = yard.deploy.plan(&yard.operator, &options).await.unwrap().plan;
    let id = yard.deploy.apply(&yard.operator, plan, None).await.unwrap();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Failed);
    let verdicts = yard.verdicts(&id).await;
    let [(_, Verdict::Failed { cause, rollback })] = verdicts.as_slice() else { panic!("{verdicts:#?}") };
    assert!(matches!(cause, FailureCause::Unwell { .. } | FailureCause::TimedOut { .. }), "{cause:?}");
    assert!(matches!(rollback, Some(RollbackOutcome::Restored { revision: 1 })), "{rollback:?}");
    // The catalog still wants the bad commit, and says so; nobody but a person brings it back.
    assert!(matches!(yard.plan().await.steps.as_slice(), [step] if matches!(step.action, Action::Recreate { .. })));
    yard.fake.poll_repositories().await;
    let look = yard.deploy.look(&yard.operator).await.unwrap();
    let container = &look.overview.environments[0].stacks[0].containers[0];
    assert_eq!(container.image.split('@').next(), Some("nginx:1"));
}

#[tokio::test]
async fn an_apply_is_cancelled_from_another_process() {
    let yard = Yard::new().await;
    let entries: Vec<String> = (0..4).map(|n| text_entry(&format!("s{n}"), &after(n))).collect();
    for n in 0..4 {
        yard.write(&format!("stacks/s{n}/docker-compose.yml"), &compose("nginx:1", &[]));
    }
    yard.stacks(&entries);
    yard.assign(&[("rumpledev", &["s0", "s1", "s2", "s3"])]);
    yard.fake.hold_deploys();
    let plan = yard.plan().await;
    let id = yard.deploy.apply(&yard.operator, plan, None).await.unwrap();
    let (another, _store) = yard.another().await;
    assert_eq!(another.running(&yard.operator).await.unwrap().len(), 1);
    another.cancel(&yard.operator, &id).await.unwrap();
    heard(&yard, &id.0).await;
    yard.fake.release_deploys();
    assert_eq!(yard.follow(&id).await, ApplyVerdict::Cancelled);
    assert!(yard.asked("POST /api/stacks/create") < 4, "what was not begun stays so");
    let refused = another.cancel(&yard.operator, &id).await.unwrap_err();
    assert_eq!(service::ServiceError::from(refused).code(), ProblemCode::Conflict);
}

fn after(n: usize) -> String {
    if n == 0 { String::new() } else { format!(", \"depends_on\": [\"s{}\"]", n - 1) }
}

/// Waits until the process that runs the apply has heard of its cancelling: it asks once a second.
async fn heard(yard: &Yard, id: &str) {
    let begun = std::time::Instant::now();
    while !yard.store.apply_cancelled(id).await.unwrap() || begun.elapsed() < std::time::Duration::from_millis(1_500) {
        assert!(begun.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_the_catalog_no_longer_names_goes_only_when_asked() {
    let yard = Yard::new().await;
    yard.stacks(&[text_entry("shop", ""), text_entry("old", "")]);
    for name in ["shop", "old"] {
        yard.write(&format!("stacks/{name}/docker-compose.yml"), &compose("nginx:1", &[]));
    }
    yard.assign(&[("rumpledev", &["shop", "old"])]);
    yard.converge().await;
    yard.stacks(&[text_entry("shop", "")]);
    yard.assign(&[("rumpledev", &["shop"])]);
    assert!(yard.plan().await.steps.is_empty());
    let options = PlanOptions { prune: Prune::Managed, ..PlanOptions::default() };
    let plan = yard.deploy.plan(&yard.operator, &options).await.unwrap().plan;
    assert!(matches!(plan.steps.as_slice(), [step] if matches!(step.action, Action::Remove { .. })));

    // Half a file may hide a stack that is wanted: nothing is removed then.
    yard.write("phoenix_stacks_config.json", "{ \"docker_stacks\": [ { \"name\": ");
    let refused = yard.deploy.plan(&yard.operator, &options).await.unwrap_err();
    let words = service::ServiceError::from(refused).problem();
    assert_eq!(words.code, ProblemCode::Conflict, "{words:?}");
    assert!(words.message.contains("phoenix_stacks_config.json:1:"), "{}", words.message);
}

#[tokio::test]
async fn drift_is_what_changed_outside_of_the_catalog() {
    let yard = Yard::new().await;
    yard.stacks(&[text_entry("shop", "")]);
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &[]));
    yard.assign(&[("rumpledev", &["shop"])]);
    yard.converge().await;
    assert!(yard.deploy.drift(&yard.operator).await.unwrap().drift.is_empty());
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:2", &[]));
    assert!(yard.deploy.drift(&yard.operator).await.unwrap().drift.is_empty(), "an edit is no drift");
    yard.write("stacks/shop/docker-compose.yml", &compose("nginx:1", &[]));
    yard.by_hand("shop", &compose("nginx:evil", &[])).await;
    let reading = yard.deploy.drift(&yard.operator).await.unwrap();
    assert_eq!(reading.drift.len(), 1, "{reading:#?}");
    let edited = |sign: &Reason| matches!(sign, Reason::EditedByHand { .. });
    assert!(reading.drift[0].signs.iter().any(edited), "{reading:#?}");
    let (latest, trouble) = yard.deploy.latest(&yard.operator);
    assert!(latest.is_some() && trouble.is_none());
    yard.fake.go_down().await;
    assert!(yard.deploy.drift(&yard.operator).await.is_err());
    let (latest, trouble) = yard.deploy.latest(&yard.operator);
    assert!(latest.is_some(), "the last look stays, with its age");
    assert!(trouble.is_some_and(|(_, words)| !words.is_empty()));
}
