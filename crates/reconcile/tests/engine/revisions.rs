//! Revisions, rolling back, promoting and pins.

use std::collections::BTreeMap;

use reconcile::{
    diff,
    model::*,
    revisions::{Back, RevisionError, promote, rollback},
};

use crate::world::{AutoPoll, Behaviour, DEV, Fault, FaultKind, HOSTED, SimImages, World, git, secret, service, stack};

const URL: &str = "https://git.example/web";

/// `web` on both environments, at its first commit, each with a colour of its own.
fn web(generation: Generation) -> World {
    let world = World::new(generation);
    world.store_secret("db", "hunter2");
    world.lock().registry.insert("web:1".to_owned(), "sha256:first".to_owned());
    world.push(URL, Some("main"), "commit-1", &[service("app", "web:1")]);
    for (environment, colour) in [(DEV, "blue"), (HOSTED, "red")] {
        let mut one = stack("web", git(URL, Some("main")));
        one.variables.insert("COLOUR".to_owned(), DesiredValue::Plain(colour.to_owned()));
        one.variables.insert("PASSWORD".to_owned(), secret("db"));
        world.wish(environment, one);
    }
    world.converge();
    world
}

fn revisions(world: &World, environment: &str) -> Vec<Revision> {
    world.lock().journal.revisions_of(&StackRef::new(environment, "web"))
}

fn pin(world: &World, environment: &str, pin: Option<&Pin>) {
    let stack = StackRef::new(environment, "web");
    let ports = world.ports();
    world.run(ports.journal.set_pin(&stack, pin)).unwrap().unwrap();
}

fn running(world: &World, environment: &str) -> (String, String) {
    let state = world.lock();
    // Portainer leaves containers of services that a compose file no longer has.
    let one = state.hosts[environment].containers.iter().find(|one| one.service == "app").unwrap();
    (one.image.split('@').next().unwrap().to_owned(), one.digest.clone())
}

#[test]
fn a_revision_keeps_what_was_applied() {
    let world = web(Generation::TakesDown);
    let all = revisions(&world, DEV);
    let [revision] = all.as_slice() else { panic!("{all:#?}") };
    assert_eq!((revision.number, revision.actor.as_str()), (1, "ada"));
    assert!(matches!(&revision.source, DesiredSource::Git { commit, .. } if commit == "commit-1"));
    assert_eq!(revision.services[0].digest.as_deref(), Some("sha256:first"));
    assert!(revision.compose.as_ref().unwrap().contains("web:1"));
    let password = &revision.variables["PASSWORD"];
    assert!(matches!(password, DesiredValue::Secret { name, version: 1, .. } if name == "db"));
    assert_eq!(revision.receipt.verdict, Verdict::Healthy);
    assert_eq!(revision.receipt.revision, Some(1));
    assert_eq!(revision.plan, world.lock().journal.applies[0].plan.fingerprint);
}

#[test]
fn what_was_rolled_back_stays_back_until_it_is_released() {
    for generation in [Generation::TakesDown, Generation::KeepsUp] {
        let world = web(generation);
        world.store_secret("db", "new password");
        world.push(URL, Some("main"), "commit-2", &[service("app", "web:2"), service("extra", "extra:1")]);
        // The tag of the first version is built anew meanwhile.
        world.lock().registry.insert("web:1".to_owned(), "sha256:rebuilt".to_owned());
        world.converge();
        assert_eq!(running(&world, DEV).0, "web:2");

        let back = rollback(&revisions(&world, DEV), Back::BeforeNewest, "ada", 9, &SimImages).unwrap();
        pin(&world, DEV, Some(&back));
        let plan = world.plan(&PlanOptions::default());
        assert_eq!(plan.steps.len(), 1);
        assert!(plan.steps[0].reasons.contains(&Reason::GitToText));
        let pinned = WarningKind::Pinned { revision: 1, catalog_differs: true };
        assert!(plan.warnings.iter().any(|one| one.kind == pinned), "{:#?}", plan.warnings);
        world.converge();
        let plan = world.plan(&PlanOptions::default());
        assert!(plan.is_in_step());
        let left_over = WarningKind::ServiceLeftOver { service: "extra".to_owned() };
        assert!(plan.warnings.iter().any(|one| one.kind == left_over), "{:#?}", plan.warnings);
        // The old commit, the old build and the old password.
        assert_eq!(running(&world, DEV), ("web:1".to_owned(), "sha256:first".to_owned()));
        assert_eq!(world.lock().row_of(DEV, "web").env["PASSWORD"], "hunter2");

        // Neither a new commit nor a sync moves it, and there is nothing left that Portainer could poll.
        world.push(URL, Some("main"), "commit-3", &[service("app", "web:3")]);
        let report = world.apply(&world.plan(&PlanOptions::default())).unwrap().unwrap();
        assert_eq!(report.steps.len(), 1, "the other environment alone moves on");
        assert_eq!(running(&world, DEV).0, "web:1");
        assert!(!world.lock().row_of(DEV, "web").is_git());
        assert!(world.lock().row_of(DEV, "web").auto_update.is_none());

        pin(&world, DEV, None);
        world.converge();
        assert_eq!(running(&world, DEV).0, "web:3");
        assert!(world.plan(&PlanOptions::default()).is_in_step());
    }
}

