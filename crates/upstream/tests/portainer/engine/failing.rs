//! Plans that fail, or seem to.

use std::time::Duration;

use reconcile::{
    Pace, apply,
    model::{
        ApplyVerdict, Call, Condition, DesiredSource, EventKind, FailureCause, OnFailure, PlanOptions, Prune, Reason,
        Risk, RollbackOutcome, Scope,
    },
    ports::{Create, Journal, Outcome, RefusalKind, Source, Target, Variables},
    resume,
};
use upstream::portainer::{
    EnvironmentId, PortainerConfig, Stacks, Timeouts,
    fake::{After, Behaviour, DropWhen, Generation},
};

use super::{
    super::{BOTH, PATIENCE, Repository, client, containers},
    Bench, DEV, compose, failure, git, stack, text,
};

const ROLL_BACK: PlanOptions =
    PlanOptions { prune: Prune::No, on_failure: OnFailure::RollBack, scope: Scope::Everything };

#[tokio::test]
async fn a_failing_health_check_is_told_with_its_words() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.behave(DEV, "web", Behaviour::Unhealthy(After::Polls(4)));
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let report = bench.apply(&bench.plan(&PlanOptions::default()).await).await;
        let (FailureCause::Unwell { containers }, None) = failure(&report) else { panic!("{report:#?}") };
        assert_eq!((containers[0].service.as_str(), containers[0].condition), ("web", Some(Condition::Unhealthy)));
        let logs = &report.steps[0].receipt.last_logs;
        assert!(logs.iter().any(|line| line.text == "web starts"), "{logs:?}");
        assert!(logs.iter().any(|line| line.stderr && line.text.contains("connection refused")), "{logs:?}");
    }
}

#[tokio::test]
async fn a_missing_image_touches_nothing() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        bench.fake.behave(DEV, "nginx:2", Behaviour::MissingImage);
        bench.wish(stack("shop", text(&[("web", "nginx:2")]), &[("web", "nginx:2")]));
        let report = bench.apply(&bench.plan(&ROLL_BACK).await).await;
        let (FailureCause::Refused { call, refusal }, _) = failure(&report) else { panic!("{report:#?}") };
        assert!(matches!(call, Call::Pull { .. }));
        assert_eq!(refusal.kind, RefusalKind::Deploy);
        assert!(
            refusal.message.starts_with("nginx:2: ") && refusal.message.contains("manifest unknown"),
            "{refusal:?}"
        );
        let found = containers(&client(&bench.fake), EnvironmentId(1), "shop").await;
        assert_eq!(found[0].image, "nginx:1", "what ran still runs");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_leaves_nothing_behind_when_rolled_back() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.behave(DEV, "web", Behaviour::PortClash(8080));
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let report = bench.apply(&bench.plan(&ROLL_BACK).await).await;
        let (cause, rollback) = failure(&report);
        assert_eq!(rollback, Some(&RollbackOutcome::Removed), "{report:#?}");
        if let FailureCause::Refused { refusal, .. } = cause {
            assert_eq!((refusal.kind, refusal.status), (RefusalKind::Deploy, 500));
            assert!(refusal.message.contains("port is already allocated"), "{refusal:?}");
        } else {
            assert_eq!(generation, Generation::Newer, "{cause:?}");
        }
        assert!(client(&bench.fake).stacks().await.unwrap().is_empty());
        assert!(bench.fake.containers_on(DEV).is_empty());
        bench.fake.behave(DEV, "web", Behaviour::Healthy(After::Polls(0)));
        bench.converge().await;
    }
}

#[tokio::test]
async fn a_create_that_runs_out_of_time_is_found_and_not_doubled() {
    for generation in BOTH {
        let short = Timeouts { deploy: Duration::from_millis(80), ..Timeouts::default() };
        let bench = Bench::with(generation, |config| PortainerConfig { timeouts: short, ..config }).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let plan = bench.plan(&PlanOptions::default()).await;
        bench.fake.hold_deploys();
        let release = async {
            bench.fake.wait_until(|counts| counts.deploys_asked == 1, PATIENCE).await.unwrap();
            // In 2.23 the answer is late, in newer ones the deploy.
            let told = || {
                let told =
                    bench.state().events.iter().any(|event| matches!(event.kind, EventKind::OutcomeUnknown { .. }));
                told || generation == Generation::Newer
            };
            while !told() {
                tokio::task::yield_now().await;
            }
            bench.fake.release_deploys();
        };
        let release = async { tokio::time::timeout(PATIENCE, release).await.unwrap() };
        let (report, ()) = futures::future::join(bench.apply(&plan), release).await;
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        assert_eq!(bench.asked("POST /api/stacks/create"), 1, "sent once");
        assert_eq!(client(&bench.fake).stacks().await.unwrap().len(), 1);
        assert!(bench.plan(&PlanOptions::default()).await.is_in_step());
    }
}

