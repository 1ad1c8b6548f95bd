//! The environments as they were last read, and for how long each has been so. Pages show this and ask nobody.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use types::Millis;

use super::{EnvironmentReading, EnvironmentsReading, walking::Walk};
use crate::deploy::{Deploy, Onlooker};

/// What is remembered of environments, in this process.
#[derive(Default)]
pub(in crate::deploy) struct Kept {
    hosts: Mutex<Option<Arc<Hosts>>>,
    /// The newest act on each guest, by the guest's name.
    pub(super) walks: Mutex<HashMap<String, Walk>>,
}

/// The environments as they were last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// The reading.
    pub reading: EnvironmentsReading,
    /// Since when each, by its name, was found as it is in every reading: what happened before the first one was not observed.
    pub since: BTreeMap<String, Millis>,
}

impl Hosts {
    fn after(before: Option<&Self>, reading: EnvironmentsReading) -> Self {
        let known = |one: &EnvironmentReading| {
            let before = before?;
            before.of(&one.name).filter(|then| then.reach == one.reach)?;
            before.since.get(&one.name).copied()
        };
        let since = reading.environments.iter().map(|one| (one.name.clone(), known(one).unwrap_or(reading.at)));
        Self { since: since.collect(), reading }
    }

    /// The environment of this name.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&EnvironmentReading> {
        self.reading.environments.iter().find(|one| one.name == name)
    }
}

impl Deploy {
    /// Reads all environments and keeps the reading. One in which Portainer told nothing does not replace what was seen before.
    pub(in crate::deploy) async fn read_hosts(&self) {
        let Ok(reading) = self.read_environments().await else { return };
        let mut kept = self.0.environments.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Two may be under way at once: what was begun earlier and ends later is not news.
        if kept.as_ref().is_some_and(|kept| kept.reading.at > reading.at) {
            return;
        }
        if reading.trouble.is_none() || kept.is_none() {
            *kept = Some(Arc::new(Hosts::after(kept.as_deref(), reading)));
        }
    }

    /// The environments as they were last read; none before the first look.
    #[must_use]
    pub fn hosts(&self, _: &Onlooker) -> Option<Arc<Hosts>> {
        self.0.environments.hosts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::EnvironmentReach, *};

    fn reading(at: Millis, reach: EnvironmentReach) -> EnvironmentsReading {
        let one = EnvironmentReading {
            name: "rumple".into(),
            guest: None,
            vmid: None,
            id: Some(1),
            kind: None,
            address: None,
            wanted: None,
            misplaced: false,
            reach,
            last_seen: None,
            agent_version: None,
            docker_version: None,
            containers: None,
            cpus: None,
            memory: None,
            read_at: None,
            trouble: None,
        };
        EnvironmentsReading { at, trouble: None, environments: vec![one] }
    }

    #[test]
    fn since_when_is_what_readings_showed_without_a_break() {
        let first = Hosts::after(None, reading(10, EnvironmentReach::Up));
        let second = Hosts::after(Some(&first), reading(20, EnvironmentReach::Up));
        assert_eq!(second.since["rumple"], 10);
        let down = Hosts::after(Some(&second), reading(30, EnvironmentReach::Down));
        assert_eq!(down.since["rumple"], 30);
        assert_eq!(Hosts::after(Some(&down), reading(40, EnvironmentReach::Down)).since["rumple"], 30);
        assert_eq!(Hosts::after(Some(&down), reading(40, EnvironmentReach::Up)).since["rumple"], 40);
    }
}
