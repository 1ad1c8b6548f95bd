//! What is done for a guest beyond the request that began it: Portainer may need a minute for a host that is silent, longer than a
//! browser's form is let wait.

use std::{sync::PoisonError, time::Duration};

use tokio::time::timeout;
use types::{Millis, Problem, ProblemCode};

use super::{Bound, CreateEvent, Diagnosis, DiagnosisStep, target::find_guest};
use crate::deploy::{Deploy, DeployError, Operator, problem};

/// How long whoever asks waits for the end. Most diagnoses take a second.
const PATIENCE: Duration = Duration::from_secs(12);

/// What is done for a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkAct {
    /// The way to it is diagnosed.
    Test,
    /// It is looked for, diagnosed and bound: [`Deploy::create`].
    Bind,
    /// It is bound to the catalog's address, wherever it was: [`Deploy::bind`].
    Rebind,
}

/// An act on a guest, under way or over.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The guest's name.
    pub guest: String,
    /// What is done.
    pub act: WalkAct,
    /// When it began.
    pub began_at: Millis,
    /// The steps of the diagnosis, as far as it came.
    pub steps: Vec<DiagnosisStep>,
    /// How it ended; none while it is under way.
    pub end: Option<WalkEnd>,
}

/// How an act on a guest ended.
#[derive(Clone, Debug, PartialEq)]
pub enum WalkEnd {
    /// With a diagnosis.
    Tested(Diagnosis),
    /// It is an environment.
    Bound(Bound),
    /// It was refused, or failed.
    Refused(Problem),
}

impl Walk {
    /// Keeps the latest outcome of each check.
    fn tell(&mut self, step: &DiagnosisStep) {
        match self.steps.iter_mut().find(|one| one.check == step.check) {
            Some(known) => *known = step.clone(),
            None => self.steps.push(step.clone()),
        }
    }
}

impl Deploy {
    /// Does something for a guest (by number, name or environment), and waits some seconds for the end. It goes on without whoever
    /// asked; see [`walk_of`](Self::walk_of). Asked for again while it is under way, it is not begun twice.
    ///
    /// # Errors
    /// `NotFound` when the catalog has no such guest; `Conflict` while something else is under way for it. How the act ended is part of the answer.
    pub async fn walk(&self, operator: &Operator, guest: &str, act: WalkAct) -> Result<Walk, DeployError> {
        let now = self.0.home.now().await?;
        let guest = find_guest(&now.reading, guest)?.name.clone();
        let began_at = self.0.world.now();
        let is_new = {
            let mut walks = self.walks();
            let running = walks.get(&guest).filter(|known| known.end.is_none());
            if running.is_some_and(|known| known.act != act) {
                let text = format!("Something else is under way for {guest}. Wait until it has ended, then try again.");
                return Err(DeployError::refused(ProblemCode::Conflict, text));
            }
            let is_new = running.is_none();
            if is_new {
                let walk = Walk { guest: guest.clone(), act, began_at, steps: Vec::new(), end: None };
                walks.insert(guest.clone(), walk);
            }
            is_new
        };
        if is_new {
            let (deploy, operator, guest) = (self.clone(), operator.clone(), guest.clone());
            let ended = tokio::spawn(async move {
                // A panic must not leave it under way for ever.
                let guard = EndsAlways { deploy: deploy.clone(), guest: guest.clone() };
                let end = deploy.go(&operator, &guest, act).await;
                if matches!(end, WalkEnd::Bound(_)) {
                    deploy.read_hosts().await;
                }
                deploy.note(&guest, |walk| walk.end = Some(end));
                drop(guard);
            });
            let _ = timeout(PATIENCE, ended).await;
        }
        self.walks().get(&guest).cloned().ok_or_else(|| unfinished(&guest))
    }

    /// The newest act on a guest, by the guest's name; none if none was begun in this process.
    #[must_use]
    pub fn walk_of(&self, _: &Operator, guest: &str) -> Option<Walk> {
        self.walks().get(guest).cloned()
    }

    async fn go(&self, operator: &Operator, guest: &str, act: WalkAct) -> WalkEnd {
        let told = |step: &DiagnosisStep| self.note(guest, |walk| walk.tell(step));
        let ended = match act {
            WalkAct::Test => self.test_connection(operator, guest, &told).await.map(WalkEnd::Tested),
            WalkAct::Bind => {
                let told = |event: &CreateEvent| {
                    if let CreateEvent::Step { step } = event {
                        told(step);
                    }
                };
                self.create(operator, guest, &told).await.map(|created| WalkEnd::Bound(created.bound))
            }
            WalkAct::Rebind => self.bind(operator, guest, true).await.map(WalkEnd::Bound),
        };
        ended.unwrap_or_else(|error| WalkEnd::Refused(problem(error)))
    }

    fn note(&self, guest: &str, change: impl FnOnce(&mut Walk)) {
        if let Some(walk) = self.walks().get_mut(guest) {
            change(walk);
        }
    }

    fn walks(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, Walk>> {
        self.0.environments.walks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unfinished(guest: &str) -> DeployError {
    let text = format!("What was done for {guest} broke off. Look at its connection, and try again.");
    DeployError::refused(types::ProblemCode::Internal, text)
}

struct EndsAlways {
    deploy: Deploy,
    guest: String,
}

impl Drop for EndsAlways {
    fn drop(&mut self) {
        let guest = &self.guest;
        self.deploy.note(guest, |walk| {
            if walk.end.is_none() {
                walk.end = Some(WalkEnd::Refused(problem(unfinished(guest))));
            }
        });
    }
}
