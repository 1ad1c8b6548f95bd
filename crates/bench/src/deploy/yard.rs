//! A catalog, its repositories, a database and the door to them, with a stand-in for Portainer.

use std::{fs, path::Path, process::Command, time::Duration};

use secrecy::SecretString;
use service::{Deploy, DeploySettings, Operator, World, deploy::PortainerSource};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use upstream::portainer::fake::API_KEY;
use url::Url;

use crate::{
    Failure,
    subject::{Helper, database_url},
};

/// Where compose texts come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Text,
    Repositories,
}

pub(super) struct Yard {
    pub(super) deploy: Deploy,
    pub(super) operator: Operator,
    pub(super) url: Url,
    pub(super) names: Vec<String>,
    _portainer: Helper,
    _folder: TempDir,
}

/// The compose text of every stack.
pub(super) fn compose(number: usize) -> String {
    format!(
        "services:\n  web:\n    image: nginx:{}\n    environment: [\"MODE=${{MODE:-}}\"]\n    healthcheck: {{test: [CMD, \"true\"]}}\n",
        number % 4
    )
}

impl Yard {
    /// With all stacks running already, as the catalog wants them.
    pub(super) async fn new(
        hosts: usize,
        stacks: usize,
        source: Source,
        latency: Duration,
        deploys: Duration,
    ) -> Result<Self, Failure> {
        Self::with(hosts, stacks, source, latency, deploys, true).await
    }

    /// With nothing running.
    pub(super) async fn empty(
        hosts: usize,
        stacks: usize,
        latency: Duration,
        deploys: Duration,
    ) -> Result<Self, Failure> {
        Self::with(hosts, stacks, Source::Text, latency, deploys, false).await
    }

    async fn with(
        hosts: usize,
        stacks: usize,
        source: Source,
        latency: Duration,
        deploys: Duration,
        running: bool,
    ) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let names: Vec<String> = (0..stacks).map(|number| format!("stack-{number}")).collect();
        write_catalog(folder.path(), hosts, &names, source)?;
        let populated = if running { stacks } else { 0 };
        let repositories = folder.path().join("sources");
        let arguments = [
            "portainer".to_owned(),
            hosts.to_string(),
            populated.to_string(),
            latency.as_millis().to_string(),
            deploys.as_millis().to_string(),
            if source == Source::Repositories { repositories.display().to_string() } else { String::new() },
        ];
        let portainer = Helper::start(&arguments).await?;
        let url: Url = portainer.url.parse()?;
        let store = Store::connect(&StoreConfig { url: database_url(folder.path()), max_connections: 4 }).await?;
        store.migrate().await?;
        let mut settings = DeploySettings::under(folder.path());
        settings.git.file_addresses = true;
        settings.drift_every = None;
        settings.portainer = PortainerSource {
            url: Some(url.clone()),
            api_key: Some(SecretString::from(API_KEY)),
            ..PortainerSource::default()
        };
        let deploy = Deploy::new(store, World::system(), settings);
        Ok(Self {
            deploy,
            operator: Operator::at_the_machine("bench"),
            url,
            names,
            _portainer: portainer,
            _folder: folder,
        })
    }
}

fn write_catalog(folder: &Path, hosts: usize, names: &[String], source: Source) -> Result<(), Failure> {
    let catalog = folder.join("catalog");
    fs::create_dir_all(&catalog)?;
    let mut entries = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let from = match source {
            Source::Text => {
                let place = catalog.join("stacks").join(name);
                fs::create_dir_all(&place)?;
                fs::write(place.join("docker-compose.yml"), compose(number))?;
                format!("\"compose_file_path\": \"stacks/{name}/docker-compose.yml\"")
            }
            Source::Repositories => {
                let place = folder.join("sources").join(name);
                repository(&place, &compose(number))?;
                let url = Url::from_directory_path(&place).map_err(|()| "a folder has an address")?;
                format!("\"git_repo\": \"{}\"", url.as_str().trim_end_matches('/'))
            }
        };
        entries.push(format!(
            "    {{ \"name\": \"{name}\", {from}, \"health\": {{ \"timeout_s\": 30, \"stable_s\": 0 }} }}"
        ));
    }
    fs::write(
        catalog.join("phoenix_stacks_config.json"),
        format!("{{\n  \"docker_stacks\": [\n{}\n  ]\n}}\n", entries.join(",\n")),
    )?;
    let guests: Vec<String> = (0..hosts)
        .map(|host| {
            format!(
                "    {{ \"vmid\": {}, \"name\": \"host-{host}\", \"portainer_environment_name\": \"host-{host}\", \"docker_stacks\": {names:?} }}",
                1001 + host
            )
        })
        .collect();
    fs::write(catalog.join("phoenix_vm_configs.json"), format!("{{\n  \"vms\": [\n{}\n  ]\n}}\n", guests.join(",\n")))?;
    Ok(())
}

fn repository(place: &Path, compose: &str) -> Result<(), Failure> {
    fs::create_dir_all(place)?;
    fs::write(place.join("docker-compose.yml"), compose)?;
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &["-c", "user.name=B", "-c", "user.email=b@localhost", "commit", "--quiet", "--message", "first"],
    ] {
        let done = Command::new("git").arg("-C").arg(place).args(arguments).output()?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
        }
    }
    Ok(())
}
