//! Apply: brings the world to where the plan wants it, in order, watched, and stops, goes on or rolls back as the plan says.

use std::time::Duration;

use reconcile::{Control, apply, model::*};
use types::catalog::DotenvHazard;

use crate::world::{Behaviour, DEV, HOSTED, World, git, scenario, secret, service, stack, text_of};

#[test]
fn an_apply_converges_whatever_was_there() {
    for seed in 0..300 {
        let world = scenario(seed);
        let plan = world.plan(&PlanOptions { prune: Prune::All, ..PlanOptions::default() });
        assert!(plan.blocked.is_empty(), "seed {seed}: {:#?}", plan.blocked);
        let report = world.apply(&plan).unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "seed {seed}: {report:#?}");
        world.check_claims(&report);
        world.check_no_doubles();
        let violations = world.violations();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
        let again = world.plan(&PlanOptions { prune: Prune::All, ..PlanOptions::default() });
        assert!(again.is_in_step(), "seed {seed}: {:#?}", again.steps);
        let desired = world.lock().desired();
        for environment in &desired.environments {
            for wanted in &environment.stacks {
                assert_eq!(world.lock().runs(&environment.name, wanted), Ok(()), "seed {seed}");
            }
        }
    }
}

/// Three stacks on one environment, `web` needs `db`, `docs` needs nothing; one on the other.
fn four(generation: Generation) -> World {
    let world = World::new(generation);
    world.store_secret("db", "hunter2");
    for (environment, name, on) in
        [(DEV, "db", None), (DEV, "web", Some("db")), (DEV, "docs", None), (HOSTED, "away", None)]
    {
        let url = format!("https://git.example/{name}");
        world.push(&url, None, &format!("{name}-1"), &[service("app", &format!("{name}:1"))]);
        let mut one = stack(name, git(&url, None));
        one.depends_on = on.map(str::to_owned).into_iter().collect();
        one.variables.insert("PASSWORD".to_owned(), secret("db"));
        world.wish(environment, one);
    }
    world
}

/// A new commit for all four, of which `bad` behaves badly.
fn push_all(world: &World, bad: &str, behaviour: Behaviour) {
    for name in ["db", "web", "docs", "away"] {
        let image = format!("{name}:2");
        if name == bad {
            world.lock().behaviours.insert(image.clone(), behaviour);
        }
        world.push(&format!("https://git.example/{name}"), None, &format!("{name}-2"), &[service("app", &image)]);
    }
}

fn verdict<'a>(report: &'a ApplyReport, environment: &str, stack: &str) -> &'a Verdict {
    let id = StepId::of(environment, stack);
    &report.steps.iter().find(|one| one.step == id).unwrap().receipt.verdict
}

fn apply_with(world: &World, on_failure: OnFailure) -> ApplyReport {
    let plan = world.plan(&PlanOptions { on_failure, ..PlanOptions::default() });
    let report = world.apply(&plan).unwrap().unwrap();
    world.check_claims(&report);
    report
}

#[test]
fn a_failure_stops_or_lets_the_independent_go_on() {
    for generation in [Generation::TakesDown, Generation::KeepsUp] {
        let world = four(generation);
        world.converge();
        push_all(&world, "db", Behaviour::CrashLoop);
        let report = apply_with(&world, OnFailure::Continue);
        assert_eq!(report.verdict, ApplyVerdict::Failed);
        let failed = verdict(&report, DEV, "db");
        let Verdict::Failed { cause: FailureCause::Unwell { containers }, rollback: None } = failed else {
            panic!("{failed:?}")
        };
        assert_eq!(containers[0].condition, Some(Condition::CrashLooping));
        let because = SkippedBecause::Dependency { step: StepId::of(DEV, "db") };
        assert_eq!(*verdict(&report, DEV, "web"), Verdict::Skipped { because });
        assert_eq!(*verdict(&report, DEV, "docs"), Verdict::Healthy);
        assert_eq!(*verdict(&report, HOSTED, "away"), Verdict::Healthy);
        let logs = &report.steps.iter().find(|one| one.step == StepId::of(DEV, "db")).unwrap().receipt.last_logs;
        assert!(logs[0].text.contains("panic") && !logs[0].text.contains("hunter2"), "{logs:?}");

        let world = four(generation);
        world.converge();
        push_all(&world, "db", Behaviour::CrashLoop);
        let report = apply_with(&world, OnFailure::Stop);
        assert_eq!(*verdict(&report, DEV, "docs"), Verdict::Skipped { because: SkippedBecause::EarlierFailure });
    }
}

