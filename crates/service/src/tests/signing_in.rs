//! Passwords: the same answer for everybody who is wrong, limits, rehashing, changing.

use std::time::Duration;

use types::{Password, ProblemCode, Role};

use super::house::{House, PASSWORD, lenient, limited};

#[tokio::test]
async fn unknown_wrong_and_disabled_look_and_cost_the_same() {
    let house = House::new().await;
    let founder = house.founder().await;
    let disabled = house.person(&founder, Role::Member, "Dora").await;
    let viewer = house.signed_in(&founder).await;
    let people = house.services.people();
    people.disable(viewer.admin().unwrap(), disabled.id).await.unwrap();

    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("grace@example.com", "not the password"),
        ("dora@example.com", PASSWORD),
        ("dora@example.com", "not the password"),
        ("", ""),
    ] {
        let before = people.password_hashes();
        let error = people.sign_in(email, Password::new(password), None, &house.origin(3)).await.unwrap_err();
        assert_eq!(people.password_hashes() - before, 1, "{email}: one computation whoever asks");
        answers.push(error.problem());
    }
    assert_eq!(answers[0].code, ProblemCode::Invalid);
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let failures: Vec<_> =
        house.audit().await.into_iter().filter(|record| record.action == "session.sign_in_failed").collect();
    assert_eq!(failures.len(), 5);
    assert_eq!(failures.iter().filter(|record| record.subject == "user:unknown").count(), 2);
    assert!(!house.audit().await.iter().any(|record| format!("{record:?}").contains("nobody@example.com")));
}

#[tokio::test]
async fn a_stranger_who_guesses_waits_and_the_owner_does_not() {
    let house = House::with(limited()).await;
    let people = house.services.people();
    house.founder().await;
    let sign_in = async |email: &str, password: &str, n: u8| {
        people.sign_in(email, Password::new(password), None, &house.origin(n)).await
    };
    for _ in 0..5 {
        assert_eq!(sign_in("grace@example.com", "guess", 10).await.unwrap_err().code(), ProblemCode::Invalid);
    }
    house.world.advance(Duration::from_secs(2));
    for _ in 0..3 {
        let problem = sign_in("Grace@example.com", PASSWORD, 10).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.retry_after_s), (ProblemCode::TooManyRequests, Some(28)));
        assert_eq!(problem.message, "Too many sign-in attempts. Try again in 28 seconds.");
    }
    assert_eq!(house.recorded("session.rate_limited").await, 1, "one record a minute");
    let _ = sign_in("grace@example.com", PASSWORD, 20).await.unwrap();
    house.world.advance(Duration::from_secs(28));
    let _ = sign_in("grace@example.com", PASSWORD, 10).await.unwrap();
}

#[tokio::test]
async fn a_crowd_of_strangers_does_not_keep_a_known_device_out() {
    let house = House::with(limited()).await;
    let people = house.services.people();
    let founder = house.founder().await;
    let proof = people.known_device(founder.id).await.unwrap();
    let sign_in = async |email: &str, password: &str, device: Option<&str>, n: u8| {
        people.sign_in(email, Password::new(password), device, &house.origin(n)).await
    };
    for email in ["grace@example.com", "nobody@example.com"] {
        for n in 0..100 {
            assert_eq!(sign_in(email, "guess", None, n).await.unwrap_err().code(), ProblemCode::Invalid, "{email} {n}");
        }
        // From a fresh network, unknown and known address alike: nothing tells them apart.
        let problem = sign_in(email, PASSWORD, None, 200).await.unwrap_err().problem();
        assert_eq!((problem.code, problem.retry_after_s), (ProblemCode::TooManyRequests, Some(36)), "{email}");
    }
    let before = people.password_hashes();
    for (what, forged) in [
        ("cut off", &proof[..proof.len() - 1]),
        ("longer lived", &proof.replacen('.', ".9", 1)),
        ("nonsense", "x.y.z"),
        ("nothing", ""),
    ] {
        let refused = sign_in("grace@example.com", PASSWORD, Some(forged), 201).await.unwrap_err();
        assert_eq!(refused.code(), ProblemCode::TooManyRequests, "{what}");
    }
    assert_eq!(people.password_hashes(), before, "refused before any computation");
    let _ = sign_in("grace@example.com", PASSWORD, Some(&proof), 200).await.unwrap();
    let refused = sign_in("nobody@example.com", PASSWORD, Some(&proof), 200).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::TooManyRequests, "it speaks for one account");
    // A stolen proof guesses no faster than one network does.
    for _ in 0..4 {
        let wrong = sign_in("grace@example.com", "guess", Some(&proof), 200).await.unwrap_err();
        assert_eq!(wrong.code(), ProblemCode::Invalid);
    }
    let refused = sign_in("grace@example.com", "guess", Some(&proof), 200).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::TooManyRequests);
}