#[test]
fn a_rollback_goes_where_it_is_told() {
    let world = web(Generation::TakesDown);
    world.push(URL, Some("main"), "commit-2", &[service("app", "web:2")]);
    world.converge();
    let all = revisions(&world, DEV);
    let to = |back| rollback(&all, back, "ada", 9, &SimImages);
    assert_eq!(to(Back::To(1)).unwrap().revision, 1);
    assert_eq!(to(Back::ToNewest).unwrap().revision, 2);
    assert_eq!(to(Back::BeforeNewest).unwrap().commit.as_deref(), Some("commit-1"));
    assert_eq!(to(Back::To(7)), Err(RevisionError::Unknown { number: 7 }));
    let first = &all[..1];
    assert_eq!(rollback(first, Back::BeforeNewest, "ada", 9, &SimImages), Err(RevisionError::NoEarlier));
    let mut bare = all[0].clone();
    bare.compose = None;
    assert_eq!(rollback(&[bare], Back::ToNewest, "ada", 9, &SimImages), Err(RevisionError::NoText { number: 1 }));
}

#[test]
fn a_promotion_carries_commit_and_build_and_leaves_variables() {
    let world = web(Generation::TakesDown);
    // Only the first environment is brought to the second commit.
    world.push(URL, Some("main"), "commit-2", &[service("app", "web:2")]);
    let only = Scope::Only([StackRef::new(DEV, "web")].into());
    let plan = world.plan(&PlanOptions { scope: only, ..PlanOptions::default() });
    world.apply(&plan).unwrap().unwrap();
    assert_eq!(running(&world, HOSTED).0, "web:1");
    // Then the branch moves on, and the tag is built anew.
    world.push(URL, Some("main"), "commit-3", &[service("app", "web:3")]);
    world.lock().registry.insert("web:2".to_owned(), "sha256:rebuilt".to_owned());

    let revision = revisions(&world, DEV).pop().unwrap();
    let target = world.lock().desired().environments.iter().find(|one| one.name == HOSTED).unwrap().stacks[0].clone();
    let promotion = promote(&revision, &target, "ada", 9, &SimImages).unwrap();
    assert_eq!(promotion.pin.commit.as_deref(), Some("commit-2"));
    assert_eq!(
        promotion.difference.commits,
        Some((Some("commit-3".to_owned()), Some("commit-2".to_owned()))),
        "against what the target would get otherwise"
    );
    assert!(promotion.difference.variables.is_empty());
    pin(&world, HOSTED, Some(&promotion.pin));
    let only = Scope::Only([StackRef::new(HOSTED, "web")].into());
    let plan = world.plan(&PlanOptions { scope: only, ..PlanOptions::default() });
    let report = world.apply(&plan).unwrap().unwrap();
    assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
    let digest = revisions(&world, DEV).pop().unwrap().services[0].digest.clone().unwrap();
    assert_eq!(running(&world, HOSTED), ("web:2".to_owned(), digest));
    assert_eq!(world.lock().row_of(HOSTED, "web").env["COLOUR"], "red");
}

#[test]
fn portainers_own_polling_is_turned_off() {
    let world = web(Generation::TakesDown);
    world.lock().row_of(DEV, "web").auto_update = Some(AutoPoll { interval: Some("1m".to_owned()), webhook: false });
    world.push(URL, Some("main"), "commit-2", &[service("app", "web:2")]);
    world.converge();
    assert!(world.lock().row_of(DEV, "web").auto_update.is_none());
}

