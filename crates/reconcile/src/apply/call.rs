//! One call: its intent before, and afterwards a look at what became of it. An answer is never believed, neither yes nor no.

use futures::future::BoxFuture;

use super::session::{Payload, Session};
use crate::{
    model::{Action, Call, DesiredStack, EventKind, FailureCause, HandEdit, Intent, ObservedStack, Reason, Step},
    plan::compare,
    ports::{Associate, Configure, Create, Outcome, PullImages, Refusal, RefusalKind, Remove, StackView, Update},
};

impl Refusal {
    /// Whether the stack to be created found its name taken: what carries it is somebody else's.
    pub(super) fn takes_name(&self, call: &Call) -> bool {
        *call == Call::Create && self.kind == RefusalKind::Conflict
    }
}

/// Makes the calls of one step.
pub(super) struct Caller<'a> {
    session: &'a Session<'a>,
    step: &'a Step,
    sequence: u32,
    now: u32,
    pub(super) rolling_back: bool,
}

/// How a call ended that may be made again.
enum Ending {
    Done,
    Again(FailureCause),
}

impl<'a> Caller<'a> {
    pub(super) fn new(session: &'a Session<'a>, step: &'a Step, begun: &[Intent]) -> Self {
        let sequence = begun.iter().map(|intent| intent.sequence + 1).max().unwrap_or(0);
        Self { session, step, sequence, now: 0, rolling_back: false }
    }

    /// Calls of this step so far, by any process.
    pub(super) fn made(&self) -> u32 {
        self.sequence
    }

    /// Calls taken up or made by this process.
    pub(super) fn made_now(&self) -> u32 {
        self.now
    }

    /// Goes on with a call of which only the intent is known. It may never have been made, may be under way, or done.
    pub(super) async fn take_up(
        &mut self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        payload: Option<&Payload>,
    ) -> Result<(), FailureCause> {
        self.now += 1;
        // Images may be pulled any number of times.
        if !matches!(call, Call::Pull { .. }) && self.shows_in_time(call, wanted).await {
            return Ok(());
        }
        match self.once(call, wanted, payload).await? {
            Ending::Done => Ok(()),
            Ending::Again(cause) => Err(cause),
        }
    }

    /// Makes a call. If it breaks off without an answer and nothing shows for as long as a server may work on it, it is made
    /// once more.
    pub(super) async fn make(
        &mut self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        payload: Option<&Payload>,
    ) -> Result<(), FailureCause> {
        self.now += 1;
        match self.once(call, wanted, payload).await? {
            Ending::Done => Ok(()),
            Ending::Again(_) => match self.once(call, wanted, payload).await? {
                Ending::Done => Ok(()),
                Ending::Again(cause) => Err(cause),
            },
        }
    }

    async fn once(
        &mut self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        payload: Option<&Payload>,
    ) -> Result<Ending, FailureCause> {
        let pace = self.session.control.pace;
        let mut wait = pace.retry_after;
        let mut tries = 0;
        loop {
            match self.send(call, wanted, payload).await? {
                Outcome::Done => return Ok(Ending::Done),
                Outcome::Refused(refusal) if refusal.kind == RefusalKind::Unavailable && tries < pace.retries => {
                    tries += 1;
                    self.session.ports.clock.sleep(wait).await;
                    wait = wait.saturating_mul(2);
                }
                Outcome::Refused(refusal) => return self.refused(call, wanted, refusal).await,
                Outcome::Unknown { detail } => {
                    let step = self.step.id.clone();
                    self.session.emit(EventKind::OutcomeUnknown { step, call: call.clone() });
                    let shows = !matches!(call, Call::Pull { .. }) && self.shows_in_time(call, wanted).await;
                    return Ok(if shows {
                        Ending::Done
                    } else {
                        let detail = self.session.redactor.clean(&detail);
                        Ending::Again(FailureCause::OutcomeUnknown { call: call.clone(), detail })
                    });
                }
            }
        }
    }

    async fn refused(
        &self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        mut refusal: Refusal,
    ) -> Result<Ending, FailureCause> {
        // This server can't pull by itself: the deploy does.
        if matches!(call, Call::Pull { .. }) && refusal.kind == RefusalKind::Unsupported {
            return Ok(Ending::Done);
        }
        // A server may say no to what it did: what is there counts. But a name that is taken is another's.
        let decides = !matches!(call, Call::Pull { .. }) && !refusal.takes_name(call);
        if decides && self.is_seen(call, wanted).await {
            return Ok(Ending::Done);
        }
        refusal.message = self.session.redactor.clean(&refusal.message);
        Err(FailureCause::Refused { call: call.clone(), refusal })
    }

    /// Writes the intent and makes the call.
    async fn send(
        &mut self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        payload: Option<&Payload>,
    ) -> Result<Outcome, FailureCause> {
        let session = self.session;
        if session.leases.are_lost() {
            return Err(FailureCause::LockLost);
        }
        let intent = Intent {
            apply: session.record.id.clone(),
            step: self.step.id.clone(),
            sequence: self.sequence,
            call: call.clone(),
            rolling_back: self.rolling_back,
            at: session.ports.clock.now(),
        };
        session.ports.journal.intent(&intent).await.map_err(|error| FailureCause::Journal { detail: error.detail })?;
        // Writing took time too.
        if session.leases.are_lost() {
            return Err(FailureCause::LockLost);
        }
        self.sequence += 1;
        session.emit(EventKind::Calling { step: self.step.id.clone(), call: call.clone() });
        Ok(self.request(call, wanted, payload).await)
    }

