//! What happens during an apply.

use reconcile::model::{Call, Event, EventKind};

use super::{Worded, Wording, and};

impl Worded for Call {
    fn words(&self) -> Wording {
        match self {
            Self::Pull { images } => Wording::said("pull images", format!("Images are pulled: {}.", and(images))),
            Self::Create => Wording::said("create", "The stack is created."),
            Self::Update { .. } => {
                Wording::said("update", "The stack is deployed with the desired source and variables.")
            }
            Self::Configure { .. } => {
                Wording::said("configure", "Settings of the stack are changed without deploying.")
            }
            Self::Associate { .. } => Wording::said("take over", "The orphaned stack is taken over."),
            Self::Remove { name, .. } => Wording::said(format!("remove {name}"), format!("{name} is removed.")),
        }
    }
}

impl Worded for Event {
    fn words(&self) -> Wording {
        self.kind.words()
    }
}

impl Worded for EventKind {
    fn words(&self) -> Wording {
        match self {
            Self::Begun { resumed: false } => Wording::said("begun", "The apply began."),
            Self::Begun { resumed: true } => {
                Wording::said("taken up again", "The apply was broken off; this process takes it up again.")
            }
            Self::StepBegun { step } => Wording::said(format!("{step}: begun"), format!("{step}: the step began.")),
            Self::Calling { step, call } => {
                let call = call.words();
                Wording::said(format!("{step}: {}", call.title), format!("{step}: {}", call.text))
            }
            Self::OutcomeUnknown { step, call } => Wording::said(
                format!("{step}: no answer"),
                format!("{step}: “{}” broke off without an answer. Looking what became of it.", call.title()),
            ),
            Self::Container { step, service, container, condition } => Wording::said(
                format!("{step}: {service} {}", condition.title()),
                format!("{step}: the container {container} of {service}: {}.", condition.title()),
            ),
            Self::Settling { step } => Wording::said(
                format!("{step}: settling"),
                format!("{step}: all is as desired; it must stay so for the settling time."),
            ),
            Self::RollingBack { step } => {
                Wording::said(format!("{step}: rolling back"), format!("{step}: the stack is being brought back."))
            }
            Self::StepEnded { step, verdict } => {
                let verdict = verdict.words();
                Wording::new(format!("{step}: {}", verdict.title), format!("{step}: {}", verdict.text), verdict.remedy)
            }
            Self::Ended { verdict } => verdict.words(),
        }
    }
}
