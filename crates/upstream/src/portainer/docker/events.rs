//! What happened on a host: one JSON object a line.

use std::collections::BTreeMap;

use serde::Deserialize;
use types::Millis;

use super::{super::PortainerError, ContainersOf};

/// Which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventWindow {
    /// From then on.
    pub since: Millis,
    /// Until then. Must be over: Docker waits for the end of a time that is not.
    pub until: Millis,
    /// Of which containers; of the whole host also what happened to images, networks and volumes.
    pub of: ContainersOf,
}

impl EventWindow {
    /// So many events are returned at most.
    pub const MOST: usize = 1000;
}

/// Something that happened on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEvent {
    /// When.
    pub time: Millis,
    /// What it happened to: `container`, `image`, `network`, `volume`, ….
    pub kind: String,
    /// What happened, in Docker's word: `start`, `die`, `oom`, `pull`, `health_status: unhealthy`, ….
    pub action: String,
    /// The identifier of what it happened to; an image's name.
    pub id: String,
    /// More about it, such as `name`, `image`, `exitCode` and the container's labels.
    pub attributes: BTreeMap<String, String>,
}

impl HostEvent {
    /// How a container ended, for `die`.
    #[must_use]
    pub fn exit_code(&self) -> Option<i64> {
        self.attributes.get("exitCode")?.parse().ok()
    }
}

#[derive(Deserialize)]
struct EventReply {
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(rename = "Action", default)]
    action: String,
    #[serde(rename = "Actor", default)]
    actor: Actor,
    /// Seconds since 1970.
    #[serde(default)]
    time: i64,
    #[serde(rename = "timeNano", default)]
    time_nano: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
    attributes: Option<BTreeMap<String, String>>,
}

impl From<EventReply> for HostEvent {
    fn from(reply: EventReply) -> Self {
        let time = if reply.time_nano > 0 { reply.time_nano / 1_000_000 } else { reply.time * 1000 };
        Self {
            time,
            kind: reply.kind,
            action: reply.action,
            id: reply.actor.id,
            attributes: reply.actor.attributes.unwrap_or_default(),
        }
    }
}

/// Seconds with their fraction, as Docker takes times.
pub(super) fn stamp(time: Millis) -> String {
    format!("{}.{:03}", time.div_euclid(1000), time.rem_euclid(1000))
}

/// The newest events of an answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<HostEvent>, PortainerError> {
    let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let newest = lines.iter().skip(lines.len().saturating_sub(EventWindow::MOST));
    let event = |line: &&[u8]| match serde_json::from_slice::<EventReply>(line) {
        Ok(reply) => Ok(reply.into()),
        Err(_) => Err(PortainerError::NotUnderstood { detail: "an event of the Docker host is not JSON".to_owned() }),
    };
    newest.map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::EventWindow, read, stamp};

    #[test]
    fn events_are_lines_of_json() {
        let line = r#"{"Type":"container","Action":"die","Actor":{"ID":"ab","Attributes":{"exitCode":"137","name":"web"}},"time":1767323045,"timeNano":1767323045678901234}"#;
        let events = read(format!("{line}\r\n\n{line}").as_bytes()).unwrap();
        assert_eq!((events.len(), events[0].time, events[0].exit_code()), (2, 1_767_323_045_678, Some(137)));
        assert!(read(b"<html>").is_err());
        let many = format!("{line}\n").repeat(EventWindow::MOST + 5);
        assert_eq!(read(many.as_bytes()).unwrap().len(), EventWindow::MOST);
        assert_eq!(stamp(1_767_323_045_678), "1767323045.678");
    }
}
