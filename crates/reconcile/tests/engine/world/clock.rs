//! Virtual time, and the executor that moves it: when nothing can go on, time jumps to the next thing that happens.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_trait::async_trait;
use reconcile::ports::Clock;
use types::Millis;

use super::World;

pub(crate) struct Sleeper {
    id: u64,
    until: Millis,
    waker: Waker,
}

struct Sleep<'a> {
    world: &'a World,
    id: u64,
    until: Millis,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.world.lock();
        state.sleepers.retain(|one| one.id != self.id);
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.sleepers.push(Sleeper { id: self.id, until: self.until, waker: context.waker().clone() });
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.world.lock().sleepers.retain(|one| one.id != self.id);
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Millis {
        self.lock().now
    }

    async fn sleep(&self, duration: Duration) {
        let (id, until) = {
            let mut state = self.lock();
            state.next_sleeper += 1;
            (state.next_sleeper, state.now + i64::try_from(duration.as_millis()).unwrap())
        };
        Sleep { world: self, id, until }.await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl World {
    /// Runs to the end; none if the process was killed, which drops the future.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        let mut context = Context::from_waker(&waker);
        let limit = self.lock().now + 48 * 3600 * 1000;
        loop {
            flag.0.store(false, Ordering::SeqCst);
            let polled = future.as_mut().poll(&mut context);
            if self.lock().killed {
                return None;
            }
            if let Poll::Ready(value) = polled {
                return Some(value);
            }
            if !flag.0.load(Ordering::SeqCst) {
                self.jump();
            }
            assert!(self.lock().now < limit, "two days went by without an end");
        }
    }

    /// Lets time pass while nobody works.
    pub(crate) fn pass(&self, duration: Duration) {
        let mut state = self.lock();
        let until = state.now + i64::try_from(duration.as_millis()).unwrap();
        state.advance(until);
    }

    fn jump(&self) {
        let woken: Vec<Waker> = {
            let mut state = self.lock();
            let next = state.sleepers.iter().map(|one| one.until).chain(state.jobs.iter().map(|job| job.at)).min();
            let next = next.expect("nothing can go on and nothing will happen");
            state.advance(next);
            let now = state.now;
            state.sleepers.iter().filter(|one| one.until <= now).map(|one| one.waker.clone()).collect()
        };
        woken.into_iter().for_each(Waker::wake);
    }
}
