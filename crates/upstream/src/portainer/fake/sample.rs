//! Sample data for the demo: the four hosts of the house and two stacks.

use std::time::Duration;

use super::{After, Behaviour, FakePortainer, HostScript, deploy, state::StackRow};
use crate::portainer::{EnvironmentId, StackId, stacks::stored_name};

const WEB: &str = "services:
  web:
    image: nginx:1.27
    ports: [\"8080:80\"]
    healthcheck: {test: [CMD, curl, -f, http://localhost]}
  cache:
    image: redis:7
";
const MONITORING: &str = "services:
  prometheus:
    image: prom/prometheus:v3.0.0
    healthcheck: {test: [CMD, wget, -q, http://localhost:9090/-/ready]}
  grafana:
    image: grafana/grafana:11.3.0
";

/// Adds `rumpledev`, `rumpletest`, `rumpleprod` and `rumple`, all up, with a stack on the first and one on the third. On `rumpledev` a
/// service named `flaky` crashes and one named `slow` takes 20 seconds to become healthy, so that failures can be looked at.
pub async fn populate(fake: &FakePortainer) {
    let slow = Behaviour::Healthy(After::Elapsed(Duration::from_secs(20)));
    let dev = HostScript::default().behaves("flaky", Behaviour::CrashLoops(1)).behaves("slow", slow);
    let dev = fake.add_environment("rumpledev", dev);
    fake.add_environment("rumpletest", HostScript::default());
    let prod = fake.add_environment("rumpleprod", HostScript::default());
    fake.add_environment("rumple", HostScript::default());
    fake.add_stack(dev, "web-services", WEB).await;
    fake.add_stack(prod, "monitoring", MONITORING).await;
}

impl FakePortainer {
    /// A compose stack that was deployed from a text by somebody, successfully or not.
    pub async fn add_stack(&self, environment: EnvironmentId, name: &str, text: &str) -> StackId {
        let entry_point = "docker-compose.yml".to_owned();
        let row = StackRow {
            id: self.shared.edit(super::state::State::draw_stack),
            name: stored_name(name),
            kind: 2,
            environment: environment.0,
            files: [(entry_point.clone(), text.to_owned())].into(),
            entry_point,
            status: 1,
            created: self.shared.now_s(),
            created_by: super::ADMINISTRATOR.to_owned(),
            ..StackRow::default()
        };
        let id = StackId(row.id);
        let outcome = deploy::deploy(&self.shared, &deploy::Deployment::of(&row)).await;
        if let Err(error) = outcome {
            tracing::warn!(name, error, "a sample stack was not deployed");
        }
        self.shared.edit(|state| state.stacks.push(row));
        id
    }
}
