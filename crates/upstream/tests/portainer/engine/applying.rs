//! Plans that are applied to a good end.

use std::collections::BTreeMap;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use reconcile::{
    drift,
    model::{
        Action, AdoptFrom, BlockedCause, Desired, DesiredEnvironment, DesiredSource, DesiredValue, Digest, HandEdit,
        ObservedSource, Plan, PlanOptions, Prune, Reason, RowStatus, Verdict,
    },
    ports::Clock as _,
};
use upstream::portainer::{
    EnvironmentId, Environments, Stacks,
    environments::NewAgentEnvironment,
    fake::{After, Behaviour, Generation},
    stacks::{AutoUpdate, GitAccess, GitSettings},
};

use super::{
    super::{BOTH, Repository, client, text_update, variables},
    Bench, DEV, compose, git, stack, text,
};

fn action(plan: &Plan) -> &Action {
    assert_eq!(plan.steps.len(), 1, "{plan:#?}");
    &plan.steps[0].action
}

#[tokio::test]
async fn created_from_a_repository_then_updated_by_commits_variables_and_secrets() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.behave(DEV, "web", Behaviour::Healthy(After::Polls(6)));
        let services = [("web", "nginx:1"), ("cache", "redis:7")];
        let repository = Repository::new(&compose(&services));
        bench.state().vault.insert("token".to_owned(), vec!["first-secret-value".to_owned()]);
        bench.wish(stack("shop", git(&repository), &services));
        bench.edit("shop", |stack| {
            let secret = DesiredValue::Secret { name: "token".to_owned(), version: 0, digest: Digest::from_text("") };
            stack.variables.insert("TOKEN".to_owned(), secret);
            stack.variables.insert("MODE".to_owned(), DesiredValue::Plain("fast # and $loud".to_owned()));
        });
        let (plan, report) = bench.converge().await;
        assert_eq!(*action(&plan), Action::Create);
        assert_eq!(report.steps[0].receipt.verdict, Verdict::Healthy);
        assert_eq!(bench.asked("POST /api/stacks/create"), 1);
        assert_eq!(bench.asked("POST /api/endpoints/1/docker/images/create"), 2, "pulled first");
        let token = || bench.fake.container_variable(DEV, "shop-web-1", "TOKEN");
        assert_eq!(token().as_deref(), Some("first-secret-value"));

        let observed = bench.observed().await;
        let row = &observed.environments[0].stacks[0];
        assert_eq!((row.variables["TOKEN"].plain.as_ref(), row.status), (None, RowStatus::Active));
        assert_eq!(row.variables["MODE"].plain.as_deref(), Some("fast # and $loud"));
        assert!(matches!(&row.source, ObservedSource::Git { reference, .. } if reference == "refs/heads/main"));

        let services = [("web", "nginx:2"), ("cache", "redis:7")];
        repository.commit("docker-compose.yml", &compose(&services));
        bench.state().vault.get_mut("token").unwrap().push("second-secret-value".to_owned());
        bench.edit("shop", |wanted| wanted.compose = stack("shop", git(&repository), &services).compose);
        let (plan, _) = bench.converge().await;
        assert!(matches!(action(&plan), Action::Update { .. }));
        assert_eq!(token().as_deref(), Some("second-secret-value"));
        let state = bench.state();
        let told = format!("{:?}{:?}{:?}{plan:?}{observed:?}", state.book, state.events, bench.target);
        assert!(!told.contains("secret-value"), "no secret is ever written down");
    }
}

#[tokio::test]
async fn created_from_a_text_then_changed() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        bench.wish(stack("shop", text(&[("web", "nginx:2")]), &[("web", "nginx:2")]));
        let (plan, report) = bench.converge().await;
        assert_eq!(plan.steps[0].reasons, [Reason::TextChanged]);
        let digest = report.steps[0].receipt.images["web"].clone().unwrap();
        assert!(digest.starts_with("sha256:"), "{digest}");
    }
}

