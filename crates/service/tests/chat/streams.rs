//! Following an answer: nothing is lost, nothing comes twice, whoever reads and however often they come back.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use tokio::time::Instant;
use types::{GenerationEvent, GenerationState, MessageStatus, ProblemCode};

use super::support::{House, Place, eventually, settings};

#[tokio::test]
async fn open_comes_at_once_then_the_text_then_the_end() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let mut reader = anna.watch(generation.id, 0).await;
    let stream = place.services.chat().watch(anna.member(), generation.id, 0).await.unwrap();
    assert!(std::mem::size_of_val(&stream) <= 1024, "a reader is small: {}", std::mem::size_of_val(&stream));
    drop(stream);
    // Nothing was said yet, and still there is an event.
    assert_eq!(reader.next().await, Some(GenerationEvent::Open { generation: generation.id }));
    let call = place.puppet.call().await;
    call.text("Good ");
    reader.until("Good ").await;
    call.text("day.");
    call.item(Ok(upstream::phoenix::ChatDelta::Usage(types::Usage { prompt_tokens: 5, completion_tokens: 2 })));
    call.finish();
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    assert_eq!(reader.text, "Good day.");
    let message = anna.message(generation.message).await;
    assert_eq!((message.text.as_str(), message.status), ("Good day.", MessageStatus::Complete));
    assert_eq!(message.usage.map(|usage| usage.completion_tokens), Some(2));
    assert!(message.first_token_ms.is_some() && message.duration_ms >= message.first_token_ms);
    place.shut_down().await;
}

#[tokio::test]
async fn a_late_reader_and_a_second_reader_get_the_same() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Count").await;
    let call = place.puppet.call().await;
    let mut first = anna.watch(generation.id, 0).await;
    (0..50).for_each(|n| call.text(&format!("{n} ")));
    first.until("49 ").await;
    let shown = anna.message(generation.message).await;
    assert_eq!(shown.last_piece, 50, "a page that is opened now shows all there is");
    let mut second = anna.watch(generation.id, 20).await;
    let mut third = anna.watch(generation.id, shown.last_piece).await;
    (50..100).for_each(|n| call.text(&format!("{n} ")));
    call.finish();
    for reader in [&mut first, &mut second, &mut third] {
        assert_eq!(reader.until_end().await, GenerationState::Complete);
    }
    let whole: String = (0..100).map(|n| format!("{n} ")).collect();
    assert_eq!(first.text, whole);
    assert_eq!(second.text, (20..100).map(|n| format!("{n} ")).collect::<String>());
    assert_eq!(shown.text + &third.text, whole);
    // Long after the end: everything at once.
    let mut late = anna.watch(generation.id, 0).await;
    assert_eq!(late.until_end().await, GenerationState::Complete);
    assert_eq!(late.text, whole);
    place.shut_down().await;
}

/// A phone out of reach: its connection is open and takes nothing.
#[tokio::test]
async fn a_reader_who_takes_nothing_holds_up_neither_the_store_nor_another_reader() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut stuck = anna.watch(generation.id, 0).await;
    call.text("Good ");
    stuck.until("Good ").await;
    for (text, whole) in [("day. ", "Good day. "), ("How ", "Good day. How ")] {
        call.text(text);
        let (store, user) = (&place.store, anna.id());
        eventually(async || {
            let (_, message) = store.message(user, generation.message).await.unwrap().unwrap();
            (message.text == whole).then_some(())
        })
        .await;
    }
    let mut other = anna.watch(generation.id, 0).await;
    other.until("How ").await;
    call.text("are you?");
    other.until("are you?").await;
    stuck.until("are you?").await;
    drop(other);
    call.text(" Fine.");
    stuck.until(" Fine.").await;
    assert_eq!(stuck.text, "Good day. How are you? Fine.");
    // Nobody reads it at this moment, and still it ends at once.
    place.services.chat().stop(anna.member(), generation.id).await.unwrap();
    tokio::time::timeout(Duration::from_millis(100), call.dropped.cancelled()).await.expect("the upstream is closed");
    assert_eq!(stuck.until_end().await, GenerationState::Stopped);
    place.shut_down().await;
}

#[tokio::test]
async fn late_readers_of_a_long_answer_take_it_in_bits() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Everything").await;
    let call = place.puppet.call().await;
    let mut first = anna.watch(generation.id, 0).await;
    let piece = "0123456789abcdef".repeat(256);
    (0..500).for_each(|_| call.text(&piece));
    call.text("!");
    first.until("!").await;
    for after in [0, 1, 9_999] {
        let mut late = anna.watch(generation.id, after).await;
        let mut events = 0;
        while !late.text.ends_with('!') {
            let before = late.text.len();
            late.next().await.expect("the text comes before the end");
            assert!(late.text.len() - before <= 64 * 1024, "{} bytes at once", late.text.len() - before);
            events += 1;
        }
        let missed = if after == 1 { piece.len() } else { 0 };
        assert_eq!(late.text.len(), piece.len() * 500 + 1 - missed, "after {after}");
        assert!(events >= 31, "{events}");
    }
    call.finish();
    place.shut_down().await;
}