#[tokio::test]
async fn answers_that_get_lost_change_nothing() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        let repository = Repository::new(&compose(&[("web", "nginx:1")]));
        bench.fake.drop_connection("POST /api/stacks/create", DropWhen::AfterEffect);
        bench.wish(stack("shop", git(&repository), &[("web", "nginx:1")]));
        bench.converge().await;
        repository.commit("docker-compose.yml", &compose(&[("web", "nginx:2")]));
        bench.edit("shop", |wanted| wanted.compose = stack("shop", git(&repository), &[("web", "nginx:2")]).compose);
        bench.fake.drop_connection("PUT /api/stacks/1/git/redeploy", DropWhen::AfterEffect);
        bench.converge().await;
        assert_eq!((bench.asked("POST /api/stacks/create"), bench.asked("PUT /api/stacks/1/git/redeploy")), (1, 1));
        bench.fake.set_backup_running(true);
        repository.commit("docker-compose.yml", &compose(&[("web", "nginx:3")]));
        bench.edit("shop", |wanted| wanted.compose = None);
        let report = bench.apply(&bench.plan(&PlanOptions::default()).await).await;
        let (FailureCause::Refused { refusal, .. }, _) = failure(&report) else { panic!("{report:#?}") };
        assert_eq!((refusal.kind, refusal.status), (RefusalKind::Unavailable, 408));
    }
}

#[tokio::test]
async fn an_update_that_fails_is_brought_back() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        let repository = Repository::new(&compose(&[("web", "nginx:1")]));
        bench.wish(stack("shop", git(&repository), &[("web", "nginx:1")]));
        bench.converge().await;
        repository.commit("docker-compose.yml", &compose(&[("web", "nginx:2")]));
        bench.edit("shop", |wanted| wanted.compose = stack("shop", git(&repository), &[("web", "nginx:2")]).compose);
        bench.fake.behave(DEV, "nginx:2", Behaviour::PortClash(80));
        let plan = bench.plan(&ROLL_BACK).await;
        let risk = if generation == Generation::V2_23 { Risk::TakesDownOnFailure } else { Risk::Interrupts };
        assert_eq!(plan.steps[0].risk, risk, "the plan says so before");
        let report = bench.apply(&plan).await;
        let (FailureCause::Refused { refusal, .. }, rollback) = failure(&report) else { panic!("{report:#?}") };
        assert!(refusal.message.contains("port is already allocated"), "{refusal:?}");
        assert_eq!(rollback, Some(&RollbackOutcome::Restored { revision: 1 }), "{report:#?}");
        let client = client(&bench.fake);
        let found = containers(&client, EnvironmentId(1), "shop").await;
        assert_eq!(found.len(), 1);
        assert!(found[0].image.starts_with("nginx:1@sha256:"), "by digest: {}", found[0].image);
        assert!(client.stacks().await.unwrap()[0].git.is_none(), "the older commit came back as its text");
    }
}

#[tokio::test]
async fn without_going_back_2_23_is_left_without_containers_and_the_next_plan_says_so() {
    let bench = Bench::of(Generation::V2_23).await;
    bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
    bench.converge().await;
    bench.fake.behave(DEV, "nginx:2", Behaviour::PortClash(80));
    bench.wish(stack("shop", text(&[("web", "nginx:2")]), &[("web", "nginx:2")]));
    let report = bench.apply(&bench.plan(&PlanOptions::default()).await).await;
    assert!(matches!(failure(&report), (FailureCause::Refused { .. }, None)));
    assert!(bench.fake.containers_on(DEV).is_empty());
    bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
    let (plan, _) = bench.converge().await;
    let missing = Reason::ContainerMissing { service: "web".to_owned() };
    assert_eq!(plan.steps[0].reasons, [missing]);
}

#[tokio::test]
async fn a_host_that_goes_down_between_plan_and_apply() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let call = |bench: &Bench| {
            let source = match &bench.state().desired.environments[0].stacks[0].source {
                DesiredSource::Text { text } => Source::Text(text.clone()),
                DesiredSource::Git { .. } => panic!("a text"),
            };
            Create {
                environment: DEV.to_owned(),
                name: "shop".to_owned(),
                source,
                variables: Variables::default(),
                swarm: false,
            }
        };
        bench.fake.set_host_up(DEV, false);
        let outcome = bench.target.create(call(&bench)).await;
        let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!(refusal.kind, RefusalKind::Unavailable, "nothing was done");
        bench.fake.set_host_up(DEV, true);
        bench.converge().await;
        assert_eq!(bench.fake.containers_on(DEV), ["shop-web-1"]);
    }
}

#[tokio::test]
async fn an_apply_that_dies_in_a_create_is_taken_up_without_a_second_one() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let plan = bench.plan(&PlanOptions::default()).await;
        bench.fake.hold_deploys();
        let control = bench.control();
        tokio::select! {
            report = apply(&plan, bench.ports(), &control) => panic!("{report:?}"),
            asked = bench.fake.wait_until(|counts| counts.deploys_asked == 1, PATIENCE) => assert!(asked.is_ok()),
        }
        // Its process is dead, and so its lock lapses; Portainer goes on.
        bench.state().book.held.clear();
        bench.fake.release_deploys();
        let unfinished = bench.unfinished().await.unwrap().remove(0);
        let report = resume(&unfinished, bench.ports(), &bench.control()).await.unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        assert_eq!((bench.asked("POST /api/stacks/create"), client(&bench.fake).stacks().await.unwrap().len()), (1, 1));
        assert!(bench.plan(&PlanOptions::default()).await.is_in_step());
    }
}

