//! What the stories stand on: a place with a database, a model, a person, and readers.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use futures::{Stream, StreamExt};
use service::{Origin, Parts, ServiceSettings, Services, SessionSave, Viewer, World, chat::SendRequest};
use store::{Blobs, NewUser, Store, StoreConfig, testing::TestDatabase};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use types::{
    AuditRecord, ConversationId, Generation, GenerationEvent, GenerationId, GenerationState, Message, MessageId,
    MessageStatus, Role, Thread,
};
use upstream::phoenix::Inference;

use super::puppet::Puppet;

/// The longest wait for anything that should happen soon.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running set of services.
pub struct Place {
    pub services: Services,
    pub store: Store,
    pub puppet: Arc<Puppet>,
    stop: CancellationToken,
    background: Option<JoinHandle<()>>,
    _folder: TempDir,
}

/// Where the database is.
pub struct House {
    pub database: TestDatabase,
}

impl House {
    /// With SQLite.
    pub fn new() -> Self {
        Self { database: TestDatabase::sqlite() }
    }

    pub async fn postgres() -> Self {
        Self { database: TestDatabase::postgres().await }
    }

    pub async fn open(&self, settings: ServiceSettings) -> Place {
        Place::open(self.database.url(), settings, None).await
    }
}

pub fn settings() -> ServiceSettings {
    let mut settings = ServiceSettings { instance: "one".into(), ..ServiceSettings::default() };
    settings.chat.flush_every = Duration::from_millis(20);
    settings.chat.grace = Duration::from_millis(200);
    settings.jobs.poll = Duration::from_millis(50);
    settings
}

impl Place {
    /// A place with a puppet for a model, unless another model is given.
    pub async fn open(url: &str, settings: ServiceSettings, inference: Option<Arc<dyn Inference>>) -> Self {
        let store = Store::connect(&StoreConfig { url: url.to_owned(), max_connections: 8 }).await.unwrap();
        store.migrate().await.unwrap();
        let puppet = Arc::new(Puppet::default());
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let services = Services::new(Parts {
            store: store.clone(),
            blobs,
            inference: inference.unwrap_or_else(|| puppet.clone()),
            world: World::system(),
            settings,
            deploy: service::DeploySettings::under(folder.path()),
        })
        .unwrap();
        let stop = CancellationToken::new();
        let background = tokio::spawn({
            let (services, stop) = (services.clone(), stop.clone());
            async move { services.run_background(stop).await }
        });
        Self { services, store, puppet, stop, background: Some(background), _folder: folder }
    }

    pub async fn new(house: &House) -> Self {
        house.open(settings()).await
    }

    /// Shuts down in order and returns when everything is at rest.
    pub async fn shut_down(mut self) {
        self.stop.cancel();
        let background = self.background.take().unwrap();
        tokio::time::timeout(PATIENCE, background).await.expect("comes to rest").unwrap();
        self.store.close().await;
    }

    /// Starts the shutdown without waiting for its end.
    pub fn begin_shutdown(&self) {
        self.stop.cancel();
    }

    pub async fn person(&self, name: &str) -> Person {
        self.somebody(name, Role::Member).await
    }

    pub async fn somebody(&self, name: &str, role: Role) -> Person {
        let world = self.services.world();
        let now = world.now();
        let user = NewUser {
            id: world.id(),
            email: format!("{name}@example.org"),
            name: name.into(),
            password_hash: "none".into(),
            role,
            now,
        };
        self.store.create_user(&user, audit(world, "user.created")).await.unwrap();
        self.session_of(user.id).await
    }

    pub async fn session_of(&self, user: types::UserId) -> Person {
        let raw_id = self.services.world().token();
        let save =
            SessionSave { user: Some(user), data: "{}".into(), user_agent: "test".into(), network: "127.0.0.1".into() };
        self.services.sessions().create(&raw_id, save).await.unwrap();
        let viewer = self.services.sessions().viewer(Some(&raw_id), origin()).await.unwrap();
        assert!(viewer.user().is_some());
        Person { services: self.services.clone(), viewer }
    }
}

impl Drop for Place {
    /// As if the process were killed: nothing is told, nothing is finished.
    fn drop(&mut self) {
        if let Some(background) = &self.background {
            background.abort();
        }
    }
}

