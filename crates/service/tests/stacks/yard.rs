//! A yard: a catalog, repositories of stacks, a database, a stand-in for Portainer, and the door to them.

use std::{path::Path, process::Command, time::Duration};

use secrecy::SecretString;
use service::{
    Deploy, DeploySettings, Operator, World,
    deploy::{
        PortainerSource, Watched,
        model::{ApplyId, ApplyVerdict, Plan, PlanOptions, Verdict},
    },
};
use store::{Store, testing::TestDatabase};
use tempfile::TempDir;
use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, Stacks as _,
    fake::{API_KEY, FakeConfig, FakePortainer, Generation, HostScript},
    stacks::TextUpdate,
};

/// Long enough for a loaded machine; waits end as soon as their condition holds.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const ENVIRONMENTS: [&str; 3] = ["rumpledev", "rumpletest", "rumpleprod"];

pub struct Yard {
    pub fake: FakePortainer,
    pub deploy: Deploy,
    pub store: Store,
    pub operator: Operator,
    pub folder: TempDir,
    pub database: TestDatabase,
}

impl Yard {
    pub async fn new() -> Self {
        Self::of(Generation::V2_23).await
    }

    pub async fn of(generation: Generation) -> Self {
        Self::with(generation, |_| {}).await
    }

    pub async fn with(generation: Generation, change: impl FnOnce(&mut DeploySettings)) -> Self {
        let fake = FakePortainer::start(FakeConfig { generation, ..FakeConfig::default() }).await.unwrap();
        for name in ENVIRONMENTS {
            fake.add_environment(name, HostScript::default());
        }
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::sqlite();
        let store = database.store().await;
        let mut settings = settings(folder.path(), &fake);
        change(&mut settings);
        let deploy = Deploy::new(store.clone(), World::system(), settings);
        let yard = Self { fake, deploy, store, operator: Operator::at_the_machine("ada"), folder, database };
        let mut guests = String::new();
        for (number, name) in ENVIRONMENTS.iter().enumerate() {
            let comma = if number + 1 < ENVIRONMENTS.len() { "," } else { "" };
            guests += &format!(
                "    {{ \"vmid\": {}, \"name\": \"{name}\", \"portainer_environment_name\": \"{name}\", \"docker_stacks\": [] }}{comma}\n",
                1001 + number
            );
        }
        yard.write("phoenix_vm_configs.json", &format!("{{\n  \"vms\": [\n{guests}  ]\n}}\n"));
        yard.write("phoenix_stacks_config.json", "{\n  \"docker_stacks\": []\n}\n");
        yard
    }

