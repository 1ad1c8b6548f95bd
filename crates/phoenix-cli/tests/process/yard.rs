//! A yard: a catalog, repositories of stacks, a data folder, a stand-in for Portainer, and the program beside them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use upstream::portainer::fake::{API_KEY, FakeConfig, FakePortainer, Generation, HostScript};

/// Long enough for a loaded machine; waits end as soon as their condition holds.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub const ENVIRONMENTS: [&str; 2] = ["rumpledev", "rumpletest"];

pub struct Yard {
    pub fake: FakePortainer,
    folder: TempDir,
    more: Vec<(String, String)>,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// That it ended with this code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// That these words stand in its answer.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "“{word}” is missing in:\n{}\nerr:\n{}", self.out, self.err);
        }
        self
    }

    /// That these words stand in its notices and errors.
    #[track_caller]
    pub fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "“{word}” is missing in:\n{}\nout:\n{}", self.err, self.out);
        }
        self
    }

    /// Its answer as JSON, one value a line; each with format and kind.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let lines: Vec<Value> = self
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        for line in &lines {
            assert_eq!(line["format"], 1, "{line}");
            assert!(line["kind"].is_string(), "{line}");
        }
        lines
    }

    /// Its only line, of this kind.
    #[track_caller]
    pub fn json(&self, kind: &str) -> Value {
        let lines = self.lines();
        let [line] = lines.as_slice() else { panic!("not one line: {}", self.out) };
        assert_eq!(line["kind"], kind, "{line}");
        line.clone()
    }
}

impl Yard {
    pub async fn new() -> Self {
        Self::of(Generation::V2_23).await
    }

    pub async fn of(generation: Generation) -> Self {
        let fake = FakePortainer::start(FakeConfig { generation, ..FakeConfig::default() }).await.unwrap();
        for name in ENVIRONMENTS {
            fake.add_environment(name, HostScript::default());
        }
        let yard = Self { fake, folder: tempfile::tempdir().unwrap(), more: Vec::new() };
        yard.assign(&[]);
        yard.stacks(&[]);
        yard
    }

    /// One more variable for every run.
    pub fn set(&mut self, name: &str, value: &str) {
        self.more.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes one of the catalog's files, as somebody does with an editor.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.path("catalog").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path("catalog").join(path)).unwrap()
    }

    /// Makes these stacks the catalog's: entries in JSON.
    pub fn stacks(&self, entries: &[String]) {
        let entries = entries.join(",\n    ");
        self.write("phoenix_stacks_config.json", &format!("{{\n  \"docker_stacks\": [\n    {entries}\n  ]\n}}\n"));
    }

    /// Assigns stacks to the environments.
    pub fn assign(&self, assignments: &[(&str, &[&str])]) {
        let guest = |(number, name): (usize, &&str)| {
            let stacks = assignments.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, stacks)| stacks);
            format!(
                "    {{ \"vmid\": {}, \"name\": \"{name}\", \"portainer_environment_name\": \"{name}\", \"docker_stacks\": {stacks:?} }}",
                1001 + number
            )
        };
        let guests: Vec<String> = ENVIRONMENTS.iter().enumerate().map(guest).collect();
        self.write("phoenix_vm_configs.json", &format!("{{\n  \"vms\": [\n{}\n  ]\n}}\n", guests.join(",\n")));
    }

    /// A stack from a repository, ready to be applied on `rumpledev`.
    pub fn shop(&self) -> Repository {
        let repository = Repository::new(&compose("nginx:1", &[]));
        self.stacks(&[git_entry("shop", &repository, "")]);
        self.assign(&[("rumpledev", &["shop"])]);
        repository
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phoenix-cli"));
        command
            .args(args)
            .env_clear()
            .env("USER", "ada")
            .env("THINKHEADS_DATA_DIR", self.path("data"))
            .env("PHOENIX_CONFIG_DIR", self.path("catalog"))
            .env("PORTAINER_URL", self.fake.url().as_str())
            .env("PORTAINER_API_KEY", API_KEY)
            .env("THINKHEADS_GIT_FOLDERS", "true")
            .env("THINKHEADS_APPLY_POLL_MS", "50")
            .env("THINKHEADS_LOCK_TTL_S", "2")
            .envs(self.more.iter().map(|(name, value)| (name, value)))
            // No thinkheads.toml of a developer is read.
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub async fn run(&self, args: &[&str]) -> Ran {
        ended(self.command(args).spawn().unwrap()).await
    }

    /// The same with something on standard input.
    pub async fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        ended(child).await
    }

    /// Begins an apply that Portainer does not get on with, and comes back when it has asked.
    pub async fn stuck(&self, args: &[&str]) -> Child {
        self.fake.hold_deploys();
        let child = self.command(args).spawn().unwrap();
        self.fake.wait_until(|counts| counts.deploys_asked > counts.deploys_done, PATIENCE).await.unwrap();
        child
    }

    /// All files of catalog and data, history included: to look for what must not be there.
    pub fn holds(&self, needle: &str) -> bool {
        fn look(folder: &Path, needle: &[u8]) -> bool {
            fs::read_dir(folder).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    return look(&path, needle);
                }
                fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle)
            })
        }
        look(self.folder.path(), needle.as_bytes())
    }
}

pub async fn ended(child: Child) -> Ran {
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Reads what it complains until these words come. What it complains later is lost.
pub async fn hear(child: &mut Child, words: &str) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let hear = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(words) {
                return;
            }
        }
        panic!("it never said “{words}”");
    };
    timeout(PATIENCE, hear).await.expect("it says something");
}

/// Sends a signal to a process that this test started.
pub async fn send(signal: &str, child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

/// A stack from a repository, as an entry of the catalog.
pub fn git_entry(name: &str, repository: &Repository, more: &str) -> String {
    format!(
        "{{ \"name\": \"{name}\", \"git_repo\": \"{}\", \"health\": {{ \"timeout_s\": 20, \"stable_s\": 0 }}{more} }}",
        repository.url()
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
        git(self.folder.path(), args)
    }

    /// Writes a file, commits, and gives the commit.
    pub fn commit(&self, path: &str, text: &str) -> String {
        fs::write(self.folder.path().join(path), text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", path]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }
}

/// Runs git as a person would.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let mut git = std::process::Command::new("git");
    git.arg("-C").arg(folder).args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = git.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
