//! Sessions: lifetimes, whom they show, and how ending one closes what is open.

use std::{future::Future, time::Duration};

use store::testing::TestDatabase;
use tokio_util::sync::CancellationToken;
use types::{Permission, ProblemCode, Role};

use super::house::{House, lenient};
use crate::{SessionSave, Viewer};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Within the second that the product promises.
async fn soon(end: impl Future<Output = ()>) -> bool {
    tokio::time::timeout(Duration::from_secs(1), end).await.is_ok()
}

/// Resolves never, as far as a test can see: it was polled and the runtime had its turns.
async fn stays(end: impl Future<Output = ()>) -> bool {
    tokio::time::timeout(Duration::from_millis(50), end).await.is_err()
}

async fn looks_alive(house: &House, raw: &str) -> bool {
    house.services.sessions().viewer(Some(raw), house.origin(1)).await.unwrap().user().is_some()
}

#[tokio::test]
async fn nobody_gets_no_proof_and_a_member_no_administrators() {
    let house = House::new().await;
    let founder = house.founder().await;
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let nobody = Viewer::nobody(house.origin(1));
    assert_eq!(nobody.signed_in().unwrap_err().code(), ProblemCode::SignInRequired);
    assert_eq!(nobody.admin().unwrap_err().code(), ProblemCode::SignInRequired);
    let member = house.signed_in(&ada).await;
    assert_eq!(member.admin().unwrap_err().code(), ProblemCode::Forbidden);
    assert!(member.may(Permission::Member) && !member.may(Permission::Administrator));
    let admin = house.signed_in(&founder).await;
    assert_eq!(admin.admin().unwrap().signed_in().user().id, founder.id);
    for raw in [None, Some("nonsense"), Some("")] {
        assert!(house.services.sessions().viewer(raw, house.origin(1)).await.unwrap().user().is_none());
    }
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_absolute_end() {
    let house = House::new().await;
    let founder = house.founder().await;
    let idle = house.cookie(founder.id).await;
    let used = house.cookie(founder.id).await;
    for _ in 0..3 {
        house.world.advance(DAY * 29);
        assert!(looks_alive(&house, &used).await);
        // The touch happens in the background.
        wait_until(async || {
            let viewer = house.services.sessions().viewer(Some(&used), house.origin(1)).await.unwrap();
            let own = house.services.sessions().of(viewer.signed_in().unwrap()).await.unwrap();
            own.iter().any(|session| session.current && session.last_seen_at == house.world.now())
        })
        .await;
    }
    assert!(!looks_alive(&house, &idle).await);
    assert_eq!(house.services.sessions().load(&idle).await.unwrap(), None);
    let left = house.services.sessions().load(&used).await.unwrap().unwrap();
    assert_eq!(left.expires_at - house.world.now(), 3 * 24 * 60 * 60 * 1000, "a save or a use does not move the end");
    house.world.advance(DAY * 3);
    assert!(!looks_alive(&house, &used).await);
}

#[tokio::test]
async fn the_adapter_loads_what_it_saved_and_the_database_never_sees_the_cookie() {
    let house = House::new().await;
    let founder = house.founder().await;
    let sessions = house.services.sessions();
    let anonymous = SessionSave { user: None, data: "{}".into(), user_agent: String::new(), network: "::1".into() };
    let stored = sessions.create("before", anonymous.clone()).await.unwrap();
    assert_eq!(sessions.load("before").await.unwrap(), Some(stored));
    assert!(!looks_alive(&house, "before").await);
    sessions.delete("before").await.unwrap();
    assert_eq!(sessions.load("before").await.unwrap(), None);

    let raw = house.cookie(founder.id).await;
    let first = house.services.sessions().viewer(Some(&raw), house.origin(1)).await.unwrap().session();
    let save = SessionSave { user: Some(founder.id), data: r#"{"a":2}"#.into(), ..anonymous };
    assert!(sessions.save(&raw, save.clone()).await.unwrap().is_some());
    assert!(sessions.save("before", save).await.unwrap().is_none(), "what has ended is not brought back");
    assert_eq!(sessions.load(&raw).await.unwrap().unwrap().data, r#"{"a":2}"#);
    assert_eq!(sessions.viewer(Some(&raw), house.origin(1)).await.unwrap().session(), first, "the handle stays");
    let rows = house.store.sessions_of(founder.id, house.world.now()).await.unwrap();
    assert!(rows.iter().all(|row| !format!("{row:?}").contains(&raw)));
}

#[tokio::test]
async fn a_person_sees_and_ends_own_sessions_only() {
    let house = House::new().await;
    let founder = house.founder().await;
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let here = house.signed_in(&ada).await;
    let there = house.signed_in(&ada).await;
    let third = house.signed_in(&ada).await;
    let foreign = house.signed_in(&founder).await;
    let sessions = house.services.sessions();
    let list = sessions.of(here.signed_in().unwrap()).await.unwrap();
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|session| session.device == "Firefox on Linux"));
    assert_eq!(list.iter().filter(|session| session.current).count(), 1);

    let refused = sessions.end(here.signed_in().unwrap(), foreign.session().unwrap()).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::NotFound);
    let gone = sessions.revoked(ada.id, there.session().unwrap(), Permission::SignedIn);
    let stays_open = sessions.revoked(ada.id, here.session().unwrap(), Permission::SignedIn);
    sessions.end(here.signed_in().unwrap(), there.session().unwrap()).await.unwrap();
    assert!(soon(gone).await);
    assert!(stays(stays_open).await);
    assert!(
        soon(sessions.revoked(ada.id, there.session().unwrap(), Permission::SignedIn)).await,
        "also for a stream that comes late"
    );

    let third_gone = sessions.revoked(ada.id, third.session().unwrap(), Permission::SignedIn);
    assert_eq!(sessions.end_others(here.signed_in().unwrap()).await.unwrap(), 1);
    assert!(soon(third_gone).await);
    let own = sessions.revoked(ada.id, here.session().unwrap(), Permission::SignedIn);
    sessions.sign_out(here.signed_in().unwrap()).await.unwrap();
    assert!(soon(own).await);
    assert!(stays(sessions.revoked(founder.id, foreign.session().unwrap(), Permission::SignedIn)).await);
}

