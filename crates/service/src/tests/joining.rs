//! Coming in: the set-up link and invitations.

use std::time::Duration;

use store::testing::TestDatabase;
use types::{InvitationState, Password, ProblemCode, Role};

use super::house::{House, PASSWORD, lenient, token};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn first_start_to_second_member(house: House) {
    let people = house.services.people();
    let old = people.setup_link().await.unwrap().expect("nobody is here yet");
    let link = people.setup_link().await.unwrap().expect("still nobody");
    assert!(link.starts_with("http://localhost:3000/join/"));
    assert_eq!(people.invitation(token(&old)).await.unwrap_err().code(), ProblemCode::Gone, "a new start, a new link");
    let view = people.invitation(token(&link)).await.unwrap();
    assert!(view.setup && view.role == Role::Administrator);

    let founder = house.join(&link, " Grace ", " Grace@Example.com ").await;
    assert_eq!((founder.name.as_str(), founder.email.as_str()), ("Grace", "grace@example.com"));
    assert_eq!(founder.role, Role::Administrator);
    assert!(people.setup_link().await.unwrap().is_none(), "there is an administrator now");
    let again = people
        .accept_invitation(token(&link), "Mallory", "m@example.com", Password::new(PASSWORD), &house.origin(9))
        .await;
    assert_eq!(again.unwrap_err().code(), ProblemCode::Gone);

    let viewer = house.signed_in(&founder).await;
    let admin = viewer.admin().unwrap();
    let link = people.invite(admin, Role::Member, "for Ada", 7).await.unwrap();
    let ada = house.join(&link, "Ada", "ada@example.com").await;
    assert_eq!(ada.role, Role::Member);
    let seen = people.sign_in("ADA@example.com ", Password::new(PASSWORD), None, &house.origin(2)).await.unwrap().user;
    assert_eq!(seen.id, ada.id);
    assert_eq!(people.users(admin).await.unwrap().len(), 2);
    let listed = people.invitations(admin).await.unwrap();
    assert_eq!(listed.len(), 1, "set-up links are not listed");
    assert_eq!((listed[0].state, listed[0].note.as_str()), (InvitationState::Used, "for Ada"));
}

#[tokio::test]
async fn the_first_days_on_sqlite() {
    first_start_to_second_member(House::new().await).await;
}

#[tokio::test]
async fn the_first_days_on_postgres() {
    let database = TestDatabase::postgres().await;
    first_start_to_second_member(House::on(database, lenient()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_use_a_link_at_once_one_comes_in() {
    let house = House::new().await;
    let link = house.services.people().setup_link().await.unwrap().unwrap();
    let tries = (0..6).map(|n| {
        let (services, link, origin) = (house.services.clone(), link.clone(), house.origin(n));
        tokio::spawn(async move {
            let email = format!("{n}@example.com");
            services.people().accept_invitation(token(&link), "X", &email, Password::new(PASSWORD), &origin).await
        })
    });
    let outcomes = futures::future::join_all(tries.collect::<Vec<_>>()).await;
    let won = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count();
    assert_eq!(won, 1);
    assert_eq!(house.store.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn links_run_out_and_can_be_taken_back() {
    let house = House::new().await;
    let people = house.services.people();
    let founder = house.founder().await;
    let viewer = house.signed_in(&founder).await;
    let admin = viewer.admin().unwrap();
    for days in [0, 31] {
        let problem = people.invite(admin, Role::Member, "", days).await.unwrap_err().problem();
        assert!(problem.for_field("days").is_some());
    }
    let short = people.invite(admin, Role::Member, "short", 1).await.unwrap();
    let long = people.invite(admin, Role::Administrator, "long", 30).await.unwrap();
    let taken = people.invite(admin, Role::Member, "taken", 30).await.unwrap();
    let id = people.invitations(admin).await.unwrap().into_iter().find(|one| one.note == "taken").unwrap().id;
    people.revoke(admin, id).await.unwrap();
    assert_eq!(people.revoke(admin, id).await.unwrap_err().code(), ProblemCode::NotFound);
    house.world.advance(DAY);
    for dead in [&short, &taken, &"http://x/join/never-was".to_owned()] {
        assert_eq!(people.invitation(token(dead)).await.unwrap_err().code(), ProblemCode::Gone);
    }
    assert_eq!(people.invitation(token(&long)).await.unwrap().role, Role::Administrator);
    let states: Vec<_> = people.invitations(admin).await.unwrap().into_iter().map(|one| one.state).collect();
    assert_eq!(states, [InvitationState::Revoked, InvitationState::Open, InvitationState::Expired]);
}

#[tokio::test]
async fn a_form_hears_all_complaints_and_keeps_its_link() {
    let house = House::new().await;
    let people = house.services.people();
    let link = people.setup_link().await.unwrap().unwrap();
    let outcome =
        people.accept_invitation(token(&link), "", "nonsense", Password::new("short"), &house.origin(1)).await;
    let problem = outcome.unwrap_err().problem();
    for field in ["name", "email", "password"] {
        assert!(problem.for_field(field).is_some(), "{field}");
    }
    let founder = house.join(&link, "Grace", "grace@example.com").await;
    let viewer = house.signed_in(&founder).await;
    let second = people.invite(viewer.admin().unwrap(), Role::Member, "", 1).await.unwrap();
    let outcome = people
        .accept_invitation(token(&second), "G", "grace@example.com", Password::new(PASSWORD), &house.origin(1))
        .await;
    assert!(outcome.unwrap_err().problem().for_field("email").is_some(), "the address is taken");
    house.join(&second, "Ada", "ada@example.com").await;
}

#[tokio::test]
async fn the_command_line_makes_an_administrators_link() {
    let house = House::new().await;
    house.founder().await;
    let link = house.services.people().invite_administrator_cli("Owner@Example.com").await.unwrap();
    assert!(house.services.people().invite_administrator_cli("nonsense").await.is_err());
    assert_eq!(house.join(&link, "Owner", "owner@example.com").await.role, Role::Administrator);
    let record = house.audit().await.into_iter().find(|record| record.action == "invitation.created").unwrap();
    assert_eq!((record.actor, record.actor_label.as_str()), (None, "the command line"));
}
