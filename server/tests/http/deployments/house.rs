//! A house with a Portainer and a catalog, as an owner would have set it up.

use app::pages::admin::deploy::applies::Frame;
use secrecy::SecretString;
use service::{
    Operator,
    deploy::{DeploySettings, Edit, RemoteSettings, model::StackRef},
};
use testkit::{Person, Reply, TestApp};
use types::catalog::Variable;
use upstream::portainer::fake::{API_KEY, FakeConfig, FakePortainer, HostScript};

pub(crate) struct House {
    pub(crate) app: TestApp,
    pub(crate) fake: FakePortainer,
    pub(crate) ada: Person,
}

/// A stack's compose text.
pub(crate) fn compose(image: &str) -> String {
    format!(
        "services:\n  main:\n    image: {image}\n    environment: [\"A=${{A:-}}\"]\n    healthcheck: {{test: [CMD, true]}}\n"
    )
}

/// The catalog's files for these stacks, every one on every environment.
pub(crate) fn catalog(stacks: &[String], environments: &[&str]) -> Vec<Edit> {
    let entries: Vec<String> = stacks
        .iter()
        .map(|name| {
            format!(
                r#"{{"name": "{name}", "compose_file_path": "stacks/{name}/docker-compose.yml",
                    "env": [{{"name": "A", "value": "1"}}], "health": {{"timeout_s": 20, "stable_s": 0}}}}"#
            )
        })
        .collect();
    let names = stacks.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let machines: Vec<String> = environments
        .iter()
        .map(|name| {
            format!(r#"{{"name": "{name}", "kind": "hosted", "portainer_environment_name": "{name}", "docker_stacks": [{names}]}}"#)
        })
        .collect();
    let file = |path: &str, text: String| Edit::SetText { path: path.to_owned(), text: Some(text) };
    let mut edits = vec![
        file("phoenix_stacks_config.json", format!("{{\"docker_stacks\": [{}]}}", entries.join(",\n"))),
        file("phoenix_vm_configs.json", format!("{{\"vms\": [{}]}}", machines.join(",\n"))),
    ];
    edits.extend(stacks.iter().map(|name| file(&format!("stacks/{name}/docker-compose.yml"), compose("nginx:1.27"))));
    edits
}

impl House {
    /// Environments with nothing on them, and a catalog that wants these stacks on each.
    pub(crate) async fn new(stacks: &[&str], environments: &[&str]) -> Self {
        Self::with(stacks, environments, |_| {}).await
    }

    /// Likewise, with a remote of the catalog.
    pub(crate) async fn with_remote(stacks: &[&str], environments: &[&str], address: &str) -> Self {
        let address = address.to_owned();
        let remote = move |settings: &mut DeploySettings| {
            settings.git.file_addresses = true;
            settings.remote =
                Some(RemoteSettings { address: address.clone(), branch: "main".into(), credential: None });
        };
        Self::with(stacks, environments, remote).await
    }

    async fn with(
        stacks: &[&str],
        environments: &[&str],
        change: impl Fn(&mut DeploySettings) + Send + Sync + 'static,
    ) -> Self {
        let fake = FakePortainer::start(FakeConfig::default()).await.unwrap();
        for name in environments {
            fake.add_environment(name, HostScript::default());
        }
        let url = fake.url();
        let app = TestApp::builder()
            .deploy(move |settings| {
                settings.portainer.url = Some(url.clone());
                settings.portainer.api_key = Some(SecretString::from(API_KEY));
                change(settings);
            })
            .start()
            .await;
        let ada = app.administrator().await;
        let house = Self { app, fake, ada };
        let stacks: Vec<String> = stacks.iter().map(|name| (*name).to_owned()).collect();
        house.save(catalog(&stacks, environments)).await;
        house
    }

    pub(crate) fn operator() -> Operator {
        Operator::at_the_machine("somebody")
    }

    /// A commit of somebody to the catalog.
    pub(crate) async fn save(&self, edits: Vec<Edit>) {
        let deploy = self.app.services().deploy();
        let base = deploy.catalog(&Self::operator()).await.unwrap().reading.version;
        deploy.save(&Self::operator(), &base, edits, "a change").await.unwrap();
    }

    pub(crate) async fn set(&self, stack: &str, name: &str, value: &str) {
        let (stack, variable) = (stack.to_owned(), Variable::plain(name, value));
        self.save(vec![Edit::SetVariable { stack, environment: None, variable }]).await;
    }

    /// Presses "Look again".
    pub(crate) async fn look(&self) -> Reply {
        let reply = self.ada.post_form("/admin", "/api/look_again", &[("next", "/admin")]).await;
        assert_eq!(reply.status, 303, "{}", reply.text);
        self.ada.get(reply.location()).await
    }

    /// Opens a plan's page; the page and the plan's fingerprint.
    pub(crate) async fn plan(&self, address: &str) -> (String, String) {
        let reply = self.ada.get(address).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let fingerprint = between(&reply.text, "name=\"fingerprint\" value=\"", "\"").unwrap_or_default();
        (reply.text, fingerprint)
    }

    /// Presses "Apply" on the page at `address`.
    pub(crate) async fn press(&self, address: &str, fingerprint: &str, more: &[(&str, &str)]) -> Reply {
        let fields = [&[("fingerprint", fingerprint)], more].concat();
        self.ada.post_form(address, "/api/apply_plan", &fields).await
    }

    /// Reads a plan, carries it out and waits for the end; the apply's address.
    pub(crate) async fn apply(&self, address: &str) -> String {
        let (_, fingerprint) = self.plan(address).await;
        let reply = self.press(address, &fingerprint, &[]).await;
        assert_eq!(reply.status, 303, "{}", reply.text);
        let page = reply.location().to_owned();
        let frames = self.frames(&page, 0).await;
        assert!(frames.last().unwrap().ended);
        page
    }

    /// What follows an apply sees, to the end.
    pub(crate) async fn frames(&self, page: &str, after: u64) -> Vec<Frame> {
        let id = page.rsplit('/').next().unwrap();
        let reply = self.ada.call(&format!("/api/stream/applies/{id}?after={after}"), &()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.header("content-type"), "text/event-stream");
        reply
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    /// How many revisions a stack has.
    pub(crate) async fn revisions(&self, environment: &str, stack: &str) -> usize {
        let at = StackRef::new(environment, stack);
        self.app.services().deploy().revisions(&Self::operator(), &at).await.unwrap().len()
    }
}

/// What stands between two texts, the first time.
pub(crate) fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(rest[..rest.find(after)?].to_owned())
}
