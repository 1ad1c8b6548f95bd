//! Every reason for a step, everything that blocks one, and every warning.

use reconcile::{drift, model::*};
use types::catalog::DotenvHazard;

use crate::world::{AutoPoll, DEV, HOSTED, World, git, secret, service, stack, text_of};

/// A world with one stack from git that runs as desired.
fn one() -> World {
    let world = World::new(Generation::TakesDown);
    world.store_secret("db", "hunter2");
    world.push("https://git.example/web", Some("main"), "commit-1", &[service("app", "app:1"), service("db", "db:1")]);
    let mut wanted = stack("web", git("https://git.example/web", Some("main")));
    wanted.variables.insert("COLOUR".to_owned(), DesiredValue::Plain("blue".to_owned()));
    wanted.variables.insert("PASSWORD".to_owned(), secret("db"));
    world.wish(DEV, wanted);
    world.converge();
    world.lock().writes.clear();
    world
}

fn step(world: &World) -> Step {
    let plan = world.plan(&PlanOptions::default());
    assert_eq!(plan.steps.len(), 1, "{plan:#?}");
    plan.steps[0].clone()
}

#[test]
fn a_converged_world_has_nothing_to_plan() {
    let world = one();
    let plan = world.plan(&PlanOptions { prune: Prune::All, ..PlanOptions::default() });
    assert!(plan.is_in_step() && plan.warnings.is_empty(), "{plan:#?}");
    assert_eq!(plan.unchanged, [StackRef::new(DEV, "web")]);
}

#[test]
fn a_moved_commit_is_an_update_that_names_both() {
    let world = one();
    world.push("https://git.example/web", Some("main"), "commit-2", &[service("app", "app:2"), service("db", "db:1")]);
    let step = step(&world);
    assert!(matches!(step.action, Action::Update { .. }));
    assert_eq!(step.risk, Risk::TakesDownOnFailure);
    assert!(
        step.reasons.contains(&Reason::CommitMoved { from: "commit-1".to_owned(), to: "commit-2".to_owned() }),
        "{:?}",
        step.reasons
    );
    let plan = world.plan(&PlanOptions::default());
    assert!(plan.warnings.iter().any(|one| one.kind == WarningKind::FailedUpdateTakesDown));
}

#[test]
fn variables_show_their_values_only_when_they_are_no_secret() {
    let world = one();
    world.store_secret("db", "correct horse");
    world.stack_mut(DEV, "web", |stack| {
        stack.variables.insert("COLOUR".to_owned(), DesiredValue::Plain("red".to_owned()));
        stack.variables.insert("NEW".to_owned(), DesiredValue::Plain("1".to_owned()));
    });
    world.lock().row_of(DEV, "web").env.insert("EXTRA".to_owned(), "unseen".to_owned());
    let reasons = step(&world).reasons;
    let plain = |text: &str| Shown::Plain(text.to_owned());
    let secret = |version| Shown::Secret { name: "db".to_owned(), version };
    for expected in [
        Reason::VariableChanged { name: "COLOUR".to_owned(), from: plain("blue"), to: plain("red") },
        Reason::VariableChanged { name: "PASSWORD".to_owned(), from: secret(1), to: secret(2) },
        Reason::VariableAdded { name: "NEW".to_owned(), value: plain("1") },
        Reason::VariableRemoved { name: "EXTRA".to_owned() },
        Reason::EditedByHand { what: HandEdit::Variable("EXTRA".to_owned()) },
    ] {
        assert!(reasons.contains(&expected), "{expected:?} in {reasons:#?}");
    }
}

#[test]
fn a_secret_that_becomes_plain_does_not_show_what_it_was() {
    let world = one();
    world.stack_mut(DEV, "web", |stack| {
        stack.variables.insert("PASSWORD".to_owned(), DesiredValue::Plain("open".to_owned()));
    });
    let plan = world.plan(&PlanOptions::default());
    assert!(!serde_json::to_string(&plan).unwrap().contains("hunter2"));
    let from = Shown::Secret { name: "db".to_owned(), version: 1 };
    let to = Shown::Plain("open".to_owned());
    assert!(plan.steps[0].reasons.contains(&Reason::VariableChanged { name: "PASSWORD".to_owned(), from, to }));
    world.converge();
    assert!(world.plan(&PlanOptions::default()).is_in_step());
}