#[tokio::test]
async fn what_runs_without_a_row_is_adopted() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.fake.run_by_hand(DEV, "shop", "web");
        bench.fake.run_by_hand(DEV, "other", "web");
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        let observed = bench.observed().await;
        assert_eq!(observed.environments[0].projects.len(), 2);
        let (plan, _) = bench.converge().await;
        assert_eq!(*action(&plan), Action::Adopt { from: AdoptFrom::Project });
        let observed = bench.observed().await;
        assert_eq!(observed.environments[0].stacks.len(), 1);
        assert_eq!(observed.environments[0].projects[0].name, "other", "left alone");
    }
}

#[tokio::test]
async fn another_repository_means_a_new_stack() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        let (old, new) =
            (Repository::new(&compose(&[("web", "nginx:1")])), Repository::new(&compose(&[("web", "nginx:2")])));
        bench.wish(stack("shop", git(&old), &[("web", "nginx:1")]));
        bench.converge().await;
        bench.wish(stack("shop", git(&new), &[("web", "nginx:2")]));
        let (plan, _) = bench.converge().await;
        assert_eq!(*action(&plan), Action::Recreate { id: 1 });
        let rows = client(&bench.fake).stacks().await.unwrap();
        assert_eq!((rows.len(), rows[0].id.0), (1, 2));
        assert_eq!(bench.fake.containers_on(DEV), ["shop-web-1"]);
    }
}

#[tokio::test]
async fn what_the_catalog_no_longer_names_is_removed_when_asked_for() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        let by_hand = bench.fake.add_stack(EnvironmentId(1), "by-hand", &compose(&[("x", "y:1")])).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        bench.state().desired.environments[0].stacks.clear();
        assert!(bench.plan(&PlanOptions::default()).await.steps.is_empty());
        let managed = PlanOptions { prune: Prune::Managed, ..PlanOptions::default() };
        let (plan, report) = bench.converge_with(&managed).await;
        assert!(matches!(action(&plan), Action::Remove { .. }));
        assert_eq!(report.steps[0].receipt.verdict, Verdict::Removed);
        let rows = client(&bench.fake).stacks().await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [by_hand]);
        assert_eq!(bench.fake.containers_on(DEV), ["by-hand-x-1"]);
    }
}

#[tokio::test]
async fn edits_by_hand_are_noticed_and_undone() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        let client = client(&bench.fake);
        let row = client.stacks().await.unwrap().remove(0);
        let mut edit = text_update(&compose(&[("web", "nginx:9")]));
        edit.variables = variables(&[("EXTRA", "1")]);
        let row = client.update_stack_text(&row, &edit).await.unwrap();
        let plan = bench.plan(&PlanOptions::default()).await;
        let signs = drift(&plan).remove(0).signs;
        assert!(signs.contains(&Reason::EditedByHand { what: HandEdit::Source }), "{signs:?}");
        assert!(signs.contains(&Reason::EditedByHand { what: HandEdit::Variable("EXTRA".to_owned()) }), "{signs:?}");
        bench.converge().await;

        client.stop_stack(&row).await.unwrap();
        let plan = bench.plan(&PlanOptions::default()).await;
        assert!(drift(&plan)[0].signs.contains(&Reason::Stopped));
        let (plan, _) = bench.converge().await;
        assert!(matches!(action(&plan), Action::Redeploy { .. }));

        bench.fake.lose_files(row.id);
        let (plan, _) = bench.converge().await;
        assert!(plan.steps[0].reasons.contains(&Reason::TextChanged), "a lost file is written again");
    }
}

