//! Drafts of the catalog: one a person, and never written over unseen.

use store::{DraftRow, testing::TestDatabase};
use types::Role;

use crate::{races::eight, support::*};

fn draft(number: u64, body: Option<&str>) -> DraftRow {
    DraftRow { number, body: body.map(str::to_owned), discarded: None, changed_at: T0 }
}

async fn a_draft_is_one_a_person(database: &TestDatabase) {
    let store = database.store().await;
    let (ada, grace) = (add(&store, 1, Role::Administrator).await.id, add(&store, 2, Role::Administrator).await.id);
    assert_eq!(store.draft(ada).await.unwrap(), DraftRow::default());
    assert!(store.put_draft(ada, &draft(0, Some("[1]"))).await.unwrap());
    assert_eq!(store.draft(ada).await.unwrap(), draft(1, Some("[1]")));
    assert_eq!(store.draft(grace).await.unwrap(), DraftRow::default(), "each has their own");
    assert!(!store.put_draft(ada, &draft(0, Some("[2]"))).await.unwrap(), "it is there already");
    let thrown_away = DraftRow { discarded: Some("[1]".into()), changed_at: T0 + 5, ..draft(1, None) };
    assert!(store.put_draft(ada, &thrown_away).await.unwrap());
    assert!(!store.put_draft(ada, &thrown_away).await.unwrap(), "a number counts once");
    assert_eq!(store.draft(ada).await.unwrap(), DraftRow { number: 2, ..thrown_away });
}

async fn two_windows_do_not_overwrite_one_another(database: &TestDatabase) {
    let store = database.store().await;
    let ada = add(&store, 1, Role::Administrator).await.id;
    store.put_draft(ada, &draft(0, Some("[]"))).await.unwrap();
    let written = eight(database, move |store, n| async move {
        store.put_draft(ada, &draft(1, Some(&format!("[{n}]")))).await.unwrap()
    })
    .await;
    assert_eq!(written.into_iter().filter(|one| *one).count(), 1, "one of eight");
    assert_eq!(store.draft(ada).await.unwrap().number, 2);
}

crate::on_both!(a_draft_is_one_a_person, two_windows_do_not_overwrite_one_another);