#[test]
fn a_hand_edit_is_told_from_a_change_of_the_catalog() {
    let world = one();
    world.lock().row_of(DEV, "web").env.insert("COLOUR".to_owned(), "green".to_owned());
    let reasons = step(&world).reasons;
    assert!(reasons.contains(&Reason::EditedByHand { what: HandEdit::Variable("COLOUR".to_owned()) }));
    let world = one();
    world.lock().host(DEV).containers[0].hash = "made by hand".to_owned();
    let service = world.lock().host(DEV).containers[0].service.clone();
    assert_eq!(step(&world).reasons, [Reason::EditedByHand { what: HandEdit::Container(service) }]);
}

#[test]
fn containers_that_are_not_well_are_a_redeploy() {
    use crate::world::Behaviour::{CrashLoop, Exits, NeverHealthy};
    for (behaviour, condition) in [
        (NeverHealthy, Condition::Unhealthy),
        (CrashLoop, Condition::CrashLooping),
        (Exits(3), Condition::Exited { code: 3 }),
        // A service that is not meant to end has not ended well.
        (Exits(0), Condition::Exited { code: 0 }),
    ] {
        let world = one();
        world.lock().host(DEV).containers[0].behaviour = behaviour;
        world.pass(std::time::Duration::from_secs(10));
        let step = step(&world);
        assert!(matches!(step.action, Action::Redeploy { .. }));
        assert!(
            matches!(&step.reasons[..], [Reason::ContainerBad { condition: found, .. }] if *found == condition),
            "{:?}",
            step.reasons
        );
    }
    let world = one();
    world.lock().host(DEV).containers.retain(|one| one.service != "db");
    assert_eq!(step(&world).reasons, [Reason::ContainerMissing { service: "db".to_owned() }]);
    let world = one();
    world.lock().registry.insert("app:1".to_owned(), "sha256:rebuilt".to_owned());
    assert!(matches!(&step(&world).reasons[..], [Reason::ImageDigest { service, .. }] if service == "app"));
}

#[test]
fn what_portainer_cannot_change_is_made_again() {
    let world = one();
    world.push(
        "https://git.example/moved",
        Some("main"),
        "commit-1",
        &[service("app", "app:1"), service("db", "db:1")],
    );
    world.stack_mut(DEV, "web", |stack| stack.source = git("https://git.example/moved", Some("main")));
    let found = step(&world);
    assert!(matches!(found.action, Action::Recreate { .. }) && found.risk == Risk::DownBetween);
    let world = one();
    world.stack_mut(DEV, "web", |stack| {
        if let DesiredSource::Git { compose_file, .. } = &mut stack.source {
            *compose_file = "deploy/compose.yml".to_owned();
        }
    });
    let found = step(&world);
    assert!(matches!(found.action, Action::Recreate { .. }));
    assert!(matches!(&found.reasons[..], [Reason::FilesChanged { .. }]));
}

#[test]
fn drift_is_what_the_live_side_did() {
    let drifted = |world: &World| drift(&world.plan(&PlanOptions::default()));
    let world = one();
    assert!(drifted(&world).is_empty());
    // A change of the catalog is none.
    world.push("https://git.example/web", Some("main"), "commit-2", &[service("app", "app:2"), service("db", "db:1")]);
    assert!(drifted(&world).is_empty());
    world.lock().row_of(DEV, "web").env.insert("COLOUR".to_owned(), "green".to_owned());
    world.lock().host(DEV).containers.retain(|one| one.service != "db");
    let found = drifted(&world);
    assert_eq!(found[0].stack, StackRef::new(DEV, "web"));
    let by_hand = Reason::EditedByHand { what: HandEdit::Variable("COLOUR".to_owned()) };
    assert!(found[0].signs.contains(&by_hand), "{found:?}");
    assert!(found[0].signs.contains(&Reason::ContainerMissing { service: "db".to_owned() }));
    let world = one();
    world.lock().host(DEV).rows.clear();
    world.lock().host(DEV).containers.clear();
    assert_eq!(drifted(&world)[0].signs, [Reason::Absent, Reason::EditedByHand { what: HandEdit::Removed }]);
}

#[test]
fn polling_alone_changes_settings_alone() {
    let world = one();
    world.lock().row_of(DEV, "web").auto_update = Some(AutoPoll { interval: Some("5m".to_owned()), webhook: true });
    let found = step(&world);
    assert!(matches!(found.action, Action::Configure { .. }) && found.risk == Risk::None);
    let before = world.lock().host(DEV).containers[0].id.clone();
    world.converge();
    assert_eq!(world.lock().host(DEV).containers[0].id, before);
    assert!(world.plan(&PlanOptions::default()).is_in_step());
}

