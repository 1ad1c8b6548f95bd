//! Generations: their pieces, their ends, and the death of their process.

use store::{FinishedGeneration, NewGeneration, PieceBatch, StoreError, testing::TestDatabase};
use types::{GenerationState, MessageStatus, Role, Usage};

use crate::support::*;

fn batch(generation: u32, n: u64, text: &str) -> PieceBatch {
    PieceBatch { generation: generation_id(generation), n, text: text.into() }
}

fn finished(generation: u32, state: GenerationState, text: &str) -> FinishedGeneration {
    FinishedGeneration {
        id: generation_id(generation),
        state,
        text: text.into(),
        error: None,
        usage: Some(Usage { prompt_tokens: 12, completion_tokens: 34 }),
        first_token_ms: Some(120),
        duration_ms: Some(900),
        last_piece: 7,
        now: T0 + 900,
        job: None,
    }
}

async fn writing(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    let second = start(&store, 2, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(second, user, 20, None)).await.unwrap();
    assert_eq!(store.running_generation_of(conversation).await.unwrap(), Some(generation_id(10)));
    assert_eq!(store.running_generation_of(second).await.unwrap(), Some(generation_id(20)));

    let batches = [batch(10, 3, "Grüße, "), batch(20, 1, "second"), batch(10, 7, "Welt 🌍"), batch(99, 1, "of none")];
    store.append_pieces(&batches).await.unwrap();
    store.append_pieces(&batches).await.unwrap();
    let all = [(3, "Grüße, ".to_owned()), (7, "Welt 🌍".to_owned())];
    assert_eq!(store.pieces_after(generation_id(10), 0).await.unwrap(), all);
    assert_eq!(store.pieces_after(generation_id(10), 3).await.unwrap(), all[1..]);
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.last_piece), ("Grüße, Welt 🌍", 7), "the text so far");
    assert_eq!(store.text_size(message_id(11)).await.unwrap(), "Grüße, Welt 🌍".len() as u64, "in bytes");
    assert_eq!(store.text_size(message_id(99)).await.unwrap(), 0);
    let row = store.generation(user, generation_id(10)).await.unwrap().unwrap();
    assert_eq!((row.conversation, row.message, row.user_id), (conversation, message_id(11), user));
    assert_eq!((row.state, row.last_piece, row.stop_requested), (GenerationState::Running, 7, false));
    assert_eq!(store.generation(user_id(2), generation_id(10)).await.unwrap(), None);

    // Many at once, across the sizes of the statements, come back whole and in order.
    let many: Vec<_> = (2..=150).map(|n| batch(20, n, &format!("[{n}]"))).collect();
    store.append_pieces(&many).await.unwrap();
    let (_, message) = store.message(user, message_id(21)).await.unwrap().unwrap();
    let whole = (2..=150).fold("second".to_owned(), |text, n| text + &format!("[{n}]"));
    assert_eq!((message.text, message.last_piece), (whole, 150));

    assert!(store.request_stop(generation_id(10)).await.unwrap());
    assert_eq!(store.stop_requested("one").await.unwrap(), [generation_id(10)]);
    assert!(store.stop_requested("two").await.unwrap().is_empty());
    assert!(store.finish_generation(finished(10, GenerationState::Stopped, "Grüße, Welt 🌍")).await.unwrap());
    assert!(!store.finish_generation(finished(10, GenerationState::Failed, "later")).await.unwrap(), "ends once");
    assert!(!store.request_stop(generation_id(10)).await.unwrap());
    store.append_pieces(&[batch(10, 8, "late")]).await.unwrap();
    assert!(store.pieces_after(generation_id(10), 0).await.unwrap().is_empty());
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.status), ("Grüße, Welt 🌍", MessageStatus::Stopped));
    assert_eq!(message.usage, Some(Usage { prompt_tokens: 12, completion_tokens: 34 }));
    assert_eq!((message.first_token_ms, message.duration_ms), (Some(120), Some(900)));
    assert_eq!(store.text_size(message_id(11)).await.unwrap(), message.text.len() as u64);
    assert_eq!((message.generation, message.last_piece), (None, 7));
    assert_eq!(store.generation(user, generation_id(10)).await.unwrap().unwrap().last_piece, 7);
}

