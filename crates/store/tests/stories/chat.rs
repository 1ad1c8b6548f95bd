//! Conversations, messages, branches and search.

use store::{PromptAndAnswer, StoreError, testing::TestDatabase};
use types::{ConversationSettings, MessageRole, MessageStatus, Role};

use crate::support::*;

async fn conversations(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let stranger = add(&store, 2, Role::Member).await.id;
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(start(&store, n, user).await);
    }

    let page = store.conversations(user, None, 3).await.unwrap();
    assert_eq!(page.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[4], ids[3], ids[2]]);
    let next = store.conversations(user, Some((page[2].updated_at, page[2].id)), 3).await.unwrap();
    assert_eq!(next.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
    assert!(store.conversations(stranger, None, 3).await.unwrap().is_empty());

    let id = ids[0];
    assert_eq!(store.conversation(stranger, id).await.unwrap(), None);
    assert!(!store.rename_conversation(stranger, id, "mine now", false).await.unwrap());
    assert!(store.rename_conversation(user, id, "made up", true).await.unwrap());
    assert!(store.rename_conversation(user, id, "chosen", false).await.unwrap());
    assert!(!store.rename_conversation(user, id, "made up later", true).await.unwrap());
    let settings = ConversationSettings {
        model: Some("small".into()),
        system_prompt: "Be brief.".into(),
        temperature: Some(0.25),
    };
    assert!(store.set_conversation_settings(user, id, &settings).await.unwrap());
    let head = store.conversation(user, id).await.unwrap().unwrap();
    assert_eq!((head.title.as_str(), head.settings, head.leaf), ("chosen", settings, None));

    assert!(!store.delete_conversation(stranger, id, T0).await.unwrap());
    assert!(store.delete_conversation(user, id, T0 + 50).await.unwrap());
    assert!(!store.delete_conversation(user, id, T0 + 51).await.unwrap());
    assert_eq!(store.conversation(user, id).await.unwrap(), None);
    assert_eq!(store.conversations(user, None, 9).await.unwrap().len(), 4);
    assert!(store.restore_conversation(user, id).await.unwrap());
    assert!(!store.restore_conversation(user, id).await.unwrap());
    assert_eq!(store.conversation(user, id).await.unwrap().unwrap().title, "chosen");

    let orphan = store::NewConversation {
        id: conversation_id(9),
        user_id: user_id(9),
        title: "of nobody".into(),
        auto_title: true,
        settings: ConversationSettings::default(),
        now: T0,
    };
    assert!(matches!(store.create_conversation(&orphan).await, Err(StoreError::NotFound)));
}

/// A conversation begins with its first message, or not at all.
async fn beginning(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let mut new = fresh(1, user);
    new.settings.model = Some("large".into());
    store.begin_conversation(&new, exchange(new.id, user, 10, None)).await.unwrap();
    let head = store.conversation(user, new.id).await.unwrap().unwrap();
    assert_eq!((head.leaf, head.settings), (Some(message_id(11)), new.settings));
    assert_eq!(store.running_generation_of(new.id).await.unwrap(), Some(generation_id(10)));
    let (thread, _) = store.thread(new.id, message_id(11), None, 10).await.unwrap();
    assert_eq!(thread.iter().map(|one| one.id).collect::<Vec<_>>(), [10, 11].map(message_id));

    // Nobody's, with a parent elsewhere, and with a message that is there already.
    for (n, whose, first, parent) in [(2, 9, 20, None), (3, 1, 30, Some(11)), (4, 1, 10, None)] {
        let new = fresh(n, user_id(whose));
        let refused = store.begin_conversation(&new, exchange(new.id, new.user_id, first, parent)).await;
        assert!(matches!(refused, Err(StoreError::NotFound | StoreError::Conflict { .. })), "{refused:?}");
        assert_eq!(store.conversation(new.user_id, new.id).await.unwrap(), None);
    }
}

