//! People, sessions, revocations, invitations and the audit.

use store::{AuditEntry, Changed, InvitationKind, NewApply, NewInvitation, Records, Store, testing::TestDatabase};
use types::{AuditId, InvitationId, Rights, Role, UserId};

use crate::{
    deployments::{apply, apply_id},
    support::*,
};

async fn people(database: &TestDatabase) {
    let store = database.store().await;
    assert_eq!(store.count_users().await.unwrap(), 0);
    let admin = add(&store, 1, Role::Administrator).await;
    let member = add(&store, 2, Role::Member).await;
    assert_eq!(admin.email, "person1@example.org", "stored in lower case");

    let mut again = person(3, Role::Member);
    again.email = "PERSON2@example.ORG ".into();
    let error = store.create_user(&again, entry(3, "user.create")).await.unwrap_err();
    assert!(error.is_conflict("users_email"), "{error}");
    assert_eq!(store.audit(None, 10).await.unwrap().len(), 2, "the refused person left no audit entry");

    let record = store.user_by_email("Person2@Example.org").await.unwrap().unwrap();
    assert_eq!((record.user.clone(), record.password_hash.as_str()), (member.clone(), "hash 2"));
    assert_eq!(store.user_by_id(member.id).await.unwrap(), Some(record));
    assert_eq!(store.user_by_id(user_id(9)).await.unwrap(), None);
    assert_eq!(store.users().await.unwrap(), [admin.clone(), member.clone()]);
    assert_eq!((store.count_users().await.unwrap(), store.count_active_administrators().await.unwrap()), (2, 1));

    let change = |id, old, new| store.change_password_hash(id, old, new, T0 + 1, entry(90, "user.password"));
    let stored = async || store.user_by_id(member.id).await.unwrap().unwrap().password_hash;
    assert!(!change(member.id, "hash 1", "wrong").await.unwrap(), "somebody else's");
    assert!(change(member.id, "hash 2", "new hash").await.unwrap());
    assert!(!store.renew_password_hash(member.id, "hash 2", "the old one, renewed").await.unwrap());
    assert!(!change(member.id, "hash 2", "of the second who changed it").await.unwrap());
    assert_eq!(stored().await, "new hash", "what was changed meanwhile stays");
    assert!(store.renew_password_hash(member.id, "new hash", "newer hash").await.unwrap());
    assert_eq!(stored().await, "newer hash");
    assert!(!store.renew_password_hash(user_id(9), "x", "y").await.unwrap());

    for refused in [
        store.set_rights(admin.id, Role::Member, T0, entry(4, "user.role")).await.map(drop),
        store.set_disabled(admin.id, Some(T0), T0, entry(5, "user.disable")).await.map(drop),
    ] {
        assert!(refused.unwrap_err().is_conflict("last_administrator"));
    }
    store.set_rights(member.id, Role::Administrator, T0, entry(6, "user.role")).await.unwrap();
    store.set_rights(admin.id, Role::Member, T0, entry(7, "user.role")).await.unwrap();
    assert_eq!(store.user_by_id(admin.id).await.unwrap().unwrap().user.role, Role::Member);
    // Disabling one who is no administrator is always possible.
    store.set_disabled(admin.id, Some(T0 + 5), T0 + 5, entry(8, "user.disable")).await.unwrap();
    assert_eq!(store.user_by_id(admin.id).await.unwrap().unwrap().user.disabled_at, Some(T0 + 5));
    store.set_disabled(admin.id, None, T0 + 6, entry(9, "user.enable")).await.unwrap();
    assert_eq!(store.user_by_id(admin.id).await.unwrap().unwrap().user.disabled_at, None);
}

