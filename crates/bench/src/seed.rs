//! People, sessions and conversations written straight into the database before the server starts: signing a thousand people
//! up through the front door would measure the password hash.

use std::{fmt::Write as _, path::Path};

use sha2::{Digest as _, Sha256};
use store::{
    FinishedGeneration, NewConversation, NewGeneration, NewMessage, NewUser, PromptAndAnswer, SessionRow, Store,
    StoreConfig,
};
use tower_sessions::session::Id;
use types::{
    AuditId, AuditRecord, ConversationId, ConversationSettings, GenerationId, GenerationState, MessageId, MessageRole,
    MessageStatus, Millis, Role, SessionPublicId, UserId,
};

use crate::{
    Failure,
    emitter::now_us,
    subject::{Ground, database_url},
};

const DAY: Millis = 24 * 60 * 60 * 1000;
/// Length and shape of a common answer: a paragraph, a list, some code.
const ANSWER: &str = "A stack is a compose project. It is **declared** in the catalog and applied by the engine:\n\n- read the catalog,\n- look at \
    the environment,\n- plan, review, apply.\n\n```sh\nphoenix-cli plan web-services --env rumpledev\n```\n\nThe verdict comes from the containers' health.";

/// A database being prepared.
pub(crate) struct Seed {
    store: Store,
}

/// A signed-in person.
pub(crate) struct Person {
    id: UserId,
    /// The value of the session cookie.
    pub(crate) cookie: String,
}

impl Seed {
    pub(crate) async fn open(ground: &Ground) -> Result<Self, Failure> {
        Self::open_at(ground.database_url()).await
    }

    async fn open_at(url: String) -> Result<Self, Failure> {
        let store = Store::connect(&StoreConfig { url, max_connections: 2 }).await?;
        store.migrate().await?;
        Ok(Self { store })
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }

    /// A person with a session.
    pub(crate) async fn person(&self) -> Result<Person, Failure> {
        let now = now();
        let id = UserId::from_parts(now, random()?);
        let user = NewUser {
            id,
            email: format!("{id}@example.org"),
            name: "Ada Byron".to_owned(),
            password_hash: "none: signs in by the seeded session".to_owned(),
            role: Role::Administrator,
            now,
        };
        self.store.create_user(&user, record(now)?).await?;
        let session = Id(i128::from_le_bytes(random()?));
        let cookie = session.to_string();
        let row = SessionRow {
            id_hash: hex(&cookie),
            public_id: SessionPublicId::from_parts(now, random()?),
            user_id: Some(id),
            data: serde_json::json!({ "user": id.to_string() }).to_string(),
            user_agent: "bench".to_owned(),
            network: "127.0.0.1".to_owned(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + DAY,
        };
        self.store.save_session(&row).await?;
        Ok(Person { id, cookie })
    }

    /// A conversation of a number of messages, questions and answers in turn.
    pub(crate) async fn conversation(&self, person: &Person, messages: usize) -> Result<ConversationId, Failure> {
        let now = now();
        let id = ConversationId::from_parts(now, random()?);
        let new = NewConversation {
            id,
            user_id: person.id,
            title: "How a stack is deployed".to_owned(),
            auto_title: false,
            settings: ConversationSettings::default(),
            now,
        };
        self.store.create_conversation(&new).await?;
        let mut parent = None;
        for _ in 0..messages / 2 {
            parent = Some(self.exchange(person, id, parent).await?);
        }
        Ok(id)
    }

    async fn exchange(
        &self,
        person: &Person,
        conversation: ConversationId,
        parent: Option<MessageId>,
    ) -> Result<MessageId, Failure> {
        let now = now();
        let message = |parent, role, text: &str, status| -> Result<NewMessage, Failure> {
            let id = MessageId::from_parts(now, random()?);
            Ok(NewMessage { id, parent, role, text: text.to_owned(), status, model: None })
        };
        let prompt = message(parent, MessageRole::User, "How is a stack deployed?", MessageStatus::Complete)?;
        let answer = message(Some(prompt.id), MessageRole::Assistant, "", MessageStatus::Running)?;
        let answer_id = answer.id;
        let generation = GenerationId::from_parts(now, random()?);
        self.store
            .append_prompt_and_answer(PromptAndAnswer {
                conversation,
                user_id: person.id,
                prompt: Some(prompt),
                answer,
                generation: NewGeneration { id: generation, instance: "seed".to_owned(), lease_until: now },
                now,
            })
            .await?;
        self.store
            .finish_generation(FinishedGeneration {
                id: generation,
                state: GenerationState::Complete,
                text: ANSWER.to_owned(),
                error: None,
                usage: None,
                first_token_ms: Some(120),
                duration_ms: Some(2_400),
                last_piece: 1,
                now,
                job: None,
            })
            .await?;
        Ok(answer_id)
    }
}

/// Makes a person and a conversation in the database of a data folder, and prints the cookie's value and the conversation's id,
/// one a line.
pub(crate) async fn prepare(data: &Path, messages: usize) -> Result<(), Failure> {
    let seed = Seed::open_at(database_url(data)).await?;
    let person = seed.person().await?;
    let conversation = seed.conversation(&person, messages).await?;
    seed.close().await;
    println!("{}\n{conversation}", person.cookie);
    Ok(())
}

fn record(now: Millis) -> Result<AuditRecord, Failure> {
    Ok(AuditRecord {
        id: AuditId::from_parts(now, random()?),
        at: now,
        actor: None,
        actor_label: "bench".to_owned(),
        action: "user.seeded".to_owned(),
        subject: String::new(),
        detail: "{}".to_owned(),
        network: String::new(),
        trace_id: String::new(),
    })
}

fn now() -> Millis {
    Millis::try_from(now_us() / 1000).unwrap_or(Millis::MAX)
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// SHA-256 in hex, which is all the database keeps of a cookie.
fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