#[tokio::test]
async fn a_row_whose_environment_is_gone_is_taken_over() {
    for generation in BOTH {
        let bench = Bench::of(generation).await;
        bench.wish(stack("shop", text(&[("web", "nginx:1")]), &[("web", "nginx:1")]));
        bench.converge().await;
        let client = client(&bench.fake);
        client.delete_environment(EnvironmentId(1)).await.unwrap();
        let again = NewAgentEnvironment {
            name: DEV.to_owned(),
            url: format!("tcp://{DEV}:9001"),
            public_url: String::new(),
            group_id: None,
            tag_ids: Vec::new(),
        };
        let home = client.create_agent_environment(&again).await.unwrap().id;
        let observed = bench.observed().await;
        assert_eq!((observed.orphans.len(), observed.environments[0].stacks.len()), (1, 0));
        let (plan, _) = bench.converge().await;
        assert_eq!(*action(&plan), Action::Adopt { from: AdoptFrom::Orphan { id: 1 } });
        let rows = client.stacks().await.unwrap();
        assert_eq!((rows.len(), rows[0].environment), (1, home));
    }
}

#[tokio::test]
async fn polling_is_turned_off() {
    let bench = Bench::of(Generation::V2_23).await;
    let repository = Repository::new(&compose(&[("web", "nginx:1")]));
    bench.wish(stack("shop", git(&repository), &[("web", "nginx:1")]));
    bench.converge().await;
    let client = client(&bench.fake);
    let row = client.stacks().await.unwrap().remove(0);
    let settings = GitSettings {
        reference: "refs/heads/main".to_owned(),
        access: GitAccess::Public,
        auto_update: Some(AutoUpdate { interval: Some("5m".to_owned()), webhook: None }),
        variables: Vec::new(),
        prune: false,
        tls_skip_verify: false,
    };
    client.update_git_settings(&row, &settings).await.unwrap();
    let (plan, _) = bench.converge().await;
    assert_eq!(*action(&plan), Action::Configure { id: 1 });
}

/// What the planner lets through is in the container as the catalog has it; the stand-in reads the variables' file as compose does.
#[tokio::test]
async fn every_value_that_is_not_blocked_arrives_unchanged() {
    let strategy = prop_oneof![any::<String>(), "[ -~\t]{0,24}", "[a '\"#$\\\\\t={}]{0,6}"];
    let mut runner = TestRunner::deterministic();
    let values: Vec<String> = (0..600).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let bench = Bench::of(Generation::V2_23).await;
    let observed = bench.observed().await;
    // One stack a value, to hear of each whether it may be sent.
    let alone = values.iter().enumerate().map(|(at, value)| {
        let mut one = stack(&format!("s{at}"), text(&[("app", "app:1")]), &[("app", "app:1")]);
        one.variables.insert("V".to_owned(), DesiredValue::Plain(value.clone()));
        one
    });
    let environments = vec![DesiredEnvironment { name: DEV.to_owned(), stacks: alone.collect() }];
    let desired = Desired { catalog_commit: String::new(), environments };
    let plan = reconcile::plan(&desired, &observed, &PlanOptions::default(), bench.now());
    let unsafe_ones = plan.blocked.iter().all(|one| matches!(one.cause, BlockedCause::UnsafeValue { .. }));
    assert!(unsafe_ones, "{:#?}", plan.blocked);
    let kept: BTreeMap<String, &String> = plan
        .steps
        .iter()
        .map(|step| step.stack[1..].parse().unwrap())
        .map(|at: usize| (format!("V{at}"), &values[at]))
        .collect();
    assert!(kept.len() > 300 && kept.len() < 600, "{} of 600 pass", kept.len());

    let lines: String = kept.keys().map(|name| format!("      - \"{name}=${{{name}}}\"\n")).collect();
    let source = DesiredSource::Text {
        text: format!(
            "services:\n  app:\n    image: app:1\n    healthcheck: {{test: [CMD, \"true\"]}}\n    environment:\n{lines}"
        ),
    };
    let mut shop = stack("shop", source, &[("app", "app:1")]);
    shop.variables = kept.iter().map(|(name, value)| (name.clone(), DesiredValue::Plain((*value).clone()))).collect();
    bench.wish(shop);
    bench.converge().await;
    for (name, value) in kept {
        let arrived = bench.fake.container_variable(DEV, "shop-app-1", &name);
        assert_eq!(arrived.as_ref(), Some(value), "{name}");
    }
}
