//! Drift: what the live side did by itself or by hand since a stack was last applied.

use serde::{Deserialize, Serialize};

use crate::model::{Plan, Reason, StackRef};

/// A stack that is not as it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Drift {
    /// Which.
    #[serde(flatten)]
    pub stack: StackRef,
    /// What shows it.
    pub signs: Vec<Reason>,
}

/// The part of a plan that the live side caused. A commit that moved or a variable that the catalog changed is no drift.
#[must_use]
pub fn drift(plan: &Plan) -> Vec<Drift> {
    plan.steps
        .iter()
        .filter_map(|step| {
            let signs = signs(&step.reasons);
            let stack = StackRef::new(&step.environment, &step.stack);
            (!signs.is_empty()).then_some(Drift { stack, signs })
        })
        .collect()
}

/// Whether any of a step's reasons lies on the live side.
pub(crate) fn is_drift(reasons: &[Reason]) -> bool {
    !signs(reasons).is_empty()
}

fn signs(reasons: &[Reason]) -> Vec<Reason> {
    let edited = reasons.iter().any(|reason| matches!(reason, Reason::EditedByHand { .. }));
    reasons.iter().filter(|one| is_sign(one, edited)).cloned().collect()
}

fn is_sign(reason: &Reason, edited: bool) -> bool {
    match reason {
        Reason::EditedByHand { .. }
        | Reason::RunsWithoutRow { .. }
        | Reason::Orphan { .. }
        | Reason::ContainerMissing { .. }
        | Reason::ContainerBad { .. }
        | Reason::Stopped
        | Reason::DeployFailed
        | Reason::AutoUpdateOn { .. } => true,
        // New in the catalog, unless it was there before.
        Reason::Absent => edited,
        _ => false,
    }
}
