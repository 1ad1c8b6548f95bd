//! With a real HTTP upstream on loopback: bytes, connections, and many pieces.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use types::{GenerationState, MessageStatus};
use upstream::phoenix::{
    PhoenixConfig,
    fake::{FakeConfig, FakePhoenix, Gate, Script},
};

use super::support::{House, PATIENCE, Place, settings};

async fn place_with_phoenix(house: &House) -> (FakePhoenix, Place) {
    let phoenix = FakePhoenix::start(FakeConfig::default()).await.unwrap();
    let config = PhoenixConfig { url: Some(phoenix.url()), ..PhoenixConfig::default() };
    let inference = upstream::phoenix::connect(config).unwrap();
    let place = Place::open(house.database.url(), settings(), Some(Arc::clone(&inference))).await;
    (phoenix, place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_pieces_arrive_byte_for_byte() {
    let house = House::new();
    let (phoenix, place) = place_with_phoenix(&house).await;
    let anna = place.person("anna").await;
    let pieces: Vec<String> = (0..20_000).map(|n| format!("{n}ä🦀\r\n\"\\ ")).collect();
    let tokens: Vec<&str> = pieces.iter().map(String::as_str).collect();
    phoenix.script(Script::answer(&tokens));
    let generation = anna.begin("Much, please").await;
    let mut first = anna.watch(generation.id, 0).await;
    let mut second = anna.watch(generation.id, 0).await;
    let (one, two) = tokio::join!(first.until_end(), second.until_end());
    assert_eq!((one, two), (GenerationState::Complete, GenerationState::Complete));
    let whole = pieces.concat();
    assert!(first.text == whole && second.text == whole);
    assert_eq!(first.n, 20_000);
    let message = anna.message_when(&place, generation.message, MessageStatus::Complete).await;
    assert!(message.text == whole);
    assert_eq!(message.usage.unwrap().completion_tokens, 20_000);
    place.shut_down().await;
}

#[tokio::test]
async fn split_characters_are_put_together() {
    let house = House::new();
    let (phoenix, place) = place_with_phoenix(&house).await;
    let anna = place.person("anna").await;
    phoenix.script(Script::answer(&["Grüße", " 🦀", "\u{200d}", "日本"]).every_byte());
    let generation = anna.begin("Hello").await;
    let mut reader = anna.watch(generation.id, 0).await;
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    assert_eq!(reader.text, "Grüße 🦀\u{200d}日本");
    place.shut_down().await;
}

#[tokio::test]
async fn stop_and_delete_close_the_connection_within_100_ms() {
    let house = House::new();
    let (phoenix, place) = place_with_phoenix(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    for delete in [false, true] {
        phoenix.script(Script::endless(200.0));
        let generation = anna.begin("Without end").await;
        let mut reader = anna.watch(generation.id, 0).await;
        while reader.n < 3 {
            reader.next().await;
        }
        assert_eq!(phoenix.open_streams(), 1);
        let before = Instant::now();
        if delete {
            chat.delete(anna.member(), generation.conversation).await.unwrap();
        } else {
            chat.stop(anna.member(), generation.id).await.unwrap();
        }
        phoenix.wait_until(|state| state.open_streams == 0, PATIENCE).await.unwrap();
        assert!(before.elapsed() < Duration::from_millis(100), "took {:?}", before.elapsed());
        assert_eq!(reader.until_end().await, GenerationState::Stopped);
    }
    place.shut_down().await;
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_an_answer_to_continue() {
    let house = House::new();
    let (phoenix, place) = place_with_phoenix(&house).await;
    let anna = place.person("anna").await;
    let gate = Gate::new();
    phoenix.script(Script::sse().role().tokens(&["Once ", "upon "]).gate(&gate).cut());
    let generation = anna.begin("A story").await;
    let mut reader = anna.watch(generation.id, 0).await;
    reader.until("upon ").await;
    gate.open();
    assert_eq!(reader.until_end().await, GenerationState::Interrupted);
    assert_eq!(reader.text, "Once upon ");
    phoenix.script(Script::answer(&["a ", "time."]));
    let more = place.services.chat().carry_on(anna.member(), generation.message).await.unwrap();
    let mut reader = anna.watch(more.id, 0).await;
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    assert_eq!(reader.text, "Once upon a time.");
    let requests = phoenix.chat_requests();
    let last = requests[1].body["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["role"].as_str(), last["content"].as_str()), (Some("assistant"), Some("Once upon ")));
    place.shut_down().await;
}
