//! The plan: pure, deterministic, ordered, quick.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use reconcile::{model::*, plan};

use crate::world::{DEV, HOSTED, Rng, World, scenario, secret, service, stack, text_of};

fn observed(world: &World, desired: &Desired) -> Observed {
    let state = world.lock();
    let disclosure = Disclosure::of(desired, &Default::default());
    Observed {
        server: ServerFacts { version: state.version.clone(), generation: state.generation },
        environments: desired.environments.iter().map(|one| state.environment(&one.name, &disclosure)).collect(),
        orphans: Vec::new(),
    }
}

fn shuffle<T>(all: &mut [T], rng: &mut Rng) {
    for index in (1..all.len()).rev() {
        let other = usize::try_from(rng.below(index as u64 + 1)).unwrap();
        all.swap(index, other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn equal_inputs_give_equal_bytes_in_whatever_order(seed: u64) {
        let world = scenario(seed);
        let mut desired = world.lock().desired();
        let mut live = observed(&world, &desired);
        let options = PlanOptions { prune: Prune::All, ..PlanOptions::default() };
        let first = serde_json::to_string(&plan(&desired, &live, &options, 7)).unwrap();
        prop_assert_eq!(&first, &serde_json::to_string(&plan(&desired, &live, &options, 7)).unwrap());
        let mut rng = Rng::new(seed);
        shuffle(&mut desired.environments, &mut rng);
        shuffle(&mut live.environments, &mut rng);
        for environment in &mut desired.environments {
            shuffle(&mut environment.stacks, &mut rng);
        }
        for environment in &mut live.environments {
            shuffle(&mut environment.stacks, &mut rng);
            environment.stacks.iter_mut().for_each(|stack| shuffle(&mut stack.containers, &mut rng));
        }
        prop_assert_eq!(&first, &serde_json::to_string(&plan(&desired, &live, &options, 7)).unwrap());
        let back: Plan = serde_json::from_str(&first).unwrap();
        prop_assert_eq!(first, serde_json::to_string(&back).unwrap());
    }

    #[test]
    fn what_a_stack_needs_comes_before_it_and_nothing_is_pruned_unasked(seed: u64) {
        let world = scenario(seed);
        let desired = world.lock().desired();
        let live = observed(&world, &desired);
        let plan = plan(&desired, &live, &PlanOptions::default(), 7);
        for step in &plan.steps {
            let removes = matches!(step.action, Action::Remove { .. });
            prop_assert!(!removes);
            prop_assert!(!step.reasons.is_empty());
            let environment = desired.environments.iter().find(|one| one.name == step.environment).unwrap();
            // Through everything it depends on, also what stays as it is.
            let mut open = vec![step.stack.clone()];
            let mut seen = BTreeSet::new();
            while let Some(name) = open.pop() {
                let stack = environment.stacks.iter().find(|one| one.name == name).unwrap();
                for other in &stack.depends_on {
                    if seen.insert(other.clone()) {
                        open.push(other.clone());
                    }
                }
            }
            for other in seen {
                if let Some(before) = plan.step(&StepId::of(&step.environment, &other)) {
                    prop_assert!(before.wave < step.wave, "{} before {}", before.id, step.id);
                }
            }
        }
    }
}

/// 200 stacks on 4 environments. The promise (well under 0.2 s) is for a release build; the bound for a build without optimisation
/// still catches anything quadratic. The best of five, since other tests run beside it.
#[test]
fn eight_hundred_stacks_are_planned_quickly() {
    let world = World::new(Generation::TakesDown);
    world.store_secret("db", "hunter2");
    let environments = [DEV, "rumpletest", "rumpleprod", HOSTED];
    {
        let mut state = world.lock();
        state.catalog.environments =
            environments.map(|name| DesiredEnvironment { name: name.to_owned(), stacks: Vec::new() }).into();
        for name in environments {
            let host = crate::world::Host { id: 9, up: true, ..Default::default() };
            state.hosts.entry(name.to_owned()).or_insert(host);
        }
    }
    for environment in environments {
        for number in 0..200 {
            let services = [service("app", "app:1"), service("db", "db:1"), service("cache", "cache:1")];
            let mut one = stack(&format!("stack-{number:03}"), DesiredSource::Text { text: text_of(&services) });
            for variable in 0..10 {
                one.variables.insert(format!("V{variable}"), DesiredValue::Plain(format!("value {number}")));
            }
            one.variables.insert("PASSWORD".to_owned(), secret("db"));
            one.depends_on = (number % 10 > 0).then(|| format!("stack-{:03}", number - 1)).into_iter().collect();
            world.wish(environment, one);
        }
    }
    let desired = world.lock().desired();
    {
        let mut state = world.lock();
        for environment in &desired.environments {
            for one in environment.stacks.iter().filter(|one| !one.name.ends_with('7')) {
                state.place(&environment.name, one);
            }
        }
    }
    let live = observed(&world, &desired);
    let options = PlanOptions::default();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        let plan = plan(&desired, &live, &options, 7);
        best = best.min(begun.elapsed());
        assert_eq!(plan.steps.len(), 80);
    }
    let bound = if cfg!(debug_assertions) { 3_000 } else { 200 };
    assert!(best.as_millis() < bound, "{best:?}");
    println!("800 stacks planned in {best:?}");
}
