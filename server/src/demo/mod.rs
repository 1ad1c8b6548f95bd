//! What `serve --demo` shows of deployments: a stand-in for Portainer with four environments, and a sample catalog as a real git
//! repository in a folder of its own under the data folder. It is deployed by the engine itself, so that revisions, receipts and logs
//! are true ones; then things go wrong, as they do.

use std::sync::Arc;

use secrecy::SecretString;
use service::{
    DeployError, DeploySettings, Operator, ServiceError, Services, World,
    deploy::{
        Ask, Deploy, Edit, Watched,
        model::{ApplyVerdict, OnFailure, Prune},
    },
};
use types::catalog::{SecretName, Variable};
use upstream::portainer::fake::{API_KEY, After, Behaviour, FakeConfig, FakePortainer, HostScript};

/// The catalog's files: path in the repository, text.
const FILES: &[(&str, &str)] = &[
    ("phoenix_stacks_config.json", include_str!("catalog/phoenix_stacks_config.json")),
    ("phoenix_vm_configs.json", include_str!("catalog/phoenix_vm_configs.json")),
    ("phoenix_hypervisor_config.json", include_str!("catalog/phoenix_hypervisor_config.json")),
    ("stacks/web-services/docker-compose.yml", include_str!("catalog/web-services.yml")),
    ("stacks/database/docker-compose.yml", include_str!("catalog/database.yml")),
    ("stacks/documents/docker-compose.yml", include_str!("catalog/documents.yml")),
    ("stacks/workflows/docker-compose.yml", include_str!("catalog/workflows.yml")),
    ("stacks/monitoring/docker-compose.yml", include_str!("catalog/monitoring.yml")),
    ("stacks/video/docker-compose.yml", include_str!("catalog/video.yml")),
];

/// Sample values for the vault.
const SECRETS: &[(&str, &str)] =
    &[("database/password", "sample-pelican-drum"), ("grafana/admin", "sample-copper-lark")];

/// A stack that somebody started past the catalog.
const BY_HAND: &str = "services:\n  try-out:\n    image: alpine:3.21\n";

/// Starts the stand-in for Portainer with its four environments. On `rumpledev` n8n never passes its health check.
pub(crate) async fn portainer(world: &World) -> std::io::Result<FakePortainer> {
    let fake = FakePortainer::start(FakeConfig { epoch: world.now(), ..FakeConfig::default() }).await?;
    let dev = HostScript::default().behaves("n8n", Behaviour::Unhealthy(After::Polls(1))).says(
        "n8n",
        2,
        &[
            "Error: Could not establish database connection",
            "connect ECONNREFUSED 10.8.0.12:5432",
            "Retrying in 2 seconds",
        ],
    );
    fake.add_environment("rumpledev", dev);
    for name in ["rumpletest", "rumpleprod", "rumple"] {
        fake.add_environment(name, HostScript::default());
    }
    Ok(fake)
}

/// Points deployments at the stand-in and at the sample catalog: a demo never touches the owner's.
pub(crate) fn redirect(settings: &mut DeploySettings, data: &std::path::Path, fake: &FakePortainer) {
    settings.catalog = data.join("demo-catalog");
    settings.remote = None;
    settings.portainer.url = Some(fake.url());
    settings.portainer.api_key = Some(SecretString::from(API_KEY));
    settings.portainer.ca = None;
    settings.portainer.certificate = None;
    settings.pace.poll = std::time::Duration::from_millis(250);
}

/// Puts the sample on the stage, beside the program: pages say what is under way. What fails is told in the log; everything else
/// of the demo works without it.
pub(crate) fn set_stage(services: &Services, fake: Arc<FakePortainer>) {
    let services = services.clone();
    tokio::spawn(async move {
        let deploy = services.deploy();
        if let Err(error) = play(deploy, &fake).await {
            let problem = ServiceError::from(error).problem();
            tracing::warn!(problem.message, "the demo's sample deployments are not complete");
        }
        // However far it came: the pages show what there is.
        let _ = deploy.look(&operator()).await;
    });
}

fn operator() -> Operator {
    Operator::at_the_machine("Demo")
}

async fn play(deploy: &Deploy, fake: &FakePortainer) -> Result<(), DeployError> {
    let operator = operator();
    let is_new = !deploy.has_catalog(&operator);
    if is_new {
        let base = deploy.catalog(&operator).await?.reading.version;
        let text =
            |(path, text): &(&str, &str)| Edit::SetText { path: (*path).to_owned(), text: Some((*text).to_owned()) };
        deploy.save(&operator, &base, FILES.iter().map(text).collect(), "A sample catalog").await?;
        for (name, value) in SECRETS {
            deploy.set_secret(&operator, &secret(name)?, &SecretString::from(*value)).await?;
        }
    }
    deploy_all(deploy, &operator).await?;
    fake.remove_by_hand("rumpletest", "indexer");
    if let Some(dev) = fake.environment("rumpledev") {
        fake.add_stack(dev, "try-out", BY_HAND).await;
    }
    if is_new {
        let base = deploy.catalog(&operator).await?.reading.version;
        let edit = Edit::SetVariable {
            stack: "web-services".to_owned(),
            environment: Some("rumpletest".to_owned()),
            variable: Variable::plain("GREETING", "Welcome to the test environment"),
        };
        deploy.save(&operator, &base, vec![edit], "Greet testers as such").await?;
    }
    Ok(())
}

fn secret(name: &str) -> Result<SecretName, DeployError> {
    name.parse().map_err(|problem| {
        DeployError::Service(ServiceError::defect("naming a sample secret", format!("“{name}” {problem}")))
    })
}

/// Deploys the catalog and waits for the end. That one stack fails is part of the sample.
async fn deploy_all(deploy: &Deploy, operator: &Operator) -> Result<(), DeployError> {
    let ask = Ask { prune: Prune::No, on_failure: OnFailure::Continue, ..Ask::default() };
    let review = deploy.review(operator, &ask).await?;
    if review.plan.steps.is_empty() {
        return Ok(());
    }
    let id = deploy.apply(operator, review.plan, None).await?;
    let mut watching = deploy.watch(operator, &id, 0).await?;
    while let Some(next) = watching.next().await? {
        if let Watched::Ended(verdict) = next {
            tracing::debug!(succeeded = verdict == ApplyVerdict::Succeeded, "the sample is deployed");
        }
    }
    Ok(())
}
