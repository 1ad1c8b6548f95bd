//! Digests over what a plan rests on. Only what matters is in them: a restart counter that rises, or a container that goes from
//! starting to healthy, moves nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use types::Millis;

use crate::model::{
    Condition, Desired, DesiredStack, Digest, Observed, ObservedContainer, ObservedEnvironment, ObservedProject,
    ObservedSource, ObservedStack, PLAN_FORMAT, PlanOptions, Reach, RowStatus, ServerFacts, StackKind,
};

#[derive(Serialize)]
struct Whole<'a> {
    format: u32,
    catalog_commit: &'a str,
    options: &'a PlanOptions,
    server: &'a ServerFacts,
    environments: BTreeMap<&'a str, EnvironmentKey<'a>>,
    orphans: Vec<RowKey<'a>>,
}

#[derive(Serialize)]
struct EnvironmentKey<'a> {
    desired: Vec<&'a DesiredStack>,
    id: Option<i64>,
    reach: Reach,
    rows: Vec<RowKey<'a>>,
    projects: Vec<ProjectKey<'a>>,
    applied: BTreeMap<&'a str, u64>,
}

#[derive(Serialize)]
struct RowKey<'a> {
    id: i64,
    name: &'a str,
    kind: StackKind,
    status: RowStatus,
    source: SourceKey<'a>,
    variables: BTreeMap<&'a str, &'a Digest>,
    containers: Vec<ContainerKey<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SourceKey<'a> {
    Git(&'a ObservedSource),
    Text(&'a Digest),
}

#[derive(Serialize)]
struct ProjectKey<'a> {
    name: &'a str,
    kind: StackKind,
    containers: Vec<ContainerKey<'a>>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct ContainerKey<'a> {
    service: &'a str,
    id: &'a str,
    image: &'a str,
    image_digest: Option<&'a str>,
    condition: Condition,
    config_hash: Option<&'a str>,
}

fn containers(containers: &[ObservedContainer], now: Millis) -> Vec<ContainerKey<'_>> {
    let mut keys: Vec<_> = containers
        .iter()
        .map(|one| ContainerKey {
            service: &one.service,
            id: &one.id,
            image: &one.image,
            image_digest: one.image_digest.as_deref(),
            condition: match one.condition(now) {
                Condition::Pending => Condition::Well,
                condition => condition,
            },
            config_hash: one.config_hash.as_deref(),
        })
        .collect();
    keys.sort();
    keys
}

fn row(row: &ObservedStack, now: Millis) -> RowKey<'_> {
    RowKey {
        id: row.id,
        name: &row.name,
        kind: row.kind,
        status: row.status,
        source: match &row.source {
            git @ ObservedSource::Git { .. } => SourceKey::Git(git),
            ObservedSource::Text { digest, .. } => SourceKey::Text(digest),
        },
        variables: row.variables.iter().map(|(name, value)| (name.as_str(), &value.digest)).collect(),
        containers: containers(&row.containers, now),
    }
}

fn rows<'a>(all: impl Iterator<Item = &'a ObservedStack>, now: Millis) -> Vec<RowKey<'a>> {
    let mut keys: Vec<_> = all.map(|one| row(one, now)).collect();
    keys.sort_by(|one, other| (one.name, one.id).cmp(&(other.name, other.id)));
    keys
}

fn projects<'a>(all: impl Iterator<Item = &'a ObservedProject>, now: Millis) -> Vec<ProjectKey<'a>> {
    let mut keys: Vec<_> = all
        .map(|one| ProjectKey { name: &one.name, kind: one.kind, containers: containers(&one.containers, now) })
        .collect();
    keys.sort_by(|one, other| one.name.cmp(other.name));
    keys
}

/// Digest of what lives under some names.
pub(crate) fn guard<'a>(
    live: impl Iterator<Item = &'a ObservedStack>,
    bare: impl Iterator<Item = &'a ObservedProject>,
    now: Millis,
) -> Digest {
    Digest::of(&(rows(live, now), projects(bare, now)))
}

/// The fingerprint of a plan.
pub(super) fn of(desired: &Desired, observed: &Observed, options: &PlanOptions, now: Millis) -> Digest {
    let live: BTreeMap<&str, &ObservedEnvironment> =
        observed.environments.iter().map(|one| (one.name.as_str(), one)).collect();
    let mut environments = BTreeMap::new();
    for environment in desired.environments.iter().filter(|one| options.scope.touches(&one.name)) {
        let name = environment.name.as_str();
        let mut stacks: Vec<_> =
            environment.stacks.iter().filter(|stack| options.scope.holds(name, &stack.name)).collect();
        stacks.sort_by(|one, other| (&one.name, &one.title).cmp(&(&other.name, &other.title)));
        let wanted = |live: &str| {
            options.scope.holds(name, live)
                || stacks.iter().any(|stack| stack.name == live || stack.former_names.iter().any(|one| one == live))
        };
        let live = live.get(name);
        let key = EnvironmentKey {
            id: live.and_then(|live| live.id),
            reach: live.map(|live| live.reach).unwrap_or_default(),
            rows: rows(live.iter().flat_map(|live| &live.stacks).filter(|row| wanted(&row.name)), now),
            projects: projects(live.iter().flat_map(|live| &live.projects).filter(|one| wanted(&one.name)), now),
            applied: live
                .iter()
                .flat_map(|live| &live.applied)
                .filter(|(name, _)| wanted(name))
                .map(|(name, applied)| (name.as_str(), applied.revision))
                .collect(),
            desired: stacks,
        };
        environments.insert(name, key);
    }
    Digest::of(&Whole {
        format: PLAN_FORMAT,
        catalog_commit: &desired.catalog_commit,
        options,
        server: &observed.server,
        environments,
        orphans: rows(observed.orphans.iter(), now),
    })
}
