//! From what was typed to what is looked at.

use std::collections::BTreeSet;

use service::deploy::{
    catalog_types::{Catalog, normalise_name},
    model::{PlanOptions, Scope, StackRef},
};

use super::Cx;
use crate::{args::Selection, failure::Failure};

/// What a plan is asked for. Without names it is everything.
pub(super) async fn options(cx: &Cx<'_>, selection: &Selection) -> Result<PlanOptions, Failure> {
    let mut options =
        PlanOptions { prune: selection.prune(), on_failure: selection.on_failure.into(), scope: Scope::Everything };
    if selection.stacks.is_empty() && selection.environments.is_empty() {
        return Ok(options);
    }
    let catalog = cx.front.catalog().await?.catalog;
    let mut all = assigned(&catalog);
    let environments: BTreeSet<&str> = catalog
        .guests
        .iter()
        .filter(|guest| guest.is_target())
        .filter_map(|guest| guest.environment.as_deref())
        .collect();
    for wanted in &selection.environments {
        known("environment", wanted, environments.iter().copied())?;
    }
    for wanted in &selection.stacks {
        known("stack", &normalise_name(wanted), all.iter().map(|one| one.stack.as_str()))?;
    }
    let stacks: BTreeSet<String> = selection.stacks.iter().map(|name| normalise_name(name)).collect();
    all.retain(|one| {
        (stacks.is_empty() || stacks.contains(&one.stack))
            && (selection.environments.is_empty() || selection.environments.contains(&one.environment))
    });
    if all.is_empty() {
        return Err(Failure::invalid(format!(
            "The catalog assigns nothing of the kind: {} on {}. Check “docker_stacks” of the machine in phoenix_vm_configs.json.",
            list(&selection.stacks, "any stack"),
            list(&selection.environments, "any environment")
        )));
    }
    options.scope = Scope::Only(all);
    Ok(options)
}

/// Every stack that the catalog assigns to an environment.
fn assigned(catalog: &Catalog) -> BTreeSet<StackRef> {
    let mut all = BTreeSet::new();
    for guest in catalog.guests.iter().filter(|guest| guest.is_target()) {
        let Some(environment) = &guest.environment else { continue };
        all.extend(guest.assignments.iter().map(|one| StackRef::new(environment, normalise_name(&one.stack))));
    }
    all
}

/// A name nobody knows is most often misspelled.
fn known<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let names: BTreeSet<&str> = names.collect();
    if names.contains(wanted) {
        return Ok(());
    }
    let near = names
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(wanted, name), *name))
        .filter(|(likeness, _)| *likeness > 0.5)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = match near {
        Some((_, near)) => format!("Did you mean “{near}”?"),
        None if names.is_empty() => "The catalog assigns no stack to any environment yet.".to_owned(),
        None => format!("There are: {}.", names.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::failed(
        service::deploy::ProblemCode::NotFound,
        format!("The catalog has no {what} “{wanted}”. {hint}"),
    ))
}

fn list(names: &[String], all: &str) -> String {
    if names.is_empty() { all.to_owned() } else { names.join(", ") }
}

/// A stack on an environment, as typed.
pub(super) fn stack(environment: &str, stack: &str) -> StackRef {
    StackRef::new(environment, normalise_name(stack))
}