#[test]
fn differences_are_data() {
    let plain = |text: &str| DesiredValue::Plain(text.to_owned());
    let secret = |version| DesiredValue::Secret {
        name: "db".to_owned(),
        version,
        digest: Digest::from_text(version.to_string()),
    };
    let before: BTreeMap<_, _> =
        [("A", plain("1")), ("B", plain("2")), ("S", secret(1))].map(|(name, one)| (name.to_owned(), one)).into();
    let after: BTreeMap<_, _> =
        [("A", plain("1")), ("C", plain("3")), ("S", secret(2))].map(|(name, one)| (name.to_owned(), one)).into();
    let changes = diff::variables(&before, &after);
    let names: Vec<_> = changes.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["B", "C", "S"]);
    assert_eq!(changes[2].after, Some(Shown::Secret { name: "db".to_owned(), version: 2 }));
    let text = diff::text("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n");
    let [hunk] = text.hunks.as_slice() else { panic!("{text:?}") };
    assert_eq!((hunk.before_line, hunk.after_line, hunk.lines.len()), (2, 2, 8));
    assert_eq!(hunk.lines[3], diff::Line { change: diff::Change::Removed, text: "e".to_owned() });
    assert_eq!(hunk.lines[4], diff::Line { change: diff::Change::Added, text: "E".to_owned() });
    assert!(diff::text("same", "same").hunks.is_empty());
}

/// The future of an apply may be spawned on any runtime.
#[test]
fn an_apply_can_be_sent_between_threads() {
    fn sendable<T: Send>(_: &T) {}
    let world = web(Generation::TakesDown);
    let plan = world.plan(&PlanOptions::default());
    let control = world.control();
    sendable(&reconcile::apply(&plan, world.ports(), &control));
}

/// The tag of what ran is built anew before the update fails: what comes back is what ran, by digest.
#[test]
fn what_is_brought_back_has_the_images_it_had() {
    let roll_back = PlanOptions { on_failure: OnFailure::RollBack, ..PlanOptions::default() };
    for generation in [Generation::TakesDown, Generation::KeepsUp] {
        let world = web(generation);
        world.push(URL, Some("main"), "commit-2", &[service("app", "web:2")]);
        {
            let mut state = world.lock();
            state.registry.insert("web:1".to_owned(), "sha256:rebuilt".to_owned());
            state.behaviours.insert("web:2".to_owned(), Behaviour::NeverHealthy);
        }
        let report = world.apply(&world.plan(&roll_back)).unwrap().unwrap();
        let restored = Some(RollbackOutcome::Restored { revision: 1 });
        let Verdict::Failed { rollback, .. } = &report.steps[0].receipt.verdict else { panic!("{report:#?}") };
        assert_eq!(*rollback, restored, "{report:#?}");
        assert_eq!(running(&world, DEV), ("web:1".to_owned(), "sha256:first".to_owned()));
    }
}

/// Also where the row still follows the right commit: a deploy from git would take whatever the tag means by now.
#[test]
fn a_failed_redeploy_comes_back_by_digest() {
    let mut restored = 0;
    for at in 1..60 {
        let world = web(Generation::TakesDown);
        world.lock().registry.insert("web:1".to_owned(), "sha256:rebuilt".to_owned());
        let scope = Scope::Only([StackRef::new(DEV, "web")].into());
        let plan = world.plan(&PlanOptions { on_failure: OnFailure::RollBack, scope, ..PlanOptions::default() });
        assert!(matches!(plan.steps[0].action, Action::Redeploy { .. }), "{plan:#?}");
        {
            let mut state = world.lock();
            state.fault = Some(Fault { at: state.ticks + at, kind: FaultKind::DeployFails });
        }
        let Ok(report) = world.apply(&plan).unwrap() else { continue };
        let Verdict::Failed { rollback: Some(RollbackOutcome::Restored { .. }), .. } = &report.steps[0].receipt.verdict
        else {
            continue;
        };
        restored += 1;
        assert_eq!(running(&world, DEV), ("web:1".to_owned(), "sha256:first".to_owned()));
    }
    assert!(restored > 0);
}
