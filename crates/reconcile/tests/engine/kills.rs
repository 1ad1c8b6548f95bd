//! The process dies at any point; another takes the apply up.

use reconcile::{ApplyError, model::*};

use crate::world::{Rng, World, scenario};

fn options(seed: u64) -> PlanOptions {
    let on_failure = [OnFailure::Stop, OnFailure::Continue, OnFailure::RollBack][usize::try_from(seed % 3).unwrap()];
    PlanOptions { prune: Prune::All, on_failure, ..PlanOptions::default() }
}

/// Dies, is taken up, and perhaps dies again. Returns whether it died at all.
fn die_and_go_on(seed: u64, slow: bool) -> bool {
    let world = scenario(seed);
    let plan = world.plan(&options(seed));
    if plan.steps.is_empty() {
        return false;
    }
    let before = world.lock().ticks;
    world.apply(&plan).unwrap().unwrap();
    let ticks = world.lock().ticks - before;

    let mut rng = Rng::new(seed ^ 0xdead);
    let world = scenario(seed);
    if slow {
        // The server is still at work when the process has long been replaced.
        world.lock().latency = 90_000;
    }
    let plan = world.plan(&options(seed));
    {
        let mut state = world.lock();
        state.kill_at = Some(state.ticks + 1 + rng.below(ticks));
    }
    let died = world.apply(&plan).is_none();
    let unfinished = world.lock().journal.unfinished().len();
    if unfinished > 0 {
        // While the dead process's lock stands, nobody else goes on; nor does a new apply begin before the old one is ended.
        world.lock().killed = false;
        world.lock().kill_at = None;
        let error = world.apply(&plan).unwrap().unwrap_err();
        assert!(matches!(error, ApplyError::Locked(_) | ApplyError::Unfinished { .. }), "seed {seed}: {error:?}");
    }
    for report in world.resume_all() {
        let report = report.unwrap();
        world.check_claims(&report);
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "seed {seed}: {report:#?}");
    }
    world.check_no_doubles();
    let violations = world.violations();
    assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    assert!(world.lock().journal.unfinished().is_empty());
    finish(&world, seed);
    died
}

/// Whatever was left undone, a new plan and apply bring to its end.
fn finish(world: &World, seed: u64) {
    world.lock().latency = 500;
    let plan = world.plan(&options(seed));
    if !plan.steps.is_empty() {
        let report = world.apply(&plan).unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "seed {seed}: {report:#?}");
    }
    assert!(world.plan(&options(seed)).is_in_step(), "seed {seed}");
    world.check_no_doubles();
    let violations = world.violations();
    assert!(violations.is_empty(), "seed {seed}: {violations:?}");
}

#[test]
fn of_two_hundred_deaths_none_leaves_a_mess() {
    let died = (0..260).filter(|seed| die_and_go_on(*seed, false)).count();
    assert!(died >= 200, "{died}");
}

#[test]
fn a_server_that_is_still_at_work_is_waited_for() {
    let died = (1_000..1_100).filter(|seed| die_and_go_on(*seed, true)).count();
    assert!(died >= 60, "{died}");
}

/// Dies again and again, a few calls further each time.
#[test]
fn dying_over_and_over_still_comes_to_an_end() {
    for seed in 0..40 {
        let world = scenario(seed);
        let plan = world.plan(&options(seed));
        if plan.steps.is_empty() {
            continue;
        }
        let mut rng = Rng::new(seed);
        for life in 0..60 {
            {
                let mut state = world.lock();
                state.killed = false;
                state.kill_at = Some(state.ticks + 15 + rng.below(60));
            }
            let ended = if life == 0 { world.apply(&plan).is_some() } else { world.resume_once() };
            if ended {
                break;
            }
        }
        for report in world.resume_all() {
            report.unwrap();
        }
        world.check_no_doubles();
        let violations = world.violations();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
        finish(&world, seed);
    }
}
