//! Starting an answer: to a new message, to an edited one, once more, or on from where it stopped; and stopping it.

use std::sync::Arc;

use store::{NewConversation, NewGeneration, NewMessage, PromptAndAnswer, StoreError};
use tokio::{
    runtime::Handle,
    time::{Duration, timeout},
};
use types::{
    Conversation, ConversationId, ConversationSettings, Generation, GenerationId, Message, MessageId, MessageRole,
    MessageStatus, Problem, ProblemCode,
};
use upstream::phoenix::ChatRequest;

use super::{
    Chat,
    context::{self, Said},
    conversations, generation,
    hub::{Place, Refusal},
    live::{Cause, Live, Subject},
    words,
};
use crate::{Member, ServiceError, world::millis};

/// How long to wait for a new list of models when there is another way to go on.
const MODELS_PATIENCE: Duration = Duration::from_millis(300);
/// When a person has too many answers under way, when to try again.
const BUSY_RETRY_S: u32 = 5;

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct SendRequest {
    /// The conversation; none begins a new one.
    pub conversation: Option<ConversationId>,
    /// What the person wrote, markdown, kept byte for byte.
    pub text: String,
    /// The model to ask, also from now on in this conversation; none leaves the conversation's.
    pub model: Option<String>,
    /// The message to answer to; none means the end of the shown branch.
    pub parent: Option<MessageId>,
}

/// What an answer needs before it can begin.
struct Plan<'a> {
    member: Member<'a>,
    place: Place,
    conversation: Conversation,
    /// The conversation's row, if it is made with the message.
    begun: Option<NewConversation>,
    model: Chosen,
}

/// A model and what is known of its context.
struct Chosen {
    id: String,
    context_tokens: Option<u32>,
}

impl Chat {
    /// Stores a message and starts its answer.
    ///
    /// # Errors
    /// `Invalid` for the text, `NotFound`, `Conflict` while an answer is being written in the conversation,
    /// `TooManyRequests` when the person has too many under way, `Upstream…` when no model can be chosen.
    pub async fn send(&self, member: Member<'_>, request: SendRequest) -> Result<Generation, ServiceError> {
        let text = words::message(request.text)?;
        let model = words::model(request.model)?;
        let Some(id) = request.conversation else { return self.send_first(member, text, model).await };
        let conversation = self.conversation(member, id).await?;
        let parent = match request.parent {
            Some(parent) => {
                let (of, _) = self.message_of(member, parent).await?;
                if of != id {
                    return Err(ServiceError::not_found("That message"));
                }
                Some(parent)
            }
            None => conversation.leaf,
        };
        let before = conversation.settings.clone();
        let plan = self.plan(member, conversation, model, None).await?;
        self.note_choices(&plan, &before, &text).await?;
        self.prompt(plan, parent, text).await
    }

    async fn send_first(
        &self,
        member: Member<'_>,
        text: String,
        model: Option<String>,
    ) -> Result<Generation, ServiceError> {
        self.inner.clear_former_life().await?;
        let settings = ConversationSettings { model, ..ConversationSettings::default() };
        // A model that cannot be chosen is found out before anything is stored.
        let model = self.choose(&[settings.model.as_deref()]).await?;
        let conversation = self.fresh(words::first_title(&text), settings);
        let place = self.reserve(member, conversation.id)?;
        let begun = Some(conversations::row(member, &conversation));
        self.prompt(Plan { member, place, conversation, begun, model }, None, text).await
    }

    /// Sends a changed version of an earlier message; the old one stays as another branch.
    ///
    /// # Errors
    /// As [`Chat::send`].
    pub async fn edit(&self, member: Member<'_>, id: MessageId, text: String) -> Result<Generation, ServiceError> {
        let text = words::message(text)?;
        let (conversation, message) = self.message_of(member, id).await?;
        if message.role != MessageRole::User {
            return Err(ServiceError::refused(ProblemCode::Conflict, "Only your own messages can be edited."));
        }
        let conversation = self.conversation(member, conversation).await?;
        let plan = self.plan(member, conversation, None, None).await?;
        self.prompt(plan, message.parent, text).await
    }

