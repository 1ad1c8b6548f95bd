//! What a diagnosis says, as data.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use types::Millis;
use upstream::portainer::agent::{AgentAddress, AgentAnswer, AgentError};

use super::Tell;

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// This machine resolves the name.
    Name,
    /// This machine opens a TCP connection to the agent's port.
    Connection,
    /// An agent answers this machine, over TLS.
    Agent,
    /// Portainer has it as an environment.
    Registration,
    /// Portainer reaches it.
    Portainer,
    /// The agent serves this Portainer.
    Pairing,
    /// Portainer has seen its containers.
    Snapshot,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as expected, and no failure: Portainer, which deploys, reaches what this machine does not.
    Noted,
    /// It stands in the way.
    Failed,
    /// It could not be looked at; the finding says why.
    Skipped,
}

/// A check with its outcome. One that was told as failed is told again as noted when Portainer turns out to reach the host: whoever
/// listens keeps the latest of each check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosisStep {
    /// What was looked at.
    pub check: Check,
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// What was found. [`finding_words`](super::finding_words) has detail and remedy.
    pub finding: Finding,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The name's addresses.
    Addresses {
        /// All that were told.
        addresses: Vec<IpAddr>,
    },
    /// A connection was made.
    Connected {
        /// To this one.
        address: IpAddr,
    },
    /// An agent answered.
    Agent {
        /// What it said.
        answer: AgentAnswer,
    },
    /// This machine did not get through.
    FromHere {
        /// Why.
        error: AgentError,
    },
    /// An earlier check failed, and this one builds on it.
    NotReached,
    /// Portainer has it under the right name.
    Registered {
        /// Portainer's number.
        id: i64,
        /// The name.
        name: String,
    },
    /// Portainer does not have it. Binding registers it, and shows the rest.
    NotRegistered,
    /// Portainer has the name at another address.
    RegisteredElsewhere {
        /// Portainer's number.
        id: i64,
        /// The name.
        name: String,
        /// The address Portainer has.
        address: String,
    },
    /// Portainer has the address under another name.
    RegisteredAs {
        /// Portainer's number.
        id: i64,
        /// The name Portainer has.
        name: String,
    },
    /// Portainer reaches the host.
    Reached,
    /// Portainer does not reach the host.
    NotReachedByPortainer {
        /// The agent answers this machine: so a firewall stands in between, or it serves another Portainer.
        agent_answers_here: bool,
    },
    /// The agent serves this Portainer.
    Paired,
    /// The agent serves another Portainer.
    PairedElsewhere,
    /// Whether the agent is free or paired is told to no one but a Portainer that registers it.
    PairingUnknown,
    /// The newest snapshot.
    Seen {
        /// When it was taken.
        at: Millis,
        /// Docker's version.
        docker_version: String,
        /// Containers that ran.
        running: i64,
    },
    /// Portainer has no snapshot of it yet.
    NeverSeen,
    /// Portainer could not be asked, or refused.
    Portainer {
        /// Cause and remedy.
        message: String,
    },
}

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The guest, if it is one of the catalog.
    pub guest: Option<String>,
    /// The environment's name it is to have; none for a bare address.
    pub environment: Option<String>,
    /// Where its agent is.
    pub address: AgentAddress,
    /// The steps, in order.
    pub steps: Vec<DiagnosisStep>,
    /// The whole in a word.
    pub verdict: Verdict,
}

/// The whole in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Portainer reaches it under the right name at the right address.
    Connected,
    /// It is not registered, and its agent answers: it can be bound.
    Ready,
    /// It is not registered, and this machine does not reach its agent: only binding shows whether Portainer does.
    Unclear,
    /// It can't be deployed to as it is.
    Broken,
}

impl Diagnosis {
    /// A step of it.
    #[must_use]
    pub fn step(&self, check: Check) -> Option<&DiagnosisStep> {
        self.steps.iter().find(|step| step.check == check)
    }

    /// Portainer was seen to reach the host: what this machine could not do is no failure then, and is told once more so.
    pub(super) fn excuse_this_machine(&mut self, tell: Tell<'_, DiagnosisStep>) {
        for step in &mut self.steps {
            if step.outcome == Outcome::Failed && matches!(step.finding, Finding::FromHere { .. }) {
                step.outcome = Outcome::Noted;
                tell(step);
            }
        }
    }
}
