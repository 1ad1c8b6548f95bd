//! All generations of this process: who is busy, who may begin, and where to find one to watch.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{sync::Notify, time::Duration};
use types::{ConversationId, GenerationId, UserId};

use super::live::Live;

/// How long an ended generation stays findable, for watchers that come late.
const LINGER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Busy {
    conversations: HashSet<ConversationId>,
    people: HashMap<UserId, usize>,
}

/// The right to write one answer in a conversation. Dropping it frees the conversation.
pub(super) struct Place {
    busy: Arc<Mutex<Busy>>,
    conversation: ConversationId,
    user: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut busy = lock(&self.busy);
        busy.conversations.remove(&self.conversation);
        if let Some(count) = busy.people.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                busy.people.remove(&self.user);
            }
        }
    }
}

/// Why a generation may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An answer is being written in this conversation.
    ConversationBusy,
    /// This person has as many answers under way as is allowed.
    PersonBusy,
    /// The server is going down.
    Closing,
}

/// The table of generations.
#[derive(Default)]
pub(super) struct Hub {
    lives: Mutex<HashMap<GenerationId, Arc<Live>>>,
    /// Those the store does not have whole: few, where `lives` also holds what ended in the last minute.
    open: Mutex<HashMap<GenerationId, Arc<Live>>>,
    busy: Arc<Mutex<Busy>>,
    closing: AtomicBool,
    /// Wakes the flusher: a generation has ended.
    pub(super) ended: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Takes a place in a conversation, at most `cap` per person at a time.
    pub(super) fn reserve(&self, conversation: ConversationId, user: UserId, cap: usize) -> Result<Place, Refusal> {
        if self.closing.load(Ordering::Acquire) {
            return Err(Refusal::Closing);
        }
        let mut busy = lock(&self.busy);
        if busy.conversations.contains(&conversation) {
            return Err(Refusal::ConversationBusy);
        }
        let count = busy.people.entry(user).or_default();
        if *count >= cap {
            return Err(Refusal::PersonBusy);
        }
        *count += 1;
        busy.conversations.insert(conversation);
        drop(busy);
        Ok(Place { busy: Arc::clone(&self.busy), conversation, user })
    }

    /// Makes a generation findable.
    pub(super) fn insert(&self, live: Arc<Live>) {
        lock(&self.open).insert(live.subject.id, Arc::clone(&live));
        lock(&self.lives).insert(live.subject.id, live);
    }

    /// Finds a generation of this process.
    pub(super) fn get(&self, id: GenerationId) -> Option<Arc<Live>> {
        lock(&self.lives).get(&id).cloned()
    }

    /// The generations of a conversation that have not ended.
    pub(super) fn running_in(&self, conversation: ConversationId) -> Vec<Arc<Live>> {
        self.select(|live| live.subject.conversation == conversation && live.ending().is_none())
    }

    /// The generations of a person that have not ended.
    pub(super) fn running_of(&self, user: UserId) -> Vec<Arc<Live>> {
        self.select(|live| live.subject.user == user && live.ending().is_none())
    }

    /// The generations that have not ended.
    pub(super) fn running(&self) -> Vec<Arc<Live>> {
        self.select(|live| live.ending().is_none())
    }

    /// The generations the store does not have whole.
    pub(super) fn unstored(&self) -> Vec<Arc<Live>> {
        self.select(|live| !live.is_stored())
    }

    /// The store has this one whole.
    pub(super) fn set_stored(&self, id: GenerationId) {
        lock(&self.open).remove(&id);
    }

    fn select(&self, wanted: impl Fn(&Live) -> bool) -> Vec<Arc<Live>> {
        lock(&self.open).values().filter(|live| wanted(live)).cloned().collect()
    }

    /// Forgets what ended a while ago and is stored.
    pub(super) fn sweep(&self) {
        lock(&self.lives).retain(|_, live| !live.is_stored() || live.ended_for().is_none_or(|age| age < LINGER));
    }

    /// Refuses new generations from now on.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::live::{Ending, tests::subject};
    use types::GenerationState;

    #[tokio::test(start_paused = true)]
    async fn an_ended_generation_lingers_for_late_watchers() {
        let hub = Hub::default();
        let live = Live::new(subject(1), String::new(), 0, None);
        hub.insert(Arc::clone(&live));
        live.close(Ending { state: GenerationState::Complete, error: None });
        tokio::time::advance(LINGER * 2).await;
        hub.sweep();
        assert!(hub.get(live.subject.id).is_some(), "not stored yet: never forgotten");
        live.set_stored();
        hub.set_stored(live.subject.id);
        assert!(hub.unstored().is_empty() && hub.get(live.subject.id).is_some());
        hub.sweep();
        assert!(hub.get(live.subject.id).is_none());
    }

    #[test]
    fn one_answer_per_conversation_and_a_cap_per_person() {
        let hub = Hub::default();
        let [one, two, three] = [1, 2, 3].map(|seed| ConversationId::from_parts(1, [seed; 10]));
        let user = UserId::from_parts(1, [1; 10]);
        let first = hub.reserve(one, user, 2).ok();
        assert_eq!(hub.reserve(one, user, 2).err(), Some(Refusal::ConversationBusy));
        let _second = hub.reserve(two, user, 2).ok();
        assert_eq!(hub.reserve(three, user, 2).err(), Some(Refusal::PersonBusy));
        drop(first);
        assert!(hub.reserve(one, user, 2).is_ok());
        hub.close();
        assert_eq!(hub.reserve(one, user, 2).err(), Some(Refusal::Closing));
    }
}
