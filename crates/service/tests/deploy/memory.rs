//! What the ports promise, apart from any run of the engine.

use std::collections::BTreeMap;

use reconcile::{
    model::*,
    ports::{Journal, Locks, LocksError},
};
use store::testing::TestDatabase;

use super::{
    deaths::set,
    stage::{LOCK_TTL, Stage, T0},
};

async fn record(stage: &Stage, id: &str) -> ApplyRecord {
    ApplyRecord {
        id: ApplyId(id.into()),
        actor: "ada".into(),
        owner: "run 1".into(),
        started_at: T0,
        plan: stage.plan().await,
        stacks: BTreeMap::new(),
    }
}

fn receipt(record: &ApplyRecord, step: usize, calls: u32) -> Receipt {
    let step = &record.plan.steps[step];
    Receipt {
        apply: record.id.clone(),
        step: step.id.clone(),
        action: step.action.clone(),
        started_at: T0,
        ended_at: T0 + 1,
        calls,
        verdict: Verdict::Healthy,
        images: BTreeMap::new(),
        last_logs: Vec::new(),
        revision: None,
    }
}

fn intent(record: &ApplyRecord, sequence: u32) -> Intent {
    let step = record.plan.steps[0].id.clone();
    Intent { apply: record.id.clone(), step, sequence, call: Call::Create, rolling_back: false, at: T0 }
}

async fn unfinished_applies_come_back_as_they_were_written(database: TestDatabase) {
    let stage = Stage::new(&database).await;
    set(&stage, 1);
    let memory = &stage.memory;
    let first = record(&stage, "1").await;
    memory.begin(&first, &[]).await.unwrap();
    for sequence in 0..3 {
        memory.intent(&intent(&first, sequence), &[]).await.unwrap();
    }
    for (step, calls) in [(0, 1), (1, 2), (0, 3)] {
        memory.receipt(&receipt(&first, step, calls), &[]).await.unwrap();
    }
    let error = memory.begin(&record(&stage, "2").await, &[]).await.unwrap_err();
    assert!(error.detail.contains("another on one of its environments"), "{error}");

    let unfinished = memory.unfinished().await.unwrap();
    let expected = Unfinished {
        intents: (0..3).map(|sequence| intent(&first, sequence)).collect(),
        // Of two for one step the later.
        receipts: vec![receipt(&first, 1, 2), receipt(&first, 0, 3)],
        record: first.clone(),
    };
    assert_eq!(unfinished, [expected]);

    memory.end(&first.id, ApplyVerdict::Failed, T0 + 9, &[]).await.unwrap();
    assert_eq!(memory.unfinished().await.unwrap(), []);
    let error = memory.intent(&intent(&first, 3), &[]).await.unwrap_err();
    assert!(error.detail.contains("another process took it up and ended it"), "{error}");
    memory.begin(&record(&stage, "2").await, &[]).await.unwrap();
}

/// A document of another version stops the engine with words that tell which, and quote nothing of it.
async fn what_cannot_be_read_is_named_and_not_quoted(database: TestDatabase) {
    let stage = Stage::new(&database).await;
    set(&stage, 1);
    stage.memory.begin(&record(&stage, "1").await, &[]).await.unwrap();
    let store = database.open().await;
    database.run(&store, "UPDATE applies SET record = '{\"id\":{\"new\":\"hunter2\"}}'").await.unwrap();
    let error = stage.memory.unfinished().await.unwrap_err();
    assert!(error.detail.contains("apply 1 can't be read") && !error.detail.contains("hunter2"), "{error}");
}

