//! The live side as the planner needs it: what the target sees, with what the journal remembers.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::{
    model::{Applied, Desired, Disclosure, Observed, Scope},
    ports::{PortError, Ports},
};

/// What the journal holds as last applied, by environment and stack.
type AppliedByEnvironment = BTreeMap<String, BTreeMap<String, Applied>>;

async fn applied(
    ports: &Ports<'_>,
    environments: impl Iterator<Item = &String>,
) -> Result<AppliedByEnvironment, PortError> {
    let mut all = AppliedByEnvironment::new();
    for environment in environments {
        let newest = ports.journal.newest_revisions(environment).await?;
        let stacks = newest.iter().map(|revision| (revision.stack.clone(), revision.applied())).collect();
        all.insert(environment.clone(), stacks);
    }
    Ok(all)
}

/// Observes the environments of `desired` that are in scope, afresh. What is handed over in clear is decided by
/// [`Disclosure`].
///
/// # Errors
/// When Portainer or the journal does not answer. An environment that does not answer is no error but a
/// [`Reach`](crate::model::Reach).
pub async fn observe(ports: &Ports<'_>, desired: &Desired, scope: &Scope) -> Result<Observed, PortError> {
    let names: Vec<&String> =
        desired.environments.iter().map(|one| &one.name).filter(|name| scope.touches(name)).collect();
    let mut applied = applied(ports, names.iter().copied()).await?;
    let disclosure = Disclosure::of(desired, &applied);
    let server = ports.target.server().await?;
    let mut environments = try_join_all(names.iter().map(|name| ports.target.observe(name, &disclosure))).await?;
    for environment in &mut environments {
        environment.applied = applied.remove(&environment.name).unwrap_or_default();
    }
    environments.sort_by(|one, other| one.name.cmp(&other.name));
    let orphans = ports.target.orphans().await?;
    Ok(Observed { server, environments, orphans })
}
