//! What will or may hurt.

use std::collections::BTreeMap;

use types::catalog::ImageName;

use super::compare::Comparison;
use crate::model::{
    Action, ComposeService, DesiredStack, Generation, ObservedStack, Risk, RowStatus, Step, Warning, WarningKind,
};

fn push(environment: &str, stack: &str, kind: WarningKind, to: &mut Vec<Warning>) {
    to.push(Warning { environment: environment.to_owned(), stack: stack.to_owned(), kind });
}

/// Warnings about what is wanted and how it gets there. `original` is the stack without its pin in force.
pub(super) fn of_stack(
    environment: &str,
    original: &DesiredStack,
    step: Option<&Step>,
    generation: Generation,
    to: &mut Vec<Warning>,
) {
    let stack = original.effective();
    let name = stack.name.as_str();
    if let Some(pin) = &original.pin {
        let catalog_differs = match (&original.source, &pin.commit) {
            (crate::model::DesiredSource::Git { commit, .. }, Some(pinned)) => commit != pinned,
            (crate::model::DesiredSource::Text { text }, _) => *text != pin.text,
            (crate::model::DesiredSource::Git { .. }, None) => true,
        };
        let catalog_differs =
            catalog_differs || pin.variables.as_ref().is_some_and(|pinned| *pinned != original.variables);
        push(environment, name, WarningKind::Pinned { revision: pin.revision, catalog_differs }, to);
    }
    let Some(step) = step else { return };
    match step.risk {
        Risk::TakesDownOnFailure if generation == Generation::TakesDown => {
            push(environment, name, WarningKind::FailedUpdateTakesDown, to);
        }
        Risk::DownBetween => push(environment, name, WarningKind::DownBetween, to),
        _ => {}
    }
    if let Action::Rename { from, .. } = &step.action {
        push(environment, name, WarningKind::VolumesStayBehind { former_name: from.clone() }, to);
    }
    match stack.compose.as_ref().filter(|facts| !facts.services.is_empty()) {
        None => push(environment, name, WarningKind::NoComposeFacts, to),
        Some(facts) => facts.services.iter().for_each(|service| of_service(environment, name, service, to)),
    }
}

fn of_service(environment: &str, stack: &str, service: &ComposeService, to: &mut Vec<Warning>) {
    for source in &service.bind_mounts_relative {
        let kind = WarningKind::RelativeBindMount { service: service.name.clone(), source: source.clone() };
        push(environment, stack, kind, to);
    }
    if ImageName::parse(&service.image).is_floating() {
        let kind = WarningKind::FloatingImage { service: service.name.clone(), image: service.image.clone() };
        push(environment, stack, kind, to);
    }
}

/// Warnings about a row that the catalog names.
pub(super) fn of_row(environment: &str, row: &ObservedStack, to: &mut Vec<Warning>) {
    if let RowStatus::Unknown(status) = row.status {
        push(environment, &row.name, WarningKind::UnknownStatus { status }, to);
    }
}

/// Warnings about what was compared.
pub(super) fn of_comparison(environment: &str, stack: &str, found: &Comparison, to: &mut Vec<Warning>) {
    for service in &found.pending {
        push(environment, stack, WarningKind::StillStarting { service: service.clone() }, to);
    }
    for service in &found.left_over {
        push(environment, stack, WarningKind::ServiceLeftOver { service: service.clone() }, to);
    }
}

/// Ports that two stacks of an environment publish.
pub(super) fn of_ports<'a>(environment: &str, stacks: impl Iterator<Item = &'a DesiredStack>, to: &mut Vec<Warning>) {
    let mut taken: BTreeMap<(u16, &str), &str> = BTreeMap::new();
    for stack in stacks {
        let ports = stack.compose.iter().flat_map(|facts| &facts.services).flat_map(|service| &service.ports);
        for port in ports {
            let other = *taken.entry((port.host, &port.protocol)).or_insert(&stack.name);
            if other != stack.name {
                let kind = WarningKind::PortClash {
                    port: port.host,
                    protocol: port.protocol.clone(),
                    other: other.to_owned(),
                };
                push(environment, &stack.name, kind, to);
            }
        }
    }
}
