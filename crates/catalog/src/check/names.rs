//! Names that stand twice, or are one after Portainer's normalising.

use types::catalog::{DiagnosticCode as Code, normalise_name};

use super::Scene;
use crate::read::{Cursor, Findings};

fn place<'a>(at: &Cursor<'a>) -> Cursor<'a> {
    at.nearest("/name")
}

pub(super) fn check(scene: &Scene<'_>, out: &mut Findings) {
    for (index, found) in scene.stacks.iter().enumerate() {
        let name = &found.stack.name;
        let others = || scene.stacks.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, one)| one);
        if let Some(other) = others().find(|other| other.stack.name == *name) {
            let message = format!("Two stacks are called “{name}”; the other is {}.", line_of(&other.at));
            place(&found.at).error(Code::DuplicateName, message, "Rename or remove one of them.", out);
            continue;
        }
        let normal = normalise_name(name);
        if let Some(other) = others().find(|other| normalise_name(&other.stack.name) == normal && !normal.is_empty()) {
            let message = format!("“{name}” and “{}” are both “{normal}” on a Docker host.", other.stack.name);
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
