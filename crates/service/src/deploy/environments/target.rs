//! From what a person types to a guest of the catalog, and from there to the environment it is to be.

use catalog::Reading;
use serde::{Deserialize, Serialize};
use types::{
    ProblemCode,
    catalog::{Diagnostic, Guest},
};
use upstream::portainer::agent::{AgentAddress, DEFAULT_PORT};

use crate::deploy::DeployError;

/// How alike a name must be to be offered as what was meant (0 to 1, Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// A guest as an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The guest's name.
    pub guest: String,
    /// Its number on the hypervisor; a hosted machine has none.
    pub vmid: Option<u32>,
    /// The environment's name in Portainer.
    pub environment: String,
    /// Where its agent listens.
    pub agent: AgentAddress,
}

/// The guest with this number, name or environment.
///
/// # Errors
/// `NotFound` with the nearest.
pub(super) fn find_guest<'a>(reading: &'a Reading, asked: &str) -> Result<&'a Guest, DeployError> {
    let asked = asked.trim();
    let guests = &reading.catalog.guests;
    let number = asked.parse::<u32>().ok();
    let found = guests
        .iter()
        .find(|guest| number.is_some() && guest.vmid == number)
        .or_else(|| guests.iter().find(|guest| guest.name == asked))
        .or_else(|| guests.iter().find(|guest| guest.environment.as_deref() == Some(asked)));
    found.ok_or_else(|| unknown(reading, asked))
}

fn unknown(reading: &Reading, asked: &str) -> DeployError {
    let guests = &reading.catalog.guests;
    let likeness = |guest: &Guest| {
        let number = guest.vmid.map(|vmid| vmid.to_string());
        let names = [Some(guest.name.as_str()), number.as_deref(), guest.environment.as_deref()];
        names.into_iter().flatten().map(|name| strsim::jaro_winkler(name, asked)).fold(0.0, f64::max)
    };
    let nearest = guests
        .iter()
        .map(|guest| (likeness(guest), guest))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let meant = nearest.map(|(_, guest)| format!(" Did you mean {}?", shown(guest))).unwrap_or_default();
    let all: Vec<String> = guests.iter().filter(|guest| !guest.is_template).map(shown).collect();
    let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    let mut text = format!("The catalog has no guest “{asked}”.{meant} There are: {all}.");
    if !reading.guests_are_complete
        && let Some(broken) = reading.diagnostics.iter().find(|one| one.file == catalog::GUESTS_FILE)
    {
        text.push_str(&format!(" Its list can't be read whole: {broken}"));
    }
    DeployError::refused(ProblemCode::NotFound, text)
}

/// As people know it: `1001 (rumpledev)`, or the name alone.
fn shown(guest: &Guest) -> String {
    match guest.vmid {
        Some(vmid) => format!("{vmid} ({})", guest.name),
        None => guest.name.clone(),
    }
}

/// The guest as an environment.
///
/// # Errors
/// A refusal that names what is missing in the catalog, or what is wrong with the guest's entry.
pub(super) fn target(reading: &Reading, guest: &Guest) -> Result<Target, DeployError> {
    let refused = |text: String| Err(DeployError::refused(ProblemCode::Invalid, text));
    let (name, file) = (shown(guest), catalog::GUESTS_FILE);
    if guest.is_template {
        return refused(format!(
            "{name} is a template to clone from: no stack can be deployed to it. Name a guest made from it."
        ));
    }
    if reading.blocked_guests.contains(&guest.name) {
        let about: Vec<String> =
            reading.diagnostics.iter().filter(|one| one.blocks_guest(&guest.name)).map(Diagnostic::to_string).collect();
        return refused(format!("The entry of {name} in {file} is broken. {}", about.join(" ")));
    }
    let Some(environment) = guest.environment.clone() else {
        return refused(format!(
            "{name} has no environment. Set its “portainer_environment_name” in {file} to the name it is to have in Portainer."
        ));
    };
    let Some(host) = guest.agent_host.as_deref() else {
        return refused(format!(
            "{name} says not where its Portainer agent is. Set its “portainer_agent_hostname” in {file} to a host name or an IP address."
        ));
    };
    match agent_address(reading, host) {
        Ok(agent) => Ok(Target { guest: guest.name.clone(), vmid: guest.vmid, environment, agent }),
        Err(bad) => refused(format!("“portainer_agent_hostname” of {name} in {file}: {bad}.")),
    }
}

/// An agent's address, on the port all agents of this catalog have unless it says its own.
pub(super) fn agent_address(
    reading: &Reading,
    host: &str,
) -> Result<AgentAddress, upstream::portainer::agent::BadAgentAddress> {
    AgentAddress::parse(host, default_port(reading))
}

pub(super) fn default_port(reading: &Reading) -> u16 {
    reading.catalog.portainer.agent_port.unwrap_or(DEFAULT_PORT)
}
