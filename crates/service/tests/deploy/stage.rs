//! A stage for the engine: memory in a real database, a live side in this process, virtual time, and death at a chosen call.

use std::{
    pin::{Pin as Pinned, pin},
    sync::{Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use reconcile::{
    ApplyError, Cancel, Control, Pace, apply,
    model::*,
    observe, plan,
    ports::{Catalog, Clock, EventSink, Journal, Lease, Locks, LocksError, PortError, Ports, Secrets, SecretsError},
    resume,
    revisions::PinImages,
};
use service::{World, deploy::Memory};
use store::testing::TestDatabase;
use types::Millis;

use super::target::Live;

pub const T0: Millis = 1_790_000_000_000;

/// How long a lock lasts. Short, so that it is renewed many times while stacks settle.
pub const LOCK_TTL: Duration = Duration::from_secs(6);

/// The longest wait for one run, in real time.
const PATIENCE: Duration = Duration::from_secs(60);

/// When in a call to the database the process dies.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    Before,
    Amid,
    After,
}

pub struct Stage {
    pub memory: Memory,
    pub world: World,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub desired: Desired,
    pub live: Live,
    /// Calls to the database so far.
    pub calls: u64,
    pub dies: Option<(u64, Moment)>,
    pub dead: bool,
    pub events: Vec<Event>,
    runs: u32,
    /// Calls to the database under way: time stands still for them.
    in_flight: u32,
    sleepers: Vec<(u64, Millis, Waker)>,
    next_sleeper: u64,
}

impl Stage {
    pub async fn new(database: &TestDatabase) -> Self {
        let world = World::fixed(T0);
        let memory = Memory::new(database.store().await, world.clone());
        Self { memory, world, state: Mutex::default() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn ports(&self) -> Ports<'_> {
        Ports {
            target: self,
            catalog: self,
            journal: self,
            locks: self,
            secrets: self,
            clock: self,
            events: self,
            images: &AsWritten,
        }
    }

    fn control(&self) -> Control {
        let mut state = self.lock();
        state.runs += 1;
        Control {
            id: ApplyId(format!("{:032x}", state.runs)),
            actor: "ada".into(),
            owner: format!("run {}", state.runs),
            cancel: Cancel::default(),
            pace: Pace { lock_ttl: LOCK_TTL, patience: Duration::from_secs(30), ..Pace::default() },
        }
    }

    pub async fn plan(&self) -> Plan {
        let options = PlanOptions { prune: Prune::All, ..PlanOptions::default() };
        let ports = self.ports();
        let made = async {
            let desired = ports.catalog.desired().await.unwrap();
            let observed = observe(&ports, &desired, &options.scope).await.unwrap();
            plan(&desired, &observed, &options, ports.clock.now())
        };
        self.run(made).await.unwrap()
    }

    /// Applies; none if the process died.
    pub async fn apply(&self, plan: &Plan) -> Option<Result<ApplyReport, ApplyError>> {
        let control = self.control();
        self.run(apply(plan, self.ports(), &control)).await
    }

    /// Takes an apply up; none if the process died.
    pub async fn resume(&self, unfinished: &Unfinished) -> Option<Result<ApplyReport, ApplyError>> {
        let control = self.control();
        self.run(resume(unfinished, self.ports(), &control)).await
    }

    /// A new process.
    pub fn revive(&self) {
        let mut state = self.lock();
        (state.dead, state.dies) = (false, None);
    }

    /// Runs to the end, or to the death that drops it. Time jumps to the next sleeper when nothing else can go on.
    async fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let run = std::future::poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Some(value));
            }
            if self.lock().dead {
                return Poll::Ready(None);
            }
            self.jump();
            Poll::Pending
        });
        tokio::time::timeout(PATIENCE, run).await.expect("nothing goes on any more")
    }

    fn jump(&self) {
        let state = self.lock();
        if state.in_flight > 0 {
            return;
        }
        let Some(next) = state.sleepers.iter().map(|(_, until, _)| *until).min() else { return };
        self.world.advance(Duration::from_millis((next - self.world.now()).max(0).unsigned_abs()));
        let due: Vec<Waker> =
            state.sleepers.iter().filter(|(_, until, _)| *until <= next).map(|(_, _, waker)| waker.clone()).collect();
        drop(state);
        due.into_iter().for_each(Waker::wake);
    }

    /// A call to the database, or the death that strikes it.
    async fn database<T>(&self, call: impl Future<Output = T> + Send) -> T {
        let strikes = {
            let mut state = self.lock();
            state.calls += 1;
            state.dies.filter(|(at, _)| *at == state.calls).map(|(_, moment)| moment)
        };
        let _flight = Flight::new(self);
        match strikes {
            None => return call.await,
            Some(Moment::Before) => {}
            Some(Moment::Amid) => {
                // Set going, and dropped with everything else.
                let mut call = pin!(call);
                let _ = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
                return self.die().await;
            }
            Some(Moment::After) => drop(call.await),
        }
        self.die().await
    }

    async fn die<T>(&self) -> T {
        self.lock().dead = true;
        std::future::pending().await
    }
}

