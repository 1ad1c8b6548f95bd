//! Failures of all kinds at any call: none is reported as success.

use reconcile::model::*;

use crate::world::{Behaviour, DEV, Fault, FaultKind, Rng, World, git, scenario, service, stack};

#[test]
fn of_three_hundred_failures_none_is_called_success() {
    let mut injected = 0;
    let mut failed = 0;
    let mut seed = 0;
    while injected < 330 {
        let kind = FaultKind::ALL[usize::try_from(seed % 11).unwrap()];
        let on_failure =
            [OnFailure::Stop, OnFailure::Continue, OnFailure::RollBack][usize::try_from(seed / 11 % 3).unwrap()];
        seed += 1;
        let options = PlanOptions { prune: Prune::All, on_failure, ..PlanOptions::default() };
        let world = scenario(seed);
        let plan = world.plan(&options);
        if plan.steps.is_empty() {
            continue;
        }
        {
            let mut state = world.lock();
            let at = state.ticks + 1 + Rng::new(seed).below(60);
            state.fault = Some(Fault { at, kind });
        }
        let result = world.apply(&plan).unwrap();
        if world.lock().faulted.is_none() {
            continue;
        }
        injected += 1;
        if let Ok(report) = &result {
            world.check_claims(report);
            failed += u32::from(report.verdict == ApplyVerdict::Failed);
        }
        world.check_no_doubles();
        let violations = world.violations();
        assert!(violations.is_empty(), "seed {seed}, {kind:?}: {violations:?}");
        // And what failed can be mended by planning again.
        if kind != FaultKind::LockLost {
            for report in world.resume_all() {
                world.check_claims(&report.unwrap());
            }
            world.pass(std::time::Duration::from_secs(120));
            let plan = world.plan(&options);
            let report = world.apply(&plan).unwrap().unwrap();
            assert_eq!(report.verdict, ApplyVerdict::Succeeded, "seed {seed}, {kind:?}: {report:#?}");
            assert!(world.plan(&options).is_in_step(), "seed {seed}, {kind:?}");
        }
    }
    assert!(failed > 60, "the faults bite: {failed}");
}

#[test]
fn containers_that_go_bad_are_never_called_healthy() {
    let bad = [
        Behaviour::NeverHealthy,
        Behaviour::CrashLoop,
        Behaviour::Exits(0),
        Behaviour::Exits(2),
        Behaviour::Missing,
        Behaviour::PortClash,
        // Looks well until just before the settling time is over.
        Behaviour::DiesAfter(5_500),
    ];
    let mut failed = 0;
    for seed in 0..120 {
        let world = scenario(seed);
        let plan = world.plan(&PlanOptions { on_failure: OnFailure::Continue, ..PlanOptions::default() });
        let images: Vec<String> = world.lock().registry.keys().cloned().collect();
        let mut rng = Rng::new(seed);
        let image = images[usize::try_from(rng.below(images.len() as u64)).unwrap()].clone();
        world.lock().behaviours.insert(image, bad[usize::try_from(seed % 7).unwrap()]);
        let report = world.apply(&plan).unwrap().unwrap();
        world.check_claims(&report);
        failed += u32::from(report.verdict == ApplyVerdict::Failed);
        let violations = world.violations();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    }
    assert!(failed > 30, "{failed}");
}

/// The server says yes and does nothing: the container that was made by hand still runs, and nothing but itself shows it.
#[test]
fn a_redeploy_that_did_nothing_does_not_bless_what_was_made_by_hand() {
    let mut failed = 0;
    for at in 1..40 {
        let world = World::new(Generation::TakesDown);
        world.push("https://git.example/web", None, "web-1", &[service("app", "app:1")]);
        world.wish(DEV, stack("web", git("https://git.example/web", None)));
        world.converge();
        world.lock().host(DEV).containers[0].hash = "made by hand".to_owned();
        let plan = world.plan(&PlanOptions::default());
        {
            let mut state = world.lock();
            state.writes.clear();
            state.fault = Some(Fault { at: state.ticks + at, kind: FaultKind::DoneButNot });
        }
        let report = world.apply(&plan).unwrap().unwrap();
        if world.lock().faulted.is_none() {
            break;
        }
        let by_hand = world.lock().host(DEV).containers[0].hash == "made by hand";
        let not_as_desired = Verdict::Failed { cause: FailureCause::NotAsDesired, rollback: None };
        assert_eq!(report.steps[0].receipt.verdict == not_as_desired, by_hand, "{report:#?}");
        failed += u32::from(by_hand);
    }
    assert!(failed > 0);
}

/// The row of a stack whose container was made again by hand is as wanted: only a deploy that took effect may count as one.
#[test]
fn a_refused_redeploy_does_not_bless_what_was_made_by_hand() {
    for kind in [FaultKind::Refused, FaultKind::DeployFails, FaultKind::RefusedButDone, FaultKind::LostBefore] {
        let mut refused = Vec::new();
        for at in 1..40 {
            let world = World::new(Generation::TakesDown);
            world.push("https://git.example/web", None, "web-1", &[service("app", "app:1")]);
            world.wish(DEV, stack("web", git("https://git.example/web", None)));
            world.converge();
            world.lock().host(DEV).containers[0].hash = "made by hand".to_owned();
            let plan = world.plan(&PlanOptions::default());
            assert!(matches!(plan.steps[0].action, Action::Redeploy { .. }), "{plan:#?}");
            {
                let mut state = world.lock();
                state.fault = Some(Fault { at: state.ticks + at, kind });
            }
            let report = world.apply(&plan).unwrap().unwrap();
            if world.lock().faulted.is_none() {
                break;
            }
            world.check_claims(&report);
            assert_eq!(world.violations(), [""; 0], "{kind:?} at {at}");
            if let Verdict::Failed { cause: FailureCause::Refused { call, .. }, .. } = &report.steps[0].receipt.verdict
            {
                refused.push(call.clone());
            }
        }
        let deploys = refused.iter().filter(|call| matches!(call, Call::Update { .. })).count();
        let says_no = matches!(kind, FaultKind::Refused | FaultKind::DeployFails);
        assert_eq!(deploys > 0, says_no, "{kind:?}: {refused:?}");
    }
}
