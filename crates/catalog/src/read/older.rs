//! What older tools did for a stack and is not done here: read, kept, reported.

use std::collections::BTreeMap;

use types::catalog::{DiagnosticCode as Code, FileMount, FirewallRule, Override};

use super::cursor::{Cursor, Findings};
use crate::json::Kind;

pub(super) fn not_applied(at: &Cursor<'_>, over: &Override, out: &mut Findings) {
    let mut tell = |there: bool, key: &str, what: &str, remedy: &str| {
        if there {
            let message = format!("{what} are read and kept, but not applied.");
            at.nearest(&format!("/{key}")).warn(Code::NotApplied, message, remedy, out);
        }
    };
    let image = "Build them into the image, or use a compose “configs” entry with “content”.";
    tell(!over.files.is_empty(), "files", "Files copied into containers", image);
    let compose = "Write them in the compose file under “labels”, with ${…} for what differs.";
    tell(!over.labels.is_empty(), "services", "Traefik labels", compose);
    let hypervisor = "Set them on the hypervisor or the provider's firewall.";
    tell(!over.firewall_rules.is_empty(), "firewall_rules", "Firewall rules", hypervisor);
}

fn list<'a>(at: &Cursor<'a>, key: &str, of: &str, out: &mut Findings) -> Vec<Cursor<'a>> {
    let Some(list) = at.get(key).filter(|list| !matches!(list.node.kind, Kind::Null)) else { return Vec::new() };
    if list.node.items().is_none() {
        list.wrong_type(&format!("a list of {of}"), out);
    }
    list.items()
}

pub(super) fn files(at: &Cursor<'_>, out: &mut Findings) -> Vec<FileMount> {
    let mut files = Vec::new();
    for entry in list(at, "files", "files", out) {
        entry.check_keys(&["source", "destination_in_container"], out);
        let source = entry.text("source", out);
        if let Some((source, destination)) = source.zip(entry.text("destination_in_container", out)) {
            files.push(FileMount { source, destination_in_container: destination });
        }
    }
    files
}

pub(super) fn labels(at: &Cursor<'_>, out: &mut Findings) -> BTreeMap<String, Vec<String>> {
    let Some(services) = at.get("services").filter(|services| !matches!(services.node.kind, Kind::Null)) else {
        return BTreeMap::new();
    };
    if services.node.members().is_none() {
        services.wrong_type("an object by service", out);
    }
    let mut labels = BTreeMap::new();
    for (name, service) in services.members() {
        service.check_keys(&["traefik_labels"], out);
        if let Some(lines) = service.texts("traefik_labels", out) {
            labels.insert(name.to_owned(), lines);
        }
    }
    labels
}

pub(super) fn firewall_rules(at: &Cursor<'_>, out: &mut Findings) -> Vec<FirewallRule> {
    let mut rules = Vec::new();
    for entry in list(at, "firewall_rules", "rules", out) {
        entry.check_keys(&["type", "action", "source", "dest", "proto", "port", "comment"], out);
        rules.push(FirewallRule {
            direction: entry.text("type", out).unwrap_or_default(),
            action: entry.text("action", out).unwrap_or_default(),
            source: entry.text("source", out),
            protocol: entry.text("proto", out),
            // Ranges are texts, single ports often numbers.
            port: entry.get("port").and_then(|port| match &port.node.kind {
                Kind::String(text) | Kind::Number(text) => Some(text.clone()),
                _ => None,
            }),
            comment: entry.text("comment", out),
        });
    }
    rules
}
