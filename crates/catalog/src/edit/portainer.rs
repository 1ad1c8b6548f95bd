//! Changes to how Portainer is reached.

use types::catalog::{PortainerSettings, SecretSource};

use super::{Draft, EditError};
use crate::{
    json::{Json, Node, Want, step},
    read::{self, PORTAINER},
    snapshot::{Content, HYPERVISOR_FILE},
};

/// Other spellings of the address. They give way to `url`, for whoever reads them would go elsewhere.
const OTHER_ADDRESSES: [&str; 3] = ["server_hostname", "server_ip", "port"];

impl Draft {
    /// Makes `portainer_api` say what is wanted. What already means it is left in its own words.
    pub(super) fn set_portainer(&mut self, wanted: &PortainerSettings) -> Result<(), EditError> {
        let docs = self.docs();
        super::writable(&docs, &self.snapshot, HYPERVISOR_FILE)?;
        let shape = |pointer: &str| EditError::Shape { file: HYPERVISOR_FILE.to_owned(), pointer: pointer.to_owned() };
        let root = docs.get(HYPERVISOR_FILE).map(crate::json::Doc::root);
        if root.is_some_and(|root| root.members().is_none()) {
            return Err(shape(""));
        }
        let api = root.and_then(|root| root.get(PORTAINER));
        if api.is_some_and(|api| api.members().is_none()) {
            return Err(shape(&step("", PORTAINER)));
        }
        let now = read::read(&self.snapshot).catalog.portainer;
        let members = members(api, &now, wanted);
        if root.is_none() {
            self.snapshot.set(HYPERVISOR_FILE, Content::Text("{\n}\n".to_owned()));
        }
        self.want(HYPERVISOR_FILE, "", &Want::Members(vec![(PORTAINER.into(), Want::Members(members))]))
    }
}

/// What has to become of the members of `portainer_api`. The agents' port stands elsewhere and is not among them.
fn members(api: Option<&Node>, now: &PortainerSettings, wanted: &PortainerSettings) -> Vec<(String, Want)> {
    let mut members: Vec<(String, Want)> = Vec::new();
    let mut put = |key: &str, want: Want| members.push((key.to_owned(), want));
    let text = |value: &Option<String>| value.as_deref().map_or(Want::Gone, |text| Want::Is(Json::from(text)));
    if now.url != wanted.url || api.is_none() {
        put("url", text(&wanted.url));
        OTHER_ADDRESSES.into_iter().for_each(|key| put(key, Want::Gone));
    }
    if now.username != wanted.username {
        put("username", text(&wanted.username));
        put("admin_user", Want::Gone);
    }
    for (key, source) in [("password", &wanted.password), ("api_key", &wanted.api_key)] {
        match source {
            None => put(key, Want::Gone),
            Some(SecretSource::Vault(name)) => put(key, Want::Is(Json::String(name.reference()))),
            Some(SecretSource::Plain) => {}
        }
    }
    if now.ca_file != wanted.ca_file {
        put("ca_file", text(&wanted.ca_file));
    }
    if now.tls_fingerprint != wanted.tls_fingerprint {
        put("tls_fingerprint", text(&wanted.tls_fingerprint));
    }
    if now.skip_verify != wanted.skip_verify {
        put("skip_verify", if wanted.skip_verify { Want::Is(Json::Bool(true)) } else { Want::Gone });
    }
    members
}
