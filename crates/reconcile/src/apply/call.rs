//! One call: its intent before, and afterwards a look at what became of it. An answer is never believed, neither yes nor no.

use futures::future::BoxFuture;

use types::Millis;

use super::{
    by_hand::MadeByHand,
    session::{Payload, Session},
    settle::Settled,
};
use crate::{
    model::{Action, Call, DesiredStack, EventKind, FailureCause, Intent, Step},
    plan::{compare, may_be_made_of},
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
    pub(super) session: &'a Session<'a>,
    pub(super) step: &'a Step,
    sequence: u32,
    now: u32,
    /// When another process wrote its last intent.
    broke_off_at: Option<Millis>,
    pub(super) rolling_back: bool,
    pub(super) by_hand: MadeByHand,
}

/// How a call ended that may be made again.
enum Ending {
    Done,
    Again(FailureCause),
}

impl<'a> Caller<'a> {
    pub(super) fn new(session: &'a Session<'a>, step: &'a Step, begun: &[Intent]) -> Self {
        let sequence = begun.iter().map(|intent| intent.sequence + 1).max().unwrap_or(0);
        let broke_off_at = begun.last().map(|intent| intent.at);
        Self { session, step, sequence, now: 0, broke_off_at, rolling_back: false, by_hand: MadeByHand::Nothing }
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
        if !matches!(call, Call::Pull { .. }) {
            let since = self.broke_off_at.unwrap_or_else(|| self.session.ports.clock.now());
            match self.settle(call, wanted, since).await {
                Settled::Shows => return Ok(()),
                Settled::Nothing => {}
                Settled::InDoubt => {
                    let detail = "the process that made it is gone".to_owned();
                    return Err(FailureCause::OutcomeUnknown { call: call.clone(), detail });
                }
            }
        }
        match self.once(call, wanted, payload).await? {
            Ending::Done => Ok(()),
            Ending::Again(cause) => Err(cause),
        }
    }

    /// Makes a call. If it breaks off without an answer and nothing shows for as long as a server may work on it, it is made
    /// once more; but never a create: whatever never reached the server was refused as unavailable, so that this one most
    /// likely did, and a second beside it makes two rows.
    pub(super) async fn make(
        &mut self,
        call: &Call,
        wanted: Option<&DesiredStack>,
        payload: Option<&Payload>,
    ) -> Result<(), FailureCause> {
        self.now += 1;
        match self.once(call, wanted, payload).await? {
            Ending::Done => Ok(()),
            Ending::Again(cause) if *call == Call::Create => Err(cause),
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
                    let detail = self.session.redactor.clean(&detail);
                    let cause = FailureCause::OutcomeUnknown { call: call.clone(), detail };
                    if matches!(call, Call::Pull { .. }) {
                        return Ok(Ending::Again(cause));
                    }
                    // A server may be at it from now on at the latest.
                    return match self.settle(call, wanted, self.session.ports.clock.now()).await {
                        Settled::Shows => Ok(Ending::Done),
                        Settled::Nothing => Ok(Ending::Again(cause)),
                        Settled::InDoubt => Err(cause),
                    };
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
        // A server may say no to what it did: what is there counts. But only a deploy that failed may have made a row; after any
        // other refusal of a create, what carries the name is another's.
        let decides = match call {
            Call::Pull { .. } => false,
            Call::Create => refusal.kind == RefusalKind::Deploy,
            _ => true,
        };
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
        let written = session.ports.journal.intent(&intent, session.leases.held()).await;
        written.map_err(|error| FailureCause::Journal { detail: error.detail })?;
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

    /// Looks whether the effect of a call shows.
    async fn is_seen(&self, call: &Call, wanted: Option<&DesiredStack>) -> bool {
        let Ok(view) = self.session.look(self.step, wanted).await else { return false };
        self.has_effect(call, wanted, &view)
    }

    /// Whether this is a deploy that changes no setting.
    fn redeploys(&self) -> bool {
        matches!(self.step.action, Action::Redeploy { .. }) && !self.rolling_back
    }

    /// Whether the effect of a call shows.
    pub(super) fn has_effect(&self, call: &Call, wanted: Option<&DesiredStack>, view: &StackView) -> bool {
        let now = self.session.ports.clock.now();
        let by_id = |id: i64| view.rows.iter().find(|row| row.id == id);
        match call {
            Call::Pull { .. } => false,
            // A row of the name that is not as it was sent is another's.
            Call::Create => wanted.is_some_and(|wanted| view.rows.iter().any(|row| may_be_made_of(wanted, row, now))),
            Call::Associate { id } => by_id(*id).is_some(),
            Call::Remove { id, .. } => by_id(*id).is_none(),
            Call::Configure { id } => {
                by_id(*id).zip(wanted).is_some_and(|(row, wanted)| compare(wanted, row, None, now).row_is_right())
            }
            Call::Update { id } => by_id(*id).zip(wanted).is_some_and(|(row, wanted)| {
                let found = compare(wanted, row, None, now);
                // A deploy that changes no setting leaves no trace but its containers.
                let traceless = self.redeploys();
                found.recreate.is_empty()
                    && found.update.is_empty()
                    && !(traceless && (!found.redeploy.is_empty() || self.by_hand.still_runs(row)))
            }),
        }
    }
}
