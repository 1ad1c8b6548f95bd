//! Diagnoses in words, for the pages and the terminal alike.

use upstream::{hypervisor::Power, portainer::agent::AgentPlatform};

use super::{
    binding::BoundHow,
    creating::{CreateEvent, HypervisorWord},
    finding::{Check, Finding, Verdict},
};

/// What a check looks at, in a few words.
#[must_use]
pub const fn check_words(check: Check) -> &'static str {
    match check {
        Check::Name => "The name resolves",
        Check::Connection => "The agent's port takes connections",
        Check::Agent => "An agent answers",
        Check::Registration => "Portainer knows the environment",
        Check::Portainer => "Portainer reaches the host",
        Check::Pairing => "The agent serves this Portainer",
        Check::Snapshot => "Portainer sees the containers",
    }
}

/// A diagnosis in a sentence.
#[must_use]
pub const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Connected => "Portainer reaches the host: stacks can be deployed to it.",
        Verdict::Ready => "The agent answers and is not registered yet: the environment can be bound.",
        Verdict::Unclear => {
            "This machine does not reach the agent, and Portainer has not tried yet: bind the environment to see whether Portainer does."
        }
        Verdict::Broken => "Stacks can't be deployed to it yet: mend what failed.",
    }
}

/// Detail, and remedy where there is something to do.
#[must_use]
pub fn finding_words(finding: &Finding) -> (String, Option<String>) {
    let fine = |detail: String| (detail, None);
    let mend = |detail: String, remedy: &str| (detail, Some(remedy.to_owned()));
    match finding {
        Finding::Addresses { addresses } => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            fine(format!("It is {}.", list.join(", ")))
        }
        Finding::Connected { address } => fine(format!("{address} takes the connection.")),
        Finding::Agent { answer } if answer.platform == AgentPlatform::Kubernetes => mend(
            format!("An agent of version {} answers, for Kubernetes.", answer.version),
            "Run the agent for Docker there: stacks are compose projects.",
        ),
        Finding::Agent { answer } => fine(format!(
            "Version {}; its certificate is {}.",
            answer.version,
            upstream::portainer::fingerprint_text(&answer.certificate)
        )),
        Finding::FromHere { error } => mend(
            error.detail(),
            &format!("{} If Portainer reaches it all the same, nothing needs mending.", error.remedy()),
        ),
        Finding::NotReached => fine("Not looked at: an earlier step failed.".to_owned()),
        Finding::Registered { id, name } => fine(format!("It is environment {id}, “{name}”.")),
        Finding::NotRegistered => {
            mend("Portainer does not know it yet.".to_owned(), "Bind the environment; that registers it.")
        }
        Finding::RegisteredElsewhere { name, address, .. } => mend(
            format!("Portainer has “{name}” at {address}."),
            "Bind it anew to give it the catalog's address, or correct “portainer_agent_hostname”.",
        ),
        Finding::RegisteredAs { name, .. } => mend(
            format!("Portainer has this agent under the name “{name}”."),
            "Rename the environment in Portainer, or write its name into “portainer_environment_name”.",
        ),
        Finding::Reached => fine("Portainer looked at it a moment ago.".to_owned()),
        Finding::NotReachedByPortainer { agent_answers_here: true } => mend(
            "Portainer does not reach it, though the agent answers this machine.".to_owned(),
            "Open the agent's port to Portainer's machine. If it is open, the agent serves another Portainer: recreate its container.",
        ),
        Finding::NotReachedByPortainer { agent_answers_here: false } => mend(
            "Portainer does not reach it.".to_owned(),
            "Check that the machine is switched on, that Docker and the agent run on it, and that its port is open to Portainer.",
        ),
        Finding::Paired => fine("It answers this Portainer.".to_owned()),
        Finding::PairedElsewhere => mend(
            "It serves another Portainer.".to_owned(),
            "Recreate the agent's container, so that it accepts this one.",
        ),
        Finding::PairingUnknown => {
            fine("An agent tells only a Portainer that calls it with its key whom it serves.".to_owned())
        }
        Finding::Seen { docker_version, running, .. } => {
            fine(format!("Docker {docker_version}, {running} containers running."))
        }
        Finding::NeverSeen => fine("Portainer has taken no snapshot yet.".to_owned()),
        Finding::Portainer { message } => fine(message.clone()),
    }
}

/// What creating tells, in a sentence.
#[must_use]
pub fn create_words(event: &CreateEvent) -> String {
    match event {
        CreateEvent::Found { target, stacks } if stacks.is_empty() => {
            format!("{} is the environment {}; no stack is assigned to it.", target.guest, target.environment)
        }
        CreateEvent::Found { target, stacks } => {
            format!("{} is the environment {}, with {}.", target.guest, target.environment, stacks.join(", "))
        }
        CreateEvent::Hypervisor { word } => match word {
            HypervisorWord::NotItsGuest => "It is no guest of the hypervisor.".to_owned(),
            HypervisorWord::Unmanaged => {
                "No hypervisor is connected, so nobody knows whether the guest exists; looking for its agent."
                    .to_owned()
            }
            HypervisorWord::Present { state } if state.power == Power::Running => {
                "The hypervisor has it, and it runs.".to_owned()
            }
            HypervisorWord::Present { .. } => "The hypervisor has it, and it does not run.".to_owned(),
            HypervisorWord::Silent { message } => format!("The hypervisor did not tell: {message}"),
        },
        CreateEvent::Step { step } => format!("{}: {}", check_words(step.check), finding_words(&step.finding).0),
        CreateEvent::Binding => "Portainer is asked to look at the agent; this may take a minute.".to_owned(),
        CreateEvent::Bound { bound } => {
            let how = match &bound.how {
                BoundHow::Registered => "is registered",
                BoundHow::Found => "was registered already",
                BoundHow::FoundOtherwise => "was registered already, without an agent",
                BoundHow::Moved { .. } => "has its new address",
            };
            format!("{} {how}, as environment {}.", bound.target.environment, bound.id)
        }
        CreateEvent::Planning => "The plan is being made.".to_owned(),
        CreateEvent::Planned { steps: 0, blocked: 0 } => "Nothing is to be done: its stacks are in step.".to_owned(),
        CreateEvent::Planned { steps, blocked: 0 } => format!("Steps of the plan: {steps}. Read it, then apply it."),
        CreateEvent::Planned { steps, blocked } => {
            format!("Steps of the plan: {steps}; stacks that can't be planned: {blocked}. Read why.")
        }
    }
}