#[test]
fn a_failed_stack_is_brought_back() {
    for (generation, behaviour) in [
        (Generation::TakesDown, Behaviour::PortClash),
        (Generation::TakesDown, Behaviour::NeverHealthy),
        (Generation::KeepsUp, Behaviour::PortClash),
        (Generation::KeepsUp, Behaviour::Exits(1)),
    ] {
        let world = four(generation);
        world.stack_mut(DEV, "db", |stack| {
            stack.variables.insert("MODE".to_owned(), DesiredValue::Plain("old".to_owned()));
        });
        world.converge();
        push_all(&world, "db", behaviour);
        // What the failed version no longer has comes back too.
        world.stack_mut(DEV, "db", |stack| drop(stack.variables.remove("MODE")));
        let report = apply_with(&world, OnFailure::RollBack);
        let found = verdict(&report, DEV, "db");
        let rollback = Some(RollbackOutcome::Restored { revision: 1 });
        assert!(matches!(found, Verdict::Failed { rollback: back, .. } if *back == rollback), "{found:#?}");
        assert_eq!(*verdict(&report, DEV, "docs"), Verdict::Healthy);
        let state = world.lock();
        let running: Vec<_> =
            state.hosts[DEV].containers.iter().filter(|one| one.project == "db").map(|one| &one.image).collect();
        assert_eq!(running, ["db:1@sha256:db:1"], "{generation:?} {behaviour:?}: by digest");
        let row = state.hosts[DEV].rows.iter().find(|row| row.name == "db").unwrap();
        assert_eq!(row.env["MODE"], "old");
    }
}

#[test]
fn a_failed_creation_leaves_nothing() {
    for generation in [Generation::TakesDown, Generation::KeepsUp] {
        let world = four(generation);
        world.lock().behaviours.insert("docs:1".to_owned(), Behaviour::PortClash);
        let report = apply_with(&world, OnFailure::RollBack);
        let found = verdict(&report, DEV, "docs");
        let rollback = Some(RollbackOutcome::Removed);
        assert!(matches!(found, Verdict::Failed { rollback: back, .. } if *back == rollback), "{found:#?}");
        assert!(world.lock().is_gone(DEV, "docs"));
        assert_eq!(*verdict(&report, DEV, "web"), Verdict::Healthy);
    }
}

#[test]
fn an_image_that_is_missing_touches_nothing() {
    let world = four(Generation::TakesDown);
    world.converge();
    push_all(&world, "db", Behaviour::Missing);
    let before = world.lock().host(DEV).containers.iter().find(|one| one.project == "db").unwrap().id.clone();
    let report = apply_with(&world, OnFailure::Stop);
    let found = verdict(&report, DEV, "db");
    assert!(
        matches!(found, Verdict::Failed { cause: FailureCause::Refused { call: Call::Pull { .. }, .. }, .. }),
        "{found:?}"
    );
    assert_eq!(world.lock().host(DEV).containers.iter().find(|one| one.project == "db").unwrap().id, before);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let world = four(Generation::TakesDown);
    world.lock().fault = Some(crate::world::Fault { at: 0, kind: crate::world::FaultKind::Busy });
    world.converge();
    let refused = world.lock().journal.intents.len();
    assert!(refused > 8, "the busy call is an intent of its own");
}

#[test]
fn cancelling_ends_between_steps() {
    let world = four(Generation::TakesDown);
    let plan = world.plan(&PlanOptions::default());
    let control: Control = world.control();
    // Cancelled from the outside while the first step is being watched.
    let cancel = control.cancel.clone();
    let report = world
        .run(async {
            let ports = world.ports();
            let mut work = std::pin::pin!(apply(&plan, ports, &control));
            std::future::poll_fn(|context| {
                let polled = work.as_mut().poll(context);
                if world.events().iter().any(|one| matches!(one.kind, EventKind::Settling { .. })) {
                    cancel.cancel();
                }
                polled
            })
            .await
        })
        .unwrap()
        .unwrap();
    assert_eq!(report.verdict, ApplyVerdict::Cancelled, "{report:#?}");
    assert!(report.steps.iter().any(|one| one.receipt.verdict == Verdict::Healthy));
    world.check_claims(&report);
    // What is left is planned and applied later.
    world.converge();
    assert!(world.plan(&PlanOptions::default()).is_in_step());
}

