//! Reads machines and what runs on them.

use types::catalog::{Assignment, DiagnosticCode as Code, Guest, GuestKind, PortainerRole};

use super::cursor::{Cursor, Findings};
use crate::json::Kind;

/// Keys of a machine's entry that are read here, then those that are kept for the hypervisor's own tools.
const GUEST_KEYS: &[&str] = &[
    "vmid",
    "name",
    "kind",
    "is_template",
    "portainer_role",
    "portainer_environment_name",
    "portainer_agent_hostname",
    "docker_stacks",
    "dependencies",
    "portainer_config",
    "docker_compose_files",
    "clone_from_vmid",
    "template_image",
    "cores",
    "memory_mb",
    "disk_size_gb",
    "storage_pool",
    "network_bridge",
    "features",
    "network_config",
    "user_config",
    "volumes",
    "firewall",
    "dns_records",
    "start_at_boot",
    "boot_order",
    "boot_delay",
    "apparmor_profile",
    "description",
];

/// A machine and where it stands.
pub(crate) struct Found<'a> {
    pub(crate) guest: Guest,
    pub(crate) at: Cursor<'a>,
}

/// Reads `vms`.
pub(crate) fn read<'a>(root: &Cursor<'a>, out: &mut Findings) -> Vec<Found<'a>> {
    root.check_keys(&["vm_defaults", "vms", "$schema"], out);
    let Some(list) = root.get("vms") else {
        root.error(Code::Missing, "There is no “vms”.", "Begin with {\"vms\": []}.", out);
        return Vec::new();
    };
    if list.node.items().is_none() {
        list.wrong_type("a list of machines", out);
    }
    list.items().into_iter().filter_map(|entry| one(entry, out)).collect()
}

fn one<'a>(entry: Cursor<'a>, out: &mut Findings) -> Option<Found<'a>> {
    if entry.node.members().is_none() {
        entry.wrong_type("an object", out);
        return None;
    }
    let Some(name) = entry.filled("name", out) else {
        entry.error(Code::Missing, "This machine has no name.", "Give it a “name”.", out);
        return None;
    };
    let at = entry.of_guest(&name);
    at.check_keys(GUEST_KEYS, out);
    let guest = Guest {
        vmid: at.number("vmid", "1 to 999999999", out),
        kind: kind(&at, out),
        is_template: at.flag("is_template", out),
        environment: at.filled("portainer_environment_name", out),
        agent_host: at.filled("portainer_agent_hostname", out),
        portainer_role: role(&at, out),
        assignments: assignments(&at, out),
        depends_on: dependencies(&at, out),
        name,
    };
    for key in ["portainer_config", "docker_compose_files"] {
        if let Some(old) = at.get(key) {
            let message = format!("“{key}” is an older way to say what runs here. It is kept, but not applied.");
            let remedy = "Put the compose file into the catalog's repository, add a stack with its “compose_file_path”, and name it in “docker_stacks”.";
            old.warn(Code::NotApplied, message, remedy, out);
        }
    }
    let stacks = at.nearest("/docker_stacks");
    if !guest.assignments.is_empty() {
        if guest.is_template {
            let message = format!("“{}” is a template; nothing is deployed to it.", guest.name);
            stacks.warn(Code::TemplateWithStacks, message, "Remove its “docker_stacks”, or “is_template”.", out);
        } else if guest.environment.is_none() {
            let message = format!("“{}” has stacks but no environment in Portainer to deploy them to.", guest.name);
            let remedy = "Add “portainer_environment_name”.";
            stacks.error(Code::GuestWithoutEnvironment, message, remedy, out);
        }
    }
    Some(Found { guest, at })
}

fn kind(at: &Cursor<'_>, out: &mut Findings) -> GuestKind {
    match at.filled("kind", out).as_deref() {
        Some("hosted") => GuestKind::Hosted,
        None | Some("vm") => GuestKind::Vm,
        Some(other) => {
            let message = format!("“{other}” is no kind of machine.");
            at.nearest("/kind").error(Code::BadValue, message, "It must be “vm” or “hosted”.", out);
            GuestKind::Vm
        }
    }
}

fn role(at: &Cursor<'_>, out: &mut Findings) -> Option<PortainerRole> {
    match at.filled("portainer_role", out)?.as_str() {
        "primary" => Some(PortainerRole::Primary),
        "agent" => Some(PortainerRole::Agent),
        // What older files write where there is neither.
        "none" | "infrastructure" => None,
        other => {
            let message = format!("“{other}” is no part in Portainer.");
            at.nearest("/portainer_role").error(Code::BadValue, message, "It must be “primary” or “agent”.", out);
            None
        }
    }
}

fn assignments(at: &Cursor<'_>, out: &mut Findings) -> Vec<Assignment> {
    let Some(list) = at.get("docker_stacks").filter(|list| !matches!(list.node.kind, Kind::Null)) else {
        return Vec::new();
    };
    if list.node.items().is_none() {
        list.wrong_type("a list of stacks", out);
    }
    let mut assignments: Vec<Assignment> = Vec::new();
    for entry in list.items() {
        let assignment = match &entry.node.kind {
            Kind::String(stack) => Assignment { stack: stack.clone(), environment: None },
            Kind::Object(_) => {
                entry.check_keys(&["name", "environment"], out);
                let Some(stack) = entry.filled("name", out) else {
                    entry.error(Code::Missing, "No stack is named here.", "Give it a “name”.", out);
                    continue;
                };
                Assignment { stack, environment: entry.filled("environment", out) }
            }
            _ => {
                entry.wrong_type("a stack's name, or an object with “name” and “environment”", out);
                continue;
            }
        };
        if assignments.iter().any(|earlier| earlier.stack == assignment.stack) {
            let message = format!("“{}” is assigned twice to this machine.", assignment.stack);
            let entry = entry.of_stack(&assignment.stack);
            entry.error(Code::DuplicateName, message, "A machine runs a stack once: remove one of the two.", out);
        } else {
            assignments.push(assignment);
        }
    }
    assignments
}

fn dependencies(at: &Cursor<'_>, out: &mut Findings) -> Vec<String> {
    let Some(list) = at.get("dependencies").filter(|list| !matches!(list.node.kind, Kind::Null)) else {
        return Vec::new();
    };
    if list.node.items().is_none() {
        list.wrong_type("a list of machines", out);
    }
    let mut names = Vec::new();
    for item in list.items() {
        match &item.node.kind {
            Kind::String(text) | Kind::Number(text) => names.push(text.clone()),
            _ => item.wrong_type("a machine's number or name", out),
        }
    }
    names
}
