//! The kinds of jobs this program knows, by name.

use std::{collections::BTreeMap, future::Future, pin::Pin, time::Duration};

use store::NewJob;

use super::{Job, JobError, Queue, maintenance::Maintenance};
use crate::{Context, ServiceError, chat::title::TitlePayload};

type NextRow = fn(&Queue, Pause) -> Result<NewJob, ServiceError>;
type Running = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A kind without its type.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) start: fn(Context, String) -> Running,
    /// For a recurring kind: the row of its next run after a pause.
    pub(super) next: Option<NextRow>,
}

/// When a recurring job runs next.
#[derive(Clone, Copy)]
pub(super) enum Pause {
    /// At once: the program has just started.
    None,
    /// After the kind's interval.
    Whole,
}

/// The registry.
#[derive(Clone)]
pub(super) struct Kinds(BTreeMap<&'static str, Kind>);

impl Kinds {
    /// All kinds of the product.
    pub(super) fn standard() -> Self {
        Self(BTreeMap::new()).with::<TitlePayload>().with_recurring::<Maintenance>()
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn with<J: Job>(mut self) -> Self {
        self.0.insert(J::NAME, Kind { name: J::NAME, start: start::<J>, next: None });
        self
    }

    pub(super) fn with_recurring<J: Job + Default>(mut self) -> Self {
        self.0.insert(J::NAME, Kind { name: J::NAME, start: start::<J>, next: Some(next::<J>) });
        self
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<Kind> {
        self.0.get(name).copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Kind> + '_ {
        self.0.values().copied()
    }
}

fn start<J: Job>(context: Context, payload: String) -> Running {
    Box::pin(async move {
        let job: J = serde_json::from_str(&payload)
            .map_err(|error| JobError::permanent(format!("the payload cannot be read: {error}")))?;
        job.run(&context).await
    })
}

fn next<J: Job + Default>(queue: &Queue, pause: Pause) -> Result<NewJob, ServiceError> {
    let wait = match pause {
        Pause::None => Duration::ZERO,
        Pause::Whole => J::EVERY.unwrap_or_default(),
    };
    queue.row_in(&J::default(), Some(J::NAME.into()), wait)
}