async fn sessions(database: &TestDatabase) {
    let store = database.store().await;
    add(&store, 1, Role::Administrator).await;
    let user = add(&store, 2, Role::Member).await;

    let mut first = session(1, None);
    store.save_session(&first).await.unwrap();
    assert_eq!(store.session_with_user(&first.id_hash, T0).await.unwrap(), None, "nobody is signed in with it");
    first.user_id = Some(user.id);
    first.data = r#"{"user":1}"#.into();
    let mut changed = first.clone();
    changed.public_id = session(99, None).public_id;
    changed.created_at = 5;
    store.save_session(&changed).await.unwrap();
    assert_eq!(store.session(&first.id_hash, T0).await.unwrap(), Some(first.clone()), "began_at and public id stay");
    let (row, found) = store.session_with_user(&first.id_hash, T0).await.unwrap().unwrap();
    assert_eq!((row, found), (first.clone(), user.clone()));
    assert_eq!(store.session(&first.id_hash, first.expires_at).await.unwrap(), None, "has run out");

    store.touch_session(&first.id_hash, "10.0.0.2", T0 + 60_000).await.unwrap();
    let (row, found) = store.session_with_user(&first.id_hash, T0).await.unwrap().unwrap();
    assert_eq!((row.network.as_str(), row.last_seen_at), ("10.0.0.2", T0 + 60_000));
    assert_eq!(found.last_seen_at, Some(T0 + 60_000));

    for n in 2..=4 {
        store.save_session(&session(n, Some(user.id))).await.unwrap();
    }
    let own: Vec<_> = store.sessions_of(user.id, T0).await.unwrap().into_iter().map(|row| row.public_id).collect();
    assert_eq!(
        own,
        [first.public_id, session(4, None).public_id, session(3, None).public_id, session(2, None).public_id]
    );

    store.delete_session(&session(4, None).id_hash).await.unwrap();
    assert_eq!(store.latest_revocation().await.unwrap(), 0, "signing out needs no revocation");
    assert!(!store.update_session(&session(4, Some(user.id))).await.unwrap(), "an ended session stays ended");
    assert!(store.update_session(&session(3, Some(user.id))).await.unwrap());

    let stranger = user_id(1);
    let other = session(2, None).public_id;
    assert!(!store.delete_session_by_public(stranger, other, T0, entry(20, "session.end")).await.unwrap());
    assert!(store.delete_session_by_public(user.id, other, T0, entry(21, "session.end")).await.unwrap());
    let ended = store.delete_sessions_of(user.id, Some(&first.id_hash), T0 + 1, entry(22, "session.end_others")).await;
    assert_eq!(ended.unwrap(), 1);
    store.set_disabled(user.id, Some(T0), T0 + 2, entry(23, "user.disable")).await.unwrap();
    assert_eq!(store.session(&first.id_hash, T0).await.unwrap(), None);

    let told = store.revocations_after(0).await.unwrap();
    let what: Vec<_> = told.iter().map(|one| (one.seq, one.session, one.except)).collect();
    assert_eq!(what, [(1, Some(other), None), (2, None, Some(first.public_id)), (3, None, None)]);
    assert!(told[1].ends(user.id, other) && !told[1].ends(user.id, first.public_id) && !told[1].ends(stranger, other));
    assert_eq!(store.revocations_after(2).await.unwrap(), told[2..]);
    assert_eq!(store.purge_revocations(T0 + 2).await.unwrap(), 2);
    assert_eq!(store.latest_revocation().await.unwrap(), 3);

    // A session of somebody disabled opens nothing, and nothing outlives its time.
    store.save_session(&session(5, Some(user.id))).await.unwrap();
    assert_eq!(store.session_with_user(&session(5, None).id_hash, T0).await.unwrap(), None);
    assert_eq!(store.purge_expired_sessions(T0).await.unwrap(), 0);
    assert_eq!(store.purge_expired_sessions(T0 + 1_000_000).await.unwrap(), 1);
}

fn invitation(n: u32, kind: InvitationKind, role: Role, created_by: Option<UserId>) -> NewInvitation {
    NewInvitation {
        id: InvitationId::from_parts(T0, random(n)),
        token_hash: format!("token {n}"),
        kind,
        rights: role.into(),
        note: format!("for {n}"),
        created_by,
        now: T0 + i64::from(n),
        expires_at: T0 + 1_000,
    }
}

async fn accept(store: &Store, token: u32, n: u32) -> Result<types::User, store::StoreError> {
    store
        .accept_invitation(&format!("token {token}"), &person(n, Role::Member), T0 + 10, entry(100 + n, "user.join"))
        .await
}

