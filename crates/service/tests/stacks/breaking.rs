//! Processes that die in the middle, and another that takes up what they left.

use std::time::Duration;

use service::{
    Deploy, DeploySettings, World,
    deploy::model::{ApplyVerdict, PlanOptions},
};
use tokio_util::sync::CancellationToken;
use types::ProblemCode;

use super::yard::{PATIENCE, Yard, compose, settings, text_entry};

#[test]
fn an_apply_whose_process_dies_is_finished_by_another_and_nothing_is_made_twice() {
    let main = tokio::runtime::Runtime::new().unwrap();
    let yard = main.block_on(async {
        let yard = Yard::new().await;
        yard.stacks(&[text_entry("shop", ""), text_entry("cache", ", \"depends_on\": [\"shop\"]")]);
        for name in ["shop", "cache"] {
            yard.write(&format!("stacks/{name}/docker-compose.yml"), &compose("nginx:1", &[]));
        }
        yard.assign(&[("rumpledev", &["shop", "cache"])]);
        yard
    });
    // A runtime of its own is the process: dropping it stops every task at once, wherever it is.
    let doomed = tokio::runtime::Runtime::new().unwrap();
    yard.fake.hold_deploys();
    let id = doomed.block_on(async {
        let store = yard.database.store().await;
        let settings = DeploySettings { owner: "doomed".to_owned(), ..settings(yard.folder.path(), &yard.fake) };
        let deploy = Deploy::new(store, World::system(), settings);
        let plan = deploy.plan(&yard.operator, &PlanOptions::default()).await.unwrap().plan;
        let id = deploy.apply(&yard.operator, plan, None).await.unwrap();
        yard.fake.wait_until(|counts| counts.deploys_asked > 0, PATIENCE).await.unwrap();
        id
    });
    doomed.shutdown_background();
    yard.fake.release_deploys();

    main.block_on(async {
        let plan = yard.deploy.plan(&yard.operator, &PlanOptions::default()).await.unwrap().plan;
        if !plan.steps.is_empty() {
            let refused = yard.deploy.apply(&yard.operator, plan, None).await.unwrap_err();
            assert_eq!(service::ServiceError::from(refused).code(), ProblemCode::Conflict, "another is under way");
        }
        let stop = CancellationToken::new();
        let background = tokio::spawn({
            let (deploy, stop) = (yard.deploy.clone(), stop.clone());
            async move { deploy.run_background(stop).await }
        });
        assert_eq!(yard.follow(&id).await, ApplyVerdict::Succeeded);
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), background).await.unwrap().unwrap();
        assert_eq!(yard.asked("POST /api/stacks/create"), 2, "each stack was made once");
        assert!(yard.plan().await.is_in_step());
    });
}
