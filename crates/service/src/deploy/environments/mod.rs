//! Environments: the Docker hosts, from the machine's agent over Portainer to the first plan. See `README.md` in this folder.

mod adding;
mod binding;
mod connecting;
mod creating;
mod diagnosis;
mod finding;
mod hosts;
mod probing;
mod reading;
mod registry;
mod target;
mod walking;
mod words;

use std::time::Duration;

use upstream::portainer::agent::AgentTimeouts;

pub use self::{
    binding::{Bound, BoundHow, Unbound},
    connecting::{Access, ConnectionSet, NewConnection, SavedConnection},
    creating::{CreateEvent, Created, HypervisorWord},
    finding::{Check, Diagnosis, DiagnosisStep, Finding, Outcome, Verdict},
    hosts::Hosts,
    probing::{PortainerProbe, ServerState, Trust},
    reading::{ContainerCounts, EnvironmentKind, EnvironmentReach, EnvironmentReading, EnvironmentsReading},
    target::Target,
    walking::{Walk, WalkAct, WalkEnd},
    words::{check_words, create_words, finding_words, verdict_words},
};

pub(super) use self::hosts::Kept;

/// How patiently environments are looked at and bound.
#[derive(Clone, Copy, Debug)]
pub struct EnvironmentSettings {
    /// The longest wait for one host, or for Portainer's list, when all are read. Default 8 s: a page waits for it.
    pub reading: Duration,
    /// The longest wait for what Portainer needs a host for: it gives the agent 3 s and its snapshot 60 s. Default 75 s. After a
    /// call without an answer the environment is looked for so long.
    pub settle: Duration,
    /// Between two such looks. Default 1 s.
    pub pause: Duration,
    /// How long an agent may take to answer this machine.
    pub agent: AgentTimeouts,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            reading: Duration::from_secs(8),
            settle: Duration::from_secs(75),
            pause: Duration::from_secs(1),
            agent: AgentTimeouts::default(),
        }
    }
}

/// Shown every step as it ends. Called from the task that works, so it must not block.
pub type Tell<'a, T> = &'a (dyn Fn(&T) + Send + Sync);