/// A proxy gives up while Portainer still deploys: the create is found, not sent again.
#[tokio::test]
async fn a_gateway_that_gives_up_in_front_of_a_slow_create() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let plan = bench.plan(&PlanOptions::default()).await;
        bench.fake.hold_deploys();
        bench.fake.give_up_in_front_of("POST /api/stacks/create", Duration::from_millis(20));
        let release = async {
            let told =
                || bench.state().events.iter().any(|event| matches!(event.kind, EventKind::OutcomeUnknown { .. }));
            while !told() {
                tokio::task::yield_now().await;
            }
            // It looks, and looks again, before the deploy is over.
            let looks = bench.asked("GET /api/stacks");
            while bench.asked("GET /api/stacks") < looks + 5 && generation == Generation::V2_23 {
                tokio::task::yield_now().await;
            }
            bench.fake.release_deploys();
        };
        let release = async { tokio::time::timeout(PATIENCE, release).await.unwrap() };
        let (report, ()) = futures::future::join(bench.apply(&plan), release).await;
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        assert_eq!(bench.asked("POST /api/stacks/create"), 1, "sent once");
        assert_eq!(client(&bench.fake).stacks().await.unwrap().len(), 1);
    }
}

/// The deploy outlasts all patience: the run that sent the create never sends it again, and says that it does not know.
#[tokio::test]
async fn a_create_is_never_sent_twice_however_long_it_takes() {
    let bench = Bench::of(Generation::V2_23).await;
    bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
    let plan = bench.plan(&ROLL_BACK).await;
    bench.fake.hold_deploys();
    bench.fake.give_up_in_front_of("POST /api/stacks/create", Duration::from_millis(20));
    let mut control = bench.control();
    control.pace.patience = Duration::from_millis(100);
    let report = apply(&plan, bench.ports(), &control).await.unwrap();
    let (cause, rollback) = failure(&report);
    assert!(matches!(cause, FailureCause::OutcomeUnknown { call: Call::Create, .. }), "{cause:?}");
    assert!(matches!(rollback, Some(RollbackOutcome::Failed { .. })), "nothing is removed either: {rollback:?}");
    bench.fake.release_deploys();
    bench.fake.wait_until(|counts| counts.deploys_done == 1, PATIENCE).await.unwrap();
    assert_eq!(bench.asked("POST /api/stacks/create"), 1);
}

/// Taken up long after its process died, a create is not sent again while containers under its name show that it is at work.
#[tokio::test]
async fn containers_under_the_name_keep_a_create_from_being_sent_again() {
    let bench = Bench::of(Generation::V2_23).await;
    bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
    let plan = bench.plan(&PlanOptions::default()).await;
    bench.fake.hold_deploys();
    let control = bench.control();
    tokio::select! {
        report = apply(&plan, bench.ports(), &control) => panic!("{report:?}"),
        asked = bench.fake.wait_until(|counts| counts.deploys_asked == 1, PATIENCE) => assert!(asked.is_ok()),
    }
    bench.state().book.held.clear();
    bench.fake.run_by_hand(DEV, "shop", "web");
    let unfinished = bench.unfinished().await.unwrap().remove(0);
    let mut control = bench.control();
    control.pace.patience = Duration::from_millis(100);
    let report = resume(&unfinished, bench.ports(), &control).await.unwrap();
    assert!(matches!(failure(&report).0, FailureCause::OutcomeUnknown { call: Call::Create, .. }), "{report:#?}");
    assert_eq!(bench.asked("POST /api/stacks/create"), 1);
}

#[test]
fn the_engine_is_more_patient_than_the_longest_call() {
    let Timeouts { read, write, deploy, .. } = Timeouts::default();
    let longest = read.max(write).max(deploy);
    assert!(Pace::default().patience > 2 * longest, "its own deploy, and one that Portainer makes before it");
}

/// A host that stalls while it is asked for logs holds neither the step nor its lock.
#[tokio::test]
async fn a_host_that_stalls_over_a_log_does_not_hold_the_step() {
    let short = Timeouts { read: Duration::from_millis(300), ..Timeouts::default() };
    let bench = Bench::with(Generation::V2_23, |config| PortainerConfig { timeouts: short, ..config }).await;
    bench.fake.behave(DEV, "web", Behaviour::Exits(3));
    bench.fake.stall_logs(true);
    bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
    let plan = bench.plan(&PlanOptions::default()).await;
    let report = tokio::time::timeout(PATIENCE, bench.apply(&plan)).await.expect("the step ends");
    assert!(matches!(failure(&report).0, FailureCause::Unwell { .. }), "{report:#?}");
    let logs = &report.steps[0].receipt.last_logs;
    assert!(logs.iter().any(|line| line.text == "web starts"), "what had come is kept: {logs:?}");
    assert!(bench.state().book.held.is_empty());
}