async fn dying(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    let second = start(&store, 2, user).await;
    let third = start(&store, 3, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(second, user, 20, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(third, user, 30, None)).await.unwrap();
    store.append_pieces(&[batch(10, 1, "so "), batch(10, 2, "far")]).await.unwrap();

    assert!(store.interrupt_expired(T0 + 29_999, None).await.unwrap().is_empty());
    let live = [10, 20, 99].map(generation_id);
    assert_eq!(store.renew_leases(&live, T0 + 60_000).await.unwrap(), 2);
    assert_eq!(store.renew_leases(&[], T0 + 60_000).await.unwrap(), 0);
    let orphans = store.interrupt_expired(T0 + 30_000, Some("two")).await.unwrap();
    assert_eq!(orphans, [generation_id(30)], "a row that nobody answers for runs out, though its process lives");
    let mut ended = store.interrupt_expired(T0 + 60_000, None).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [10, 20].map(generation_id));
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.status), ("so far", MessageStatus::Interrupted));
    assert!(store.pieces_after(generation_id(10), 0).await.unwrap().is_empty());
    let row = store.generation(user, generation_id(10)).await.unwrap().unwrap();
    assert_eq!((row.state, row.last_piece), (GenerationState::Interrupted, 2));
    let late = store.finish_generation(finished(10, GenerationState::Complete, "from the dead")).await.unwrap();
    assert!(!late, "one taken for dead writes nothing any more");

    // "Continue": appends to what is there, and dies again.
    let next = NewGeneration { instance: "two".into(), ..generation(11) };
    assert_eq!(store.restart_generation(message_id(11), &next, T0 + 70_000).await.unwrap(), conversation);
    let twice = store.restart_generation(message_id(11), &generation(12), T0 + 70_000).await.unwrap_err();
    // Two rules forbid it; which one speaks is the database's choice.
    assert!(matches!(twice, StoreError::Conflict { .. }), "{twice}");
    let prompt = store.restart_generation(message_id(10), &generation(13), T0).await;
    assert!(matches!(prompt, Err(StoreError::NotFound)), "only answers are written");
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.last_piece), ("so far", 2), "its pieces are counted on from here");
    store.append_pieces(&[batch(11, 3, " and on")]).await.unwrap();
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.last_piece), ("so far and on", 3));
    assert_eq!(store.interrupt_expired(T0, Some("two")).await.unwrap(), [generation_id(11)]);
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.status), ("so far and on", MessageStatus::Interrupted));
    assert_eq!(message.last_piece, 3);
    assert_eq!(store.conversation(user, conversation).await.unwrap().unwrap().updated_at, T0 + 70_000);
}

/// Two processes may both have found a conversation free.
async fn one_answer_at_a_time(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    assert!(store.finish_generation(finished(10, GenerationState::Stopped, "half")).await.unwrap());
    store.append_prompt_and_answer(exchange(conversation, user, 20, Some(11))).await.unwrap();
    let refused = store.append_prompt_and_answer(exchange(conversation, user, 30, Some(21))).await.unwrap_err();
    assert!(refused.is_conflict("generations_conversation_id"), "{refused}");
    assert!(store.message(user, message_id(30)).await.unwrap().is_none(), "nothing of it is kept");
    let refused = store.restart_generation(message_id(11), &generation(12), T0).await.unwrap_err();
    assert!(refused.is_conflict("generations_conversation_id"), "{refused}");
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!(message.status, MessageStatus::Stopped);
    assert!(store.finish_generation(finished(20, GenerationState::Complete, "whole")).await.unwrap());
    store.append_prompt_and_answer(exchange(conversation, user, 30, Some(21))).await.unwrap();
}

/// A database from before the rule, in which it was broken.
async fn answers_doubled_before_the_rule_are_set_right(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    let undo = "DROP INDEX generations_conversation_id; DELETE FROM _sqlx_migrations WHERE version = 4";
    database.run(&store, undo).await.unwrap();
    for (n, parent) in [(10, None), (20, Some(11)), (30, Some(21))] {
        store.append_prompt_and_answer(exchange(conversation, user, n, parent)).await.unwrap();
        store.append_pieces(&[batch(n, 1, "so "), batch(n, 2, "far")]).await.unwrap();
    }
    store.migrate().await.unwrap();
    for (n, state) in
        [(10, GenerationState::Interrupted), (20, GenerationState::Interrupted), (30, GenerationState::Running)]
    {
        let row = store.generation(user, generation_id(n)).await.unwrap().unwrap();
        assert_eq!((row.state, row.last_piece), (state, 2), "{n}");
        let (_, message) = store.message(user, message_id(n + 1)).await.unwrap().unwrap();
        assert_eq!((message.text.as_str(), message.last_piece), ("so far", 2), "{n}");
        assert_eq!(message.status == MessageStatus::Running, state == GenerationState::Running, "{n}");
    }
    assert!(store.pieces_after(generation_id(10), 0).await.unwrap().is_empty());
}

async fn disabling_asks_the_answers_to_stop(database: &TestDatabase) {
    let store = database.store().await;
    add(&store, 9, Role::Administrator).await;
    let user = add(&store, 1, Role::Member).await.id;
    let other = add(&store, 2, Role::Member).await.id;
    let (own, foreign) = (start(&store, 1, user).await, start(&store, 2, other).await);
    store.append_prompt_and_answer(exchange(own, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(foreign, other, 20, None)).await.unwrap();
    store.set_disabled(user, Some(T0), T0, entry(50, "user.disabled")).await.unwrap();
    assert_eq!(store.stop_requested("one").await.unwrap(), [generation_id(10)]);
    assert!(store.finish_generation(finished(10, GenerationState::Stopped, "half")).await.unwrap());
    // A request that was let in just before.
    let late = store.append_prompt_and_answer(exchange(own, user, 30, Some(11))).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    let late = store.restart_generation(message_id(11), &generation(12), T0).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    store.set_disabled(user, None, T0, entry(51, "user.enabled")).await.unwrap();
    store.restart_generation(message_id(11), &generation(12), T0).await.unwrap();
}

crate::on_both!(
    writing,
    dying,
    one_answer_at_a_time,
    answers_doubled_before_the_rule_are_set_right,
    disabling_asks_the_answers_to_stop
);
