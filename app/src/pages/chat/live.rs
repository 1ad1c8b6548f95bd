//! An answer on the page while it grows. What is settled is rendered once; only the last block is rendered again, at most once
//! per frame.

use std::{cell::RefCell, rc::Rc};

use serde::{Deserialize, Serialize};
use types::{GenerationEvent, GenerationId, MessageId};

use crate::{
    browser::{self, Element, dom},
    markdown,
};

/// An answer that was being written when the page was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Its generation.
    pub generation: GenerationId,
    /// Its message.
    pub message: MessageId,
    /// The number of the last piece in `text`.
    pub last_piece: u64,
    /// The text so far.
    pub text: String,
}

/// The messages of the page.
pub(super) fn messages() -> Option<Element> {
    dom::by_id("messages")
}

/// The box in which the messages scroll.
pub(super) fn scroller() -> Option<Element> {
    dom::by_id("thread")
}

/// A message on the page.
pub(super) fn message(id: MessageId) -> Option<Element> {
    dom::by_id(&format!("m-{id}"))
}

/// A person's message and the answer to come, shown before the server knows of them.
pub(super) struct Pair {
    pub(super) prompt: Element,
    pub(super) answer: Element,
}

impl Pair {
    /// Shows both at the end.
    pub(super) fn show(text: &str) -> Option<Self> {
        let messages = messages()?;
        let prompt = dom::append_blank(&messages, "blank-user")?;
        if let Some(place) = dom::find(&prompt, ".message-text") {
            dom::set_text(&place, text);
        }
        let answer = dom::append_blank(&messages, "blank-answer")?;
        if let Some(scroller) = scroller() {
            dom::to_end(&scroller);
        }
        Some(Self { prompt, answer })
    }

    /// Takes both away: it was not sent.
    pub(super) fn remove(&self) {
        self.prompt.remove();
        self.answer.remove();
    }
}

/// An answer that grows. Clones are the same answer.
#[derive(Clone)]
pub(super) struct Growing(Rc<RefCell<State>>);

struct State {
    prose: Element,
    text: String,
    /// Bytes of `text` whose blocks are on the page for good.
    settled: usize,
    /// Children of `prose` that are those blocks.
    settled_children: u32,
    /// Whether a frame has been asked for.
    waiting: bool,
    /// When the last rendering ended and how long it took, in milliseconds.
    last: (f64, f64),
}

impl Growing {
    /// An answer in its article, with the text so far.
    pub(super) fn new(article: &Element, text: String) -> Option<Self> {
        let prose = dom::find(article, ".prose")?;
        let waiting = false;
        Some(Self(Rc::new(RefCell::new(State {
            prose,
            text,
            settled: 0,
            settled_children: 0,
            waiting,
            last: (0.0, 0.0),
        }))))
    }

    /// Takes in what the stream says, and shows it with the next frame.
    pub(super) fn take(&self, event: GenerationEvent) {
        match event {
            GenerationEvent::Piece { text, .. } => self.0.borrow_mut().text.push_str(&text),
            GenerationEvent::Snapshot { text, .. } => {
                let mut state = self.0.borrow_mut();
                (state.text, state.settled, state.settled_children) = (text, 0, 0);
            }
            GenerationEvent::Open { .. } | GenerationEvent::End { .. } => return,
        }
        self.ask_for_frame();
    }

    fn ask_for_frame(&self) {
        let mut state = self.0.borrow_mut();
        if !state.waiting {
            state.waiting = true;
            let answer = self.clone();
            browser::on_frame(move || answer.frame());
        }
    }

    /// Renders, unless the last rendering was so slow that the page would stutter: then a later frame does it.
    fn frame(&self) {
        let (now, (ended, took)) = (browser::clock(), self.0.borrow().last);
        self.0.borrow_mut().waiting = false;
        if now - ended < took * 3.0 {
            return self.ask_for_frame();
        }
        self.render();
        self.0.borrow_mut().last = (browser::clock(), browser::clock() - now);
    }

    fn render(&self) {
        let state = &mut *self.0.borrow_mut();
        let mut change = || {
            dom::truncate(&state.prose, state.settled_children);
            let more = markdown::settled(&state.text[state.settled..]);
            if more > 0 {
                let end = state.settled + more;
                dom::append_html(&state.prose, &markdown::to_html(&state.text[state.settled..end]));
                state.settled = end;
                state.settled_children = dom::child_count(&state.prose);
            }
            dom::append_html(&state.prose, &markdown::to_html(&state.text[state.settled..]));
        };
        match scroller() {
            Some(scroller) => dom::keeping_place(&scroller, change),
            None => change(),
        }
    }
}
