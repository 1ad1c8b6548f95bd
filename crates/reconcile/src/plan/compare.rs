//! One stack as wanted against its row and containers as they are. Planning and the verdict both read this, so a stack that was
//! applied with success never has anything left to plan.

use std::collections::BTreeMap;

use types::Millis;

use crate::{
    model::{
        Applied, Condition, DesiredSource, DesiredStack, DesiredValue, HandEdit, ObservedContainer, ObservedSource,
        ObservedStack, ObservedValue, Reason, RowStatus, Shown, StackKind,
    },
    names::{same_reference, same_repository},
};

/// What differs, by what it takes to mend it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    /// Needs removal and creation.
    pub(crate) recreate: Vec<Reason>,
    /// Needs a deploy with other settings.
    pub(crate) update: Vec<Reason>,
    /// Needs a deploy with the same settings.
    pub(crate) redeploy: Vec<Reason>,
    /// Needs settings only.
    pub(crate) configure: Vec<Reason>,
    /// Explains some of the above.
    pub(crate) by_hand: Vec<Reason>,
    /// Services with a container that is not well yet.
    pub(crate) pending: Vec<String>,
    /// Services that run and are not wanted.
    pub(crate) left_over: Vec<String>,
}

impl Comparison {
    /// Whether the row is as wanted, whatever its containers do.
    pub(crate) fn row_is_right(&self) -> bool {
        self.recreate.is_empty() && self.update.is_empty() && self.configure.is_empty()
    }

    /// All reasons, the heaviest first.
    pub(crate) fn reasons(self) -> Vec<Reason> {
        [self.recreate, self.update, self.redeploy, self.configure, self.by_hand].concat()
    }
}

/// Compares. `wanted` must be [effective](DesiredStack::effective).
pub(crate) fn compare(
    wanted: &DesiredStack,
    live: &ObservedStack,
    applied: Option<&Applied>,
    now: Millis,
) -> Comparison {
    let mut found = Comparison::default();
    let kind = if wanted.swarm { StackKind::Swarm } else { StackKind::Compose };
    if live.kind != kind {
        found.recreate.push(Reason::KindChanged { from: live.kind, to: kind });
    }
    compare_source(wanted, live, &mut found);
    if applied.is_some_and(|applied| applied.source == wanted.source)
        && !(found.recreate.is_empty() && found.update.is_empty())
    {
        found.by_hand.push(Reason::EditedByHand { what: HandEdit::Source });
    }
    compare_variables(wanted, live, applied, &mut found);
    match live.status {
        RowStatus::Inactive => found.redeploy.push(Reason::Stopped),
        RowStatus::Error => found.redeploy.push(Reason::DeployFailed),
        RowStatus::Active | RowStatus::Deploying | RowStatus::Unknown(_) => {}
    }
    compare_containers(wanted, live, now, &mut found);
    if found.row_is_right() {
        compare_hashes(live, applied, &mut found);
    }
    found
}

/// Whether a row may have come from a create of `wanted`: its kind, source and variables are those that were sent. Only the
/// commit may be another, since Portainer takes its reference's newest.
pub(crate) fn may_be_made_of(wanted: &DesiredStack, live: &ObservedStack, now: Millis) -> bool {
    let found = compare(wanted, live, None, now);
    live.name == wanted.name
        && found.recreate.is_empty()
        && found.update.iter().all(|reason| matches!(reason, Reason::CommitMoved { .. }))
}

fn compare_source(wanted: &DesiredStack, live: &ObservedStack, found: &mut Comparison) {
    match (&wanted.source, &live.source) {
        (
            DesiredSource::Git { url, reference, commit, compose_file, additional_files, .. },
            ObservedSource::Git {
                url: live_url,
                reference: live_reference,
                commit: live_commit,
                compose_file: live_file,
                additional_files: live_files,
                auto_update,
            },
        ) => {
            if !same_repository(url, live_url) {
                found.recreate.push(Reason::RepositoryChanged { from: live_url.clone(), to: url.clone() });
            }
            if compose_file != live_file || additional_files != live_files {
                let files = |first: &String, rest: &[String]| [std::slice::from_ref(first), rest].concat();
                found.recreate.push(Reason::FilesChanged {
                    from: files(live_file, live_files),
                    to: files(compose_file, additional_files),
                });
            }
            let reference = reference.as_deref().unwrap_or_default();
            if !same_reference(reference, live_reference) {
                found.update.push(Reason::ReferenceChanged { from: live_reference.clone(), to: reference.to_owned() });
            }
            if commit != live_commit {
                found.update.push(Reason::CommitMoved { from: live_commit.clone(), to: commit.clone() });
            }
            if let Some(auto_update) = auto_update {
                found.configure.push(Reason::AutoUpdateOn { auto_update: auto_update.clone() });
            }
        }
        (DesiredSource::Git { .. }, ObservedSource::Text { .. }) => found.recreate.push(Reason::TextToGit),
        (DesiredSource::Text { .. }, ObservedSource::Git { .. }) => found.update.push(Reason::GitToText),
        (DesiredSource::Text { text }, ObservedSource::Text { digest, .. }) => {
            if crate::model::Digest::of_bytes(text.as_bytes()) != *digest {
                found.update.push(Reason::TextChanged);
            }
        }
    }
}