#[test]
fn pruning_is_asked_for_and_leaves_strangers_and_itself_alone() {
    let world = one();
    let text = text_of(&[service("app", "x:1")]);
    {
        let mut state = world.lock();
        state.place(DEV, &stack("stranger", DesiredSource::Text { text: text.clone() }));
        state.place(DEV, &stack("portainer", DesiredSource::Text { text }));
        state.row_of(DEV, "portainer").protected = true;
        state.catalog.environments[0].stacks.clear();
    }
    let removed = |prune| {
        let plan = world.plan(&PlanOptions { prune, ..PlanOptions::default() });
        plan.steps.iter().map(|step| step.stack.clone()).collect::<Vec<_>>()
    };
    assert_eq!(removed(Prune::No), [""; 0]);
    assert_eq!(removed(Prune::Managed), ["web"]);
    assert_eq!(removed(Prune::All), ["stranger", "web"]);
    let plan = world.plan(&PlanOptions { prune: Prune::Managed, ..PlanOptions::default() });
    let report = world.apply(&plan).unwrap().unwrap();
    assert_eq!(report.verdict, ApplyVerdict::Succeeded);
    world.check_claims(&report);
    assert_eq!(removed(Prune::Managed), [""; 0]);
}

#[test]
fn of_a_narrower_scope_only_what_it_names_goes_away() {
    let world = one();
    let text = text_of(&[service("app", "x:1")]);
    {
        let mut state = world.lock();
        for name in ["old", "other", "stranger"] {
            state.place(DEV, &stack(name, DesiredSource::Text { text: text.clone() }));
        }
        // Out of the scope below, and it may still live there.
        state.catalog.environments[0].stacks[0].former_names = vec!["old".to_owned()];
    }
    let named = |names: &[&str]| Scope::Only(names.iter().map(|name| StackRef::new(DEV, *name)).collect());
    let plan =
        |prune, names: &[&str]| world.plan(&PlanOptions { prune, scope: named(names), ..PlanOptions::default() });
    let stacks = |plan: &Plan| plan.steps.iter().map(|step| step.stack.clone()).collect::<Vec<_>>();
    let made = plan(Prune::All, &["old", "stranger"]);
    assert_eq!(stacks(&made), ["stranger"]);
    assert_eq!(stacks(&plan(Prune::No, &["old", "stranger"])), [""; 0]);
    // What goes away is part of what the plan rests on; what is left out is not.
    {
        let mut state = world.lock();
        let host = state.host(DEV);
        host.rows.retain(|row| row.name != "other");
        host.containers.retain(|one| one.project != "other");
    }
    assert_eq!(plan(Prune::All, &["old", "stranger"]).fingerprint, made.fingerprint);
    let report = world.apply(&made).unwrap().unwrap();
    assert_eq!(report.verdict, ApplyVerdict::Succeeded);
    world.check_claims(&report);
    assert_ne!(plan(Prune::All, &["old", "stranger"]).fingerprint, made.fingerprint);
}

#[test]
fn what_cannot_be_planned_blocks_itself_and_its_dependents_only() {
    let world = World::new(Generation::TakesDown);
    let text = DesiredSource::Text { text: text_of(&[service("app", "x:1")]) };
    let with = |name: &str, on: &[&str]| {
        let mut one = stack(name, text.clone());
        one.depends_on = on.iter().map(|name| (*name).to_owned()).collect();
        one
    };
    let mut broken = with("broken", &[]);
    broken.troubles.push(Trouble::Catalog { detail: "line 3".to_owned() });
    let mut breaks = with("breaks", &[]);
    breaks.variables.insert("A".to_owned(), DesiredValue::Plain("x\nB=y".to_owned()));
    for one in [
        broken,
        breaks,
        with("behind", &["broken"]),
        with("further", &["behind"]),
        with("one", &["other"]),
        with("other", &["one"]),
        with("after", &["one"]),
        with("lost", &["nobody"]),
        with("fine", &[]),
        with("-bad", &[]),
    ] {
        world.wish(DEV, one);
    }
    world.wish(HOSTED, with("away", &[]));
    world.lock().hosts.remove(HOSTED);
    let plan = world.plan(&PlanOptions::default());
    assert_eq!(plan.steps.iter().map(|step| step.stack.as_str()).collect::<Vec<_>>(), ["fine"]);
    let cause =
        |name: &str| plan.blocked.iter().find(|one| one.stack.stack == name).map(|one| one.cause.clone()).unwrap();
    assert!(matches!(cause("broken"), BlockedCause::Trouble { .. }));
    assert_eq!(
        cause("breaks"),
        BlockedCause::UnsafeValue { variable: "A".to_owned(), hazard: DotenvHazard::ControlCharacter }
    );
    assert_eq!(cause("behind"), BlockedCause::DependencyBlocked { name: "broken".to_owned() });
    assert_eq!(cause("further"), BlockedCause::DependencyBlocked { name: "behind".to_owned() });
    assert_eq!(cause("one"), BlockedCause::DependencyCycle { names: vec!["one".to_owned(), "other".to_owned()] });
    assert_eq!(cause("after"), BlockedCause::DependencyBlocked { name: "one".to_owned() });
    assert_eq!(cause("lost"), BlockedCause::DependencyMissing { name: "nobody".to_owned() });
    assert_eq!(cause("-bad"), BlockedCause::BadName);
    assert_eq!(cause("away"), BlockedCause::EnvironmentMissing);
}

