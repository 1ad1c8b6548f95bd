//! The process dies in each call to the database in turn; the next one finds what it needs to go on.

use std::collections::BTreeMap;

use reconcile::{ApplyError, model::*, ports::Journal as _};
use store::testing::TestDatabase;

use super::stage::{LOCK_TTL, Moment, Stage, T0};

fn stack(name: &str, text: &str, depends_on: &[&str]) -> DesiredStack {
    let service = ComposeService { name: "app".into(), image: text.into(), ..ComposeService::default() };
    DesiredStack {
        name: name.into(),
        title: name.into(),
        former_names: Vec::new(),
        source: DesiredSource::Text { text: text.into() },
        variables: BTreeMap::new(),
        depends_on: depends_on.iter().map(|&name| name.into()).collect(),
        compose: Some(ComposeFacts { services: vec![service], text: text.into() }),
        health: HealthRules { timeout_s: 60, settle_s: 6 },
        swarm: false,
        pin: None,
        troubles: Vec::new(),
    }
}

/// Two environments of their own: one to create, update and remove on, one where a creation waits for another.
pub fn set(stage: &Stage, round: u64) -> [String; 2] {
    let names = [format!("dev-{round}"), format!("hosted-{round}")];
    let [dev, hosted] = &names;
    let mut state = stage.lock();
    state.calls = 0;
    let now = stage.world.now();
    state.live.deploy(dev, "db", "postgres:17", now);
    state.live.deploy(dev, "gone", "left-over:1", now);
    state.desired = Desired {
        catalog_commit: format!("commit-{round}"),
        environments: vec![
            DesiredEnvironment {
                name: dev.clone(),
                stacks: vec![stack("db", "postgres:18", &[]), stack("web", "web:1", &["db"])],
            },
            DesiredEnvironment {
                name: hosted.clone(),
                stacks: vec![stack("api", "api:1", &["cache"]), stack("cache", "cache:1", &[])],
            },
        ],
    };
    names
}

/// Goes on after a death as a new process does: not before the locks lapse, then from the journal.
async fn go_on(stage: &Stage, plan: &Plan, case: &str) {
    stage.revive();
    if !stage.memory.unfinished().await.unwrap().is_empty() {
        let error = stage.apply(plan).await.unwrap().unwrap_err();
        assert!(matches!(error, ApplyError::Locked(_) | ApplyError::Unfinished { .. }), "{case}: {error:?}");
    }
    stage.world.advance(LOCK_TTL);
    for unfinished in stage.memory.unfinished().await.unwrap() {
        let report = stage.resume(&unfinished).await.unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{case}: {report:#?}");
    }
    let plan = stage.plan().await;
    if !plan.steps.is_empty() {
        let report = stage.apply(&plan).await.unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{case}: {report:#?}");
    }
}

/// All is as desired, made once, and remembered once.
async fn check(stage: &Stage, [dev, hosted]: &[String; 2], case: &str) {
    assert!(stage.plan().await.is_in_step(), "{case}");
    assert!(stage.memory.unfinished().await.unwrap().is_empty(), "{case}");
    for (environment, names) in [(dev, ["db", "web"]), (hosted, ["api", "cache"])] {
        let applied = stage.memory.newest_revisions(environment).await.unwrap();
        let applied: Vec<_> = applied.iter().map(|one| (one.stack.as_str(), one.number)).collect();
        assert_eq!(applied, names.map(|name| (name, 1)), "{case}");
        for name in names {
            let all = stage.memory.revisions(&StackRef::new(environment, name)).await.unwrap();
            assert_eq!(all.len(), 1, "{case}: one revision of {name}: {all:#?}");
            assert_eq!(all[0].receipt.revision, Some(1));
        }
    }
    let state = stage.lock();
    assert_eq!(state.live.violations, Vec::<String>::new(), "{case}");
    for (environment, name) in [(dev, "web"), (hosted, "api"), (hosted, "cache")] {
        assert_eq!(state.live.creates[&(environment.clone(), name.to_owned())], 1, "{case}: {name} is made once");
    }
    assert!(!state.live.rows.contains_key(&(dev.clone(), "gone".into())), "{case}");
}

async fn every_death_is_survived(database: TestDatabase, moments: [Moment; 3]) {
    let stage = Stage::new(&database).await;
    let names = set(&stage, 0);
    let plan = stage.plan().await;
    assert_eq!(plan.steps.len(), 5, "{plan:#?}");
    stage.lock().calls = 0;
    let report = stage.apply(&plan).await.unwrap().unwrap();
    assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
    let calls = stage.lock().calls;
    check(&stage, &names, "without a death").await;
    let store = database.open().await;
    assert_eq!(store.locks(stage.world.now()).await.unwrap(), [], "locks are given back");

    let mut died = 0;
    for (at, moment) in (1..=calls).zip(moments.into_iter().cycle()) {
        let case = format!("death {moment:?} call {at} of {calls}");
        let names = set(&stage, at);
        let plan = stage.plan().await;
        {
            let mut state = stage.lock();
            (state.calls, state.dies) = (0, Some((at, moment)));
        }
        if stage.apply(&plan).await.is_none() {
            died += 1;
        }
        go_on(&stage, &plan, &case).await;
        check(&stage, &names, &case).await;
    }
    // The order of calls of two environments may shift by one or the other renewal.
    assert!(died >= 25 && died + 3 >= calls, "{died} of {calls}");
    assert!(stage.world.now() > T0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    every_death_is_survived(TestDatabase::sqlite(), [Moment::Before, Moment::Amid, Moment::After]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_moment_later() {
    every_death_is_survived(TestDatabase::sqlite(), [Moment::After, Moment::Before, Moment::Amid]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    every_death_is_survived(TestDatabase::postgres().await, [Moment::Amid, Moment::After, Moment::Before]).await;
}
