//! Secrets go in, and their values come out nowhere.

use super::yard::{Repository, Yard, compose, git_entry};

const VALUE: &str = "s3cr3t-Wert-8261";
const NEXT: &str = "s3cr3t-Wert-9372";

#[tokio::test]
async fn a_value_reaches_the_container_and_nothing_else() {
    let yard = Yard::new().await;
    let repository = Repository::new(&compose("nginx:1", &["PASSWORD"]));
    let env = ", \"env\": [{ \"name\": \"PASSWORD\", \"secret\": \"vault/shop/password\" }]";
    yard.stacks(&[git_entry("shop", &repository, env)]);
    yard.assign(&[("rumpledev", &["shop"])]);
    let mut said = String::new();
    let mut keep = |ran: super::yard::Ran| {
        said += &ran.out;
        said += &ran.err;
    };
    keep(yard.run(&["plan"]).await.ends(2).says(&["Blocked", "phoenix-cli secret set shop/password"]));
    keep(yard.run_with(&["secret", "set", "shop/password"], &format!("{VALUE}\n")).await.ends(0).says(&["version 1"]));
    keep(yard.run(&["-vv", "apply", "--yes"]).await.ends(0).says(&["healthy"]));
    assert_eq!(yard.fake.container_variable("rumpledev", "shop-web-1", "PASSWORD").as_deref(), Some(VALUE));
    keep(yard.run(&["secret", "list"]).await.ends(0).says(&["shop/password", "1", "ada"]));

    std::fs::write(yard.path("next"), format!("{NEXT}\n")).unwrap();
    let file = yard.path("next");
    let args = ["--json", "secret", "rotate", "shop/password", "--from-file", file.to_str().unwrap()];
    assert_eq!(yard.run(&args).await.ends(0).json("secret")["version"], 2);
    std::fs::remove_file(&file).unwrap();
    keep(yard.run(&["plan"]).await.ends(2).says(&["PASSWORD", "secret shop/password (version 2)"]));
    keep(yard.run(&["--json", "-v", "apply", "--yes"]).await.ends(0));
    assert_eq!(yard.fake.container_variable("rumpledev", "shop-web-1", "PASSWORD").as_deref(), Some(NEXT));
    keep(yard.run(&["--json", "show", "latest"]).await.ends(0));
    keep(yard.run(&["diff"]).await.ends(0));
    for value in [VALUE, NEXT] {
        assert!(!said.contains(value), "{said}");
        assert!(!yard.holds(value), "{value} lies in a file");
    }
    let used = yard.run(&["secret", "remove", "shop/password", "--yes"]).await.ends(1);
    used.complains(&["still used by the stack “shop”"]);
}

#[tokio::test]
async fn the_vault_is_looked_after() {
    let yard = Yard::new().await;
    yard.run(&["secret", "list"]).await.ends(0).says(&["The vault is empty"]);
    yard.run_with(&["secret", "rotate", "none"], VALUE).await.ends(1).complains(&["none"]);
    yard.run_with(&["secret", "set", "none"], "\n").await.ends(1).complains(&["is empty, so nothing was changed"]);
    yard.run_with(&["secret", "set", "no such name"], VALUE).await.ends(1).complains(&["is no name of a secret"]);
    yard.run_with(&["secret", "set", "one"], VALUE).await.ends(0);
    yard.run(&["secret", "rekey"]).await.ends(3).complains(&["Nobody can be asked"]);
    yard.run(&["secret", "rekey", "--yes"]).await.ends(0).says(&["1 secret is encrypted for the key age1"]);
    yard.run(&["secret", "remove", "one"]).await.ends(3);
    yard.run(&["secret", "remove", "one", "--yes"]).await.ends(0);
    assert_eq!(yard.run(&["--json", "secret", "list"]).await.ends(0).json("secrets")["secrets"], serde_json::json!([]));
}

#[tokio::test]
async fn a_secret_in_plain_text_is_moved_into_the_vault() {
    let yard = Yard::new().await;
    yard.write(
        "phoenix_hypervisor_config.json",
        &format!("{{ \"portainer_api\": {{ \"password\": \"{VALUE}\" }} }}\n"),
    );
    let warned = yard.run(&["validate"]).await.ends(0).says(&["plain_secret", "phoenix-cli secret adopt"]);
    assert!(!warned.out.contains(VALUE), "{}", warned.out);
    let place = "phoenix_hypervisor_config.json#/portainer_api/password";
    yard.run(&["secret", "adopt", place, "portainer"]).await.ends(0).says(&["is in the vault (version 1)"]);
    assert!(!yard.read("phoenix_hypervisor_config.json").contains(VALUE));
    yard.run(&["secret", "adopt", place, "portainer"]).await.ends(1).complains(&["no secret in plain text"]);
    yard.run(&["secret", "adopt", "nowhere", "portainer"]).await.ends(1).complains(&["FILE#POINTER"]);
}