    /// Writes one of the catalog's files, as somebody does with an editor.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.folder.path().join("catalog").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("catalog").join(path)).unwrap()
    }

    /// Makes these stacks the catalog's: entries in JSON.
    pub fn stacks(&self, entries: &[String]) {
        self.write(
            "phoenix_stacks_config.json",
            &format!("{{\n  \"docker_stacks\": [\n    {}\n  ]\n}}\n", entries.join(",\n    ")),
        );
    }

    /// Assigns stacks to the environments, in their order.
    pub fn assign(&self, assignments: &[(&str, &[&str])]) {
        let mut guests = Vec::new();
        for (number, name) in ENVIRONMENTS.iter().enumerate() {
            let stacks = assignments.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, stacks)| stacks);
            guests.push(format!(
                "    {{ \"vmid\": {}, \"name\": \"{name}\", \"portainer_environment_name\": \"{name}\", \"docker_stacks\": {stacks:?} }}",
                1001 + number
            ));
        }
        self.write("phoenix_vm_configs.json", &format!("{{\n  \"vms\": [\n{}\n  ]\n}}\n", guests.join(",\n")));
    }

    pub async fn plan(&self) -> Plan {
        self.deploy.plan(&self.operator, &PlanOptions::default()).await.unwrap().plan
    }

    /// Plans, applies and follows it to its good end.
    pub async fn converge(&self) -> (Plan, ApplyVerdict) {
        let plan = self.plan().await;
        assert!(!plan.steps.is_empty(), "nothing to do: {plan:#?}");
        let id = self.deploy.apply(&self.operator, plan.clone(), None).await.unwrap();
        let verdict = self.follow(&id).await;
        assert_eq!(verdict, ApplyVerdict::Succeeded, "{:#?}", self.verdicts(&id).await);
        (plan, verdict)
    }

    pub async fn follow(&self, id: &ApplyId) -> ApplyVerdict {
        let follow = async {
            let mut watching = self.deploy.watch(&self.operator, id, 0).await.unwrap();
            let mut last = 0;
            while let Some(watched) = watching.next().await.unwrap() {
                match watched {
                    Watched::Event(number, _) | Watched::Receipt(number, _) => {
                        assert!(number > last, "entries come once and in order");
                        last = number;
                    }
                    Watched::Ended(verdict) => return verdict,
                }
            }
            panic!("no end");
        };
        tokio::time::timeout(PATIENCE, follow).await.expect("the apply ends")
    }

    /// How the steps of an apply ended, by step.
    pub async fn verdicts(&self, id: &ApplyId) -> Vec<(String, Verdict)> {
        let view = self.deploy.apply_view(&self.operator, id).await.unwrap();
        view.receipts.into_iter().map(|one| (one.step.as_str().to_owned(), one.verdict)).collect()
    }

    /// Somebody changes a stack in Portainer's own pages.
    pub async fn by_hand(&self, stack: &str, text: &str) {
        let client = PortainerClient::new(PortainerConfig {
            url: Some(self.fake.url()),
            credential: Some(Credential::ApiKey(SecretString::from(API_KEY))),
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

    pub fn asked(&self, route: &str) -> usize {
        self.fake.calls_of(route).len()
    }

    /// Another process on the same data.
    pub async fn another(&self) -> (Deploy, Store) {
        let store = self.database.store().await;
        let settings = DeploySettings { owner: "another".to_owned(), ..settings(self.folder.path(), &self.fake) };
        (Deploy::new(store.clone(), World::system(), settings), store)
    }

    /// All files of the catalog's folder, history included, as one text: to look for what must not be there.
    pub fn all_bytes(&self) -> Vec<u8> {
        fn collect(folder: &Path, into: &mut Vec<u8>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, into);
                } else if path.extension().is_none_or(|extension| extension != "key") {
                    into.extend(std::fs::read(&path).unwrap());
                }
            }
        }
        let mut bytes = Vec::new();
        collect(self.folder.path(), &mut bytes);
        bytes
    }
}

pub fn settings(folder: &Path, fake: &FakePortainer) -> DeploySettings {
    let mut settings = DeploySettings::under(folder);
    settings.git.file_addresses = true;
    settings.drift_every = None;
    settings.pace.poll = Duration::from_millis(10);
    settings.pace.retry_after = Duration::from_millis(10);
    settings.pace.lock_ttl = Duration::from_secs(2);
    settings.portainer = PortainerSource {
        url: Some(fake.url()),
        api_key: Some(SecretString::from(API_KEY)),
        ..PortainerSource::default()
    };
    settings
}

/// A stack from a repository, as an entry of the catalog.
pub fn git_entry(name: &str, repository: &Repository, more: &str) -> String {
    format!(
        "{{ \"name\": \"{name}\", \"git_repo\": \"{}\", \"health\": {{ \"timeout_s\": 5, \"stable_s\": 0 }}{more} }}",
        repository.url()
    )
}

/// A stack by a text of the catalog.
pub fn text_entry(name: &str, more: &str) -> String {
    format!(
        "{{ \"name\": \"{name}\", \"compose_file_path\": \"stacks/{name}/docker-compose.yml\", \"health\": {{ \"timeout_s\": 5, \"stable_s\": 0 }}{more} }}"
    )
}

/// A compose text of one service with a health check.
pub fn compose(image: &str, variables: &[&str]) -> String {
    let environment: String = variables.iter().map(|name| format!("\n      {name}: ${{{name}}}")).collect();
    let environment = if environment.is_empty() { String::new() } else { format!("    environment:{environment}\n") };
    format!("services:\n  web:\n    image: {image}\n    healthcheck: {{test: [CMD, \"true\"]}}\n{environment}")
}

/// A real repository on the disk.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    pub fn new(compose: &str) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.commit("docker-compose.yml", compose);
        repository
    }

    pub fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.folder.path()).args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file, commits, and gives the commit.
    pub fn commit(&self, path: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(path), text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", path]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn url(&self) -> String {
        url::Url::from_directory_path(self.folder.path()).unwrap().as_str().trim_end_matches('/').to_owned()
    }
}
