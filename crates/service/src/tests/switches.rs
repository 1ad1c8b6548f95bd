//! Switches and entries of the catalog, through drafts over a real git repository.

use types::Role;

use super::House;
use crate::{
    Deploy, DeployError, Operator, ServiceError,
    deploy::{Edit, Part, Switch},
};

const GUESTS: &str = "phoenix_vm_configs.json";
const STACKS: &str = "phoenix_stacks_config.json";
const LIST: &str = r#"{ "docker_stacks": [
  { "name": "web", "git_repo": "https://x.org/w.git", "colour": 7 },
  { "name": "db",  "git_repo": "https://x.org/d.git" },
  { "name": "cms", "git_repo": "https://x.org/c.git", "depends_on": ["db"] }
] }
"#;
const MACHINES: &str = r#"{ "vms": [
  { "vmid": 8000, "name": "template", "is_template": true },
  { "vmid": 101, "name": "one",   "portainer_environment_name": "dev",  "docker_stacks": ["web", "db",  "cms"] },
  { "vmid": 102, "name": "two",   "portainer_environment_name": "live", "docker_stacks": [{ "name": "web", "environment": "production" }] },
  { "vmid": 103, "name": "three", "portainer_environment_name": "live", "docker_stacks": ["db"] }
] }
"#;

struct Desk {
    house: House,
    ada: Operator,
}

impl Desk {
    async fn new() -> Self {
        let house = House::new().await;
        let founder = house.founder().await;
        let ada = house.person(&founder, Role::Administrator, "Ada").await;
        let ada = house.signed_in(&ada).await.operator().unwrap();
        let desk = Self { house, ada };
        let file = |path: &str, text: &str| Edit::SetText { path: path.into(), text: Some(text.into()) };
        let base = desk.deploy().catalog(&desk.ada).await.unwrap().reading.version;
        desk.deploy().save(&desk.ada, &base, vec![file(STACKS, LIST), file(GUESTS, MACHINES)], "Begin").await.unwrap();
        desk
    }

    fn deploy(&self) -> &Deploy {
        self.house.services.deploy()
    }

    /// Turns one switch; the file of machines afterwards.
    async fn turn(&self, stack: &str, environment: &str, on: bool) -> Result<String, DeployError> {
        let switch = Switch { stack: stack.into(), environment: environment.into(), on };
        let draft = self.deploy().draft_switch(&self.ada, &[switch]).await?;
        Ok(draft.snapshot.text(GUESTS).unwrap().to_owned())
    }
}

fn words(error: DeployError) -> types::Problem {
    ServiceError::from(error).problem()
}

#[tokio::test]
async fn a_switch_changes_one_assignment_and_no_other_byte() {
    let desk = Desk::new().await;
    let text = desk.turn("db", "dev", false).await.unwrap();
    assert_eq!(text, MACHINES.replace("\"db\",  ", ""));
    let parts = desk.deploy().draft(&desk.ada).await.unwrap().parts();
    assert_eq!(parts, [Part::Assignment { guest: "one".into(), stack: "db".into() }]);
    let text = desk.turn("cms", "live", true).await.unwrap();
    assert!(
        text.contains("{ \"name\": \"web\", \"environment\": \"production\" }, "),
        "as its neighbours stand: {text}"
    );
    assert_eq!(desk.turn("cms", "live", true).await.unwrap(), text, "it is on already");
}

#[tokio::test]
async fn what_is_turned_back_leaves_no_trace() {
    let desk = Desk::new().await;
    desk.turn("web", "dev", false).await.unwrap();
    desk.turn("web", "live", false).await.unwrap();
    assert!(!desk.turn("db", "live", false).await.unwrap().contains("production"));
    for (stack, environment) in [("db", "live"), ("web", "live"), ("web", "dev")] {
        desk.turn(stack, environment, true).await.unwrap();
    }
    let draft = desk.deploy().draft(&desk.ada).await.unwrap();
    assert_eq!(draft.snapshot.text(GUESTS), Some(MACHINES), "order, settings and machine are as before");
    assert!(!draft.is_changed());
}

#[tokio::test]
async fn what_is_not_there_can_not_be_switched() {
    let desk = Desk::new().await;
    for (stack, environment) in [("web", "nowhere"), ("none", "dev")] {
        let refused = words(desk.turn(stack, environment, true).await.unwrap_err());
        assert!(refused.message.contains("any more"), "{}", refused.message);
    }
    assert!(!desk.deploy().draft(&desk.ada).await.unwrap().is_changed());
}

#[tokio::test]
async fn a_stack_is_copied_renamed_and_taken_away() {
    let desk = Desk::new().await;
    let (deploy, ada) = (desk.deploy(), &desk.ada);
    for taken in ["db", "not good"] {
        assert!(words(deploy.draft_copy(ada, "web", taken).await.unwrap_err()).for_field("to").is_some(), "{taken}");
        assert!(words(deploy.draft_rename(ada, "web", taken).await.unwrap_err()).for_field("to").is_some(), "{taken}");
    }
    let draft = deploy.draft_copy(ada, "web", "shop").await.unwrap();
    assert!(
        draft
            .snapshot
            .text(STACKS)
            .unwrap()
            .contains("\"name\": \"shop\", \"git_repo\": \"https://x.org/w.git\", \"colour\": 7")
    );
    assert_eq!(draft.snapshot.text(GUESTS), Some(MACHINES), "a copy runs nowhere");

    let draft = deploy.draft_rename(ada, "web", "site").await.unwrap();
    assert!(draft.snapshot.text(GUESTS).unwrap().contains("{ \"name\": \"site\", \"environment\": \"production\" }"));

    let refused = words(deploy.draft_remove(ada, "db").await.unwrap_err());
    assert!(refused.message.contains("cms"), "what needs it is named: {}", refused.message);
    let draft = deploy.draft_remove(ada, "cms").await.unwrap();
    assert!(draft.reading.catalog.stacks.iter().all(|one| one.name != "cms"));
    assert!(!draft.snapshot.text(GUESTS).unwrap().contains("cms"));
    let draft = deploy.draft_remove(ada, "db").await.unwrap();
    assert!(draft.reading.blocked_stacks.is_empty(), "{:?}", draft.reading.diagnostics);
    let done = deploy.draft_save(ada, "Tidy").await.unwrap();
    assert!(done.stacks.contains(&"shop".to_owned()), "{:?}", done.stacks);
}