#[test]
fn one_apply_an_environment_at_a_time() {
    let world = four(Generation::TakesDown);
    let plan = world.plan(&PlanOptions::default());
    let (one, other) = (world.control(), world.control());
    let (first, second) = world
        .run(async {
            futures::future::join(apply(&plan, world.ports(), &one), apply(&plan, world.ports(), &other)).await
        })
        .unwrap();
    assert_eq!(first.unwrap().verdict, ApplyVerdict::Succeeded);
    let error = second.unwrap_err();
    assert!(matches!(&error, reconcile::ApplyError::Locked(held) if held.owner == one.owner), "{error:?}");
    assert!(world.lock().locks.is_empty(), "locks are given back");
}

#[test]
fn a_long_apply_keeps_its_lock() {
    let world = four(Generation::TakesDown);
    for name in ["db", "web", "docs"] {
        world.lock().behaviours.insert(format!("{name}:1"), Behaviour::Healthy(50_000));
    }
    let report = world.converge();
    let first = report.steps.iter().map(|one| one.receipt.started_at).min().unwrap();
    let last = report.steps.iter().map(|one| one.receipt.ended_at).max().unwrap();
    assert!(Duration::from_millis(last.abs_diff(first)) > Duration::from_secs(120), "longer than the lock lasts");
}

