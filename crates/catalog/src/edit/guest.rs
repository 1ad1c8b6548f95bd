//! Changes to machines: a new one, and where one stands in Portainer. All else of an entry is the hypervisor's tools' own.

use types::catalog::{GuestEntry, GuestKind, GuestPlace, PortainerRole};

use super::{Draft, EditError, assign::find, writable};
use crate::{
    json::{Json, Node, Want},
    snapshot::{Content, GUESTS_FILE},
};

const LIST: &str = "vms";

impl Draft {
    /// Puts a new machine at the end of the list.
    pub(super) fn add_guest(&mut self, place: &GuestPlace) -> Result<(), EditError> {
        let docs = self.docs();
        writable(&docs, &self.snapshot, GUESTS_FILE)?;
        if find(&docs, &place.name).is_ok() {
            return Err(EditError::GuestExists(place.name.clone()));
        }
        let shape = || EditError::Shape { file: GUESTS_FILE.to_owned(), pointer: format!("/{LIST}") };
        let entry = GuestEntry {
            vmid: place.vmid,
            name: place.name.clone(),
            kind: Some(place.kind).filter(|kind| *kind != GuestKind::Vm),
            portainer_environment_name: Some(place.environment.clone()),
            portainer_agent_hostname: Some(place.agent_host.clone()),
            portainer_role: Some(PortainerRole::Agent),
            ..GuestEntry::default()
        };
        let entry = Json::of(&entry).ok_or_else(shape)?;
        if docs.get(GUESTS_FILE).is_none() {
            self.snapshot.set(GUESTS_FILE, Content::Text("{\n  \"vms\": []\n}\n".to_owned()));
        }
        self.want(GUESTS_FILE, "", &Want::Members(vec![(LIST.into(), Want::Append(entry))]))
    }

    /// Says which environment a machine is, and where its agent listens.
    pub(super) fn place_guest(&mut self, guest: &str, environment: &str, agent_host: &str) -> Result<(), EditError> {
        let docs = self.docs();
        writable(&docs, &self.snapshot, GUESTS_FILE)?;
        let (pointer, node) = find(&docs, guest)?;
        let mut members = vec![
            ("portainer_environment_name".to_owned(), Want::Is(Json::from(environment))),
            ("portainer_agent_hostname".to_owned(), Want::Is(Json::from(agent_host))),
        ];
        // A role that was written stays: “primary” is the machine of Portainer itself.
        if !matches!(node.get("portainer_role").and_then(Node::string), Some("primary" | "agent")) {
            members.push(("portainer_role".to_owned(), Want::Is(Json::from("agent"))));
        }
        self.want(GUESTS_FILE, &pointer, &Want::Members(members))
    }
}
