//! Deploying and taking down, one at a time over all environments.

use std::{collections::BTreeMap, path::Path};

use super::{
    Generation, Shared,
    compose::{self, Service},
    host::{Behaviour, Host},
    state::StackRow,
};

pub(super) const PROJECT: &str = "com.docker.compose.project";
pub(super) const SERVICE: &str = "com.docker.compose.service";
pub(super) const NAMESPACE: &str = "com.docker.stack.namespace";

/// What to deploy, and how.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    pub(super) environment: i64,
    pub(super) project: String,
    pub(super) swarm: bool,
    /// The compose files.
    pub(super) texts: Vec<String>,
    /// As compose reads them, or what it says where it can't.
    pub(super) variables: Result<BTreeMap<String, String>, String>,
    pub(super) pull: bool,
    pub(super) recreate: bool,
    pub(super) prune: bool,
}

impl Deployment {
    /// Of a stack as it stands in its row.
    pub(super) fn of(row: &StackRow) -> Self {
        let swarm = row.kind == 1;
        let paths = std::iter::once(&row.entry_point).chain(row.additional_files.iter().flatten());
        let env = row.env.clone().unwrap_or_default();
        // Swarm gets its variables as they are; compose through a file, the repository's own before it.
        let variables = if swarm {
            Ok(env.into_iter().collect())
        } else {
            let beside = Path::new(&row.entry_point).with_file_name(".env").to_string_lossy().into_owned();
            let own = row.files.get(&beside).cloned().unwrap_or_default();
            let lines: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            compose::dotenv(&format!("{own}\n{}", lines.join("\n")))
        };
        Self {
            environment: row.environment,
            project: row.name.clone(),
            swarm,
            texts: paths.filter_map(|path| row.files.get(path).cloned()).collect(),
            variables,
            pull: false,
            recreate: false,
            prune: false,
        }
    }
}

/// Deploys when its turn comes.
///
/// # Errors
/// What the tool printed.
pub(super) async fn deploy(shared: &Shared, deployment: &Deployment) -> Result<(), String> {
    shared.edit(|state| state.counts.deploys_asked += 1);
    let _turn = shared.deploys.lock().await;
    shared.edit(|state| {
        state.deploys_now += 1;
        state.counts.deploys_at_once = state.counts.deploys_at_once.max(state.deploys_now);
    });
    shared.deploys_allowed().await;
    let slow = shared.state().slow_deploys;
    if !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    let now = shared.now();
    let generation = shared.config.generation;
    let outcome = shared.edit(|state| {
        let outcome = match state.host_of(deployment.environment).filter(|host| host.up) {
            Some(host) => up(host, deployment, generation, now),
            None => Err("error during connect: Cannot connect to the Docker daemon".to_owned()),
        };
        state.deploys_now -= 1;
        state.counts.deploys_done += 1;
        outcome
    });
    outcome.map_err(|error| format!("failed to deploy a stack: {error}"))
}

/// `compose up`, or `stack deploy`. 2.23 takes the project down if it fails after the pull.
fn up(host: &mut Host, deployment: &Deployment, generation: Generation, now: i64) -> Result<(), String> {
    let services = (deployment.variables.clone())
        .and_then(|variables| compose::services(&deployment.texts, &variables, &deployment.project));
    if deployment.swarm {
        return swarm_up(host, deployment, services?, now);
    }
    if deployment.pull
        && let Ok(services) = &services
        && let Some(missing) = services.iter().find(|service| is_missing(host, service))
    {
        return Err(format!("pull access denied or manifest unknown: manifest for {} not found", missing.image));
    }
    let outcome = services.and_then(|services| compose_up(host, deployment, &services, generation, now));
    if outcome.is_err() && generation == Generation::V2_23 {
        down(host, &deployment.project, now);
    }
    outcome
}

fn is_missing(host: &Host, service: &Service) -> bool {
    host.behaviour(service) == Behaviour::MissingImage || !host.can_pull(&service.image)
}

fn compose_up(
    host: &mut Host,
    deployment: &Deployment,
    services: &[Service],
    generation: Generation,
    now: i64,
) -> Result<(), String> {
    if let Some(missing) = services.iter().find(|service| is_missing(host, service)) {
        return Err(format!("Error response from daemon: manifest for {} not found: manifest unknown", missing.image));
    }
    if generation == Generation::Newer && deployment.prune {
        host.keep(now, |one| {
            !one.is_of(PROJECT, &deployment.project) || services.iter().any(|service| service.name == one.service.name)
        });
    }
    for service in services {
        let name = format!("{}-{}-1", deployment.project, service.name);
        let at = host.containers.iter().position(|one| one.name == name);
        if let Some(at) = at {
            if host.containers[at].service == *service && !deployment.recreate {
                continue;
            }
            host.keep(now, |one| one.name != name);
        }
        let clash = match host.behaviour(service) {
            Behaviour::PortClash(port) => Some(port),
            _ => service.ports.iter().map(|(port, _)| *port).find(|port| host.port_taken(*port, &deployment.project)),
        };
        if let Some(port) = clash {
            return Err(format!(
                "Error response from daemon: driver failed programming external connectivity on endpoint {name}: \
                 Bind for 0.0.0.0:{port} failed: port is already allocated"
            ));
        }
        let labels = [(PROJECT, deployment.project.as_str()), (SERVICE, service.name.as_str())];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        host.start(service.clone(), name, labels, now);
    }
    Ok(())
}

/// Docker accepts what it is told; whether tasks run is another matter.
fn swarm_up(host: &mut Host, deployment: &Deployment, services: Vec<Service>, now: i64) -> Result<(), String> {
    if host.swarm_id.is_none() {
        return Err("this node is not a swarm manager".to_owned());
    }
    if deployment.prune {
        host.keep(now, |one| {
            !one.is_of(NAMESPACE, &deployment.project)
                || services.iter().any(|service| service.name == one.service.name)
        });
    }
    for service in services {
        let name = format!("{}_{}.1", deployment.project, service.name);
        host.keep(now, |one| one.name != name);
        if is_missing(host, &service) {
            continue;
        }
        let full = format!("{}_{}", deployment.project, service.name);
        let labels = [(NAMESPACE, deployment.project.clone()), ("com.docker.swarm.service.name", full)];
        host.start(service, name, labels.map(|(name, value)| (name.to_owned(), value)).into(), now);
    }
    Ok(())
}

/// `compose down --remove-orphans`, or `stack rm`.
pub(super) fn down(host: &mut Host, project: &str, now: i64) {
    host.keep(now, |one| !one.is_of(PROJECT, project) && !one.is_of(NAMESPACE, project));
}
