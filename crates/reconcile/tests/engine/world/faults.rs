//! Faults at a port call, and death.

use super::{State, World};

/// Strikes at the n-th port call from now, or the first after it that can take this kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A write never reaches the server; the caller gets no word.
    LostBefore,
    /// A write takes effect, a minute later; the caller gets no word.
    LostAfter,
    /// The server is too busy and does nothing.
    Busy,
    /// The server says no and does nothing.
    Refused,
    /// The deploy fails on the host.
    DeployFails,
    /// The server says no, but did it.
    RefusedButDone,
    /// The server says yes, but did nothing.
    DoneButNot,
    /// A read fails.
    ReadFails,
    /// The journal can't be written or read.
    JournalFails,
    /// The lock goes to another.
    LockLost,
    /// The vault fails.
    VaultFails,
}

impl FaultKind {
    pub(crate) const ALL: [Self; 11] = [
        Self::LostBefore,
        Self::LostAfter,
        Self::Busy,
        Self::Refused,
        Self::DeployFails,
        Self::RefusedButDone,
        Self::DoneButNot,
        Self::ReadFails,
        Self::JournalFails,
        Self::LockLost,
        Self::VaultFails,
    ];

    fn fits(self, port: &str) -> bool {
        match self {
            Self::ReadFails => port.starts_with("read"),
            Self::JournalFails => port.starts_with("journal"),
            Self::LockLost => port.starts_with("lock"),
            Self::VaultFails => port.starts_with("vault"),
            _ => port.starts_with("write"),
        }
    }
}

impl State {
    fn tick(&mut self) -> bool {
        self.ticks += 1;
        if self.kill_at.is_some_and(|at| self.ticks >= at) {
            self.killed = true;
        }
        if let Some((at, meddle, seed)) = self.meddle_at
            && self.ticks >= at
        {
            self.meddle_at = None;
            meddle(self, seed);
        }
        self.killed
    }
}

impl World {
    /// Before a port call: death, or the fault that strikes it.
    pub(crate) async fn enter(&self, port: &str) -> Option<FaultKind> {
        let (dead, fault) = {
            let mut state = self.lock();
            let dead = state.tick();
            let ticks = state.ticks;
            let fault = state.fault.filter(|fault| ticks >= fault.at && fault.kind.fits(port));
            if fault.is_some() {
                state.fault = None;
                state.faulted = Some(port.to_owned());
            }
            (dead, fault)
        };
        if dead {
            std::future::pending::<()>().await;
        }
        fault.map(|fault| fault.kind)
    }

    /// After a port call took effect, before the caller hears of it.
    pub(crate) async fn leave(&self) {
        let dead = self.lock().tick();
        if dead {
            std::future::pending::<()>().await;
        }
    }
}
