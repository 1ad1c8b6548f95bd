//! The application with a catalog, the repository of a stack, and a Portainer.

use std::{path::Path, process::Command};

use http::{Method, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Builder, Person, Reply, TestApp};
use types::Problem;
use upstream::portainer::fake::{API_KEY, FakeConfig, FakePortainer, HostScript};

/// The one host.
pub(super) const DEV: &str = "rumpledev";

const COMPOSE: &str = "services:
  app:
    image: nginx:1.27
    environment: {GREETING: \"${GREETING}\", TOKEN: \"${TOKEN:-}\"}
    healthcheck: {test: [CMD, \"true\"]}
";

pub(super) struct Stage {
    pub(super) app: TestApp,
    pub(super) portainer: FakePortainer,
    /// Holds `catalog` and `web.git`.
    pub(super) folder: TempDir,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(super) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let portainer = FakePortainer::start(FakeConfig::default()).await.unwrap();
        portainer.add_environment(DEV, HostScript::default());
        let folder = tempfile::tempdir().unwrap();
        let (catalog, web) = (folder.path().join("catalog"), folder.path().join("web.git"));
        repository(&web, &[("docker-compose.yml", COMPOSE)]);
        let stacks = json!({ "docker_stacks": [{
            "name": "web",
            "git_repo": format!("file://{}", web.display()),
            "env": [{ "name": "GREETING", "value": "hello" }],
            "health": { "timeout_s": 20, "stable_s": 0 },
        }] });
        let guests = json!({ "vms": [{
            "vmid": 1001, "name": DEV, "portainer_role": "agent", "portainer_environment_name": DEV,
            "portainer_agent_hostname": "rumpledev.lan", "docker_stacks": ["web"],
        }] });
        let pretty = |value: &Value| format!("{value:#}\n");
        let files = [("phoenix_stacks_config.json", &*pretty(&stacks)), ("phoenix_vm_configs.json", &*pretty(&guests))];
        repository(&catalog, &files);
        let builder = TestApp::builder()
            .set("PORTAINER_URL", portainer.url())
            .set("PORTAINER_API_KEY", API_KEY)
            .set("PHOENIX_CONFIG_DIR", catalog.display().to_string())
            .set("THINKHEADS_GIT_FOLDERS", "true");
        Self { app: change(builder).start().await, portainer, folder }
    }

    /// A program with the administrator's token.
    pub(super) async fn program(&self) -> Program {
        Program::of(&self.app, &self.app.administrator().await).await
    }

    /// Somebody changes a variable of the stack.
    pub(super) async fn greet(&self, program: &Program, value: &str) -> Reply {
        let catalog: Value = program.get("/api/v1/catalog").await;
        let edit = json!({
            "kind": "set_variable", "stack": "web", "environment": null,
            "variable": { "name": "GREETING", "value": { "plain": value } },
        });
        let change = json!({ "base": catalog["version"], "message": "Greet", "edits": [edit] });
        program.send(Method::POST, "/api/v1/catalog/edits", Some(&change)).await
    }
}

/// A repository with one commit.
fn repository(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (path, text) in files {
        std::fs::write(folder.join(path), text).unwrap();
    }
    for args in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "First"]] {
        let done = Command::new("git")
            .args(["-c", "user.name=Hand", "-c", "user.email=hand@example.org", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Makes a token on the account page, as its owner does, and reads it off.
pub(super) async fn make_token(person: &Person, days: &str) -> String {
    let fields = [("name", "program"), ("days", days)];
    let reply = person.post_form("/account", "/api/create_token", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    assert_eq!(reply.location(), "/account#tokens");
    let page = person.get("/account").await.text;
    let at = page.find("tht_").expect("the token is on the page");
    let token: String =
        page[at..].chars().take_while(|char| char.is_ascii_alphanumeric() || "-_".contains(*char)).collect();
    assert_eq!(token.len(), 47);
    assert!(!person.get("/account").await.text.contains(&token), "it is shown once");
    token
}

/// Something that asks with a token, without cookie and origin.
pub(super) struct Program {
    client: Person,
    pub(super) token: String,
}

impl Program {
    pub(super) async fn of(app: &TestApp, owner: &Person) -> Self {
        Self { client: app.anonymous(), token: make_token(owner, "0").await }
    }

    pub(super) fn with_token(app: &TestApp, token: &str) -> Self {
        Self { client: app.anonymous(), token: token.to_owned() }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, path).header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Reply {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            let body = serde_json::to_string(body).unwrap();
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        self.client.send(request).await
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let reply = self.send(Method::GET, path, None::<&()>).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        let reply = self.send(Method::POST, path, Some(body)).await;
        assert!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.text);
        reply.json()
    }

    /// Posts what must be refused.
    pub(super) async fn refused(&self, path: &str, body: &impl Serialize) -> (u16, Problem, Value) {
        let reply = self.send(Method::POST, path, Some(body)).await;
        assert!(!reply.status.is_success(), "{path}: {}", reply.text);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        (reply.status.as_u16(), reply.json(), reply.json())
    }
}
