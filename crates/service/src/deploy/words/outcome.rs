//! How steps and applies end, and why.

use reconcile::{
    model::{ApplyVerdict, Condition, FailureCause, RollbackOutcome, SkippedBecause, UnwellContainer, Verdict},
    ports::{Refusal, RefusalKind},
};

use super::{Remedy, Worded, Wording, and, sentence, short};

impl Worded for Condition {
    fn words(&self) -> Wording {
        match self {
            Self::Well => Wording::said("well", "It runs, and is healthy if it has a check."),
            Self::Done => Wording::said("done", "It ended by itself without an error."),
            Self::Pending => Wording::said("starting", "It is not yet well: in its start period, or being removed."),
            Self::NotStarted => Wording::new(
                "not started",
                "It was made and not started: it waits for another, or its start failed.",
                "Look at what it waits for, and at free ports and mounts on the host.",
            ),
            Self::Unhealthy => Wording::new("unhealthy", "Its health check fails.", "Read the last lines of its log."),
            Self::CrashLooping => {
                Wording::new("crash-looping", "Docker starts it again and again.", "Read the last lines of its log.")
            }
            Self::Exited { code: -1 } => {
                Wording::new("ended", "It ended, with which code is not known.", "Read the last lines of its log.")
            }
            Self::Exited { code } => Wording::new(
                format!("ended with {code}"),
                format!("It ended with code {code}."),
                "Read the last lines of its log.",
            ),
            Self::Paused => Wording::new("paused", "Somebody paused it.", "Unpause it, or deploy again."),
        }
    }
}

/// A container that is not well, in a few words.
#[must_use]
pub fn unwell(one: &UnwellContainer) -> String {
    match (&one.condition, one.container.is_empty()) {
        (_, true) => format!("{} has no container", one.service),
        (None, false) => format!("{} runs another image than desired", one.service),
        (Some(condition), false) => format!("{} is {}", one.service, condition.title()),
    }
}

fn all(containers: &[UnwellContainer]) -> String {
    and(&containers.iter().map(unwell).collect::<Vec<_>>())
}

impl Worded for RefusalKind {
    fn words(&self) -> Wording {
        match self {
            Self::Unavailable => Wording::new(
                "not available",
                "The server could not take the call and did nothing.",
                "Check that Portainer and the environment answer, then apply again.",
            ),
            Self::Conflict => Wording::new(
                "name taken",
                "The name is taken.",
                "Look which stack of Portainer has this name, and remove or rename it.",
            ),
            Self::NotFound => Wording::new(
                "not there",
                "Portainer has no such stack or environment.",
                "Plan again to see where things stand.",
            ),
            Self::Invalid => Wording::new(
                "not allowed or wrong",
                "The request is wrong, or not allowed.",
                "Check the API key's rights (it must be an administrator's) and what the server says.",
            ),
            Self::Deploy => Wording::new(
                "deploy failed",
                "The deploy itself failed, so part of it may have happened.",
                "Mend what the server says, often the compose file or an image's name, then apply again.",
            ),
            Self::Unsupported => Wording::new(
                "not supported",
                "This Portainer, or this kind of stack, has no such call.",
                "Make the change in Portainer by hand, or use a newer Portainer.",
            ),
        }
    }
}

impl Worded for Refusal {
    fn words(&self) -> Wording {
        let kind = self.kind.words();
        let status = if self.status == 0 { String::new() } else { format!(" ({})", self.status) };
        let said = if self.message.trim().is_empty() {
            format!("{}{status}", kind.text)
        } else {
            format!("{} The server says{status}: {}", kind.text, sentence(&self.message))
        };
        Wording::new(kind.title, said, kind.remedy)
    }
}

