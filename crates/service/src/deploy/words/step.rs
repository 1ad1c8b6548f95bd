//! What is done to a stack, what it costs, and where it stands.

use reconcile::{
    StackState,
    model::{Action, AdoptFrom, Generation, OnFailure, Prune, Reach, Risk},
};
use store::ApplyState;

use super::{Worded, Wording};

impl Worded for Action {
    fn words(&self) -> Wording {
        match self {
            Self::Create => Wording::said("create", "It is made new."),
            Self::Update { .. } => {
                Wording::said("update", "It is deployed again with another source or other variables.")
            }
            Self::Redeploy { .. } => {
                Wording::said("redeploy", "Nothing changes in Portainer; its containers are made again.")
            }
            Self::Configure { .. } => {
                Wording::said("configure", "Only settings in Portainer change; no container is touched.")
            }
            Self::Adopt { from: AdoptFrom::Project } => Wording::said(
                "adopt",
                "The compose project that runs without Portainer is taken over, then brought to the desired state.",
            ),
            Self::Adopt { from: AdoptFrom::Orphan { .. } } => Wording::said(
                "adopt",
                "Portainer's orphaned stack is taken over with its containers, then brought to the desired state.",
            ),
            Self::Rename { from, .. } => Wording::said(
                format!("rename from {from}"),
                format!(
                    "Portainer can't rename, so {from} is removed and created under its name. Volumes stay under the former name."
                ),
            ),
            Self::Recreate { .. } => Wording::said(
                "recreate",
                "Portainer can't change what differs, so it is removed and created again. Volumes stay.",
            ),
            Self::Remove { .. } => Wording::said("remove", "It is removed. Volumes stay."),
        }
    }
}

impl Worded for Risk {
    fn words(&self) -> Wording {
        match self {
            Self::None => Wording::said("no interruption", "No running container is touched."),
            Self::Interrupts => {
                Wording::said("short interruption", "Containers are made again, which interrupts them shortly.")
            }
            Self::TakesDownOnFailure => Wording::said(
                "gone if it fails",
                "Containers are made again; if the deploy fails, what runs now is gone.",
            ),
            Self::DownBetween => Wording::said("down in between", "It is down between the removal and the creation."),
            Self::Removes => Wording::said("goes away", "The stack goes away. Volumes stay."),
        }
    }
}

impl Worded for Prune {
    fn words(&self) -> Wording {
        match self {
            Self::No => Wording::said("no pruning", "What the catalog does not name stays and is reported."),
            Self::Managed => Wording::said(
                "prune",
                "What was applied from the catalog before, and is not named there any more, is removed.",
            ),
            Self::All => Wording::said(
                "prune everything",
                "Everything that the catalog does not name is removed, also what was made by hand; not what runs Portainer or \
                 this program.",
            ),
        }
    }
}

impl Worded for OnFailure {
    fn words(&self) -> Wording {
        match self {
            Self::Stop => Wording::said("stop", "When a step fails, no further one is begun, on any environment."),
            Self::Continue => Wording::said("continue", "When a step fails, those that do not depend on it go on."),
            Self::RollBack => Wording::said(
                "roll back",
                "When a step fails, its stack is brought back to its last good revision, then the others go on.",
            ),
        }
    }
}

impl Worded for StackState {
    fn words(&self) -> Wording {
        match self {
            Self::InStep => Wording::said("in step", "It is as desired, and every container is well."),
            Self::Starting => Wording::said("starting", "It is as desired; a container is still starting."),
            Self::Changes => Wording::new(
                "changes",
                "The catalog wants something else than what runs.",
                "Look at the plan and apply it.",
            ),
            Self::Drifted => Wording::new(
                "drifted",
                "Something changed past the catalog: by hand, by itself, or a container is not well.",
                "Look at the signs; apply to bring it back.",
            ),
            Self::Blocked => Wording::new("blocked", "It can't be planned.", "The cause says what to mend."),
            Self::Surplus => Wording::new(
                "not in the catalog",
                "It lives there, and the catalog does not name it.",
                "Add it to the catalog, or plan with pruning.",
            ),
            Self::Unknown => Wording::new(
                "unknown",
                "The environment does not answer, so nothing is known of it.",
                "Check that the machine runs and its Portainer agent answers.",
            ),
        }
    }
}

impl Worded for Reach {
    fn words(&self) -> Wording {
        match self {
            Self::Up => Wording::said("up", "The environment answers."),
            Self::Down => Wording::new(
                "down",
                "The environment does not answer.",
                "Check that the machine runs and its Portainer agent answers.",
            ),
            Self::Missing => Wording::new(
                "missing",
                "Portainer has no environment of this name.",
                "Create it in Portainer, or correct the name in phoenix_vm_configs.json.",
            ),
        }
    }
}

impl Worded for Generation {
    fn words(&self) -> Wording {
        match self {
            Self::TakesDown => Wording::said(
                "takes down",
                "This Portainer answers a failed update with “down”: what ran before is gone.",
            ),
            Self::KeepsUp => {
                Wording::said("keeps up", "This Portainer leaves the old containers alone when an update fails.")
            }
        }
    }
}

impl Worded for ApplyState {
    fn words(&self) -> Wording {
        match self {
            Self::Running => Wording::said("running", "It has not ended yet."),
            Self::Succeeded => Wording::said("succeeded", "Every step succeeded."),
            Self::Cancelled => {
                Wording::said("cancelled", "It was cancelled between steps; those that were made succeeded.")
            }
            Self::Failed => {
                Wording::new("failed", "At least one step failed.", "Read why below, mend it, and make a new plan.")
            }
        }
    }
}
