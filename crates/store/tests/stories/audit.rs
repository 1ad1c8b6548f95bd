//! The audit's chain: whatever is altered, taken out or put in shows.

use store::{AuditFault, AuditFilter, testing::TestDatabase};

use crate::support::*;

/// Columns that hold texts, and what they are changed to.
const TEXTS: [&str; 6] = ["actor_label", "action", "subject", "detail", "network", "trace_id"];

async fn every_single_change_shows(database: &TestDatabase) {
    let store = database.store().await;
    for n in 1..=20 {
        store.append_audit(entry(n, "session.refused")).await.unwrap();
    }
    let whole = store.verify_audit().await.unwrap();
    assert_eq!((whole.records, whole.faults.len()), (20, 0), "{whole:?}");
    assert_eq!(store.audit_end().await.unwrap(), (20, whole.digest.clone()));
    assert!(store.has_audit_digest(&whole.digest).await.unwrap() && !store.has_audit_digest("x").await.unwrap());

    for (n, column) in TEXTS.iter().enumerate() {
        let seq = 3 * n as u64 + 1;
        let before =
            database.rows(&store, &format!("SELECT {column} FROM audit WHERE seq = {seq}")).await.unwrap().remove(0);
        // One byte, somewhere.
        let mut bytes = before.clone().into_bytes();
        match bytes.get_mut(n) {
            Some(byte) => *byte ^= 1,
            None => bytes.push(b'x'),
        }
        let after = String::from_utf8(bytes).unwrap();
        let set = |text: &str| format!("UPDATE audit SET {column} = '{}' WHERE seq = {seq}", text.replace('\'', "''"));
        database.run(&store, &set(&after)).await.unwrap();
        let found = store.verify_audit().await.unwrap();
        assert!(
            matches!(found.faults.as_slice(), [AuditFault::Altered { seq: at, .. }] if *at == seq),
            "{column} of {seq}: {found:?}"
        );
        database.run(&store, &set(&before)).await.unwrap();
    }
    assert!(store.verify_audit().await.unwrap().faults.is_empty());

    for change in [
        "UPDATE audit SET happened_at = happened_at + 1 WHERE seq = 7",
        "UPDATE audit SET digest = '-' || substr(digest, 2) WHERE seq = 7",
        "UPDATE audit SET actor = 'somebody' WHERE seq = 7",
        "UPDATE audit SET seq = NULL WHERE seq = 7",
        "UPDATE audit_chain SET seq = seq + 1",
        "UPDATE audit_chain SET digest = 'x'",
        "DELETE FROM audit WHERE seq = 7",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq > 17",
    ] {
        let (elsewhere, copy) = copy_of(&store).await;
        elsewhere.run(&copy, change).await.unwrap();
        let found = copy.verify_audit().await.unwrap();
        assert!(!found.faults.is_empty(), "{change}: {found:?}");
    }
}

/// The same twenty records in a database of their own.
async fn copy_of(store: &store::Store) -> (TestDatabase, store::Store) {
    let copy = TestDatabase::of(store.backend()).await;
    let store = copy.store().await;
    for n in 1..=20 {
        store.append_audit(entry(n, "session.refused")).await.unwrap();
    }
    (copy, store)
}

async fn older_records_are_chained_and_writers_stand_in_line(database: &TestDatabase) {
    let store = database.store().await;
    for n in 1..=5 {
        store.append_audit(entry(n, "session.refused")).await.unwrap();
    }
    database.run(&store, "UPDATE audit SET seq = NULL, digest = NULL").await.unwrap();
    database.run(&store, "UPDATE audit_chain SET seq = 0, digest = ''").await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().faults.len(), 5);
    store.migrate().await.unwrap();
    assert!(store.verify_audit().await.unwrap().faults.is_empty());

    crate::races::eight(database, |store, n| async move {
        for round in 0..5 {
            store.append_audit(entry(100 + n * 10 + round, "session.refused")).await.unwrap();
        }
    })
    .await;
    let found = store.verify_audit().await.unwrap();
    assert_eq!((found.records, found.faults), (45, Vec::new()));
}

async fn records_are_found_by_what_they_say(database: &TestDatabase) {
    let store = database.store().await;
    for (n, action) in [(1, "session.sign_in"), (2, "session.refused"), (3, "user.join"), (4, "session_other.x")] {
        let mut one = entry(n, action);
        one.at = T0 + i64::from(n);
        store.append_audit(one).await.unwrap();
    }
    let actions = async |filter: AuditFilter| -> Vec<String> {
        store.audit_where(&filter, None, 9).await.unwrap().into_iter().map(|one| one.action).collect()
    };
    let sessions = AuditFilter { action: Some("session.".into()), ..AuditFilter::default() };
    assert_eq!(actions(sessions).await, ["session.refused", "session.sign_in"]);
    let oldest = store.audit_from(&AuditFilter::default(), None, 2).await.unwrap();
    assert_eq!(
        oldest.iter().map(|one| one.action.as_str()).collect::<Vec<_>>(),
        ["session.sign_in", "session.refused"]
    );
    let next = store.audit_from(&AuditFilter::default(), oldest.last().map(|one| one.id), 9).await.unwrap();
    assert_eq!(next.len(), 2);
    let since = AuditFilter { since: Some(T0 + 2), until: Some(T0 + 4), ..AuditFilter::default() };
    assert_eq!(actions(since).await, ["user.join", "session.refused"]);
    let none = AuditFilter { subject: Some("nothing".into()), ..AuditFilter::default() };
    assert!(actions(none).await.is_empty());
}

crate::on_both!(
    every_single_change_shows,
    older_records_are_chained_and_writers_stand_in_line,
    records_are_found_by_what_they_say,
);
