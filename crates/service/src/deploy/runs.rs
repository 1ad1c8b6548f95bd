//! Applies: begun, watched over, cancelled, taken up again, and looked back at.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use reconcile::{
    ApplyError, Cancel, Control, apply,
    model::{ApplyId, ApplyRecord, ApplyReport, Event, Intent, Plan, Receipt, Scope, Unfinished},
    resume,
};
use serde_json::json;
use store::{ApplyRow, ApplyState, EntryKind, NewEntry};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use types::{JobId, Millis, ProblemCode};

use super::{Also, ApplySummary, ApplyView, Deploy, DeployError, Deployer, Onlooker, Operator, engine::Engine};
use crate::{ServiceError, world::millis};

/// How often to look for applies that another process left unfinished.
const TAKEOVER_EVERY: Duration = Duration::from_secs(15);
/// How often a running apply asks whether somebody cancelled it from another process.
const CANCEL_POLL: Duration = Duration::from_secs(1);

impl Deploy {
    /// Carries out a plan that a person has read. Returns as soon as it has begun; the apply goes on in this process whatever
    /// becomes of the caller. `also` sets the pin that the plan was made with.
    ///
    /// # Errors
    /// [`DeployError::Moved`] with the new plan when anything moved; a refusal when another apply is under way, or the plan has
    /// nothing to do; `Forbidden` when it touches an environment that is not the deployer's.
    pub async fn apply(&self, operator: &Deployer, plan: Plan, also: Option<&Also>) -> Result<ApplyId, DeployError> {
        operator.admit_plan(&plan)?;
        if plan.steps.is_empty() {
            return Err(DeployError::refused(
                ProblemCode::Invalid,
                "The plan has nothing to do, so nothing was begun.",
            ));
        }
        let mut engine = self.engine(plan.options.scope.clone()).await?;
        if let Some(also) = also {
            operator.admit(&also.stack().environment)?;
            engine.pins = self.pins_of(operator, also, &plan).await?;
        }
        let id = ApplyId(self.0.world.id::<JobId>().to_string());
        let detail = json!({
            "apply": id.0,
            "fingerprint": plan.fingerprint.as_str(),
            "catalog": plan.catalog_commit,
            "steps": plan.steps.iter().map(|step| json!({ "step": step.id.as_str(), "action": step.action })).collect::<Vec<_>>(),
        });
        engine.audit = Mutex::new(Some(self.entry(operator, "deploy.apply", format!("apply:{id}"), &detail)));
        let (begun, has_begun) = oneshot::channel();
        engine.begun = Mutex::new(Some(begun));
        let control = self.control(id.clone(), operator.name());
        let task = self
            .start(engine, control, move |engine, control| async move { apply(&plan, engine.ports(), &control).await });
        tokio::select! {
            biased;
            Ok(()) = has_begun => Ok(id),
            ended = task => match ended {
                Ok(Ok(_)) => Ok(id),
                Ok(Err(error)) => Err(error.into()),
                Err(error) => Err(ServiceError::defect("applying a plan", error).into()),
            },
        }
    }

    fn control(&self, id: ApplyId, actor: &str) -> Control {
        let settings = &self.0.home.settings;
        let run = self.0.world.token();
        Control {
            id,
            actor: actor.to_owned(),
            // Differs between runs, also of one process.
            owner: format!("{}/{}", settings.owner, run.get(..8).unwrap_or(&run)),
            cancel: Cancel::default(),
            pace: settings.pace,
        }
    }

    /// Runs an apply in a task of its own, with its events written down and its cancelling heard.
    fn start<F, Fut>(&self, mut engine: Engine, control: Control, run: F) -> JoinHandle<Result<ApplyReport, ApplyError>>
    where
        F: FnOnce(std::sync::Arc<Engine>, Control) -> Fut + Send + 'static,
        Fut: Future<Output = Result<ApplyReport, ApplyError>> + Send + 'static,
    {
        let (events, written) = mpsc::unbounded_channel();
        engine.events = Some(events);
        let deploy = self.clone();
        self.runs().insert(control.id.0.clone(), control.cancel.clone());
        tokio::spawn(async move {
            let id = control.id.0.clone();
            let cancel = control.cancel.clone();
            let writer = tokio::spawn(deploy.clone().write_down(written));
            let listener = tokio::spawn(deploy.clone().hear_cancelling(id.clone(), cancel));
            let engine = std::sync::Arc::new(engine);
            let report = run(engine, control).await;
            listener.abort();
            // The engine is gone, and with it the sender: the writer ends when it has written all.
            let _ = writer.await;
            deploy.runs().remove(&id);
            deploy.0.written.send_modify(|count| *count += 1);
            match &report {
                Ok(report) => tracing::info!(apply = id, verdict = ?report.verdict, "apply ended"),
                Err(error) => tracing::warn!(apply = id, %error, "apply did not run to its end"),
            }
            deploy.look_again().await;
            report
        })
    }

