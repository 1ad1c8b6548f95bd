//! No secret's value reaches anything that is written, told or returned.

use proptest::prelude::*;
use reconcile::model::*;

use crate::world::{Fault, FaultKind, scenario, secret};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn a_secret_is_nowhere(
        seed: u64,
        value in r#"[!-~]{1,3}Q[ -~]{6,20}"#,
        moved in r"[a-z]{4}Z[0-9]{8}",
        kind in 0_usize..11,
        at in 1_u64..60,
    ) {
        let world = scenario(seed);
        world.store_secret("db", &value);
        // One that only lives on the other side: set by hand, unknown to the vault.
        {
            let mut state = world.lock();
            for row in state.hosts.values_mut().flat_map(|host| &mut host.rows) {
                row.env.insert("SET_BY_HAND".to_owned(), moved.clone());
            }
            let ticks = state.ticks;
            state.fault = Some(Fault { at: ticks + at, kind: FaultKind::ALL[kind] });
            for stack in state.catalog.environments.iter_mut().flat_map(|one| &mut one.stacks) {
                stack.variables.insert("DB_PASSWORD".to_owned(), secret("db"));
            }
        }
        let options = PlanOptions { on_failure: OnFailure::RollBack, prune: Prune::All, ..PlanOptions::default() };
        let plan = world.plan(&options);
        let result = world.apply(&plan).unwrap();
        let all = [
            serde_json::to_string(&plan).unwrap(),
            format!("{plan:?}"),
            format!("{result:?}"),
            result.as_ref().map(|report| serde_json::to_string(report).unwrap()).unwrap_or_default(),
            world.all_text(),
        ]
        .concat();
        let escaped = serde_json::to_string(&value).unwrap();
        for secret in [value.as_str(), escaped.trim_matches('"'), &format!("hunter2-{seed}"), &format!("t0ken-{seed}")] {
            prop_assert!(!all.contains(secret), "{secret} leaked");
        }
        prop_assert!(!serde_json::to_string(&plan).unwrap().contains(&moved));
    }
}
