//! Which calls a step takes. A function of the step alone, so that another process can go on where one broke off.

use crate::model::{Action, AdoptFrom, Call, DesiredStack, Reason, Step};

/// The calls of a step, in order. `wanted` is missing for a removal.
pub(super) fn of(step: &Step, wanted: Option<&DesiredStack>) -> Vec<Call> {
    let pull = pull(wanted);
    let name = || step.stack.clone();
    let polls = step.reasons.iter().any(|reason| matches!(reason, Reason::AutoUpdateOn { .. }));
    // Settings come after the deploy: a row that has them before would look deployed if this broke off between.
    let configure = |id: i64| polls.then_some(Call::Configure { id });
    let calls = match &step.action {
        Action::Create | Action::Adopt { from: AdoptFrom::Project } => vec![pull, Some(Call::Create)],
        Action::Update { id } | Action::Redeploy { id } => {
            vec![pull, Some(Call::Update { id: *id }), configure(*id)]
        }
        Action::Configure { id } => vec![Some(Call::Configure { id: *id })],
        Action::Adopt { from: AdoptFrom::Orphan { id } } => {
            let associate = Some(Call::Associate { id: *id });
            if step.reasons.iter().any(needs_recreation) {
                vec![associate, pull, Some(Call::Remove { id: *id, name: name() }), Some(Call::Create)]
            } else {
                vec![associate, pull, Some(Call::Update { id: *id }), configure(*id)]
            }
        }
        Action::Rename { id, from } => {
            vec![pull, Some(Call::Remove { id: *id, name: from.clone() }), Some(Call::Create)]
        }
        Action::Recreate { id } => vec![pull, Some(Call::Remove { id: *id, name: name() }), Some(Call::Create)],
        Action::Remove { id } => vec![Some(Call::Remove { id: *id, name: name() })],
    };
    calls.into_iter().flatten().collect()
}

/// Pulls first: a pull that fails touches nothing, while a deploy that fails for want of an image may take the stack down.
fn pull(wanted: Option<&DesiredStack>) -> Option<Call> {
    let services = wanted?.compose.iter().flat_map(|facts| &facts.services);
    let mut images: Vec<String> = services.map(|one| one.image.clone()).filter(|image| !image.is_empty()).collect();
    images.sort();
    images.dedup();
    (!images.is_empty()).then_some(Call::Pull { images })
}

fn needs_recreation(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::RepositoryChanged { .. } | Reason::FilesChanged { .. } | Reason::TextToGit | Reason::KindChanged { .. }
    )
}