/// Through another process, which has it from the database in one piece.
#[tokio::test]
async fn readers_of_a_huge_stored_answer_take_turns() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Everything").await;
    let call = place.puppet.call().await;
    let piece = "0123456789abcdef".repeat(4096);
    (0..20).for_each(|_| call.text(&piece));
    call.finish();
    anna.message_when(&place, generation.message, MessageStatus::Complete).await;
    let other = house.open(service::ServiceSettings { instance: "two".into(), ..settings() }).await;
    let there = other.session_of(anna.id()).await;
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut reader = there.watch(generation.id, 0).await;
        assert!(matches!(reader.next().await, Some(GenerationEvent::Open { .. })));
        waiting.push(reader);
    }
    let mut holding = Vec::new();
    for mut reader in waiting.drain(..4) {
        assert!(matches!(reader.next().await, Some(GenerationEvent::Snapshot { .. })));
        assert_eq!(reader.text.len(), piece.len() * 20);
        holding.push(reader);
    }
    let mut fifth = waiting.pop().unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), fifth.next()).await;
    assert!(early.is_err(), "four have it in memory");
    drop(holding.pop());
    assert!(matches!(fifth.next().await, Some(GenerationEvent::Snapshot { .. })), "one has left");
    let mut sixth = waiting.pop().unwrap();
    assert_eq!(holding[0].until_end().await, GenerationState::Complete, "and one has taken it");
    assert!(matches!(sixth.next().await, Some(GenerationEvent::Snapshot { .. })));
    other.shut_down().await;
    place.shut_down().await;
}

/// What a reader does: take so many events, then go away and come back with the number it has.
fn visits() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..6, 1..20)
}

#[test]
fn readers_that_come_and_go_at_random_lose_nothing_and_double_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (_house, place, anna) = runtime.block_on(async {
        let house = House::new();
        let place = Place::new(&house).await;
        let anna = place.person("anna").await;
        (house, place, anna)
    });
    let pieces = prop::collection::vec("[a-z äß🦀\n]{1,6}", 1..200);
    TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() })
        .run(&(pieces, visits(), visits()), |(pieces, one, two)| {
            runtime.block_on(async {
                let generation = anna.begin("Go").await;
                let call = place.puppet.call().await;
                let writing = async {
                    for (index, piece) in pieces.iter().enumerate() {
                        call.text(piece);
                        if index % 7 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                    call.finish();
                };
                let reading = |visits: Vec<usize>| {
                    let anna = &anna;
                    async move {
                        let (mut text, mut n) = (String::new(), 0);
                        for events in visits {
                            let mut reader = anna.watch(generation.id, n).await;
                            reader.text = text;
                            // One more than asked for, because the first is "open".
                            for _ in 0..=events {
                                if reader.next().await.is_none() {
                                    break;
                                }
                            }
                            (text, n) = (reader.text, reader.n);
                        }
                        let mut reader = anna.watch(generation.id, n).await;
                        reader.text = text;
                        assert_eq!(reader.until_end().await, GenerationState::Complete);
                        reader.text
                    }
                };
                let ((), one, two) = tokio::join!(writing, reading(one), reading(two));
                let whole = pieces.concat();
                assert_eq!((&one, &two), (&whole, &whole));
                assert_eq!(anna.message(generation.message).await.text, whole);
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(place.shut_down());
}

#[tokio::test]
async fn the_answer_goes_on_without_readers() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("one ");
    reader.until("one ").await;
    drop(reader);
    call.text("two");
    assert!(!call.dropped.is_cancelled());
    call.finish();
    let message = anna.message_when(&place, generation.message, MessageStatus::Complete).await;
    assert_eq!(message.text, "one two");
    place.shut_down().await;
}

#[tokio::test]
async fn stopping_closes_the_upstream_and_keeps_the_text() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("half");
    reader.until("half").await;
    let before = Instant::now();
    place.services.chat().stop(anna.member(), generation.id).await.unwrap();
    call.dropped.cancelled().await;
    assert!(before.elapsed() < Duration::from_millis(100), "took {:?}", before.elapsed());
    assert_eq!(reader.until_end().await, GenerationState::Stopped);
    let message = anna.message(generation.message).await;
    assert_eq!((message.text.as_str(), message.status), ("half", MessageStatus::Stopped));
    // Once more is fine.
    place.services.chat().stop(anna.member(), generation.id).await.unwrap();
    place.shut_down().await;
}

#[tokio::test]
async fn deleting_a_conversation_stops_its_answer_and_ends_its_readers() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("half");
    reader.until("half").await;
    let chat = place.services.chat();
    let before = Instant::now();
    chat.delete(anna.member(), generation.conversation).await.unwrap();
    call.dropped.cancelled().await;
    assert!(before.elapsed() < Duration::from_millis(100), "took {:?}", before.elapsed());
    assert_eq!(reader.until_end().await, GenerationState::Stopped);
    let gone = chat.open(anna.member(), generation.conversation, None).await.unwrap_err();
    assert_eq!(gone.code(), ProblemCode::NotFound);
    chat.restore(anna.member(), generation.conversation).await.unwrap();
    assert_eq!(anna.texts(generation.conversation).await, ["Hello", "half"]);
    place.shut_down().await;
}

#[tokio::test]
async fn an_ended_session_ends_its_readers_and_nobody_reads_what_is_not_theirs() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let other_device = place.session_of(anna.id()).await;
    let eve = place.person("eve").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let chat = place.services.chat();
    let refused = chat.watch(eve.member(), generation.id, 0).await.err().unwrap();
    assert_eq!(refused.code(), ProblemCode::NotFound);
    assert_eq!(chat.stop(eve.member(), generation.id).await.unwrap_err().code(), ProblemCode::NotFound);

    let mut here = anna.watch(generation.id, 0).await;
    let mut there = other_device.watch(generation.id, 0).await;
    call.text("a");
    here.until("a").await;
    there.until("a").await;
    place.services.sessions().end(anna.member().signed_in(), other_device.member().session()).await.unwrap();
    assert_eq!(there.next().await, None, "the stream is closed");
    assert_eq!(there.end, None);
    call.text("b");
    here.until("ab").await;

    // An administrator in another process disables the person: only the database knows.
    let world = place.services.world();
    let now = world.now();
    let before = Instant::now();
    place.store.set_disabled(anna.id(), Some(now), now, super::support::audit(world, "user.disabled")).await.unwrap();
    assert_eq!(here.next().await, None);
    assert!(before.elapsed() < Duration::from_secs(1), "took {:?}", before.elapsed());
    place.shut_down().await;
}

