//! `create <VM_ID>`: from a guest of the catalog to the plan that deploys its stacks.

use std::collections::BTreeSet;

use reconcile::model::{PlanOptions, Reach, Scope, StackRef};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;
use types::{
    Problem, ProblemCode,
    catalog::{Guest, GuestKind, normalise_name},
};
use upstream::hypervisor::{GuestSight, GuestState, Power};

use super::{
    Bound, Diagnosis, DiagnosisStep, Outcome, Target, Tell, Verdict,
    target::{find_guest, target},
    words::finding_words,
};
use crate::deploy::{Deploy, DeployError, Operator, Planned, problem};

/// What creating tells on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CreateEvent {
    /// The catalog has the guest.
    Found {
        /// The guest as an environment.
        target: Target,
        /// Its stacks, as the catalog spells them.
        stacks: Vec<String>,
    },
    /// The hypervisor was asked.
    Hypervisor {
        /// What it knows.
        word: HypervisorWord,
    },
    /// A step of the diagnosis ended, or one that failed turned out to be no failure.
    Step {
        /// The step.
        step: DiagnosisStep,
    },
    /// Portainer is asked to look at the agent, which may take a minute.
    Binding,
    /// The guest is an environment.
    Bound {
        /// How it came to be one.
        bound: Bound,
    },
    /// The plan is being made.
    Planning,
    /// The plan is made. Nothing of it was carried out.
    Planned {
        /// Steps it has.
        steps: u32,
        /// Stacks that can't be planned.
        blocked: u32,
    },
}

/// What the hypervisor knows of the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum HypervisorWord {
    /// The guest is rented, or has no number: no hypervisor of ours has it.
    NotItsGuest,
    /// No hypervisor is connected, so nobody knows whether the guest exists.
    Unmanaged,
    /// It exists.
    Present {
        /// How it is.
        state: GuestState,
    },
    /// There is a hypervisor, and it did not tell.
    Silent {
        /// Cause and remedy.
        message: String,
    },
}

/// A guest that is an environment, with the plan for its stacks, to be read and then applied.
#[derive(Clone, Debug)]
pub struct Created {
    /// What the hypervisor knows.
    pub hypervisor: HypervisorWord,
    /// The way to the guest.
    pub diagnosis: Diagnosis,
    /// The guest as an environment.
    pub bound: Bound,
    /// What would be done for its stacks; nothing else is touched.
    pub planned: Planned,
}

impl Deploy {
    /// Takes a guest (by number, name or environment) as far as it goes without a person: finds it in the catalog, asks the
    /// hypervisor for it, diagnoses the way, binds it to Portainer and plans its stacks. Carrying out the plan is
    /// [`apply`](Self::apply), once somebody has read it. Done again, it finds what is there.
    ///
    /// # Errors
    /// Whatever keeps it from going on; before the binding nothing was changed.
    pub async fn create(
        &self,
        operator: &Operator,
        asked: &str,
        tell: Tell<'_, CreateEvent>,
    ) -> Result<Created, DeployError> {
        let now = self.0.home.now().await?;
        let guest = find_guest(&now.reading, asked)?;
        let target = target(&now.reading, guest)?;
        let stacks: Vec<String> = guest.assignments.iter().map(|one| one.stack.clone()).collect();
        tell(&CreateEvent::Found { target: target.clone(), stacks: stacks.clone() });

        let hypervisor = self.ask_hypervisor(guest).await?;
        tell(&CreateEvent::Hypervisor { word: hypervisor.clone() });

        let told = |step: &DiagnosisStep| tell(&CreateEvent::Step { step: step.clone() });
        let mut diagnosis = self.diagnose(&now, Some(&target), target.agent.clone(), &told).await;

        tell(&CreateEvent::Binding);
        let client = self.0.home.portainer(&now)?.client;
        let bound = match self.bind_target(operator, &*client, target.clone(), false).await {
            Ok(bound) if bound.reach == Reach::Up => bound,
            Ok(bound) => return Err(not_reached(&bound, &hypervisor, &diagnosis)),
            Err(error) => return Err(with_findings(error, &hypervisor, &diagnosis)),
        };
        diagnosis.excuse_this_machine(&told);
        diagnosis.verdict = Verdict::Connected;
        tell(&CreateEvent::Bound { bound: bound.clone() });

        tell(&CreateEvent::Planning);
        let of_guest = |stack: &String| StackRef::new(&target.environment, normalise_name(stack));
        let scope = Scope::Only(stacks.iter().map(of_guest).collect::<BTreeSet<_>>());
        let planned = self.plan(operator, &PlanOptions { scope, ..PlanOptions::default() }).await?;
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (steps, blocked) = (count(planned.plan.steps.len()), count(planned.plan.blocked.len()));
        let detail = json!({
            "environment": target.environment, "id": bound.id, "fingerprint": planned.plan.fingerprint.as_str(), "steps": steps,
        });
        self.record(operator, "guest.create", format!("guest:{}", target.guest), &detail).await?;
        tell(&CreateEvent::Planned { steps, blocked });
        Ok(Created { hypervisor, diagnosis, bound, planned })
    }

    /// Asks whether the guest exists. Only a clear no is an error.
    async fn ask_hypervisor(&self, guest: &Guest) -> Result<HypervisorWord, DeployError> {
        let (Some(vmid), GuestKind::Vm) = (guest.vmid, guest.kind) else { return Ok(HypervisorWord::NotItsGuest) };
        let limit = self.settings().environments.reading;
        Ok(match timeout(limit, self.0.hypervisor.guest(vmid)).await {
            Ok(Ok(GuestSight::Unmanaged)) => HypervisorWord::Unmanaged,
            Ok(Ok(GuestSight::Present(state))) => HypervisorWord::Present { state },
            Ok(Ok(GuestSight::Absent)) => {
                return Err(DeployError::refused(
                    ProblemCode::NotFound,
                    format!(
                        "The hypervisor has no guest {vmid} ({}). Make it there first, with Docker and the Portainer agent on it. Nothing was changed.",
                        guest.name
                    ),
                ));
            }
            Ok(Err(error)) => HypervisorWord::Silent { message: error.to_string() },
            Err(_) => HypervisorWord::Silent {
                message: format!("The hypervisor did not answer within {} s.", limit.as_secs().max(1)),
            },
        })
    }
}

fn not_reached(bound: &Bound, hypervisor: &HypervisorWord, diagnosis: &Diagnosis) -> DeployError {
    let text = format!(
        "Portainer knows {} (environment {}), and does not reach it at {}, so nothing can be planned.",
        bound.target.environment, bound.id, bound.target.agent
    );
    with_findings(DeployError::refused(ProblemCode::UpstreamUnavailable, text), hypervisor, diagnosis)
}

/// An error with what was found on the way that may be its cause.
fn with_findings(error: DeployError, hypervisor: &HypervisorWord, diagnosis: &Diagnosis) -> DeployError {
    let mut words: Problem = problem(error);
    if let HypervisorWord::Present { state } = hypervisor
        && state.power != Power::Running
    {
        words.message.push_str(" The hypervisor says that the guest does not run: start it.");
    }
    let local = diagnosis
        .steps
        .iter()
        .find(|step| step.outcome == Outcome::Failed && matches!(step.finding, super::Finding::FromHere { .. }));
    if let Some(step) = local {
        let (detail, _) = finding_words(&step.finding);
        words.message.push_str(&format!(" From this machine: {detail}"));
    }
    DeployError::Service(words.into())
}
