//! Where everything stands: a plan, and what was seen when it was made, told stack by stack. Data for pages and the terminal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::Millis;

use crate::{
    drift::is_drift,
    model::{
        Action, BlockedCause, Condition, Desired, DesiredSource, DesiredStack, Observed, ObservedContainer,
        ObservedEnvironment, ObservedSource, Pin, PinOrigin, Plan, Reach, Reason, ServerFacts, StackRef, Warning,
        WarningKind,
    },
};

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overview {
    /// When it was looked at.
    pub at: Millis,
    /// The Portainer server.
    pub server: ServerFacts,
    /// The catalog's version.
    pub catalog_commit: String,
    /// Environments by name.
    pub environments: Vec<EnvironmentOverview>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentOverview {
    /// Its name.
    pub name: String,
    /// Portainer's number; none if Portainer has no environment of this name.
    pub id: Option<i64>,
    /// Whether it answers.
    pub reach: Reach,
    /// What concerns it as a whole.
    pub warnings: Vec<WarningKind>,
    /// Stacks by name: those of the catalog, and those that live there without it.
    pub stacks: Vec<StackOverview>,
}

/// One stack on one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackOverview {
    /// Its normalised name.
    pub name: String,
    /// As the catalog spells it; as `name` if the catalog has none.
    pub title: String,
    /// The whole in a word.
    pub state: StackState,
    /// What a plan would do.
    pub action: Option<Action>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What keeps it from being planned.
    pub blocked: Option<BlockedCause>,
    /// What will or may hurt.
    pub warnings: Vec<WarningKind>,
    /// The revision that was applied last.
    pub revision: Option<u64>,
    /// The commit that runs, as Portainer says.
    pub commit: Option<String>,
    /// The commit that is wanted.
    pub wanted: Option<String>,
    /// What holds it at a version.
    pub pin: Option<PinOverview>,
    /// Its containers.
    pub containers: Vec<ContainerOverview>,
}

/// What holds a stack at a version, without the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PinOverview {
    /// The revision.
    pub revision: u64,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Where it comes from.
    pub origin: PinOrigin,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContainerOverview {
    /// Docker's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// What its figures mean.
    pub condition: Condition,
    /// Its image, as asked for.
    pub image: String,
    /// The image's digest, if known.
    pub digest: Option<String>,
    /// Restarts by Docker since it was made.
    pub restarts: u32,
    /// When it was last started.
    pub started_at: Option<Millis>,
}

/// A stack in a word. What was not observed is never called well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StackState {
    /// As desired, and every container is well.
    InStep,
    /// As desired; a container is still starting.
    Starting,
    /// The catalog wants something else than what runs.
    Changes,
    /// Something changed on the live side: by hand, by itself, or a container is not well.
    Drifted,
    /// It can't be planned.
    Blocked,
    /// Lives there and is not in the catalog.
    Surplus,
    /// The environment does not answer: nothing is known.
    Unknown,
}

/// Tells a plan stack by stack. The plan must have been made from just these.
#[must_use]
pub fn overview(desired: &Desired, observed: &Observed, plan: &Plan) -> Overview {
    let mut environments: Vec<EnvironmentOverview> = desired
        .environments
        .iter()
        .filter(|one| plan.options.scope.touches(&one.name))
        .map(|one| {
            let live = observed.environments.iter().find(|live| live.name == one.name);
            environment(&one.name, &one.stacks, live, plan)
        })
        .collect();
    environments.sort_by(|one, other| one.name.cmp(&other.name));
    Overview {
        at: plan.made_at,
        server: observed.server.clone(),
        catalog_commit: plan.catalog_commit.clone(),
        environments,
    }
}