#[test]
fn events_tell_the_whole_story_in_order() {
    let world = four(Generation::TakesDown);
    world.converge();
    let events = world.events();
    let sequence: Vec<u64> = events.iter().map(|one| one.sequence).collect();
    assert_eq!(sequence, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(matches!(events.first().unwrap().kind, EventKind::Begun { resumed: false }));
    assert!(matches!(events.last().unwrap().kind, EventKind::Ended { verdict: ApplyVerdict::Succeeded }));
    let ended = |name: &str| {
        let id = StepId::of(DEV, name);
        events.iter().position(|one| matches!(&one.kind, EventKind::StepEnded { step, .. } if *step == id)).unwrap()
    };
    assert!(ended("db") < ended("web"));
    // An intent stands in the journal before each call.
    let calls = events.iter().filter(|one| matches!(one.kind, EventKind::Calling { .. })).count();
    assert_eq!(calls, world.lock().journal.intents.len());
}

#[test]
fn a_plan_that_was_altered_is_refused() {
    let world = four(Generation::TakesDown);
    let mut plan = world.plan(&PlanOptions::default());
    plan.steps[0].action = Action::Remove { id: 1 };
    assert_eq!(world.apply(&plan).unwrap(), Err(reconcile::ApplyError::Altered));
    assert!(world.lock().writes.is_empty());
}

#[test]
fn a_rebuilt_image_is_a_text_stack_too() {
    let world = World::new(Generation::TakesDown);
    let text = text_of(&[service("app", "app:1")]);
    world.lock().registry.insert("app:1".to_owned(), "sha256:one".to_owned());
    world.wish(DEV, stack("web", DesiredSource::Text { text }));
    world.converge();
    world.lock().registry.insert("app:1".to_owned(), "sha256:two".to_owned());
    world.converge();
    assert_eq!(world.lock().host(DEV).containers[0].digest, "sha256:two");
}

#[test]
fn an_orphan_is_taken_over() {
    for (moved, polls) in [(false, false), (false, true), (true, false), (true, true)] {
        let world = four(Generation::TakesDown);
        world.converge();
        {
            // The environment was deleted in Portainer and registered again: its rows belong to nobody, its containers run on.
            let mut state = world.lock();
            let row = state.host(DEV).rows.iter().position(|row| row.name == "docs").unwrap();
            let mut orphan = state.host(DEV).rows.remove(row);
            if moved && let crate::world::RowSource::Git { url, .. } = &mut orphan.source {
                url.push_str("-before");
            }
            orphan.auto_update = polls.then(|| AutoUpdate { interval: Some("5m".to_owned()), webhook: false });
            state.orphans.push(orphan);
        }
        let plan = world.plan(&PlanOptions::default());
        assert!(matches!(plan.steps[0].action, Action::Adopt { from: AdoptFrom::Orphan { .. } }), "{plan:#?}");
        let said = plan.steps[0].reasons.iter().any(|reason| matches!(reason, Reason::AutoUpdateOn { .. }));
        assert_eq!(said, polls, "{plan:#?}");
        let report = world.apply(&plan).unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        world.check_claims(&report);
        assert!(world.plan(&PlanOptions::default()).is_in_step());
        assert!(world.lock().orphans.is_empty());
    }
}

#[test]
fn a_change_of_kind_makes_a_stack_again_and_swarm_takes_any_value() {
    let world = World::new(Generation::KeepsUp);
    world.wish(DEV, stack("web", DesiredSource::Text { text: text_of(&[service("app", "app:1")]) }));
    world.converge();
    world.stack_mut(DEV, "web", |stack| {
        stack.swarm = true;
        stack.variables.insert("LINES".to_owned(), DesiredValue::Plain("a\nb".to_owned()));
    });
    let plan = world.plan(&PlanOptions::default());
    assert!(matches!(plan.steps[0].action, Action::Recreate { .. }), "{plan:#?}");
    world.converge();
    assert_eq!(world.lock().row_of(DEV, "web").kind, StackKind::Swarm);
    assert_eq!(world.lock().row_of(DEV, "web").env["LINES"], "a\nb");
    assert!(world.plan(&PlanOptions::default()).is_in_step());
}

#[test]
fn a_secret_that_no_form_carries_is_refused_before_any_call() {
    for (value, hazard) in [("one\nADMIN=yes", DotenvHazard::ControlCharacter), ("it's $5", DotenvHazard::Unquotable)] {
        let world = four(Generation::TakesDown);
        world.store_secret("db", value);
        let report = apply_with(&world, OnFailure::Continue);
        let cause = FailureCause::UnsafeValue { variable: "PASSWORD".to_owned(), hazard };
        assert_eq!(*verdict(&report, DEV, "db"), Verdict::Failed { cause, rollback: None });
        assert!(world.lock().writes.is_empty());
    }
}

#[test]
fn a_secret_that_no_form_carries_takes_nothing_down() {
    let world = World::new(Generation::TakesDown);
    world.store_secret("db", "fine");
    let mut web = stack("web", DesiredSource::Text { text: text_of(&[service("app", "app:1")]) });
    web.variables.insert("PASSWORD".to_owned(), secret("db"));
    world.wish(DEV, web);
    world.converge();
    world.push("https://git.example/web", None, "web-1", &[service("app", "app:1")]);
    world.stack_mut(DEV, "web", |stack| stack.source = git("https://git.example/web", None));
    world.store_secret("db", "it's $5");
    let plan = world.plan(&PlanOptions::default());
    assert!(matches!(plan.steps[0].action, Action::Recreate { .. }), "{plan:#?}");
    world.lock().writes.clear();
    let report = world.apply(&plan).unwrap().unwrap();
    assert!(matches!(
        verdict(&report, DEV, "web"),
        Verdict::Failed { cause: FailureCause::UnsafeValue { .. }, rollback: None }
    ));
    assert!(world.lock().writes.is_empty(), "what runs is left alone");
}

#[test]
fn a_row_in_doubt_is_waited_for_and_never_called_healthy() {
    for (doubtful_for, ends_well) in [(20_000, true), (i64::MAX, false)] {
        let world = World::new(Generation::TakesDown);
        world.wish(DEV, stack("web", DesiredSource::Text { text: text_of(&[service("app", "app:1")]) }));
        let plan = world.plan(&PlanOptions::default());
        let control: Control = world.control();
        let sure_at = world.lock().now.saturating_add(doubtful_for);
        let report = world
            .run(async {
                let mut work = std::pin::pin!(apply(&plan, world.ports(), &control));
                std::future::poll_fn(|context| {
                    {
                        let mut state = world.lock();
                        let sure = state.now >= sure_at;
                        for row in &mut state.host(DEV).rows {
                            row.status = if sure { RowStatus::Active } else { RowStatus::Unknown(7) };
                        }
                    }
                    work.as_mut().poll(context)
                })
                .await
            })
            .unwrap()
            .unwrap();
        world.check_claims(&report);
        assert_eq!(world.violations(), [""; 0]);
        let found = verdict(&report, DEV, "web");
        let timed_out = matches!(found, Verdict::Failed { cause: FailureCause::TimedOut { .. }, .. });
        assert_eq!((*found == Verdict::Healthy, timed_out), (ends_well, !ends_well), "{found:?}");
    }
}