#[tokio::test]
async fn a_failing_upstream_is_told_in_words() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let conversation = anna.exchange(&place, None, "Hello", "Hi").await.conversation;

    // Cut off after some text: interrupted, may be continued.
    let generation = anna.send(conversation, "More").await;
    let call = place.puppet.call().await;
    call.text("some");
    call.item(Err(upstream::phoenix::PhoenixError::CutOff));
    let mut reader = anna.watch(generation.id, 0).await;
    assert_eq!(reader.until_end().await, GenerationState::Interrupted);
    assert!(reader.end.unwrap().1.unwrap().contains("broke"));
    assert_eq!(reader.text, "some");

    // Refused before any text: failed.
    place.puppet.refuse(Some(upstream::phoenix::PhoenixError::UnknownModel { model: "puppet".into() }));
    let settings = types::ConversationSettings { model: Some("puppet".into()), ..Default::default() };
    place.services.chat().settings(anna.member(), conversation, settings).await.unwrap();
    let generation = anna.send(conversation, "Still there?").await;
    let message = anna.message_when(&place, generation.message, MessageStatus::Failed).await;
    assert!(message.error.unwrap().contains("does not offer the model"));

    // Nothing said at all.
    place.puppet.refuse(None);
    let generation = anna.send(conversation, "And now?").await;
    place.puppet.call().await.finish();
    let message = anna.message_when(&place, generation.message, MessageStatus::Failed).await;
    assert!(message.error.unwrap().contains("empty answer"));
    place.shut_down().await;
}

#[tokio::test]
async fn one_answer_per_conversation_and_four_per_person() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let first = anna.begin("One").await;
    let busy = anna.try_send(Some(first.conversation), "Again").await.unwrap_err();
    assert_eq!(busy.code(), ProblemCode::Conflict);
    for text in ["Two", "Three", "Four"] {
        anna.begin(text).await;
    }
    let limit = anna.try_send(None, "Five").await.unwrap_err().problem();
    assert_eq!((limit.code, limit.retry_after_s), (ProblemCode::TooManyRequests, Some(5)));
    let list = place.services.chat().list(anna.member(), None).await.unwrap();
    assert_eq!(list.conversations.len(), 4, "the refused one left no empty conversation");
    place.services.chat().stop(anna.member(), first.id).await.unwrap();
    eventually(async || anna.try_send(None, "Five").await.ok()).await;
    place.shut_down().await;
}
