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
    }
}

async fn writing(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(conversation, user, 20, Some(11))).await.unwrap();
    assert_eq!(store.running_generation_of(conversation).await.unwrap(), Some(generation_id(20)));

    let batches = [batch(10, 3, "Grüße, "), batch(20, 1, "second"), batch(10, 7, "Welt 🌍"), batch(99, 1, "of none")];
    store.append_pieces(&batches).await.unwrap();
    store.append_pieces(&batches).await.unwrap();
    let all = [(3, "Grüße, ".to_owned()), (7, "Welt 🌍".to_owned())];
    assert_eq!(store.pieces_after(generation_id(10), 0).await.unwrap(), all);
    assert_eq!(store.pieces_after(generation_id(10), 3).await.unwrap(), all[1..]);
    let (_, message) = store.message(user, message_id(11)).await.unwrap().unwrap();
    assert_eq!((message.text.as_str(), message.last_piece), ("Grüße, Welt 🌍", 7), "the text so far");
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
    assert_eq!((message.generation, message.last_piece), (None, 7));
    assert_eq!(store.generation(user, generation_id(10)).await.unwrap().unwrap().last_piece, 7);
}

async fn dying(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    store.append_prompt_and_answer(exchange(conversation, user, 20, Some(11))).await.unwrap();
    store.append_pieces(&[batch(10, 1, "so "), batch(10, 2, "far")]).await.unwrap();

    assert!(store.interrupt_expired(T0 + 29_999, None).await.unwrap().is_empty());
    assert_eq!(store.renew_leases("one", T0 + 60_000).await.unwrap(), 2);
    assert!(store.interrupt_expired(T0 + 30_000, Some("two")).await.unwrap().is_empty());
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
    assert!(twice.is_conflict("generations_message_id"), "{twice}");
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

crate::on_both!(writing, dying);
