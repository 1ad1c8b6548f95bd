//! Compose texts held against the variables of their stacks.

use std::collections::{BTreeMap, HashMap};

use types::catalog::{Diagnostic, DiagnosticCode as Code, Severity, Stack, StackSource, VariableValue};

use super::Scene;
use crate::{
    compose::{Compose, ComposeError, HazardKind},
    read::Findings,
};

/// A variable that some environments do not set.
struct Lacking<'a> {
    fatal: bool,
    pointer: &'a str,
    environments: Vec<&'a str>,
}

/// Holds a stack's compose text against its variables on the given environments. `file` is what findings call the text: a path
/// in the catalog, or an address and a path. Pure; the planner calls it for texts from other repositories.
#[must_use]
pub fn check_compose(stack: &Stack, environments: &[&str], file: &str, text: &str) -> Vec<Diagnostic> {
    findings(stack, environments, file, &Compose::parse(text))
}

fn findings(
    stack: &Stack,
    environments: &[&str],
    file: &str,
    compose: &Result<Compose, ComposeError>,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut find = |severity, code, (line, column), pointer: &str, message: String, remedy: String| {
        findings.push(Diagnostic {
            severity,
            code,
            file: file.to_owned(),
            line,
            column,
            pointer: pointer.to_owned(),
            message,
            remedy,
            stack: Some(stack.name.clone()),
            guest: None,
        });
    };
    let compose = match compose {
        Ok(compose) => compose,
        Err(error) => {
            let (place, message) = ((error.line, error.column), error.message.clone());
            find(Severity::Error, Code::BadCompose, place, "", message, "Mend the compose file.".to_owned());
            return findings;
        }
    };
    // One finding a variable, with all the environments that lack it.
    let mut lacking: BTreeMap<(u32, u32, &str), Lacking<'_>> = BTreeMap::new();
    for environment in environments {
        for one in compose.unresolved(&stack.on(environment).env) {
            let key = (one.at.line, one.at.column, one.at.name.as_str());
            let new = Lacking { fatal: one.fatal, pointer: &one.at.pointer, environments: Vec::new() };
            lacking.entry(key).or_insert(new).environments.push(environment);
        }
    }
    for ((line, column, name), Lacking { fatal, pointer, environments }) in lacking {
        let (severity, outcome) = match fatal {
            true => (Severity::Error, "the deployment will fail"),
            false => (Severity::Warning, "it becomes an empty text"),
        };
        let message = format!(
            "“{name}” is used here, but “{}” does not set it on {}: {outcome}.",
            stack.name,
            environments.join(", ")
        );
        let remedy = format!("Set “{name}” in the stack's “env”, or give it a default: ${{{name}:-…}}");
        find(severity, Code::UnresolvedVariable, (line, column), pointer, message, remedy);
    }
    for hazard in &compose.hazards {
        // Fixed container names and built images work on a single host; the rest misleads or fails.
        let severity = match hazard.kind {
            HazardKind::ContainerName | HazardKind::NoHealthcheck => Severity::Info,
            _ => Severity::Warning,
        };
        find(
            severity,
            Code::ComposeHazard,
            (hazard.line, hazard.column),
            "",
            hazard.message(),
            hazard.remedy().to_owned(),
        );
    }
    findings
}

pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    let mut runs_on: HashMap<&str, Vec<&str>> = HashMap::new();
    for guest in scene.guests.iter().map(|found| &found.guest).filter(|guest| guest.is_target()) {
        for assignment in &guest.assignments {
            runs_on.entry(&assignment.stack).or_default().push(guest.settings_for(assignment));
        }
    }
    for found in scene.stacks {
        let StackSource::Text { path } = &found.stack.source else { continue };
        let Some((file, text)) = scene.snapshot.resolve(path) else {
            let at = found.at.nearest("/compose_file_path");
            if let Some((file, reason)) = scene.snapshot.resolve_unreadable(path) {
                let message = format!("The compose file {file} cannot be read: {reason}.");
                at.error(Code::UnreadableFile, message, "Put a text file of at most 2 MiB in UTF-8 there.", out);
                continue;
            }
            let message = format!("There is no file “{path}” in the catalog's repository.");
            let remedy = "Put the compose file there, or give the stack a “git_repo”.";
            at.error(Code::BadCompose, message, remedy, out);
            continue;
        };
        let environments = runs_on.get(found.stack.name.as_str()).map_or(&[][..], Vec::as_slice);
        let compose = Compose::parse(text);
        out.append(&mut findings(&found.stack, environments, file, &compose));
        if let Ok(compose) = &compose {
            unused(scene, found, compose, out);
        }
    }
}

/// Variables the text never uses: most often a misspelling.
fn unused(scene: &Scene<'_>, found: &crate::read::FoundStack<'_>, compose: &Compose, out: &mut Findings) {
    let lists = std::iter::once(found.at.clone())
        .chain(found.at.nearest("/environments").members().into_iter().map(|(_, at)| at));
    // `stack.env` hands all variables to a container.
    if compose.services.iter().any(|service| service.env_files.iter().any(|file| file == "stack.env"))
        || scene.stacks.is_empty()
    {
        return;
    }
    for list in lists.flat_map(|at| ["env", "variables"].into_iter().filter_map(move |key| at.get(key))) {
        for entry in list.items() {
            let Some(name) = entry.node.get("name").and_then(|name| name.string()) else { continue };
            let known = found.stack.env.iter().chain(found.stack.environments.values().flat_map(|over| &over.env));
            let is_read = known
                .into_iter()
                .any(|one| one.name == name && !matches!(&one.value, VariableValue::Plain(text) if text.is_empty()));
            if is_read && !compose.uses(name) {
                let message = format!("The compose file of “{}” does not use “{name}”.", found.stack.name);
                entry.inform(Code::UnusedVariable, message, "Check the spelling, or remove it.", out);
            }
        }
    }
}