    /// Writes events into the journal, in order, until nobody sends any more.
    async fn write_down(self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            let Ok(body) = serde_json::to_string(&event) else { continue };
            let entry =
                NewEntry { apply: event.apply.0.clone(), kind: EntryKind::Event, step: None, body, at: event.at };
            if let Err(error) = self.0.store.append_entry(&entry, &[]).await {
                tracing::warn!(apply = %event.apply, %error, "an event was not written down");
            }
            self.0.written.send_modify(|count| *count += 1);
        }
    }

    /// Hears when somebody cancels this apply from another process.
    async fn hear_cancelling(self, id: String, cancel: Cancel) {
        loop {
            tokio::time::sleep(CANCEL_POLL).await;
            if matches!(self.0.store.apply_cancelled(&id).await, Ok(true)) {
                cancel.cancel();
                return;
            }
        }
    }

    /// After an apply the newest look is out of date.
    async fn look_again(&self) {
        if self.0.look.borrow().is_some() {
            // Its failure is kept and shown; the apply has ended all the same.
            let _ = self.look(&Operator::at_the_machine("drift")).await;
        }
    }

    /// Asks an apply to stop between steps, in whatever process it runs.
    ///
    /// # Errors
    /// `NotFound` when there is no such apply, `Conflict` when it has ended; `Forbidden` when it touches an environment that is
    /// not the deployer's.
    pub async fn cancel(&self, operator: &Deployer, id: &ApplyId) -> Result<(), DeployError> {
        let row = self.row(id).await?;
        operator.admit_plan(&summary(row.clone())?.plan)?;
        if row.state != ApplyState::Running {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                "This apply has ended: there is nothing left to cancel.",
            ));
        }
        self.0.store.cancel_apply(&id.0, self.0.world.now()).await?;
        if let Some(cancel) = self.runs().get(&id.0) {
            cancel.cancel();
        }
        self.record(operator, "deploy.cancel", format!("apply:{id}"), &json!({})).await
    }

    /// Has applies of this process stop between steps that were asked to in the database. Other processes hear of it there.
    pub(crate) fn stop_here(&self, applies: &[String]) {
        let runs = self.runs();
        applies.iter().filter_map(|id| runs.get(id)).for_each(Cancel::cancel);
    }

    /// Applies, latest first: at most `limit`, those before `before` if given, of one environment if given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applies(
        &self,
        _: &Onlooker,
        environment: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ApplySummary>, DeployError> {
        let rows = self.0.store.applies(environment, before, limit.clamp(1, 200)).await?;
        rows.into_iter().map(summary).collect()
    }

    /// Applies under way, in this process or another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running(&self, _: &Onlooker) -> Result<Vec<ApplySummary>, DeployError> {
        self.0.store.unfinished_applies().await?.into_iter().map(summary).collect()
    }

    /// One apply with its journal.
    ///
    /// # Errors
    /// `NotFound` when there is no such apply.
    pub async fn apply_view(&self, _: &Onlooker, id: &ApplyId) -> Result<ApplyView, DeployError> {
        let row = self.row(id).await?;
        let mut view = ApplyView {
            summary: summary(row)?,
            intents: Vec::new(),
            receipts: Vec::new(),
            events: Vec::new(),
            entries: 0,
        };
        let mut receipts: BTreeMap<String, Receipt> = BTreeMap::new();
        for entry in self.0.store.entries_after(&id.0, 0).await? {
            view.entries = entry.seq;
            match entry.kind {
                EntryKind::Intent => view.intents.extend(read::<Intent>(&entry.body)),
                EntryKind::Event => view.events.extend(read::<Event>(&entry.body)),
                EntryKind::Receipt => {
                    if let Some(receipt) = read::<Receipt>(&entry.body) {
                        receipts.insert(receipt.step.as_str().to_owned(), receipt);
                    }
                }
            }
        }
        view.receipts = receipts.into_values().collect();
        Ok(view)
    }

    pub(super) async fn row(&self, id: &ApplyId) -> Result<ApplyRow, DeployError> {
        let row = self.0.store.apply(&id.0).await?;
        row.ok_or_else(|| DeployError::refused(ProblemCode::NotFound, format!("There is no apply {id}.")))
    }

    /// Takes up what was broken off, by whatever process, until there is nothing of the kind. For a front door that wants to
    /// apply and finds the way blocked.
    ///
    /// # Errors
    /// When the database or Portainer fails; when the process that began it may still be alive.
    pub async fn take_up(&self, id: &ApplyId) -> Result<(), DeployError> {
        let unfinished = reconcile::ports::Journal::unfinished(&self.0.memory).await?;
        let Some(one) = unfinished.into_iter().find(|one| one.record.id == *id) else { return Ok(()) };
        self.resume(one).await
    }

    async fn resume(&self, unfinished: Unfinished) -> Result<(), DeployError> {
        let engine = self.engine(Scope::Everything).await?;
        let id = unfinished.record.id.clone();
        let control = self.control(id, &unfinished.record.actor);
        let task = self.start(engine, control, move |engine, control| async move {
            resume(&unfinished, engine.ports(), &control).await
        });
        match task.await {
            Ok(Ok(_)) | Ok(Err(ApplyError::Ended { .. })) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(error) => Err(ServiceError::defect("taking up an apply", error).into()),
        }
    }

    /// Takes up what processes left unfinished that are no longer there: their locks lapse.
    pub(super) async fn run_takeovers(&self, stop: CancellationToken) {
        loop {
            self.take_over_all(&stop).await;
            tokio::select! {
                () = tokio::time::sleep(TAKEOVER_EVERY.min(self.0.home.settings.pace.lock_ttl)) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn take_over_all(&self, stop: &CancellationToken) {
        let unfinished = match reconcile::ports::Journal::unfinished(&self.0.memory).await {
            Ok(unfinished) => unfinished,
            Err(error) => {
                tracing::warn!(%error, "could not look for applies that were broken off");
                return;
            }
        };
        for one in unfinished {
            let id = one.record.id.clone();
            if stop.is_cancelled() || self.runs().contains_key(&id.0) || self.is_held(&one).await {
                continue;
            }
            tracing::info!(apply = %id, "taking up an apply that was broken off");
            let deploy = self.clone();
            // In a task of its own: another one may be taken up meanwhile.
            tokio::spawn(async move {
                if let Err(error) = deploy.resume(one).await {
                    tracing::warn!(apply = %id, error = super::problem(error).message, "could not take it up yet");
                }
            });
        }
    }

    /// Whether another process still holds a lock of this apply: then it lives, or its lock has not lapsed yet.
    async fn is_held(&self, unfinished: &Unfinished) -> bool {
        let now = self.0.world.now();
        let touched = |name: &String| unfinished.record.plan.steps.iter().any(|step| step.environment == *name);
        match self.0.store.locks(now).await {
            Ok(locks) => locks.iter().any(|lock| touched(&lock.environment) && lock.expires_at > now),
            Err(_) => true,
        }
    }

    /// How long a broken off apply may have to wait for its dead owner's lock.
    #[must_use]
    pub fn lock_patience(&self) -> Millis {
        millis(self.0.home.settings.pace.lock_ttl)
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Option<T> {
    match serde_json::from_str(body) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(%error, "an entry of a journal can't be read; a newer version may have written it");
            None
        }
    }
}

fn summary(row: ApplyRow) -> Result<ApplySummary, DeployError> {
    let record: ApplyRecord =
        serde_json::from_str(&row.record).map_err(|error| ServiceError::defect("reading an apply's record", error))?;
    Ok(ApplySummary {
        id: ApplyId(row.id),
        actor: row.actor,
        state: row.state,
        began_at: row.began_at,
        ended_at: row.ended_at,
        plan: record.plan,
    })
}