fn compare_variables(wanted: &DesiredStack, live: &ObservedStack, applied: Option<&Applied>, found: &mut Comparison) {
    let before = |name: &str| applied.and_then(|applied| applied.variables.get(name));
    for (name, value) in &wanted.variables {
        let Some(running) = live.variables.get(name) else {
            found.update.push(Reason::VariableAdded { name: name.clone(), value: shown(value) });
            if before(name) == Some(value) {
                found.by_hand.push(Reason::EditedByHand { what: HandEdit::Variable(name.clone()) });
            }
            continue;
        };
        if same_value(value, running) {
            continue;
        }
        found.update.push(Reason::VariableChanged {
            name: name.clone(),
            from: shown_live(running, before(name)),
            to: shown(value),
        });
        if before(name) == Some(value) {
            found.by_hand.push(Reason::EditedByHand { what: HandEdit::Variable(name.clone()) });
        }
    }
    for name in live.variables.keys().filter(|name| !wanted.variables.contains_key(*name)) {
        found.update.push(Reason::VariableRemoved { name: name.clone() });
        if applied.is_some_and(|applied| !applied.variables.contains_key(name)) {
            found.by_hand.push(Reason::EditedByHand { what: HandEdit::Variable(name.clone()) });
        }
    }
}

fn same_value(wanted: &DesiredValue, live: &ObservedValue) -> bool {
    match wanted {
        DesiredValue::Plain(value) => live.plain.as_ref() == Some(value),
        DesiredValue::Secret { digest, .. } => *digest == live.digest,
    }
}

/// A desired value as it may be shown.
pub(crate) fn shown(value: &DesiredValue) -> Shown {
    match value {
        DesiredValue::Plain(value) => Shown::Plain(value.clone()),
        DesiredValue::Secret { name, version, .. } => Shown::Secret { name: name.clone(), version: *version },
    }
}

/// A live value as it may be shown: in clear only if the observer was allowed to, by name if it is the secret last applied.
pub(crate) fn shown_live(live: &ObservedValue, before: Option<&DesiredValue>) -> Shown {
    match (&live.plain, before) {
        (_, Some(before @ DesiredValue::Secret { digest, .. })) if *digest == live.digest => shown(before),
        (_, Some(DesiredValue::Secret { .. })) | (None, _) => Shown::Hidden,
        (Some(plain), _) => Shown::Plain(plain.clone()),
    }
}

fn compare_containers(wanted: &DesiredStack, live: &ObservedStack, now: Millis, found: &mut Comparison) {
    let mut by_service: BTreeMap<&str, Vec<&ObservedContainer>> = BTreeMap::new();
    for container in &live.containers {
        by_service.entry(&container.service).or_default().push(container);
    }
    for containers in by_service.values_mut() {
        containers.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    }
    // Facts without services are those of a file that says them elsewhere (`extends`, `include`).
    let Some(facts) = wanted.compose.as_ref().filter(|facts| !facts.services.is_empty()) else {
        if live.containers.is_empty() {
            found.redeploy.push(Reason::ContainerMissing { service: String::new() });
        }
        for container in by_service.values().flatten() {
            judge(container, true, now, found);
        }
        return;
    };
    let mut services: Vec<_> = facts.services.iter().collect();
    services.sort_by(|one, other| one.name.cmp(&other.name));
    for service in services {
        let Some(containers) = by_service.remove(service.name.as_str()) else {
            found.redeploy.push(Reason::ContainerMissing { service: service.name.clone() });
            continue;
        };
        for container in &containers {
            judge(container, service.ends, now, found);
        }
        let other_build = containers.iter().find_map(|container| match (&service.digest, &container.image_digest) {
            (Some(wanted), Some(running)) if wanted != running => Some((wanted, running)),
            _ => None,
        });
        if let Some((wanted, running)) = other_build {
            found.redeploy.push(Reason::ImageDigest {
                service: service.name.clone(),
                running: running.clone(),
                wanted: wanted.clone(),
            });
        }
    }
    found.left_over.extend(by_service.into_keys().map(str::to_owned));
}

fn judge(container: &ObservedContainer, may_end: bool, now: Millis, found: &mut Comparison) {
    let condition = match container.condition(now) {
        Condition::Done if !may_end => Condition::Exited { code: 0 },
        condition => condition,
    };
    match condition {
        Condition::Well | Condition::Done => {}
        Condition::Pending => found.pending.push(container.service.clone()),
        _ => found.redeploy.push(Reason::ContainerBad {
            service: container.service.clone(),
            container: container.name.clone(),
            condition,
        }),
    }
}

/// Containers that were made again with another configuration while the row stayed as it was.
fn compare_hashes(live: &ObservedStack, applied: Option<&Applied>, found: &mut Comparison) {
    let Some(applied) = applied else { return };
    for (service, before) in &applied.config_hashes {
        let differs = |container: &&ObservedContainer| {
            container.service == *service && container.config_hash.as_ref().is_some_and(|hash| hash != before)
        };
        if live.containers.iter().any(|container| differs(&container)) {
            found.redeploy.push(Reason::EditedByHand { what: HandEdit::Container(service.clone()) });
        }
    }
}
