//! From a plan to healthy containers, and what stands in the way.

use serde_json::json;
use upstream::portainer::fake::{Behaviour, Generation};

use super::yard::{Repository, Yard, compose, ended, git_entry, hear, send};

#[tokio::test]
async fn a_plan_has_changes_until_it_is_applied() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    let planned = yard.run(&["plan"]).await.ends(2);
    planned.says(&["rumpledev", "+ shop", "create", "Nothing of this name lives", "1 to create"]);
    yard.run(&["apply"]).await.ends(3).complains(&["Nobody can be asked here", "--yes"]);
    assert_eq!(yard.fake.calls_of("POST /api/stacks/create").len(), 0, "nothing was done");

    let applied = yard.run(&["apply", "--yes"]).await.ends(0);
    applied.says(&["rumpledev/shop: healthy", "1 of 1 step as desired", "✔"]);
    yard.run(&["plan"]).await.ends(0).says(&["1 stack is in step: nothing to do."]);
    yard.run(&["apply", "--yes"]).await.ends(0).says(&["nothing to do"]);
    yard.run(&["drift"]).await.ends(0).says(&["Nothing changed past the catalog"]);
    yard.run(&["status", "--containers"]).await.ends(0).says(&["shop", "in step", "1/1 well", "nginx:1", "shop-web-1"]);
    yard.run(&["history"]).await.ends(0).says(&["ada", "succeeded", "rumpledev/shop"]);
    yard.run(&["show", "latest"]).await.ends(0).says(&["by ada", "revision 1", "healthy", "2 calls in 1 step"]);
    yard.run(&["watch", "latest"]).await.ends(0).says(&["rumpledev/shop: healthy", "1 of 1 step"]);
    yard.run(&["cancel", "latest"]).await.ends(1).complains(&["has ended"]);
    yard.run(&["revisions", "shop", "--env", "rumpledev"]).await.ends(0).says(&["newest", "ada"]);
    yard.run(&["show", "nothing-of-the-kind"]).await.ends(1).complains(&["There is no apply"]);
}

#[tokio::test]
async fn every_answer_for_programs_is_json_with_its_kind() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    let plan = yard.run(&["--json", "plan"]).await.ends(2).json("plan");
    assert_eq!(plan["in_step"], false);
    assert_eq!(plan["plan"]["steps"][0]["id"], "rumpledev/shop");
    let refused = yard.run(&["--json", "apply"]).await.ends(3);
    assert_eq!(refused.json("error")["exit"], 3);

    let applied = yard.run(&["--json", "apply", "--yes"]).await.ends(0);
    let lines = applied.lines();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(kinds.starts_with(&["event"]) && kinds.contains(&"receipt"), "{kinds:?}");
    let last = lines.last().unwrap();
    assert_eq!((&last["kind"], &last["verdict"]), (&json!("applied"), &json!("succeeded")), "{last}");
    assert_eq!(last["receipts"][0]["verdict"], json!({ "kind": "healthy" }));
    let numbers: Vec<u64> = lines.iter().filter_map(|line| line["number"].as_u64()).collect();
    assert!(numbers.is_sorted() && numbers.len() == lines.len() - 1, "{numbers:?}");

    let id = last["apply"].as_str().unwrap();
    let view = yard.run(&["--json", "show", id]).await.ends(0).json("apply");
    assert_eq!((&view["state"], &view["actor"]), (&json!("succeeded"), &json!("ada")));
    assert_eq!(yard.run(&["--json", "history"]).await.ends(0).json("history")["applies"][0]["apply"], id);
    let status = yard.run(&["--json", "status", "--env", "rumpledev"]).await.ends(0).json("status");
    assert_eq!(status["overview"]["environments"][0]["stacks"][0]["state"], "in_step");
    assert_eq!(status["overview"]["environments"].as_array().unwrap().len(), 1);
    assert_eq!(yard.run(&["--json", "drift"]).await.ends(0).json("drift")["in_step"], true);
    let revisions = yard.run(&["--json", "revisions", "shop", "--env", "rumpledev"]).await.ends(0).json("revisions");
    assert_eq!(revisions["revisions"][0]["number"], 1);
    assert_eq!(yard.run(&["--json", "apply", "--yes"]).await.ends(0).json("applied")["in_step"], true);
    let error = yard.run(&["--json", "show", "none"]).await.ends(1).json("error");
    assert_eq!(error["code"], "not_found");
}