async fn disabling_elsewhere_ends_it_here(house: House) {
    let founder = house.founder().await;
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let raw = house.cookie(ada.id).await;
    let session = house.services.sessions().viewer(Some(&raw), house.origin(1)).await.unwrap().session().unwrap();
    let admin = house.signed_in(&founder).await;

    let second = house.second(lenient()).await;
    let stop = CancellationToken::new();
    let background = tokio::spawn({
        let (second, stop) = (second.clone(), stop.clone());
        async move { second.sessions().run_revocations(stop).await }
    });
    let open_here = house.services.sessions().revoked(ada.id, session, Permission::SignedIn);
    let open_there = tokio::spawn(second.sessions().revoked(ada.id, session, Permission::SignedIn));
    let admins = second.sessions().revoked(founder.id, admin.session().unwrap(), Permission::SignedIn);

    house.services.people().disable(admin.admin().unwrap(), ada.id).await.unwrap();
    assert!(soon(open_here).await, "in the same process");
    assert!(soon(async { open_there.await.unwrap() }).await, "in another process");
    assert!(stays(admins).await);
    assert!(!looks_alive(&house, &raw).await);

    house.services.people().enable(admin.admin().unwrap(), ada.id).await.unwrap();
    assert!(!looks_alive(&house, &raw).await, "enabling brings no session back");
    let back = house.signed_in(&ada).await;
    let later = second.sessions().revoked(ada.id, back.session().unwrap(), Permission::SignedIn);
    assert!(stays(later).await, "an old end does not hit a newer session");
    stop.cancel();
    background.await.unwrap();
}

#[tokio::test]
async fn disabling_ends_streams_everywhere_on_sqlite() {
    disabling_elsewhere_ends_it_here(House::new().await).await;
}

#[tokio::test]
async fn disabling_ends_streams_everywhere_on_postgres() {
    let database = TestDatabase::postgres().await;
    disabling_elsewhere_ends_it_here(House::on(database, lenient()).await).await;
}

async fn wait_until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("it comes to hold");
}
