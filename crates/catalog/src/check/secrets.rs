//! Secrets that stand in the open, and names of secrets that are in no vault.

use std::collections::BTreeSet;

use types::catalog::{DiagnosticCode as Code, SecretName, StackSource, Variable, VariableValue, looks_secret};

use super::Scene;
use crate::{
    read::{Cursor, Findings, PORTAINER, PORTAINER_SECRETS, named_secret},
    snapshot::{HYPERVISOR_FILE, SECRETS_FILE},
    vault,
};

pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    let known = match scene.docs.root(SECRETS_FILE) {
        Some(root) if !scene.docs.is_broken(SECRETS_FILE) => {
            Some(vault::names(root.doc).into_iter().collect::<BTreeSet<_>>())
        }
        Some(_) => None,
        // A file that is there but cannot be read may hold anything.
        None => (!scene.docs.is_broken(SECRETS_FILE)).then(BTreeSet::new),
    };
    let unknown = |name: &SecretName| known.as_ref().is_some_and(|known| !known.contains(name));
    let tell = |at: &Cursor<'_>, name: &SecretName, out: &mut Findings| {
        if unknown(name) {
            let remedy = format!("Set it: phoenix-cli secret set {name}");
            at.error(Code::UnknownSecret, format!("The vault has no secret “{name}”."), remedy, out);
        }
    };
    for found in scene.stacks {
        let StackSource::Git { credential, .. } = &found.stack.source else { continue };
        if let Some(name) = credential {
            tell(&found.at.nearest("/git_credential"), name, out);
        }
    }
    for found in scene.stacks {
        variables(&found.at, "env", &found.stack.env, &tell, out);
        for (environment, entry) in found.at.nearest("/environments").members() {
            let Some(over) = found.stack.environments.get(environment) else { continue };
            for key in ["env", "variables"] {
                variables(&entry, key, &over.env, &tell, out);
            }
        }
    }
    if let Some(api) = scene.docs.root(HYPERVISOR_FILE).and_then(|root| root.get(PORTAINER)) {
        for key in PORTAINER_SECRETS {
            let Some(at) = api.get(key) else { continue };
            if let Some(name) = at.node.string().and_then(named_secret) {
                tell(&at, &name, out);
            }
        }
    }
}

fn variables(
    at: &Cursor<'_>,
    key: &str,
    read: &[Variable],
    tell: &impl Fn(&Cursor<'_>, &SecretName, &mut Findings),
    out: &mut Findings,
) {
    let Some(list) = at.get(key) else { return };
    for entry in list.items() {
        let Some(name) = entry.node.get("name").and_then(|name| name.string()) else { continue };
        match read.iter().find(|variable| variable.name == name).map(|variable| &variable.value) {
            Some(VariableValue::Secret(secret)) => tell(&entry.nearest("/secret"), secret, out),
            Some(VariableValue::Plain(value)) if looks_secret(name) && !value.is_empty() => {
                let value = entry.nearest("/value");
                let message = format!("“{name}” looks like a secret and stands here in plain text.");
                let remedy =
                    format!("Move it into the vault: phoenix-cli secret adopt {}#{}", value.file, value.pointer);
                value.warn(Code::PlainSecret, message, remedy, out);
            }
            _ => {}
        }
    }
}
