//! The stand-in for Portainer as a process of its own.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use secrecy::SecretString;
use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, Stacks as _,
    fake::{API_KEY, FakeConfig, FakePortainer, FakeTls, HostScript},
    stacks::{GitAccess, GitSource, NewStack, StackSource},
};
use url::Url;

use super::yard::compose;
use crate::Failure;

/// What it is to be like.
#[derive(Clone, Debug, Parser, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Hosts.
    hosts: usize,
    /// Stacks that run on each.
    stacks: usize,
    /// Milliseconds before each answer.
    latency: u64,
    /// Milliseconds a deployment takes.
    deploys: u64,
    /// The folder with the stacks' repositories; empty: they were deployed by text.
    repositories: String,
    /// Shows a certificate it made itself, as Portainer does.
    #[arg(long)]
    tls: bool,
}

/// Serves until the process is ended; prints its address first.
pub(crate) async fn serve(arguments: &Arguments) -> Result<(), Failure> {
    let tls = if arguments.tls { FakeTls::SelfMade } else { FakeTls::None };
    let fake = FakePortainer::start(FakeConfig { tls, ..FakeConfig::default() }).await?;
    for host in 0..arguments.hosts {
        let environment = fake.add_environment(&format!("host-{host}"), HostScript::default());
        for number in 0..arguments.stacks {
            let name = format!("stack-{number}");
            if arguments.repositories.is_empty() {
                fake.add_stack(environment, &name, &compose(number)).await;
                continue;
            }
            let folder = PathBuf::from(&arguments.repositories).join(&name);
            let url = Url::from_directory_path(&folder).map_err(|()| "a folder has an address")?;
            let source = GitSource {
                url: url.as_str().trim_end_matches('/').to_owned(),
                reference: String::new(),
                config_file: "docker-compose.yml".to_owned(),
                additional_files: Vec::new(),
                access: GitAccess::Public,
                auto_update: None,
                tls_skip_verify: false,
            };
            let stack =
                NewStack { environment, name, swarm_id: None, source: StackSource::Git(source), variables: Vec::new() };
            client(&fake.url())?.create_stack(&stack).await?;
        }
    }
    fake.delay("GET /api", Duration::from_millis(arguments.latency));
    fake.delay("POST /api", Duration::from_millis(arguments.latency));
    fake.slow_deploys(Duration::from_millis(arguments.deploys));
    println!("{}", fake.url());
    std::future::pending().await
}

/// A client with the administrator's key.
pub(super) fn client(url: &Url) -> Result<PortainerClient, Failure> {
    Ok(PortainerClient::new(PortainerConfig {
        url: Some(url.clone()),
        credential: Some(Credential::ApiKey(SecretString::from(API_KEY))),
        ..PortainerConfig::default()
    })?)
}