#[test]
fn a_project_that_portainer_cannot_take_over_is_blocked() {
    let world = one();
    let wanted = world.lock().catalog.environments[0].stacks[0].clone();
    world.wish(HOSTED, wanted);
    {
        let mut state = world.lock();
        let resolved = state.desired().environments[1].stacks[0].clone();
        state.place(HOSTED, &resolved);
        state.host(HOSTED).rows.clear();
    }
    let plan = world.plan(&PlanOptions::default());
    assert_eq!(plan.blocked[0].cause, BlockedCause::CannotAdopt { rows_on: vec![DEV.to_owned()] });
}

#[test]
fn what_will_hurt_is_said_before() {
    let world = World::new(Generation::TakesDown);
    let mut app = service("app", "registry:5000/app");
    app.bind_mounts_relative.push("./conf".to_owned());
    app.ports.push(PublishedPort { host: 80, protocol: "tcp".to_owned() });
    let text = |one: &ComposeService| DesiredSource::Text { text: text_of(std::slice::from_ref(one)) };
    world.wish(DEV, stack("first", text(&app)));
    app.image = "app:latest".to_owned();
    world.wish(DEV, stack("second", text(&app)));
    let plan = world.plan(&PlanOptions::default());
    let said =
        |stack: &str, kind: &WarningKind| plan.warnings.iter().any(|one| one.stack == stack && one.kind == *kind);
    let app = "app".to_owned();
    assert!(said("first", &WarningKind::RelativeBindMount { service: app.clone(), source: "./conf".to_owned() }));
    assert!(said("first", &WarningKind::FloatingImage { service: app.clone(), image: "registry:5000/app".to_owned() }));
    assert!(said("second", &WarningKind::FloatingImage { service: app, image: "app:latest".to_owned() }));
    let clash = WarningKind::PortClash { port: 80, protocol: "tcp".to_owned(), other: "first".to_owned() };
    assert!(said("second", &clash), "{:#?}", plan.warnings);
}

#[test]
fn what_runs_portainer_is_never_removed_to_be_made_again() {
    let text = |image: &str| DesiredSource::Text { text: text_of(&[service("app", image)]) };
    let blocked = |change: fn(&World)| {
        let world = World::new(Generation::TakesDown);
        world.wish(DEV, stack("portainer", text("portainer:1")));
        world.converge();
        world.lock().row_of(DEV, "portainer").protected = true;
        change(&world);
        let plan = world.plan(&PlanOptions { prune: Prune::All, ..PlanOptions::default() });
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        plan.blocked.into_iter().map(|one| one.cause).collect::<Vec<_>>()
    };
    let recreated = |world: &World| world.stack_mut(DEV, "portainer", |stack| stack.swarm = true);
    let renamed = |world: &World| {
        world.stack_mut(DEV, "portainer", |stack| {
            stack.name = "proxy".to_owned();
            stack.former_names = vec!["portainer".to_owned()];
        });
    };
    let orphaned = |world: &World| {
        let mut state = world.lock();
        let mut orphan = state.host(DEV).rows.remove(0);
        orphan.kind = StackKind::Swarm;
        state.orphans.push(orphan);
    };
    let kind = |from, to| Reason::KindChanged { from, to };
    for (change, reason) in [
        (recreated as fn(&World), kind(StackKind::Compose, StackKind::Swarm)),
        (renamed, Reason::FormerName { name: "portainer".to_owned() }),
        (orphaned, kind(StackKind::Swarm, StackKind::Compose)),
    ] {
        assert_eq!(blocked(change), [BlockedCause::Protected { reasons: vec![reason] }]);
    }
    // What Portainer can change in place is changed.
    let world = World::new(Generation::TakesDown);
    world.wish(DEV, stack("portainer", text("portainer:1")));
    world.converge();
    world.lock().row_of(DEV, "portainer").protected = true;
    world.stack_mut(DEV, "portainer", |stack| stack.source = text("portainer:2"));
    assert!(matches!(step(&world).action, Action::Update { .. }));
}