#[tokio::test]
async fn a_device_is_known_for_a_year_and_until_the_password_changes() {
    let house = House::with(limited()).await;
    let people = house.services.people();
    let founder = house.founder().await;
    let exhausted = async || {
        for n in 0..101 {
            let _ = people.sign_in("grace@example.com", Password::new("guess"), None, &house.origin(n)).await;
        }
    };
    let knows = async |proof: &str, password: &str| {
        people.sign_in("grace@example.com", Password::new(password), Some(proof), &house.origin(200)).await.is_ok()
    };
    let proof = people.known_device(founder.id).await.unwrap();
    house.world.advance(Duration::from_millis(crate::DEVICE_LIFETIME.unsigned_abs() - 1));
    exhausted().await;
    assert!(knows(&proof, PASSWORD).await);
    house.world.advance(Duration::from_millis(1));
    assert!(!knows(&proof, PASSWORD).await, "a year is over");

    let proof = people.known_device(founder.id).await.unwrap();
    assert!(knows(&proof, PASSWORD).await);
    let viewer = house.signed_in(&founder).await;
    let new = "another fine phrase";
    people.change_password(viewer.signed_in().unwrap(), Password::new(PASSWORD), Password::new(new)).await.unwrap();
    assert!(!knows(&proof, new).await, "whoever had it may be whom the change is against");
    let proof = people.known_device(founder.id).await.unwrap();
    assert!(knows(&proof, new).await);
}

#[tokio::test]
async fn a_network_waits_whatever_account_it_tries_and_success_does_not_help() {
    let house = House::with(limited()).await;
    let people = house.services.people();
    house.founder().await;
    for n in 0..20 {
        let (email, password) = match n {
            4 => ("grace@example.com".to_owned(), PASSWORD),
            n => (format!("{n}@example.com"), "guess"),
        };
        let tried = people.sign_in(&email, Password::new(password), None, &house.origin(40)).await;
        assert_ne!(tried.err().map(|error| error.code()), Some(ProblemCode::TooManyRequests), "{n}");
    }
    let before = people.password_hashes();
    let refused =
        people.sign_in("fresh@example.com", Password::new("guess"), None, &house.origin(40)).await.unwrap_err();
    assert_eq!(refused.problem().retry_after_s, Some(3));
    assert_eq!(people.password_hashes(), before, "a refused try costs no computation");
    let _ = people.sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(41)).await.unwrap();
}

#[tokio::test]
async fn an_old_hash_is_renewed_at_the_next_sign_in() {
    let house = House::new().await;
    let founder = house.founder().await;
    let mut stronger = lenient();
    stronger.passwords.memory_kib = 128;
    let second = house.second(stronger).await;
    let stored = async || house.store.user_by_id(founder.id).await.unwrap().unwrap().password_hash;
    assert!(stored().await.contains("m=64,"));
    let _ =
        second.people().sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.unwrap();
    let renewed = stored().await;
    assert!(renewed.contains("m=128,"), "{renewed}");
    let _ =
        second.people().sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.unwrap();
    assert_eq!(stored().await, renewed, "an up-to-date hash stays");
}

