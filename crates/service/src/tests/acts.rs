//! What administrators do, and that every act leaves its record.

use types::{Password, ProblemCode, Role};

use super::house::{House, PASSWORD, limited, token};

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::new().await;
    let founder = house.founder().await;
    let viewer = house.signed_in(&founder).await;
    let admin = viewer.admin().unwrap();
    let people = house.services.people();
    for refused in
        [people.disable(admin, founder.id).await, people.set_role(admin, founder.id, Role::Member).await.map(drop)]
    {
        let problem = refused.unwrap_err().problem();
        assert_eq!(problem.code, ProblemCode::Conflict);
        assert!(problem.message.contains("only active administrator"));
    }
    let ada = house.person(&founder, Role::Member, "Ada").await;
    people.set_role(admin, ada.id, Role::Administrator).await.unwrap();
    people.set_role(admin, founder.id, Role::Member).await.unwrap();
    assert_eq!(house.store.count_active_administrators().await.unwrap(), 1);
    let nobody = house.world.id();
    for missing in [
        people.set_role(admin, nobody, Role::Member).await.map(drop),
        people.disable(admin, nobody).await,
        people.enable(admin, nobody).await,
        people.end_sessions_of(admin, nobody).await.map(drop),
    ] {
        assert_eq!(missing.unwrap_err().code(), ProblemCode::NotFound);
    }
}

#[tokio::test]
async fn every_act_leaves_its_record() {
    let house = House::with(limited()).await;
    let (people, sessions) = (house.services.people(), house.services.sessions());
    let founder = house.founder().await;
    let viewer = house.signed_in(&founder).await;
    let admin = viewer.admin().unwrap();

    let link = people.invite(admin, Role::Member, "taken back", 1).await.unwrap();
    let id = people.invitations(admin).await.unwrap()[0].id;
    people.revoke(admin, id).await.unwrap();
    assert!(people.invitation(token(&link)).await.is_err());
    let ada = house.person(&founder, Role::Member, "Ada").await;

    let _ = people.sign_in("ada@example.com", Password::new(PASSWORD), None, &house.origin(50)).await.unwrap();
    for _ in 0..6 {
        people.sign_in("ada@example.com", Password::new("guess"), None, &house.origin(51)).await.unwrap_err();
    }
    let first = house.signed_in(&ada).await;
    let second = house.signed_in(&ada).await;
    sessions.end(first.signed_in().unwrap(), second.session().unwrap()).await.unwrap();
    sessions.end_others(first.signed_in().unwrap()).await.unwrap();
    house.world.advance(std::time::Duration::from_secs(60));
    let (old, new) = (Password::new(PASSWORD), Password::new("another fine phrase"));
    people.change_password(first.signed_in().unwrap(), old, new).await.unwrap();
    sessions.sign_out(first.signed_in().unwrap()).await.unwrap();

    people.set_role(admin, ada.id, Role::Administrator).await.unwrap();
    people.disable(admin, ada.id).await.unwrap();
    people.enable(admin, ada.id).await.unwrap();
    people.end_sessions_of(admin, ada.id).await.unwrap();

    for action in [
        "setup.link_made",
        "invitation.created",
        "invitation.revoked",
        "invitation.accepted",
        "session.sign_in",
        "session.sign_in_failed",
        "session.rate_limited",
        "session.ended",
        "session.ended_others",
        "session.sign_out",
        "user.password_changed",
        "user.role_changed",
        "user.disabled",
        "user.enabled",
        "user.sessions_ended",
    ] {
        assert!(house.recorded(action).await > 0, "{action}");
    }
    let records = house.services.audit().recent(admin, None, 500).await.unwrap();
    assert!(records.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first");
    let disabled = records.iter().find(|record| record.action == "user.disabled").unwrap();
    assert_eq!(disabled.actor, Some(founder.id));
    assert_eq!(disabled.actor_label, "Grace <grace@example.com>");
    assert_eq!(disabled.subject, format!("user:{}", ada.id));
    assert_eq!((disabled.network.as_str(), disabled.trace_id.as_str()), ("192.0.2.1", "trace-1"));
    let all = format!("{records:?}");
    for secret in [PASSWORD, "another fine phrase", "guess", token(&link)] {
        assert!(!all.contains(secret));
    }
    let older = house.services.audit().recent(admin, Some(records[2].id), 2).await.unwrap();
    assert_eq!(older.as_slice(), &records[3..5]);
}

#[tokio::test]
async fn readiness_looks_at_everything_and_models_are_not_required() {
    let house = House::new().await;
    let readiness = house.services.health().readiness().await;
    assert!(readiness.ready, "{readiness:?}");
    let names: Vec<_> = readiness.checks.iter().map(|check| (check.name, check.ok)).collect();
    assert_eq!(names, [("database", true), ("migrations", true), ("blobs", true), ("inference", false)]);
    house.store.close().await;
    let readiness = house.services.health().readiness().await;
    assert!(!readiness.ready);
    assert!(!readiness.checks[0].ok && !readiness.checks[0].detail.is_empty());
}
