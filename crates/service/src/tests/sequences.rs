//! Whatever people do in whatever order: an administrator stays, and the disabled get no proof.

use proptest::{prelude::*, test_runner::Config};
use types::{Password, Rights, Role, User};

use super::house::{House, PASSWORD};

/// One act. Numbers pick a person, modulo how many there are.
#[derive(Clone, Debug)]
enum Act {
    Invite { by: u8, role: Role },
    SetRole { by: u8, whom: u8, role: Role },
    Disable { by: u8, whom: u8 },
    Enable { by: u8, whom: u8 },
    EndSessions { by: u8, whom: u8 },
    SignIn { whom: u8 },
    SignOut { whom: u8 },
}

fn act() -> impl Strategy<Value = Act> {
    let role = || prop::sample::select(Role::ALL.to_vec());
    let n = any::<u8>;
    prop_oneof![
        (n(), role()).prop_map(|(by, role)| Act::Invite { by, role }),
        (n(), n(), role()).prop_map(|(by, whom, role)| Act::SetRole { by, whom, role }),
        (n(), n()).prop_map(|(by, whom)| Act::Disable { by, whom }),
        (n(), n()).prop_map(|(by, whom)| Act::Enable { by, whom }),
        (n(), n()).prop_map(|(by, whom)| Act::EndSessions { by, whom }),
        n().prop_map(|whom| Act::SignIn { whom }),
        n().prop_map(|whom| Act::SignOut { whom }),
    ]
}

/// The role, with an environment where it needs one.
fn rights(role: Role) -> Rights {
    if role == Role::Deployer { Rights::deployer(["rumpledev"]) } else { role.into() }
}

/// Everybody with the cookie they last got.
struct Town {
    house: House,
    people: Vec<(User, String)>,
}

impl Town {
    fn pick(&self, n: u8) -> usize {
        usize::from(n) % self.people.len()
    }

    async fn viewer(&self, n: usize) -> crate::Viewer {
        self.house.services.sessions().viewer(Some(&self.people[n].1), self.house.origin(1)).await.unwrap()
    }

    async fn act(&mut self, act: &Act) {
        let people = self.house.services.clone();
        let people = people.people();
        match *act {
            Act::SignIn { whom } => {
                let whom = self.pick(whom);
                let email = self.people[whom].0.email.clone();
                if let Ok(seen) = people.sign_in(&email, Password::new(PASSWORD), None, &self.house.origin(1)).await {
                    self.people[whom].1 = self.house.cookie(seen.user.id).await;
                }
            }
            Act::SignOut { whom } => {
                let viewer = self.viewer(self.pick(whom)).await;
                if let Ok(member) = viewer.signed_in() {
                    self.house.services.sessions().sign_out(member).await.unwrap();
                }
            }
            Act::Invite { by, .. }
            | Act::SetRole { by, .. }
            | Act::Disable { by, .. }
            | Act::Enable { by, .. }
            | Act::EndSessions { by, .. } => {
                let viewer = self.viewer(self.pick(by)).await;
                let Ok(admin) = viewer.admin() else { return };
                let id = |whom| self.people[self.pick(whom)].0.id;
                // A refusal (the last administrator) is an answer like any other.
                let _ = match *act {
                    Act::SetRole { whom, role, .. } => people.set_role(admin, id(whom), rights(role)).await.map(drop),
                    Act::Disable { whom, .. } => people.disable(admin, id(whom)).await,
                    Act::Enable { whom, .. } => people.enable(admin, id(whom)).await,
                    Act::EndSessions { whom, .. } => people.end_sessions_of(admin, id(whom)).await.map(drop),
                    Act::Invite { role, .. } => {
                        let link = people.invite(admin, rights(role), "", 1).await.unwrap();
                        let name = format!("P{}", self.people.len());
                        let user = self.house.join(&link, &name, &format!("{name}@example.com")).await;
                        let cookie = self.house.cookie(user.id).await;
                        self.people.push((user, cookie));
                        Ok(())
                    }
                    Act::SignIn { .. } | Act::SignOut { .. } => Ok(()),
                };
            }
        }
    }

    async fn check(&self) {
        assert!(self.house.store.count_active_administrators().await.unwrap() >= 1, "an administrator stays");
        for n in 0..self.people.len() {
            let viewer = self.viewer(n).await;
            let now = self.house.store.user_by_id(self.people[n].0.id).await.unwrap().unwrap().user;
            if now.disabled_at.is_some() {
                assert!(viewer.signed_in().is_err(), "the disabled get no proof");
            }
            let present = viewer.signed_in().is_ok();
            assert_eq!(viewer.admin().is_ok(), present && now.role == Role::Administrator);
            assert_eq!(viewer.member().is_ok(), present && now.role != Role::Viewer);
            assert_eq!(viewer.onlooker().is_ok(), present && now.role != Role::Member);
        }
    }
}

#[test]
fn an_administrator_stays_and_the_disabled_are_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    proptest!(config, |(acts in prop::collection::vec(act(), 1..25))| {
        runtime.block_on(async {
            let house = House::new().await;
            let founder = house.founder().await;
            let cookie = house.cookie(founder.id).await;
            let mut town = Town { house, people: vec![(founder, cookie)] };
            for act in &acts {
                town.act(act).await;
                town.check().await;
            }
        });
    });
}
