//! The steps of one environment, one after the other.

use super::session::Session;
use crate::model::{
    EventKind, FailureCause, Intent, OnFailure, Receipt, RollbackOutcome, SkippedBecause, Step, Verdict,
};

impl Session<'_> {
    pub(super) async fn environment(&self, environment: &str, intents: &[Intent]) {
        // The plan lists an environment's steps in the order of its waves.
        let steps: Vec<&Step> = self.record.plan.steps.iter().filter(|step| step.environment == environment).collect();
        // What was begun by another process comes first, wherever it stands.
        let (begun, rest): (Vec<&Step>, Vec<&Step>) =
            steps.into_iter().partition(|step| intents.iter().any(|intent| intent.step == step.id));
        for step in begun.into_iter().chain(rest) {
            if let Some(receipt) = self.receipt(&step.id) {
                self.after(&receipt);
                continue;
            }
            let begun: Vec<Intent> = intents.iter().filter(|intent| intent.step == step.id).cloned().collect();
            let receipt = match self.skip(step) {
                Some(because) if begun.is_empty() => self.skipped(step, because),
                _ => self.step(step, &begun).await,
            };
            self.finish(receipt).await;
        }
    }

    /// Why a step is not begun.
    fn skip(&self, step: &Step) -> Option<SkippedBecause> {
        let failed = |id: &&crate::model::StepId| self.receipt(id).is_none_or(|receipt| !receipt.verdict.is_success());
        if self.control.cancel.is_cancelled() {
            Some(SkippedBecause::Cancelled)
        } else if let Some(step) = step.depends_on.iter().find(failed) {
            Some(SkippedBecause::Dependency { step: step.clone() })
        } else if self.is_halted() {
            Some(SkippedBecause::EarlierFailure)
        } else {
            None
        }
    }

    fn skipped(&self, step: &Step, because: SkippedBecause) -> Receipt {
        let now = self.ports.clock.now();
        Receipt {
            apply: self.record.id.clone(),
            step: step.id.clone(),
            action: step.action.clone(),
            started_at: now,
            ended_at: now,
            calls: 0,
            verdict: Verdict::Skipped { because },
            images: std::collections::BTreeMap::new(),
            last_logs: Vec::new(),
            revision: None,
        }
    }

    /// Writes the receipt. A step whose end can't be written has not succeeded, whatever runs.
    async fn finish(&self, mut receipt: Receipt) {
        if self.leases.are_lost() {
            receipt.verdict = Verdict::Failed { cause: FailureCause::LockLost, rollback: None };
        } else if let Err(error) = self.ports.journal.receipt(&receipt, self.leases.held()).await {
            receipt.verdict = Verdict::Failed { cause: FailureCause::Journal { detail: error.detail }, rollback: None };
        }
        self.after(&receipt);
        self.emit(EventKind::StepEnded { step: receipt.step.clone(), verdict: receipt.verdict.clone() });
        self.take_receipt(receipt);
    }

    /// Halts if the plan says so.
    fn after(&self, receipt: &Receipt) {
        let Verdict::Failed { cause, rollback } = &receipt.verdict else { return };
        let beyond_repair = matches!(cause, FailureCause::Journal { .. } | FailureCause::LockLost);
        let stop = match self.record.plan.options.on_failure {
            OnFailure::Stop => true,
            OnFailure::Continue => false,
            OnFailure::RollBack => {
                matches!(rollback, Some(RollbackOutcome::NothingToRestore | RollbackOutcome::Failed { .. }))
            }
        };
        if stop || beyond_repair {
            self.halt();
        }
    }
}
