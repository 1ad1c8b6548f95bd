//! How open streams of this process hear that a session has ended.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::broadcast;
use types::{SessionPublicId, UserId};

/// Messages a slow listener may be behind; beyond, it asks the database.
const BACKLOG: usize = 256;
/// Ended sessions remembered for streams that are just starting.
const REMEMBERED: usize = 256;

/// Sessions have ended: one of a person's, or all (but one).
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) user: UserId,
    pub(super) session: Option<SessionPublicId>,
    pub(super) except: Option<SessionPublicId>,
}

impl Ended {
    fn concerns(&self, user: UserId, session: SessionPublicId) -> bool {
        self.user == user
            && self.session.is_none_or(|ended| ended == session)
            && self.except.is_none_or(|kept| kept != session)
    }
}

/// Spreads the news within this process.
pub(super) struct Hub {
    sender: broadcast::Sender<Ended>,
    /// Closes the gap between "the request's session was alive" and "its stream listens".
    recent: Mutex<VecDeque<Ended>>,
}

impl Hub {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, recent: Mutex::default() }
    }

    pub(super) fn publish(&self, ended: Ended) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(REMEMBERED - 1);
        recent.push_front(ended);
        // Fails only when nobody listens.
        let _ = self.sender.send(ended);
    }

    /// Listens from now on, and also to what was said lately.
    pub(super) fn watch(&self, user: UserId, session: SessionPublicId) -> Watch {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        Watch {
            user,
            session,
            receiver: self.sender.subscribe(),
            pending: recent.iter().any(|ended| ended.concerns(user, session)),
        }
    }
}

/// One session's ear.
pub(super) struct Watch {
    user: UserId,
    session: SessionPublicId,
    receiver: broadcast::Receiver<Ended>,
    pending: bool,
}

impl Watch {
    /// Resolves when this session may have ended: something was said about it, or messages were missed.
    pub(super) async fn heard(&mut self) {
        if std::mem::take(&mut self.pending) {
            return;
        }
        loop {
            match self.receiver.recv().await {
                Ok(ended) if ended.concerns(self.user, self.session) => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The hub is gone, and with it whoever could end a session: the process is going down.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