    /// Writes an answer once more; the old one stays as another branch. Given a person's message, answers it.
    ///
    /// # Errors
    /// As [`Chat::send`].
    pub async fn regenerate(
        &self,
        member: Member<'_>,
        id: MessageId,
        model: Option<String>,
    ) -> Result<Generation, ServiceError> {
        let model = words::model(model)?;
        let (conversation, message) = self.message_of(member, id).await?;
        let prompt = match (message.role, message.parent) {
            (MessageRole::User, _) => message,
            (MessageRole::Assistant, Some(parent)) => self.message_of(member, parent).await?.1,
            (MessageRole::Assistant, None) => return Err(ServiceError::not_found("The message this answers")),
        };
        let conversation = self.conversation(member, conversation).await?;
        let plan = self.plan(member, conversation, model, None).await?;
        let branch = self.branch(plan.conversation.id, Some(prompt.id)).await?;
        self.answer(plan, prompt.id, None, prompt.parent.is_none(), branch).await
    }

    /// Goes on with an answer that was stopped, interrupted or failed, in the same message.
    ///
    /// # Errors
    /// `Conflict` when there is nothing to go on from; else as [`Chat::send`].
    pub async fn carry_on(&self, member: Member<'_>, id: MessageId) -> Result<Generation, ServiceError> {
        let (conversation, message) = self.message_of(member, id).await?;
        check_unfinished(&message)?;
        let Some(prompt) = message.parent else { return Err(ServiceError::not_found("The message this answers")) };
        let conversation = self.conversation(member, conversation).await?;
        let plan = self.plan(member, conversation, None, message.model.as_deref()).await?;
        // Read again now that the place is ours: another tab may have gone on and ended meanwhile.
        let (_, message) = self.message_of(member, id).await?;
        check_unfinished(&message)?;
        let branch = self.branch(plan.conversation.id, Some(id)).await?;
        let row = self.new_generation();
        self.inner.store.restart_generation(id, &row, self.inner.world.now()).await.map_err(busy_elsewhere)?;
        let subject = subject(&plan, row.id, id, false);
        let started = Generation { id: row.id, conversation: plan.conversation.id, prompt, message: id };
        self.launch(plan, subject, branch, (message.text, message.last_piece));
        Ok(started)
    }