    fn request(&self, call: &Call, wanted: Option<&DesiredStack>, payload: Option<&Payload>) -> BoxFuture<'a, Outcome> {
        let target = self.session.ports.target;
        let environment = self.step.environment.clone();
        let name = self.step.stack.clone();
        let swarm = wanted.is_some_and(|wanted| wanted.swarm);
        match (call, payload) {
            (Call::Pull { images }, _) => target.pull_images(PullImages { environment, images: images.clone() }),
            (Call::Associate { id }, _) => target.associate(Associate { environment, id: *id, swarm }),
            (Call::Remove { id, name }, _) => target.remove(Remove { environment, id: *id, name: name.clone() }),
            (Call::Create, Some(Payload { source, variables })) => {
                target.create(Create { environment, name, source: source.clone(), variables: variables.clone(), swarm })
            }
            (Call::Update { id }, Some(Payload { source, variables })) => target.update(Update {
                environment,
                id: *id,
                name,
                source: source.clone(),
                variables: variables.clone(),
                swarm,
            }),
            (Call::Configure { id }, Some(Payload { source, variables })) => target.configure(Configure {
                environment,
                id: *id,
                source: source.clone(),
                variables: variables.clone(),
            }),
            // A removal alone has no payload, and it makes none of these calls.
            (Call::Create | Call::Update { .. } | Call::Configure { .. }, None) => {
                Box::pin(std::future::ready(Outcome::Refused(Refusal {
                    kind: RefusalKind::Invalid,
                    status: 0,
                    message: "the plan does not hold the stack to deploy".to_owned(),
                })))
            }
        }
    }

    /// Looks until the effect of a call shows, or until no server can still be working on it.
    async fn shows_in_time(&self, call: &Call, wanted: Option<&DesiredStack>) -> bool {
        let clock = self.session.ports.clock;
        let pace = self.session.control.pace;
        let patience = i64::try_from(pace.patience.as_millis()).unwrap_or(i64::MAX);
        let until = clock.now().saturating_add(patience);
        loop {
            if self.is_seen(call, wanted).await {
                return true;
            }
            if clock.now() >= until {
                return false;
            }
            clock.sleep(pace.poll).await;
        }
    }

    /// Looks whether the effect of a call shows.
    async fn is_seen(&self, call: &Call, wanted: Option<&DesiredStack>) -> bool {
        let Ok(view) = self.session.look(self.step, wanted).await else { return false };
        self.shows(call, wanted, &view) && !self.is_still_made_by_hand(call, wanted, &view).await
    }

    /// Whether containers that were made again by hand still run. Nothing but what was applied last tells them apart, so that
    /// without it they count as running.
    async fn is_still_made_by_hand(&self, call: &Call, wanted: Option<&DesiredStack>, view: &StackView) -> bool {
        let by_hand = |reason: &Reason| matches!(reason, Reason::EditedByHand { what: HandEdit::Container(_) });
        let Call::Update { id } = call else { return false };
        if !self.redeploys() || !self.step.reasons.iter().any(by_hand) {
            return false;
        }
        let newest = self.session.ports.journal.newest_revisions(&self.step.environment).await.unwrap_or_default();
        let applied = newest.into_iter().find(|one| one.stack == self.step.stack).map(|one| one.applied());
        let row = view.rows.iter().find(|row| row.id == *id);
        let now = self.session.ports.clock.now();
        match (applied, row, wanted) {
            (Some(applied), Some(row), Some(wanted)) => !compare(wanted, row, Some(&applied), now).redeploy.is_empty(),
            _ => true,
        }
    }

    /// Whether this is a deploy that changes no setting.
    fn redeploys(&self) -> bool {
        matches!(self.step.action, Action::Redeploy { .. }) && !self.rolling_back
    }

    /// Whether the effect of a call shows.
    fn shows(&self, call: &Call, wanted: Option<&DesiredStack>, view: &StackView) -> bool {
        let now = self.session.ports.clock.now();
        let own = |row: &&ObservedStack| row.name == self.step.stack;
        let by_id = |id: i64| view.rows.iter().find(|row| row.id == id);
        match call {
            Call::Pull { .. } => false,
            Call::Create => view.rows.iter().any(|row| own(&row)),
            Call::Associate { id } => by_id(*id).is_some(),
            Call::Remove { id, .. } => by_id(*id).is_none(),
            Call::Configure { id } => {
                by_id(*id).zip(wanted).is_some_and(|(row, wanted)| compare(wanted, row, None, now).row_is_right())
            }
            Call::Update { id } => by_id(*id).zip(wanted).is_some_and(|(row, wanted)| {
                let found = compare(wanted, row, None, now);
                // A deploy that changes no setting leaves no trace but its containers.
                found.recreate.is_empty() && found.update.is_empty() && (!self.redeploys() || found.redeploy.is_empty())
            }),
        }
    }
}
