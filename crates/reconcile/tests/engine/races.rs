//! Something moves between plan and apply, or while an apply runs.

use reconcile::{ApplyError, model::*};

use crate::world::{
    AutoPoll, DEV, Fault, FaultKind, HOSTED, Meddle, Rng, State, World, scenario, service, stack, text_of,
};

/// Moves one thing that a plan rests on. Returns whether anything moved.
fn meddle(state: &mut State, seed: u64) -> bool {
    let mut rng = Rng::new(seed);
    let environment = if rng.chance(50) { DEV } else { HOSTED };
    let count = state.hosts[environment].rows.len() as u64;
    let pick = |rng: &mut Rng| usize::try_from(rng.below(count.max(1))).unwrap();
    match rng.below(14) {
        0 => state.catalog.catalog_commit.push('x'),
        1 => {
            for head in state.heads.values_mut() {
                head.push('x');
            }
            let files: Vec<_> = state.files.iter().map(|(commit, one)| (format!("{commit}x"), one.clone())).collect();
            state.files.extend(files);
            let git = |stack: &DesiredStack| matches!(stack.source, DesiredSource::Git { .. });
            return state.catalog.environments.iter().flat_map(|one| &one.stacks).any(git);
        }
        2 => state.hosts.get_mut(environment).unwrap().up = false,
        3 => state.version.push_str(".1"),
        4 => {
            let stack = state.catalog.environments[0].stacks.first_mut().unwrap();
            stack.variables.insert("MOVED".to_owned(), DesiredValue::Plain("1".to_owned()));
        }
        5 => {
            state.vault.get_mut("db").unwrap().push("another".to_owned());
            let uses = |stack: &DesiredStack| stack.variables.contains_key("DB_PASSWORD");
            return state.catalog.environments.iter().flat_map(|one| &one.stacks).any(uses);
        }
        6 => state.registry.values_mut().for_each(|digest| digest.push('x')),
        _ if count == 0 => return false,
        7 => {
            let row = pick(&mut rng);
            state.row_at(environment, row).env.insert("HAND".to_owned(), "1".to_owned());
        }
        8 => {
            let row = pick(&mut rng);
            let status = &mut state.row_at(environment, row).status;
            *status = if *status == RowStatus::Active { RowStatus::Inactive } else { RowStatus::Active };
        }
        9 => {
            let row = pick(&mut rng);
            state.host(environment).rows.remove(row);
        }
        10 => {
            let host = state.host(environment);
            if host.containers.pop().is_none() {
                return false;
            }
        }
        11 => match state.host(environment).containers.first_mut() {
            Some(container) => container.id.push('x'),
            None => return false,
        },
        12 => {
            let row = pick(&mut rng);
            state.row_at(environment, row).move_source();
        }
        _ => {
            let row = pick(&mut rng);
            let row = state.row_at(environment, row);
            if !row.is_git() {
                return false;
            }
            row.auto_update = Some(AutoPoll { interval: Some(format!("{seed}m")), webhook: false });
        }
    }
    true
}

#[test]
fn of_a_thousand_races_none_slips() {
    let mut raced = 0;
    let mut seed = 0;
    while raced < 1_000 {
        seed += 1;
        let world = scenario(seed);
        let plan = world.plan(&PlanOptions { prune: Prune::All, ..PlanOptions::default() });
        if plan.steps.is_empty() || !meddle(&mut world.lock(), seed) {
            continue;
        }
        raced += 1;
        let result = world.apply(&plan).unwrap();
        assert!(matches!(result, Err(ApplyError::Moved { .. })), "seed {seed}: {result:#?}");
        let state = world.lock();
        assert!(state.writes.is_empty(), "seed {seed}: {:?}", state.writes);
        assert!(state.journal.applies.is_empty() && state.locks.is_empty());
    }
}

/// What moves while an apply runs is noticed, or put right by a step that had begun: at the last look before success is claimed,
/// the stack really ran as planned.
#[test]
fn what_moves_during_an_apply_is_noticed() {
    let mut failed = 0;
    for seed in 0..300 {
        let plan_of = |world: &World| {
            world.plan(&PlanOptions { on_failure: OnFailure::Continue, prune: Prune::All, ..PlanOptions::default() })
        };
        let world = scenario(seed);
        let plan = plan_of(&world);
        if plan.steps.is_empty() {
            continue;
        }
        let before = world.lock().ticks;
        world.apply(&plan).unwrap().unwrap();
        let ticks = world.lock().ticks - before;

        let world = scenario(seed);
        let plan = plan_of(&world);
        {
            let mut state = world.lock();
            let at = state.ticks + 1 + Rng::new(seed).below(ticks);
            state.meddle_at = Some((at, |state, seed| _ = meddle(state, seed), seed));
        }
        match world.apply(&plan).unwrap() {
            Ok(report) => failed += u32::from(report.verdict == ApplyVerdict::Failed),
            Err(error) => assert!(matches!(error, ApplyError::Moved { .. }), "seed {seed}: {error:?}"),
        }
        let violations = world.violations();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
        world.check_no_doubles();
    }
    assert!(failed > 20, "the meddling bites: {failed}");
}