impl Worded for FailureCause {
    // Over 80 lines because it is one table, which the compiler holds complete.
    fn words(&self) -> Wording {
        match self {
            Self::Moved => Wording::new(
                "moved",
                "Something changed under the stack's names since the plan was made, so nothing was done.",
                "Make a new plan and read it.",
            ),
            Self::Secret { name, detail } => Wording::new(
                format!("secret {name} can't be had"),
                format!("The secret “{name}” can't be had, so nothing was done: {}", sentence(detail)),
                Remedy::each(
                    "Store it where the stack is edited (“Store a new secret”), or check the vault's key; then apply again.",
                    format!("Set it with “phoenix-cli secret set {name}”, or check the vault's key; then apply again."),
                ),
            ),
            Self::UnsafeValue { variable, hazard } => {
                let hazard = hazard.words();
                Wording::new(
                    format!("value of {variable}: {}", hazard.title),
                    format!(
                        "The value of {variable} does not get to Docker unchanged, so nothing was done. {}",
                        hazard.text
                    ),
                    hazard.remedy.and_then("Then apply again."),
                )
            }
            Self::Unrenderable { detail } => Wording::new(
                "images can't be written into the text",
                format!(
                    "The revision's images could not be written into its text, so it was not brought back: {}",
                    sentence(detail)
                ),
                "Choose another revision, or mend the cause and apply again.",
            ),
            Self::Refused { call, refusal } => {
                let refusal = refusal.words();
                Wording::new(
                    format!("{} refused", call.title()),
                    format!("“{}” was refused. {}", call.title(), refusal.text),
                    refusal.remedy,
                )
            }
            Self::OutcomeUnknown { call, detail } => Wording::new(
                format!("{}: no answer", call.title()),
                format!(
                    "“{}” broke off without an answer ({}), nothing shows that it took effect, and it must not be repeated blindly.",
                    call.title(),
                    detail.trim().trim_end_matches('.')
                ),
                "Plan again to see where things stand.",
            ),
            Self::OtherCommit { planned, found } => Wording::new(
                "another commit was deployed",
                format!(
                    "Planned was commit {}; deployed is {}: the reference moved meanwhile.",
                    short(planned),
                    short(found)
                ),
                "Make a new plan and read what the newer commit changes.",
            ),
            Self::Unwell { containers } => Wording::new(
                "containers are not well",
                format!("It was deployed, but {}.", all(containers)),
                "Read the last lines of the log, mend the cause and apply again, or roll back.",
            ),
            Self::TimedOut { pending } => Wording::new(
                "not well in time",
                format!("It was not well within the time allowed: {}.", all(pending)),
                "Read the log; if it only needs longer, raise “health.timeout_s” in the catalog. Then apply again, or roll back.",
            ),
            Self::BrokeOff => Wording::new(
                "broken off",
                "It had failed and was being brought back when the apply broke off; why it had failed was lost with the process.",
                "Plan again to see where things stand.",
            ),
            Self::NotAsDesired => Wording::new(
                "not as desired",
                "Portainer took the call, but its stack is not as desired afterwards.",
                "Plan again to see what differs; somebody else may be changing it.",
            ),
            Self::Unobservable { detail } => Wording::new(
                "can't be observed",
                format!("What became of it could not be observed: {}", sentence(detail)),
                "Check that Portainer and the environment answer, then plan again.",
            ),
            Self::Journal { detail } => Wording::new(
                "journal can't be written",
                format!("The journal could not be written, so nothing further was done: {}", sentence(detail)),
                "Check the database and its disk, then plan again.",
            ),
            Self::LockLost => Wording::new(
                "lock lost",
                "The lock was lost to another process, so nothing further was done.",
                Remedy::each(
                    "Look under “Applies” for the one that has it now, then plan again.",
                    "Look at “phoenix-cli history” for the apply that has it now, then plan again.",
                ),
            ),
        }
    }
}

impl Worded for RollbackOutcome {
    fn words(&self) -> Wording {
        match self {
            Self::Restored { revision } => Wording::said(
                format!("brought back to revision {revision}"),
                format!("It was brought back: revision {revision} runs and is healthy."),
            ),
            Self::Removed => {
                Wording::said("removed again", "There was nothing before, so what the failed step left was removed.")
            }
            Self::NothingToRestore => Wording::new(
                "nothing to bring back",
                "There is no earlier revision with a text to go back to.",
                "Mend the cause and apply again.",
            ),
            Self::Failed { cause } => {
                let cause = cause.words();
                Wording::new(
                    "could not be brought back",
                    format!("Bringing it back failed too. {}", cause.text),
                    cause.remedy,
                )
            }
        }
    }
}

impl Worded for SkippedBecause {
    fn words(&self) -> Wording {
        match self {
            Self::Dependency { step } => Wording::new(
                format!("{step} did not succeed"),
                format!("It was not begun, since {step}, which it depends on, did not succeed."),
                format!("Mend {step} first, then make a new plan."),
            ),
            Self::EarlierFailure => Wording::new(
                "another step failed",
                "It was not begun, since another step failed.",
                Remedy::each(
                    "Mend that one, then make a new plan; with “On failure: go on” this one would have been made all the same.",
                    "Mend that one, then make a new plan; “--on-failure continue” would have gone on.",
                ),
            ),
            Self::Cancelled => Wording::new(
                "cancelled",
                "It was not begun, since the apply was cancelled.",
                "Make a new plan to go on.",
            ),
        }
    }
}

impl Worded for Verdict {
    fn words(&self) -> Wording {
        match self {
            Self::Healthy => Wording::said("healthy", "It is as desired and healthy."),
            Self::Removed => Wording::said("removed", "It is gone, with all its containers."),
            Self::Failed { cause, rollback } => {
                let cause = cause.words();
                match rollback {
                    None => Wording::new(format!("failed: {}", cause.title), cause.text, cause.remedy),
                    Some(rollback) => {
                        let rollback = rollback.words();
                        Wording::new(
                            format!("failed: {}; {}", cause.title, rollback.title),
                            format!("{} {}", cause.text, rollback.text),
                            if rollback.remedy.is_empty() { cause.remedy } else { rollback.remedy },
                        )
                    }
                }
            }
            Self::Skipped { because } => {
                let because = because.words();
                Wording::new(format!("skipped: {}", because.title), because.text, because.remedy)
            }
        }
    }
}

impl Worded for ApplyVerdict {
    fn words(&self) -> Wording {
        match self {
            Self::Succeeded => Wording::said("succeeded", "The apply succeeded: every step is as desired."),
            Self::Cancelled => Wording::new(
                "cancelled",
                "The apply was cancelled between steps; those that were made succeeded.",
                "Make a new plan to go on.",
            ),
            Self::Failed => Wording::new(
                "failed",
                "The apply failed: at least one step did not succeed.",
                "Read why, mend it, and make a new plan.",
            ),
        }
    }
}
