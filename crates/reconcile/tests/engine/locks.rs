//! Locks that can't be kept: nothing is changed once they may be another's.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use reconcile::{
    apply,
    model::*,
    ports::{Lease, Locks, LocksError, Ports},
};

use crate::world::{Behaviour, DEV, World, service, stack, text_of};

/// The world's locks, of which a renewal is never answered.
struct Hanging<'a>(&'a World);

#[async_trait]
impl Locks for Hanging<'_> {
    async fn acquire(&self, environment: &str, owner: &str, ttl: Duration) -> Result<Lease, LocksError> {
        self.0.acquire(environment, owner, ttl).await
    }

    async fn renew(&self, _: &Lease, _: Duration) -> Result<(), LocksError> {
        std::future::pending().await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LocksError> {
        self.0.release(lease).await
    }
}

#[test]
fn a_renewal_that_hangs_does_not_hide_that_the_lock_lapsed() {
    let world = World::new(Generation::TakesDown);
    for name in ["one", "three", "two"] {
        let image = format!("{name}:1");
        world.lock().behaviours.insert(image.clone(), Behaviour::Healthy(40_000));
        world.wish(DEV, stack(name, DesiredSource::Text { text: text_of(&[service("app", &image)]) }));
    }
    let plan = world.plan(&PlanOptions { on_failure: OnFailure::Continue, ..PlanOptions::default() });
    let begun = world.lock().now;
    let locks = Hanging(&world);
    let control = world.control();
    let report = world.run(apply(&plan, Ports { locks: &locks, ..world.ports() }, &control)).unwrap().unwrap();
    let verdicts: BTreeMap<&str, &Verdict> =
        report.steps.iter().map(|one| (one.step.as_str(), &one.receipt.verdict)).collect();
    let lost = Verdict::Failed { cause: FailureCause::LockLost, rollback: None };
    assert_eq!(*verdicts["rumpledev/one"], Verdict::Healthy);
    assert_eq!(*verdicts["rumpledev/three"], lost);
    assert!(!verdicts["rumpledev/two"].is_success());
    let lapsed = begun + i64::try_from(control.pace.lock_ttl.as_millis()).unwrap();
    let state = world.lock();
    assert!(state.journal.intents.iter().all(|one| one.at < lapsed), "no call after the lock lapsed");
    assert!(state.journal.receipts.iter().all(|one| one.ended_at < lapsed), "nothing written after the lock lapsed");
}