fn environment(
    name: &str,
    desired: &[DesiredStack],
    live: Option<&ObservedEnvironment>,
    plan: &Plan,
) -> EnvironmentOverview {
    let reach = live.map(|live| live.reach).unwrap_or_default();
    let here: Vec<&Warning> = plan.warnings.iter().filter(|one| one.environment == name).collect();
    let mut stacks: BTreeMap<String, StackOverview> = BTreeMap::new();
    for stack in desired.iter().filter(|stack| plan.options.scope.holds(name, &stack.name)) {
        let mut one = blank(&stack.name, &stack.title);
        one.wanted = match (&stack.pin, &stack.source) {
            (Some(pin), _) => pin.commit.clone(),
            (None, DesiredSource::Git { commit, .. }) => Some(commit.clone()).filter(|commit| !commit.is_empty()),
            (None, DesiredSource::Text { .. }) => None,
        };
        one.pin = stack.pin.as_ref().map(|pin: &Pin| PinOverview {
            revision: pin.revision,
            by: pin.by.clone(),
            at: pin.at,
            origin: pin.origin.clone(),
        });
        see(&mut one, &stack.names(), live, plan.made_at);
        stacks.insert(stack.name.clone(), one);
    }
    let known: Vec<String> = desired.iter().flat_map(DesiredStack::names).collect();
    for row in live.iter().flat_map(|live| &live.stacks) {
        if known.contains(&row.name) || !plan.options.scope.holds(name, &row.name) {
            continue;
        }
        let mut one = blank(&row.name, &row.name);
        see(&mut one, std::slice::from_ref(&row.name), live, plan.made_at);
        one.state = StackState::Surplus;
        stacks.insert(row.name.clone(), one);
    }
    for one in stacks.values_mut() {
        one.warnings = here.iter().filter(|warning| warning.stack == one.name).map(|one| one.kind.clone()).collect();
        judge(one, name, reach, plan);
    }
    EnvironmentOverview {
        name: name.to_owned(),
        id: live.and_then(|live| live.id),
        reach,
        warnings: here.iter().filter(|one| one.stack.is_empty()).map(|one| one.kind.clone()).collect(),
        stacks: stacks.into_values().collect(),
    }
}

fn blank(name: &str, title: &str) -> StackOverview {
    StackOverview {
        name: name.to_owned(),
        title: title.to_owned(),
        state: StackState::InStep,
        action: None,
        reasons: Vec::new(),
        blocked: None,
        warnings: Vec::new(),
        revision: None,
        commit: None,
        wanted: None,
        pin: None,
        containers: Vec::new(),
    }
}

/// Adds what was seen under a stack's names.
fn see(one: &mut StackOverview, names: &[String], live: Option<&ObservedEnvironment>, now: Millis) {
    let Some(live) = live else { return };
    one.revision = live.applied.get(&one.name).map(|applied| applied.revision);
    for row in live.stacks.iter().filter(|row| names.contains(&row.name)) {
        if let ObservedSource::Git { commit, .. } = &row.source {
            one.commit = Some(commit.clone()).filter(|commit| !commit.is_empty());
        }
        one.containers.extend(row.containers.iter().map(|container| seen(container, now)));
    }
    for project in live.projects.iter().filter(|project| names.contains(&project.name)) {
        one.containers.extend(project.containers.iter().map(|container| seen(container, now)));
    }
    one.containers.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
}

fn seen(container: &ObservedContainer, now: Millis) -> ContainerOverview {
    ContainerOverview {
        id: container.id.clone(),
        name: container.name.clone(),
        service: container.service.clone(),
        condition: container.condition(now),
        image: container.image.clone(),
        digest: container.image_digest.clone(),
        restarts: container.restart_count,
        started_at: container.started_at,
    }
}

fn judge(one: &mut StackOverview, environment: &str, reach: Reach, plan: &Plan) {
    let at = StackRef::new(environment, &one.name);
    if let Some(step) = plan.steps.iter().find(|step| step.environment == environment && step.stack == one.name) {
        one.action = Some(step.action.clone());
        one.reasons.clone_from(&step.reasons);
    }
    one.blocked = plan.blocked.iter().find(|blocked| blocked.stack == at).map(|blocked| blocked.cause.clone());
    if one.state == StackState::Surplus {
        return;
    }
    let pending = one.containers.iter().any(|container| container.condition == Condition::Pending);
    one.state = match reach {
        Reach::Up if one.blocked.is_some() => StackState::Blocked,
        Reach::Up if is_drift(&one.reasons) => StackState::Drifted,
        Reach::Up if one.action.is_some() => StackState::Changes,
        Reach::Up if pending => StackState::Starting,
        Reach::Up => StackState::InStep,
        Reach::Down | Reach::Missing => StackState::Unknown,
    };
}
