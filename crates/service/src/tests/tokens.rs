//! Tokens: made once, used by programs, ended with their owner.

use std::{num::NonZeroU32, time::Duration};

use types::{Permission, ProblemCode, Role, SessionPublicId};

use super::house::{House, lenient};
use crate::{Rate, TOKEN_PREFIX};

#[tokio::test]
async fn a_token_is_its_owner_until_it_ends() {
    let house = House::new().await;
    let founder = house.founder().await;
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let people = house.services.people();
    let viewer = house.signed_in(&ada).await;
    let member = viewer.signed_in().unwrap();

    let made = people.create_token(member, "  backup script ", Some(7)).await.unwrap();
    assert!(made.text.starts_with(TOKEN_PREFIX) && made.text.len() == TOKEN_PREFIX.len() + 43, "{}", made.text.len());
    assert!(!format!("{made:?}").contains(&made.text), "Debug hides it");
    assert_eq!(made.token.name, "backup script");
    let found = people.viewer_by_token(&made.text, house.origin(1)).await.unwrap();
    assert_eq!(found.user().map(|user| user.id), Some(ada.id));
    assert_eq!(found.session(), Some(SessionPublicId::from(made.token.id)));
    assert!(found.signed_in().is_ok() && found.admin().is_err(), "it may what its owner may");

    for (name, days) in [("", None), (&*"x".repeat(61), None), ("a\nb", None), ("ok", Some(0)), ("ok", Some(731))] {
        let problem = people.create_token(member, name, days).await.unwrap_err().problem();
        assert_eq!(problem.code, ProblemCode::Invalid, "{name:?} {days:?}");
    }

    house.world.advance(Duration::from_secs(7 * 24 * 60 * 60));
    let late = people.viewer_by_token(&made.text, house.origin(1)).await.unwrap_err();
    assert_eq!(late.code(), ProblemCode::SignInRequired, "it has run out");
    assert_eq!(people.tokens(member).await.unwrap(), []);

    let audit = house.store.audit(None, 100).await.unwrap();
    let record = audit.iter().find(|one| one.action == "token.created").unwrap();
    assert_eq!(record.subject, format!("token:{}", made.token.id));
    assert!(audit.iter().all(|one| !format!("{one:?}").contains(&made.text)), "no record holds it");
}

#[tokio::test]
async fn its_owner_and_administrators_end_it_and_what_it_has_open() {
    let house = House::new().await;
    let founder = house.founder().await;
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let eve = house.person(&founder, Role::Member, "Eve").await;
    let (people, sessions) = (house.services.people(), house.services.sessions());
    let (adas, eves, founders) =
        (house.signed_in(&ada).await, house.signed_in(&eve).await, house.signed_in(&founder).await);
    let (member, admin) = (adas.signed_in().unwrap(), founders.admin().unwrap());
    let make = async || people.create_token(member, "program", None).await.unwrap();
    let works = async |text: &str| people.viewer_by_token(text, house.origin(1)).await.is_ok();

    let (first, second, third) = (make().await, make().await, make().await);
    let open = sessions.revoked(ada.id, first.token.id.into(), Permission::SignedIn);
    let other = sessions.revoked(ada.id, second.token.id.into(), Permission::SignedIn);
    let stranger = people.end_token(eves.signed_in().unwrap(), first.token.id).await.unwrap_err();
    assert_eq!(stranger.code(), ProblemCode::NotFound);
    people.end_token(member, first.token.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), open).await.expect("what it had open has ended");
    assert!(futures::FutureExt::now_or_never(other).is_none(), "another token's is open");
    assert!(!works(&first.text).await && works(&second.text).await);

    assert_eq!(people.tokens_of(admin, ada.id).await.unwrap().len(), 2);
    people.end_token_of(admin, ada.id, second.token.id).await.unwrap();
    assert!(!works(&second.text).await);
    sessions.end_others(member).await.unwrap();
    assert!(works(&third.text).await, "ending other sessions spares tokens");
    people.end_sessions_of(admin, ada.id).await.unwrap();
    assert!(!works(&third.text).await);

    let back = house.signed_in(&ada).await;
    let fourth = people.create_token(back.signed_in().unwrap(), "program", None).await.unwrap();
    people.disable(admin, ada.id).await.unwrap();
    assert!(!works(&fourth.text).await);
    people.enable(admin, ada.id).await.unwrap();
    assert!(!works(&fourth.text).await, "enabling brings no token back");
    let ended = house.store.audit(None, 100).await.unwrap();
    assert_eq!(ended.iter().filter(|one| one.action == "token.ended").count(), 2);
}

#[tokio::test]
async fn last_used_is_noted_once_a_minute() {
    let house = House::new().await;
    let founder = house.founder().await;
    let people = house.services.people();
    let viewer = house.signed_in(&founder).await;
    let member = viewer.signed_in().unwrap();
    let made = people.create_token(member, "program", None).await.unwrap();
    let used = async || people.tokens(member).await.unwrap()[0].last_used_at;
    let used_at = async |at| {
        while used().await != Some(at) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let ask = async || people.viewer_by_token(&made.text, house.origin(1)).await.unwrap();
    let first = house.world.now();
    ask().await;
    tokio::time::timeout(Duration::from_secs(5), used_at(first)).await.expect("noted");
    house.world.advance(Duration::from_secs(59));
    ask().await;
    assert_eq!(used().await, Some(first));
    house.world.advance(Duration::from_secs(1));
    ask().await;
    tokio::time::timeout(Duration::from_secs(5), used_at(house.world.now())).await.expect("noted again");
}

#[tokio::test]
async fn wrong_ones_are_limited_by_network_and_right_ones_are_not() {
    let mut settings = lenient();
    settings.limits.network = Rate { burst: NonZeroU32::new(3).unwrap(), every: Duration::from_secs(10) };
    let house = House::with(settings).await;
    let founder = house.founder().await;
    let people = house.services.people();
    let viewer = house.signed_in(&founder).await;
    let made = people.create_token(viewer.signed_in().unwrap(), "program", None).await.unwrap();
    let mut mistyped = made.text.clone();
    mistyped.pop();
    let wrong = ["", "tht_", "nonsense", &mistyped, &"x".repeat(100_000), &format!("{TOKEN_PREFIX}{}", "A".repeat(43))];
    let codes = async |network| {
        let mut codes = Vec::new();
        for text in wrong {
            codes.push(people.viewer_by_token(text, house.origin(network)).await.unwrap_err().code());
        }
        codes
    };
    let (no, slow) = (ProblemCode::SignInRequired, ProblemCode::TooManyRequests);
    assert_eq!(codes(1).await, [no, no, no, slow, slow, slow]);
    assert!(people.viewer_by_token(&made.text, house.origin(1)).await.is_ok(), "a right one is not kept out");
    assert_eq!(codes(2).await[0], no, "another network is free");
    let refusal = people.viewer_by_token("x", house.origin(1)).await.unwrap_err().problem();
    assert_eq!(refusal.retry_after_s, Some(10));
    let records = house.store.audit(None, 100).await.unwrap();
    assert_eq!(
        records.iter().filter(|one| one.action == "session.rate_limited").count(),
        2,
        "one a network and minute"
    );
}
