//! Conversations as pages show them: lists, search, names, settings, and very long ones.

use service::chat::{MAX_MESSAGE, SendRequest};
use tokio::time::Instant;
use types::{ConversationSettings, GenerationState, MessageStatus, ProblemCode};

use super::support::{House, Person, Place};

#[tokio::test]
async fn the_list_is_by_recency_in_pages_of_fifty() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    let mut ids = Vec::new();
    for _ in 0..120 {
        ids.push(chat.create(anna.member()).await.unwrap().id);
    }
    anna.exchange(&place, Some(ids[0]), "I come to the top", "Yes").await;
    let (mut seen, mut before, mut pages) = (Vec::new(), None, Vec::new());
    loop {
        let page = chat.list(anna.member(), before.as_deref()).await.unwrap();
        pages.push(page.conversations.len());
        seen.extend(page.conversations.into_iter().map(|conversation| conversation.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(pages, [50, 50, 20]);
    ids[1..].reverse();
    assert_eq!(seen, ids);
    for garbage in ["", "x", "1", "1.x"] {
        let refused = chat.list(anna.member(), Some(garbage)).await.unwrap_err();
        assert_eq!(refused.code(), ProblemCode::Invalid);
    }
    place.shut_down().await;
}

#[tokio::test]
async fn titles_are_made_kept_and_searched() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    let id = anna.exchange(&place, None, "How do I bake BREAD?\nWith yeast.", "Flour and patience").await.conversation;
    assert_eq!(anna.open(id).await.conversation.title, "How do I bake BREAD?");
    chat.rename(anna.member(), id, "  Baking\nday ").await.unwrap();
    assert_eq!(anna.open(id).await.conversation.title, "Baking day");
    assert_eq!(chat.rename(anna.member(), id, " ").await.unwrap_err().code(), ProblemCode::Invalid);
    for words in ["baking", "bread", "PATIENCE"] {
        let hits = chat.search(anna.member(), words).await.unwrap();
        assert_eq!(hits.len(), 1, "{words}");
        assert_eq!(hits[0].conversation.id, id);
    }
    assert!(chat.search(anna.member(), "  ").await.unwrap().is_empty());
    let eve = place.person("eve").await;
    assert!(chat.search(eve.member(), "bread").await.unwrap().is_empty());

    // An empty conversation gets its title from its first message.
    let empty = chat.create(anna.member()).await.unwrap();
    assert_eq!(empty.title, "New conversation");
    anna.exchange(&place, Some(empty.id), "What is the time?", "Late").await;
    assert_eq!(anna.open(empty.id).await.conversation.title, "What is the time?");
    place.shut_down().await;
}

#[tokio::test]
async fn settings_reach_the_model_and_are_checked() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    let id = anna.exchange(&place, None, "Hi", "Hello").await.conversation;
    let settings =
        ConversationSettings { model: Some("other".into()), system_prompt: "Be kind.".into(), temperature: Some(0.5) };
    chat.settings(anna.member(), id, settings.clone()).await.unwrap();
    let wrong = ConversationSettings { temperature: Some(2.5), ..settings };
    let problem = chat.settings(anna.member(), id, wrong).await.unwrap_err().problem();
    assert!(problem.for_field("temperature").is_some());

    anna.send(id, "And now?").await;
    let call = place.puppet.call().await;
    assert_eq!(call.read(), ["S:Be kind.", "U:Hi", "A:Hello", "U:And now?"]);
    assert_eq!((call.request.model.as_str(), call.request.temperature), ("other", Some(0.5)));
    assert_eq!(call.request.user, anna.id().to_string());
    let traceparent = call.request.traceparent.clone().unwrap();
    assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{traceparent}");
    assert_eq!(traceparent.len(), 55);
    call.finish();

    // A model chosen with a message stays chosen.
    let request = SendRequest { text: "New".into(), model: Some("other".into()), ..SendRequest::default() };
    let started = chat.send(anna.member(), request).await.unwrap();
    assert_eq!(anna.open(started.conversation).await.conversation.settings.model.as_deref(), Some("other"));
    assert_eq!(chat.models(anna.member()).await.unwrap().len(), 2);
    place.shut_down().await;
}

#[tokio::test]
async fn texts_have_limits_and_an_unreachable_model_costs_nothing() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    for text in [String::new(), "  \n".into(), "x".repeat(MAX_MESSAGE + 1)] {
        let problem = anna.try_send(None, &text).await.unwrap_err().problem();
        assert_eq!(problem.code, ProblemCode::Invalid);
        assert!(problem.for_field("text").is_some());
    }
    place.puppet.refuse(Some(upstream::phoenix::PhoenixError::Unreachable));
    let refused = anna.try_send(None, "Hello").await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::UpstreamUnavailable);
    let list = place.services.chat().list(anna.member(), None).await.unwrap();
    assert!(list.conversations.is_empty(), "no empty conversation stays behind");

    // Once models were seen, the message is kept and can be answered later.
    place.puppet.refuse(None);
    place.services.chat().models(anna.member()).await.unwrap();
    place.puppet.refuse(Some(upstream::phoenix::PhoenixError::Unreachable));
    let kept = anna.begin("Hello").await;
    let message = anna.message_when(&place, kept.message, MessageStatus::Failed).await;
    assert!(message.error.unwrap().contains("cannot be reached"));
    place.puppet.refuse(None);
    let again = place.services.chat().regenerate(anna.member(), kept.message, None).await.unwrap();
    let call = place.puppet.call().await;
    assert_eq!(call.read(), ["U:Hello"]);
    call.text("Hi");
    call.finish();
    assert_eq!(anna.watch(again.id, 0).await.until_end().await, GenerationState::Complete);
    place.shut_down().await;
}

async fn long_conversation(place: &Place, anna: &Person, messages: u32) -> types::ConversationId {
    let id = place.services.chat().create(anna.member()).await.unwrap().id;
    store::testing::seed_thread(&place.store, id, messages, place.services.world().now()).await.unwrap();
    id
}

#[tokio::test]
async fn ten_thousand_messages_open_at_the_end_and_load_upwards() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    let short = long_conversation(&place, &anna, 100).await;
    let long = long_conversation(&place, &anna, 10_000).await;
    let thread = anna.open(long).await;
    assert_eq!(thread.messages.len(), 50);
    assert!(thread.messages.last().unwrap().text.starts_with("Answer 9999."));
    let above = chat.open(anna.member(), long, thread.earlier).await.unwrap();
    assert_eq!(above.messages.len(), 50);
    assert_eq!(above.messages.last().unwrap().id, thread.messages[0].parent.unwrap());

    // The best of several tries, so that a busy machine does not decide.
    let mut best = [u128::MAX; 2];
    for _ in 0..20 {
        for (best, id) in best.iter_mut().zip([short, long]) {
            let before = Instant::now();
            anna.open(id).await;
            *best = (*best).min(before.elapsed().as_micros());
        }
    }
    assert!(best[1] <= best[0] * 3 / 2 + 500, "short {} µs, long {} µs", best[0], best[1]);

    // All the way up.
    let (mut count, mut earlier) = (50, thread.earlier);
    while let Some(before) = earlier {
        let above = chat.open(anna.member(), long, Some(before)).await.unwrap();
        count += above.messages.len();
        earlier = above.earlier;
    }
    assert_eq!(count, 10_000);
    // The model gets the end only.
    anna.send(long, "Still there?").await;
    let read = place.puppet.call().await.read();
    assert!(read.len() <= 201 && read.last().unwrap() == "U:Still there?", "{}", read.len());
    place.shut_down().await;
}
