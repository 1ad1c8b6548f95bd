//! Whatever role and grants: what the service answers is what the table here says.

use proptest::{prelude::*, test_runner::Config};
use reconcile::model::{OnFailure, PlanOptions, Scope, StackRef};
use types::{Permission, ProblemCode, Rights, Role};

use super::house::House;
use crate::{
    AuditFilter, ServiceError, Viewer,
    deploy::{Also, Ask, ContainerRef},
};

const ENVIRONMENTS: [&str; 3] = ["rumpledev", "rumpletest", "rumpleprod"];

/// One thing somebody tries.
#[derive(Clone, Copy, Debug)]
enum Act {
    Account,
    Chat,
    Look,
    PlanEverything,
    Plan(&'static str),
    Review(&'static str),
    Propose(&'static str),
    Release(&'static str),
    Apply(&'static str),
    Restart(&'static str),
    Container(&'static str),
    ReadCatalog,
    RestoreCatalog,
    ListSecrets,
    Hosts,
    Bind,
    People,
    Audit,
}

/// The table. Nothing here calls what it is held against.
fn allowed(role: Role, granted: &[&str], act: Act) -> bool {
    match (role, act) {
        (Role::Administrator, _) | (_, Act::Account) => true,
        (Role::Viewer, act) => matches!(act, Act::Look | Act::Container(_) | Act::Hosts),
        (Role::Member, act) => matches!(act, Act::Chat),
        (Role::Deployer, Act::Chat | Act::Look | Act::Container(_) | Act::Hosts | Act::ReadCatalog) => true,
        (
            Role::Deployer,
            Act::Plan(on) | Act::Review(on) | Act::Propose(on) | Act::Release(on) | Act::Apply(on) | Act::Restart(on),
        ) => granted.contains(&on),
        (Role::Deployer, _) => false,
    }
}

fn act() -> impl Strategy<Value = Act> {
    let on = || prop::sample::select(ENVIRONMENTS.to_vec());
    prop_oneof![
        Just(Act::Account),
        Just(Act::Chat),
        Just(Act::Look),
        Just(Act::PlanEverything),
        on().prop_map(Act::Plan),
        on().prop_map(Act::Review),
        on().prop_map(Act::Propose),
        on().prop_map(Act::Release),
        on().prop_map(Act::Apply),
        Just(Act::ReadCatalog),
        Just(Act::RestoreCatalog),
        Just(Act::ListSecrets),
        Just(Act::Hosts),
        Just(Act::Bind),
        on().prop_map(Act::Restart),
        on().prop_map(Act::Container),
        Just(Act::People),
        Just(Act::Audit),
    ]
}

fn rights() -> impl Strategy<Value = Rights> {
    let grants = prop::sample::subsequence(ENVIRONMENTS.to_vec(), 1..=3);
    (prop::sample::select(Role::ALL.to_vec()), grants).prop_map(|(role, granted)| match role {
        Role::Deployer => Rights::deployer(granted),
        other => other.into(),
    })
}

fn plan_of(scope: Scope) -> reconcile::model::Plan {
    let options = PlanOptions { scope, ..PlanOptions::default() };
    reconcile::plan(&reconcile::model::Desired::default(), &reconcile::model::Observed::default(), &options, 0)
}

/// Tries it, as a page or a route would: the proof first, then the use case.
async fn attempt(house: &House, viewer: &Viewer, act: Act) -> Result<(), ServiceError> {
    let (services, deploy) = (&house.services, house.services.deploy());
    let only = |on: &str| Scope::Only([StackRef::new(on, "web")].into());
    match act {
        Act::Account => services.people().tokens(viewer.signed_in()?).await.map(drop),
        Act::Chat => services.chat().list(viewer.member()?, None).await.map(drop),
        Act::Look => deploy.running(&viewer.onlooker()?).await.map(drop).map_err(Into::into),
        Act::PlanEverything => {
            deploy.plan(&viewer.deployer()?, &PlanOptions::default()).await.map(drop).map_err(Into::into)
        }
        Act::Plan(on) => {
            let options = PlanOptions { scope: only(on), ..PlanOptions::default() };
            deploy.plan(&viewer.deployer()?, &options).await.map(drop).map_err(Into::into)
        }
        Act::Review(on) => {
            let ask = Ask { environment: Some(on.to_owned()), ..Ask::default() };
            deploy.review(&viewer.deployer()?, &ask).await.map(drop).map_err(Into::into)
        }
        Act::Propose(on) => {
            let also = Also::Release { stack: StackRef::new(on, "web") };
            deploy.propose(&viewer.deployer()?, &also, OnFailure::Stop).await.map(drop).map_err(Into::into)
        }
        Act::Release(on) => deploy.release(&viewer.deployer()?, &StackRef::new(on, "web")).await.map_err(Into::into),
        Act::Apply(on) => {
            deploy.apply(&viewer.deployer()?, plan_of(only(on)), None).await.map(drop).map_err(Into::into)
        }
        Act::ReadCatalog => deploy.catalog(&viewer.deployer()?).await.map(drop).map_err(Into::into),
        Act::RestoreCatalog => {
            let operator = viewer.operator()?;
            let version = deploy.catalog(&operator).await?.reading.version;
            deploy.restore(&operator, &version, &version).await.map(drop).map_err(Into::into)
        }
        Act::ListSecrets => deploy.secrets(&viewer.operator()?).await.map(drop).map_err(Into::into),
        Act::Hosts => deploy.environments(&viewer.onlooker()?).await.map(drop).map_err(Into::into),
        Act::Bind => deploy.bind(&viewer.operator()?, "nobody", false).await.map(drop).map_err(Into::into),
        Act::Restart(on) => {
            let at = ContainerRef::new(on, "web", "web-main-1");
            deploy.restart_container(&viewer.deployer()?, &at, "it hangs").await.map(drop).map_err(Into::into)
        }
        Act::Container(on) => {
            let at = ContainerRef::new(on, "web", "web-main-1");
            deploy.container(&viewer.onlooker()?, &at).await.map(drop).map_err(Into::into)
        }
        Act::People => services.people().users(viewer.admin()?).await.map(drop),
        Act::Audit => {
            let auditor = viewer.admin()?.auditor();
            services.audit().search(auditor, &AuditFilter::default(), None, 1).await.map(drop)
        }
    }
}

#[test]
fn the_service_answers_as_the_table_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (house, founder, ada) = runtime.block_on(async {
        let house = House::new().await;
        let founder = house.founder().await;
        let ada = house.person(&founder, Role::Member, "Ada").await;
        (house, founder, ada)
    });
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    proptest!(config, |(rights in rights(), acts in prop::collection::vec(act(), 1..6))| {
        runtime.block_on(async {
            let admin = house.signed_in(&founder).await;
            house.services.people().set_role(admin.admin().unwrap(), ada.id, rights.clone()).await.unwrap();
            let viewer = house.signed_in(&ada).await;
            let granted: Vec<&str> = rights.environments.iter().map(String::as_str).collect();
            for act in acts {
                let answer = attempt(&house, &viewer, act).await;
                let refused = matches!(&answer, Err(error) if error.code() == ProblemCode::Forbidden);
                assert_eq!(!refused, allowed(rights.role, &granted, act), "{rights:?} {act:?}: {answer:?}");
            }
        });
    });
    drop(runtime);
}

#[tokio::test]
async fn a_deployer_needs_an_environment_and_nobody_else_has_one() {
    let house = House::new().await;
    let founder = house.founder().await;
    let viewer = house.signed_in(&founder).await;
    let (admin, people) = (viewer.admin().unwrap(), house.services.people());
    let empty = Rights::deployer([" ", ""]);
    let problem = people.invite(admin, empty.clone(), "", 1).await.unwrap_err().problem();
    assert_eq!(problem.fields[0].field, "environments");
    let ada = house.person(&founder, Role::Member, "Ada").await;
    assert_eq!(people.set_role(admin, ada.id, empty).await.unwrap_err().code(), ProblemCode::Invalid);
    let stray = Rights { role: Role::Viewer, ..Rights::deployer(["rumpledev"]) };
    assert!(people.set_role(admin, ada.id, stray).await.unwrap());
    assert!(!people.set_role(admin, ada.id, Role::Viewer).await.unwrap(), "it was that already");
    assert_eq!(house.recorded("user.role_changed").await, 1, "what changes nothing leaves no record");
    let record = house.audit().await.into_iter().find(|one| one.action == "user.role_changed").unwrap();
    let detail: serde_json::Value = serde_json::from_str(&record.detail).unwrap();
    assert_eq!((&detail["before"]["role"], &detail["after"]["role"]), (&"member".into(), &"viewer".into()));
}

#[tokio::test]
async fn what_is_open_ends_with_the_right_and_not_with_any_change() {
    let house = House::new().await;
    let founder = house.founder().await;
    let viewer = house.signed_in(&founder).await;
    let (admin, people) = (viewer.admin().unwrap(), house.services.people());
    let ada = house.person(&founder, Role::Member, "Ada").await;
    let session = house.signed_in(&ada).await.session().unwrap();
    let sessions = house.services.sessions();
    let mut chat = Box::pin(sessions.revoked(ada.id, session, Permission::Member));
    let mut account = Box::pin(sessions.revoked(ada.id, session, Permission::SignedIn));
    let patience = std::time::Duration::from_secs(5);
    people.set_role(admin, ada.id, Rights::deployer(["rumpledev"])).await.unwrap();
    let look = Box::pin(sessions.revoked(ada.id, session, Permission::Look));
    tokio::select! {
        biased;
        () = &mut chat => panic!("a deployer chats"),
        () = std::future::ready(()) => {}
    }
    people.set_role(admin, ada.id, Role::Viewer).await.unwrap();
    tokio::time::timeout(patience, &mut chat).await.expect("a viewer does not chat");
    people.set_role(admin, ada.id, Role::Member).await.unwrap();
    tokio::time::timeout(patience, look).await.expect("a member does not look");
    people.disable(admin, ada.id).await.unwrap();
    tokio::time::timeout(patience, &mut account).await.expect("the disabled are out");
}