/// Somebody signs in just before the password is changed; the renewed hash of the old one comes after the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_hash_does_not_bring_an_old_password_back() {
    let house = House::new().await;
    let founder = house.founder().await;
    let here = house.signed_in(&founder).await;
    let mut stronger = lenient();
    // Takes far longer than the change does.
    stronger.passwords.memory_kib = 128 * 1024;
    stronger.passwords.passes = 4;
    let second = house.second(stronger).await;
    let signing_in = tokio::spawn({
        let (second, origin) = (second.clone(), house.origin(1));
        async move { second.people().sign_in("grace@example.com", Password::new(PASSWORD), None, &origin).await }
    });
    // The check is the first computation, the renewal the second.
    while second.people().password_hashes() < 2 {
        tokio::task::yield_now().await;
    }
    let new = "another fine phrase";
    let people = house.services.people();
    people.change_password(here.signed_in().unwrap(), Password::new(PASSWORD), Password::new(new)).await.unwrap();
    assert!(!signing_in.is_finished(), "the renewal is still being computed");
    let _ = signing_in.await.unwrap().unwrap();
    assert!(people.sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.is_err());
    let _ = people.sign_in("grace@example.com", Password::new(new), None, &house.origin(1)).await.unwrap();
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let house = House::new().await;
    let founder = house.founder().await;
    let here = house.signed_in(&founder).await;
    let elsewhere = house.cookie(founder.id).await;
    let people = house.services.people();
    let change = async |old: &str, new: &str| {
        people.change_password(here.signed_in().unwrap(), Password::new(old), Password::new(new)).await
    };
    let wrong = change("not it", "another fine phrase").await.unwrap_err().problem();
    assert!(wrong.for_field("old_password").is_some());
    for bad in ["short", "password1234", "grace@example.com", PASSWORD] {
        assert!(change(PASSWORD, bad).await.unwrap_err().problem().for_field("new_password").is_some(), "{bad}");
    }
    change(PASSWORD, "another fine phrase").await.unwrap();
    let sessions = house.services.sessions();
    assert!(sessions.viewer(Some(&elsewhere), house.origin(1)).await.unwrap().user().is_none());
    let left = sessions.of(here.signed_in().unwrap()).await.unwrap();
    assert!(left.len() == 1 && left[0].current);
    assert!(people.sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.is_err());
    let _ = people
        .sign_in("grace@example.com", Password::new("another fine phrase"), None, &house.origin(1))
        .await
        .unwrap();
}

/// The session is stored after the change ended the others, so the change can't have seen it.
#[tokio::test]
async fn a_sign_in_that_crosses_a_change_of_the_password_is_not_confirmed() {
    let house = House::new().await;
    let founder = house.founder().await;
    let here = house.signed_in(&founder).await;
    let people = house.services.people();
    let before = people.sign_in("grace@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.unwrap();
    people.confirm(&before).await.unwrap();
    house.world.advance(Duration::from_secs(1));
    let new = "another fine phrase";
    people.change_password(here.signed_in().unwrap(), Password::new(PASSWORD), Password::new(new)).await.unwrap();
    assert_eq!(people.confirm(&before).await.unwrap_err().code(), ProblemCode::Conflict);
    let after = people.sign_in("grace@example.com", Password::new(new), None, &house.origin(1)).await.unwrap();
    people.confirm(&after).await.unwrap();
}

/// The session was stored after the disabling ended all there were; it must not sleep until the person is let in again.
#[tokio::test]
async fn a_sign_in_that_crosses_being_disabled_leaves_no_session_to_wake() {
    let house = House::new().await;
    let founder = house.founder().await;
    let dora = house.person(&founder, Role::Member, "Dora").await;
    let admin = house.signed_in(&founder).await;
    let people = house.services.people();
    let seen = people.sign_in("dora@example.com", Password::new(PASSWORD), None, &house.origin(1)).await.unwrap();
    people.disable(admin.admin().unwrap(), dora.id).await.unwrap();
    let cookie = house.cookie(dora.id).await;
    assert_eq!(people.confirm(&seen).await.unwrap_err().code(), ProblemCode::Conflict);
    people.enable(admin.admin().unwrap(), dora.id).await.unwrap();
    let viewer = house.services.sessions().viewer(Some(&cookie), house.origin(1)).await.unwrap();
    assert!(viewer.user().is_none(), "it woke");
}
