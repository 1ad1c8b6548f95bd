//! The calls that a careful person would make by hand: pull, create, and look until every container is healthy.

use std::time::{Duration, Instant};

use upstream::portainer::{
    Docker as _, Environments as _, Stacks as _,
    docker::{ContainersOf, ImagePull, pulled},
    stacks::{NewStack, StackSource},
};

use super::{
    portainer::client,
    yard::{Yard, compose},
};
use crate::Failure;

pub(super) async fn create_all(yard: &Yard) -> Result<Duration, Failure> {
    let client = client(&yard.url)?;
    let environment = client.environments().await?.into_iter().next().ok_or("no environment")?.id;
    let begun = Instant::now();
    for (number, name) in yard.names.iter().enumerate() {
        let image = ImagePull { image: format!("nginx:{}", number % 4), registry_id: None };
        pulled(client.pull_image(environment, &image).await?).await?;
        let stack = NewStack {
            environment,
            name: name.clone(),
            swarm_id: None,
            source: StackSource::Text(compose(number)),
            variables: Vec::new(),
        };
        client.create_stack(&stack).await?;
        loop {
            let containers = client.containers(environment, &ContainersOf::Project(name.clone())).await?;
            if !containers.is_empty() && containers.iter().all(|one| one.status.contains("(healthy)")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(begun.elapsed())
}
