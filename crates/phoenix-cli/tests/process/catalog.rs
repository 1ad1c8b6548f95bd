//! The catalog's own commands.

use super::yard::{Yard, git};

#[tokio::test]
async fn what_is_wrong_is_shown_in_its_place() {
    let yard = Yard::new().await;
    yard.run(&["validate"]).await.ends(0);
    yard.write(
        "phoenix_stacks_config.json",
        "{\n  \"docker_stacks\": [\n    { \"name\": \"shop\", \"git_repo\": 7 }\n  ]\n}\n",
    );
    yard.assign(&[("rumpledev", &["shop", "absent"])]);
    let wrong = yard.run(&["validate"]).await.ends(1);
    wrong.says(&[
        "phoenix_stacks_config.json:3:",
        "error[",
        "\"git_repo\": 7",
        "^",
        "unknown_stack",
        "absent",
        "errors",
    ]);
    let found = yard.run(&["--json", "validate"]).await.ends(1).json("validation");
    assert_eq!(found["ok"], false);
    assert!(found["findings"][0]["line"].is_u64());

    yard.write("phoenix_stacks_config.json", "{\n  \"docker_stacks\": [\n");
    yard.run(&["validate"]).await.ends(1).says(&["error[syntax]"]);
    yard.run(&["plan", "--prune"]).await.ends(1).complains(&["A file of the catalog is broken"]);
}

#[tokio::test]
async fn only_a_deep_look_reads_other_repositories() {
    let yard = Yard::new().await;
    let repository = yard.shop();
    repository.commit("docker-compose.yml", "services: [this, is, wrong]\n");
    yard.run(&["validate"]).await.ends(0);
    yard.run(&["validate", "--deep"]).await.ends(1).says(&["bad_compose", "shop"]);
}

#[tokio::test]
async fn older_forms_are_rewritten_only_when_asked() {
    let yard = Yard::new().await;
    let old = "{ \"docker_stacks\": { \"shop\": { \"name\": \"shop\", \"compose_file_path\": \"/opt/stacks/shop/docker-compose.yml\" } } }\n";
    yard.write("phoenix_stacks_config.json", old);
    yard.write("stacks/shop/docker-compose.yml", "services:\n  web:\n    image: nginx:1\n");
    yard.run(&["import"]).await.ends(0).says(&["becomes a list"]).complains(&["Nothing was written"]);
    assert_eq!(yard.read("phoenix_stacks_config.json"), old);
    // The repository is there since the first look; what lies in it is committed by hand.
    let folder = yard.path("catalog");
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "By hand"]);
    let written = yard.run(&["--json", "import", "--write"]).await.ends(0).json("import");
    assert!(written["commit"].is_string(), "{written}");
    assert!(yard.read("phoenix_stacks_config.json").contains("\"docker_stacks\": ["));
    yard.run(&["import"]).await.ends(0).says(&["Everything has the present form"]);
    yard.run(&["log"]).await.ends(0).says(&["Import older forms", "ada"]);

    let first = git(&folder, &["rev-list", "--max-parents=0", "HEAD"]);
    yard.run(&["diff", &first[..8]]).await.ends(0).says(&["phoenix_stacks_config.json", "@@"]);
    yard.run(&["diff"]).await.ends(0).says(&["Nothing differs"]);
    yard.stacks(&[]);
    yard.run(&["diff"]).await.ends(0).says(&["-      \"name\": \"shop\""]);
    yard.run(&["diff", "zzzz"]).await.ends(1).complains(&["has no commit “zzzz”"]);
}

#[tokio::test]
async fn keeping_in_step_with_a_remote() {
    let mut yard = Yard::new().await;
    yard.run(&["sync"]).await.ends(1).complains(&["PHOENIX_CONFIG_REMOTE"]);
    let remote = yard.path("remote");
    std::fs::create_dir(&remote).unwrap();
    git(&remote, &["init", "--quiet", "--bare", "--initial-branch", "main"]);
    yard.set("PHOENIX_CONFIG_REMOTE", &format!("file://{}", remote.display()));
    yard.run_with(&["secret", "set", "one"], "value").await.ends(0);
    let pushed = yard.run(&["--json", "sync"]).await.ends(0).json("sync");
    assert!(pushed["pushed"].as_u64().unwrap() > 0, "{pushed}");
    yard.run(&["sync"]).await.ends(0).says(&["are the same"]);
}