fn origin() -> Origin {
    Origin {
        network: Ipv4Addr::LOCALHOST.into(),
        user_agent: "test".into(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
    }
}

pub fn audit(world: &World, action: &str) -> AuditRecord {
    AuditRecord {
        id: world.id(),
        at: world.now(),
        actor: None,
        actor_label: "test".into(),
        action: action.into(),
        subject: "test".into(),
        detail: "{}".into(),
        network: "127.0.0.1".into(),
        trace_id: String::new(),
    }
}

/// A signed-in person.
pub struct Person {
    services: Services,
    pub viewer: Viewer,
}

impl Person {
    pub fn member(&self) -> service::Member<'_> {
        self.viewer.member().unwrap()
    }

    pub fn id(&self) -> types::UserId {
        self.member().user().id
    }

    /// Begins a conversation.
    pub async fn begin(&self, text: &str) -> Generation {
        self.try_send(None, text).await.unwrap()
    }

    pub async fn send(&self, conversation: ConversationId, text: &str) -> Generation {
        self.try_send(Some(conversation), text).await.unwrap()
    }

    pub async fn try_send(
        &self,
        conversation: Option<ConversationId>,
        text: &str,
    ) -> Result<Generation, service::ServiceError> {
        let request = SendRequest { conversation, text: text.into(), ..SendRequest::default() };
        self.services.chat().send(self.member(), request).await
    }

    /// Says something and has it answered.
    pub async fn exchange(
        &self,
        place: &Place,
        conversation: Option<ConversationId>,
        say: &str,
        answer: &str,
    ) -> Generation {
        let generation = self.try_send(conversation, say).await.unwrap();
        let call = place.puppet.call().await;
        call.text(answer);
        call.finish();
        assert_eq!(self.watch(generation.id, 0).await.until_end().await, GenerationState::Complete);
        generation
    }

    pub async fn watch(&self, id: GenerationId, after: u64) -> Reader {
        let stream = self.services.chat().watch(self.member(), id, after).await.unwrap();
        Reader { stream: Box::pin(stream), text: String::new(), n: after, end: None }
    }

    pub async fn open(&self, id: ConversationId) -> Thread {
        self.services.chat().open(self.member(), id, None).await.unwrap()
    }

    pub async fn message(&self, id: MessageId) -> Message {
        self.services.chat().message(self.member(), id).await.unwrap()
    }

    /// Waits until a message stands as expected in the database.
    pub async fn message_when(&self, place: &Place, id: MessageId, status: MessageStatus) -> Message {
        let user = self.id();
        eventually(async || {
            let (_, message) = place.store.message(user, id).await.unwrap().unwrap();
            (message.status == status).then_some(message)
        })
        .await
    }

    /// The texts of the shown branch.
    pub async fn texts(&self, id: ConversationId) -> Vec<String> {
        self.open(id).await.messages.into_iter().map(|message| message.text).collect()
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it happens in time")
}

/// A reader as the browser is one: appends, replaces, remembers the number.
pub struct Reader {
    stream: std::pin::Pin<Box<dyn Stream<Item = GenerationEvent> + Send>>,
    pub text: String,
    pub n: u64,
    pub end: Option<(GenerationState, Option<String>)>,
}

impl Reader {
    pub async fn next(&mut self) -> Option<GenerationEvent> {
        let event = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("an event in time");
        match &event {
            Some(GenerationEvent::Piece { n, text }) => {
                assert!(*n > self.n, "numbers rise: {n} after {}", self.n);
                self.text.push_str(text);
                self.n = *n;
            }
            Some(GenerationEvent::Snapshot { n, text }) => {
                self.text.clone_from(text);
                self.n = *n;
            }
            Some(GenerationEvent::End { state, error }) => self.end = Some((*state, error.clone())),
            Some(GenerationEvent::Open { .. }) | None => {}
        }
        event
    }

    /// Reads until the text contains `words`.
    pub async fn until(&mut self, words: &str) {
        while !self.text.contains(words) {
            self.next().await.expect("the text comes before the end");
        }
    }

    pub async fn until_end(&mut self) -> GenerationState {
        while self.next().await.is_some() {}
        self.end.as_ref().expect("an end event").0
    }
}