async fn invitations(database: &TestDatabase) {
    let store = database.store().await;
    for n in [1, 2] {
        let new = invitation(n, InvitationKind::Setup, Role::Administrator, None);
        store.create_invitation(&new, entry(n, "invitation.create")).await.unwrap();
    }
    let admin = accept(&store, 1, 1).await.unwrap();
    assert_eq!(admin.role, Role::Administrator, "the invitation's role, not the caller's");
    assert!(matches!(accept(&store, 1, 2).await, Err(store::StoreError::NotFound)), "single use");
    assert!(matches!(accept(&store, 2, 2).await, Err(store::StoreError::NotFound)), "there is an administrator");
    assert_eq!(store.delete_open_setup_invitations().await.unwrap(), 1);

    for n in [3, 4, 5] {
        let new = invitation(n, InvitationKind::Invite, Role::Member, Some(admin.id));
        store.create_invitation(&new, entry(n, "invitation.create")).await.unwrap();
    }
    let error = accept(&store, 3, 1).await.unwrap_err();
    assert!(!matches!(error, store::StoreError::NotFound), "the person exists: {error}");
    let record = store.invitation_by_token("token 3").await.unwrap().unwrap();
    assert_eq!((record.used_at, record.created_by, record.note.as_str()), (None, Some(admin.id), "for 3"));
    accept(&store, 3, 3).await.unwrap();
    assert_eq!(store.invitation_by_token("token 3").await.unwrap().unwrap().used_at, Some(T0 + 10));

    let fourth = InvitationId::from_parts(T0, random(4));
    assert!(store.revoke_invitation(fourth, T0 + 5, entry(50, "invitation.revoke")).await.unwrap());
    assert!(!store.revoke_invitation(fourth, T0 + 6, entry(51, "invitation.revoke")).await.unwrap());
    assert!(matches!(accept(&store, 4, 4).await, Err(store::StoreError::NotFound)), "taken back");
    let late = store.accept_invitation("token 5", &person(5, Role::Member), T0 + 1_000, entry(52, "user.join")).await;
    assert!(matches!(late, Err(store::StoreError::NotFound)), "out of date");
    let notes: Vec<_> = store.invitations().await.unwrap().into_iter().map(|row| row.note).collect();
    assert_eq!(notes, ["for 5", "for 4", "for 3", "for 1"]);
}

async fn audit(database: &TestDatabase) {
    let store = database.store().await;
    for n in 1..=5 {
        store.append_audit(entry(n, "session.refused")).await.unwrap();
    }
    let page = store.audit(None, 3).await.unwrap();
    assert_eq!(
        page.iter().map(|record| record.id).collect::<Vec<_>>(),
        [5, 4, 3].map(|n| AuditId::from_parts(T0, random(n)))
    );
    assert_eq!(page[0], entry(5, "session.refused"));
    let next = store.audit(Some(page[2].id), 3).await.unwrap();
    assert_eq!(
        next.iter().map(|record| record.id).collect::<Vec<_>>(),
        [2, 1].map(|n| AuditId::from_parts(T0, random(n)))
    );
    let error = store.append_audit(entry(1, "again")).await.unwrap_err();
    assert!(error.is_conflict("audit_id"), "{error}");
}

