//! Servers that die, go down in order, or lose their database.

use std::time::Duration;

use store::{NewGeneration, NewMessage, PromptAndAnswer};
use types::{GenerationEvent, GenerationState, MessageRole, MessageStatus, ProblemCode};

use super::support::{House, PATIENCE, Place, eventually, settings};

/// Runs a place in a runtime of its own and kills it in mid-answer: no task gets to say goodbye.
fn live_and_die(house: &House) -> (types::UserId, types::Generation) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let lived = runtime.block_on(async {
        let place = Place::new(house).await;
        let anna = place.person("anna").await;
        let generation = anna.begin("Tell me a story").await;
        let call = place.puppet.call().await;
        call.text("Once ");
        call.text("upon ");
        // What is in the database now survives.
        eventually(async || {
            let (_, message) = place.store.message(anna.id(), generation.message).await.unwrap().unwrap();
            (message.text == "Once upon ").then_some(())
        })
        .await;
        (anna.id(), generation)
    });
    runtime.shutdown_background();
    lived
}

#[test]
fn after_a_crash_the_text_is_kept_and_can_be_continued() {
    let house = House::new();
    let (user, old) = live_and_die(&house);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::new(&house).await;
        let anna = place.session_of(user).await;
        let message = anna.message_when(&place, old.message, MessageStatus::Interrupted).await;
        assert_eq!(message.text, "Once upon ");

        // A reader from before the crash has seen more than was stored: it is set right.
        let mut reader = anna.watch(old.id, 5).await;
        reader.text = "Once upon a time there".into();
        assert_eq!(reader.until_end().await, GenerationState::Interrupted);
        assert_eq!((reader.text.as_str(), reader.n), ("Once upon ", 2));

        let new = place.services.chat().carry_on(anna.member(), old.message).await.unwrap();
        assert_eq!((new.message, new.prompt, new.conversation), (old.message, old.prompt, old.conversation));
        assert_ne!(new.id, old.id);
        let call = place.puppet.call().await;
        assert_eq!(call.read(), ["U:Tell me a story", "A:Once upon "]);
        let mut from_the_page = anna.watch(new.id, message.last_piece).await;
        from_the_page.text = message.text;
        let mut from_nothing = anna.watch(new.id, 0).await;
        call.text("a ");
        call.text("time.");
        call.finish();
        for reader in [&mut from_the_page, &mut from_nothing] {
            assert_eq!(reader.until_end().await, GenerationState::Complete);
            assert_eq!((reader.text.as_str(), reader.n), ("Once upon a time.", 4));
        }
        let message = anna.message(old.message).await;
        assert_eq!((message.text.as_str(), message.status), ("Once upon a time.", MessageStatus::Complete));
        assert_eq!(message.error, None);

        let refused = place.services.chat().carry_on(anna.member(), old.message).await.unwrap_err();
        assert_eq!(refused.code(), ProblemCode::Conflict, "it is complete");
        place.shut_down().await;
    });
}

#[tokio::test]
async fn a_dead_process_of_another_name_is_noticed_by_its_lease() {
    let house = House::new();
    let mut short = settings();
    short.instance = "another".into();
    short.chat.lease = Duration::from_millis(300);
    let dead = house.open(short).await;
    let anna = dead.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = dead.puppet.call().await;
    call.text("half");
    anna.message_when(&dead, generation.message, MessageStatus::Running).await;
    let user = anna.id();
    eventually(async || {
        let (_, message) = dead.store.message(user, generation.message).await.unwrap().unwrap();
        (message.text == "half").then_some(())
    })
    .await;
    drop(dead);
    let place = Place::new(&house).await;
    let anna = place.session_of(user).await;
    let message = anna.message_when(&place, generation.message, MessageStatus::Interrupted).await;
    assert_eq!(message.text, "half");
    place.shut_down().await;
}

/// A row of this process that no task writes, as a failure between storing and starting leaves behind.
#[tokio::test]
async fn a_row_without_its_task_is_interrupted_though_the_process_lives() {
    let house = House::new();
    let mut short = settings();
    short.chat.lease = Duration::from_millis(300);
    let place = house.open(short).await;
    let anna = place.person("anna").await;
    let written = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let conversation = anna.exchange(&place, None, "Hello", "Hi").await.conversation;
    let world = place.services.world();
    let message =
        |role, status| NewMessage { id: world.id(), parent: None, role, text: String::new(), status, model: None };
    let orphan = PromptAndAnswer {
        conversation,
        user_id: anna.id(),
        prompt: Some(message(MessageRole::User, MessageStatus::Complete)),
        answer: message(MessageRole::Assistant, MessageStatus::Running),
        generation: NewGeneration { id: world.id(), instance: "one".into(), lease_until: world.now() + 300 },
        now: world.now(),
    };
    let left = orphan.answer.id;
    place.store.append_prompt_and_answer(orphan).await.unwrap();
    anna.message_when(&place, left, MessageStatus::Interrupted).await;
    assert_eq!(anna.message(written.message).await.status, MessageStatus::Running, "the other goes on");
    call.finish();
    place.shut_down().await;
}

#[tokio::test]
async fn an_orderly_shutdown_lets_answers_end_within_the_grace() {
    let house = House::new();
    let mut patient = settings();
    patient.chat.grace = PATIENCE;
    let place = house.open(patient).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("almost ");
    reader.until("almost ").await;
    place.begin_shutdown();
    eventually(async || {
        let refused = anna.try_send(None, "Too late").await.err()?;
        (refused.code() == ProblemCode::UpstreamUnavailable).then_some(())
    })
    .await;
    call.text("done");
    call.finish();
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    assert_eq!(reader.text, "almost done");
    place.shut_down().await;
}

#[tokio::test]
async fn after_the_grace_answers_are_handed_over_as_interrupted() {
    let house = House::new();
    let mut hasty = settings();
    hasty.chat.grace = Duration::from_millis(50);
    let place = house.open(hasty).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("half");
    reader.until("half").await;
    let user = anna.id();
    place.shut_down().await;
    assert!(call.dropped.is_cancelled(), "the upstream is let go");
    assert_eq!(reader.until_end().await, GenerationState::Interrupted);
    let place = Place::new(&house).await;
    let anna = place.session_of(user).await;
    let message = anna.message(generation.message).await;
    assert_eq!((message.text.as_str(), message.status), ("half", MessageStatus::Interrupted));
    assert!(message.error.unwrap().contains("restarted"));
    place.shut_down().await;
}

#[tokio::test]
async fn a_stopped_answer_can_be_continued_and_stopped_again() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let mut generation = anna.begin("Hello").await;
    let mut text = String::new();
    for word in ["one ", "two ", "three "] {
        let call = place.puppet.call().await;
        let mut reader = anna.watch(generation.id, 0).await;
        call.text(word);
        reader.until(word).await;
        place.services.chat().stop(anna.member(), generation.id).await.unwrap();
        assert_eq!(reader.until_end().await, GenerationState::Stopped);
        text.push_str(word);
        assert_eq!(reader.text, text);
        generation = place.services.chat().carry_on(anna.member(), generation.message).await.unwrap();
    }
    let mut reader = anna.watch(generation.id, 0).await;
    assert!(matches!(reader.next().await, Some(GenerationEvent::Open { .. })));
    place.puppet.call().await.finish();
    assert_eq!(reader.until_end().await, GenerationState::Failed, "nothing was added");
    assert_eq!(anna.message(generation.message).await.text, text, "and nothing is lost");
    place.shut_down().await;
}
