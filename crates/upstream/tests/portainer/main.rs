//! The client for Portainer against the stand-in, over loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod agent;
mod containers;
mod engine;
mod environments;
mod errors;
mod faithful;
mod foreign;
mod generations;
mod outcomes;
mod repositories;
mod stacks;
mod tls;

use std::{path::Path, process::Command, time::Duration};

use secrecy::SecretString;
use upstream::portainer::{
    Credential, Docker, EnvironmentId, PortainerClient, PortainerConfig, StackId, Stacks, Timeouts,
    docker::{Container, ContainersOf},
    fake::{ADMINISTRATOR, API_KEY, FakeConfig, FakePortainer, Generation, HostScript, PASSWORD},
    stacks::{GitAccess, GitSource, NewStack, Stack, StackSource, StackStatus, TextUpdate, Variable},
};

/// Long enough for a loaded machine; waits end as soon as their condition holds.
const PATIENCE: Duration = Duration::from_secs(20);
/// For the time-out under test.
const SHORT: Duration = Duration::from_millis(80);

const BOTH: [Generation; 2] = [Generation::V2_23, Generation::Newer];

async fn fake() -> FakePortainer {
    fake_of(Generation::V2_23).await
}

async fn fake_of(generation: Generation) -> FakePortainer {
    FakePortainer::start(FakeConfig { generation, ..FakeConfig::default() }).await.unwrap()
}

/// With the administrator's API key.
fn config(fake: &FakePortainer) -> PortainerConfig {
    PortainerConfig {
        url: Some(fake.url()),
        credential: Some(Credential::ApiKey(SecretString::from(API_KEY))),
        retry_pause: Duration::from_millis(5),
        ..PortainerConfig::default()
    }
}

fn client(fake: &FakePortainer) -> PortainerClient {
    PortainerClient::new(config(fake)).unwrap()
}

/// With the administrator's password.
fn by_password(fake: &FakePortainer) -> PortainerClient {
    let credential = Credential::Password { user: ADMINISTRATOR.to_owned(), password: SecretString::from(PASSWORD) };
    PortainerClient::new(PortainerConfig { credential: Some(credential), ..config(fake) }).unwrap()
}

/// Whose calls end soon.
fn impatient(fake: &FakePortainer) -> PortainerClient {
    let timeouts = Timeouts { read: SHORT, write: SHORT, deploy: SHORT, ..Timeouts::default() };
    PortainerClient::new(PortainerConfig { timeouts, ..config(fake) }).unwrap()
}

/// A compose text of one service with a health check.
fn compose(image: &str) -> String {
    format!("services:\n  web:\n    image: {image}\n    healthcheck: {{test: [CMD, \"true\"]}}\n")
}

fn text_stack(environment: EnvironmentId, name: &str, text: &str) -> NewStack {
    NewStack {
        environment,
        name: name.to_owned(),
        swarm_id: None,
        source: StackSource::Text(text.to_owned()),
        variables: Vec::new(),
    }
}

fn text_update(text: &str) -> TextUpdate {
    TextUpdate {
        text: text.to_owned(),
        variables: Vec::new(),
        pull_images: false,
        prune: false,
        detach_from_git: false,
    }
}

fn git_source(url: &str) -> GitSource {
    GitSource {
        url: url.to_owned(),
        reference: String::new(),
        config_file: "docker-compose.yml".to_owned(),
        additional_files: Vec::new(),
        access: GitAccess::Public,
        auto_update: None,
        tls_skip_verify: false,
    }
}

fn git_stack(environment: EnvironmentId, name: &str, source: GitSource) -> NewStack {
    NewStack { source: StackSource::Git(source), ..text_stack(environment, name, "") }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<Variable> {
    pairs.iter().map(|(name, value)| Variable::new(*name, *value)).collect()
}

/// An environment, and a stack `shop` of one healthy service on it; after its deployment.
async fn with_stack(fake: &FakePortainer) -> (EnvironmentId, Stack) {
    let environment = fake.add_environment("dev", HostScript::default());
    let client = client(fake);
    let stack = client.create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap();
    (environment, settled(&client, stack.id).await)
}

/// The stack when it is no longer being deployed.
async fn settled(client: &PortainerClient, id: StackId) -> Stack {
    let settle = async {
        loop {
            let stack = client.stack(id).await.unwrap();
            if stack.status != StackStatus::Deploying {
                return stack;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settle).await.expect("the stack never settles")
}

async fn containers(client: &PortainerClient, environment: EnvironmentId, project: &str) -> Vec<Container> {
    client.containers(environment, &ContainersOf::Project(project.to_owned())).await.unwrap()
}

/// A real repository on the disk.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new(compose: &str) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.commit("docker-compose.yml", compose);
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.folder.path()).args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file, commits, and gives the commit.
    fn commit(&self, path: &str, text: &str) -> String {
        let file = self.folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(file, text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", path]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn url(&self) -> String {
        url::Url::from_directory_path(self.folder.path()).unwrap().as_str().trim_end_matches('/').to_owned()
    }
}