async fn branches(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let stranger = add(&store, 2, Role::Member).await.id;
    let conversation = start(&store, 1, user).await;
    let elsewhere = start(&store, 2, user).await;

    // 10 → 11 → 20 → 21, then 22 as a second answer to 20, then 30 → 31 as an edit of the first message.
    store.append_prompt_and_answer(exchange(conversation, user, 10, None)).await.unwrap();
    stop(&store, 10).await;
    store.append_prompt_and_answer(exchange(conversation, user, 20, Some(11))).await.unwrap();
    stop(&store, 20).await;
    let again = PromptAndAnswer {
        prompt: None,
        answer: said(22, Some(20), MessageRole::Assistant, ""),
        generation: generation(22),
        ..exchange(conversation, user, 21, None)
    };
    store.append_prompt_and_answer(again).await.unwrap();

    let head = store.conversation(user, conversation).await.unwrap().unwrap();
    assert_eq!((head.leaf, head.updated_at), (Some(message_id(22)), T0 + 21));
    let (thread, more) = store.thread(conversation, message_id(22), None, 10).await.unwrap();
    assert_eq!(thread.iter().map(|one| one.id).collect::<Vec<_>>(), [10, 11, 20, 22].map(message_id));
    assert!(!more);
    assert_eq!(thread[0].text, "prompt 10");
    assert_eq!((thread[0].branch.index, thread[0].branch.count), (1, 1));
    let second = &thread[3];
    assert_eq!((second.branch.index, second.branch.count), (2, 2));
    assert_eq!((second.branch.previous, second.branch.next), (Some(message_id(21)), None));
    assert_eq!((second.status, second.generation), (MessageStatus::Running, Some(generation_id(22))));

    stop(&store, 22).await;
    store.append_prompt_and_answer(exchange(conversation, user, 30, None)).await.unwrap();
    let (thread, _) = store.thread(conversation, message_id(31), None, 10).await.unwrap();
    assert_eq!((thread[0].branch.index, thread[0].branch.count), (2, 2), "first messages are siblings too");
    assert_eq!(thread[0].branch.previous, Some(message_id(10)));

    let (tail, more) = store.thread(conversation, message_id(22), None, 2).await.unwrap();
    assert_eq!(tail.iter().map(|one| one.id).collect::<Vec<_>>(), [20, 22].map(message_id));
    assert!(more);
    let (above, more) = store.thread(conversation, message_id(22), Some(message_id(20)), 2).await.unwrap();
    assert_eq!(above.iter().map(|one| one.id).collect::<Vec<_>>(), [10, 11].map(message_id));
    assert!(!more);
    assert_eq!(store.thread(conversation, message_id(22), Some(message_id(10)), 2).await.unwrap(), (Vec::new(), false));
    assert!(store.thread(elsewhere, message_id(22), None, 2).await.unwrap().0.is_empty());

    assert_eq!(store.deepest_leaf(message_id(10)).await.unwrap(), message_id(22), "the newest child each time");
    assert_eq!(store.deepest_leaf(message_id(21)).await.unwrap(), message_id(21));
    assert!(matches!(store.deepest_leaf(message_id(99)).await, Err(StoreError::NotFound)));
    let context = store.context(conversation, message_id(20), 2).await.unwrap();
    assert_eq!(
        context,
        [
            (MessageRole::Assistant, String::new(), MessageStatus::Stopped),
            (MessageRole::User, "prompt 20".into(), MessageStatus::Complete)
        ]
    );

    assert!(store.set_leaf(user, conversation, message_id(21)).await.unwrap());
    assert!(!store.set_leaf(user, elsewhere, message_id(21)).await.unwrap());
    assert!(!store.set_leaf(stranger, conversation, message_id(21)).await.unwrap());
    let (found, message) = store.message(user, message_id(21)).await.unwrap().unwrap();
    assert_eq!((found, message.branch.next), (conversation, Some(message_id(22))));
    assert_eq!(store.message(stranger, message_id(21)).await.unwrap(), None);

    // Nothing is written for a wrong parent, a stranger, or a deleted conversation.
    for refused in [
        exchange(elsewhere, user, 40, Some(11)),
        exchange(conversation, stranger, 50, Some(11)),
        exchange(conversation, user, 60, Some(999)),
    ] {
        let error = store.append_prompt_and_answer(refused).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound), "{error}");
    }
    assert_eq!(store.message(user, message_id(41)).await.unwrap(), None);
    assert_eq!(store.conversation(user, elsewhere).await.unwrap().unwrap().leaf, None);

    store.delete_conversation(user, conversation, T0 + 100).await.unwrap();
    assert_eq!(store.message(user, message_id(21)).await.unwrap(), None);
    assert_eq!(store.stop_requested("one").await.unwrap(), [generation_id(30)], "a deleted conversation stops writing");
    assert!(store.append_prompt_and_answer(exchange(conversation, user, 70, None)).await.is_err());
    assert_eq!(store.purge_deleted_conversations(T0 + 100).await.unwrap(), 0);
    assert_eq!(store.purge_deleted_conversations(T0 + 101).await.unwrap(), 1);
    assert_eq!(
        database.rows(&store, "SELECT id FROM messages UNION ALL SELECT id FROM generations").await.unwrap(),
        [""; 0]
    );
}

async fn search(database: &TestDatabase) {
    let store = database.store().await;
    let user = add(&store, 1, Role::Member).await.id;
    let stranger = add(&store, 2, Role::Member).await.id;
    let first = start(&store, 1, user).await;
    let second = start(&store, 2, user).await;
    store.rename_conversation(user, first, "Größe und ÜBUNG", false).await.unwrap();
    let mut new = exchange(second, user, 10, None);
    if let Some(prompt) = &mut new.prompt {
        prompt.text = format!("{} how do 100% of übungen\nwork with [a_b]? {}", "x ".repeat(200), "y ".repeat(200));
    }
    store.append_prompt_and_answer(new).await.unwrap();

    let hits = store.search(user, "übung", 10).await.unwrap();
    assert_eq!(hits.len(), 2);
    assert_eq!((hits[0].conversation.id, hits[0].message, hits[0].excerpt.as_str()), (first, None, "Größe und ÜBUNG"));
    assert_eq!((hits[1].conversation.id, hits[1].message), (second, Some(message_id(10))));
    assert!(hits[1].excerpt.starts_with('…') && hits[1].excerpt.contains("of übungen work"), "{}", hits[1].excerpt);
    assert!(hits[1].excerpt.chars().count() < 170);

    for (words, found) in [
        ("100% WORK", 1),
        ("work how with 100% of", 1),
        ("work how with of 100%", 0),
        ("[A_B]?", 1),
        ("a%b", 0),
        ("a?b", 0),
        ("a*b", 0),
        ("axb", 0),
        ("größe übung", 1),
        ("größe how", 0),
        ("  ", 0),
        ("\\", 0),
        ("'; DROP TABLE messages; --", 0),
    ] {
        assert_eq!(store.search(user, words, 10).await.unwrap().len(), found, "{words}");
    }
    assert_eq!(store.search(user, "übung", 1).await.unwrap().len(), 1);
    assert!(store.search(stranger, "übung", 10).await.unwrap().is_empty());
    store.delete_conversation(user, second, T0).await.unwrap();
    assert_eq!(store.search(user, "übung", 10).await.unwrap().len(), 1);
}

crate::on_both!(conversations, beginning, branches, search);
