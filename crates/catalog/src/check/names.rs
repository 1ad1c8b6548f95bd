//! Names that stand twice, or are one after Portainer's normalising.

use std::collections::HashMap;

use types::catalog::{DiagnosticCode as Code, normalise_name};

use super::Scene;
use crate::read::{Cursor, Findings};

fn place<'a>(at: &Cursor<'a>) -> Cursor<'a> {
    at.nearest("/name")
}

pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    let mut alike: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut normal: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, found) in scene.stacks.iter().enumerate() {
        alike.entry(&found.stack.name).or_default().push(index);
        normal.entry(normalise_name(&found.stack.name)).or_default().push(index);
    }
    let other = |among: Option<&Vec<usize>>, index: usize| {
        among.and_then(|among| among.iter().find(|other| **other != index)).map(|other| &scene.stacks[*other])
    };
    for (index, found) in scene.stacks.iter().enumerate() {
        let name = &found.stack.name;
        if let Some(other) = other(alike.get(name.as_str()), index) {
            let message = format!("Two stacks are called “{name}”; the other is {}.", line_of(&other.at));
            place(&found.at).error(Code::DuplicateName, message, "Rename or remove one of them.", out);
            continue;
        }
        let on_host = normalise_name(name);
        if let Some(other) = other(normal.get(&on_host), index).filter(|_| !on_host.is_empty()) {
            let message = format!("“{name}” and “{}” are both “{on_host}” on a Docker host.", other.stack.name);
            place(&found.at).error(Code::NameCollision, message, "Rename one of them.", out);
        }
    }
    for (index, found) in scene.guests.iter().enumerate() {
        let earlier = &scene.guests[..index];
        let name = &found.guest.name;
        if let Some(other) = scene.guests.iter().enumerate().find(|(at, one)| *at != index && one.guest.name == *name) {
            let message = format!("Two machines are called “{name}”; the other is {}.", line_of(&other.1.at));
            place(&found.at).error(Code::DuplicateName, message, "Rename or remove one of them.", out);
        }
        let same_number =
            |one: &&crate::read::FoundGuest<'_>| found.guest.vmid.is_some() && one.guest.vmid == found.guest.vmid;
        if let Some(other) = earlier.iter().find(same_number) {
            let message = format!("“{name}” has the number of “{}”.", other.guest.name);
            found.at.nearest("/vmid").error(Code::DuplicateName, message, "Give each machine its own “vmid”.", out);
        }
        let same_environment = |one: &&crate::read::FoundGuest<'_>| {
            found.guest.is_target() && one.guest.is_target() && one.guest.environment == found.guest.environment
        };
        if let Some(other) = earlier.iter().find(same_environment) {
            let message = format!(
                "“{name}” has the environment of “{}”, so both would deploy to one Docker host.",
                other.guest.name
            );
            let remedy = "Give each machine its own “portainer_environment_name”.";
            found.at.nearest("/portainer_environment_name").error(Code::DuplicateName, message, remedy, out);
        }
    }
}

fn line_of(at: &Cursor<'_>) -> String {
    let (line, _) = at.doc.position(at.node.range.start);
    format!("{}:{line}", at.file)
}
