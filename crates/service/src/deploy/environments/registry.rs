//! What Portainer has under a name and at an address.

use upstream::portainer::{
    Portainer, PortainerError,
    agent::{AgentAddress, DEFAULT_PORT},
    environments::{Environment, EnvironmentKind},
};

use super::target::Target;

/// What Portainer has of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Registered {
    /// Nothing of this name and nothing at this address.
    No,
    /// This name at this address; or this name, reached in another way than through an agent.
    Yes(Environment),
    /// This name at another address.
    Elsewhere(Environment),
    /// This address under another name.
    OtherName(Environment),
}

/// Looks a target up, by name and by address.
pub(super) async fn look_up(portainer: &dyn Portainer, target: &Target) -> Result<Registered, PortainerError> {
    Ok(among(portainer.environments().await?, target))
}

pub(super) fn among(environments: Vec<Environment>, target: &Target) -> Registered {
    let mut at_address = None;
    for one in environments {
        let is_there = address_of(&one).as_ref() == Some(&target.agent);
        if one.name == target.environment {
            let as_wanted = is_there || one.kind != EnvironmentKind::Agent;
            return if as_wanted { Registered::Yes(one) } else { Registered::Elsewhere(one) };
        }
        if is_there && at_address.is_none() {
            at_address = Some(one);
        }
    }
    at_address.map_or(Registered::No, Registered::OtherName)
}

/// Where an environment's agent is; none if it is reached without one.
pub(super) fn address_of(environment: &Environment) -> Option<AgentAddress> {
    match environment.kind {
        EnvironmentKind::Agent => AgentAddress::parse(&environment.url, DEFAULT_PORT).ok(),
        _ => None,
    }
}
