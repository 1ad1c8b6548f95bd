//! The same commands through a running server.

use testkit::{Person, TestApp};
use upstream::portainer::{
    agent::fake::{AgentBehaviour, FakeAgent},
    fake::{API_KEY, HostScript},
};

use super::yard::{Yard, compose};

/// Makes a token on the account page, as its owner does, and reads it off.
async fn token(person: &Person) -> String {
    let reply = person.post_form("/account", "/api/create_token", &[("name", "program"), ("days", "0")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = person.get("/account").await.text;
    let at = page.find("tht_").expect("the token is on the page");
    page[at..].chars().take_while(|char| char.is_ascii_alphanumeric() || "-_".contains(*char)).collect()
}

#[tokio::test]
async fn the_same_commands_through_a_running_server() {
    let mut yard = Yard::new().await;
    let repository = yard.shop();
    let app = TestApp::builder()
        .set("PORTAINER_URL", yard.fake.url())
        .set("PORTAINER_API_KEY", API_KEY)
        .set("PHOENIX_CONFIG_DIR", yard.path("catalog").display().to_string())
        .set("THINKHEADS_GIT_FOLDERS", "true")
        .start()
        .await;
    yard.set("THINKHEADS_SERVER", &format!("http://{}", app.addr()));
    yard.set("THINKHEADS_TOKEN", &token(&app.administrator().await).await);

    yard.run(&["validate", "--deep"]).await.ends(0);
    yard.run(&["plan", "--out", "plan.json"]).await.ends(2).says(&["+ shop", "1 to create"]);
    yard.run(&["plan", "--stack", "shp"]).await.ends(1).complains(&["Did you mean “shop”?"]);
    yard.run(&["apply", "--plan", "plan.json", "--yes"])
        .await
        .ends(0)
        .says(&["rumpledev/shop: healthy", "1 of 1 step"]);
    yard.run(&["apply", "--plan", "plan.json", "--yes"]).await.ends(3).complains(&["What moved"]);
    yard.run(&["plan"]).await.ends(0);
    yard.run(&["status"]).await.ends(0).says(&["shop", "in step"]);
    yard.run(&["drift"]).await.ends(0);
    repository.commit("docker-compose.yml", &compose("nginx:2", &[]));
    let lines = yard.run(&["--json", "apply", "--yes"]).await.ends(0).lines();
    assert_eq!(lines.last().unwrap()["verdict"], "succeeded");
    yard.run(&["rollback", "shop", "--env", "rumpledev", "--yes"]).await.ends(0).says(&["back to revision 1"]);
    let revisions = yard.run(&["--json", "revisions", "shop", "--env", "rumpledev"]).await.ends(0).json("revisions");
    assert_eq!(revisions["held_at"], 1);
    yard.run(&["release", "shop", "--env", "rumpledev"]).await.ends(0);
    yard.run_with(&["secret", "set", "one"], "value").await.ends(0).says(&["version 1"]);
    yard.run(&["secret", "list"]).await.ends(0).says(&["one"]);
    yard.run(&["log"]).await.ends(0).says(&["Secret one: version 1"]);
    yard.run(&["show", "latest"]).await.ends(0).says(&["succeeded"]);
    yard.run(&["watch", "latest"]).await.ends(0).says(&["healthy"]);
    yard.run(&["create", "1001"]).await.ends(1).complains(&["portainer_agent_hostname"]);
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let at = agent.address();
    yard.fake.add_host_at("rumpleprod", &at.url(), HostScript::default());
    yard.write(
        "phoenix_vm_configs.json",
        &format!(
            "{{ \"vms\": [ {{ \"vmid\": 1009, \"name\": \"rumpleprod\", \"portainer_environment_name\": \"rumpleprod\", \
             \"portainer_agent_hostname\": \"{at}\", \"docker_stacks\": [\"shop\"] }} ] }}\n"
        ),
    );
    yard.run(&["create", "1009", "--yes"]).await.ends(0).complains(&["No hypervisor is connected"]);
    assert_eq!(yard.fake.containers_on("rumpleprod"), ["shop-web-1"]);
    assert!(!yard.path("data").exists(), "nothing is opened here");
    yard.set("THINKHEADS_TOKEN", "tht_wrong");
    yard.run(&["status"]).await.ends(1).complains(&["The token lets nobody in"]);
}
