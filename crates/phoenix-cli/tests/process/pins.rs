//! Going back, carrying over, letting go.

use super::yard::{Repository, Yard, compose, git_entry};

async fn with_two_versions() -> (Yard, Repository) {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, "")]);
    yard.assign(&[("rumpledev", &["shop"]), ("rumpletest", &["shop"])]);
    yard.run(&["apply", "--yes"]).await.ends(0);
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    yard.run(&["apply", "--yes"]).await.ends(0);
    (yard, repository)
}

#[tokio::test]
async fn a_rollback_holds_until_it_is_released() {
    let (yard, repository) = with_two_versions().await;
    let asked = yard.run(&["rollback", "shop", "--env", "rumpledev"]).await.ends(3);
    asked.says(&["back to revision 1 and holds it there", "-     image: nginx:2", "+     image: nginx:1"]);
    let back = yard.run(&["rollback", "shop", "--env", "rumpledev", "--to", "1", "--yes"]).await.ends(0);
    back.says(&["healthy"]);
    repository.commit("docker-compose.yml", &compose("nginx:3", &[]));
    yard.run(&["status", "--containers"]).await.ends(0).says(&["held at revision 1 by ada", "nginx:1"]);
    yard.run(&["plan", "--env", "rumpledev"])
        .await
        .ends(0)
        .says(&["held at revision 1", "“phoenix-cli release” lets it follow the catalog"]);
    let revisions = yard.run(&["--json", "revisions", "shop", "--env", "rumpledev"]).await.ends(0).json("revisions");
    assert_eq!(revisions["held_at"], 1);
    yard.run(&["release", "shop", "--env", "rumpledev"]).await.ends(0).says(&["follows the catalog again"]);
    yard.run(&["plan", "--env", "rumpledev"]).await.ends(2);
    yard.run(&["release", "shop", "--env", "rumpledev"]).await.ends(1).complains(&["is not held at a version"]);
    yard.run(&["rollback", "shop", "--env", "rumpledev", "--to", "77"]).await.ends(1).complains(&["77"]);
}

#[tokio::test]
async fn a_promotion_carries_a_version_over() {
    let (yard, repository) = with_two_versions().await;
    repository.commit("docker-compose.yml", &compose("nginx:3", &[]));
    let args = ["--json", "promote", "shop", "--from", "rumpledev", "--to", "rumpletest", "--revision", "1", "--yes"];
    let lines = yard.run(&args).await.ends(0).lines();
    assert_eq!((lines[0]["kind"].as_str(), &lines[0]["also"]["kind"]), (Some("proposal"), &"promote".into()));
    assert_eq!(lines.last().unwrap()["verdict"], "succeeded");
    let status = yard.run(&["--json", "status", "--env", "rumpletest"]).await.ends(0).json("status");
    assert_eq!(status["overview"]["environments"][0]["stacks"][0]["pin"]["origin"]["from"], "rumpledev");
    let unknown = yard.run(&["promote", "shop", "--from", "nowhere", "--to", "rumpletest"]).await.ends(1);
    unknown.complains(&["nowhere/shop has no revision"]);
}
