//! A process that dies, or leaves, in the middle of an apply.

use super::yard::{Yard, ended, hear, send};

#[tokio::test]
async fn what_a_killed_process_left_is_finished_by_the_next() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    let mut child = yard.stuck(&["apply", "--yes"]).await;
    // Nothing is said and nothing is tidied up.
    child.kill().await.unwrap();
    yard.fake.release_deploys();
    yard.run(&["--json", "history"]).await.ends(0).says(&["\"state\":\"running\""]);
    let again = yard.run(&["apply", "--yes"]).await.ends(0);
    again.says(&["in step: nothing to do"]).complains(&[
        "has not ended",
        "Taking it up first",
        "rumpledev/shop: healthy",
    ]);
    yard.run(&["show", "latest"]).await.ends(0).says(&["succeeded", "healthy"]);
    assert_eq!(yard.fake.containers_on("rumpledev"), ["shop-web-1"], "it was made once");
    assert_eq!(yard.fake.calls_of("POST /api/stacks/create").len(), 1);
}

#[tokio::test]
async fn a_second_ctrl_c_leaves_and_the_next_apply_goes_on() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    let mut child = yard.stuck(&["apply", "--yes"]).await;
    send("-INT", &child).await;
    hear(&mut child, "Ctrl-C again leaves at once").await;
    send("-INT", &child).await;
    ended(child).await.ends(130);
    yard.fake.release_deploys();
    // It was cancelled, so what it took up ends; whether the step was made is for the next plan.
    yard.run(&["apply", "--yes"]).await.ends(0);
    yard.run(&["plan"]).await.ends(0);
}

#[tokio::test]
async fn an_apply_that_lives_elsewhere_is_waited_for_and_not_disturbed() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    let child = yard.stuck(&["apply", "--yes"]).await;
    let refused = yard.run(&["apply", "--yes"]).await.ends(3);
    refused.complains(&["is still running in another process", "phoenix-cli watch"]);
    yard.fake.release_deploys();
    ended(child).await.ends(0).says(&["healthy"]);
}