async fn rights(database: &TestDatabase) {
    let store = database.store().await;
    let admin = add(&store, 1, Role::Administrator).await;
    let new = NewInvitation {
        rights: Rights::deployer(["rumpledev", "rumpletest"]),
        ..invitation(2, InvitationKind::Invite, Role::Member, Some(admin.id))
    };
    store.create_invitation(&new, entry(2, "invitation.create")).await.unwrap();
    let open = store.invitation_by_token("token 2").await.unwrap().unwrap();
    assert_eq!((open.role, open.environments), (Role::Deployer, new.rights.environments.clone()));
    let ada = accept(&store, 2, 2).await.unwrap();
    assert_eq!(ada.rights(), new.rights, "the invitation's role and environments");
    assert_eq!(store.user_by_email(&ada.email).await.unwrap().unwrap().user, ada);
    assert!(store.users().await.unwrap().contains(&ada));
    store.save_session(&session(3, Some(ada.id))).await.unwrap();
    let found = store.session_with_user(&session(3, None).id_hash, T0).await.unwrap().unwrap().1;
    assert_eq!(found, ada, "one query tells the whole");

    assert_eq!(store.set_rights(ada.id, new.rights.clone(), T0, entry(4, "user.role")).await.unwrap(), None);
    assert_eq!(store.latest_revocation().await.unwrap(), 0);
    let less = Rights::deployer(["rumpletest"]);
    let tell = |changed: &Changed| {
        assert_eq!(changed.before.rights(), Rights::deployer(["rumpledev", "rumpletest"]));
        vec![entry(5, "user.role"), entry(6, "more")]
    };
    assert!(store.set_rights(ada.id, less.clone(), T0, Records::of(tell)).await.unwrap().is_some());
    assert_eq!(store.user_by_id(ada.id).await.unwrap().unwrap().user.rights(), less);
    assert_eq!(store.latest_revocation().await.unwrap(), 1, "what is open looks again");
    assert!(store.session(&session(3, None).id_hash, T0).await.unwrap().is_some(), "the session lives on");
    assert!(store.set_rights(ada.id, Role::Viewer, T0, entry(7, "user.role")).await.unwrap().is_some());
    assert_eq!(store.user_by_id(ada.id).await.unwrap().unwrap().user.rights(), Role::Viewer.into());
    let missing = store.set_rights(user_id(9), Role::Viewer, T0, entry(8, "user.role")).await.unwrap_err();
    assert!(matches!(missing, store::StoreError::NotFound));
    assert_eq!(store.verify_audit().await.unwrap().faults, []);
}

/// Who loses the right to deploy somewhere has their applies there asked to stop, and begins no further one.
async fn applies_of_whoever_may_no_longer(database: &TestDatabase) {
    let store = database.store().await;
    add(&store, 1, Role::Administrator).await;
    let ada = add(&store, 2, Role::Member).await.id;
    let both = Rights::deployer(["dev", "test"]);
    store.set_rights(ada, both.clone(), T0, entry(3, "user.role")).await.unwrap();
    let by_ada = |n: u32, environments: &[&str]| {
        let audit = Some(AuditEntry { actor: Some(ada), ..entry(20 + n, "deploy.apply") });
        NewApply { audit, ..apply(n, environments) }
    };
    let refused = store.begin_apply(&by_ada(1, &["dev", "prod"]), &[]).await.unwrap_err();
    assert!(refused.is_conflict("may_not_deploy"), "{refused}");
    assert_eq!(store.apply(&apply_id(1)).await.unwrap(), None);
    store.begin_apply(&by_ada(2, &["dev"]), &[]).await.unwrap();
    store.begin_apply(&by_ada(3, &["test"]), &[]).await.unwrap();
    store.begin_apply(&apply(4, &["prod"]), &[]).await.unwrap();

    let less = Rights::deployer(["test"]);
    let changed = store.set_rights(ada, less.clone(), T0, entry(40, "user.role")).await.unwrap().unwrap();
    assert_eq!((changed.before.rights(), changed.cancelled), (both, vec![apply_id(2)]), "only where she may no longer");
    let changed = store.set_disabled(ada, Some(T0), T0, entry(41, "user.disable")).await.unwrap();
    assert_eq!((changed.before.rights(), changed.cancelled), (less, vec![apply_id(3)]), "the other was asked before");
    for (n, asked) in [(2, true), (3, true), (4, false)] {
        assert_eq!(store.apply_cancelled(&apply_id(n)).await.unwrap(), asked, "{n}");
    }
    let refused = store.begin_apply(&by_ada(5, &["test2"]), &[]).await.unwrap_err();
    assert!(refused.is_conflict("may_not_deploy"), "the disabled begin nothing: {refused}");
}

crate::on_both!(people, sessions, invitations, audit, rights, applies_of_whoever_may_no_longer);
