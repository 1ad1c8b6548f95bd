//! One generation while it is in memory: its text, where its pieces end, and who waits for more.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use types::{ConversationId, GenerationId, GenerationState, MessageId, Usage, UserId};

use super::{hub::Place, reading::Reading};

/// The longest answer that is kept, in bytes. A model that never stops must not fill the memory.
pub(super) const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// How much text a watcher gets at once, in bytes: up to the last piece that ends within it, and one piece at least. Many
/// who come late to a long answer then cost this much each, and not the answer each.
pub(super) const AT_ONCE: usize = 64 * 1024;

/// Who and what a generation is for.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: GenerationId,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    pub(super) user: UserId,
    /// Whether this is a conversation's first answer, after which a title is asked for.
    pub(super) first_exchange: bool,
}

/// Why a generation was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The person stopped it or deleted its conversation.
    Person,
    /// This server is going down.
    Shutdown,
}

/// How a generation ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ending {
    pub(super) state: GenerationState,
    pub(super) error: Option<String>,
}

/// Everything the store is told when a generation has ended.
pub(super) struct Final {
    pub(super) ending: Ending,
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) first_token: Option<Duration>,
    pub(super) duration: Duration,
    pub(super) last_piece: u64,
    /// Pieces that arrived in this generation.
    pub(super) pieces: u64,
}

/// What a late or early watcher gets for "after N".
#[derive(Debug, PartialEq)]
pub(super) enum After {
    /// N is the end of what there is.
    Nothing,
    /// Text that follows N, about [`AT_ONCE`] at most, and the number of its last piece.
    Text(u64, String),
    /// N is not one of this generation's piece ends: the text from its beginning instead, as far as the text that was there
    /// before or [`AT_ONCE`] reaches.
    Whole(u64, String),
}

struct Body {
    text: String,
    /// Byte offsets in `text` at which the pieces of this generation end, in order.
    ends: Vec<u32>,
    /// How many of `ends` are in the store.
    flushed: usize,
    /// Up to how many of `ends` the last write reached that is not known to have succeeded. It is repeated as it was: if
    /// it did succeed and only its answer was lost, a longer one would put text in twice.
    tried: usize,
    usage: Option<Usage>,
    first_token: Option<Duration>,
    ending: Option<(Ending, Instant)>,
    cause: Option<Cause>,
    stored: bool,
    place: Option<Place>,
    /// Whether the readers were told that nothing follows.
    announced: bool,
    /// Readers that wait for more.
    waiting: Vec<Waker>,
}

impl Body {
    /// The length of the text with `count` pieces of this generation.
    fn end_of(&self, count: usize, base_len: usize) -> usize {
        count.checked_sub(1).and_then(|index| self.ends.get(index)).map_or(base_len, |end| *end as usize)
    }

    /// How many pieces end at most [`AT_ONCE`] behind a place in the text.
    fn reach(&self, from: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= from + AT_ONCE)
    }
}

/// Wakes who waits for more, when the text is not locked any more. There is mostly one.
fn wake(mut body: MutexGuard<'_, Body>) {
    let one = body.waiting.pop();
    let others = if body.waiting.is_empty() { Vec::new() } else { std::mem::take(&mut body.waiting) };
    drop(body);
    one.into_iter().chain(others).for_each(Waker::wake);
}

/// One generation in memory.
pub(super) struct Live {
    pub(super) subject: Subject,
    /// Number of the last piece that was there before this generation: 0, or where an interrupted answer ended.
    base: u64,
    /// The length of the text that was there before.
    base_len: usize,
    started: Instant,
    body: Mutex<Body>,
    /// Where the text comes from.
    pub(super) reading: Reading,
    called_off: CancellationToken,
}

impl Live {
    /// A generation that continues `text`, whose last piece is `base`; a new one starts with no text and 0.
    pub(super) fn new(subject: Subject, text: String, base: u64, place: Option<Place>) -> Arc<Self> {
        Arc::new(Self {
            subject,
            base,
            base_len: text.len(),
            started: Instant::now(),
            body: Mutex::new(Body {
                text,
                ends: Vec::new(),
                flushed: 0,
                tried: 0,
                usage: None,
                first_token: None,
                ending: None,
                cause: None,
                stored: false,
                place,
                announced: false,
                waiting: Vec::new(),
            }),
            reading: Reading::new(),
            called_off: CancellationToken::new(),
        })
    }

    fn body(&self) -> MutexGuard<'_, Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one piece and wakes the watchers. `false` when the answer has grown past [`MAX_ANSWER`]; the piece is
    /// not kept then. NUL is left out, because PostgreSQL can't hold it in a text.
    pub(super) fn push(&self, piece: &str) -> bool {
        if piece.is_empty() {
            return true;
        }
        let mut body = self.body();
        let len = body.text.len() + piece.len();
        let Some(end) = u32::try_from(len).ok().filter(|_| len <= MAX_ANSWER) else { return false };
        let end = if piece.contains('\0') {
            let clean = piece.replace('\0', "");
            body.text.push_str(&clean);
            u32::try_from(body.text.len()).unwrap_or(end)
        } else {
            body.text.push_str(piece);
            end
        };
        body.ends.push(end);
        if body.first_token.is_none() {
            body.first_token = Some(self.started.elapsed());
        }
        wake(body);
        true
    }

    /// Notes the upstream's token counts.
    pub(super) fn set_usage(&self, usage: Usage) {
        self.body().usage = Some(usage);
    }

