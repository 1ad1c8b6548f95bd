//! A machine that is to be an environment, written into the catalog.

use catalog::Edit;
use types::{
    Problem, ProblemCode,
    catalog::{CatalogVersion, GuestKind, GuestPlace},
};

use super::target::{agent_address, default_port};
use crate::deploy::{Deploy, DeployError, Operator, Saved};

/// The longest name of a machine or an environment.
const LONGEST_NAME: usize = 63;
/// The hypervisor's numbers.
const VMIDS: std::ops::RangeInclusive<u32> = 1..=999_999_999;

impl Deploy {
    /// Writes a machine into the catalog, as one commit: a new one, or, with `known`, where one that is there stands in Portainer.
    /// Binds nothing.
    ///
    /// # Errors
    /// `Invalid` with the fields that are not right; as [`save`](Self::save).
    pub async fn place_guest(
        &self,
        operator: &Operator,
        base: Option<&CatalogVersion>,
        place: GuestPlace,
        known: bool,
    ) -> Result<Saved, DeployError> {
        let now = self.0.home.now().await?;
        let place = trimmed(place);
        let mut fields: Vec<(&str, String)> = Vec::new();
        for (field, text) in [("name", &place.name), ("environment", &place.environment)] {
            if let Some(wrong) = wrong_name(text) {
                fields.push((field, wrong));
            }
        }
        if let Err(bad) = agent_address(&now.reading, &place.agent_host) {
            fields.push(("agent_host", format!("{bad} ({}).", default_port(&now.reading))));
        }
        if place.vmid.is_some_and(|vmid| !VMIDS.contains(&vmid)) {
            fields.push(("vmid", "The hypervisor's numbers go from 1 to 999999999.".to_owned()));
        }
        if place.kind == GuestKind::Hosted && place.vmid.is_some() {
            fields.push(("vmid", "A rented server has no number on the hypervisor: leave it empty.".to_owned()));
        }
        for guest in &now.reading.catalog.guests {
            let is_itself = known && guest.name == place.name;
            if is_itself {
                continue;
            }
            if guest.name == place.name {
                fields.push(("name", format!("There is a machine “{}” already.", guest.name)));
            }
            if guest.environment.as_ref() == Some(&place.environment) {
                fields.push(("environment", format!("{} is this environment already.", guest.name)));
            }
            if !known && place.vmid.is_some() && guest.vmid == place.vmid {
                fields.push(("vmid", format!("{} has this number already.", guest.name)));
            }
        }
        if !fields.is_empty() {
            return Err(refused(fields));
        }
        let message = format!("{} is the environment {}", place.name, place.environment);
        let edit = match known {
            true => {
                let GuestPlace { name: guest, environment, agent_host, .. } = place;
                Edit::PlaceGuest { guest, environment, agent_host }
            }
            false => Edit::AddGuest(Box::new(place)),
        };
        self.save(operator, base.unwrap_or(&now.reading.version), vec![edit], &message).await
    }
}

fn trimmed(place: GuestPlace) -> GuestPlace {
    let trim = |text: String| text.trim().to_owned();
    GuestPlace {
        name: trim(place.name),
        environment: trim(place.environment),
        agent_host: trim(place.agent_host),
        ..place
    }
}

/// Names stand in addresses, commands and commit messages.
fn wrong_name(name: &str) -> Option<String> {
    let good = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.');
    if name.is_empty() {
        return Some("Give it a name.".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Some(format!("A name has at most {LONGEST_NAME} characters."));
    }
    (!name.chars().all(good)).then(|| "Use letters, digits, “-”, “_” and “.” only.".to_owned())
}

fn refused(fields: Vec<(&str, String)>) -> DeployError {
    let mut all = Problem::new(ProblemCode::Invalid, "The machine can't be written into the catalog like this.");
    for (field, message) in fields {
        all.fields.extend(Problem::field(field, message).fields);
    }
    DeployError::Service(all.into())
}