    /// Stops a generation; the text so far is kept. Stopping one that has ended is fine.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation of this person.
    pub async fn stop(&self, member: Member<'_>, id: GenerationId) -> Result<(), ServiceError> {
        let user = member.user().id;
        match self.inner.hub.get(id) {
            Some(live) if live.subject.user == user => live.call_off(Cause::Person),
            Some(_) => return Err(ServiceError::not_found("That answer")),
            None => {
                let row = self.inner.store.generation(user, id).await?;
                let row = row.ok_or_else(|| ServiceError::not_found("That answer"))?;
                if row.state == types::GenerationState::Running {
                    self.inner.store.request_stop(id).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes the place and chooses the model: `asked`, else `preferred`, else the conversation's, else the first offered.
    async fn plan<'a>(
        &self,
        member: Member<'a>,
        mut conversation: Conversation,
        asked: Option<String>,
        preferred: Option<&str>,
    ) -> Result<Plan<'a>, ServiceError> {
        self.inner.clear_former_life().await?;
        let place = self.reserve(member, conversation.id)?;
        if self.inner.store.running_generation_of(conversation.id).await?.is_some() {
            return Err(refused(Refusal::ConversationBusy, 0));
        }
        let model = self.choose(&[asked.as_deref(), preferred, conversation.settings.model.as_deref()]).await?;
        if asked.is_some() {
            conversation.settings.model = asked;
        }
        Ok(Plan { member, place, conversation, begun: None, model })
    }

    fn reserve(&self, member: Member<'_>, conversation: ConversationId) -> Result<Place, ServiceError> {
        let cap = self.inner.settings.chat.per_person;
        self.inner.hub.reserve(conversation, member.user().id, cap).map_err(|refusal| refused(refusal, cap))
    }

    /// The first wish, else the first model offered. A wish does not wait for the list: that only tells the context's size,
    /// and the upstream itself says what is wrong with a name.
    async fn choose(&self, wishes: &[Option<&str>]) -> Result<Chosen, ServiceError> {
        let inference = &self.inner.inference;
        let wish = wishes.iter().flatten().next();
        let offered = match inference.last_models() {
            known if known.is_empty() && wish.is_none() => inference.models().await?,
            known if known.is_empty() || wish.is_none() => {
                timeout(MODELS_PATIENCE, inference.models()).await.ok().and_then(Result::ok).unwrap_or(known)
            }
            known => {
                let inference = Arc::clone(inference);
                tokio::spawn(async move { inference.models().await });
                known
            }
        };
        let found = match wish {
            Some(id) => offered.into_iter().find(|model| model.id == **id),
            None => offered.into_iter().next(),
        };
        match (found, wish) {
            (Some(model), _) => Ok(Chosen { id: model.id, context_tokens: model.context_tokens }),
            (None, Some(id)) => Ok(Chosen { id: (**id).to_owned(), context_tokens: None }),
            (None, None) => Err(ServiceError::refused(
                ProblemCode::UpstreamUnavailable,
                "Phoenix offers no model at the moment. Load one there.",
            )),
        }
    }

    /// A model chosen with a message stays the conversation's, and the first message gives the title.
    async fn note_choices(
        &self,
        plan: &Plan<'_>,
        before: &ConversationSettings,
        text: &str,
    ) -> Result<(), ServiceError> {
        let Conversation { id, settings, leaf, .. } = &plan.conversation;
        let (store, user) = (&self.inner.store, plan.member.user().id);
        if settings != before {
            store.set_conversation_settings(user, *id, settings).await?;
        }
        if leaf.is_none() {
            store.rename_conversation(user, *id, &words::first_title(text), true).await?;
        }
        Ok(())
    }

    async fn branch(&self, id: ConversationId, leaf: Option<MessageId>) -> Result<Vec<Said>, ServiceError> {
        match leaf {
            Some(leaf) => Ok(self.inner.store.context(id, leaf, context::MAX_MESSAGES).await?),
            None => Ok(Vec::new()),
        }
    }

    async fn prompt(
        &self,
        plan: Plan<'_>,
        parent: Option<MessageId>,
        text: String,
    ) -> Result<Generation, ServiceError> {
        let mut branch = self.branch(plan.conversation.id, parent).await?;
        branch.push((MessageRole::User, text.clone(), MessageStatus::Complete));
        let prompt = NewMessage {
            id: self.inner.world.id(),
            parent,
            role: MessageRole::User,
            text,
            status: MessageStatus::Complete,
            model: None,
        };
        self.answer(plan, prompt.id, Some(prompt), parent.is_none(), branch).await
    }

    /// Stores the prompt, if it is new, with an empty answer, and starts the generation.
    async fn answer(
        &self,
        plan: Plan<'_>,
        prompt: MessageId,
        new_prompt: Option<NewMessage>,
        first_exchange: bool,
        branch: Vec<Said>,
    ) -> Result<Generation, ServiceError> {
        let answer = NewMessage {
            id: self.inner.world.id(),
            parent: Some(prompt),
            role: MessageRole::Assistant,
            text: String::new(),
            status: MessageStatus::Running,
            model: Some(plan.model.id.clone()),
        };
        let message = answer.id;
        let row = self.new_generation();
        let subject = subject(&plan, row.id, message, first_exchange);
        let (id, conversation) = (row.id, plan.conversation.id);
        let stored = PromptAndAnswer {
            conversation,
            user_id: plan.member.user().id,
            prompt: new_prompt,
            answer,
            generation: row,
            now: self.inner.world.now(),
        };
        match &plan.begun {
            Some(begun) => self.inner.store.begin_conversation(begun, stored).await?,
            None => self.inner.store.append_prompt_and_answer(stored).await.map_err(busy_elsewhere)?,
        }
        self.launch(plan, subject, branch, (String::new(), 0));
        Ok(Generation { id, conversation, prompt, message })
    }

    fn new_generation(&self) -> NewGeneration {
        let settings = &self.inner.settings;
        NewGeneration {
            id: self.inner.world.id(),
            instance: settings.instance.clone(),
            lease_until: self.inner.world.now().saturating_add(millis(settings.chat.lease)),
        }
    }

    fn launch(&self, plan: Plan<'_>, subject: Subject, branch: Vec<Said>, so_far: (String, u64)) {
        let Plan { member, place, conversation, model, .. } = plan;
        let settings = conversation.settings;
        let request = ChatRequest {
            messages: context::build(&settings.system_prompt, branch, model.context_tokens),
            model: model.id,
            temperature: settings.temperature,
            max_tokens: None,
            user: subject.user.to_string(),
            traceparent: self.traceparent(&member.origin().trace_id),
        };
        let (text, last_piece) = so_far;
        let live = Live::new(subject, text, last_piece, Some(place));
        let runtime = self.inner.relays.get().cloned().unwrap_or_else(Handle::current);
        generation::spawn(&runtime, Arc::clone(&self.inner.inference), Arc::clone(&self.inner.hub), live, request);
    }

    /// The request's trace id as W3C trace context, with a new span; none when it is not one.
    fn traceparent(&self, trace_id: &str) -> Option<String> {
        let proper = trace_id.len() == 32 && trace_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let span = u64::from_be_bytes(self.inner.world.random());
        proper.then(|| format!("00-{trace_id}-{:016x}-01", span.max(1)))
    }
}

fn subject(plan: &Plan<'_>, id: GenerationId, message: MessageId, first_exchange: bool) -> Subject {
    Subject { id, conversation: plan.conversation.id, message, user: plan.member.user().id, first_exchange }
}

fn check_unfinished(message: &Message) -> Result<(), ServiceError> {
    let refusal = match message.status {
        _ if message.role != MessageRole::Assistant => "Only answers can be continued.",
        MessageStatus::Running => "This answer is still being written.",
        MessageStatus::Complete => "This answer is complete. Ask for more in a new message.",
        _ if message.text.is_empty() => "There is no text to go on from. Use “regenerate”.",
        MessageStatus::Stopped | MessageStatus::Interrupted | MessageStatus::Failed => return Ok(()),
    };
    Err(ServiceError::refused(ProblemCode::Conflict, refusal))
}

fn refused(refusal: Refusal, cap: usize) -> ServiceError {
    let (code, message, retry_after_s) = match refusal {
        Refusal::ConversationBusy => (
            ProblemCode::Conflict,
            "An answer is still being written in this conversation. Wait for its end, or stop it first.".to_owned(),
            None,
        ),
        Refusal::PersonBusy => (
            ProblemCode::TooManyRequests,
            format!(
                "{cap} answers are being written for you at the moment, which is the limit. Wait for one to end, or stop one."
            ),
            Some(BUSY_RETRY_S),
        ),
        Refusal::Closing => (
            ProblemCode::UpstreamUnavailable,
            "The server is being restarted. Nothing was sent. Try again in a moment.".to_owned(),
            Some(BUSY_RETRY_S),
        ),
    };
    Problem { retry_after_s, ..Problem::new(code, message) }.into()
}

/// The database knows of generations in other processes.
fn busy_elsewhere(error: StoreError) -> ServiceError {
    match error {
        StoreError::Conflict { .. } => refused(Refusal::ConversationBusy, 0),
        other => other.into(),
    }
}
