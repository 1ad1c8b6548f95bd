//! The title that a model finds after the first answer.

use std::sync::atomic::Ordering;

use super::support::{House, Place, eventually};

#[tokio::test]
async fn the_first_answer_brings_a_title() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    place.puppet.set_title("\"**Baking bread** 🍞\"\nI hope you like it!");
    let id = anna.exchange(&place, None, "How do I bake bread?", "With flour").await.conversation;
    eventually(async || (anna.open(id).await.conversation.title == "Baking bread").then_some(())).await;
    anna.exchange(&place, Some(id), "Thanks", "Welcome").await;
    // Only the first exchange asks.
    assert_eq!(place.puppet.titles_asked.load(Ordering::SeqCst), 1);
    place.shut_down().await;
}

#[tokio::test]
async fn a_title_of_ones_own_is_never_overwritten_and_garbage_is_ignored() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    place.puppet.set_title("The model's idea");
    let own = anna.begin("Hello").await;
    place.services.chat().rename(anna.member(), own.conversation, "Mine").await.unwrap();
    let call = place.puppet.call().await;
    call.text("Hi");
    call.finish();
    anna.watch(own.id, 0).await.until_end().await;

    let done = async |kind: &str| {
        let counts = place.store.job_counts().await.unwrap();
        counts
            .iter()
            .filter(|(name, state, _)| name == kind && state.as_str() == "done")
            .map(|(_, _, n)| *n)
            .sum::<i64>()
    };
    eventually(async || (done("chat.title").await == 1).then_some(())).await;
    assert_eq!(anna.open(own.conversation).await.conversation.title, "Mine");

    place.puppet.set_title("🍞🍞🍞\n---");
    let other = anna.exchange(&place, None, "Hello again", "Hi").await.conversation;
    eventually(async || (done("chat.title").await == 2).then_some(())).await;
    assert_eq!(anna.open(other).await.conversation.title, "Hello again");
    place.shut_down().await;
}
