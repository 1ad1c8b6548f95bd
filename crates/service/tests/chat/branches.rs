//! Edits and regenerations are branches that can be leafed through.

use service::chat::SendRequest;
use types::ProblemCode;

use super::support::{House, Person, Place};

async fn finish(place: &Place, anna: &Person, generation: &types::Generation, text: &str) -> Vec<String> {
    let call = place.puppet.call().await;
    let read = call.read();
    call.text(text);
    call.finish();
    anna.watch(generation.id, 0).await.until_end().await;
    read
}

#[tokio::test]
async fn edits_and_regenerations_make_branches_to_leaf_through() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let chat = place.services.chat();
    let first = anna.exchange(&place, None, "Q1", "A1").await;
    let id = first.conversation;
    let second = anna.exchange(&place, Some(id), "Q2", "A2").await;

    // Edited twice: three versions of the first question.
    let edit = chat.edit(anna.member(), first.prompt, "Q1b".into()).await.unwrap();
    assert_eq!(finish(&place, &anna, &edit, "A1b").await, ["U:Q1b"], "the other branch is not read");
    let edit = chat.edit(anna.member(), edit.prompt, "Q1c".into()).await.unwrap();
    finish(&place, &anna, &edit, "A1c").await;
    assert_eq!(anna.texts(id).await, ["Q1c", "A1c"]);
    let shown = anna.open(id).await.messages[0].branch;
    assert_eq!((shown.index, shown.count, shown.next), (3, 3, None));

    // Regenerated: two versions of the last answer.
    let again = chat.regenerate(anna.member(), edit.message, Some("other".into())).await.unwrap();
    assert_eq!(again.prompt, edit.prompt);
    assert_eq!(finish(&place, &anna, &again, "A1c again").await, ["U:Q1c"]);
    assert_eq!(anna.texts(id).await, ["Q1c", "A1c again"]);
    let answer = &anna.open(id).await.messages[1];
    assert_eq!((answer.branch.index, answer.branch.count), (2, 2));
    assert_eq!(answer.model.as_deref(), Some("other"));

    // Leafing back goes down to the newest end of that branch.
    chat.select_branch(anna.member(), id, answer.branch.previous.unwrap()).await.unwrap();
    assert_eq!(anna.texts(id).await, ["Q1c", "A1c"]);
    chat.select_branch(anna.member(), id, first.prompt).await.unwrap();
    assert_eq!(anna.texts(id).await, ["Q1", "A1", "Q2", "A2"]);

    // A message to a place in the middle is a branch, too.
    let request = SendRequest {
        conversation: Some(id),
        text: "Q2b".into(),
        parent: Some(first.message),
        ..SendRequest::default()
    };
    let middle = chat.send(anna.member(), request).await.unwrap();
    assert_eq!(finish(&place, &anna, &middle, "A2b").await, ["U:Q1", "A:A1", "U:Q2b"]);
    assert_eq!(anna.texts(id).await, ["Q1", "A1", "Q2b", "A2b"]);
    assert_eq!(anna.message(second.prompt).await.branch.count, 2);
    place.shut_down().await;
}

#[tokio::test]
async fn a_branch_belongs_to_its_conversation_and_its_person() {
    let house = House::new();
    let place = Place::new(&house).await;
    let (anna, eve) = (place.person("anna").await, place.person("eve").await);
    let chat = place.services.chat();
    let one = anna.exchange(&place, None, "Q", "A").await;
    let two = anna.exchange(&place, None, "Q", "A").await;
    let wrong = chat.select_branch(anna.member(), two.conversation, one.message).await.unwrap_err();
    assert_eq!(wrong.code(), ProblemCode::NotFound);
    let request =
        SendRequest { conversation: Some(two.conversation), text: "x".into(), parent: Some(one.message), model: None };
    assert_eq!(chat.send(anna.member(), request).await.unwrap_err().code(), ProblemCode::NotFound);
    for refused in [
        chat.edit(eve.member(), one.prompt, "x".into()).await.err(),
        chat.regenerate(eve.member(), one.message, None).await.err(),
        chat.carry_on(eve.member(), one.message).await.err(),
        chat.message(eve.member(), one.message).await.err(),
        chat.open(eve.member(), one.conversation, None).await.err(),
        chat.delete(eve.member(), one.conversation).await.err(),
        chat.rename(eve.member(), one.conversation, "x").await.err(),
        chat.select_branch(eve.member(), one.conversation, one.message).await.err(),
        chat.settings(eve.member(), one.conversation, types::ConversationSettings::default()).await.err(),
        eve.try_send(Some(one.conversation), "x").await.err(),
    ] {
        assert_eq!(refused.map(|error| error.code()), Some(ProblemCode::NotFound));
    }
    let not_a_prompt = chat.edit(anna.member(), one.message, "x".into()).await.unwrap_err();
    assert_eq!(not_a_prompt.code(), ProblemCode::Conflict);
    place.shut_down().await;
}