    /// Whether any text has arrived in this generation.
    pub(super) fn has_new_text(&self) -> bool {
        !self.body().ends.is_empty()
    }

    /// Calls the generation off. The first cause counts.
    pub(super) fn call_off(&self, cause: Cause) {
        self.body().cause.get_or_insert(cause);
        self.called_off.cancel();
    }

    /// Resolves when the generation is called off.
    pub(super) async fn called_off(&self) -> Cause {
        self.called_off.cancelled().await;
        self.body().cause.unwrap_or(Cause::Shutdown)
    }

    /// Ends the text. The first ending counts. The watchers hear of it through [`Live::announce`].
    pub(super) fn close(&self, ending: Ending) {
        self.body().ending.get_or_insert((ending, Instant::now()));
    }

    /// The ending, once the upstream is done with.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.body().ending.as_ref().map(|(ending, _)| ending.clone())
    }

    /// How long ago the text ended.
    pub(super) fn ended_for(&self) -> Option<Duration> {
        self.body().ending.as_ref().map(|(_, at)| at.elapsed())
    }

    /// Tells the watchers that nothing follows.
    pub(super) fn announce(&self) {
        let mut body = self.body();
        body.announced = true;
        wake(body);
    }

    /// What the store is told at the end, once there is an ending that it has not got.
    pub(super) fn unstored(&self) -> Option<Final> {
        let body = self.body();
        let (ending, at) = body.ending.as_ref().filter(|_| !body.stored)?;
        Some(Final {
            ending: ending.clone(),
            text: body.text.clone(),
            usage: body.usage,
            first_token: body.first_token,
            duration: at.duration_since(self.started),
            last_piece: self.base + body.ends.len() as u64,
            pieces: body.ends.len() as u64,
        })
    }

    /// Notes that the store has the whole: the conversation is free for the next answer. `false` if it was noted before.
    pub(super) fn set_stored(&self) -> bool {
        let (first, place) = {
            let mut body = self.body();
            (!std::mem::replace(&mut body.stored, true), body.place.take())
        };
        drop(place);
        first
    }

    /// Whether the store has the whole.
    pub(super) fn is_stored(&self) -> bool {
        self.body().stored
    }

    /// The pieces the store has not got, as one text with the number of the last; the same again until
    /// [`Live::set_flushed`]. Nothing once the generation has ended, because the end writes the whole.
    pub(super) fn unflushed(&self) -> Option<(u64, String)> {
        let mut body = self.body();
        if body.ending.is_some() || body.flushed == body.ends.len() {
            return None;
        }
        if body.tried == body.flushed {
            body.tried = body.ends.len();
        }
        let (from, to) = (body.end_of(body.flushed, self.base_len), body.end_of(body.tried, self.base_len));
        let text = body.text[from..to].to_owned();
        Some((self.base + body.tried as u64, text))
    }

    /// Notes that the store has what [`Live::unflushed`] gave last.
    pub(super) fn set_flushed(&self) {
        let mut body = self.body();
        body.flushed = body.tried;
    }

    /// As [`Live::after`], once there is something; none at the announced end. Whoever waits is woken by the next piece or by
    /// that end.
    pub(super) fn poll_after(&self, n: u64, cx: &Context<'_>) -> Poll<Option<After>> {
        let mut body = self.body();
        match self.text_after(&body, n) {
            After::Nothing if body.announced => Poll::Ready(None),
            After::Nothing => {
                if !body.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                    body.waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
            text => Poll::Ready(Some(text)),
        }
    }

    /// Whoever reads the upstream need not be woken by what it finds there.
    pub(super) fn wait_no_more(&self, cx: &Context<'_>) {
        self.body().waiting.retain(|waker| !waker.will_wake(cx.waker()));
    }

    /// How long the text is that [`Live::after`] gives at once for a number that is not ours, if `n` is one.
    pub(super) fn whole_size(&self, n: u64) -> Option<usize> {
        let last = self.base + self.body().ends.len() as u64;
        (!(self.base..=last).contains(&n)).then_some(self.base_len.max(AT_ONCE))
    }

    /// Text after piece `n`. Ask again with the number that comes back, until there is nothing.
    #[cfg(test)]
    pub(super) fn after(&self, n: u64) -> After {
        self.text_after(&self.body(), n)
    }

    fn text_after(&self, body: &Body, n: u64) -> After {
        let last = self.base + body.ends.len() as u64;
        if n == last {
            return After::Nothing;
        }
        let count = n.checked_sub(self.base).and_then(|count| usize::try_from(count).ok());
        match count.filter(|_| n < last) {
            Some(count) => {
                let from = body.end_of(count, self.base_len);
                let to = body.reach(from).max(count + 1);
                After::Text(self.base + to as u64, body.text[from..body.end_of(to, self.base_len)].to_owned())
            }
            None => {
                let to = body.reach(0);
                After::Whole(self.base + to as u64, body.text[..body.end_of(to, self.base_len)].to_owned())
            }
        }
    }

    /// The whole text, the number of its last piece and the ending, if there is one: for a page that is opened now.
    pub(super) fn snapshot(&self) -> (String, u64, Option<Ending>) {
        let body = self.body();
        let ending = body.ending.as_ref().map(|(ending, _)| ending.clone());
        (body.text.clone(), self.base + body.ends.len() as u64, ending)
    }
}

#[cfg(test)]
pub(super) mod tests;
