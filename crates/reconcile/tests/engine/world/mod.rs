//! The simulated world. It implements every port of the engine.

mod catalog;
mod clock;
mod faults;
mod journal;
mod observe;
mod scenario;
mod server;
mod target;
mod truth;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use reconcile::{
    ApplyError, Cancel, Control, Pace, apply,
    model::*,
    observe as observe_all, plan,
    ports::{EventSink, Ports},
    resume,
};
use types::Millis;

pub(crate) use catalog::{SimImages, git, secret, service, stack, text_of};
pub(crate) use faults::{Fault, FaultKind};
pub(crate) use scenario::{Rng, scenario};
pub(crate) use server::{AutoPoll, Behaviour, Host, Job, LiveContainer, Row, RowSource};

pub(crate) const DEV: &str = "rumpledev";
pub(crate) const HOSTED: &str = "rumple";

/// The world. Clones share it.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

/// Changes the world, by a seed.
pub(crate) type Meddle = fn(&mut State, u64);

/// All that there is.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) now: Millis,
    pub(crate) sleepers: Vec<clock::Sleeper>,
    pub(crate) next_sleeper: u64,
    // The server and its hosts.
    pub(crate) version: String,
    pub(crate) generation: Generation,
    pub(crate) hosts: BTreeMap<String, Host>,
    pub(crate) orphans: Vec<Row>,
    pub(crate) next_row: i64,
    pub(crate) next_container: u64,
    pub(crate) jobs: Vec<Job>,
    pub(crate) next_job: u64,
    pub(crate) latency: Millis,
    /// Creates under way, to notice one made while another of the same name may still take effect.
    pub(crate) creating: Vec<(String, String)>,
    /// What must never happen, as it happened.
    pub(crate) violations: Vec<String>,
    /// Writing calls in order.
    pub(crate) writes: Vec<String>,
    // Git, registry and images.
    pub(crate) heads: BTreeMap<(String, String), String>,
    pub(crate) files: BTreeMap<String, Vec<ComposeService>>,
    pub(crate) registry: BTreeMap<String, String>,
    pub(crate) behaviours: BTreeMap<String, Behaviour>,
    // Catalog, vault, journal, locks.
    pub(crate) catalog: Desired,
    pub(crate) vault: BTreeMap<String, Vec<String>>,
    pub(crate) journal: journal::Book,
    pub(crate) locks: BTreeMap<String, journal::Held>,
    pub(crate) next_epoch: u64,
    // Faults.
    pub(crate) ticks: u64,
    pub(crate) kill_at: Option<u64>,
    pub(crate) killed: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) faulted: Option<String>,
    /// Changes the world just before the n-th port call.
    pub(crate) meddle_at: Option<(u64, Meddle, u64)>,
    pub(crate) runs: u64,
    /// Whether a stack really ran as the latest apply wants it, at the latest look at it.
    pub(crate) last_look: BTreeMap<StepId, Result<(), String>>,
}

impl World {
    pub(crate) fn new(generation: Generation) -> Self {
        let mut state = State { now: 1_790_000_000_000, generation, next_row: 1, latency: 500, ..State::default() };
        state.version = if generation == Generation::TakesDown { "2.23.0" } else { "2.45.0" }.to_owned();
        state.catalog.catalog_commit = "catalog-1".to_owned();
        for (id, name) in [(1, DEV), (2, HOSTED)] {
            state.hosts.insert(name.to_owned(), Host { id, up: true, ..Host::default() });
            state.catalog.environments.push(DesiredEnvironment { name: name.to_owned(), stacks: Vec::new() });
        }
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn ports(&self) -> Ports<'_> {
        Ports {
            target: self,
            catalog: self,
            journal: self,
            locks: self,
            secrets: self,
            clock: self,
            events: self,
            images: &SimImages,
        }
    }

    pub(crate) fn control(&self) -> Control {
        let mut state = self.lock();
        state.runs += 1;
        Control {
            id: ApplyId(format!("apply-{}", state.runs)),
            actor: "ada".to_owned(),
            owner: format!("process-{}", state.runs),
            cancel: Cancel::default(),
            pace: Pace { patience: Duration::from_secs(180), ..Pace::default() },
        }
    }

    /// Plans as a caller would. Faults do not strike here.
    pub(crate) fn plan(&self, options: &PlanOptions) -> Plan {
        let (fault, meddle) = {
            let mut state = self.lock();
            (state.fault.take(), state.meddle_at.take())
        };
        let ports = self.ports();
        let plan = self
            .run(async {
                let desired = ports.catalog.desired().await.unwrap();
                let observed = observe_all(&ports, &desired, &options.scope).await.unwrap();
                plan(&desired, &observed, options, ports.clock.now())
            })
            .expect("planning is not killed");
        let mut state = self.lock();
        (state.fault, state.meddle_at) = (fault, meddle);
        plan
    }

    /// Applies; none if the process died.
    pub(crate) fn apply(&self, plan: &Plan) -> Option<Result<ApplyReport, ApplyError>> {
        let control = self.control();
        self.run(apply(plan, self.ports(), &control))
    }

    /// Takes up what broke off, after the dead process's locks lapsed.
    pub(crate) fn resume_all(&self) -> Vec<Result<ApplyReport, ApplyError>> {
        {
            let mut state = self.lock();
            (state.killed, state.kill_at, state.fault) = (false, None, None);
            state.sleepers.clear();
        }
        self.pass(Duration::from_secs(61));
        let unfinished = self.lock().journal.unfinished();
        unfinished
            .iter()
            .map(|one| {
                let control = self.control();
                self.run(resume(one, self.ports(), &control)).expect("a resumed apply is not killed")
            })
            .collect()
    }

    /// Takes up what broke off, with a death on the way; whether it came to an end.
    pub(crate) fn resume_once(&self) -> bool {
        self.lock().sleepers.clear();
        self.pass(Duration::from_secs(61));
        let unfinished = self.lock().journal.unfinished();
        let Some(one) = unfinished.first() else { return true };
        let control = self.control();
        self.run(resume(one, self.ports(), &control)).is_some()
    }

    pub(crate) fn stack_mut(&self, environment: &str, name: &str, change: impl FnOnce(&mut DesiredStack)) {
        change(self.lock().catalog_stack(environment, name));
    }

    /// Adds a stack to the catalog on one environment.
    pub(crate) fn wish(&self, environment: &str, stack: DesiredStack) {
        let mut state = self.lock();
        let all = &mut state.catalog.environments;
        all.iter_mut().find(|one| one.name == environment).unwrap().stacks.push(stack);
    }

    /// Everything that was written down or told, as text.
    pub(crate) fn all_text(&self) -> String {
        let state = self.lock();
        serde_json::to_string(&state.journal).unwrap() + &format!("{:?}", state.journal)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().journal.events.clone()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// A plan, carried out to a good end.
    pub(crate) fn converge(&self) -> ApplyReport {
        let plan = self.plan(&PlanOptions::default());
        let report = self.apply(&plan).unwrap().unwrap();
        assert_eq!(report.verdict, ApplyVerdict::Succeeded, "{report:#?}");
        report
    }
}

impl EventSink for World {
    fn emit(&self, event: &Event) {
        self.lock().journal.events.push(event.clone());
    }
}

impl State {
    pub(crate) fn catalog_stack(&mut self, environment: &str, name: &str) -> &mut DesiredStack {
        let one = self.catalog.environments.iter_mut().find(|one| one.name == environment).unwrap();
        one.stacks.iter_mut().find(|stack| stack.name == name).unwrap()
    }
}