/// Each point of an apply in turn: what is changed by hand after the plan was checked and before the step's turn refuses that
/// step, and nothing is done.
#[test]
fn a_step_looks_again_at_its_turn() {
    let mut refused = 0;
    for at in 1..60 {
        let world = World::new(Generation::TakesDown);
        let text = |image: &str| DesiredSource::Text { text: text_of(&[service("app", image)]) };
        world.wish(DEV, stack("web", text("app:1")));
        world.converge();
        world.stack_mut(DEV, "web", |stack| stack.source = text("app:2"));
        let plan = world.plan(&PlanOptions::default());
        {
            let mut state = world.lock();
            state.writes.clear();
            let by_hand: Meddle =
                |state, _| drop(state.row_of(DEV, "web").env.insert("HAND".to_owned(), "1".to_owned()));
            state.meddle_at = Some((state.ticks + at, by_hand, 0));
        }
        let Ok(report) = world.apply(&plan).unwrap() else { continue };
        let moved = Verdict::Failed { cause: FailureCause::Moved, rollback: None };
        if report.steps[0].receipt.verdict == moved {
            refused += 1;
            assert!(world.lock().writes.is_empty());
        }
    }
    assert!(refused > 0);
}

/// The create is refused for another reason than its name, or gets no answer, while somebody else creates a stack of that name.
#[test]
fn a_row_that_is_not_ours_is_neither_taken_for_ours_nor_removed() {
    const THEIRS: i64 = 900;
    let by_another: Meddle = |state, _| {
        if state.host(DEV).rows.is_empty() {
            let text = text_of(&[service("theirs", "theirs:1")]);
            state.next_row = THEIRS;
            state.place(DEV, &stack("web", DesiredSource::Text { text }));
        }
    };
    for kind in [FaultKind::Refused, FaultKind::DeployFails, FaultKind::LostBefore] {
        let mut refused = 0;
        for at in 1..60 {
            let world = World::new(Generation::TakesDown);
            world.wish(DEV, stack("web", DesiredSource::Text { text: text_of(&[service("app", "app:1")]) }));
            let options = PlanOptions { on_failure: OnFailure::RollBack, ..PlanOptions::default() };
            let plan = world.plan(&options);
            {
                let mut state = world.lock();
                let at = state.ticks + at;
                (state.fault, state.meddle_at) = (Some(Fault { at, kind }), Some((at, by_another, 0)));
            }
            let Ok(report) = world.apply(&plan).unwrap() else { continue };
            if world.lock().hosts[DEV].rows.iter().all(|row| row.id != THEIRS) {
                continue;
            }
            let Verdict::Failed { cause, rollback } = &report.steps[0].receipt.verdict else { panic!("{report:#?}") };
            let of_a_create = matches!(
                cause,
                FailureCause::Refused { call: Call::Create, .. }
                    | FailureCause::OutcomeUnknown { call: Call::Create, .. }
            );
            refused += u32::from(of_a_create && world.lock().faulted.is_some());
            assert!(!matches!(rollback, Some(RollbackOutcome::Removed | RollbackOutcome::Restored { .. })));
            let state = world.lock();
            let [row] = &state.hosts[DEV].rows[..] else { panic!("{:?}", state.hosts[DEV].rows) };
            assert_eq!(row.id, THEIRS);
            assert!(state.hosts[DEV].containers.iter().any(|one| one.service == "theirs"));
            assert!(state.violations.is_empty(), "{:?}", state.violations);
        }
        assert!(refused > 0, "{kind:?}");
    }
}

/// Each point of an apply in turn: somebody creates a stack of the same name before the engine's create reaches the server.
#[test]
fn a_stack_that_somebody_else_created_is_left_alone() {
    const THEIRS: i64 = 900;
    for recreates in [false, true] {
        let mut refused = 0;
        for at in 1..80 {
            let world = World::new(Generation::TakesDown);
            let text = |image: &str| DesiredSource::Text { text: text_of(&[service("app", image)]) };
            world.wish(DEV, stack("web", text("app:1")));
            if recreates {
                world.converge();
                world.stack_mut(DEV, "web", |stack| stack.swarm = true);
            }
            let options = PlanOptions { on_failure: OnFailure::RollBack, ..PlanOptions::default() };
            let plan = world.plan(&options);
            assert_eq!(matches!(plan.steps[0].action, Action::Recreate { .. }), recreates);
            {
                let mut state = world.lock();
                let by_another: Meddle = |state, _| {
                    if state.host(DEV).rows.is_empty() {
                        let text = text_of(&[service("theirs", "theirs:1")]);
                        state.next_row = THEIRS;
                        state.place(DEV, &stack("web", DesiredSource::Text { text }));
                    }
                };
                state.meddle_at = Some((state.ticks + at, by_another, 0));
            }
            let Ok(report) = world.apply(&plan).unwrap() else { continue };
            let Verdict::Failed { cause, rollback } = &report.steps[0].receipt.verdict else { continue };
            let FailureCause::Refused { call: Call::Create, refusal } = cause else { continue };
            assert_eq!(refusal.kind, reconcile::ports::RefusalKind::Conflict);
            refused += 1;
            assert_eq!(rollback.is_some(), recreates, "{report:#?}");
            let state = world.lock();
            assert!(!matches!(rollback, Some(RollbackOutcome::Removed | RollbackOutcome::Restored { .. })));
            let [row] = &state.hosts[DEV].rows[..] else { panic!("{:?}", state.hosts[DEV].rows) };
            assert_eq!(row.id, THEIRS);
            assert!(state.hosts[DEV].containers.iter().any(|one| one.service == "theirs"));
        }
        assert!(refused > 0, "the race is lost at some point, with a removal before: {recreates}");
    }
}
