//! Stacks, environments and machines that are named but do not exist.

use std::collections::{BTreeSet, HashMap};

use types::catalog::{Assignment, DiagnosticCode as Code, same_environment};

use super::Scene;
use crate::{read::Findings, snapshot::STACKS_FILE};

/// Environments older files speak of without any machine of that name.
const CUSTOMARY: [&str; 3] = ["production", "testing", "development"];

pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    // Where the list could not be read, a missing stack may well exist.
    let stacks_are_known = !scene.docs.is_broken(STACKS_FILE);
    let names: Vec<&str> = scene.stacks.iter().map(|found| found.stack.name.as_str()).collect();
    for found in scene.stacks {
        for (index, name) in found.stack.depends_on.iter().enumerate() {
            if stacks_are_known && scene.index(name).is_none() {
                let at = found.at.nearest(&format!("/depends_on/{index}"));
                let message = format!("“{}” depends on “{name}”, which is no stack.", found.stack.name);
                at.error(Code::UnknownStack, message, nearest(name, &names, "Add that stack, or remove this."), out);
            }
        }
    }
    assignments(scene, stacks_are_known, &names, out);
    environments(scene, out);
    for found in scene.guests {
        for (index, name) in found.guest.depends_on.iter().enumerate() {
            let known = scene
                .guests
                .iter()
                .any(|one| one.guest.name == *name || one.guest.vmid.is_some_and(|vmid| vmid.to_string() == *name));
            if !known {
                let at = found.at.nearest(&format!("/dependencies/{index}"));
                let message =
                    format!("“{}” depends on the machine “{name}”, which is not in this file.", found.guest.name);
                at.inform(Code::BadValue, message, "Nothing is deployed by this; check the number.", out);
            }
        }
    }
}

fn assignments(scene: &Scene<'_>, stacks_are_known: bool, names: &[&str], out: &mut Findings) {
    let environments: BTreeSet<&str> = scene.guests.iter().filter_map(|one| one.guest.environment.as_deref()).collect();
    for found in scene.guests {
        let assigned: HashMap<&str, &Assignment> =
            found.guest.assignments.iter().map(|one| (one.stack.as_str(), one)).collect();
        let list = found.at.nearest("/docker_stacks");
        for entry in list.items() {
            let name = entry.node.string().or_else(|| entry.node.get("name")?.string());
            let Some(assignment) = name.and_then(|name| assigned.get(name)) else { continue };
            let entry = entry.of_stack(&assignment.stack);
            let Some(stack) = scene.stack(&assignment.stack) else {
                if stacks_are_known && !exists_unread(scene, &assignment.stack) {
                    let message = format!("“{}” runs “{}”, which is no stack.", found.guest.name, assignment.stack);
                    let remedy = nearest(&assignment.stack, names, "Add that stack, or remove this.");
                    entry.error(Code::UnknownStack, message, remedy, out);
                }
                continue;
            };
            let Some(environment) = &assignment.environment else { continue };
            let is_environment = environments.contains(environment.as_str());
            let customary =
                stack.stack.environments.is_empty() && CUSTOMARY.iter().any(|one| same_environment(one, environment));
            if stack.stack.override_for(environment).is_none() && !is_environment && !customary {
                let known: Vec<&str> = stack.stack.environments.keys().map(String::as_str).collect();
                let message = format!("“{}” has no settings for an environment “{environment}”.", assignment.stack);
                let remedy =
                    nearest(environment, &known, "Add it under the stack's “environments”, or remove it here.");
                entry.nearest("/environment").error(Code::UnknownEnvironment, message, remedy, out);
            }
        }
    }
}

/// Whether a stack has an entry that could not be read. That is reported where it stands.
fn exists_unread(scene: &Scene<'_>, name: &str) -> bool {
    let listed = scene.docs.root(STACKS_FILE).is_some_and(|root| {
        let list = root.nearest("/docker_stacks");
        list.members().iter().any(|(key, _)| *key == name)
            || list.items().iter().any(|entry| entry.node.get("name").and_then(|one| one.string()) == Some(name))
    });
    listed || scene.snapshot.paths().any(|path| crate::read::beside_stack(path) == Some(name))
}

fn environments(scene: &Scene<'_>, out: &mut Findings) {
    let guests = scene.guests.iter().filter_map(|found| found.guest.environment.as_deref());
    let assigned =
        scene.guests.iter().flat_map(|found| &found.guest.assignments).filter_map(|one| one.environment.as_deref());
    let known: BTreeSet<&str> = guests.chain(assigned).chain(CUSTOMARY).collect();
    let mut answers: HashMap<&str, bool> = HashMap::new();
    if scene.guests.is_empty() {
        return;
    }
    for found in scene.stacks {
        for (name, entry) in found.at.nearest("/environments").members() {
            let is_known = *answers.entry(name).or_insert_with(|| known.iter().any(|one| same_environment(one, name)));
            if found.stack.environments.contains_key(name) && !is_known {
                let known: Vec<&str> = known.iter().copied().collect();
                let message = format!("No machine has an environment “{name}”, so these settings have no effect.");
                entry.warn(
                    Code::UnknownEnvironment,
                    message,
                    nearest(name, &known, "Name an environment of a machine."),
                    out,
                );
            }
        }
    }
}

fn nearest(name: &str, known: &[&str], otherwise: &str) -> String {
    let alike = |one: &&&str| strsim::jaro_winkler(one, name);
    match known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b))) {
        // One slip of a finger, or alike as a whole.
        Some(best) if alike(&best) >= 0.85 || strsim::osa_distance(best, name) == 1 => {
            format!("Did you mean “{best}”?")
        }
        _ => otherwise.to_owned(),
    }
}
