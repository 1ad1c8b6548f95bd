//! Tokens for programs.

use store::{NewTokenRow, testing::TestDatabase};
use types::{ApiTokenId, Role, UserId};

use crate::support::*;

fn id(n: u32) -> ApiTokenId {
    ApiTokenId::from_parts(T0 + i64::from(n), random(n))
}

fn token(n: u32, user: UserId) -> NewTokenRow {
    NewTokenRow {
        id: id(n),
        user,
        name: format!("token {n}"),
        digest: format!("{n:064}"),
        now: T0 + i64::from(n),
        expires_at: n.is_multiple_of(2).then_some(T0 + 1_000),
        most: 3,
    }
}

fn digest(n: u32) -> String {
    format!("{n:064}")
}

async fn tokens(database: &TestDatabase) {
    let store = database.store().await;
    let admin = add(&store, 1, Role::Administrator).await;
    let member = add(&store, 2, Role::Member).await;
    for n in [1, 2, 3] {
        store.create_token(&token(n, member.id), entry(10 + n, "token.create")).await.unwrap();
    }
    store.create_token(&token(4, admin.id), entry(14, "token.create")).await.unwrap();

    let refused = store.create_token(&token(5, member.id), entry(15, "token.create")).await.unwrap_err();
    assert!(refused.is_conflict("api_tokens_most"), "{refused}");
    let refused = store.create_token(&token(6, user_id(9)), entry(16, "token.create")).await.unwrap_err();
    assert!(matches!(refused, store::StoreError::NotFound), "{refused}");
    assert_eq!(store.audit(None, 100).await.unwrap().len(), 6, "what was refused left no record");

    let ids = |tokens: Vec<types::ApiToken>| tokens.iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids(store.tokens_of(member.id, T0).await.unwrap()), [id(3), id(2), id(1)], "newest first");
    assert_eq!(ids(store.tokens_of(member.id, T0 + 1_000).await.unwrap()), [id(3), id(1)], "the second has run out");

    let (found, user) = store.token_with_user(&digest(2), T0 + 999).await.unwrap().unwrap();
    assert_eq!((found.id, found.name.as_str(), user.id), (id(2), "token 2", member.id));
    assert_eq!((found.created_at, found.expires_at, found.last_used_at), (T0 + 2, Some(T0 + 1_000), None));
    assert_eq!(store.token_with_user(&digest(2), T0 + 1_000).await.unwrap(), None, "it has run out");
    assert_eq!(store.token_with_user(&digest(7), T0).await.unwrap(), None);

    store.touch_token(id(1), T0, T0 + 50).await.unwrap();
    store.touch_token(id(1), T0 + 10, T0 + 60).await.unwrap();
    let used = async || store.token_with_user(&digest(1), T0).await.unwrap().unwrap().0.last_used_at;
    assert_eq!(used().await, Some(T0 + 50), "it was noted a moment ago");
    store.touch_token(id(1), T0 + 50, T0 + 110).await.unwrap();
    assert_eq!(used().await, Some(T0 + 110));
    assert_eq!(store.user_by_id(member.id).await.unwrap().unwrap().user.last_seen_at, Some(T0 + 110));

    assert!(!store.end_token(admin.id, id(1), T0 + 5, entry(20, "token.end")).await.unwrap(), "somebody else's");
    assert!(store.end_token(member.id, id(1), T0 + 5, entry(21, "token.end")).await.unwrap());
    assert!(!store.end_token(member.id, id(1), T0 + 6, entry(22, "token.end")).await.unwrap(), "twice");
    assert_eq!(store.token_with_user(&digest(1), T0).await.unwrap(), None);
    let news = store.revocations_after(0).await.unwrap();
    assert!(news.iter().any(|one| one.ends(member.id, id(1).into())), "{news:?}");
}

async fn what_ends_a_person_ends_their_tokens(database: &TestDatabase) {
    let store = database.store().await;
    let admin = add(&store, 1, Role::Administrator).await;
    let member = add(&store, 2, Role::Member).await;
    store.create_token(&token(1, member.id), entry(11, "token.create")).await.unwrap();
    store.create_token(&token(3, admin.id), entry(13, "token.create")).await.unwrap();
    let session = session(7, Some(member.id));
    store.save_session(&session).await.unwrap();

    store.delete_sessions_of(member.id, Some(&session.id_hash), T0, entry(20, "x")).await.unwrap();
    assert!(store.token_with_user(&digest(1), T0).await.unwrap().is_some(), "ending other sessions spares tokens");
    store.delete_sessions_of(member.id, None, T0, entry(21, "x")).await.unwrap();
    assert_eq!(store.token_with_user(&digest(1), T0).await.unwrap(), None);

    store.create_token(&token(5, member.id), entry(15, "token.create")).await.unwrap();
    store.set_disabled(member.id, Some(T0 + 1), T0 + 1, entry(22, "x")).await.unwrap();
    assert_eq!(store.token_with_user(&digest(5), T0).await.unwrap(), None);
    let refused = store.create_token(&token(7, member.id), entry(16, "token.create")).await.unwrap_err();
    assert!(matches!(refused, store::StoreError::NotFound), "{refused}");
    store.set_disabled(member.id, None, T0 + 2, entry(23, "x")).await.unwrap();
    assert_eq!(store.token_with_user(&digest(5), T0).await.unwrap(), None, "enabling brings none back");
    assert!(store.token_with_user(&digest(3), T0).await.unwrap().is_some(), "others keep theirs");

    assert_eq!(store.purge_tokens(T0).await.unwrap(), 0);
    assert_eq!(store.purge_tokens(T0 + 2).await.unwrap(), 2);
    assert_eq!(store.tokens_of(admin.id, T0).await.unwrap().len(), 1);
}

crate::on_both!(tokens, what_ends_a_person_ends_their_tokens);
