//! Stacks and environments for the command palette.

use service::Onlooker;

use super::parts::{environment_address, stack_address};
use crate::{server::RequestCx, shell::Place};

/// Every environment and stack that the newest look saw. Nobody is asked.
pub(crate) fn places(request: &RequestCx, onlooker: &Onlooker) -> Vec<Place> {
    let look = request.services.deploy().latest(onlooker).0;
    let environments = look.iter().flat_map(|look| &look.overview.environments);
    environments
        .flat_map(|environment| {
            let itself = Place {
                label: environment.name.clone(),
                hint: "Environment".to_owned(),
                href: environment_address(&environment.name),
            };
            let stacks = environment.stacks.iter().map(|stack| Place {
                label: stack.title.clone(),
                hint: format!("Stack on {}", environment.name),
                href: stack_address(&environment.name, &stack.name),
            });
            std::iter::once(itself).chain(stacks)
        })
        .collect()
}
