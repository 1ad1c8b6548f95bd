//! A model on strings: the test says what it answers and sees when its stream is dropped.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use async_trait::async_trait;
use futures::Stream;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use types::{Model, ServiceState, ServiceStatus};
use upstream::phoenix::{ChatDelta, ChatRequest, ChatStream, Inference, PhoenixError};

type Item = Result<ChatDelta, PhoenixError>;

/// One call that was made.
pub struct Call {
    pub request: ChatRequest,
    sender: mpsc::UnboundedSender<Item>,
    /// Cancelled when the caller drops the stream.
    pub dropped: CancellationToken,
}

impl Call {
    pub fn text(&self, text: &str) {
        self.item(Ok(ChatDelta::Text(text.into())));
    }

    pub fn item(&self, item: Item) {
        // The reader may be gone on purpose.
        let _ = self.sender.send(item);
    }

    pub fn finish(self) {
        self.item(Ok(ChatDelta::Finished { reason: Some("stop".into()) }));
    }

    /// Contents of the messages, with the first letter of the role.
    pub fn read(&self) -> Vec<String> {
        self.request
            .messages
            .iter()
            .map(|message| format!("{}:{}", &format!("{:?}", message.role)[..1], message.content))
            .collect()
    }
}

#[derive(Default)]
pub struct Puppet {
    calls: Mutex<VecDeque<Call>>,
    called: Notify,
    refuse: Mutex<Option<PhoenixError>>,
    title: Mutex<Option<String>>,
    pub titles_asked: AtomicUsize,
    listed: AtomicBool,
}

impl Puppet {
    /// The next call that was not looked at yet.
    pub async fn call(&self) -> Call {
        loop {
            let called = self.called.notified();
            if let Some(call) = self.calls.lock().unwrap().pop_front() {
                return call;
            }
            tokio::time::timeout(super::support::PATIENCE, called).await.expect("the model is called");
        }
    }

    pub fn refuse(&self, error: Option<PhoenixError>) {
        *self.refuse.lock().unwrap() = error;
    }

    /// What it answers when asked for a title.
    pub fn set_title(&self, title: &str) {
        *self.title.lock().unwrap() = Some(title.into());
    }
}

#[async_trait]
impl Inference for Puppet {
    async fn models(&self) -> Result<Vec<Model>, PhoenixError> {
        if let Some(error) = self.refuse.lock().unwrap().clone() {
            return Err(error);
        }
        self.listed.store(true, Ordering::SeqCst);
        Ok(self.last_models())
    }

    fn last_models(&self) -> Vec<Model> {
        if !self.listed.load(Ordering::SeqCst) {
            return Vec::new();
        }
        ["puppet", "other"].map(|id| Model { id: id.into(), context_tokens: None }).into()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, PhoenixError> {
        if let Some(error) = self.refuse.lock().unwrap().clone() {
            return Err(error);
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let dropped = CancellationToken::new();
        let stream = Strings { receiver, dropped: dropped.clone() };
        if request.messages[0].content.starts_with("Write a title") {
            self.titles_asked.fetch_add(1, Ordering::SeqCst);
            let title = self.title.lock().unwrap().clone().unwrap_or_default();
            sender.send(Ok(ChatDelta::Text(title))).unwrap();
            return Ok(Box::pin(stream));
        }
        self.calls.lock().unwrap().push_back(Call { request, sender, dropped });
        self.called.notify_one();
        Ok(Box::pin(stream))
    }

    fn status(&self) -> ServiceStatus {
        ServiceStatus { state: ServiceState::Up, observed_at: None, detail: None }
    }
}

struct Strings {
    receiver: mpsc::UnboundedReceiver<Item>,
    dropped: CancellationToken,
}

impl Stream for Strings {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.receiver.poll_recv(cx)
    }
}

impl Drop for Strings {
    fn drop(&mut self) {
        self.dropped.cancel();
    }
}
