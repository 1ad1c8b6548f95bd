//! From a machine of the catalog to its running stacks.

use upstream::portainer::{
    agent::fake::{AgentBehaviour, FakeAgent},
    fake::HostScript,
};

use super::yard::{Repository, Yard, compose, git_entry};

#[tokio::test]
async fn a_machine_goes_from_its_number_to_running_stacks() {
    let yard = Yard::new().await;
    let agent = FakeAgent::start(AgentBehaviour::Answers).await.unwrap();
    let at = agent.address();
    yard.fake.add_host_at("rumpleprod", &at.url(), HostScript::default());
    let repository = Repository::new(&compose("nginx:1", &[]));
    yard.stacks(&[git_entry("shop", &repository, "")]);
    yard.write(
        "phoenix_vm_configs.json",
        &format!(
            "{{ \"vms\": [ {{ \"vmid\": 1009, \"name\": \"rumpleprod\", \"portainer_environment_name\": \"rumpleprod\", \
             \"portainer_agent_hostname\": \"{at}\", \"portainer_role\": \"agent\", \"docker_stacks\": [\"shop\"] }} ] }}\n"
        ),
    );
    yard.run(&["create", "1010"]).await.ends(1).complains(&["1010"]);
    let asked = yard.run(&["create", "1009"]).await.ends(3).complains(&["No hypervisor is connected", "--yes"]);
    asked.says(&["rumpleprod", "+ shop", "1 to create"]);
    assert!(yard.fake.containers_on("rumpleprod").is_empty(), "nothing was carried out yet");
    yard.run(&["create", "1009", "--plan-only"]).await.ends(2);
    let lines = yard.run(&["--json", "create", "rumpleprod", "--yes"]).await.ends(0).lines();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.starts_with(&["creating"]) && kinds.contains(&"created") && kinds.ends_with(&["applied"]),
        "{kinds:?}"
    );
    assert_eq!(yard.fake.containers_on("rumpleprod"), ["shop-web-1"]);
    yard.run(&["create", "1009"]).await.ends(0).says(&["nothing to do"]);
}