#[tokio::test]
async fn a_written_plan_is_carried_out_or_refused_as_it_stands() {
    let yard = Yard::new().await;
    let repository = yard.shop();
    yard.run(&["plan", "--out", "plan.json"]).await.ends(2).complains(&["apply --plan plan.json"]);
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let refused = yard.run(&["apply", "--plan", "plan.json", "--yes"]).await.ends(3);
    refused.complains(&["What moved", "Something moved since this plan was made, so nothing was done"]);
    let refused = yard.run(&["--json", "apply", "--plan", "plan.json", "--yes"]).await.ends(3);
    assert_eq!(refused.json("error")["fresh"]["steps"][0]["id"], "rumpledev/shop");
    assert_eq!(yard.fake.calls_of("POST /api/stacks/create").len(), 0);

    yard.run(&["plan", "--out", "plan.json"]).await.ends(2);
    yard.run(&["apply", "--plan", "plan.json", "--yes"]).await.ends(0).says(&["healthy"]);
    yard.run(&["apply", "--plan", "plan.json", "--yes"]).await.ends(3).complains(&["would not be changed any more"]);

    std::fs::write(yard.path("other.json"), "{}").unwrap();
    yard.run(&["apply", "--plan", "other.json", "--yes"]).await.ends(1).complains(&["is no plan of this program"]);
    yard.run(&["apply", "--plan", "missing.json"]).await.ends(1).complains(&["missing.json can't be read"]);
}

#[tokio::test]
async fn what_fails_says_why_with_the_last_lines_of_the_log() {
    let yard = Yard::of(Generation::Newer).await;
    let repository = yard.shop();
    yard.run(&["apply", "--yes"]).await.ends(0);
    yard.fake.behave("rumpledev", "nginx:2", Behaviour::CrashLoops(3));
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let failed = yard.run(&["apply", "--yes", "--on-failure", "rollback"]).await.ends(1);
    failed
        .says(&["✘ rumpledev/shop", "failed", "Last lines of the log", "0 of 1 step as desired"])
        .says(&["brought back to revision 1"]);
}

#[tokio::test]
async fn stacks_and_environments_are_chosen_by_name() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, ""), git_entry("cache", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop", "cache"]), ("rumpletest", &["shop"])]);
    let ids = |plan: serde_json::Value| -> Vec<String> {
        let steps = plan["plan"]["steps"].as_array().unwrap().clone();
        steps.iter().map(|step| step["id"].as_str().unwrap().to_owned()).collect()
    };
    let plan = yard.run(&["--json", "plan", "--stack", "Shop"]).await.ends(2).json("plan");
    assert_eq!(ids(plan), ["rumpledev/shop", "rumpletest/shop"]);
    let plan = yard.run(&["--json", "plan", "--env", "rumpledev"]).await.ends(2).json("plan");
    assert_eq!(ids(plan), ["rumpledev/cache", "rumpledev/shop"]);
    let plan = yard.run(&["--json", "plan", "--env", "rumpletest", "--stack", "shop"]).await.ends(2).json("plan");
    assert_eq!(ids(plan), ["rumpletest/shop"]);
    yard.run(&["plan", "--stack", "shp"]).await.ends(1).complains(&["has no stack “shp”", "Did you mean “shop”?"]);
    yard.run(&["plan", "--env", "rumpeldev"]).await.ends(1).complains(&["Did you mean “rumpledev”?"]);
    yard.run(&["plan", "--env", "rumpletest", "--stack", "cache"]).await.ends(1).complains(&["cache on rumpletest"]);
    yard.run(&["status", "--env", "x"]).await.ends(1).complains(&["There are: rumpledev, rumpletest"]);
}

#[tokio::test]
async fn what_the_catalog_drops_goes_only_when_asked() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, ""), git_entry("cache", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop", "cache"]), ("rumpletest", &["cache"])]);
    yard.run(&["apply", "--yes"]).await.ends(0);
    yard.assign(&[("rumpledev", &["shop"])]);
    yard.run(&["plan"]).await.ends(0).says(&["rumpledev/cache", "not name it any more", "in step"]);
    yard.run(&["apply", "--prune"]).await.ends(3).says(&["- cache", "goes away", "2 to remove"]);
    assert_eq!(yard.fake.containers_on("rumpledev").len(), 2, "nothing was done");
    yard.run(&["apply", "--yes", "--prune"]).await.ends(0).says(&["rumpledev/cache: removed"]);
    assert_eq!(yard.fake.containers_on("rumpledev"), ["shop-web-1"]);
    // Pruning looks at everything or at nothing.
    yard.run(&["plan", "--prune", "--env", "rumpledev"]).await.ends(1).complains(&["cannot be used with"]);
}

#[tokio::test]
async fn ctrl_c_stops_between_two_steps_and_says_so() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[
        git_entry("shop", &repository, ", \"depends_on\": [\"cache\"]"),
        git_entry("cache", &repository, ""),
    ]);
    yard.assign(&[("rumpledev", &["shop", "cache"])]);
    let mut child = yard.stuck(&["apply", "--yes"]).await;
    send("-INT", &child).await;
    hear(&mut child, "Stopping after the steps under way").await;
    yard.fake.release_deploys();
    let stopped = ended(child).await.ends(1);
    stopped.says(&["rumpledev/cache: healthy", "cancelled", "1 of 2 steps"]);
    assert_eq!(yard.fake.containers_on("rumpledev"), ["cache-web-1"]);
}