async fn locks_are_held_by_one_run(database: TestDatabase) {
    let stage = Stage::new(&database).await;
    let memory = &stage.memory;
    let first = memory.acquire("dev", "run 1", LOCK_TTL).await.unwrap();
    stage.world.advance(LOCK_TTL / 2);
    for owner in ["run 2", "run 1"] {
        let Err(LocksError::Held(by)) = memory.acquire("dev", owner, LOCK_TTL).await else { panic!("{owner} got it") };
        assert_eq!((by.owner.as_str(), by.since, by.expires), ("run 1", T0, T0 + 6_000));
    }
    memory.renew(&first, LOCK_TTL).await.unwrap();
    stage.world.advance(LOCK_TTL);
    assert_eq!(memory.renew(&first, LOCK_TTL).await, Err(LocksError::Lost));
    let second = memory.acquire("dev", "run 2", LOCK_TTL).await.unwrap();
    assert!(second.epoch > first.epoch);
    memory.release(&first).await.unwrap();
    memory.renew(&second, LOCK_TTL).await.unwrap();
    memory.release(&second).await.unwrap();
    assert!(memory.acquire("dev", "run 3", LOCK_TTL).await.unwrap().epoch > second.epoch);
}

/// Another has taken the lock: what its former holder still wants to write is refused.
async fn who_lost_its_lock_writes_no_more(database: TestDatabase) {
    let stage = Stage::new(&database).await;
    set(&stage, 1);
    let memory = &stage.memory;
    let lost = [memory.acquire("dev", "run 1", LOCK_TTL).await.unwrap()];
    let first = record(&stage, "1").await;
    memory.begin(&first, &lost).await.unwrap();
    memory.intent(&intent(&first, 0), &lost).await.unwrap();
    stage.world.advance(LOCK_TTL);
    let taken = [memory.acquire("dev", "run 2", LOCK_TTL).await.unwrap()];
    let refused = [
        memory.intent(&intent(&first, 1), &lost).await,
        memory.receipt(&receipt(&first, 0, 1), &lost).await,
        memory.forget_applied(&StackRef::new("dev", "web"), &lost).await,
        memory.end(&first.id, ApplyVerdict::Failed, T0 + 9, &lost).await,
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(error.detail.contains("its lock lapsed and was taken by another"), "{error}");
    }
    memory.receipt(&receipt(&first, 0, 1), &taken).await.unwrap();
    let unfinished = memory.unfinished().await.unwrap();
    assert_eq!((unfinished[0].intents.len(), unfinished[0].receipts.len()), (1, 1));
}

async fn pins_reach_the_desired_side(database: TestDatabase) {
    let stage = Stage::new(&database).await;
    let memory = &stage.memory;
    let pin = |text: &str| Pin {
        revision: 3,
        by: "ada".into(),
        at: T0,
        origin: PinOrigin::Rollback,
        commit: None,
        text: text.into(),
        variables: None,
        services: Vec::new(),
    };
    let [dev, _] = set(&stage, 1);
    let web = StackRef::new(&dev, "web");
    memory.set_pin(&web, Some(&pin("web:0"))).await.unwrap();
    memory.set_pin(&web, Some(&pin("web:2"))).await.unwrap();
    assert_eq!(memory.pins().await.unwrap(), BTreeMap::from([(web.clone(), pin("web:2"))]));
    let desired = stage.ports().catalog.desired().await.unwrap();
    let pinned: Vec<_> =
        desired.environments.iter().flat_map(|one| &one.stacks).filter(|one| one.pin.is_some()).collect();
    assert_eq!(pinned.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["web"]);
    memory.set_pin(&web, None).await.unwrap();
    assert_eq!(memory.pins().await.unwrap(), BTreeMap::new());
}

macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test]
            async fn $story() {
                super::$story(super::TestDatabase::sqlite()).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test]
            async fn $story() {
                super::$story(super::TestDatabase::postgres().await).await;
            }
        )*}
    };
}

on_both!(
    unfinished_applies_come_back_as_they_were_written,
    what_cannot_be_read_is_named_and_not_quoted,
    locks_are_held_by_one_run,
    who_lost_its_lock_writes_no_more,
    pins_reach_the_desired_side,
);
