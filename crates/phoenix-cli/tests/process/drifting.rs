//! What changes past the catalog.

use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, Stacks as _, fake::API_KEY, stacks::TextUpdate,
};

use super::yard::{Yard, compose};

/// Somebody changes a stack in Portainer's own pages.
async fn by_hand(yard: &Yard, stack: &str, text: &str) {
    let client = PortainerClient::new(PortainerConfig {
        url: Some(yard.fake.url()),
        credential: Some(Credential::ApiKey(config::SecretString::from(API_KEY))),
        ..PortainerConfig::default()
    })
    .unwrap();
    let row = client.stacks().await.unwrap().into_iter().find(|row| row.name == stack).unwrap();
    let update = TextUpdate {
        text: text.to_owned(),
        variables: Vec::new(),
        pull_images: false,
        prune: false,
        detach_from_git: true,
    };
    client.update_stack_text(&row, &update).await.unwrap();
}

#[tokio::test]
async fn a_change_by_hand_is_found_and_brought_back() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    yard.run(&["apply", "--yes"]).await.ends(0);
    by_hand(&yard, "shop", &compose("nginx:9", &[])).await;
    let drifted = yard.run(&["drift"]).await.ends(2);
    drifted.says(&["rumpledev/shop", "changed in Portainer past the catalog", "1 stack drifted"]);
    let drift = yard.run(&["--json", "drift"]).await.ends(2).json("drift");
    assert_eq!(drift["drift"][0]["stack"], "shop");
    yard.run(&["status"]).await.ends(0).says(&["drifted", "source changed by hand"]);
    yard.run(&["apply", "--yes"]).await.ends(0);
    yard.run(&["drift"]).await.ends(0);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_never_called_in_step() {
    let yard = Yard::new().await;
    let _repository = yard.shop();
    yard.run(&["apply", "--yes"]).await.ends(0);
    yard.fake.set_host_up("rumpledev", false);
    yard.run(&["status"]).await.ends(0).says(&["unknown", "does not answer"]);
    yard.run(&["drift"]).await.ends(2).says(&["can't be judged", "does not answer"]);
    yard.run(&["plan"]).await.ends(2).says(&["Blocked", "Check that the machine runs"]);
    yard.run(&["apply", "--yes"]).await.ends(1).says(&["1 blocked"]);
}