struct Flight<'a>(&'a Stage);

impl<'a> Flight<'a> {
    fn new(stage: &'a Stage) -> Self {
        stage.lock().in_flight += 1;
        Self(stage)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

struct Sleep<'a> {
    stage: &'a Stage,
    id: u64,
    until: Millis,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.stage.lock();
        state.sleepers.retain(|(id, _, _)| *id != self.id);
        if self.stage.world.now() >= self.until {
            return Poll::Ready(());
        }
        state.sleepers.push((self.id, self.until, context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.stage.lock().sleepers.retain(|(id, _, _)| *id != self.id);
    }
}

#[async_trait]
impl Clock for Stage {
    fn now(&self) -> Millis {
        self.world.now()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.world.now() + Millis::try_from(duration.as_millis()).unwrap();
        let id = {
            let mut state = self.lock();
            state.next_sleeper += 1;
            state.next_sleeper
        };
        Sleep { stage: self, id, until }.await;
    }
}

impl EventSink for Stage {
    fn emit(&self, event: &Event) {
        self.lock().events.push(event.clone());
    }
}

#[async_trait]
impl Secrets for Stage {
    async fn resolve(&self, _: &SecretRef) -> Result<secrecy::SecretString, SecretsError> {
        Err(SecretsError { detail: "there are none here".into() })
    }
}

#[async_trait]
impl Catalog for Stage {
    async fn desired(&self) -> Result<Desired, PortError> {
        let pins = self.database(self.memory.pins()).await?;
        Ok(self.lock().desired.clone().with_pins(&pins))
    }
}

#[async_trait]
impl Journal for Stage {
    async fn begin(&self, record: &ApplyRecord, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.begin(record, held)).await
    }

    async fn intent(&self, intent: &Intent, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.intent(intent, held)).await
    }

    async fn receipt(&self, receipt: &Receipt, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.receipt(receipt, held)).await
    }

    async fn end(&self, apply: &ApplyId, verdict: ApplyVerdict, at: Millis, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.end(apply, verdict, at, held)).await
    }

    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError> {
        self.database(self.memory.unfinished()).await
    }

    async fn keep_revision(&self, revision: &Revision, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.keep_revision(revision, held)).await
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError> {
        self.database(self.memory.revisions(stack)).await
    }

    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError> {
        self.database(self.memory.newest_revisions(environment)).await
    }

    async fn forget_applied(&self, stack: &StackRef, held: &[Lease]) -> Result<(), PortError> {
        self.database(self.memory.forget_applied(stack, held)).await
    }

    async fn set_pin(&self, stack: &StackRef, pin: Option<&Pin>) -> Result<(), PortError> {
        self.database(self.memory.set_pin(stack, pin)).await
    }
}

#[async_trait]
impl Locks for Stage {
    async fn acquire(&self, environment: &str, owner: &str, ttl: Duration) -> Result<Lease, LocksError> {
        self.database(self.memory.acquire(environment, owner, ttl)).await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), LocksError> {
        self.database(self.memory.renew(lease, ttl)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LocksError> {
        self.database(self.memory.release(lease)).await
    }
}

/// Texts of these tests name no digests.
struct AsWritten;

impl PinImages for AsWritten {
    fn pin_images(&self, text: &str, _services: &[ComposeService]) -> Result<String, String> {
        Ok(text.to_owned())
    }
}
