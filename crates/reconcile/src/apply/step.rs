//! One step: look, call, watch, say how it ended.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures::future::{Either, select};

use super::{call::Caller, calls, session::Session};
use crate::{
    model::{
        Action, Call, DesiredStack, EventKind, FailureCause, Intent, ObservedContainer, ObservedStack, OnFailure,
        Receipt, Step, Verdict,
    },
    plan::guard,
    ports::{LogLine, StackView},
};

/// Lines of log kept for each container that is not well.
const LOG_LINES: u32 = 30;
/// How long logs are waited for.
const LOG_TIME: Duration = Duration::from_secs(60);

impl Session<'_> {
    /// Makes a step. `begun` holds the intents of a run that broke off.
    pub(super) async fn step(&self, step: &Step, begun: &[Intent]) -> Receipt {
        self.emit(EventKind::StepBegun { step: step.id.clone() });
        let started_at = self.ports.clock.now();
        let wanted = self.record.stacks.get(&step.id);
        let mut caller = Caller::new(self, step, begun);
        let mut result = self.deploy(&mut caller, step, wanted, begun).await;
        let mut revision = None;
        if let Ok(row) = &result {
            match self.keep(step, wanted, row.as_ref(), started_at, caller.made()).await {
                Ok(number) => revision = number,
                Err(cause) => result = Err(cause),
            }
        }
        let mut last_logs = Vec::new();
        let (verdict, row) = match result {
            Ok(None) => (Verdict::Removed, None),
            Ok(Some(row)) => (Verdict::Healthy, Some(row)),
            Err(cause) => {
                last_logs = self.last_logs(step, wanted).await;
                let rolls = self.record.plan.options.on_failure == OnFailure::RollBack;
                let rollback =
                    if rolls { self.roll_back(&mut caller, step, wanted, &cause, begun).await } else { None };
                (Verdict::Failed { cause, rollback }, None)
            }
        };
        Receipt {
            apply: self.record.id.clone(),
            step: step.id.clone(),
            action: step.action.clone(),
            started_at,
            ended_at: self.ports.clock.now(),
            calls: caller.made(),
            verdict,
            images: row.map(|row| images(&row.containers)).unwrap_or_default(),
            last_logs,
            revision,
        }
    }

    /// Brings the stack to where the plan wants it. Returns its row, or nothing if it was to go.
    async fn deploy(
        &self,
        caller: &mut Caller<'_>,
        step: &Step,
        wanted: Option<&DesiredStack>,
        begun: &[Intent],
    ) -> Result<Option<ObservedStack>, FailureCause> {
        // A pull touches nothing that runs.
        let seen = if begun.iter().all(|intent| matches!(intent.call, Call::Pull { .. })) {
            Some(self.check_guard(step, wanted).await?)
        } else {
            None
        };
        caller.by_hand = self.made_by_hand(step, seen.as_ref()).await?;
        let payload = match wanted {
            Some(wanted) => Some(self.payload(wanted).await?),
            None => None,
        };
        if begun.iter().any(|intent| intent.rolling_back) {
            return Err(FailureCause::BrokeOff);
        }
        let calls = calls::of(step, wanted);
        let broke_off_at = begun.last().and_then(|last| calls.iter().rposition(|call| *call == last.call));
        for call in calls.iter().skip(broke_off_at.unwrap_or(0)) {
            let broke_off = begun.last().is_some_and(|last| last.call == *call) && caller.made_now() == 0;
            if broke_off {
                caller.take_up(call, wanted, payload.as_ref()).await?;
            } else {
                caller.make(call, wanted, payload.as_ref()).await?;
            }
        }
        drop(payload);
        match (&step.action, wanted) {
            (Action::Remove { .. }, _) | (_, None) => {
                self.watch_gone(step).await?;
                Ok(None)
            }
            (_, Some(wanted)) => self.watch(step, wanted, &caller.by_hand).await.map(Some),
        }
    }

    /// How the stack is, if it is still as the plan found it.
    async fn check_guard(&self, step: &Step, wanted: Option<&DesiredStack>) -> Result<StackView, FailureCause> {
        let view = self.look(step, wanted).await?;
        let now = guard(view.rows.iter(), view.projects.iter(), self.record.plan.made_at);
        if now == step.guard { Ok(view) } else { Err(FailureCause::Moved) }
    }

    /// Whatever a host does with the question, the step goes on: it holds a lock.
    async fn last_logs(&self, step: &Step, wanted: Option<&DesiredStack>) -> Vec<LogLine> {
        self.learn_older_secrets(wanted).await;
        let logs = pin!(self.ports.target.last_logs(&step.environment, &step.stack, LOG_LINES));
        let mut lines = match select(logs, self.ports.clock.sleep(LOG_TIME)).await {
            Either::Left((lines, _)) => lines.unwrap_or_default(),
            Either::Right(_) => Vec::new(),
        };
        for line in &mut lines {
            line.text = self.redactor.clean_line(&line.text);
        }
        lines
    }
}

fn images(containers: &[ObservedContainer]) -> BTreeMap<String, Option<String>> {
    containers.iter().map(|one| (one.service.clone(), one.image_digest.clone())).collect()
}
